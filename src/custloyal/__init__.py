"""Customer loyalty, computed from the one table that every business has: its interactions."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from custloyal import (
        btyd as btyd,
        datasets as datasets,
        defection as defection,
        economics as economics,
        plot as plot,
        rules as rules,
        testing as testing,
    )
    from custloyal.btyd import (
        BgNbd as BgNbd,
        FittedBgNbd as FittedBgNbd,
        FittedGammaGamma as FittedGammaGamma,
        FittedMbgNbd as FittedMbgNbd,
        FittedParetoNbd as FittedParetoNbd,
        FittedShiftedBetaGeometric as FittedShiftedBetaGeometric,
        GammaGamma as GammaGamma,
        MbgNbd as MbgNbd,
        ParetoNbd as ParetoNbd,
        ShiftedBetaGeometric as ShiftedBetaGeometric,
    )
    from custloyal.business_time import (
        with_added as with_added,
        with_elapsed as with_elapsed,
        with_is_open as with_is_open,
        with_next_open as with_next_open,
    )
    from custloyal.reporting import (
        Report as Report,
        report as report,
    )
    from custloyal.defection import (
        Abandonment as Abandonment,
        BadExperience as BadExperience,
        NextNeed as NextNeed,
        PriceOnly as PriceOnly,
        PurchaseChance as PurchaseChance,
        Score as Score,
        SilentDefection as SilentDefection,
        WonBack as WonBack,
        backtest as backtest,
        losses as losses,
    )
    from custloyal.history import (
        History as History,
        Intake as Intake,
    )
    from custloyal.judging import (
        Attainment as Attainment,
        ObjectiveStatus as ObjectiveStatus,
        Verdicts as Verdicts,
        alarms as alarms,
        check as check,
        fitted as fitted,
        judge as judge,
        objectives as objectives,
    )
    from custloyal.intake import (
        DropWhen as DropWhen,
        IntakeMapping as IntakeMapping,
        KindWhen as KindWhen,
    )
    from custloyal.metrics import (
        AgeRetention as AgeRetention,
        AgeValue as AgeValue,
        BtydStatistics as BtydStatistics,
        CohortRetention as CohortRetention,
        Concentration as Concentration,
        EvidenceUse as EvidenceUse,
        Growth as Growth,
        HandOffMatrix as HandOffMatrix,
        HandOffs as HandOffs,
        HoldOut as HoldOut,
        KaplanMeier as KaplanMeier,
        Lifecycle as Lifecycle,
        LinearMetric as LinearMetric,
        Metric as Metric,
        NextPurchase as NextPurchase,
        ParetoSegment as ParetoSegment,
        PurchaseDays as PurchaseDays,
        Reactivation as Reactivation,
        RepeatPurchaseRate as RepeatPurchaseRate,
        RetentionRate as RetentionRate,
        RevenueBridge as RevenueBridge,
        Rfm as Rfm,
        Stage as Stage,
        Tenure as Tenure,
        Trust as Trust,
    )
    from custloyal.models import (
        Agent as Agent,
        AsOf as AsOf,
        BusinessCalendar as BusinessCalendar,
        Consent as Consent,
        Customer as Customer,
        Interaction as Interaction,
        Kind as Kind,
        Mean as Mean,
        ObservationWindow as ObservationWindow,
        OutcomePolicy as OutcomePolicy,
        Phase as Phase,
        Relationship as Relationship,
        Share as Share,
        Transaction as Transaction,
    )
    from custloyal.rules import (
        Objective as Objective,
        Population as Population,
        RingCadence as RingCadence,
        RuleBook as RuleBook,
        ServiceRule as ServiceRule,
        Verdict as Verdict,
        above as above,
        at_least as at_least,
        at_most as at_most,
        below as below,
        lint as lint,
        rulebooks as rulebooks,
        where as where,
        within as within,
    )
    from custloyal.reading import (
        Reading as Reading,
        Readings as Readings,
        Scores as Scores,
        contributions as contributions,
        explain as explain,
        read as read,
        score as score,
        States as States,
    )

_HOMES = {
    "btyd": (
        "BgNbd FittedBgNbd FittedGammaGamma FittedMbgNbd FittedParetoNbd "
        "FittedShiftedBetaGeometric GammaGamma MbgNbd ParetoNbd ShiftedBetaGeometric"
    ),
    "business_time": "with_added with_elapsed with_is_open with_next_open",
    "reporting": "Report report",
    "defection": (
        "Abandonment BadExperience NextNeed PriceOnly PurchaseChance Score SilentDefection "
        "WonBack backtest losses"
    ),
    "history": "History Intake",
    "judging": "Attainment ObjectiveStatus Verdicts alarms check fitted judge objectives",
    "intake": "DropWhen IntakeMapping KindWhen",
    "metrics": (
        "AgeRetention AgeValue BtydStatistics CohortRetention Concentration EvidenceUse "
        "Growth HandOffMatrix HandOffs HoldOut KaplanMeier Lifecycle LinearMetric Metric "
        "NextPurchase ParetoSegment PurchaseDays Reactivation RepeatPurchaseRate "
        "RetentionRate RevenueBridge Rfm Stage Tenure Trust"
    ),
    "models": (
        "Agent AsOf BusinessCalendar Consent Customer Interaction Kind Mean ObservationWindow "
        "OutcomePolicy Phase Relationship Share Transaction"
    ),
    "rules": (
        "Objective Population RingCadence RuleBook ServiceRule Verdict above at_least at_most "
        "below lint rulebooks where within"
    ),
    "reading": "Reading Readings Scores States contributions explain read score",
}
"""Where each public name lives. A module is loaded on first use: who counts business time waits for
no metric, and only who fits a model waits for numpy and scipy."""

_ROOMS = ("btyd", "datasets", "defection", "economics", "plot", "rules", "testing")
"""Modules with more than stands here; some need an extra, so none is in `__all__`."""

_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value  # found at once from now on
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS})
