"""Customers as the models see them: unique (x, t_x, T) rows with weights, compressed by the engine.

Ten million customers have some hundred thousand different rows. Fits run on those, and what is
predicted of a row is joined back to all customers that share it, in the engine they came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw
import numpy as np

from custloyal.btyd.frames import (
    Fault,
    Flags,
    Invalid,
    as_floats,
    as_series,
    faults_of,
    joined,
    opened_numbers,
    refused_or_counted,
    unit_of,
    weight_of,
)
from custloyal.btyd.integrals import Floats
from custloyal.engines import Aggregate, Combine, Home, Table
from custloyal.errors import DataError, Mistake
from custloyal.models.checks import check_number, refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["KEYS", "Customers", "Statistics", "distinct_pairs", "one_customer"]

KEYS = ("x", "t_x", "T")
MOST_PURCHASES = 10_000_000
"""More purchase days than 27,000 years have: a larger x is an amount or an identifier."""


@attrs.frozen(eq=False)
class Statistics:
    """Unique rows with weights, as arrays.

    Args:
        x: Repeat purchase days.
        t_x: Ages at the last purchase.
        T: Ages now.
        weight: How many customers share the row.
    """

    x: Floats
    t_x: Floats
    T: Floats
    weight: Floats

    def __len__(self) -> int:
        return len(self.x)

    @property
    def customers_count(self) -> float:
        """The sum of the weights."""
        return float(self.weight.sum())

    def where(self, chosen: Any) -> Statistics:
        """Some of the rows."""
        return Statistics(self.x[chosen], self.t_x[chosen], self.T[chosen], self.weight[chosen])

    def ordered(self) -> Statistics:
        """The rows by x, t_x and T, so that no sum depends on the order in which they came."""
        # One key sorts many times as fast as three. What it cannot tell apart is nearly equal.
        longest = float(self.T.max(initial=0.0)) or 1.0
        return self.where(np.argsort(2 * self.x + (self.t_x + self.T * 2.0**-16) / longest))

    def sampled(self, count: int) -> Statistics:
        """About `count` customers, evenly spaced in the order of the rows."""
        reached = np.cumsum(self.weight)
        places = (np.arange(count) + 0.5) * (reached[-1] / count)
        found, times = np.unique(np.searchsorted(reached, places), return_counts=True)
        sample = self.where(np.minimum(found, len(reached) - 1))
        return attrs.evolve(sample, weight=times.astype(np.float64))


def one_customer(x: float, t_x: float, T: float) -> Statistics:  # noqa: N803 (as the column)
    """A single customer.

    Raises:
        InvalidValueError: Where no customer can have such statistics.
    """
    given = {"x": x, "t_x": t_x, "T": T}
    refuse(*(check_number(name, value, low=0) for name, value in given.items()))
    columns = [np.array([float(value)]) for value in given.values()]
    rows = Statistics(columns[0], columns[1], columns[2], np.ones(1))
    wrong = [(name, what) for name, what, failed in _checks(rows) if failed.any()]
    refuse(*(Mistake(name, what, "give repeat purchase days and ages") for name, what in wrong))
    return rows


def distinct_pairs(first: Floats, second: Floats) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """The distinct pairs of two columns, and for each row the place of its pair."""
    values, place = np.unique(second, return_inverse=True)
    keys, where = np.unique(first * len(values) + place, return_inverse=True)
    count = max(len(values), 1)
    return keys // count, values[(keys % count).astype(np.int64)], where


@attrs.frozen(eq=False)
class Customers:
    """A frame of customers, opened and compressed.

    Args:
        table: The frame, with the key by which it is joined.
        home: Where it came from.
        keys: The unique keys as the engine gave them, for the join back.
        statistics: The unique rows as arrays; null is NaN.
        sums: Other columns, added up over the customers of each unique row.
        usable: Which unique rows a customer can have.
        faults: What is wrong with the others.
        time_unit: The unit of time; None where nobody states one.
    """

    table: Table
    home: Home
    keys: nw.DataFrame[Any]
    statistics: Statistics
    sums: Mapping[str, Floats]
    usable: Flags
    faults: tuple[Fault, ...]
    time_unit: str | None

    @classmethod
    def compressed(
        cls,
        frame: Any,
        *,
        time_unit: str | None,
        weighted: bool,
        sums: Mapping[str, nw.Expr] = MappingProxyType({}),
    ) -> Customers:
        """Compress a frame in its engine.

        Args:
            frame: One row a customer: `x`, `t_x`, `T`, optionally `weight` and `time_unit`.
            time_unit: The unit that the frame must be in, where it says any.
            weighted: Whether to look at `weight`.
            sums: What else is added up for each unique row.

        Raises:
            DataError: Where it is no frame, a column is not numeric or states another unit.
            MissingColumnError: With every column that is missing.
        """
        table, home = opened_numbers(frame, KEYS, optional=("weight",) if weighted else ())
        schema = table.collect_schema()
        facts = table.select(**_facts(schema)).collect("polars").rows(named=True)[0]
        time_unit = unit_of(facts.get("low_unit"), facts.get("high_unit"), time_unit)
        packed = _can_be_packed(schema, facts)
        if packed:
            table = table.with_columns(**{PACKED: _packed()})
        on = [PACKED] if packed else list(KEYS)
        weighted = weighted and "weight" in schema
        taken = {**(weight_of() if weighted else {}), **sums}
        summed = [name for name in taken if name != "_unfit"]
        aggregates = {"_rows": Aggregate(Combine.ROWS, on[0])} | {
            name: Aggregate(Combine.SUM, name) for name in summed
        }
        rows = table.select(*on, **taken)
        groups = [*on, "_unfit"] if weighted else on
        unique = home.engine.store(home.engine.group(rows, groups, aggregates)).collect("polars")
        rows_count = as_floats(unique, "_rows")
        added = {name: as_floats(unique, name) for name in summed}
        weight = added.pop("weight", rows_count)
        unfit = unique["_unfit"].to_numpy() if weighted else np.zeros(len(rows_count), dtype=bool)
        values = _unpacked(unique) if packed else [as_floats(unique, name) for name in KEYS]
        x, t_x, T = values  # noqa: N806 (as the column)
        statistics = Statistics(x, t_x, T, weight)
        faults, usable = faults_of(
            [*_checks(statistics), ("weight", "is null, negative or infinite", unfit)],
            rows_count,
            dict(zip(KEYS, values, strict=True)),
        )
        return cls(
            table, home, unique.select(*on), statistics, added, usable, tuple(faults), time_unit
        )

    def for_a_fit(self, policy: Invalid) -> tuple[Statistics, dict[str, int]]:
        """The usable rows, ordered, and how many were set aside by reason.

        Raises:
            DataError: Where there are faults and the policy is to refuse, or no row is left.
        """
        aside = refused_or_counted(self.faults, policy, option="invalid")
        rows = self.statistics.where(self.usable & (self.statistics.weight > 0)).ordered()
        if not len(rows):
            rest = f" once {sum(aside.values()):,} were set aside" if aside else ""
            raise DataError(Mistake("frame", f"has no customer{rest}", "give at least one"))
        return rows, aside

    def for_predictions(self, policy: Invalid) -> Statistics:
        """The usable rows, in the order of `keys`; where a statistic is null there is none.

        Raises:
            DataError: Where there are other faults than nulls, and the policy is to refuse.
        """
        known = [fault for fault in self.faults if fault.what != UNKNOWN]
        refused_or_counted(known, policy, option="invalid")
        return self.statistics.where(self.usable)

    def sent_home(self, columns: Mapping[str, Any]) -> Any:
        """As `joined`, as a frame of the caller's library."""
        return self.home.bring_back(self.joined(columns))

    def joined(self, columns: Mapping[str, Any]) -> Table:
        """The caller's frame with columns that were computed for the usable rows.

        Args:
            columns: Arrays as long as `for_predictions` is; NaN, infinity and NaT become null.
        """
        usable = nw.new_series("_usable", self.usable, backend="polars")
        found = self.keys.filter(usable).with_columns(
            *(as_series(name, values) for name, values in columns.items())
        )
        table = joined(self.table, self.home, found, found.columns[: len(self.keys.columns)])
        return table.drop(PACKED) if PACKED in found.columns else table


