"""The retention rate: of the customers at the start of a period, how many stayed through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import narwhals as nw

from custloyal.fold import Fold, Source, count, highest
from custloyal.metrics.base import Metric
from custloyal.metrics.contracts import Ends, check_ends, contract_days
from custloyal.metrics.finished import finished, share_schema
from custloyal.metrics.purchase_periods import by_period, is_new, is_retained, purchase_periods
from custloyal.metrics.purchases import DAY
from custloyal.models.checks import check_word, refuse
from custloyal.periods import Period, as_period, last_full_day

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["RetentionRate"]

_SCHEMA = {
    "period_start": nw.Date(),
    "start_count": nw.Int64(),
    "retained_count": nw.Int64(),
    "churned_count": nw.Int64(),
    **share_schema("retention"),
    **share_schema("churn"),
    "is_complete": nw.Boolean(),
}
_SHARES = {
    "retention": ("retained_count", "start_count"),
    "churn": ("churned_count", "start_count"),
}


@attrs.frozen(kw_only=True)
class RetentionRate(Metric):
    """Of the customers at the start of each period, how many stayed and how many left.

    Without contracts a customer is there at the start who bought in the period before, and stays
    who buys in this one, too. While the period is not over, who has not bought yet counts as left.

    With contracts (`ends`) a customer is there from the first purchase to the row that ends the
    contract, and again from the next purchase on. Who is there at the start and no longer at the
    end has left; an end on the day of a purchase ends it.

    Args:
        period: "day", "week", "month", "quarter" or "year", of local days.
        ends: What rows end a contract: a `Kind`, or a column and its value such as
            ("topic", "cancellation"). None where there are no contracts.

    Returns (as a reading, one row for each period from the first at whose start somebody is there):
        `period_start`, `start_count` (customers at the start), `retained_count`, `churned_count`,
        `retention_share` and `churn_share` with `_low` and `_high` (Wilson's interval of 95 %;
        null where nobody was there), `is_complete` (whether the period was over at `as_of`).

    Raises:
        InvalidValueError: Where the period is unknown, or `ends` names neither a `Kind` nor a
            column and its value.
        MissingColumnError: Where the history lacks the column of `ends`.

    Example:
        Both bought in January, and one of them in February.

        >>> import custloyal
        >>> import polars as pl
        >>> sales = pl.DataFrame(
        ...     {
        ...         "customer_id": ["ann", "ann", "bob"],
        ...         "occurred_at": ["2024-01-05", "2024-02-05", "2024-01-09"],
        ...     }
        ... )
        >>> history = custloyal.History.from_native(sales, constants={"kind": "purchase"})
        >>> metric = RetentionRate()
        >>> [row] = custloyal.read(history, metric, as_of="2024-02-29")[metric].to_dicts()
        >>> row["start_count"], row["retained_count"], row["churned_count"], row["churn_share"]
        (2, 1, 1, 0.5)
    """

    grain: ClassVar[tuple[str, ...]] = ("period_start",)

    period: Period = attrs.field(default=Period.MONTH, converter=as_period)
    ends: Ends | None = None

    def __attrs_post_init__(self) -> None:
        refuse(
            check_word("period", self.period, Period, optional=False),
            None if self.ends is None else check_ends(self.ends),
        )

    def state(self, interactions: Source) -> Fold:
        """How many came and stayed in each period; with contracts, how many came and left."""
        if self.ends is None:
            return purchase_periods(interactions, self.period).by(
                "period",
                active_count=count(),
                new_count=count(is_new),
                retained_count=count(is_retained),
            )
        days = contract_days(interactions, self.ends, reader=self.name)
        bought, ended = nw.col("bought_on"), nw.col("ended_on")
        is_there, was_there = nw.col("is_there"), nw.col("was_there")
        return (
            days.let(period=self.period.number(nw.col(DAY)))
            .by(
                "customer_id",
                "period",
                bought_on=highest(DAY, where=nw.col("bought_count") > 0),
                ended_on=highest(DAY, where=nw.col("ended_count") > 0),
            )
            .let(is_there=~bought.is_null() & (ended.is_null() | (bought > ended)))
            .let(was_there=is_there.shift(1).over("customer_id", order_by="period"))
            .by(
                "period",
                came_count=count(is_there & (was_there.is_null() | ~was_there)),
                left_count=count(was_there & ~is_there),
            )
        )

    def reading(self, state: Table, as_of: AsOf) -> nw.DataFrame[Any]:
        """The rates of every period, from the first at whose start somebody is there."""
        rows: list[dict[str, Any]] = []
        there, full_day = 0, last_full_day(as_of)
        for number, row in by_period(state, self.period, as_of).items():
            if self.ends is None:
                retained, after = row["retained_count"], row["active_count"]
            else:
                retained = there - row["left_count"]
                after = retained + row["came_count"]
            if rows or there:
                said = {
                    "period_start": self.period.first_day(number),
                    "start_count": there,
                    "retained_count": retained,
                    "churned_count": there - retained,
                    "is_complete": self.period.last_day(number) <= full_day,
                }
                rows.append(said)
            there = after
        return finished(rows, _SCHEMA, shares=_SHARES)
