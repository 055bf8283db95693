"""The days on which a business keeps other hours: holidays, and exceptions by date.

As with weekly hours, what cannot be read is named and nothing is raised.
"""

from __future__ import annotations

import copy
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from custloyal.errors import Mistake
from custloyal.models.opening_hours import Stretch, Week, overlap_after, read_hours

__all__ = ["overlaps", "read_exceptions", "read_holidays"]

_DAY = timedelta(days=1)
_HOLIDAY_YEARS = range(1950, 2100)
"""The years for which a mapping is asked that fills itself on demand."""


def read_holidays(value: object, mistakes: list[Mistake]) -> list[date] | None:
    """The dates of holidays; None where there are mistakes, which are added."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        message = f"is {reprlib.repr(value)}, must be dates"
        mistakes.append(Mistake("holidays", message, 'such as ["2024-12-25"]'))
        return None
    if getattr(value, "expand", False) and hasattr(value, "years"):
        value = _filled(value)
    given = list(value)
    days = [_date(each) for each in given]
    wrong = [
        Mistake(f"holidays[{place}]", f"{each!r} is not a day", 'write "2024-12-25" or give a date')
        for place, (each, day) in enumerate(zip(given, days, strict=True))
        if day is None
    ]
    mistakes += wrong
    return None if wrong else [day for day in days if day is not None]


def read_exceptions(value: object, mistakes: list[Mistake]) -> dict[date, tuple[Stretch, ...]]:
    """The hours of dates; what cannot be read is added to the mistakes."""
    if not isinstance(value, Mapping):
        message = f"is {reprlib.repr(value)}, must be hours by date"
        mend = 'such as {"2024-12-24": "09:00-13:00"}'
        mistakes.append(Mistake("exceptions", message, mend))
        return {}
    found: dict[date, tuple[Stretch, ...]] = {}
    for key, texts in value.items():
        day = _date(key)
        stretches = read_hours(f"exceptions.{key}", texts, mistakes)
        if day is None:
            mend = 'write "2024-12-24" or give a date'
            mistakes.append(Mistake("exceptions", f"{key!r} is not a day", mend))
        elif day in found:
            mistakes.append(Mistake(f"exceptions.{key}", "stands twice", "name each date once"))
        else:
            found[day] = stretches
    return found


def overlaps(
    week: Week, holidays: Iterable[date], exceptions: Mapping[date, tuple[Stretch, ...]]
) -> Iterator[Mistake]:
    """Where an exception lasts into hours of the day after."""
    closed = set(holidays)
    for day, stretches in exceptions.items():
        if day == date.max or day + _DAY in exceptions or day + _DAY in closed:
            continue
        overlap = overlap_after(stretches, week.days[(day + _DAY).weekday()])
        if overlap:
            message = f"{overlap[0]} overlaps {overlap[1]} of the day after"
            mend = "close before the next stretch opens, or give that day its own hours"
            yield Mistake(f"exceptions.{day}", message, mend)


def _date(value: object) -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return date(value.year, value.month, value.day)
    return None


def _filled(holidays: Any) -> Iterable[object]:
    """A copy of a mapping of the `holidays` package, which knows a year once it is asked for it."""
    filled = copy.deepcopy(holidays)
    for year in _HOLIDAY_YEARS:
        filled.get(date(year, 1, 1))
    return [day for day in filled if day.year in _HOLIDAY_YEARS]
