"""Retention by age: of those whose first purchase lies long enough back, who bought when again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.fold import Fold, Source, count, lowest
from custloyal.metrics.base import Metric
from custloyal.metrics.finished import finished, share_schema
from custloyal.metrics.purchases import DAY, days_between, purchase_days
from custloyal.models.checks import check_count, check_word, refuse
from custloyal.periods import Period, as_period, last_full_day

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["AgeRetention"]


@attrs.frozen(kw_only=True)
class AgeRetention(Metric):
    """Of each period's new customers, how many bought again at which age.

    The calendar of `CohortRetention` gives a customer of the 31st one day of the first month, and
    one of the 1st all of it. Here each has their own clock, which starts on the day of the first
    purchase: the step of age 30 is days 30 to 59 after it. Of a step only those count for whom it
    is over, so that a young cohort's last steps rest on fewer customers, and say so.

    Args:
        step_days: How many days a step has.
        period: By which periods of their first purchase customers are put together: "day", "week",
            "month", "quarter" or "year", of local days.

    Returns (as a reading, one row for each cohort and each step that is over for some of it):
        `cohort_month` (the first day of the month of the first purchase; of other periods
        `cohort_week` and so on), `age_days` (at which the step begins, from 0), `customers_count`
        (who bought in it), `observed_count` (for whom it was over at `as_of`), `cohort_size`,
        `retention_share` (of those observed), `retention_low` and `retention_high` (Wilson's
        interval of 95 %), `is_complete` (whether it was over for the whole cohort).

    Raises:
        InvalidValueError: Where the period is unknown, or a step has no days.

    Example:
        Two came in January; one bought again after 35 days, of the other that is not known yet.

        >>> import custloyal
        >>> import polars as pl
        >>> sales = pl.DataFrame(
        ...     {
        ...         "customer_id": ["ann", "ann", "bob"],
        ...         "occurred_at": ["2024-01-01", "2024-02-05", "2024-01-31"],
        ...     }
        ... )
        >>> history = custloyal.History.from_native(sales, constants={"kind": "purchase"})
        >>> metric = AgeRetention(step_days=30)
        >>> rows = custloyal.read(history, metric, as_of="2024-03-15")[metric].to_dicts()
        >>> [(row["age_days"], row["customers_count"], row["observed_count"]) for row in rows]
        [(0, 2, 2), (30, 1, 1)]
    """

    step_days: int = 30
    period: Period = attrs.field(default=Period.MONTH, converter=as_period)

    def __attrs_post_init__(self) -> None:
        refuse(
            check_count("step_days", self.step_days, low=1),
            check_word("period", self.period, Period, optional=False),
        )

    @property
    def grain(self) -> tuple[str, ...]:  # type: ignore[override]  # names its period
        """The columns of which the reading has one row each."""
        return (f"cohort_{self.period}", "age_days")

    def state(self, interactions: Source) -> Fold:
        """Customers by the day of their first purchase and the step of a purchase."""
        age = days_between(nw.col("first_day"), nw.col(DAY))
        return (
            purchase_days(interactions, purchase_count=count())
            .within("customer_id", first_day=lowest(DAY))
            .let(step=age // self.step_days)
            .by("customer_id", "first_day", "step")
            .by("first_day", "step", customers_count=count())
        )

    def reading(self, state: Table, as_of: AsOf) -> nw.DataFrame[Any]:
        """Every step that is over for somebody, those without purchases too."""
        full_day, step_days = last_full_day(as_of), self.step_days
        bought: Counter[tuple[int, int]] = Counter()
        observed: Counter[tuple[int, int]] = Counter()
        sizes: Counter[int] = Counter()
        for row in state.collect("polars").iter_rows(named=True):
            cohort, step = self.period.number_of(row["first_day"]), row["step"]
            steps_over = ((full_day - row["first_day"]).days + 1) // step_days
            if step < steps_over:
                bought[cohort, step] += row["customers_count"]
            if step == 0:
                sizes[cohort] += row["customers_count"]
                for over in range(steps_over):
                    observed[cohort, over] += row["customers_count"]
        cohort_name, _ = self.grain
        rows = [
            {
                cohort_name: self.period.first_day(cohort),
                "age_days": step * step_days,
                "customers_count": bought[cohort, step],
                "observed_count": customers,
                "cohort_size": sizes[cohort],
                "is_complete": customers == sizes[cohort],
            }
            for (cohort, step), customers in sorted(observed.items())
        ]
        schema = {
            cohort_name: nw.Date(),
            "age_days": nw.Int64(),
            "customers_count": nw.Int64(),
            "observed_count": nw.Int64(),
            "cohort_size": nw.Int64(),
            **share_schema("retention"),
            "is_complete": nw.Boolean(),
        }
        return finished(rows, schema, shares={"retention": ("customers_count", "observed_count")})
