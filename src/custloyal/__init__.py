"""Customer loyalty, computed from the one table that every business has: its interactions.

What most programs need stands here; the rest one level down, in `custloyal.metrics`,
`custloyal.rules`, `custloyal.judging`, `custloyal.defection`, `custloyal.btyd` and their like.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from custloyal import (
        btyd as btyd,
        business_time as business_time,
        datasets as datasets,
        defection as defection,
        economics as economics,
        errors as errors,
        fold as fold,
        intake as intake,
        judging as judging,
        metrics as metrics,
        models as models,
        plot as plot,
        reading as reading,
        rules as rules,
        testing as testing,
    )
    from custloyal.defection import (
        NextNeed as NextNeed,
        SilentDefection as SilentDefection,
        backtest as backtest,
        losses as losses,
    )
    from custloyal.history import History as History
    from custloyal.intake import IntakeMapping as IntakeMapping
    from custloyal.judging import (
        judge as judge,
        objectives as objectives,
    )
    from custloyal.metrics import (
        CohortRetention as CohortRetention,
        Concentration as Concentration,
        HandOffs as HandOffs,
        Lifecycle as Lifecycle,
        Metric as Metric,
        RetentionRate as RetentionRate,
        Rfm as Rfm,
        Stage as Stage,
        Trust as Trust,
    )
    from custloyal.models import BusinessCalendar as BusinessCalendar
    from custloyal.reading import (
        States as States,
        contributions as contributions,
        read as read,
        score as score,
    )
    from custloyal.reporting import report as report
    from custloyal.rules import (
        RuleBook as RuleBook,
        ServiceRule as ServiceRule,
    )

_HOMES = {
    "defection": "NextNeed SilentDefection backtest losses",
    "history": "History",
    "intake": "IntakeMapping",
    "judging": "judge objectives",
    "metrics": (
        "CohortRetention Concentration HandOffs Lifecycle Metric RetentionRate Rfm Stage Trust"
    ),
    "models": "BusinessCalendar",
    "reading": "States contributions read score",
    "reporting": "report",
    "rules": "RuleBook ServiceRule",
}
"""Where each public name lives. A module is loaded on first use: who reads trust waits for no
chart, and only who fits a model waits for numpy and scipy."""

_ROOMS = (
    *("btyd", "business_time", "datasets", "defection", "economics", "errors", "fold", "intake"),
    *("judging", "metrics", "models", "plot", "reading", "rules", "testing"),
)
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
