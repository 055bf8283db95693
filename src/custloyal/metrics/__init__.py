"""The metrics, one file an idea: each says what it folds and how its state is read."""

from custloyal.metrics.base import LinearMetric, Metric
from custloyal.metrics.btyd_statistics import BtydStatistics
from custloyal.metrics.cohort_retention import CohortRetention
from custloyal.metrics.concentration import Concentration, ParetoSegment
from custloyal.metrics.evidence_use import EvidenceUse
from custloyal.metrics.handoffs import HandOffMatrix, HandOffs
from custloyal.metrics.journey import Stage
from custloyal.metrics.rfm import Rfm
from custloyal.metrics.trust import Trust

__all__ = [
    "BtydStatistics",
    "CohortRetention",
    "Concentration",
    "EvidenceUse",
    "HandOffMatrix",
    "HandOffs",
    "LinearMetric",
    "Metric",
    "ParetoSegment",
    "Rfm",
    "Stage",
    "Trust",
]
