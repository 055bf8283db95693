"""How far ahead is looked: a whole number of days, however it was written."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TypeAlias

from custloyal.errors import Mistake

__all__ = ["Span", "as_days", "check_days"]

Span: TypeAlias = str | timedelta | int
"""A length of time: "90d", "13w", a timedelta of whole days, or a whole number of days."""

_WRITTEN = re.compile(r"\s*(\d{1,5})\s*([dw])\s*")
_DAYS = {"d": 1, "w": 7}
_LONGEST = 36_500


def as_days(value: Span) -> int:
    """A length of time as whole days; anything else stays as it is, for `check_days` to name.

    Example:
        >>> as_days("13w"), as_days(timedelta(days=90)), as_days(90)
        (91, 90, 90)
    """
    if isinstance(value, str):
        found = _WRITTEN.fullmatch(value)
        return int(found[1]) * _DAYS[found[2]] if found else value  # type: ignore[return-value]
    if isinstance(value, timedelta):
        whole = value == timedelta(days=value.days)
        return value.days if whole else value  # type: ignore[return-value]
    return value


def check_days(path: str, value: object) -> Mistake | None:
    """The mistake of a length of time that must be whole days, from 1 to 36,500.

    Example:
        >>> print(check_days("horizon", as_days("3 months")))
        horizon: is '3 months', must be whole days from 1 to 36,500 (write "90d", "13w" or \
timedelta(days=90))
    """
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _LONGEST:
        return None
    return Mistake(
        path,
        f"is {value!r}, must be whole days from 1 to {_LONGEST:,}",
        'write "90d", "13w" or timedelta(days=90)',
    )
