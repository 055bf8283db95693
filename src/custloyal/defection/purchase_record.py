"""What customers bought up to a day, as the models see them: for now, and for a day midway."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw
import numpy as np

from custloyal.btyd.frames import as_floats
from custloyal.btyd.statistics import KEYS, Statistics
from custloyal.metrics.purchases import DAY, days_between

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Halves", "as_statistics", "halves", "record"]


def record(ledger: nw.DataFrame[Any], day: date, **columns: nw.Expr) -> nw.DataFrame[Any]:
    """One row a customer of a ledger of purchase days, in days.

    Args:
        ledger: One row for each customer and day with a purchase, none after `day`.
        day: The day of today.
        columns: Further columns, as aggregates over the customer's purchase days.

    Returns:
        `customer_id`, `first_day`, `last_day`, `x`, `t_x`, `T` and the further columns, in the
        order of the customers.
    """
    first, last = nw.col("first_day"), nw.col("last_day")
    return (
        ledger.group_by("customer_id")
        .agg(
            nw.col(DAY).min().alias("first_day"),
            nw.col(DAY).max().alias("last_day"),
            nw.len().cast(nw.Int64).alias("x"),
            *(column.alias(name) for name, column in columns.items()),
        )
        .sort("customer_id")
        .with_columns(
            x=nw.col("x") - 1,
            t_x=days_between(first, last),
            T=days_between(first, nw.lit(day)),
        )
    )


def as_statistics(customers: nw.DataFrame[Any]) -> tuple[Statistics, NDArray[np.int64]]:
    """The different `x`, `t_x`, `T` of customers, and the place of each customer among them.

    Models are asked once for all customers who are alike.
    """
    rows = np.column_stack([as_floats(customers, name) for name in KEYS])
    longest = rows[:, 2].max(initial=0.0) + 1
    # One key sorts many times as fast as three columns: x, t_x and T in a mixed radix.
    _, first, place = np.unique(
        (rows[:, 0] * longest + rows[:, 1]) * longest + rows[:, 2],
        return_index=True,
        return_inverse=True,
    )
    x, t_x, T = rows[first].T  # noqa: N806 (as the column)
    return Statistics(x, t_x, T, np.ones(len(first))), place


@attrs.frozen(eq=False)
class Halves:
    """The customers as they stood midway, and who of them bought nothing since.

    Args:
        midway: The day midway between the first purchase day and today, or one horizon ago.
        days: How many days there are after it.
        customers: `x`, `t_x`, `T` as of that day and `is_gone` (no purchase after it); who first
            bought later is left out.
    """

    midway: date
    days: int
    customers: nw.DataFrame[Any]


def halves(
    ledger: nw.DataFrame[Any], day: date, *, horizon: int | None = None, midway: date | None = None
) -> Halves | None:
    """The first half of a ledger as what could be known midway, the second as what came of it.

    Where a horizon is shorter than the second half, that is no longer than the horizon: what a
    probability was worth over nine months says little of three.

    Args:
        ledger: One row for each customer and day with a purchase.
        day: The day of today.
        horizon: How many days the second half has at most; None for as many as there are.
        midway: Where they part; None for the calendar day midway, or a horizon ago.

    Returns:
        None where there is no day after the one midway.
    """
    if midway is None:
        first = ledger[DAY].min() if len(ledger) else day
        whole = (day - first).days
        after = whole - whole // 2
        midway = day - timedelta(days=after if horizon is None else min(after, horizon))
    if midway >= day:
        return None
    bought = ledger.filter(nw.col(DAY) > nw.lit(midway)).select("customer_id").unique()
    known = record(ledger.filter(nw.col(DAY) <= nw.lit(midway)), midway)
    stayed = bought.with_columns(is_gone=nw.lit(value=False))
    customers = known.join(stayed, on="customer_id", how="left").with_columns(
        is_gone=nw.col("is_gone").fill_null(value=True)
    )
    return Halves(midway, (day - midway).days, customers.select("x", "t_x", "T", "is_gone"))
