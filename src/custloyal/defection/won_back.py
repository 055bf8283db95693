"""Customers who came back for a discount and went again: loss leaders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import narwhals as nw

from custloyal.defection.discounts import NEEDS, is_discounted, is_priced
from custloyal.defection.horizon import as_days, check_days
from custloyal.fold import Fold, Source, count, last
from custloyal.metrics.base import Metric
from custloyal.metrics.purchases import DAY, days_between, purchase_days
from custloyal.models import Interval, Share, difference_interval
from custloyal.models.checks import as_number, check_number, refuse
from custloyal.periods import last_full_day
from custloyal.reading.run import read

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.history import History
    from custloyal.models import AsOf
    from custloyal.typing import AsOfLike

__all__ = ["LossLeaders", "WonBack", "loss_leaders"]


@attrs.frozen(kw_only=True)
class WonBack(Metric):
    """Who came back after a long silence, whether for a discount, and whether they went again.

    Args:
        dormant: After how long a silence a purchase counts as coming back.
        gone_within: Who buys nothing for so long after coming back is gone again.
        discount_from: From which share of the list price on a discount counts.

    Returns (as a reading, one row a customer who came back; of the last time they did):
        `won_back_on` (the day), `dormant_days` (the silence before it), `by_discount` (whether a
        purchase of that day was at a discount; null where no list price is known), `gone_again`
        (null where too little time has passed to say).

    Example:
        >>> WonBack(dormant="60d", gone_within="13w").gone_within
        91
    """

    needs: ClassVar[tuple[str, ...]] = NEEDS

    dormant: int = attrs.field(default=90, converter=as_days)
    gone_within: int = attrs.field(default=90, converter=as_days)
    discount_from: float = attrs.field(default=0.1, converter=as_number)

    def __attrs_post_init__(self) -> None:
        refuse(
            check_days("dormant", self.dormant),
            check_days("gone_within", self.gone_within),
            check_number("discount_from", self.discount_from, above=0, below=1),
        )

    def state(self, interactions: Source) -> Fold:
        """The last purchase day after a long silence, with the next one."""
        day = nw.col(DAY)
        days = (
            purchase_days(
                interactions,
                priced_count=count(is_priced),
                discounted_count=count(is_discounted(self.discount_from)),
            )
            .let(
                previous_day=day.shift(1).over("customer_id", order_by=DAY),
                next_day=day.shift(-1).over("customer_id", order_by=DAY),
            )
            .let(dormant_days=days_between(nw.col("previous_day"), day))
        )
        names = ("dormant_days", "priced_count", "discounted_count", "next_day")
        return days.where(nw.col("dormant_days") >= self.dormant).by(
            "customer_id",
            won_back_on=last(DAY, by=DAY),
            **{name: last(name, by=DAY) for name in names},
        )

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """What became of them."""
        back, again = nw.col("won_back_on"), nw.col("next_day")
        stayed = (days_between(back, again) <= self.gone_within).fill_null(value=False)
        # Until the day is over, a purchase may still come.
        is_over = days_between(back, nw.lit(last_full_day(as_of))) >= self.gone_within
        return state.select(
            "customer_id",
            "won_back_on",
            "dormant_days",
            by_discount=nw.when(nw.col("priced_count") > 0).then(nw.col("discounted_count") > 0),
            gone_again=nw.when(stayed | is_over).then(~stayed),
        )


@attrs.frozen(kw_only=True)
class LossLeaders:
    """How many who came back went again: of those who came for a discount, and of the others.

    Args:
        by_discount: Gone again of those who came back for a discount.
        at_full_price: Gone again of those who came back without one.
        difference: The first share less the second; None where one is of none.
        interval: Its interval of 95 %, by Newcombe's method.
    """

    by_discount: Share
    at_full_price: Share
    difference: float | None
    interval: Interval | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "reads_as": "association",
            "by_discount_count": self.by_discount.denominator,
            "by_discount_gone_again_share": self.by_discount.value,
            "at_full_price_count": self.at_full_price.denominator,
            "at_full_price_gone_again_share": self.at_full_price.value,
            "unknown_count": self.by_discount.unknown + self.at_full_price.unknown,
            "difference": self.difference,
            "difference_low": self.interval and self.interval.low,
            "difference_high": self.interval and self.interval.high,
        }


def loss_leaders(
    history: History, metric: WonBack | None = None, *, as_of: AsOfLike | AsOf | None = None
) -> LossLeaders:
    """Sum up `WonBack`: do those who come back for a discount go again more often?

    Args:
        history: The interactions, with `amount` and `list_amount`.
        metric: What coming back and going again mean; None for `WonBack()`.
        as_of: As for `read`.

    Source:
        R. G. Newcombe, *Interval estimation for the difference between independent proportions*,
        Statistics in Medicine 17 (1998), 873-890, method 10.

    Example:
        All three bought in January and came back in June. Ann and Bob came for 30 % off, and only
        Bob bought once more; Cem paid the full price, and bought once more.

        >>> import polars as pl
        >>> from custloyal import History
        >>> sales = [(who, "2024-01-01", 100) for who in ("ann", "bob", "cem")]
        >>> sales += [("ann", "2024-06-01", 70), ("bob", "2024-06-01", 70)]
        >>> sales += [("cem", "2024-06-01", 100), ("bob", "2024-07-01", 100)]
        >>> sales += [("cem", "2024-07-01", 100)]
        >>> names = ["customer_id", "occurred_at", "amount"]
        >>> rows = pl.DataFrame(sales, schema=names, orient="row").with_columns(list_amount=100)
        >>> history = History.from_native(rows, constants={"kind": "purchase"})
        >>> found = loss_leaders(history, as_of="2024-12-31")
        >>> found.by_discount.value, found.at_full_price.value, found.difference
        (0.5, 0.0, 0.5)
    """
    metric = metric or WonBack()
    return summed_up(read(history, metric, as_of=as_of)[metric.name].table)


def summed_up(table: Table) -> LossLeaders:
    """Sum up the rows of a reading of `WonBack`."""
    counts = table.group_by("by_discount", "gone_again").agg(nw.len().alias("count"))
    found = {(by, gone): n for by, gone, n in counts.collect("polars").iter_rows()}

    def share(by_discount: bool) -> Share:  # noqa: FBT001 (a value of the column)
        gone, stayed, open_ = (found.get((by_discount, end), 0) for end in (True, False, None))
        return Share(gone, gone + stayed, open_)

    offered, full = share(True), share(False)  # noqa: FBT003
    a, b = offered.value, full.value
    return LossLeaders(
        by_discount=offered,
        at_full_price=full,
        difference=None if a is None or b is None else a - b,
        interval=difference_interval(offered, full),
    )
