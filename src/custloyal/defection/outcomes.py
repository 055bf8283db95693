"""What came after a day of the past: who bought again within a horizon, and who did not."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.errors import DataError, InvalidValueError, Mistake
from custloyal.metrics.purchases import is_purchase
from custloyal.models import AsOf
from custloyal.reading.run import resolved

if TYPE_CHECKING:
    from custloyal.history import History
    from custloyal.typing import AsOfLike

__all__ = ["cut_at", "horizon_end", "last_cut", "outcomes"]


def cut_at(history: History, cut: AsOfLike | AsOf) -> AsOf:
    """The cut that a user meant.

    Raises:
        InvalidValueError: Where it cannot be understood.
    """
    try:
        return resolved(history, cut)
    except InvalidValueError as error:
        raise InvalidValueError(
            attrs.evolve(each, path="cut") if each.path == "as_of" else each
            for each in error.mistakes
        ) from None


def last_cut(history: History, days: int) -> AsOf:
    """The last day after which so many days are known.

    Raises:
        DataError: Where the data are no longer than that.
    """
    at = resolved(history, None)
    earliest = date(1, 1, 1) + timedelta(days=days)
    if at.day < earliest:
        too_long = f"of {days} days reaches back before the year 1"
        raise DataError(Mistake("horizon", too_long, "choose a shorter one"))
    return AsOf.parse(at.day - timedelta(days=days), timezone=history.timezone)


def horizon_end(history: History, at: AsOf, days: int) -> AsOf:
    """The end of the horizon, where the data reach it."""
    last = history.last_occurred_at
    end = at.day if last is None else AsOf.parse(last, timezone=history.timezone).day
    if end < at.day + timedelta(days=days):
        left = (end - at.day).days
        latest = end - timedelta(days=days)
        mend = f"cut by {latest}" + (f', or choose horizon="{left}d"' if left > 0 else "")
        raise DataError(
            Mistake(
                "horizon",
                f"ends {days} days after the cut on {at.day}, and the data end on {end}",
                mend,
            )
        )
    return AsOf.parse(at.day + timedelta(days=days), timezone=history.timezone)


def outcomes(history: History, at: AsOf, until: AsOf) -> nw.DataFrame[Any]:
    """The customers with a purchase up to the cut, and who of them bought nothing after it."""
    when, cut = nw.col("occurred_at"), nw.lit(at.utc_wall)
    return (
        history.rows(until.utc_wall)
        .filter(is_purchase, ~nw.col("customer_id").is_null())
        .group_by("customer_id")
        .agg(when.min().alias("first_at"), when.max().alias("last_at"))
        .filter(nw.col("first_at") <= cut)
        .select("customer_id", is_lost=nw.col("last_at") <= cut)
        .collect("polars")
    )
