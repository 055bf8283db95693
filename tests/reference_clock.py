"""The oracle of clocks: time between instants, and the clock of a case, moved on row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from reference_words import surely

if TYPE_CHECKING:
    from collections.abc import Iterable

    from custloyal.rules import Clocked
    from reference_trust import Row

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)


@cache
def microseconds(start: datetime, end: datetime, calendar: Any) -> int:
    """Plain time, or the business time of a calendar."""
    between = end - start if calendar is None else calendar.elapsed(start, end).as_timedelta()
    return between // MICROSECOND


@cache
def time_is_up(start: datetime, left: int, calendar: Any) -> datetime:
    """The first instant by which so much more time has passed than by the start."""
    if calendar is None:
        return start + left * MICROSECOND
    if left == 0:  # by a start while it is closed no more has passed than by the last closing
        long_before = start - 14 * DAY
        start, left = long_before, microseconds(long_before, start, calendar)
    local = calendar.add(start, seconds=left / 1e6).astimezone(UTC)
    return datetime.combine(local.date(), local.time(), UTC)


class Clock:
    """The clock of one case."""

    def __init__(self, promise: Clocked, rows: Iterable[Row]) -> None:
        self.promise = promise
        self.begun: datetime | None = None
        self.seen_at: datetime | None = None
        self.stopped_at: datetime | None = None
        self.waits = False
        self.elapsed = 0
        self.due: datetime | None = None
        for row in rows:
            self.see(row)

    def see(self, row: Row) -> None:
        at = row["occurred_at"]
        if self.begun is not None:
            self.run_to(at)
            if surely(self.promise.reopens, row):
                self.stopped_at = None
            elif surely(self.promise.stops, row) and self.stopped_at is None:
                self.stopped_at = at
        elif self.promise.starts is None or surely(self.promise.starts, row):
            self.begun = at
        else:
            return
        self.seen_at, self.waits = at, surely(self.promise.waits, row)
        left = self.promise.limit_us - self.elapsed
        if left >= 0:  # else it stays as it was when the time ran out
            stands_for_the_customer = self.waits and self.stopped_at is None
            up = time_is_up(self.stopped_at or at, left, self.promise.calendar)
            self.due = None if stands_for_the_customer else up

    def run_to(self, at: datetime) -> None:
        if not self.waits and self.stopped_at is None:
            self.elapsed += microseconds(self.seen_at, at, self.promise.calendar)
