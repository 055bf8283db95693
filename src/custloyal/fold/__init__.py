"""The fold: what a metric is made of.

A metric says once what a row adds to a state, where, and how two states combine. A `Source` is a
table that was described and not yet computed: the interactions, a filter of them, their rows in
order, or the states of another fold. `Source.by` folds it at a grain:

    ledger = interactions.where(is_purchase).by("customer_id", "day", amount=total("amount"))
    revenue = ledger.by("customer_id", revenue_amount=total("amount"))

Nothing here touches data: `custloyal.fold.plan` collects the folds of all metrics and runs them.
"""

from custloyal.business_time import BusinessTime, business_instant, business_time
from custloyal.fold.column import Column, count, decayed, first, highest, last, lowest, total
from custloyal.fold.source import (
    Fold,
    InOrder,
    Let,
    Lookup,
    Merging,
    Source,
    Step,
    Where,
    Within,
    accumulated,
    carried,
    following,
    lookup,
    previous,
)

__all__ = [
    "BusinessTime",
    "Column",
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
    "business_instant",
    "business_time",
    "carried",
    "count",
    "decayed",
    "first",
    "following",
    "highest",
    "last",
    "lookup",
    "lowest",
    "previous",
    "total",
]
