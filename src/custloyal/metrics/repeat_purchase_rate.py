"""The repeat purchase rate: how many customers bought on a second day, and how soon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import narwhals as nw

from custloyal.errors import Mistake
from custloyal.fold import Fold, Source, count, lowest
from custloyal.metrics.base import Metric
from custloyal.metrics.finished import finished, share_schema
from custloyal.metrics.purchases import DAY, days_between, purchase_days
from custloyal.models.checks import check_count, refuse
from custloyal.periods import last_full_day

if TYPE_CHECKING:
    from collections.abc import Iterable

    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["RepeatPurchaseRate"]

_SCHEMA = {
    "within_days": nw.Int64(),
    "customers_count": nw.Int64(),
    "repeat_count": nw.Int64(),
    **share_schema("repeat"),
}


def _as_days(days: Iterable[int]) -> tuple[int, ...]:
    return tuple(days)


@attrs.frozen(kw_only=True)
class RepeatPurchaseRate(Metric):
    """Which share of customers bought on a second day, so far and within some time.

    Within a time only those count who were observed that long: a customer of last week can not
    have failed to come back within 30 days. The share so far has everybody in it, and is lower
    the more customers are new.

    Args:
        within_days: The times, in days after the first purchase day; each once, growing.

    Returns (as a reading, one row for each time, and a last one for the share so far):
        `within_days` (null: without a limit), `customers_count` (of whom it is known: whose first
        purchase lies that many full days back), `repeat_count` (who bought on a second day in that
        time), `repeat_share`, `repeat_low` and `repeat_high` (Wilson's interval of 95 %; all null
        where nobody was observed that long).

    Raises:
        InvalidValueError: Where the times are not whole days of at least 1 that grow.

    Example:
        One of three came back, after 35 days; one came too late to be asked about 30 days.

        >>> import custloyal
        >>> import polars as pl
        >>> sales = pl.DataFrame(
        ...     {
        ...         "customer_id": ["ann", "ann", "bob", "cem"],
        ...         "occurred_at": ["2024-01-01", "2024-02-05", "2024-01-01", "2024-02-20"],
        ...     }
        ... )
        >>> history = custloyal.History.from_native(sales, constants={"kind": "purchase"})
        >>> metric = RepeatPurchaseRate(within_days=(30, 40))
        >>> rows = custloyal.read(history, metric, as_of="2024-02-29")[metric].to_dicts()
        >>> [(row["within_days"], row["repeat_count"], row["customers_count"]) for row in rows]
        [(30, 0, 2), (40, 1, 2), (None, 1, 3)]
    """

    grain: ClassVar[tuple[str, ...]] = ("within_days",)

    within_days: tuple[int, ...] = attrs.field(default=(30, 60, 90, 180, 365), converter=_as_days)

    def __attrs_post_init__(self) -> None:
        refuse(*(check_count("within_days", days, low=1) for days in self.within_days))
        if list(self.within_days) != sorted(set(self.within_days)):
            refuse(Mistake("within_days", f"are {self.within_days}, must grow"))

    def state(self, interactions: Source) -> Fold:
        """Customers by their first day, and how many of them came back how soon."""
        later = nw.col(DAY) > nw.col("first_day")
        waited = days_between(nw.col("first_day"), nw.col("second_day"))
        return (
            purchase_days(interactions, purchase_count=count())
            .within("customer_id", first_day=lowest(DAY))
            .by("customer_id", first_day=lowest("first_day"), second_day=lowest(DAY, where=later))
            .by(
                "first_day",
                customers_count=count(),
                repeat_count=count(~nw.col("second_day").is_null()),
                **{_within(days): count(waited <= days) for days in self.within_days},
            )
        )

    def reading(self, state: Table, as_of: AsOf) -> nw.DataFrame[Any]:
        """For each time the customers who were observed that long."""
        by_first_day = state.collect("polars").rows(named=True)
        full_day = last_full_day(as_of)

        def rate(column: str, days: int | None) -> dict[str, Any]:
            observed = [
                row
                for row in by_first_day
                if days is None or (full_day - row["first_day"]).days >= days
            ]
            customers = sum(row["customers_count"] for row in observed)
            repeats = sum(row[column] for row in observed)
            return {
                "within_days": days,
                "customers_count": customers,
                "repeat_count": repeats,
            }

        rows = [rate(_within(days), days) for days in self.within_days]
        return finished(
            [*rows, rate("repeat_count", None)],
            _SCHEMA,
            shares={"repeat": ("repeat_count", "customers_count")},
        )


def _within(days: int) -> str:
    return f"within_{days}_days"
