"""The lifecycle: of the customers of each period, who is new, who stayed, who came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import narwhals as nw

from custloyal.fold import Fold, Source, count
from custloyal.metrics.base import Metric
from custloyal.metrics.finished import finished
from custloyal.metrics.purchase_periods import by_period, is_new, is_retained, purchase_periods
from custloyal.models.checks import check_word, refuse
from custloyal.periods import Period, as_period, last_full_day

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["Lifecycle"]

_SCHEMA = {
    "period_start": nw.Date(),
    "new_count": nw.Int64(),
    "retained_count": nw.Int64(),
    "resurrected_count": nw.Int64(),
    "active_count": nw.Int64(),
    "dormant_count": nw.Int64(),
    "known_count": nw.Int64(),
    "is_complete": nw.Boolean(),
}


@attrs.frozen(kw_only=True)
class Lifecycle(Metric):
    """Of the customers of each period: who is new, retained, resurrected or dormant.

    active = new + retained + resurrected, and known = active + dormant. Who bought before the
    history begins looks new in it.

    Args:
        period: "day", "week", "month", "quarter" or "year", of local days.

    Returns (as a reading, one row for each period from the first purchase to `as_of`, in order):
        `period_start`, `new_count` (who bought for the first time), `retained_count` (who bought
        in the period before, too), `resurrected_count` (who bought before, but not in the period
        before), `active_count` (who bought), `dormant_count` (who had bought before, and did not
        now), `known_count` (who bought in this period or any before), `is_complete` (whether the
        period was over at `as_of`).

    Raises:
        InvalidValueError: Where the period is unknown.

    Example:
        One bought in January and in March, one in March only.

        >>> import custloyal
        >>> import polars as pl
        >>> sales = pl.DataFrame(
        ...     {
        ...         "customer_id": ["ann", "ann", "bob"],
        ...         "occurred_at": ["2024-01-05", "2024-03-05", "2024-03-09"],
        ...     }
        ... )
        >>> history = custloyal.History.from_native(sales, constants={"kind": "purchase"})
        >>> metric = Lifecycle()
        >>> *_, march = custloyal.read(history, metric, as_of="2024-03-31")[metric].to_dicts()
        >>> march["new_count"], march["retained_count"], march["resurrected_count"]
        (1, 0, 1)
    """

    grain: ClassVar[tuple[str, ...]] = ("period_start",)

    period: Period = attrs.field(default=Period.MONTH, converter=as_period)

    def __attrs_post_init__(self) -> None:
        refuse(check_word("period", self.period, Period, optional=False))

    def state(self, interactions: Source) -> Fold:
        """How many bought in each period, and how many of them before and just before."""
        return purchase_periods(interactions, self.period).by(
            "period",
            active_count=count(),
            new_count=count(is_new),
            retained_count=count(is_retained),
        )

    def reading(self, state: Table, as_of: AsOf) -> nw.DataFrame[Any]:
        """Every period, and how many were known by then."""
        rows, known, full_day = [], 0, last_full_day(as_of)
        for number, row in by_period(state, self.period, as_of).items():
            active, new, retained = row["active_count"], row["new_count"], row["retained_count"]
            known += new
            rows.append(
                {
                    "period_start": self.period.first_day(number),
                    "new_count": new,
                    "retained_count": retained,
                    "resurrected_count": active - new - retained,
                    "active_count": active,
                    "dormant_count": known - active,
                    "known_count": known,
                    "is_complete": self.period.last_day(number) <= full_day,
                }
            )
        return finished(rows, _SCHEMA)
