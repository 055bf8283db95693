"""What a company report says of the past: how true the same score was, and what went with it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from custloyal.defection import BadExperience, Score, SilentDefection
from custloyal.defection.backtest import judged
from custloyal.defection.leaving import compared, metrics_of_alike
from custloyal.defection.outcomes import outcomes
from custloyal.defection.scores import as_score
from custloyal.models import AsOf
from custloyal.periods import last_full_day
from custloyal.reading.run import read
from custloyal.reporting.leaving import fit_cautions

if TYPE_CHECKING:
    from custloyal.history import History

__all__ = ["RECENCY", "looked_back"]

RECENCY = "days since the last purchase"
_DRAWS = 200
_LEAST_HORIZONS = 2


@attrs.frozen(kw_only=True)
class _Past:
    """The latest day of the past after which a whole horizon is known."""

    cut: AsOf
    until: AsOf

    @classmethod
    def of(cls, as_of: AsOf, first: date, last: date, days: int) -> _Past | str:
        """The cut, or why there is none."""
        end = min(last_full_day(as_of), last)
        cut, needed = end - timedelta(days=days), _LEAST_HORIZONS * days
        known = (end - first).days + 1
        if known < needed:
            return (
                f"a look back needs purchases over {needed} days, half of them to learn from and "
                f"half to see what came, and there are {max(known, 0)}"
            )
        zone = as_of.timezone
        return cls(cut=AsOf.parse(cut, timezone=zone), until=AsOf.parse(end, timezone=zone))


def looked_back(
    history: History,
    silent: SilentDefection,
    *,
    as_of: AsOf,
    first: date,
    last: date,
    promised: History | None = None,
) -> dict[str, Any]:
    """What the same score said when the horizon that is known last began, and what came.

    Args:
        history: The interactions.
        silent: The score.
        as_of: The time of the report; nothing after it is seen.
        first: The first purchase day.
        last: The day of the last row that the report sees.
        promised: The history with its promises, kept and missed, as rows.

    Returns:
        `backtest` and `experience` as plain values, each with a `_reason` where it is None.
    """
    past = _Past.of(as_of, first, last, silent.horizon)
    if isinstance(past, str):
        return {
            "backtest": None,
            "backtest_reason": past,
            "experience": None,
            "experience_reason": past,
        }
    customers = outcomes(history, past.cut, past.until)
    alike = [BadExperience(within=silent.horizon), *metrics_of_alike(history)]
    with fit_cautions() as cautions:
        readings = read(history, [silent, *alike], as_of=past.cut)
        found = readings if promised is None else read(promised, alike, as_of=past.cut)
        said = readings[SilentDefection].table.collect("polars")
    recency = Score(metric=silent, column="silent_days", label=RECENCY)
    tried = judged(
        history,
        customers,
        {as_score(silent): said, recency: said},
        cut=past.cut,
        until=past.until.day,
        seed=0,
        draws_count=_DRAWS,
    )
    values = {
        **tried.to_dict(),
        "calibration": said["calibration"][0],
        "cautions": cautions,
    }
    after = compared(customers, found, experience="any", until=past.until.day)
    reason = None
    if not after.difference.exposed.denominator:
        reason = (
            f"no customer had a complaint without recovery or a missed promise in the "
            f"{silent.horizon} days before {past.cut.day}"
        )
    return {
        "backtest": values,
        "backtest_reason": None,
        "experience": None if reason else after.to_dict(),
        "experience_reason": reason,
    }
