"""Cohort retention: of those who first bought in a period, how many bought in each period after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.fold import Fold, Source, count, lowest
from custloyal.metrics.base import Metric
from custloyal.metrics.finished import finished, share_schema
from custloyal.metrics.purchases import DAY, ledger
from custloyal.models.checks import check_word, refuse
from custloyal.periods import Period, as_period, last_full_day

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["CohortRetention"]


@attrs.frozen(kw_only=True)
class CohortRetention(Metric):
    """The triangle: of each period's new customers, how many bought again in which period.

    Periods are those of the local calendar. The period of `as_of` may not be over; its rows say
    so. `AgeRetention` counts the days since each customer's first purchase instead.

    Args:
        period: "day", "week", "month", "quarter" or "year", of local days.

    Returns (as a reading, one row for each cohort and each period up to `as_of`, zeros included):
        `cohort_month` (the first day of the month of the first purchase), `age_months` (from 0),
        `customers_count` (who bought in that month), `cohort_size`, `retention_share`,
        `retention_low` and `retention_high` (Wilson's interval of 95 %), `is_complete` (whether
        the month was over at `as_of`). Of other periods the first two are `cohort_week` and
        `age_weeks`, and so on.

    Raises:
        InvalidValueError: Where the period is unknown.

    Example:
        Two came in January, of whom one bought again in March; one came in March.

        >>> import custloyal
        >>> import polars as pl
        >>> sales = pl.DataFrame(
        ...     {
        ...         "customer_id": ["ann", "ann", "bob", "cem"],
        ...         "occurred_at": ["2024-01-05", "2024-03-05", "2024-01-09", "2024-03-20"],
        ...     }
        ... )
        >>> history = custloyal.History.from_native(sales, constants={"kind": "purchase"})
        >>> metric = CohortRetention()
        >>> rows = custloyal.read(history, metric, as_of="2024-03-31")[metric].to_dicts()
        >>> [(row["cohort_month"].month, row["age_months"], row["retention_share"]) for row in rows]
        [(1, 0, 1.0), (1, 1, 0.0), (1, 2, 0.5), (3, 0, 1.0)]
    """

    period: Period = attrs.field(default=Period.MONTH, converter=as_period)

    def __attrs_post_init__(self) -> None:
        refuse(check_word("period", self.period, Period, optional=False))

    @property
    def grain(self) -> tuple[str, ...]:  # type: ignore[override]  # names its period
        """The columns of which the reading has one row each."""
        return (f"cohort_{self.period}", f"age_{self.period}s")

    def state(self, interactions: Source) -> Fold:
        """Customers by the period of their first purchase and the period of a purchase."""
        return (
            ledger(interactions)
            .let(period=self.period.number(nw.col(DAY)))
            .by("customer_id", "period")
            .within("customer_id", cohort=lowest("period"))
            .by("cohort", "period", customers_count=count())
        )

    def reading(self, state: Table, as_of: AsOf) -> nw.DataFrame[Any]:
        """Every cell of the triangle, those without customers too."""
        cells = {
            (row["cohort"], row["period"]): row["customers_count"]
            for row in state.collect("polars").iter_rows(named=True)
        }
        sizes = {cohort: n for (cohort, period), n in sorted(cells.items()) if cohort == period}
        last, full_day = self.period.number_of(as_of.day), last_full_day(as_of)
        cohort_name, age_name = self.grain
        rows = [
            {
                cohort_name: self.period.first_day(cohort),
                age_name: period - cohort,
                "customers_count": cells.get((cohort, period), 0),
                "cohort_size": size,
                "is_complete": self.period.last_day(period) <= full_day,
            }
            for cohort, size in sizes.items()
            for period in range(cohort, last + 1)
        ]
        schema = {
            cohort_name: nw.Date(),
            age_name: nw.Int64(),
            "customers_count": nw.Int64(),
            "cohort_size": nw.Int64(),
            **share_schema("retention"),
            "is_complete": nw.Boolean(),
        }
        return finished(rows, schema, shares={"retention": ("customers_count", "cohort_size")})
