"""A promise: one number that is measured, and what it is compared with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import attrs
import narwhals as nw

from custloyal.formats import duration
from custloyal.models import BusinessCalendar
from custloyal.rules.measure import Comparator, Key, Range
from custloyal.rules.population import Population

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from custloyal.fold import Fold, Source
    from custloyal.periods import Period

__all__ = [
    "TIME_UNITS",
    "Comparator",
    "Promise",
    "Subject",
    "Timed",
    "about",
    "in_words",
    "later",
    "plain",
]

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


class Promise(ABC):
    """One number that is measured on a subject, and what it is compared with.

    Attributes:
        subject: What is judged.
        pends: Whether the number may still grow after `as_of`, so that a verdict can be pending.
        is_timed: Whether the number is a time that runs, so that it is due at an instant.
        is_whole: Whether the number is always a whole one.
    """

    subject: ClassVar[Subject]
    pends: ClassVar[bool] = False
    is_timed: ClassVar[bool] = False
    is_whole: ClassVar[bool] = False

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

    # What it says ----------------------------------------------------------------------------

    @property
    def calendar(self) -> BusinessCalendar | None:
        """When time counts; None where it always does, or nothing runs."""
        return None

    @property
    def measured(self) -> str:
        """What is measured, as the subject of a sentence."""
        return "what it measures"

    @property
    def numeric_columns(self) -> tuple[str, ...]:
        """The columns that must hold numbers."""
        return ()

    @property
    def populations(self) -> list[Population]:
        """The rows of which it speaks: those that must follow, that are counted, and so on."""
        if not attrs.has(type(self)):
            return []
        parts = attrs.astuple(self, recurse=False)  # type: ignore[arg-type] # it has attributes
        return [part for part in parts if isinstance(part, Population)]

    @property
    def needed_rows(self) -> list[Population]:
        """The rows without which it cannot be kept."""
        return self.populations

    def said(self, value: float) -> str:
        """A number as tables hold it, in words."""
        return f"{value:g}"

    def missed_by(self, value: float, threshold: float) -> str:
        """By how much it was missed: "2 h 10 min over", "5 rings, at most 2 promised"."""
        seconds = TIME_UNITS.get(self.unit)
        if seconds is not None:
            late, on_calendar = (value - threshold) * seconds, self.calendar is not None
            business = " of business time" if on_calendar else ""
            said = duration(abs(late), largest="h" if on_calendar else "d")
            return f"{said}{business} {'over' if late >= 0 else 'short'}"
        number, asked = f"{value:.4g}", f"{self.comparator} {threshold:g} promised"
        noun = _COUNTED.get(self.unit)
        if noun is None:
            return f"{self.unit.replace('_', ' ')} {number}, {asked}"
        return f"{number} {noun.removesuffix('s') if value == 1 else noun}, {asked}"

    def to_toml(self, calendars: Mapping[BusinessCalendar, str]) -> dict[str, object]:
        """The entries of a rule file that state it.

        Args:
            calendars: The name of each calendar of the file.
        """
        del calendars
        return {self.comparator.name.lower(): plain(self.threshold), **self.toml_options()}

    def toml_options(self) -> dict[str, object]:
        """The entries that say what is measured, beside the threshold."""
        return {}

    # Which numbers there are -------------------------------------------------------------------

    def key(self, window: Period) -> Key:
        """Equal for two promises that measure the same, over windows of a length."""
        del window
        return (type(self).__name__, self)

    @property
    def possible(self) -> Range:
        """The numbers that there can be, as tables hold them."""
        return Range(0)

    @property
    def keeping(self) -> Range:
        """The numbers that keep it, as tables hold them."""
        return Range.that_keeps(self.comparator, self.bound, whole=self.is_whole)

    @property
    def as_wait(self) -> Range | None:
        """The seconds that a caller waits where it is kept; None where nothing follows of them."""
        return None

    # How it is computed ------------------------------------------------------------------------

    def row_values(self, columns: Collection[str]) -> nw.Expr:
        """The number of each row, for promises about rows; null where it is not known."""
        raise NotImplementedError

    def fold(self, rows: Source, *keys: str) -> Fold:
        """What is kept of each case or customer, for promises about these: `_value`, and so on.

        Args:
            rows: The rows; those of cases in order within `case_id`.
            keys: The columns of what is judged.
        """
        raise NotImplementedError

    def columns_of_cases(self, columns: Collection[str]) -> set[str]:
        """The columns of the rows of cases at which `fold` looks."""
        named = {n for each in self.populations for n in (*each.words, *each.unless)}
        return {*self.columns, *named} & set(columns)

    def timed(self, cases: Source, of: Callable[[str], str]) -> Source:
        """Cases with the instants that follow from the fold.

        Args:
            cases: One row a case, with `_now` and what the fold keeps under the names of the rule.
            of: The name of a column that is the rule's own.
        """
        del of
        return cases

    def outcome(self, of: Callable[[str], str]) -> dict[str, nw.Expr]:
        """The columns of `timed` cases that give the verdict: `ended`, and `value` and `due`."""
        return {of("ended"): nw.col("_last_at")}

    def grows(self, of: Callable[[str], str]) -> nw.Expr | None:
        """Whether the number may still grow; None where it never does."""
        del of
        return None

    def aside(self, of: Callable[[str], str]) -> nw.Expr | None:
        """What is set aside by the nature of the promise; None where nothing is."""
        del of
        return None


_COUNTED = {"rings": "rings", "handoffs": "hand-offs", "times": "times"}


def plain(number: float) -> float:
    """A number as a file states it: 2 for 2.0."""
    return int(number) if number == int(number) else number


def later(begun_at: str, due_at: str) -> nw.Expr:
    """When something is due, not before it began; null where it is not due.

    Of no time at all a closed business has the instant before it closed.
    """
    due = nw.max_horizontal(begun_at, due_at)
    return nw.when(~nw.col(due_at).is_null()).then(due)


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
    is_timed: ClassVar[bool] = True

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

    def said(self, value: float) -> str:
        """A time that was measured, in words."""
        return about(value / _MICROSECONDS, business=self.calendar is not None)

    def to_toml(self, calendars: Mapping[BusinessCalendar, str]) -> dict[str, object]:
        """The time in its largest whole unit, what stops it, and its calendar."""
        unit, factor = _largest_unit(self.limit_s, business=self.calendar is not None)
        said = {"within": {unit: plain(self.limit_s / factor)}, **self.toml_options()}
        return said if self.calendar is None else {**said, "calendar": calendars[self.calendar]}

    @property
    def limit_words(self) -> str:
        """The time promised, in its largest whole unit: "4 business hours"."""
        return in_words(self.limit_s, business=self.calendar is not None)


def in_words(seconds: float, *, business: bool = False) -> str:
    """A time in its largest whole unit: "90 minutes", "2 business days"."""
    unit, factor = _largest_unit(seconds, business=business)
    number = seconds / factor
    said = unit[:-1] if number == 1 else unit
    return f"{number:g} {'business ' if business else ''}{said}"


def _largest_unit(seconds: float, *, business: bool) -> tuple[str, int]:
    return next(
        (unit, factor)
        for unit, factor in reversed(TIME_UNITS.items())
        # A business day has no fixed length, so business time is never said in days.
        if (seconds % factor == 0 or factor == 1) and not (business and unit == "days")
    )


def about(seconds: float, *, business: bool = False) -> str:
    """A time as it is measured, in the largest unit of which it has one.

    Example:
        >>> about(71_100), about(71_100, business=True), about(0.25)
        ('19.8 hours', '19.8 business hours', '0.25 seconds')
    """
    units = [unit for unit in TIME_UNITS if not (business and unit == "days")]
    unit = next((u for u in reversed(units) if seconds >= TIME_UNITS[u]), "seconds")
    return f"{seconds / TIME_UNITS[unit]:.3g} {'business ' if business else ''}{unit}"
