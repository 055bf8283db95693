"""How many customers are likely gone, and what that is worth: voiced and silent apart."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.reading.run import read

if TYPE_CHECKING:
    from custloyal.defection.silent_defection import SilentDefection
    from custloyal.history import History
    from custloyal.models import AsOf
    from custloyal.typing import AsOfLike

__all__ = ["Losses", "losses"]


@attrs.frozen(kw_only=True)
class Losses:
    """The customers who are likely gone, those who said so apart from those who did not.

    Args:
        day: The day as of which they were read.
        horizon: Within how many days a purchase was looked for.
        alarm: From which probability of none a customer counts as likely gone.
        customers_count: Customers with a purchase.
        silent_count: Likely gone, and nothing was heard.
        voiced_count: Likely gone after a complaint, a return or a bad rating.
        soon_count: Not yet, but so within the horizon if they stay silent.
        silent_amount: The value at risk of the silent; None where no amount is known.
        voiced_amount: That of the voiced.
        expected_gone: The sum of the probabilities of all customers.
        calibration: What the probabilities rest on.
    """

    day: date
    horizon: int
    alarm: float
    customers_count: int
    silent_count: int
    voiced_count: int
    soon_count: int
    silent_amount: float | None
    voiced_amount: float | None
    expected_gone: float
    calibration: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        values = attrs.asdict(self)
        return {"day": values.pop("day").isoformat(), **values}


def losses(
    history: History, metric: SilentDefection, *, as_of: AsOfLike | AsOf | None = None
) -> Losses:
    """Sum up a reading of `SilentDefection`.

    Args:
        history: The interactions.
        metric: The metric.
        as_of: As for `read`.

    Example:
        >>> import custloyal
        >>> from custloyal.datasets import cdnow
        >>> from custloyal.defection import SilentDefection
        >>> silent = SilentDefection(horizon="39w")
        >>> found = losses(cdnow(), silent, as_of="1997-09-30")
        >>> found.silent_count, found.voiced_count, found.soon_count
        (1906, 0, 423)
        >>> found.calibration
        'recalibrated: of 2,357 customers known on 1997-05-17, 1,779 bought nothing since'

        No complaint is in these data, so the silent are all whose chance of no purchase is at the
        alarm of 0.5 or over.

        >>> rows = custloyal.read(cdnow(), silent, as_of="1997-09-30")[silent].to_dicts()
        >>> sum(row["p_no_purchase"] >= 0.5 for row in rows), len(rows)
        (1906, 2357)
    """
    reading = read(history, metric, as_of=as_of)[metric.name]
    customers = reading.table.collect("polars")
    day = reading.as_of.day
    soon = nw.col("alarm_on") <= nw.lit(day + timedelta(days=metric.horizon))
    parts = {loss: customers.filter(nw.col("loss") == loss) for loss in ("silent", "voiced")}
    silent, voiced = parts["silent"], parts["voiced"]
    return Losses(
        day=day,
        horizon=metric.horizon,
        alarm=metric.alarm,
        customers_count=len(customers),
        silent_count=len(silent),
        voiced_count=len(voiced),
        soon_count=len(customers.filter(nw.col("loss").is_null(), soon)),
        silent_amount=_sum(silent),
        voiced_amount=_sum(voiced),
        expected_gone=float(customers["p_no_purchase"].sum() or 0.0),
        calibration=customers["calibration"][0] if len(customers) else "nobody bought",
    )


def _sum(customers: nw.DataFrame[Any]) -> float | None:
    amounts = customers["value_at_risk_amount"].drop_nulls()
    return float(amounts.sum()) if len(amounts) else None
