"""The second table: one row for each customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from custloyal.engines import opened
from custloyal.errors import DataError, MissingColumnError, Mistake
from custloyal.intake.columns import with_ids

if TYPE_CHECKING:
    from custloyal.engines import Table

__all__ = ["customer_table"]


def customer_table(frame: Any) -> Table:
    """Take the second table: its ids as the history has them, internal names left out.

    Args:
        frame: One row a customer, of any supported library.

    Raises:
        MissingColumnError: Where it has no `customer_id`.
        DataError: Where an id is no id, or two rows bear one.
    """
    table, _ = opened(frame)
    if "customer_id" not in table.collect_schema():
        raise MissingColumnError(Mistake("customers", "has no column customer_id"))
    key = nw.col("customer_id")
    table, broken = with_ids(table, "customer_id", table.collect_schema()["customer_id"])
    for condition, reason in broken:
        count = table.select(condition.sum().alias("count")).collect("polars").item()
        if count:
            raise DataError(Mistake("customers", f"{reason} in {count:,} rows"))
    table = table.drop([n for n in table.collect_schema() if n.startswith("_")])
    rows, distinct = (
        table.select(nw.len().alias("rows"), key.n_unique().alias("distinct"))
        .collect("polars")
        .row(0)
    )
    if rows > (distinct or 0):
        raise DataError(
            Mistake(
                "customers",
                f"has {rows - (distinct or 0)} rows too many",
                "give one row for each customer_id",
            )
        )
    return table
