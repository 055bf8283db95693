"""Cohort retention: of those who first bought in a month, how many bought in each month after."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import narwhals as nw

from custloyal.fold import Fold, Source, count, lowest
from custloyal.metrics.base import Metric
from custloyal.metrics.purchases import DAY, ledger
from custloyal.models import AsOf, Interval, Share

if TYPE_CHECKING:
    from custloyal.engines import Table

__all__ = ["CohortRetention"]

_SCHEMA = {
    "cohort_month": nw.Date(),
    "age_months": nw.Int64(),
    "customers_count": nw.Int64(),
    "cohort_size": nw.Int64(),
    "retention_share": nw.Float64(),
    "retention_low": nw.Float64(),
    "retention_high": nw.Float64(),
    "is_complete": nw.Boolean(),
}
_MONTHS = 12


@attrs.frozen(kw_only=True)
class CohortRetention(Metric):
    """The monthly triangle: of each month's new customers, how many bought again in which month.

    Months are local calendar months. The month of `as_of` may not be over; its rows say so.

    Returns (as a reading, one row for each cohort and each month up to `as_of`, zeros included):
        `cohort_month` (the first day of the month of the first purchase), `age_months` (from 0),
        `customers_count` (who bought in that month), `cohort_size`, `retention_share`,
        `retention_low` and `retention_high` (Wilson's interval of 95 %), `is_complete` (whether
        the month was over at `as_of`).
    """

    grain: ClassVar[tuple[str, ...]] = ("cohort_month", "age_months")

    def state(self, interactions: Source) -> Fold:
        """Customers by the month of their first purchase and the month of a purchase."""
        return (
            ledger(interactions)
            .let(month=_month(nw.col(DAY)))
            .by("customer_id", "month")
            .within("customer_id", cohort=lowest("month"))
            .by("cohort", "month", customers=count())
        )

    def reading(self, state: Table, as_of: AsOf) -> nw.DataFrame[Any]:
        """Every cell of the triangle, those without customers too."""
        cells = {
            (row["cohort"], row["month"]): row["customers"]
            for row in state.collect("polars").iter_rows(named=True)
        }
        sizes = {cohort: n for (cohort, month), n in sorted(cells.items()) if cohort == month}
        last = as_of.day.year * _MONTHS + as_of.day.month - 1
        triangle = [(cohort, month) for cohort in sizes for month in range(cohort, last + 1)]
        shares = [Share(cells.get(cell, 0), sizes[cell[0]]) for cell in triangle]
        # A cohort has at least one customer, so its shares have intervals.
        intervals = [share.interval() or Interval(0.0, 1.0) for share in shares]
        over = last if _is_month_over(as_of) else last - 1
        reading = {
            "cohort_month": [
                date(cohort // _MONTHS, cohort % _MONTHS + 1, 1) for cohort, _ in triangle
            ],
            "age_months": [month - cohort for cohort, month in triangle],
            "customers_count": [share.numerator for share in shares],
            "cohort_size": [share.denominator for share in shares],
            "retention_share": [share.value for share in shares],
            "retention_low": [interval.low for interval in intervals],
            "retention_high": [interval.high for interval in intervals],
            "is_complete": [month <= over for _, month in triangle],
        }
        return nw.from_dict(reading, schema=_SCHEMA, backend="polars")


def _is_month_over(as_of: AsOf) -> bool:
    """Whether the last day of the month has ended."""
    year, month = as_of.day.year, as_of.day.month
    last_day = date(year, month, monthrange(year, month)[1])
    return as_of.instant >= AsOf.parse(last_day, timezone=as_of.timezone).instant


def _month(day: nw.Expr) -> nw.Expr:
    """The number of a date's month, counted from year 0."""
    return day.dt.year().cast(nw.Int32) * _MONTHS + day.dt.month().cast(nw.Int32) - 1
