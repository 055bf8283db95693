"""What the value of a customer rests on: margins and defection by age, and costs of acquisition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw
import numpy as np

from custloyal.btyd.frames import as_floats
from custloyal.formats import count, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from custloyal.engines import Table

__all__ = ["LEAST_CUSTOMERS", "Age", "acquisition_of", "ages_of", "basis_of", "margins_of"]

LEAST_CUSTOMERS = 30
"""With fewer customers nothing is said of an age."""
_MARGINS = 5


@attrs.frozen(kw_only=True)
class Age:
    """Customers in one period of their age, of whom is known whether they left in it.

    Args:
        at_risk: How many were there when it began.
        left: How many of them bought nothing after it.
        amount: What all of them brought in it.
    """

    at_risk: int
    left: int
    amount: float


def basis_of(brought: nw.DataFrame[Any]) -> tuple[str, str, float]:
    """Whether margins are known, in words, and what share of an amount is margin."""
    known = brought["margin_of_amount"].drop_nulls().sum() or 0.0
    unknown, purchases = (int(brought[f"{n}_count"].sum()) for n in ("unknown", "purchase"))
    left_out = (
        f" Of {count(unknown)} of {counted(purchases, 'purchase')} the amount is not known: they "
        "add nothing, so value is understated by what they brought."
        if unknown
        else ""
    )
    if not known > 0:
        said = (
            "No margins are known, so revenue stands in their place: what is worth keeping is "
            "overstated by all that the goods cost."
        )
        return "revenue", f"{said}{left_out}", 1.0
    share = float(brought["margin_amount"].drop_nulls().sum()) / float(known)
    part = float(known) / float(brought["amount"].drop_nulls().sum())
    said = (
        f"Margin is {share:.1%} of the revenue of the purchases of which both are known "
        f"({part:.0%} of all revenue)."
    )
    return "margin", f"{said}{left_out}", share


def ages_of(
    buyers: nw.DataFrame[Any], brought: nw.DataFrame[Any], *, days: int, unseen_days: int
) -> list[Age]:
    """The periods of age from the first, as long as enough customers were seen through each.

    A customer is seen through a period where the silence after which they have left fits between
    its end and today; they leave in the period of their last purchase.
    """
    seen = np.floor_divide(as_floats(buyers, "T") - unseen_days, days)
    last = np.floor_divide(as_floats(buyers, "t_x"), days)
    through = buyers.select("customer_id").with_columns(
        nw.new_series("seen", seen.astype(np.int64), backend="polars")
    )
    rows = brought.join(through, on="customer_id", how="inner").with_columns(
        age=nw.col("age_days") // days
    )
    sums = (
        rows.filter(nw.col("age") < nw.col("seen"))
        .group_by("age")
        .agg(nw.col("amount").sum().alias("amount"))
    )
    amounts = dict(sums.iter_rows())
    ages: list[Age] = []
    while True:
        age = len(ages)
        there = (seen > age) & ((last >= age) if age else True)
        if there.sum() < LEAST_CUSTOMERS:
            return ages
        ages.append(
            Age(
                at_risk=int(there.sum()),
                left=int((there & (last == age)).sum()),
                amount=float(amounts.get(age) or 0.0),
            )
        )


def margins_of(ages: Sequence[Age]) -> list[float]:
    """The mean amount by age; the last of at most five is of all later ages, and goes on."""
    parts = [*([age] for age in ages[: _MARGINS - 1]), ages[_MARGINS - 1 :]]
    return [
        sum(age.amount for age in part) / sum(age.at_risk for age in part) for part in parts if part
    ]


def acquisition_of(buyers: nw.DataFrame[Any], table: Table | None) -> dict[str, Any] | str:
    """What winning customers cost, where the second table says so."""
    column = "acquisition_cost_amount"
    if table is None:
        return "there is no second table, in which acquisition_cost_amount could stand"
    schema = table.collect_schema()
    if column not in schema:
        return f"the second table has no column {column}"
    if not schema[column].is_numeric():
        return f"{column} of the second table is no number"
    costs = table.select("customer_id", nw.col(column).cast(nw.Float64)).collect("polars")
    found = buyers.select("customer_id").join(costs, on="customer_id", how="left")[column]
    known = found.drop_nulls()
    known = known.filter(known.is_finite() & (known >= 0))
    if not len(known):
        return f"{column} is known of no customer who bought"
    total = float(known.sum())
    return {
        "known_count": len(known),
        "unknown_count": len(found) - len(known),
        "total_amount": total,
        "per_customer_amount": total / len(known),
    }