UNKNOWN = "is null"

PACKED = "_custloyal_x_t_x_T"
_BITS = 21
"""Whole numbers under two million each fit into one key together: a grouping by one key is twice
as fast as by three, and a join four times."""


def _facts(schema: Mapping[str, nw.dtypes.DType]) -> dict[str, nw.Expr]:
    """What must be known of a frame before it is compressed."""
    facts: dict[str, nw.Expr] = {}
    if "time_unit" in schema:
        facts |= {"low_unit": nw.col("time_unit").min(), "high_unit": nw.col("time_unit").max()}
    for name in KEYS:
        facts |= {
            f"low_{name}": nw.col(name).min(),
            f"high_{name}": nw.col(name).max(),
            f"nulls_{name}": nw.col(name).null_count(),
        }
    return facts


def _can_be_packed(schema: Mapping[str, nw.dtypes.DType], facts: Mapping[str, Any]) -> bool:
    return all(
        schema[name].is_integer()
        and facts[f"nulls_{name}"] == 0
        and facts[f"low_{name}"] is not None
        and facts[f"low_{name}"] >= 0
        and facts[f"high_{name}"] < 1 << _BITS
        for name in KEYS
    )


def _packed() -> nw.Expr:
    x, t_x, T = (nw.col(name).cast(nw.Int64) for name in KEYS)  # noqa: N806 (as the column)
    return (x * (1 << _BITS) + t_x) * (1 << _BITS) + T


def _unpacked(unique: nw.DataFrame[Any]) -> list[Floats]:
    key = unique[PACKED].to_numpy()
    last = (1 << _BITS) - 1
    parts = (key >> 2 * _BITS, (key >> _BITS) & last, key & last)
    return [part.astype(np.float64) for part in parts]


def _checks(rows: Statistics) -> list[tuple[str, str, Flags]]:
    named = {"x": rows.x, "t_x": rows.t_x, "T": rows.T}
    x, t_x, T = named.values()  # noqa: N806 (the name of the field)
    unknown = [(name, UNKNOWN, np.isnan(values)) for name, values in named.items()]
    infinite = [(name, "is infinite", np.isinf(values)) for name, values in named.items()]
    negative = [(name, "is negative", values < 0) for name, values in named.items()]
    with np.errstate(invalid="ignore"):  # infinite values are named by their own check
        return [
            *unknown,
            *infinite,
            *negative,
            ("x", "is no whole number", x != np.floor(x)),
            ("x", f"exceeds {MOST_PURCHASES:,}", x > MOST_PURCHASES),
            ("t_x", "exceeds T", t_x > T),
            ("t_x", "is not 0 though x is 0", (x == 0) & (t_x != 0)),
            ("x", "is above 0 though T is 0", (x > 0) & (T == 0)),
            # Times in whole weeks look so. A likelihood of purchases in no time has no maximum.
            ("t_x", "is 0 though x is above 0", (x > 0) & (t_x == 0)),
        ]
