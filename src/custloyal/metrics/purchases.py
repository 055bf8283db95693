"""The ledger: what each customer bought on each day. What rests on purchases is folded from it."""

from __future__ import annotations

import narwhals as nw

from custloyal.columns import DAY
from custloyal.fold import Column, Fold, Source, count, total
from custloyal.metrics.kinds import is_kind
from custloyal.models import Kind

__all__ = [
    "DAY",
    "days_between",
    "is_purchase",
    "known_amount",
    "ledger",
    "purchase_days",
    "spending",
]

_MICROSECONDS_PER_DAY = 86_400_000_000

is_purchase = is_kind(Kind.PURCHASE)


def purchase_days(interactions: Source, **columns: Column) -> Fold:
    """One row for each customer and local day with a purchase."""
    return interactions.where(is_purchase).by("customer_id", DAY, **columns)


def ledger(interactions: Source) -> Fold:
    """The purchase days: `amount` (gross), `purchase_count`, and how many `unknown_count` of these.

    An unknown amount adds nothing to `amount`; `known_amount` reads sums of these columns.
    """
    known = "amount" in interactions.columns
    amount = nw.col("amount") if known else nw.lit(None, dtype=nw.Float64)
    return purchase_days(
        interactions,
        amount=total(amount),
        purchase_count=count(),
        unknown_count=count(amount.is_null()),
    )


def spending(interactions: Source, **columns: Column) -> Fold:
    """What each customer who bought spent, with further columns over their purchase days."""
    return ledger(interactions).by(
        "customer_id",
        amount=total("amount"),
        purchase_count=total("purchase_count"),
        unknown_count=total("unknown_count"),
        **columns,
    )


def known_amount() -> nw.Expr:
    """The sum of the amounts that are known; null, not 0, where none is."""
    some = nw.col("purchase_count") > nw.col("unknown_count")
    return nw.when(some).then(nw.col("amount"))


def days_between(earlier: nw.Expr, later: nw.Expr) -> nw.Expr:
    """Whole days from one date to another."""
    span = later.cast(nw.Datetime("us")) - earlier.cast(nw.Datetime("us"))
    return span.dt.total_microseconds() // _MICROSECONDS_PER_DAY
