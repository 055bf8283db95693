"""The checks with which a value says all that is wrong with it, at once.

A check looks at one field and returns its mistake or None; `refuse` raises all that were found.
The `as_` functions bring a field to its one form (a float, an instant in UTC, a word of a
vocabulary, a mapping that does not change) and leave alone what they cannot read, so that the
check can name it together with everything else that is wrong.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Mapping
from datetime import UTC, datetime
from numbers import Integral, Real
from typing import TYPE_CHECKING, TypeVar

from custloyal.errors import InvalidValueError, Mistake, nearest
from custloyal.models.frozen_mapping import FrozenMapping

if TYPE_CHECKING:
    from enum import StrEnum

__all__ = [
    "as_count",
    "as_frozen",
    "as_instant",
    "as_number",
    "as_numbers",
    "as_word",
    "check_count",
    "check_flag",
    "check_id",
    "check_instant",
    "check_number",
    "check_text",
    "check_word",
    "refuse",
]

_Key = TypeVar("_Key", bound=str)
_Value = TypeVar("_Value")


def refuse(*found: Mistake | None) -> None:
    """Raise every mistake that the checks found, or nothing.

    Raises:
        InvalidValueError: Where at least one check found a mistake.

    Example:
        >>> refuse(check_number("severity", -1.0, low=0), check_text("topic", ""))
        Traceback (most recent call last):
        custloyal.errors.InvalidValueError: 2 mistakes:
          severity: is -1.0, must be a number of at least 0
          topic: is '', must be text that is not empty (leave it out where it is not known)
    """
    mistakes = [mistake for mistake in found if mistake is not None]
    if mistakes:
        raise InvalidValueError(mistakes)


def as_number(value: float | None) -> float | None:
    """A number as a float; what is not a number stays as it is, for `check_number` to name.

    Example:
        >>> as_number(3)
        3.0
    """
    return None if value is None else _as_float(value)


def as_count(value: int) -> int:
    """A whole number as an int; what is not one stays as it is, for `check_count` to name.

    Example:
        >>> as_count(3)
        3
    """
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    return value


def as_instant(value: datetime) -> datetime:
    """An aware time as a plain `datetime` in UTC; anything else stays as it is.

    Finer parts than microseconds (of a `pandas.Timestamp`) are cut off.

    Example:
        >>> as_instant(datetime.fromisoformat("2024-03-31T02:00:00+02:00")).isoformat()
        '2024-03-31T00:00:00+00:00'
    """
    try:
        offset = value.utcoffset()
        if offset is None:
            return value
        wall = datetime(  # noqa: DTZ001 - the offset is taken away on the next line
            value.year,
            value.month,
            value.day,
            value.hour,
            value.minute,
            value.second,
            value.microsecond,
        )
        return (wall - offset).replace(tzinfo=UTC)
    except (AttributeError, OverflowError, TypeError, ValueError):  # no time, NaT, out of range
        return value


def as_word(vocabulary: type[_Key], value: str) -> _Key:
    """A word of a vocabulary; any other value stays as it is, for `check_word` to name."""
    try:
        return vocabulary(value)
    except ValueError:
        return value  # type: ignore[return-value]


def as_frozen(value: Mapping[_Key, _Value]) -> Mapping[_Key, _Value]:
    """A copy of a mapping that does not change; anything else stays as it is."""
    return FrozenMapping(value) if isinstance(value, Mapping) else value


def as_numbers(
    value: Mapping[_Key, float], *, vocabulary: type[_Key] | None = None
) -> Mapping[_Key, float]:
    """A copy of a mapping to numbers that does not change; anything else stays as it is.

    Args:
        value: The mapping.
        vocabulary: Where its keys are words of a vocabulary, that vocabulary.

    Example:
        >>> as_numbers({"rings": 2})
        {'rings': 2.0}
    """
    if not isinstance(value, Mapping):
        return value
    return FrozenMapping(
        {
            as_word(vocabulary, name) if vocabulary else name: _as_float(number)
            for name, number in value.items()
        }
    )


def check_number(
    path: str,
    value: object,
    *,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    below: float | None = None,
    optional: bool = False,
) -> Mistake | None:
    """The mistake of a field that must be a finite number within bounds.

    Args:
        path: The name of the field.
        value: Its value; None means not known.
        low: The least that is allowed.
        high: The most that is allowed.
        above: What it must exceed.
        below: What it must not reach.
        optional: Whether None is allowed.

    Example:
        >>> print(check_number("outcome", 3.0, low=-1, high=1))
        outcome: is 3.0, must be a number from -1 to 1
    """
    if value is None and optional:
        return None
    if (
        isinstance(value, float | int)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and (low is None or value >= low)
        and (high is None or value <= high)
        and (above is None or value > above)
        and (below is None or value < below)
    ):
        return None
    if low is not None and high is not None:
        bounds = f" from {low:g} to {high:g}"
    else:
        said = {"of at least": low, "above": above, "of at most": high, "below": below}
        phrases = [f"{phrase} {bound:g}" for phrase, bound in said.items() if bound is not None]
        bounds = "".join(f" {phrase}" for phrase in (" and ".join(phrases),) if phrase)
    kind = "number" if bounds else "finite number"
    return _mistake(path, value, f"a {kind}{bounds}", mend=_unknown(value, optional=optional))


def check_count(path: str, value: object, *, low: int = 0) -> Mistake | None:
    """The mistake of a field that must be a whole number of at least `low`.

    Example:
        >>> print(check_count("denominator", 2.5))
        denominator: is 2.5, must be a whole number of at least 0
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= low:
        return None
    return _mistake(path, value, f"a whole number of at least {low}")


