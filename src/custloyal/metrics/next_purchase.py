"""The next purchase: when it is due by a customer's own habit, without a model."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.fold import Fold, Source, count, highest, lowest
from custloyal.metrics.base import Metric
from custloyal.metrics.purchase_gaps import purchase_gaps
from custloyal.metrics.purchases import DAY, days_between
from custloyal.periods import last_full_day

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["NextPurchase"]


@attrs.frozen(kw_only=True)
class NextPurchase(Metric):
    """When the next purchase of each customer is due by their own gaps between purchase days.

    No model, and nothing of other customers: where a customer's n gaps come in no particular
    order, the next one is as likely the shortest of all n + 1 as any other place, so it is longer
    than all before with probability 1 / (n + 1), and lies between the shortest and the longest
    with probability (n - 1) / (n + 1). It is an expression on every engine, and says nothing of
    who bought once and little of who bought twice; `NextNeed` fits a model to all customers, and
    says something of each.

    Returns (as a reading, one row a customer who bought):
        `gap_count` (n), `mean_gap_days`, `expected_on` (the last purchase day and the mean gap,
        rounded; it may have passed), `earliest_on` and `latest_on` (with the shortest and the
        longest gap), `coverage_share` (the probability of lying between them), `quiet_days` (full
        days since the last purchase day), `is_overdue` (whether they are more than the longest gap
        so far). All but `gap_count` and `quiet_days` are null where n is 0.

    Source:
        S. S. Wilks, *Determination of sample sizes for setting tolerance limits*, Annals of
        Mathematical Statistics 12 (1941), 91-96, for the coverage of order statistics.

    Example:
        Gaps of 10 and 20 days, so 15 on average.

        >>> import custloyal
        >>> import polars as pl
        >>> sales = pl.DataFrame(
        ...     {
        ...         "customer_id": ["ann", "ann", "ann"],
        ...         "occurred_at": ["2024-01-01", "2024-01-11", "2024-01-31"],
        ...     }
        ... )
        >>> history = custloyal.History.from_native(sales, constants={"kind": "purchase"})
        >>> metric = NextPurchase()
        >>> [row] = custloyal.read(history, metric, as_of="2024-02-29")[metric].to_dicts()
        >>> [str(row[name]) for name in ("earliest_on", "expected_on", "latest_on")]
        ['2024-02-10', '2024-02-15', '2024-02-20']
        >>> row["quiet_days"], row["is_overdue"]
        (29, True)
    """

    def state(self, interactions: Source) -> Fold:
        """First and last purchase day, and the gaps between."""
        return purchase_gaps(interactions).by(
            "customer_id",
            first_day=lowest(DAY),
            last_day=highest(DAY),
            purchase_days=count(),
            shortest_days=lowest("gap_days"),
            longest_days=highest("gap_days"),
        )

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """The days on which the next purchase is due."""
        n, day = nw.col("gap_count"), nw.lit(timedelta(days=1))
        mean = nw.col("mean_gap_days")
        last_day = nw.col("last_day").cast(nw.Datetime("us"))

        def after(days: nw.Expr) -> nw.Expr:
            return (last_day + days * day).cast(nw.Date)

        return (
            state.with_columns(gap_count=nw.col("purchase_days") - 1)
            .with_columns(
                mean_gap_days=nw.when(n > 0).then(
                    days_between(nw.col("first_day"), nw.col("last_day")) / n
                ),
                quiet_days=nw.max_horizontal(
                    days_between(nw.col("last_day"), nw.lit(last_full_day(as_of))), nw.lit(0)
                ),
            )
            .select(
                "customer_id",
                "gap_count",
                "mean_gap_days",
                "quiet_days",
                expected_on=after((mean + 0.5).floor().cast(nw.Int64)),
                earliest_on=after(nw.col("shortest_days")),
                latest_on=after(nw.col("longest_days")),
                coverage_share=nw.when(n > 0).then((n - 1) / (n + 1)),
                is_overdue=nw.col("quiet_days") > nw.col("longest_days"),
            )
        )
