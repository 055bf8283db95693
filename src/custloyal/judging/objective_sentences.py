"""What is said of an objective: how it stands, what is left, when that is gone, and why."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from custloyal.judging.forecast import Forecast
from custloyal.periods import Period
from custloyal.rules import Subject
from custloyal.rules.standing import Standing

if TYPE_CHECKING:
    from custloyal.judging.objective_status import ObjectiveStatus

__all__ = ["sentences"]

_SMALLEST_CHANCE = 0.001
_TENTHS_BELOW = 10


def sentences(status: ObjectiveStatus) -> tuple[str, ...]:
    """How an objective stands, what is left, when that is gone, and whether it may be chance."""
    said = (_attained(status), _used(status), _gone(status), _judged(status))
    return tuple(sentence for sentence in said if sentence)


def _attained(status: ObjectiveStatus) -> str:
    name = status.rule.name[0].upper() + status.rule.name[1:]
    kept, interval = status.attainment, status.attainment.interval()
    target = f"target {_target(status)}"
    if kept.value is None or interval is None:
        return f"{name}: nothing is decided of {_when(status)}, {target}."
    bounds = f"{_points(interval.low)} to {_points(interval.high)}"
    return f"{name}: {_points(kept.value)} % of {kept.denominator:,} kept ({bounds}), {target}."


def _used(status: ObjectiveStatus) -> str:
    budget = status.budget
    if not budget.volume_count:
        return ""
    about = "about " if status.expected_from in (Forecast.BEFORE, Forecast.ELAPSED) else ""
    head = f"{budget.missed_count:,} missed, {about}{_floored(budget.allowed_count)} allowed"
    if budget.is_spent:
        return f"{head}: the budget of {_when(status)} is spent."
    if not budget.allowed_count:
        return f"{head}."
    left = floor(budget.left_count)
    said = f"{left:,}" if left else "no whole miss is"
    return f"{head}: {said} left of the budget of {_when(status)}."


def _gone(status: ObjectiveStatus) -> str:
    events = status.events_until_spent
    if not events:
        return ""
    period, before = status.rule.window, status.pace_from is Forecast.BEFORE
    pace = f"the pace of the {period}s before" if before else "this pace"
    after = "with the next one" if events == 1 else f"after {events:,} more {_noun(status)}"
    return f"At {pace} the budget is gone {after}."


def _judged(status: ObjectiveStatus) -> str:
    budget, least = status.budget, status.objective.minimum_count
    decided, target = budget.decided_count, _target(status)
    misses = f"{budget.missed_count:,} or more misses have a chance of"
    match status.standing:
        case Standing.TOO_FEW if decided < least:
            return f"Too few to say: {decided} of the {least} needed are decided."
        case Standing.TOO_FEW:
            return f"Too few to say: even {decided} misses of {decided} might be chance."
        case Standing.KEPT:
            return f"Kept: no more were missed than a target of {target} allows."
        case Standing.MISSED if status.target == 1:
            return "Missed: a target of 100 % allows no miss."
        case Standing.MISSED:
            return f"Missed: {misses} {_chance(status)} where {target} are kept."
        case _:
            return f"At risk: {misses} {_chance(status)} even where {target} are kept."


def _when(status: ObjectiveStatus) -> str:
    period = status.rule.window
    if not status.is_over:
        return f"this {period}"
    return f"the {period} {'' if period is Period.DAY else 'from '}{status.window}"


def _noun(status: ObjectiveStatus) -> str:
    noun, subject = status.rule.population.noun, status.rule.kept.subject
    unnamed = noun == "interactions" and subject is not Subject.INTERACTION
    return f"{subject.value}s" if unnamed else noun


def _target(status: ObjectiveStatus) -> str:
    return f"{100 * status.target:.6g} %"


def _points(share: float) -> str:
    """A share in per cent without the sign; what is not quite nothing or all does not read so."""
    digits = 1
    while 0 < share < 1 and float(f"{100 * share:.{digits}f}") in (0, 100):
        digits += 1
    return f"{100 * share:.{digits}f}"


def _chance(status: ObjectiveStatus) -> str:
    chance = status.budget.chance_if_kept or 0.0
    return f"{100 * chance:.1f} %" if chance >= _SMALLEST_CHANCE else "under 0.1 %"


def _floored(number: float) -> str:
    """The whole misses that a budget allows, of small ones the tenth as well: "25", "0.6"."""
    if number >= _TENTHS_BELOW:
        return f"{floor(number):,}"
    return f"{floor(10 * number) / 10:g}"
