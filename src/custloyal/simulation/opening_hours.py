"""When the business is open, in seconds: what its answers wait for."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import attrs
import numpy as np

from custloyal.simulation.arrays import Flags, Floats, Ints

__all__ = ["OpeningHours"]

TIMEZONE = "Europe/Berlin"
_HOUR = 3_600
_OPENS, _CLOSES = 8, 20
_NOON = 12
_SUNDAY = 6
_BEYOND = 120
"""Days after the end that answers may take; rows of those days are not kept."""
_SHARES, _HOURS = (0.0, 0.04, 0.50, 0.93, 1.0), (6.5, 8.0, 13.0, 20.0, 23.0)
"""Of what customers do on a day, how much is done by which hour."""


@attrs.frozen(eq=False)
class OpeningHours:
    """Monday to Saturday, 08:00 to 20:00 in Berlin.

    Args:
        midnights: The start of each local day as seconds since 1970 in UTC (noon less 12 hours,
            so that wall times after 03:00 are right where the clock changes).
        opens: When each open day opens.
        passed: The opening seconds before each open day.

    Example:
        >>> hours = OpeningHours.of(date(2024, 3, 29), days=7)   # a Friday; on Sunday clocks change
        >>> friday = hours.midnights[0] + 19 * 3600
        >>> monday = hours.after(np.array([friday]), np.array([13 * 3600 + 60.0]))[0]
        >>> datetime.fromtimestamp(int(monday), ZoneInfo("Europe/Berlin")).isoformat()
        '2024-04-01T08:01:00+02:00'
    """

    midnights: Ints
    opens: Ints
    passed: Ints

    @classmethod
    def of(cls, start: date, *, days: int) -> OpeningHours:
        """The hours from a week before a local day to well after the last of some days."""
        zone = ZoneInfo(TIMEZONE)
        noons = [
            datetime.combine(start + timedelta(days=day), time(_NOON), tzinfo=zone)
            for day in range(-7, days + _BEYOND)
        ]
        all_midnights = np.array([int(noon.timestamp()) for noon in noons]) - _NOON * _HOUR
        is_open = np.array([noon.weekday() != _SUNDAY for noon in noons])
        opens = all_midnights[is_open] + _OPENS * _HOUR
        return cls(all_midnights[7:], opens, np.arange(len(opens)) * (_CLOSES - _OPENS) * _HOUR)

    def midnight(self, day: Floats) -> Ints:
        """The instants at which local days begin; days beyond the end come long after it."""
        return self.midnights[np.minimum(day, len(self.midnights) - 1).astype(np.int64)]

    def instant(self, at: Floats) -> Ints:
        """Times in days as instants: within a day in their order, mostly when people are awake."""
        at = np.minimum(at, len(self.midnights) - 1)
        day = np.floor(at)
        seconds: Floats = np.interp(at - day, _SHARES, _HOURS) * _HOUR
        return self.midnight(day) + seconds.astype(np.int64)

    def is_open(self, instant: Ints) -> Flags:
        """Whether the doors are open, with ten minutes left to be served."""
        place = np.searchsorted(self.opens, instant, side="right") - 1
        return (instant - self.opens[place]) < (_CLOSES - _OPENS) * _HOUR - 600

    def after(self, instant: Ints, seconds: Floats) -> Ints:
        """The instants at which so many opening seconds (at least one) have passed."""
        place = np.searchsorted(self.opens, instant, side="right") - 1
        since = np.minimum(instant - self.opens[place], (_CLOSES - _OPENS) * _HOUR)
        due = self.passed[place] + since + np.maximum(seconds, 1).astype(np.int64)
        place = np.searchsorted(self.passed, due, side="right") - 1
        reached: Ints = self.opens[place] + due - self.passed[place]
        return reached
