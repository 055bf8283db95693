"""What each customer brought at which age: the margins on which the value of a customer rests."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs
import narwhals as nw

from custloyal.fold import Fold, Source, count, lowest, total
from custloyal.metrics.base import Metric
from custloyal.metrics.purchases import DAY, days_between, known_amount, purchase_days
from custloyal.models.checks import check_count, refuse

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["AgeValue"]


@attrs.frozen(kw_only=True)
class AgeValue(Metric):
    """What each customer brought in each step of their age, counted from their first purchase day.

    Args:
        step_days: How many days a step has.

    Returns (as a reading, one row for each customer and step in which they bought):
        `age_days` (with which the step begins: 0, `step_days`, ...), `purchase_count`,
        `unknown_count` (of these, whose amount is not known), `amount` (gross, of the others;
        null where none is known), `margin_amount` (the margin of the purchases of
        which it and the amount are known; null where none is) and `margin_of_amount` (what these
        purchases brought).

    Example:
        >>> AgeValue(step_days=91).grain
        ('customer_id', 'age_days')
    """

    needs: ClassVar[tuple[str, ...]] = ("amount",)
    grain: ClassVar[tuple[str, ...]] = ("customer_id", "age_days")

    step_days: int = 91

    def __attrs_post_init__(self) -> None:
        refuse(check_count("step_days", self.step_days, low=1))

    def state(self, interactions: Source) -> Fold:
        """Amounts and margins by customer and step."""
        amount = nw.col("amount")
        has_margin = "margin_amount" in interactions.columns
        margin = nw.col("margin_amount") if has_margin else nw.lit(None, dtype=nw.Float64)
        both = ~margin.is_null() & ~amount.is_null()
        age = days_between(nw.col("first_day"), nw.col(DAY))
        sums = ("amount", "purchase_count", "unknown_count", "margin_amount", "margin_of_amount")
        return (
            purchase_days(
                interactions,
                amount=total(amount),
                purchase_count=count(),
                unknown_count=count(amount.is_null()),
                margin_amount=total(margin, where=both),
                margin_of_amount=total(amount, where=both),
                margin_count=count(both),
            )
            .within("customer_id", first_day=lowest(DAY))
            .let(age_days=age // self.step_days * self.step_days)
            .by("customer_id", "age_days", **{n: total(n) for n in (*sums, "margin_count")})
        )

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """The sums, null where nothing is known."""
        del as_of
        has_margin = nw.col("margin_count") > 0
        return state.select(
            "customer_id",
            "age_days",
            "purchase_count",
            "unknown_count",
            amount=known_amount(),
            margin_amount=nw.when(has_margin).then(nw.col("margin_amount")),
            margin_of_amount=nw.when(has_margin).then(nw.col("margin_of_amount")),
        )
