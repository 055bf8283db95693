"""Customer loyalty, computed from the one table that every business has: its interactions."""

from typing import TYPE_CHECKING, Any

from custloyal.business_time import with_added, with_elapsed, with_is_open, with_next_open
from custloyal.company_report import Report, report
from custloyal.history import History, Intake
from custloyal.judging import (
    Attainment,
    ObjectiveStatus,
    Verdicts,
    alarms,
    check,
    fitted,
    judge,
    objectives,
)
from custloyal.mapping import DropWhen, IntakeMapping, KindWhen
from custloyal.metrics import (
    AgeRetention,
    BtydStatistics,
    CohortRetention,
    Concentration,
    EvidenceUse,
    Growth,
    HandOffMatrix,
    HandOffs,
    KaplanMeier,
    Lifecycle,
    LinearMetric,
    Metric,
    NextPurchase,
    ParetoSegment,
    Reactivation,
    RepeatPurchaseRate,
    RetentionRate,
    RevenueBridge,
    Rfm,
    Stage,
    Tenure,
    Trust,
)
from custloyal.models import (
    Agent,
    AsOf,
    BusinessCalendar,
    Consent,
    Customer,
    Interaction,
    Kind,
    Mean,
    ObservationWindow,
    OutcomePolicy,
    Phase,
    Relationship,
    Share,
    Transaction,
)
from custloyal.rules import (
    Objective,
    Population,
    RingCadence,
    RuleBook,
    ServiceRule,
    Verdict,
    above,
    at_least,
    at_most,
    below,
    lint,
    rulebooks,
    where,
    within,
)
from custloyal.scoring import Reading, Readings, Scores, contributions, explain, read, score
from custloyal.states import States

if TYPE_CHECKING:
    from custloyal.btyd import (
        BgNbd,
        FittedBgNbd,
        FittedGammaGamma,
        FittedMbgNbd,
        FittedParetoNbd,
        FittedShiftedBetaGeometric,
        GammaGamma,
        MbgNbd,
        ParetoNbd,
        ShiftedBetaGeometric,
    )
    from custloyal.defection import (
        Abandonment,
        BadExperience,
        NextNeed,
        PriceOnly,
        PurchaseChance,
        Score,
        SilentDefection,
        WonBack,
        backtest,
        losses,
    )

__all__ = [
    "Abandonment",
    "AgeRetention",
    "Agent",
    "AsOf",
    "Attainment",
    "BadExperience",
    "BgNbd",
    "BtydStatistics",
    "BusinessCalendar",
    "CohortRetention",
    "Concentration",
    "Consent",
    "Customer",
    "DropWhen",
    "EvidenceUse",
    "FittedBgNbd",
    "FittedGammaGamma",
    "FittedMbgNbd",
    "FittedParetoNbd",
    "FittedShiftedBetaGeometric",
    "GammaGamma",
    "Growth",
    "HandOffMatrix",
    "HandOffs",
    "History",
    "Intake",
    "IntakeMapping",
    "Interaction",
    "KaplanMeier",
    "Kind",
    "KindWhen",
    "Lifecycle",
    "LinearMetric",
    "MbgNbd",
    "Mean",
    "Metric",
    "NextNeed",
    "NextPurchase",
    "Objective",
    "ObjectiveStatus",
    "ObservationWindow",
    "OutcomePolicy",
    "ParetoNbd",
    "ParetoSegment",
    "Phase",
    "Population",
    "PriceOnly",
    "PurchaseChance",
    "Reactivation",
    "Reading",
    "Readings",
    "Relationship",
    "RepeatPurchaseRate",
    "Report",
    "RetentionRate",
    "RevenueBridge",
    "Rfm",
    "RingCadence",
    "RuleBook",
    "Score",
    "Scores",
    "ServiceRule",
    "Share",
    "ShiftedBetaGeometric",
    "SilentDefection",
    "Stage",
    "States",
    "Tenure",
    "Transaction",
    "Trust",
    "Verdict",
    "Verdicts",
    "WonBack",
    "above",
    "alarms",
    "at_least",
    "at_most",
    "backtest",
    "below",
    "check",
    "contributions",
    "explain",
    "fitted",
    "judge",
    "lint",
    "losses",
    "objectives",
    "read",
    "report",
    "rulebooks",
    "score",
    "where",
    "with_added",
    "with_elapsed",
    "with_is_open",
    "with_next_open",
    "within",
]

_DEFECTION = frozenset(
    (
        "Abandonment",
        "BadExperience",
        "NextNeed",
        "PriceOnly",
        "PurchaseChance",
        "Score",
        "SilentDefection",
        "WonBack",
        "backtest",
        "losses",
    )
)
_MODELS = frozenset(name for name in __all__ if name.endswith(("Nbd", "GammaGamma", "Geometric")))


def __getattr__(name: str) -> Any:
    # What needs numpy and scipy is loaded on first use: nobody else waits for them.
    if name in _MODELS:
        from custloyal import btyd  # noqa: PLC0415

        return getattr(btyd, name)
    if name in _DEFECTION:
        from custloyal import defection  # noqa: PLC0415

        return getattr(defection, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
