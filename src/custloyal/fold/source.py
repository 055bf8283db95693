"""Sources and folds: tables that are described and not yet computed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import narwhals as nw

from custloyal.business_time import BusinessTime, with_business_times
from custloyal.engines import Aggregate, Look, Sight, identity
from custloyal.errors import InvalidValueError, Mistake
from custloyal.fold.column import Column

if TYPE_CHECKING:
    from collections.abc import Iterable

    from custloyal.engines import Engine, Table

__all__ = [
    "Derived",
    "Fold",
    "InOrder",
    "Let",
    "Lookup",
    "Merging",
    "Source",
    "Step",
    "Where",
    "Within",
    "accumulated",
    "carried",
    "derived_key",
    "following",
    "lookup",
    "previous",
]

_NEVER = datetime.min  # noqa: DTZ901 (for columns that do not decay, and so never ask)


class Merging(StrEnum):
    """How the states of two parts of a history become the states of the whole."""

    ANYWHERE = "anywhere"
    """However the rows were parted: sums are added, extremes compared."""
    IN_TIME_ORDER = "in time order"
    """Where in each group one part ends before the other begins."""
    REFOLDED = "not at all"
    """Folds over folds are folded again from the merged states below them."""


# Sources -------------------------------------------------------------------------------------


@attrs.frozen
class Lookup:
    """A number for each word of a column; null for other words."""

    column: str
    numbers: Mapping[str, float]


def lookup(column: str, numbers: Mapping[Any, float]) -> Lookup:
    """A number for each word of a column of words; null for words that have none."""
    return Lookup(column, {str(word): float(number) for word, number in numbers.items()})


Derived: TypeAlias = nw.Expr | Lookup | BusinessTime


def derived_key(derived: Derived) -> str:
    """Equal for two derived columns exactly where they mean the same."""
    if isinstance(derived, Lookup):
        return f"lookup|{derived.column}|{sorted(derived.numbers.items())}"
    if isinstance(derived, BusinessTime):
        return f"business time|{derived!r}"
    return identity(value=derived)


@attrs.frozen(eq=False)
class Let:
    """A step that adds columns to the rows."""

    columns: Mapping[str, Derived]

    @cached_property
    def key(self) -> str:
        """Equal for two steps exactly where they mean the same."""
        return f"let|{sorted((name, derived_key(each)) for name, each in self.columns.items())}"

    def apply(self, rows: Table, engine: Engine, order: Iterable[str]) -> Table:
        """The rows with the columns."""
        del order
        lookups: dict[str, dict[str, Mapping[str, float]]] = {}
        for name, each in self.columns.items():
            if isinstance(each, Lookup):
                lookups.setdefault(each.column, {})[name] = each.numbers
        for column, numbers in lookups.items():
            rows = engine.with_lookups(rows, column=column, numbers=numbers)
        times = {name: e for name, e in self.columns.items() if isinstance(e, BusinessTime)}
        rows = with_business_times(rows, engine, times)
        said = {name: e for name, e in self.columns.items() if isinstance(e, nw.Expr)}
        return rows.with_columns(**said) if said else rows


@attrs.frozen(eq=False)
class Where:
    """A step that keeps some rows. Prefer `where=` on a column: a filter is a pass of its own."""

    condition: nw.Expr

    @cached_property
    def key(self) -> str:
        """Equal for two steps exactly where they mean the same."""
        return f"where|{identity(condition=self.condition)}"

    def apply(self, rows: Table, engine: Engine, order: Iterable[str]) -> Table:
        """The rows where the condition holds; an unknown condition does not."""
        del engine, order
        return rows.filter(self.condition)


def previous(column: str, back: int = 1) -> Look:
    """The value of a column in the row before, in the same group; null where there is none."""
    return Look(Sight.PREVIOUS, column, back)


def carried(column: str) -> Look:
    """The last known value of a column in the rows before, in the same group."""
    return Look(Sight.CARRIED, column)


def following(column: str) -> Look:
    """The first known value of a column in the rows after, in the same group."""
    return Look(Sight.FOLLOWING, column)


def accumulated(column: str) -> Look:
    """The sum of a column of whole numbers over the rows before, in the same group."""
    return Look(Sight.ACCUMULATED, column)


@attrs.frozen(eq=False)
class InOrder:
    """A step that puts the rows of each group in order and lets each look at the others of it.

    Args:
        within: The column of the group.
        looks: The new columns.
        ordered: Whether the rows are in this order already.
    """

    within: str
    looks: Mapping[str, Look]
    ordered: bool = False

    @property
    def key(self) -> str:
        """Equal for two steps exactly where they mean the same."""
        return f"in order|{self.within}|{sorted(self.looks.items(), key=str)}"

    @property
    def looks_far(self) -> bool:
        """Whether rows see others that are any number of places away."""
        return any(look.sight is not Sight.PREVIOUS for look in self.looks.values())

    def apply(self, rows: Table, engine: Engine, order: Iterable[str]) -> Table:
        """The rows with the columns that look at others. Rows outside of any group are left out."""
        return engine.with_looks(
            rows if self.ordered else rows.filter(~nw.col(self.within).is_null()),
            within=self.within,
            order=list(order),
            looks=self.looks,
            ordered=self.ordered,
        )


@attrs.frozen(eq=False)
class Within:
    """A step that adds to each row what its whole group folds to."""

    group: str
    columns: Mapping[str, Column]

    @cached_property
    def key(self) -> str:
        """Equal for two steps exactly where they mean the same."""
        return f"within|{self.group}|{sorted((n, c.key) for n, c in self.columns.items())}"

    def apply(self, rows: Table, engine: Engine, order: Iterable[str]) -> Table:
        """The rows with the columns.

        A grouping and a join: on DuckDB a window takes twice as long.
        """
        del order
        rows = engine.store(rows)
        parts: dict[str, nw.Expr] = {}
        aggregates: dict[str, Aggregate] = {}
        for name, column in self.columns.items():
            parts |= column.parts(name, _NEVER)
            aggregates |= column.of_rows(name)
        grouped = engine.group(rows.select(self.group, **parts), [self.group], aggregates)
        return rows.join(grouped.select(self.group, *self.columns), on=self.group, how="left")


Step: TypeAlias = Let | Where | InOrder | Within


@attrs.frozen(eq=False)
class Source:
    """A table that is described and not yet computed.

    Args:
        columns: The names of the columns that it has.
        origin: The fold whose states are its rows; None for the interactions.
        steps: What is done to the rows, in order.
        ordered_within: The column within whose groups the rows come in order; None where in none.
    """

    columns: frozenset[str]
    origin: Fold | None = None
    steps: tuple[Step, ...] = ()
    ordered_within: str | None = None

    def let(self, **columns: Derived) -> Source:
        """The rows with more columns. An intermediate that is used twice belongs here.

        Raises:
            InvalidValueError: Where a name is taken: folds that share a pass share its columns, so
                a name must not mean two things.
        """
        return self._then(Let(columns), columns)

    def within(self, group: str, **columns: Column) -> Source:
        """The rows, each with what all rows of its group fold to.

        Args:
            group: The column of the group.
            columns: The columns of the group's state; none of them decayed.
        """
        decays = [name for name, column in columns.items() if column.half_life_days is not None]
        if decays:
            raise InvalidValueError(Mistake(", ".join(decays), "is decayed, and rows have no time"))
        return self._then(Within(group, columns), columns)

    def where(self, condition: nw.Expr) -> Source:
        """The rows where the condition holds; an unknown (null) condition does not."""
        return self._then(Where(condition), ())

    def in_order(self, within: str, **columns: Look) -> Source:
        """The rows in order of time within groups, each with a look at others of its group.

        Args:
            within: The column of the group; rows where it is null are left out.
            columns: New columns, each a `previous`, `carried`, `following` or `accumulated`.
        """
        return self._then(InOrder(within, columns, ordered=self._is_in_order(within)), columns)

    def by(self, *grain: str, **columns: Column) -> Fold:
        """Fold the rows: one state for each group, none for groups with a null key.

        Args:
            grain: The columns of the group; none for one state of all.
            columns: The columns of the state.
        """
        return Fold(
            columns=frozenset(grain) | frozenset(columns),
            source=self._rows,
            grain=grain,
            state=columns,
        )

    @property
    def group(self) -> str | None:
        """The group within which the rows are in order; None where they are in none."""
        return next((s.within for s in reversed(self.steps) if isinstance(s, InOrder)), None)

    def _is_in_order(self, within: str) -> bool:
        """Whether the rows were put in this order, and only filtered or widened since."""
        for step in reversed(self.steps):
            if isinstance(step, InOrder):
                return step.within == within
            if isinstance(step, Within):
                return False
        return self.ordered_within == within

    def _then(self, step: Step, names: Iterable[str]) -> Source:
        taken = sorted(self.columns & set(names))
        if taken:
            raise InvalidValueError(
                Mistake(name, "is a column already", "choose another name") for name in taken
            )
        rows = self._rows
        return attrs.evolve(rows, columns=rows.columns | set(names), steps=(*rows.steps, step))

    @property
    def _rows(self) -> Source:
        return self


@attrs.frozen(eq=False, kw_only=True)
class Fold(Source):
    """States at a grain, described and not yet computed: rows of a further fold, too.

    Args:
        columns: The names of the grain and of the state.
        source: What is folded.
        grain: The columns of the group.
        state: The columns of the state.
    """

    source: Source
    grain: tuple[str, ...]
    state: Mapping[str, Column]

    @property
    def _rows(self) -> Source:
        return Source(self.columns, origin=self)

    @property
    def merging(self) -> Merging:
        """How states of this fold merge."""
        far = any(isinstance(step, InOrder) and step.looks_far for step in self.source.steps)
        if far or self.source.origin is not None:
            return Merging.REFOLDED
        return Merging.ANYWHERE if self.source.group is None else Merging.IN_TIME_ORDER
