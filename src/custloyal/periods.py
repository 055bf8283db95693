"""Calendar periods: days, weeks, months, quarters and years of local days, and their numbers.

A period is known by its number, which grows by one from each period to the next: so the period
before is a subtraction, and a period in which nothing happened leaves a gap that can be seen.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import narwhals as nw

from custloyal.models.checks import as_word
from custloyal.models.windows import AsOf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal, TypeAlias

    PeriodLike: TypeAlias = Literal["day", "week", "month", "quarter", "year"]

__all__ = ["Period", "as_period", "last_full_day"]

_MONTHS_A_YEAR = 12
_DAYS_A_WEEK = 7
_MICROSECONDS_PER_DAY = 86_400_000_000


class Period(StrEnum):
    """A calendar period of local days; weeks begin on Monday.

    Example:
        >>> week = Period.WEEK.number_of(date(2024, 2, 29))
        >>> Period.WEEK.first_day(week).isoformat(), Period.WEEK.last_day(week).isoformat()
        ('2024-02-26', '2024-03-03')
    """

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    def number(self, day: nw.Expr) -> nw.Expr:
        """The number of the period in which each day of a column of dates falls."""
        if self in _DAYS:
            # 0001-01-01 was a Monday, and nothing is before it: no quotient is rounded upwards.
            since = day.cast(nw.Datetime("us")) - nw.lit(date.min).cast(nw.Datetime("us"))
            return since.dt.total_microseconds() // (_DAYS[self] * _MICROSECONDS_PER_DAY)
        month = day.dt.year().cast(nw.Int64) * _MONTHS_A_YEAR + day.dt.month().cast(nw.Int64) - 1
        return month if self is Period.MONTH else month // _MONTHS[self]

    def start(self, day: nw.Expr) -> nw.Expr:
        """The day with which the period begins in which each day of a column of dates falls."""
        if self is Period.DAY:
            return day
        if self is not Period.WEEK:
            return day.dt.truncate(_TRUNCATED[self]).cast(nw.Date)
        # No engine's own weeks: they begin on different days.
        monday = day
        for weekday in range(2, _DAYS_A_WEEK + 1):
            earlier = day.dt.offset_by(f"-{weekday - 1}d").cast(nw.Date)
            monday = nw.when(day.dt.weekday() == weekday).then(earlier).otherwise(monday)
        return monday

    def start_of(self, day: date) -> date:
        """The day with which the period begins in which a day falls."""
        return self.first_day(self.number_of(day))

    def next_start(self, day: date) -> date:
        """The day with which the period begins after the one in which a day falls."""
        return self.first_day(self.number_of(day) + 1)

    def starts(self, first: date, last: date) -> Iterator[date]:
        """The days with which periods begin, from a day on up to another."""
        start = self.start_of(first)
        start = start if start == first else self.next_start(first)
        while start <= last:
            yield start
            start = self.next_start(start)

    def number_of(self, day: date) -> int:
        """The number of the period in which a day falls."""
        if self in _DAYS:
            return (day - date.min).days // _DAYS[self]
        return (day.year * _MONTHS_A_YEAR + day.month - 1) // _MONTHS[self]

    def first_day(self, number: int) -> date:
        """The day with which a period begins."""
        if self in _DAYS:
            return date.min + timedelta(days=number * _DAYS[self])
        year, month = divmod(number * _MONTHS[self], _MONTHS_A_YEAR)
        return date(year, month + 1, 1)

    def last_day(self, number: int) -> date:
        """The day with which a period ends."""
        if number == self.number_of(date.max):
            return date.max
        return self.first_day(number + 1) - timedelta(days=1)


_TRUNCATED = {Period.MONTH: "1mo", Period.QUARTER: "1q", Period.YEAR: "1y"}
_DAYS = {Period.DAY: 1, Period.WEEK: _DAYS_A_WEEK}
_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: _MONTHS_A_YEAR}


def as_period(value: Period | PeriodLike) -> Period:
    """A word as the period; anything else stays as it is, for `check_word` to name."""
    return as_word(Period, value)


def last_full_day(as_of: AsOf) -> date:
    """The last local day that was over at a time.

    Example:
        >>> last_full_day(AsOf.parse("2024-05-31", timezone="UTC")).isoformat()
        '2024-05-31'
        >>> last_full_day(AsOf.parse("2024-05-31T12:00", timezone="UTC")).isoformat()
        '2024-05-30'
    """
    day = as_of.day
    # Where the clock goes back over midnight, the day before the day is not over either.
    while AsOf.parse(day, timezone=as_of.timezone).instant > as_of.instant:
        day -= timedelta(days=1)
    return day
