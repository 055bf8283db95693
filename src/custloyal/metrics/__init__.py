"""The metrics, one file an idea: each says what it folds and how its state is read."""

from custloyal.metrics.age_retention import AgeRetention
from custloyal.metrics.age_value import AgeValue
from custloyal.metrics.base import LinearMetric, Metric
from custloyal.metrics.btyd_statistics import BtydStatistics
from custloyal.metrics.cohort_retention import CohortRetention
from custloyal.metrics.concentration import Concentration, ParetoSegment
from custloyal.metrics.evidence_use import EvidenceUse
from custloyal.metrics.growth import Growth
from custloyal.metrics.handoffs import HandOffMatrix, HandOffs
from custloyal.metrics.hold_out import HoldOut
from custloyal.metrics.journey import Stage
from custloyal.metrics.kaplan_meier import KaplanMeier, Tenure
from custloyal.metrics.lifecycle import Lifecycle
from custloyal.metrics.next_purchase import NextPurchase
from custloyal.metrics.purchase_days import PurchaseDays
from custloyal.metrics.reactivation import Reactivation
from custloyal.metrics.repeat_purchase_rate import RepeatPurchaseRate
from custloyal.metrics.retention_rate import RetentionRate
from custloyal.metrics.revenue_bridge import RevenueBridge
from custloyal.metrics.rfm import Rfm
from custloyal.metrics.trust import Trust

__all__ = [
    "AgeRetention",
    "AgeValue",
    "BtydStatistics",
    "CohortRetention",
    "Concentration",
    "EvidenceUse",
    "Growth",
    "HandOffMatrix",
    "HandOffs",
    "HoldOut",
    "KaplanMeier",
    "Lifecycle",
    "LinearMetric",
    "Metric",
    "NextPurchase",
    "ParetoSegment",
    "PurchaseDays",
    "Reactivation",
    "RepeatPurchaseRate",
    "RetentionRate",
    "RevenueBridge",
    "Rfm",
    "Stage",
    "Tenure",
    "Trust",
]
