"""What a window is thought to bring in all, and at what pace its budget goes on being used."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

from custloyal.models import AsOf, Share
from custloyal.periods import Period

if TYPE_CHECKING:
    from custloyal.rules.objective import Objective

__all__ = ["Counts", "Forecast", "Windows"]

_DAY = timedelta(days=1)
_FULL_WINDOWS = {
    Period.DAY: 7,
    Period.WEEK: 4,
    Period.MONTH: 3,
    Period.QUARTER: 4,
    Period.YEAR: 1,
}
"""How many of the last full windows say what a window brings: of days a week, with its Sunday."""


class Forecast(StrEnum):
    """What a figure about the whole window, or its pace, goes by."""

    WINDOW = "this window"
    """The window itself, which is over; of a pace, what is decided in it so far."""
    GIVEN = "the objective"
    """What the objective expects."""
    BEFORE = "the windows before"
    """The last full windows."""
    ELAPSED = "the part of the window that is over"
    """What this window brought so far, carried on evenly."""


@attrs.frozen
class Counts:
    """What is known of the promises made in one window.

    Args:
        kept: How many were kept of those decided, with those of which it is not known.
        pending_count: How many are not yet due.
        target: The share to be kept, the mean of those decided; None where nothing is.
    """

    kept: Share = attrs.field(factory=lambda: Share(0, 0))
    pending_count: int = 0
    target: float | None = None

    @property
    def made_count(self) -> int:
        """The promises of which it is or will be decided whether they were kept."""
        return self.kept.denominator + self.pending_count


@attrs.frozen
class Windows:
    """The windows of one rule.

    Args:
        period: Their length.
        counts: What is known of each in which promises were made, by its first day.
        as_of: The time of judgement.
    """

    period: Period
    counts: Mapping[date, Counts]
    as_of: AsOf

    @property
    def current(self) -> date:
        """The first day of the window in which the time of judgement falls."""
        return self.period.start_of(self.as_of.day)

    def of(self, window: date) -> Counts:
        """What is known of a window."""
        return self.counts.get(window) or Counts()

    def before(self, window: date) -> list[date]:
        """The last windows before one, in order; none before the first promise was made."""
        found: list[date] = []
        first = min(self.counts, default=window)
        while window > first and len(found) < _FULL_WINDOWS[self.period]:
            window = self.period.start_of(window - _DAY)
            found.insert(0, window)
        return found

    def elapsed_share(self, window: date) -> float:
        """The part of a window that is over, above 0 and at most 1."""
        # A date as `as_of` is the last instant of its day.
        before, last = (
            AsOf.parse(day - _DAY, timezone=self.as_of.timezone).instant
            for day in (window, self.period.next_start(window))
        )
        return min(1.0, (self.as_of.instant - before) / (last - before))

    def expected_count(self, window: date, objective: Objective) -> tuple[int | None, Forecast]:
        """How many promises a window brings in all, and what says so.

        A window that is over brought what it brought. Else it is what the objective expects; else
        the mean of the last full windows, to which the first one does not belong, since it may
        have begun before the data; else what there is so far, carried on evenly. Never fewer than
        there are already.
        """
        made, elapsed = self.of(window).made_count, self.elapsed_share(window)
        if elapsed == 1:
            return made, Forecast.WINDOW
        if objective.expected_count is not None:
            return max(objective.expected_count, made), Forecast.GIVEN
        first = min(self.counts, default=window)
        full = [self.of(each).made_count for each in self.before(window) if each != first]
        if sum(full):
            return max(round(sum(full) / len(full)), made), Forecast.BEFORE
        return (round(made / elapsed) if made else None), Forecast.ELAPSED

    def pace(self, window: date, objective: Objective) -> tuple[Share, Forecast]:
        """The share kept with which a window goes on, and what says so.

        Its own from the minimum number of events on; before that, where there is any, the one of
        the last windows together.
        """
        own = self.of(window).kept
        if own.denominator < objective.minimum_count:
            past = sum((self.of(each).kept for each in self.before(window)), Share(0, 0))
            if past.denominator:
                return past, Forecast.BEFORE
        return own, Forecast.WINDOW
