"""The revenue bridge: from the revenue of one period to that of the next, by what customers did."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import narwhals as nw

from custloyal.fold import Fold, Source, count, total
from custloyal.metrics.base import Metric
from custloyal.metrics.finished import finished
from custloyal.metrics.purchase_periods import by_period, is_new, is_retained, purchase_periods
from custloyal.models.checks import check_count, check_word, refuse
from custloyal.periods import Period, as_period, last_full_day

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["RevenueBridge"]

_AMOUNTS = ("previous", "new", "resurrected", "grown", "shrunk", "lost", "kept", "current")
_COUNTS = ("new", "resurrected", "grown", "shrunk", "lost", "unknown")
_SCHEMA = {
    "period_start": nw.Date(),
    **{f"{name}_amount": nw.Float64() for name in _AMOUNTS},
    **{f"{name}_count": nw.Int64() for name in _COUNTS},
    "is_complete": nw.Boolean(),
}


@attrs.frozen(kw_only=True)
class RevenueBridge(Metric):
    """From the revenue of the period before to that of each period: who brought the difference.

    previous + new + resurrected + grown - shrunk - lost = current, and previous - shrunk - lost =
    kept. `Growth` says of a row whether growth was bought with new customers. Who bought before
    the history begins looks new in it, and the first row compares with a period that may have
    begun before the history did.

    Args:
        period: "day", "week", "month", "quarter" or "year", of local days.
        decimals: How many digits behind the point the currency has. The amount of each customer
            and period is rounded to them: that is why the parts add up exactly, and not nearly.

    Returns (as a reading, one row for each period after that of the first purchase, in order):
        `period_start`; of gross revenue `previous_amount` (of the period before), `new_amount` (of
        customers who bought for the first time), `resurrected_amount` (who bought before, but not
        in the period before), `grown_amount` and `shrunk_amount` (by how much those who bought in
        both brought more, or less), `lost_amount` (in the period before, of those who did not buy
        now), `kept_amount`, `current_amount`; `new_count`, `resurrected_count`, `grown_count`,
        `shrunk_count` and `lost_count` (these customers); `unknown_count` (purchases of the two
        periods whose amount is not known, which add nothing), `is_complete` (whether the period
        was over at `as_of`).

    Raises:
        InvalidValueError: Where the period is unknown, or `decimals` is below 0.

    Example:
        From 30 to 27: one brings 5 less, one is gone with 10, and one is new with 12.

        >>> import custloyal
        >>> import polars as pl
        >>> sales = pl.DataFrame(
        ...     {
        ...         "customer_id": ["ann", "ann", "bob", "cem"],
        ...         "occurred_at": ["2024-01-05", "2024-02-05", "2024-01-09", "2024-02-09"],
        ...         "amount": [20.0, 15.0, 10.0, 12.0],
        ...     }
        ... )
        >>> history = custloyal.History.from_native(sales, constants={"kind": "purchase"})
        >>> metric = RevenueBridge()
        >>> [row] = custloyal.read(history, metric, as_of="2024-02-29")[metric].to_dicts()
        >>> row["previous_amount"], row["new_amount"], row["shrunk_amount"], row["lost_amount"]
        (30.0, 12.0, 5.0, 10.0)
        >>> row["kept_amount"], row["current_amount"]
        (15.0, 27.0)
    """

    needs: ClassVar[tuple[str, ...]] = ("amount",)
    grain: ClassVar[tuple[str, ...]] = ("period_start",)

    period: Period = attrs.field(default=Period.MONTH, converter=as_period)
    decimals: int = 2

    def __attrs_post_init__(self) -> None:
        refuse(
            check_word("period", self.period, Period, optional=False),
            check_count("decimals", self.decimals),
        )

    def state(self, interactions: Source) -> Fold:
        """What each period's customers brought in it and in the period just before."""
        units, before = nw.col("units"), nw.col("units_before")
        difference = units - before
        return (
            purchase_periods(interactions, self.period)
            # Whole units of the currency's last digit, as floats: their sums are exact.
            .let(units=(nw.col("amount") * 10**self.decimals + 0.5).floor())
            .let(units_before=units.shift(1).over("customer_id", order_by="period"))
            .by(
                "period",
                active_count=count(),
                new_count=count(is_new),
                retained_count=count(is_retained),
                grown_count=count(is_retained & (units > before)),
                shrunk_count=count(is_retained & (units < before)),
                unknown_count=total("unknown_count"),
                units=total("units"),
                new_units=total("units", where=is_new),
                retained_units=total("units", where=is_retained),
                retained_before=total("units_before", where=is_retained),
                grown_units=total(difference, where=is_retained & (units > before)),
            )
        )

    def reading(self, state: Table, as_of: AsOf) -> nw.DataFrame[Any]:
        """The bridge into every period but the first."""
        rows, full_day = [], last_full_day(as_of)
        periods = [*by_period(state, self.period, as_of).items()]
        for (_, before), (number, now) in pairwise(periods):
            grown = now["grown_units"]
            shrunk = grown - (now["retained_units"] - now["retained_before"])
            units = {
                "previous": before["units"],
                "new": now["new_units"],
                "resurrected": now["units"] - now["new_units"] - now["retained_units"],
                "grown": grown,
                "shrunk": shrunk,
                "lost": before["units"] - now["retained_before"],
                "kept": now["retained_before"] - shrunk,
                "current": now["units"],
            }
            counts = {
                "new": now["new_count"],
                "resurrected": now["active_count"] - now["new_count"] - now["retained_count"],
                "grown": now["grown_count"],
                "shrunk": now["shrunk_count"],
                "lost": before["active_count"] - now["retained_count"],
                "unknown": before["unknown_count"] + now["unknown_count"],
            }
            rows.append(
                {
                    "period_start": self.period.first_day(number),
                    **{f"{name}_amount": n / 10**self.decimals for name, n in units.items()},
                    **{f"{name}_count": n for name, n in counts.items()},
                    "is_complete": self.period.last_day(number) <= full_day,
                }
            )
        return finished(rows, _SCHEMA)
