"""What is wrong with the words of a promise, each with how to say it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from custloyal.errors import Mistake, nearest
from custloyal.models import BusinessCalendar
from custloyal.rules.measured import UNSIGNED
from custloyal.rules.population import Population
from custloyal.rules.promise import TIME_UNITS
from custloyal.rules.rings import COUNTRIES

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "clock_mistakes",
    "number_mistakes",
    "option_mistakes",
    "threshold_mistakes",
    "time_mistakes",
    "unit_mistakes",
]

CLOCKS = ("first_response", "next_reply", "resolution")
"""The clocks of a case that have a name."""


def number_mistakes(path: str, number: object) -> list[Mistake]:
    """What is wrong with a number that something is compared with."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return [Mistake(path, f"is {number!r}, no number")]
    if not math.isfinite(number):
        return [Mistake(path, f"is {number}, which nothing can fail or keep")]
    return []


def threshold_mistakes(threshold: object, unit: object, of: object) -> list[Mistake]:
    """What is wrong with the number with which a measure is compared."""
    mistakes = number_mistakes("threshold", threshold)
    counted = unit in ("times", "handoffs") or (of or unit) in UNSIGNED
    if not mistakes and counted and threshold < 0:  # type: ignore[operator] # a number
        said = f"is {threshold}, and there are never fewer than 0 {unit}"
        mistakes.append(Mistake("threshold", said, "say 0 or more"))
    return mistakes


def unit_mistakes(begun: str, unit: object, of: object) -> list[Mistake]:
    """What is wrong with the unit of a number, and with what it is a number of.

    Args:
        begun: The promise as far as it is said: "at_most(2, ".
        unit: A column, a unit of time, "handoffs" or "times".
        of: A column, or rows.
    """
    if not unit:
        return [Mistake("unit", "is missing", f'say of what: {begun}"rings")')]
    if not isinstance(unit, str):
        return [Mistake("unit", f"is {unit!r}, no text", f'say of what: {begun}"rings")')]
    if not isinstance(of, str | Population):
        return [Mistake("of", f"is {of!r}, neither a column nor rows", 'say of="wait_s"')]
    if unit == "times" and not isinstance(of, Population):
        said = f"is {of!r}, a column" if of else "is missing: times of what"
        return [Mistake("of", said, 'say which rows: of=where(kind="reopen")')]
    if unit != "times" and isinstance(of, Population):
        return [Mistake("unit", f"is {unit!r}, and rows are counted in times", "say 'times'")]
    if unit in TIME_UNITS and not of:
        mend = f'say of what: {begun}"{unit}", of="wait_s"), or say within({unit}=...)'
        return [Mistake("of", f"is missing: {unit} of what", mend)]
    return []


def option_mistakes(
    unit: object, per: object, by: object, country: object, *, last: object
) -> list[Mistake]:
    """What is said that is no word, or of another unit than the one to which it belongs."""
    mistakes = []
    for path, word, words, its_unit in (
        ("per", per, ("case", "customer"), "times"),
        ("by", by, ("department", "agent_id"), "handoffs"),
    ):
        if word not in words:
            mistakes.append(Mistake(path, f"is {word!r}", nearest(str(word), words)))
        elif unit != its_unit and word != words[0]:
            mistakes.append(Mistake(path, f"is said of {its_unit} only", "leave it out"))
    if not isinstance(country, str):
        mistakes.append(Mistake("country", f"is {country!r}, no text", 'say "DE"'))
    elif unit != "rings" and country != "US":
        mistakes.append(Mistake("country", "is said of rings only", "leave it out"))
    elif country not in COUNTRIES:
        mend = nearest(country, COUNTRIES)
        mistakes.append(Mistake("country", f"{country!r} has no preset", mend))
    if not isinstance(last, bool):
        mistakes.append(Mistake("last", f"is {last!r}, must be true or false"))
    elif last and unit in ("times", "handoffs"):
        mistakes.append(Mistake("last", "is said of numbers that rows bear", "leave it out"))
    return mistakes


def time_mistakes(amounts: Mapping[str, float], calendar: object) -> list[Mistake]:
    """What is wrong with a time, said in units of time, and with the calendar that counts it."""
    mistakes = [
        mistake
        for unit, amount in amounts.items()
        for mistake in number_mistakes(f"within.{unit}", amount)
    ]
    if not mistakes and min(amounts.values()) < 0:
        mistakes.append(Mistake("within", "states a time below 0", "say within(hours=4)"))
    elif not mistakes and not any(amounts.values()):
        mistakes.append(Mistake("within", "states no time above 0", "say within(hours=4)"))
    elif not mistakes and not _SHORTEST_S <= _seconds(amounts) <= _LONGEST_S:
        mend = "say between a microsecond and a hundred years"
        mistakes.append(Mistake("within", f"states {_seconds(amounts):g} seconds", mend))
    if calendar is not None and not isinstance(calendar, BusinessCalendar):
        mend = 'say BusinessCalendar({"mon-fri": "08:00-20:00"})'
        mistakes.append(Mistake("calendar", f"is {calendar!r}, no calendar", mend))
    elif calendar is not None and amounts["days"]:
        mend = "say how many hours of business: within(hours=8)"
        mistakes.append(Mistake("within.days", "have no fixed length on a calendar", mend))
    return mistakes


def _seconds(amounts: Mapping[str, float]) -> float:
    return sum(TIME_UNITS[unit] * amount for unit, amount in amounts.items())


_SHORTEST_S, _LONGEST_S = 1e-6, 100 * 365.25 * 86_400


def clock_mistakes(until: object, same: object, *, waits: object, starts: object) -> list[Mistake]:
    """What is wrong with what stops, starts and halts a clock."""
    mistakes = []
    if not isinstance(until, Population) and until not in CLOCKS:
        mend = nearest(str(until), CLOCKS) + ', or rows: until=where(kind="survey")'
        mistakes.append(Mistake("until", f"is {until!r}, no clock", mend))
    if same not in ("case", "customer"):
        mistakes.append(Mistake("same", f"is {same!r}", nearest(str(same), ("case", "customer"))))
    elif same == "customer" and not isinstance(until, Population):
        mend = 'leave it out, or say which rows must follow: until=where(kind="survey")'
        mistakes.append(Mistake("same", "is not said of the clock of a case", mend))
    for path, rows in (("waits", waits), ("starts", starts)):
        if rows is not None and not isinstance(rows, Population):
            mend = f'say which rows: {path}=where(kind="reply")'
            mistakes.append(Mistake(path, f"is {rows!r}, no rows", mend))
        elif rows is not None and until not in ("first_response", "resolution"):
            mend = "leave it out, or measure the first response or the resolution"
            mistakes.append(Mistake(path, "is said of the clock of a case", mend))
    return mistakes
