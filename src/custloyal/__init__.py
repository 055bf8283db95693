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
    BtydStatistics,
    CohortRetention,
    Concentration,
    EvidenceUse,
    HandOffMatrix,
    HandOffs,
    LinearMetric,
    Metric,
    ParetoSegment,
    Rfm,
    Stage,
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

__all__ = [
    "Agent",
    "AsOf",
    "Attainment",
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
    "HandOffMatrix",
    "HandOffs",
    "History",
    "Intake",
    "IntakeMapping",
    "Interaction",
    "Kind",
    "KindWhen",
    "LinearMetric",
    "MbgNbd",
    "Mean",
    "Metric",
    "Objective",
    "ObjectiveStatus",
    "ObservationWindow",
    "OutcomePolicy",
    "ParetoNbd",
    "ParetoSegment",
    "Phase",
    "Population",
    "Reading",
    "Readings",
    "Relationship",
    "Report",
    "Rfm",
    "RingCadence",
    "RuleBook",
    "Scores",
    "ServiceRule",
    "Share",
    "ShiftedBetaGeometric",
    "Stage",
    "States",
    "Transaction",
    "Trust",
    "Verdict",
    "Verdicts",
    "above",
    "alarms",
    "at_least",
    "at_most",
    "below",
    "check",
    "contributions",
    "explain",
    "fitted",
    "judge",
    "lint",
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

_MODELS = frozenset(name for name in __all__ if name.endswith(("Nbd", "GammaGamma", "Geometric")))
"""The probability models: they need numpy and scipy, which nobody else waits for."""


def __getattr__(name: str) -> Any:
    if name in _MODELS:
        from custloyal import btyd  # noqa: PLC0415 (on first use)

        return getattr(btyd, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
