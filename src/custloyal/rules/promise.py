"""A promise: one number that is measured, and what it is compared with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import attrs
import narwhals as nw

from custloyal.models import BusinessCalendar

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["TIME_UNITS", "Comparator", "Promise", "Subject", "Timed", "about", "in_words"]

_MICROSECONDS = 1_000_000
TIME_UNITS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}
"""The units of time, in seconds."""


class Subject(StrEnum):
    """What a verdict is about."""

    INTERACTION = "interaction"
    CASE = "case"
    """Spoken of by the row that opens it."""
    CUSTOMER = "customer"
    """A customer in one window."""


class Comparator(StrEnum):
    """How the measured number must lie to the threshold."""

    AT_MOST = "at most"
    AT_LEAST = "at least"
    BELOW = "below"
    ABOVE = "above"

    @property
    def is_ceiling(self) -> bool:
        """Whether the number must stay low: one that grows can only get worse."""
        return self in (Comparator.AT_MOST, Comparator.BELOW)

    def holds(self, value: nw.Expr, threshold: float) -> nw.Expr:
        """Whether a number keeps the promise."""
        match self:
            case Comparator.AT_MOST:
                return value <= threshold
            case Comparator.AT_LEAST:
                return value >= threshold
            case Comparator.BELOW:
                return value < threshold
            case Comparator.ABOVE:
                return value > threshold


class Promise(ABC):
    """One number that is measured on a subject, and what it is compared with.

    Attributes:
        subject: What is judged.
        pends: Whether the number may still grow after `as_of`, so that a verdict can be pending.
    """

    subject: ClassVar[Subject]
    pends: ClassVar[bool] = False

    @property
    @abstractmethod
    def comparator(self) -> Comparator:
        """How the number must lie to the threshold."""

    @property
    @abstractmethod
    def threshold(self) -> float:
        """The number with which it is compared, in `unit`."""

    @property
    @abstractmethod
    def unit(self) -> str:
        """The unit in which the number is given."""

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns without which nothing can be measured."""

    @abstractmethod
    def __str__(self) -> str:
        """What is promised, as the end of a sentence about the population."""

    @property
    def bound(self) -> float:
        """The threshold in the unit in which tables hold the number."""
        return self.threshold

    def decided(self, value: nw.Expr, perhaps: nw.Expr) -> nw.Expr:
        """The number, where it decides whatever the rows are of which it is not known; else null.

        Args:
            value: How many rows are known to count.
            perhaps: Of how many it is not known.
        """
        holds, bound = self.comparator.holds, self.bound
        return nw.when(holds(value, bound) == holds(value + perhaps, bound)).then(value)

    def in_unit(self, value: nw.Expr) -> nw.Expr:
        """The number in `unit`, from what tables hold."""
        return value.cast(nw.Float64)

    def lacking(self, columns: Collection[str]) -> list[str]:
        """The columns that a history lacks."""
        return [name for name in self.columns if name not in columns]


@attrs.frozen(kw_only=True)
class Timed(Promise):
    """A promise about a time that runs, on a business calendar or around the clock.

    Args:
        limit_s: The time promised, in seconds; exactly so much keeps the promise.
        calendar: When time counts; None for always.
    """

    limit_s: float
    calendar: BusinessCalendar | None = None

    pends: ClassVar[bool] = True

    @property
    def comparator(self) -> Comparator:
        """Time must not run longer."""
        return Comparator.AT_MOST

    @property
    def unit(self) -> str:
        """Seconds."""
        return "seconds"

    @property
    def threshold(self) -> float:
        """The time promised, in seconds."""
        return self.limit_s

    @property
    def bound(self) -> float:
        """The time promised, in microseconds."""
        return self.limit_us

    def in_unit(self, value: nw.Expr) -> nw.Expr:
        """The time in seconds, from microseconds."""
        return value / _MICROSECONDS

    @property
    def counted_by(self) -> BusinessCalendar:
        """The calendar on which time counts."""
        return BusinessCalendar.always() if self.calendar is None else self.calendar

    @property
    def limit_us(self) -> int:
        """The time promised, in microseconds: the unit in which time is compared, exactly."""
        return round(self.limit_s * _MICROSECONDS)

    @property
    def limit_words(self) -> str:
        """The time promised, in its largest whole unit: "4 business hours"."""
        return in_words(self.limit_s, business=self.calendar is not None)


def in_words(seconds: float, *, business: bool = False) -> str:
    """A time in its largest whole unit: "90 minutes", "2 business days"."""
    unit, factor = next(
        (unit, factor)
        for unit, factor in reversed(TIME_UNITS.items())
        # A business day has no fixed length, so business time is never said in days.
        if (seconds % factor == 0 or factor == 1) and not (business and unit == "days")
    )
    number = seconds / factor
    said = unit[:-1] if number == 1 else unit
    return f"{number:g} {'business ' if business else ''}{said}"


def about(seconds: float, *, business: bool = False) -> str:
    """A time as it is measured, in the largest unit of which it has one.

    Example:
        >>> about(71_100), about(71_100, business=True), about(0.25)
        ('19.8 hours', '19.8 business hours', '0.25 seconds')
    """
    units = [unit for unit in TIME_UNITS if not (business and unit == "days")]
    unit = next((u for u in reversed(units) if seconds >= TIME_UNITS[u]), "seconds")
    return f"{seconds / TIME_UNITS[unit]:.3g} {'business ' if business else ''}{unit}"
