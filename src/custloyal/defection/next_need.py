"""The next need: when each customer is likely to buy again, so that service comes before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.btyd import ParetoNbd
from custloyal.btyd.frames import as_series
from custloyal.defection.alarm import dates_at
from custloyal.defection.purchase_record import as_statistics, record
from custloyal.defection.rates import waiting_time
from custloyal.metrics.fits import Fits, Fitted, FittedMetric
from custloyal.metrics.purchases import days_between, ledger
from custloyal.models.checks import as_number, check_number, refuse

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.fold import Fold, Source
    from custloyal.models import AsOf

__all__ = ["NextNeed"]

_SCHEMA = {
    "habit_days": nw.Float64(),
    "next_on": nw.Date(),
    "next_from": nw.Date(),
    "next_until": nw.Date(),
    "need": nw.String(),
    "overdue_days": nw.Int64(),
    "p_still_customer": nw.Float64(),
}


@attrs.frozen(kw_only=True)
class NextNeed(FittedMetric):
    """When each customer is likely to buy again if they have not left, and who is overdue.

    The time from one purchase day to the next is that of Pareto/NBD: the customer's own rate,
    known from x purchases in t_x days and drawn towards that of all customers by as much as those
    few purchases leave open. The dates count from the last purchase, so they stay where they are
    while a customer is silent. That gives a date to who bought once, too, and asks a model to hold;
    `NextPurchase` asks for none, and looks at the customer's own gaps alone.

    Args:
        level: How likely the next purchase lies in the interval, in (0, 1).

    Returns (as a reading, one row a customer with a purchase):
        `habit_days` (the mean time between own purchase days; null who bought once), `next_on`
        (the day by which the next purchase is as likely made as not), `next_from` and `next_until`
        (the interval; null past the year 9999), `need` ("later" before the interval, "due" within,
        "overdue" after it), `overdue_days` (days since the end of the interval; null who is not
        overdue), `p_still_customer` (the probability that they have not left: of who is overdue it
        tells a late customer from a lost one).

    Raises:
        InvalidValueError: Where the level is out of its range.

    Warns:
        NotIdentifiedWarning: Where the data do not determine the model.

    Example:
        >>> import custloyal
        >>> from custloyal.datasets import cdnow
        >>> need = NextNeed()
        >>> row = custloyal.read(cdnow(), need, as_of="1997-09-30")[need].to_dicts()[10]
        >>> row["next_from"].isoformat(), row["next_on"].isoformat(), row["next_until"].isoformat()
        ('1997-06-26', '1997-07-24', '1997-10-25')
        >>> row["need"], round(row["habit_days"], 1)
        ('due', 34.2)
    """

    level: float = attrs.field(default=0.8, converter=as_number)

    def __attrs_post_init__(self) -> None:
        refuse(check_number("level", self.level, above=0, below=1))

    def state(self, interactions: Source) -> Fold:
        """The purchase days."""
        return ledger(interactions)

    def fit(self, state: Table, as_of: AsOf, fits: Fits) -> Fitted | None:
        """Pareto/NBD of all customers."""
        customers = record(state.collect("polars"), as_of.day)
        return fits.fitted(ParetoNbd(time_unit="day"), customers, as_of) if len(customers) else None

    def fitted_reading(self, state: Table, as_of: AsOf, fit: Fitted | None) -> nw.DataFrame[Any]:
        """The dates, with who is past them."""
        customers = record(state.collect("polars"), as_of.day)
        if fit is None:
            nothing = {name: nw.lit(None).cast(dtype) for name, dtype in _SCHEMA.items()}
            return customers.select("customer_id", **nothing)
        model = fit.model
        rows, place = as_statistics(customers)
        first_days = customers["first_day"].to_numpy()
        low, high = (1 - self.level) / 2, (1 + self.level) / 2
        dates = {
            name: as_series(
                name, dates_at(first_days, (rows.t_x + waiting_time(model, rows, chance))[place])
            )
            for name, chance in (("next_on", 0.5), ("next_from", low), ("next_until", high))
        }
        x, today = nw.col("x"), nw.lit(as_of.day)
        is_over = (nw.col("next_until") < today).fill_null(value=False)
        has_begun = (nw.col("next_from") <= today).fill_null(value=False)
        begun = nw.when(has_begun).then(nw.lit("due")).otherwise(nw.lit("later"))
        return (
            customers.with_columns(
                *dates.values(),
                as_series("p_still_customer", model.p_alive(rows)[place]),
                habit_days=nw.when(x > 0).then(nw.col("t_x") / x),
            )
            .with_columns(
                need=nw.when(is_over).then(nw.lit("overdue")).otherwise(begun),
                overdue_days=nw.when(is_over).then(days_between(nw.col("next_until"), today)),
            )
            .select("customer_id", *(nw.col(n).cast(t) for n, t in _SCHEMA.items()))
        )
