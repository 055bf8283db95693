"""Whether a promise is kept, as far as so many events can tell."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from custloyal.models.checks import check_count, refuse
from custloyal.rules.error_budget import alarm_at

if TYPE_CHECKING:
    from custloyal.rules.error_budget import ErrorBudget

__all__ = ["Standing", "standing"]


class Standing(StrEnum):
    """Whether a promise is kept, as far as so many events can tell.

    The budget counts what happened; the standing says whether chance would explain it.
    """

    KEPT = "kept"
    """At least the target share was kept."""
    AT_RISK = "at risk"
    """Less was kept, as chance alone may bring about where the target is just kept."""
    MISSED = "missed"
    """Less was kept than chance would explain."""
    TOO_FEW = "too few to say"
    """Too little is decided."""


def standing(
    budget: ErrorBudget, *, minimum_count: int = 10, false_alarm_share: float = 0.01
) -> Standing:
    """Whether a promise is kept, by the exact chance of its misses.

    Args:
        budget: The target, and the misses of the promises decided.
        minimum_count: Of how many promises it must be decided. A target of 1 needs no more than one
            miss to be missed.
        false_alarm_share: How often a promise that is just kept may be called missed.

    Raises:
        InvalidValueError: With all arguments that are out of range.

    Example:
        90 % are promised. 25 of 250 may be missed; 30 or more are by chance in 17 % of windows in
        which 90 % are just kept, 38 or more in 0.6 %.

        >>> from custloyal.rules.error_budget import ErrorBudget
        >>> for missed in (25, 30, 38):
        ...     budget = ErrorBudget(target=0.9, decided_count=250, missed_count=missed)
        ...     print(round(budget.chance_if_kept, 3), standing(budget).value)
        0.531 kept
        0.17 at risk
        0.006 missed
    """
    refuse(check_count("minimum_count", minimum_count, low=1))
    decided, missed = budget.decided_count, budget.missed_count
    needed = alarm_at(decided, budget.target, false_alarm_share=false_alarm_share)
    if budget.target == 1 and missed:
        return Standing.MISSED
    if decided < minimum_count or needed is None:
        return Standing.TOO_FEW
    if missed >= needed:
        return Standing.MISSED
    return Standing.AT_RISK if missed > budget.allowed_so_far_count else Standing.KEPT
