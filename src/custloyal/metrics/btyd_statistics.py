"""The statistics from which buy-till-you-die models are fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs
import narwhals as nw

from custloyal.errors import Mistake, nearest
from custloyal.fold import Fold, Source, count, first, highest, lowest
from custloyal.metrics.base import Metric
from custloyal.metrics.purchases import DAY, days_between, spending
from custloyal.models.checks import refuse

if TYPE_CHECKING:
    from datetime import date

    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["BtydStatistics", "TimeUnit", "check_unit", "in_unit", "statistics"]

TimeUnit: TypeAlias = Literal["day", "week"]

_DAYS = {"day": 1, "week": 7}


@attrs.frozen(kw_only=True)
class BtydStatistics(Metric):
    """Of each customer who bought: how often again, when last, for how long known, for how much.

    Args:
        unit: The unit of `t_x` and `T`: "day" or "week" (days / 7, not rounded).

    Returns (as a reading, one row a customer with a purchase):
        `x` (purchase days after the first), `t_x` (age at the last purchase), `T` (age at
        `as_of`), `mean_repeat_amount` (mean of the daily sums of the repeat purchase days; null
        where x is 0 or an amount is not known), `time_unit` (the unit, so that it travels into the
        fit).

    Raises:
        InvalidValueError: Where the unit is unknown.

    Source:
        P. S. Fader, B. G. S. Hardie, K. L. Lee, *"Counting your customers" the easy way*,
        Marketing Science 24 (2005), 275-284.

    Example:
        Bought on days 1, 3 and 8 of January for 9, 4 and 6; January is over.

        >>> import custloyal
        >>> import polars as pl
        >>> sales = pl.DataFrame(
        ...     {
        ...         "customer_id": ["ann", "ann", "ann"],
        ...         "occurred_at": ["2024-01-01", "2024-01-03", "2024-01-08"],
        ...         "amount": [9.0, 4.0, 6.0],
        ...     }
        ... )
        >>> history = custloyal.History.from_native(sales, constants={"kind": "purchase"})
        >>> metric = BtydStatistics()
        >>> [row] = custloyal.read(history, metric, as_of="2024-01-31")[metric].to_dicts()
        >>> row["x"], row["t_x"], row["T"], row["mean_repeat_amount"]
        (2, 7, 30, 5.0)
    """

    unit: TimeUnit = "day"

    def __attrs_post_init__(self) -> None:
        refuse(check_unit(self.unit))

    def state(self, interactions: Source) -> Fold:
        """First and last day, number of days, and what the first day and all days brought."""
        return spending(
            interactions,
            first_day=lowest(DAY),
            last_day=highest(DAY),
            purchase_days=count(),
            first_amount=first("amount", by=DAY),
        )

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """x, t_x and T in the unit, and the mean amount of a repeat purchase day."""
        return state.select("customer_id", **statistics(as_of.day, self.unit))


def check_unit(unit: str) -> Mistake | None:
    """The mistake of a unit of time that is neither day nor week."""
    return None if unit in _DAYS else Mistake("unit", f"is {unit!r}", nearest(str(unit), _DAYS))


def in_unit(days: nw.Expr, unit: TimeUnit) -> nw.Expr:
    """Whole days in a unit: themselves, or weeks that are not rounded."""
    return days if unit == "day" else days / _DAYS[unit]


def statistics(day: date, unit: TimeUnit) -> dict[str, nw.Expr]:
    """What a fit needs of customers as of a day.

    Over `first_day`, `last_day`, `purchase_days`, `amount`, `first_amount` and `unknown_count`.
    """
    first_day, last_day = nw.col("first_day"), nw.col("last_day")
    x = nw.col("purchase_days") - 1
    repeat_amount = nw.col("amount") - nw.col("first_amount")
    return {
        "x": x,
        "t_x": in_unit(days_between(first_day, last_day), unit),
        "T": in_unit(days_between(first_day, nw.lit(day)), unit),
        "mean_repeat_amount": nw.when((x > 0) & (nw.col("unknown_count") == 0)).then(
            repeat_amount / x
        ),
        "time_unit": nw.lit(unit),
    }
