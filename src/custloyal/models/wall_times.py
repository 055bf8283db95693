"""When a clock shows a wall time, to the microsecond and without asking the zone for each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from custloyal.models.opening_hours import MIDNIGHT
from custloyal.models.windows import AsOf, check_timezone

__all__ = [
    "BLOCK_DAYS",
    "EPOCH",
    "LAST_DAY",
    "MICROSECOND",
    "instant_of",
    "microseconds",
    "offsets_of",
]

BLOCK_DAYS = 512
"""How many days a block holds."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LAST_DAY = date.max.toordinal()
_MINUTE = timedelta(minutes=1)
_MINUTE_US = 60_000_000
_DAY_US = MIDNIGHT * _MINUTE_US
_EPOCH_DAY = EPOCH.toordinal()


@lru_cache(maxsize=1024)
def offsets_of(timezone: str, block: int) -> tuple[int | None, ...]:
    """For each day of a block what the clock is ahead of UTC; None where it changes on that day.

    No clock is changed and changed back within a day.
    """
    zone = check_timezone(timezone)
    days = range(block * BLOCK_DAYS, (block + 1) * BLOCK_DAYS + 1)
    midnights = [zone.utcoffset(datetime.fromordinal(min(max(day, 1), LAST_DAY))) for day in days]
    return tuple(
        today // MICROSECOND if today is not None and today == tomorrow else None
        for today, tomorrow in pairwise(midnights)
    )


def instant_of(timezone: str, offset: int | None, day: int, minute: int) -> int:
    """The first instant at which the clock shows a wall time of a day or a later one."""
    if offset is not None:
        return (day - _EPOCH_DAY) * _DAY_US + minute * _MINUTE_US - offset
    wall = datetime.fromordinal(day) + minute * _MINUTE  # the years of changes end before 9999
    return microseconds(AsOf.parse(wall, timezone=timezone).instant)


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970."""
    return (instant - EPOCH) // MICROSECOND
