"""The columns of a state: what a row adds, where, and how two states combine."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import attrs
import narwhals as nw

from custloyal.engines import Aggregate, Combine, identity
from custloyal.errors import InvalidValueError, Mistake

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "REFERENCE",
    "Column",
    "count",
    "decayed",
    "first",
    "highest",
    "last",
    "lowest",
    "total",
]

_MICROSECONDS_PER_DAY = 86_400_000_000
REFERENCE = "reference at"
"""The column of a state that says to which time its decayed sums were brought."""

IntoExpr: TypeAlias = "str | nw.Expr"


@attrs.frozen(eq=False)
class Column:
    """One column of a state: what a row adds, where, and how values combine.

    Made by `total`, `count`, `lowest`, `highest`, `first`, `last` and `decayed`.

    Args:
        combine: How values combine, of rows into a state and of two states into one.
        value: What a row adds; nothing where it is null.
        where: The rows that add; all where it is None. An unknown (null) condition adds nothing.
        order: For `first` and `last`, what orders the rows.
        half_life_days: For decayed sums, after how many days a value counts half.
    """

    combine: Combine
    value: nw.Expr
    where: nw.Expr | None = None
    order: nw.Expr | None = None
    half_life_days: float | None = None

    @cached_property
    def key(self) -> str:
        """Equal for two columns exactly where they mean the same."""
        said = {"value": self.value, "where": self.where, "order": self.order}
        expressions = {name: expr for name, expr in said.items() if expr is not None}
        return f"{self.combine}|{self.half_life_days}|{identity(**expressions)}"

    def parts(self, name: str, as_of: datetime) -> dict[str, nw.Expr]:
        """What one row adds, as columns over rows.

        Args:
            name: The column's name in the state.
            as_of: The time to which decayed values are brought, UTC without a zone.

        Returns:
            For sums 0, else null, where the row adds nothing; for counts whether it is counted;
            nothing for a count of all rows.
        """
        if self.combine is Combine.ROWS:
            return {}
        value = self._decayed(self.value, nw.col("occurred_at"), as_of)
        if self.combine is Combine.COUNT or self.where is None:
            parts = {name: value}
        elif self.combine is Combine.SUM:
            # Engines add columns without nulls faster.
            parts = {name: nw.when(self.where).then(value).otherwise(0)}
        else:
            parts = {name: nw.when(self.where).then(value)}
        if self.order is not None:
            parts[order_of(name)] = (
                self.order if self.where is None else nw.when(self.where).then(self.order)
            )
        return parts

    def of_rows(self, name: str) -> dict[str, Aggregate]:
        """How the parts of rows combine."""
        if self.order is None:
            return {name: Aggregate(self.combine, name)}
        extreme = Combine.MIN if self.combine is Combine.FIRST else Combine.MAX
        order = order_of(name)
        return {
            name: Aggregate(self.combine, name, order=order),
            order: Aggregate(extreme, order),
        }

    def of_states(self, name: str) -> dict[str, Aggregate]:
        """How the columns of states combine."""
        if self.combine in (Combine.COUNT, Combine.ROWS):
            return {name: Aggregate(Combine.SUM, name)}
        return self.of_rows(name)

    def brought(self, name: str, as_of: datetime) -> nw.Expr:
        """The column of a state, brought from the state's own time to another."""
        return self._decayed(nw.col(name), nw.col(REFERENCE), as_of)

    def _decayed(self, value: nw.Expr, since: nw.Expr, as_of: datetime) -> nw.Expr:
        if self.half_life_days is None:
            return value
        # exp(x ln 2) is exactly 1 at age 0, and twice as fast as 2 ** x.
        rate = math.log(2) / (self.half_life_days * _MICROSECONDS_PER_DAY)
        return value * ((since - nw.lit(as_of)).dt.total_microseconds() * rate).exp()


def order_of(name: str) -> str:
    """The state column that orders a `first` or `last` column."""
    # A name that no keyword can have, so that no other column has it.
    return f"order of {name}"


def total(value: IntoExpr, *, where: nw.Expr | None = None) -> Column:
    """The sum; 0 where nothing adds."""
    return Column(Combine.SUM, _expr(value), where)


def count(where: nw.Expr | None = None) -> Column:
    """How many rows; an unknown (null) condition does not count."""
    if where is None:
        return Column(Combine.ROWS, nw.lit(1))
    return Column(Combine.COUNT, where)


def lowest(value: IntoExpr, *, where: nw.Expr | None = None) -> Column:
    """The lowest value; null where there is none."""
    return Column(Combine.MIN, _expr(value), where)


def highest(value: IntoExpr, *, where: nw.Expr | None = None) -> Column:
    """The highest value; null where there is none."""
    return Column(Combine.MAX, _expr(value), where)


def first(value: IntoExpr, *, by: IntoExpr, where: nw.Expr | None = None) -> Column:
    """The value of the row where `by` is lowest; `by` must not tie within a group."""
    return Column(Combine.FIRST, _expr(value), where, order=_expr(by))


def last(value: IntoExpr, *, by: IntoExpr, where: nw.Expr | None = None) -> Column:
    """The value of the row where `by` is highest; `by` must not tie within a group."""
    return Column(Combine.LAST, _expr(value), where, order=_expr(by))


def decayed(value: IntoExpr, half_life_days: float, *, where: nw.Expr | None = None) -> Column:
    """The sum of values that count half after each half-life: value * 2 ** (-age / half-life).

    Args:
        value: What a row adds at age 0.
        half_life_days: In days, above 0.
        where: The rows that add.
    """
    if not half_life_days > 0:
        raise InvalidValueError(
            Mistake("half_life_days", f"is {half_life_days}, must be above 0 days")
        )
    return Column(Combine.SUM, _expr(value), where, half_life_days=half_life_days)


def _expr(value: IntoExpr) -> nw.Expr:
    return nw.col(value) if isinstance(value, str) else value
