"""The purchase days of each customer with the next: how long they were quiet in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from custloyal.fold import count
from custloyal.metrics.purchases import DAY, days_between, purchase_days

if TYPE_CHECKING:
    from custloyal.fold import Source

__all__ = ["purchase_gaps"]


def purchase_gaps(interactions: Source) -> Source:
    """One row for each customer and local day with a purchase.

    `next_day` (of a purchase of the same customer) and `gap_days` (until then): null on the last,
    after which nothing is known yet.
    """
    next_day = nw.col(DAY).shift(-1).over("customer_id", order_by=DAY)
    return (
        purchase_days(interactions, purchase_count=count())
        .let(next_day=next_day)
        .let(gap_days=days_between(nw.col(DAY), nw.col("next_day")))
    )
