"""In which periods each customer bought: what readings by period are folded from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from custloyal.fold import Source, total
from custloyal.metrics.purchases import DAY, ledger

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf
    from custloyal.periods import Period

__all__ = ["by_period", "is_new", "is_retained", "purchase_periods"]

_BEFORE = nw.col("period_before")

is_new = _BEFORE.is_null()
"""Whether a customer had never bought before the period."""

is_retained = nw.col("period") == _BEFORE + 1
"""Whether a customer bought in the period just before, too."""


def purchase_periods(interactions: Source, period: Period) -> Source:
    """One row for each customer and period with a purchase.

    `period` (its number), `amount` (gross), `unknown_count` (purchases whose amount is not known),
    `period_before` (the last one before in which the customer bought; null in the first).
    """
    bought = ledger(interactions).let(period=period.number(nw.col(DAY)))
    by_customer = bought.by(
        "customer_id", "period", amount=total("amount"), unknown_count=total("unknown_count")
    )
    before = nw.col("period").shift(1).over("customer_id", order_by="period")
    return by_customer.let(period_before=before)


def by_period(state: Table, period: Period, as_of: AsOf) -> dict[int, dict[str, Any]]:
    """The states of all periods up to `as_of`, in order; 0 in each column where nobody bought.

    Args:
        state: One row for each period in which something was counted or added up.
        period: The period.
        as_of: The time; its own period is the last.
    """
    known = {row["period"]: row for row in state.collect("polars").iter_rows(named=True)}
    if not known:
        return {}
    nothing = dict.fromkeys(state.collect_schema().names(), 0)
    numbers = range(min(known), period.number_of(as_of.day) + 1)
    return {number: known.get(number, nothing) for number in numbers}
