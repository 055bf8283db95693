"""The ledger: what each customer bought on each day. What rests on purchases is folded from it."""

from __future__ import annotations

import narwhals as nw

from custloyal.columns import DAY
from custloyal.fold import Column, Fold, Source, count, total
from custloyal.metrics.kinds import is_kind
from custloyal.models import Kind

__all__ = ["DAY", "days_between", "is_purchase", "ledger", "purchase_days"]

_MICROSECONDS_PER_DAY = 86_400_000_000

is_purchase = is_kind(Kind.PURCHASE)


def purchase_days(interactions: Source, **columns: Column) -> Fold:
    """One row for each customer and local day with a purchase."""
    return interactions.where(is_purchase).by("customer_id", DAY, **columns)


def ledger(interactions: Source) -> Fold:
    """The purchase days with `amount`, gross, and `unknown_count`, purchases without amount."""
    known = "amount" in interactions.columns
    amount = nw.col("amount") if known else nw.lit(None, dtype=nw.Float64)
    return purchase_days(interactions, amount=total(amount), unknown_count=count(amount.is_null()))


def days_between(earlier: nw.Expr, later: nw.Expr) -> nw.Expr:
    """Whole days from one date to another."""
    span = later.cast(nw.Datetime("us")) - earlier.cast(nw.Datetime("us"))
    return span.dt.total_microseconds() // _MICROSECONDS_PER_DAY