def check_text(path: str, value: object, *, optional: bool = True) -> Mistake | None:
    """The mistake of a field that must be text, and not the empty one, which says nothing."""
    if (value is None and optional) or (isinstance(value, str) and value):
        return None
    mend = "leave it out where it is not known" if optional else ""
    return _mistake(path, value, "text that is not empty", mend=mend)


def check_id(path: str, value: object, *, optional: bool = False) -> Mistake | None:
    """The mistake of a field that must be an identifier: text or a whole number.

    Example:
        >>> print(check_id("case_id", 12345.0))
        case_id: is 12345.0, must be text that is not empty or a whole number (write 12345)
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return None
    if (value is None and optional) or (isinstance(value, str) and value):
        return None
    mend = "None where it is not known" if optional else ""
    if isinstance(value, float) and value.is_integer():
        mend = f"write {int(value)}"
    return _mistake(path, value, "text that is not empty or a whole number", mend=mend)


def check_flag(path: str, value: object, *, optional: bool = True) -> Mistake | None:
    """The mistake of a field that must be True, False or, where not known, None."""
    if (value is None and optional) or isinstance(value, bool):
        return None
    mend = "leave it out where it is not known" if optional else ""
    return _mistake(path, value, "True or False", mend=mend)


def check_word(
    path: str, value: object, vocabulary: type[StrEnum], *, optional: bool = True
) -> Mistake | None:
    """The mistake of a field that must be a word of a vocabulary, with the nearest word."""
    if (value is None and optional) or isinstance(value, vocabulary):
        return None
    words = [member.value for member in vocabulary]
    mend = nearest(value if isinstance(value, str) else "", words)
    return _mistake(path, value, f"a word of {vocabulary.__name__}", mend=mend)


def check_instant(path: str, value: object, *, optional: bool = False) -> Mistake | None:
    """The mistake of a field that must be a time with a zone, which `as_instant` brought to UTC.

    Example:
        >>> print(check_instant("occurred_at", datetime(2024, 1, 1)))
        occurred_at: is 2024-01-01T00:00:00 without a time zone, must be an instant (give it one: \
value.replace(tzinfo=ZoneInfo("Europe/Berlin")))
    """
    if value is None and optional:
        return None
    if type(value) is datetime:
        if value.tzinfo is UTC:
            return None
        if value.tzinfo is not None:
            return Mistake(path, f"is {value.isoformat()}, must lie in the years 1 to 9999 in UTC")
    if isinstance(value, datetime) and value == value and value.tzinfo is None:  # noqa: PLR0124 - NaT
        return Mistake(
            path,
            f"is {value.isoformat()} without a time zone, must be an instant",
            mend='give it one: value.replace(tzinfo=ZoneInfo("Europe/Berlin"))',
        )
    return _mistake(path, value, "a datetime with a time zone, in the years 1 to 9999 in UTC")


def _as_float(value: float) -> float:
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    return value


def _unknown(value: object, *, optional: bool) -> str:
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    return "leave it out where it is not known" if missing and optional else ""


def _mistake(path: str, value: object, allowed: str, *, mend: str = "") -> Mistake:
    return Mistake(path, f"is {reprlib.repr(value)}, must be {allowed}", mend=mend)
