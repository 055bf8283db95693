"""Promises about a number that a row bears: rings, seconds, a rating, how the customer felt."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, ClassVar

import attrs
import narwhals as nw

from custloyal.errors import InvalidValueError, Mistake
from custloyal.fold import following, lowest
from custloyal.metrics.evidence import evidence, with_evidence
from custloyal.models import OutcomePolicy
from custloyal.rules.measure import Key, Range
from custloyal.rules.promise import TIME_UNITS, Comparator, Promise, Subject
from custloyal.rules.rings import COUNTRIES, RingCadence

if TYPE_CHECKING:
    from collections.abc import Collection

    from custloyal.fold import Fold, Source
    from custloyal.periods import Period

__all__ = ["FEELING", "UNSIGNED", "LastMeasured", "Measured", "unit_of"]

FEELING = "feeling"
"""The measure of how the customer left a row: its outcome, else its rating, from -1 to 1."""
_RINGS, _WAIT = "rings", "wait_s"
_RATING, _LOWEST, _HIGHEST = "rating", "rating_min", "rating_max"
UNSIGNED = (_RINGS, _WAIT, "first_response_s", "handle_s", "resolution_s")
"""The measures that cannot be below 0: what is says nothing. A delay may be, of what came early."""
_SUFFIXES = {"_s": "seconds", "_minutes": "minutes", "_hours": "hours", "_days": "days"}


def unit_of(column: str) -> str | None:
    """The unit of time that a column's name ends with; None where it is no column of times.

    Example:
        >>> unit_of("wait_s"), unit_of("lead_days"), unit_of("rings")
        ('seconds', 'days', None)
    """
    return next((unit for suffix, unit in _SUFFIXES.items() if column.endswith(suffix)), None)


@attrs.frozen(kw_only=True)
class Measured(Promise):
    """A promise about a number that each row bears.

    Args:
        column: The column of the number; "feeling" for the outcome or rating.
        comparator: How it must lie to the threshold.
        threshold: In `unit`.
        unit: A unit of time for columns of times (`wait_s`), else the name of the column.
        cadence: How a telephone rings, for rings that follow from `wait_s`.

    Raises:
        InvalidValueError: Where the unit does not fit the column.
    """

    subject: ClassVar[Subject] = Subject.INTERACTION

    column: str
    comparator: Comparator
    threshold: float
    unit: str
    cadence: RingCadence = attrs.field(factory=lambda: RingCadence.of("US"))

    def __attrs_post_init__(self) -> None:
        timed = self._seconds is not None
        if self.unit in TIME_UNITS and not timed:
            said = f"{self.unit} do not fit {self.column}, which is no column of times"
            mend = f"say {self.column!r}" if self.column != self.unit else "name a column with of="
            raise InvalidValueError(Mistake("unit", said, mend))
        if timed and self.unit not in TIME_UNITS:
            said = f"{self.unit!r} does not fit {self.column}, which is a time"
            raise InvalidValueError(Mistake("unit", said, f"say one of {', '.join(TIME_UNITS)}"))

    @property
    def _seconds(self) -> int | None:
        """How many seconds one of the column is; None where it is no time."""
        unit = unit_of(self.column)
        return None if unit is None else TIME_UNITS[unit]

    @property
    def bound(self) -> float:
        """The threshold in the unit of the column."""
        if self._seconds is None:
            return self.threshold
        # In fractions, so that 4.1 minutes are exactly 246 seconds.
        return float(Fraction(str(self.threshold)) * TIME_UNITS[self.unit] / self._seconds)

    def in_unit(self, value: nw.Expr) -> nw.Expr:
        """The number in `unit`, from that of the column."""
        if self._seconds is None:
            return value.cast(nw.Float64)
        return value * self._seconds / TIME_UNITS[self.unit]

    @property
    def columns(self) -> tuple[str, ...]:
        """The column; how a row felt needs none: a row without says nothing."""
        return () if self.column == FEELING else (self.column,)

    def lacking(self, columns: Collection[str]) -> list[str]:
        """Rings can follow from `wait_s`, and a feeling from an outcome or a rating."""
        if self.column == _RINGS and _WAIT in columns:
            return []
        if self.column == FEELING and not {"outcome", "rating"} & set(columns):
            return ["outcome"]
        return [name for name in self.columns if name not in columns]

    def row_values(self, columns: Collection[str]) -> nw.Expr:
        """The number of each row; null where it is not known."""
        if self.column == FEELING:
            return nw.when(nw.col("_speaker") != "kind").then(evidence)
        if self.column != _RINGS or _WAIT not in columns:
            return _number(self.column, columns)
        heard = (_number(_WAIT, columns) / self.cadence.cycle_s).floor() + 1
        return nw.coalesce(_number(_RINGS, columns), heard) if _RINGS in columns else heard

    @property
    def measured(self) -> str:
        """The column."""
        return self.column

    @property
    def numeric_columns(self) -> tuple[str, ...]:
        """The column, where a number is read from it."""
        return () if self.column == FEELING else (self.column,)

    def key(self, window: Period) -> Key:
        """The column."""
        del window
        return (type(self).__name__, self.column)

    @property
    def is_whole(self) -> bool:  # type: ignore[override] # of some columns only
        """Rings are counted."""
        return self.column == _RINGS or self.unit in ("times", "handoffs")

    @property
    def possible(self) -> Range:
        """A feeling lies from -1 to 1; some columns are never below 0."""
        if self.column == FEELING:
            return Range(-1, 1)
        return Range(0) if self.column in UNSIGNED else Range()

    @property
    def as_wait(self) -> Range | None:
        """At most k rings have begun until the next starts, at least k from when the k-th did."""
        if self.column != _RINGS:
            return None
        rings, starts_at_s = self.keeping, self.cadence.starts_at_s
        if self.comparator.is_ceiling:
            return Range(high=starts_at_s(int(rings.high) + 1), has_high=False)
        return Range(low=starts_at_s(int(rings.low)))

    def toml_options(self) -> dict[str, object]:
        """The unit, the column of another name, and the country of rings."""
        said: dict[str, object] = {"unit": self.unit}
        if self.unit != self.column:
            said["of"] = self.column
        if self.column == _RINGS:
            country = next((c for c in COUNTRIES if COUNTRIES[c] == self.cadence), "")
            said |= {} if country == "US" else {"country": country}
        return said

    def __str__(self) -> str:
        if self.column == _RINGS and self.comparator.is_ceiling:
            last = self.threshold - (self.comparator is Comparator.BELOW)
            return f"are answered within {last:g} {'ring' if last == 1 else 'rings'}"
        if self.column == FEELING:
            good = self.comparator is Comparator.ABOVE and self.threshold == 0
            felt = "a good feeling" if good else f"a feeling {self.comparator} {self.threshold:g}"
            return f"leave {felt}"
        if self.unit in TIME_UNITS:
            named = self.column.rpartition("_")[0].replace("_", " ")
            return f"have a {named} of {self.comparator} {self.threshold:g} {self.unit}"
        named = self.column.removesuffix("_count").replace("_", " ")
        if named.endswith("s"):
            return f"have {self.comparator} {self.threshold:g} {named}"
        article = "an" if named.startswith(tuple("aeiou")) else "a"
        return f"have {article} {named} of {self.comparator} {self.threshold:g}"


@attrs.frozen(kw_only=True)
class LastMeasured(Measured):
    """A promise about the number that the last row of a case bears."""

    subject: ClassVar[Subject] = Subject.CASE

    @property
    def columns(self) -> tuple[str, ...]:
        """The column, and the case."""
        return ("case_id", *super().columns)

    def lacking(self, columns: Collection[str]) -> list[str]:
        """As of each row; and `case_id`."""
        return [*([] if "case_id" in columns else ["case_id"]), *super().lacking(columns)]

    def fold(self, rows: Source, *keys: str) -> Fold:
        """The number of the last row."""
        if self.column == FEELING:
            rows = with_evidence(rows, OutcomePolicy())
        valued = rows.let(_value=self.row_values(rows.columns))
        last = valued.in_order("case_id", _after_at=following("occurred_at"))
        return last.where(nw.col("_after_at").is_null()).by(*keys, _value=lowest("_value"))

    def columns_of_cases(self, columns: Collection[str]) -> set[str]:
        """All: a feeling rests on many."""
        return set(columns)

    def toml_options(self) -> dict[str, object]:
        """As of each row; and that it is the last."""
        return {**super().toml_options(), "last": True}

    def __str__(self) -> str:
        return f"{super().__str__()} at their end"


def _number(column: str, columns: Collection[str]) -> nw.Expr:
    """The number of a column, where it can be one: not below nothing, and on its scale."""
    number = nw.col(column).cast(nw.Float64)
    if column in UNSIGNED:
        return nw.when(number >= 0).then(number)
    off = {_LOWEST: number < nw.col(_LOWEST), _HIGHEST: number > nw.col(_HIGHEST)}
    impossible = [off[name].fill_null(value=False) for name in off if name in columns]
    if column != _RATING or not impossible:
        return number
    return nw.when(~reduce(or_, impossible)).then(number)
