"""RFM: recency, frequency and monetary value."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs
import narwhals as nw

from custloyal.fold import Fold, Source, count, highest
from custloyal.metrics.base import Metric
from custloyal.metrics.purchases import DAY, days_between, known_amount, spending

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["Rfm"]


@attrs.frozen(kw_only=True)
class Rfm(Metric):
    """How long ago, how often and for how much each customer bought.

    Recency is not the age at the last purchase (t_x) of `BtydStatistics`: it counts back from
    `as_of`. There are no scores from 1 to 5 here: quantiles move a customer's score when others
    come or go.

    Returns (as a reading, one row a customer with a purchase):
        `recency_days` (days from the last purchase day to `as_of`), `frequency` (purchase days),
        `monetary_amount` (gross sum of the amounts that are known; null where none is),
        `mean_day_amount` (of a purchase day).

    Source:
        A. M. Hughes, *Strategic Database Marketing*, Probus 1994, for the three readings.
    """

    needs: ClassVar[tuple[str, ...]] = ("amount",)

    def state(self, interactions: Source) -> Fold:
        """The last day, the number of days, and what they brought."""
        return spending(interactions, last_day=highest(DAY), purchase_days=count())

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """Recency as of a time, frequency and monetary value."""
        return state.select(
            "customer_id",
            recency_days=days_between(nw.col("last_day"), nw.lit(as_of.day)),
            frequency=nw.col("purchase_days"),
            monetary_amount=known_amount(),
            mean_day_amount=known_amount() / nw.col("purchase_days"),
        )
