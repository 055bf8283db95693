"""When silence will have said enough: the day on which a probability reaches a level."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from custloyal.btyd.statistics import Statistics, distinct_pairs
from custloyal.defection.recalibration import no_purchase

if TYPE_CHECKING:
    from custloyal.btyd import FittedPurchaseModel
    from custloyal.btyd.integrals import Floats
    from custloyal.defection.recalibration import Recalibration

__all__ = ["alarm_ages", "dates_at"]

FURTHEST = 1 << 16
"""Days of silence after which no alarm is looked for: 179 years."""


def alarm_ages(
    model: FittedPurchaseModel,
    recalibration: Recalibration,
    rows: Statistics,
    *,
    level: float,
    days: int,
) -> Floats:
    """The first age in days at which each customer's probability of no purchase is at the level.

    While a customer is silent only `T` changes, and the model's probability rises with it; so does
    what it is recalibrated to. Whole days are bisected.

    Args:
        model: The model, in days.
        recalibration: What its probabilities are worth.
        rows: Customers, whose `T` is not looked at.
        level: The level, in (0, 1).
        days: The horizon.

    Returns:
        Ages since the first purchase, at least `t_x`; NaN where none within 179 years of silence.
    """
    x, t_x, place = distinct_pairs(rows.x, rows.t_x)
    wanted = recalibration.raw(level, x)

    def reached(silence: Floats) -> Any:
        at = Statistics(x, t_x, t_x + silence, np.ones_like(x))
        return no_purchase(model, at, days) >= wanted

    low, high = np.full(len(x), -1.0), np.full(len(x), float(FURTHEST))
    never = ~reached(high)
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        there = reached(np.maximum(middle, 0.0)) & (middle >= 0)
        low, high = np.where(there, low, middle), np.where(there, middle, high)
    return np.where(never, np.nan, t_x + high)[place]


def dates_at(first_days: Any, ages: Floats) -> Any:
    """The days on which ages are reached, as datetime64; NaT where never or past the year 9999."""
    days = np.asarray(first_days, dtype="datetime64[D]").astype(np.int64)
    last = np.datetime64(date.max, "D").astype(np.int64)
    known = np.isfinite(ages) & (days + np.nan_to_num(ages, posinf=0, neginf=0) <= last)
    reached = days + np.where(known, np.ceil(ages), 0).astype(np.int64)
    return np.where(known, reached.astype("datetime64[D]"), np.datetime64("NaT", "D"))
