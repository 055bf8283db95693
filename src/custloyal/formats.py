"""Numbers, days and names as people read them."""

from __future__ import annotations

from datetime import date, datetime
from math import isfinite
from unicodedata import category

__all__ = [
    "amount",
    "count",
    "counted",
    "day",
    "duration",
    "moment",
    "month",
    "part_of",
    "score",
    "share",
    "shortened",
    "visible",
]

UNKNOWN = "not known"
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_ASTRONOMIC = 1e18
# Marks that turn the direction of the text after them, outside their own line too.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


def count(number: float | None) -> str:
    """A count.

    Example:
        >>> count(6919), count(None)
        ('6,919', 'not known')
    """
    return UNKNOWN if number is None or not isfinite(number) else f"{number:,.0f}"


def counted(number: float | None, what: str) -> str:
    """A count of things, in the singular or with an s.

    Example:
        >>> counted(1, "row"), counted(1200, "row")
        ('1 row', '1,200 rows')
    """
    return f"{count(number)} {what}" if number == 1 else f"{count(number)} {what}s"


def share(number: float | None) -> str:
    """A share of 1 in per cent; what is not quite nothing or all does not read as such.

    Example:
        >>> share(0.25), share(0.0001), share(0.9999)
        ('25.0%', 'under 0.1%', 'over 99.9%')
    """
    if number is None or not isfinite(number):
        return UNKNOWN
    if 0 < number < 0.001:  # noqa: PLR2004 (the smallest that is written)
        return "under 0.1%"
    if 0.999 < number < 1:  # noqa: PLR2004 (as above)
        return "over 99.9%"
    return f"{100 * number:.1f}%"


def score(number: float | None) -> str:
    """A score between 0 and 1.

    Example:
        >>> score(0.5)
        '0.50'
    """
    return UNKNOWN if number is None or not isfinite(number) else f"{number:.2f}"


def amount(number: float | None) -> str:
    """An amount of money, without the cents where they no longer matter.

    Example:
        >>> amount(29.5), amount(1234567.89), amount(None)
        ('29.50', '1,234,568', 'not known')
    """
    if number is None or not isfinite(number):
        return UNKNOWN
    if abs(number) >= _ASTRONOMIC:
        return f"{number:.3e}"
    return f"{number:,.0f}" if abs(number) >= 1_000 else f"{number:,.2f}"  # noqa: PLR2004 (cents)


def day(iso: str | None) -> str:
    """A day in words; a text that is no ISO date stays as it is.

    Example:
        >>> day("1998-06-30")
        '30 June 1998'
    """
    if iso is None:
        return UNKNOWN
    try:
        said = date.fromisoformat(iso)
    except ValueError:
        return visible(iso)
    return f"{said.day} {_MONTHS[said.month - 1]} {said.year}"


def moment(iso: str | None) -> str:
    """A local time in words, to the minute; a text that is no ISO time stays as it is.

    Example:
        >>> moment("1998-06-30T09:05:59+02:00")
        '30 June 1998, 09:05'
    """
    if iso is None:
        return UNKNOWN
    try:
        said = datetime.fromisoformat(iso)
    except ValueError:
        return visible(iso)
    return f"{day(said.date().isoformat())}, {said:%H:%M}"


def duration(seconds: float | None, *, largest: str = "d") -> str:
    """A length of time by its two largest units, what is smaller cut off.

    Args:
        seconds: The length.
        largest: The largest unit that is named: "h" where a day has no fixed length.

    Example:
        >>> duration(7_850), duration(59.5), duration(90_000), duration(0.2)
        ('2 h 10 min', '59 s', '1 d 1 h', 'under 1 s')
        >>> duration(90_000, largest="h")
        '25 h'
    """
    if seconds is None or not isfinite(seconds):
        return UNKNOWN
    if seconds < 1:
        return "under 1 s"
    every = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)]
    units = every[[unit for unit, _ in every].index(largest) :]
    place = next(place for place, (_, size) in enumerate(units) if seconds >= size)
    left, said = int(seconds), []
    for unit, size in units[place : place + 2]:
        number, left = divmod(left, size)
        said.append(f"{number:,} {unit}")
    return " ".join(said if not said[-1].startswith("0 ") else said[:-1])


def month(iso: str | None) -> str:
    """The month of a day in words.

    Example:
        >>> month("1998-06-01")
        'June 1998'
    """
    said = day(iso)
    return said.partition(" ")[2] if said[:1].isdigit() and said.count(" ") else said


def visible(text: object) -> str:
    """A text whose unseen marks are written out, so that none of them acts on what follows.

    Control characters would move a terminal's cursor, marks of direction would turn a line.

    Example:
        >>> visible("abc" + chr(0x202E) + "def")
        'abc[U+202E]def'
    """
    return "".join(
        f"[U+{ord(each):04X}]" if each in _TURNING or category(each) in _UNSEEN else each
        for each in str(text)
    )


def shortened(text: object, *, limit: int) -> str:
    """A text of at most so many characters; what is left out in the middle shows as an ellipsis.

    Ids often differ at their end, so that stays.

    Example:
        >>> shortened("abcdefghijklmnop", limit=10)
        'abcdef…nop'
    """
    whole = str(text)
    if len(whole) <= limit:
        return visible(whole)
    head = limit * 2 // 3
    return visible(whole[:head]) + "…" + visible(whole[len(whole) - (limit - head - 1) :])


def part_of(part: float | None, whole: float | None) -> str:
    """A count with its share of the whole.

    Example:
        >>> part_of(30, 200), part_of(3, 0)
        ('30 (15.0%)', '3')
    """
    return count(part) if part is None or not whole else f"{count(part)} ({share(part / whole)})"
