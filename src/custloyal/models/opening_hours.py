"""Opening hours as people write them: "mon-fri", "08:00-20:00", "22:00-06:00".

A stretch is a pair of minutes from midnight of the day on which it opens; one that lasts over
midnight closes after minute 1440. What cannot be read is named, and nothing is raised here, so
that a calendar can say all that is wrong with it at once.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

import attrs

from custloyal.errors import Mistake, nearest

__all__ = ["DAYS", "MIDNIGHT", "HoursText", "Stretch", "Week", "overlap_after", "read_hours"]

HoursText: TypeAlias = str | Sequence[str]
"""The hours of a day: "09:00-12:00", a list of such texts, or "closed"."""

Stretch: TypeAlias = tuple[int, int]
"""Minutes from midnight: the first one open, and the first one closed again."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = 24 * 60

_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NUMBER = {word: number for words in (DAYS, _LONG) for number, word in enumerate(words)}
_TIME = re.compile(r"(\d{1,2}):(\d\d)")
_CLOSED = "closed"
_HOURS_MEND = 'write "08:00-20:00", a list of such texts, or "closed"'


@attrs.frozen
class Week:
    """The hours of a week that were understood, and what was not.

    Args:
        days: For each day from Monday its stretches, in order.
        mistakes: What cannot be read, or does not go together.
    """

    days: tuple[tuple[Stretch, ...], ...]
    mistakes: tuple[Mistake, ...]

    @classmethod
    def read(cls, path: str, hours: object) -> Week:
        """Read hours by days of the week.

        Args:
            path: What they are called where they were given.
            hours: Keys are days ("mon"), ranges ("fri-mon") or lists of both ("mon,wed-fri").

        Example:
            >>> week = Week.read("hours", {"fri-sat": "22:00-06:00"})
            >>> week.days[4], week.days[6], week.mistakes
            (((1320, 1800),), (), ())
            >>> print(*Week.read("hours", {"fry": "9-5"}).mistakes, sep="; ")
            hours: 'fry' is no day of the week (did you mean 'fri'?); hours.fry: '9-5' is no \
stretch of time (write "08:00-20:00", a list of such texts, or "closed")
        """
        if not isinstance(hours, Mapping):
            message = f"is {reprlib.repr(hours)}, must be hours by day"
            return cls(((),) * 7, (Mistake(path, message, 'such as {"mon-fri": "08:00-20:00"}'),))
        mistakes: list[Mistake] = []
        named: dict[int, object] = {}
        found: dict[int, tuple[Stretch, ...]] = {}
        for key, texts in hours.items():
            numbers = _numbers(path, key, mistakes)
            stretches = read_hours(f"{path}.{key}", texts, mistakes)
            twice = sorted({number for number in numbers if number in named})
            if twice or len(set(numbers)) < len(numbers):
                said = ", ".join(DAYS[number] for number in twice or sorted(set(numbers)))
                by = f" by {', '.join(sorted({repr(named[n]) for n in twice}))}" if twice else ""
                message = f"names {said}, which is named already{by}"
                mistakes.append(Mistake(f"{path}.{key}", message, "name each day once"))
            for number in numbers:
                named.setdefault(number, key)
                found.setdefault(number, stretches)
        days = tuple(found.get(number, ()) for number in range(7))
        for number, stretches in enumerate(days):
            after = (number + 1) % 7
            overlap = overlap_after(stretches, days[after])
            if overlap:
                message = f"{overlap[0]} of {DAYS[number]} overlaps {overlap[1]} of {DAYS[after]}"
                mend = "close before the next stretch opens"
                mistakes.append(Mistake(f"{path}.{named[number]}", message, mend))
        return cls(days, tuple(mistakes))

    def texts(self) -> dict[str, tuple[str, ...]]:
        """The hours by day in one form, however they were written; closed days are left out."""
        return {
            day: tuple(map(said, stretches))
            for day, stretches in zip(DAYS, self.days, strict=True)
            if stretches
        }


def read_hours(path: str, texts: object, mistakes: list[Mistake]) -> tuple[Stretch, ...]:
    """The stretches of one day, in order.

    Args:
        path: What they are called where they were given.
        texts: A text, or a list of them.
        mistakes: Where what is wrong is added.
    """
    if isinstance(texts, str):
        parts: list[object] = [part.strip() for part in texts.split(",")]
    elif isinstance(texts, Iterable) and not isinstance(texts, Mapping | bytes):
        parts = list(texts)
    else:
        message = f"is {reprlib.repr(texts)}, must be the hours of a day"
        mistakes.append(Mistake(path, message, _HOURS_MEND))
        return ()
    if [part.strip().casefold() for part in parts if isinstance(part, str)] == [_CLOSED]:
        return ()
    found = [_stretch(path, part, mistakes) for part in parts]
    stretches = sorted(stretch for stretch in found if stretch)
    for earlier, later in pairwise(stretches):
        if later[0] < earlier[1]:
            message = f"{said(earlier)} overlaps {said(later)}"
            mistakes.append(Mistake(path, message, "close before the next stretch opens"))
    return tuple(stretches)


def overlap_after(
    stretches: Sequence[Stretch], next_day: Sequence[Stretch]
) -> tuple[str, str] | None:
    """The last stretch of a day and the first of the next one, where they overlap."""
    if stretches and next_day and stretches[-1][1] > MIDNIGHT + next_day[0][0]:
        return said(stretches[-1]), said(next_day[0])
    return None


def said(stretch: Stretch) -> str:
    """A stretch as it is written.

    Example:
        >>> said((1320, 1800)), said((0, 1440))
        ('22:00-06:00', '00:00-24:00')
    """
    opens, closes = stretch
    closes -= MIDNIGHT if closes > MIDNIGHT else 0
    return f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"


def _numbers(path: str, key: object, mistakes: list[Mistake]) -> list[int]:
    numbers: list[int] = []
    for part in key.split(",") if isinstance(key, str) else [key]:
        words = [word.strip().casefold() for word in str(part).split("-")]
        unknown = [word for word in words if word not in _NUMBER]
        if unknown or len(words) > 2:  # noqa: PLR2004 - from one day to another
            word = unknown[0] if unknown else str(part)
            mend = nearest(word, DAYS) if unknown else 'write a range such as "mon-fri"'
            mistakes.append(Mistake(path, f"{word!r} is no day of the week", mend))
            continue
        first, last = _NUMBER[words[0]], _NUMBER[words[-1]]
        numbers += [number % 7 for number in range(first, first + (last - first) % 7 + 1)]
    return numbers


def _stretch(path: str, text: object, mistakes: list[Mistake]) -> Stretch | None:
    edges = [_minute(part) for part in text.split("-")] if isinstance(text, str) else []
    opens, closes = edges if len(edges) == 2 else (None, None)  # noqa: PLR2004 - from and to
    if opens is None or closes is None or opens == MIDNIGHT:
        message = f"{reprlib.repr(text)} is no stretch of time"
        mistakes.append(Mistake(path, message, _HOURS_MEND))
        return None
    if opens == closes:
        mend = 'write "00:00-24:00" for a whole day, "closed" for none'
        mistakes.append(Mistake(path, f"{text!r} is empty", mend))
        return None
    # 00:00 at the end of a stretch is the midnight after it.
    return opens, closes if closes > opens else closes + MIDNIGHT


def _minute(text: str) -> int | None:
    found = _TIME.fullmatch(text.strip())
    if not found:
        return None
    minute = int(found[1]) * 60 + int(found[2])
    return minute if int(found[2]) < 60 and minute <= MIDNIGHT else None  # noqa: PLR2004
