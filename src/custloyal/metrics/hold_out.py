"""What customers bought in a time that a fit is not to see, beside what it saw."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.errors import Mistake
from custloyal.fold import Fold, Source, count, first, highest, lowest, total
from custloyal.metrics.base import Metric
from custloyal.metrics.btyd_statistics import TimeUnit, check_unit, in_unit, statistics
from custloyal.metrics.purchases import DAY, days_between, ledger
from custloyal.models.checks import refuse

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["HoldOut"]


def _as_date(value: object) -> object:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


@attrs.frozen(kw_only=True)
class HoldOut(Metric):
    """The statistics as of a day of the past, and what each customer bought from then to `as_of`.

    A model that is fitted to these statistics has seen nothing after that day, so that
    `btyd.calibration` can hold what it expects against what came. Who first bought later is left
    out.

    Args:
        learned_until: The last day that a fit may see, a date or its ISO text.
        unit: The unit of `t_x`, `T` and `horizon`: "day" or "week" (days / 7, not rounded).

    Returns (as a reading, one row a customer with a purchase up to that day):
        `x`, `t_x`, `T`, `mean_repeat_amount` and `time_unit` as `BtydStatistics` gives them as of
        that day; `actual_purchases` (purchase days after it), `horizon` (how long that time is,
        the same in all rows).

    Raises:
        InvalidValueError: Where the unit is unknown, or no day lies between the two.

    Example:
        Bought on days 1, 3 and 9, of which a fit sees the first five:

        >>> import custloyal
        >>> import polars as pl
        >>> days = ["2024-05-01", "2024-05-03", "2024-05-09"]
        >>> history = custloyal.History.from_native(
        ...     pl.DataFrame({"customer_id": ["ann"] * 3, "occurred_at": days}),
        ...     constants={"kind": "purchase"},
        ... )
        >>> metric = HoldOut(learned_until="2024-05-05")
        >>> [row] = custloyal.read(history, metric, as_of="2024-05-11")[metric].to_dicts()
        >>> row["x"], row["t_x"], row["T"], row["actual_purchases"], row["horizon"]
        (1, 2, 4, 1, 6)
    """

    learned_until: date = attrs.field(converter=_as_date)
    unit: TimeUnit = "day"

    def __attrs_post_init__(self) -> None:
        day = self.learned_until
        is_day = isinstance(day, date) and not isinstance(day, datetime)
        refuse(
            None
            if is_day
            else Mistake("learned_until", f"is {day!r}, must be a date", "write 2024-05-31"),
            check_unit(self.unit),
        )

    def state(self, interactions: Source) -> Fold:
        """What `BtydStatistics` keeps, up to the day; and the purchase days after it."""
        seen = nw.col(DAY) <= nw.lit(self.learned_until)
        return ledger(interactions).by(
            "customer_id",
            first_day=lowest(DAY),
            last_day=highest(DAY, where=seen),
            purchase_days=count(seen),
            later_days=count(~seen),
            amount=total("amount", where=seen),
            first_amount=first("amount", by=DAY),
            unknown_count=total("unknown_count", where=seen),
        )

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """The statistics as of the day, and what came after it."""
        learned, now = nw.lit(self.learned_until), nw.lit(as_of.day)
        if as_of.day <= self.learned_until:
            refuse(
                Mistake(
                    "learned_until",
                    f"is {self.learned_until}, and the reading is as of {as_of.day}",
                    "name an earlier day, or a later as_of",
                )
            )
        return state.filter(nw.col("first_day") <= learned).select(
            "customer_id",
            **statistics(self.learned_until, self.unit),
            actual_purchases=nw.col("later_days"),
            horizon=in_unit(days_between(learned, now), self.unit),
        )
