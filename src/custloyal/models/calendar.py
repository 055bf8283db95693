"""Business time: when a business is open, and how long it was between two instants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import attrs
import pendulum

from custloyal.errors import InvalidValueError, Mistake
from custloyal.models.checks import as_instant, check_instant, check_number, refuse
from custloyal.models.frozen_mapping import FrozenMapping
from custloyal.models.opening_hours import (
    MIDNIGHT,
    HoursText,
    Stretch,
    Week,
    said,
)
from custloyal.models.special_days import overlaps, read_exceptions, read_holidays
from custloyal.models.stretches import StretchBlock, joined
from custloyal.models.wall_times import (
    BLOCK_DAYS,
    EPOCH,
    LAST_DAY,
    MICROSECOND,
    instant_of,
    microseconds,
    offsets_of,
)
from custloyal.models.windows import check_timezone

__all__ = ["AS_GIVEN", "BusinessCalendar", "InstantLike"]

InstantLike: TypeAlias = str | datetime
"""An instant: a time with a zone, or an ISO string with an offset."""

AS_GIVEN = "as_given"
"""In the metadata of a field: it reads texts itself, so configurations hand over what stands."""

_LONGEST_CLOSURE = 20 * 366  # days
_MOST_EMPTY = _LONGEST_CLOSURE // BLOCK_DAYS
_NO_HOURS: Mapping[str, tuple[str, ...]] = FrozenMapping({})


def _as_hours(value: Mapping[str, HoursText]) -> Mapping[str, tuple[str, ...]]:
    week = Week.read("hours", value)
    return value if week.mistakes else FrozenMapping(week.texts())  # type: ignore[return-value]


_DAYS_SHOWN = 20
"""Of holidays, which a library may give for a century."""


def _as_holidays(value: Iterable[date | str]) -> tuple[date, ...]:
    days = read_holidays(value, [])
    return value if days is None else tuple(sorted(set(days)))  # type: ignore[return-value]


def _as_exceptions(value: Mapping[Any, HoursText]) -> Mapping[str, tuple[str, ...]]:
    mistakes: list[Mistake] = []
    days = read_exceptions(value, mistakes)
    if mistakes:
        return value  # type: ignore[return-value]
    return FrozenMapping({day.isoformat(): tuple(map(said, days[day])) for day in sorted(days)})


@attrs.frozen(cache_hash=True)
class BusinessCalendar:
    """When a business is open: weekly hours in a time zone, holidays and exceptions.

    A stretch is open from its first instant up to, and without, its last. Its edges are wall times
    in the zone: each is the first instant at which the clock shows that time or a later one, so
    one that the clock skips is the end of the gap, and of a doubled one it is the first. Seconds
    are absolute: a night shift over a change of the clock is an hour longer or shorter.

    Args:
        hours: By day ("mon"), range ("mon-fri", "fri-mon") or list ("mon,wed") the hours
            ("08:00-20:00", a list of such texts, or "closed"); "22:00-06:00" closes on the day
            after. Days that are not named are closed.
        timezone: The IANA name of the zone of these hours.
        holidays: Dates, or ISO strings, on which the whole local day is closed: of a stretch over
            midnight the part on that date. An object of the `holidays` package that fills itself
            on demand is asked for 1950 to 2099.
        exceptions: By date the hours of that local day, whatever week and holidays say: what
            opens on it, over midnight too. A stretch of the day before ends at its midnight.

    Raises:
        InvalidValueError: Where something cannot be read, stretches are empty or overlap, the
            zone does not exist, or nothing is ever open; all of it at once.

    Example:
        >>> office = BusinessCalendar({"mon-fri": "08:00-20:00"}, timezone="Europe/Berlin",
        ...                           holidays=["2016-11-01"])
        >>> office.add("2016-11-01T13:56:21+01:00", minutes=120).isoformat()
        '2016-11-02T10:00:00+01:00'
        >>> print(office.elapsed("2016-10-31T19:00:00+01:00", "2016-11-02T09:00:00+01:00"))
        2 hours
        >>> BusinessCalendar({"mon": "08:00-08:00"}, timezone="Berlin")
        Traceback (most recent call last):
        custloyal.errors.InvalidValueError: 2 mistakes:
          hours.mon: '08:00-08:00' is empty (write "00:00-24:00" for a whole day, "closed" for none)
          timezone: 'Berlin' is not a time zone (did you mean 'Europe/Berlin'?)
    """

    hours: Mapping[str, tuple[str, ...]] = attrs.field(
        converter=_as_hours, metadata={AS_GIVEN: True}
    )
    timezone: str = attrs.field(default="UTC", kw_only=True)
    holidays: tuple[date, ...] = attrs.field(
        default=(),
        converter=_as_holidays,
        metadata={AS_GIVEN: True},
        kw_only=True,
        repr=lambda days: f"{len(days)} days" if len(days) > _DAYS_SHOWN else repr(days),
    )
    exceptions: Mapping[str, tuple[str, ...]] = attrs.field(
        default=_NO_HOURS, converter=_as_exceptions, metadata={AS_GIVEN: True}, kw_only=True
    )

    def __attrs_post_init__(self) -> None:
        week = Week.read("hours", self.hours)
        mistakes = list(week.mistakes)
        try:
            check_timezone(self.timezone)
        except InvalidValueError as error:
            mistakes += error.mistakes
        holidays = read_holidays(self.holidays, mistakes)
        exceptions = read_exceptions(self.exceptions, mistakes)
        mistakes += overlaps(week, holidays or [], exceptions)
        if not mistakes and not any(week.days) and not any(exceptions.values()):
            mend = 'say when it is open, such as {"mon-fri": "08:00-20:00"}'
            mistakes.append(Mistake("hours", "are never open", mend))
        refuse(*mistakes)

    @classmethod
    def always(cls) -> BusinessCalendar:
        """The calendar that is never closed, on which business time is plain time.

        Example:
            >>> hours = BusinessCalendar.always().elapsed("2024-01-05T18:00Z", "2024-01-08T09:00Z")
            >>> hours.total_hours()
            63.0
        """
        return cls({"mon-sun": "00:00-24:00"})

    def elapsed(self, start: InstantLike, end: InstantLike) -> pendulum.Duration:
        """The business time between two instants, to the microsecond.

        Args:
            start: From when.
            end: Until when; where it is before the start, the time between is negative.

        Raises:
            InvalidValueError: Where one is no instant; a time without a zone is none.

        Example:
            >>> office = BusinessCalendar({"mon-fri": "09:00-17:00"})
            >>> office.elapsed("2024-01-19T16:00:00Z", "2024-01-22T10:00:00Z").total_hours()
            2.0
        """
        since, until = _instants(start=start, end=end)
        sign, low, high = (1, since, until) if since <= until else (-1, until, since)
        first, before = self._passed(low)
        last, by_the_end = self._passed(high)
        between = sum(_block(self, number).total for number in range(first, last))
        return pendulum.Duration(microseconds=sign * (between + by_the_end - before))

    def add(
        self,
        start: InstantLike,
        *,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> pendulum.DateTime:
        """The first instant by which so much business time has passed.

        Args:
            start: From when. Nothing added to it gives it back, even where it is closed.
            hours: How many hours, at least 0.
            minutes: How many minutes more, at least 0.
            seconds: How many seconds more, at least 0, to the microsecond.

        Returns:
            The instant, in the calendar's zone. What is used up by closing time is due at closing
            time, not when the business opens again.

        Raises:
            InvalidValueError: Where the start is no instant, an amount is negative, or nothing
                opens for 20 years.

        Example:
            >>> office = BusinessCalendar({"mon-fri": "09:00-17:00"})
            >>> office.add("2024-01-20T10:00:00Z", hours=2).isoformat()
            '2024-01-22T11:00:00+00:00'
        """
        amounts = {"hours": hours, "minutes": minutes, "seconds": seconds}
        refuse(*(check_number(name, amount, low=0) for name, amount in amounts.items()))
        (since,) = _instants(start=start)
        total = Fraction(hours) * 3600 + Fraction(minutes) * 60 + Fraction(seconds)
        left = round(total * 1_000_000)
        if not left:
            return self._local(since)
        first, passed = self._passed(since)
        left += passed
        empty = 0
        for number in range(first, LAST_DAY // BLOCK_DAYS + 1):
            block = _block(self, number)
            if left <= block.total:
                return self._local(block.reached(left))
            left -= block.total
            empty = 0 if block.total else empty + 1
            if empty > _MOST_EMPTY:
                break
        raise self._closed_after(since)

    def is_open(self, instant: InstantLike) -> bool:
        """Whether the business is open: it is at its opening time, and not at its closing time.

        Example:
            >>> office = BusinessCalendar({"mon-fri": "09:00-17:00"})
            >>> office.is_open("2024-01-19T09:00:00Z"), office.is_open("2024-01-19T17:00:00Z")
            (True, False)
        """
        (at,) = _instants(instant=instant)
        day = self._day(at)
        return any(opens <= at < closes for opens, closes in self._stretches(day, day + 1))

    def next_open(self, instant: InstantLike) -> pendulum.DateTime:
        """The first instant, from one on, at which the business is open.

        Args:
            instant: From when; itself where the business is open.

        Returns:
            The instant, in the calendar's zone.

        Raises:
            InvalidValueError: Where it is no instant, or nothing opens for 20 years.

        Example:
            >>> office = BusinessCalendar({"mon-fri": "09:00-17:00"})
            >>> office.next_open("2024-01-19T17:00:00Z").isoformat()
            '2024-01-22T09:00:00+00:00'
        """
        (at,) = _instants(instant=instant)
        for opens, _ in self._from(at):
            return self._local(max(opens, at))
        raise self._closed_after(at)

    def next_close(self, instant: InstantLike) -> pendulum.DateTime:
        """The first instant, from one on, at which the business is closed.

        Args:
            instant: From when; itself where the business is closed.

        Returns:
            The instant, in the calendar's zone.

        Raises:
            InvalidValueError: Where it is no instant, or nothing closes for 20 years.

        Example:
            >>> office = BusinessCalendar({"fri-sat": "22:00-06:00"})
            >>> office.next_close("2024-01-19T23:00:00Z").isoformat()
            '2024-01-20T06:00:00+00:00'
        """
        (at,) = _instants(instant=instant)
        day = self._day(at)
        for opens, closes in joined(self._stretches(day, day + _LONGEST_CLOSURE)):
            if opens <= at < closes:
                if self._day(closes) > day + _LONGEST_CLOSURE:
                    raise self._never_after(at, "closing", "a calendar that always opens has none")
                return self._local(closes)
            if opens > at:
                break
        return self._local(at)

    def openings(self, first: date, last: date) -> list[tuple[int, int]]:
        """The open stretches of local days, as engines read them.

        Args:
            first: The first local day.
            last: The last local day, which is inside.

        Returns:
            Opening and closing instants in microseconds since 1970 in UTC, in order and apart:
            stretches that touch, as at midnight, are one.

        Example:
            >>> night = BusinessCalendar({"fri": "22:00-06:00"})
            >>> night.openings(date(1970, 1, 2), date(1970, 1, 10))
            [(165600000000, 194400000000), (770400000000, 799200000000)]
        """
        return list(joined(self._stretches(first.toordinal(), last.toordinal())))

    @cached_property
    def _zone(self) -> tzinfo:
        return check_timezone(self.timezone)

    @cached_property
    def _week(self) -> tuple[tuple[Stretch, ...], ...]:
        """From Sunday, as the ordinals of days are counted."""
        days = Week.read("hours", self.hours).days
        return (days[-1], *days[:-1])

    @cached_property
    def _excepted(self) -> Mapping[int, tuple[Stretch, ...]]:
        return _by_ordinal(read_exceptions(self.exceptions, []))

    @cached_property
    def _closed(self) -> frozenset[int]:
        return frozenset(day.toordinal() for day in self.holidays)

    def _passed(self, instant: int) -> tuple[int, int]:
        """The block of days of an instant, and the business time since that block began."""
        day = self._day(instant)
        number = day // BLOCK_DAYS
        # A day that comes again after midnight was shown: the next one has begun before.
        blocks = {number, (day + 1) // BLOCK_DAYS}
        return number, sum(_block(self, each).passed(instant) for each in blocks)

    def _from(self, since: int) -> Iterator[tuple[int, int]]:
        """The stretches that end after an instant, until nothing opens for 20 years."""
        day = self._day(since)
        opened = day
        while day - opened < _LONGEST_CLOSURE and day <= LAST_DAY:
            for opens, closes in self._stretches(day, day):
                if closes > since:
                    opened = day
                    yield opens, closes
            day += 1

    def _stretches(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """The stretches of local days, one over midnight as two that touch."""
        for day in range(first, min(last, LAST_DAY) + 1):
            block, place = divmod(day, BLOCK_DAYS)
            offset = offsets_of(self.timezone, block)[place]
            for opens, closes in self._hours_of(day):
                since = instant_of(self.timezone, offset, day, opens)
                until = instant_of(self.timezone, offset, day, min(closes, MIDNIGHT))
                if since < until:  # not where the clock skips all of it
                    yield since, until

    def _hours_of(self, day: int) -> tuple[Stretch, ...]:
        if day in self._excepted:
            return self._excepted[day]
        if day in self._closed:
            return ()
        before = self._excepted.get(day - 1, self._week[(day - 1) % 7])
        over = before[-1][1] - MIDNIGHT if before else 0
        return ((0, over), *self._week[day % 7]) if over > 0 else self._week[day % 7]

    def _day(self, instant: int) -> int:
        """The local day on which an instant falls, as an ordinal."""
        try:
            return (EPOCH + instant * MICROSECOND).astimezone(self._zone).toordinal()
        except OverflowError:
            return 1 if instant < 0 else LAST_DAY

    def _local(self, instant: int) -> pendulum.DateTime:
        try:
            local = (EPOCH + instant * MICROSECOND).astimezone(self._zone)
        except OverflowError:
            raise self._closed_after(instant) from None
        return pendulum.instance(local)

    def _closed_after(self, instant: int) -> InvalidValueError:
        mend = "look at holidays and exceptions, or at the time that was asked for"
        return self._never_after(instant, "opening", mend)

    def _never_after(self, instant: int, what: str, mend: str) -> InvalidValueError:
        try:
            at = (EPOCH + instant * MICROSECOND).isoformat()
        except OverflowError:
            at = "the year 9999"
        return InvalidValueError(
            Mistake("calendar", f"has no {what} for 20 years after {at}", mend)
        )


@lru_cache(maxsize=256)
def _block(calendar: BusinessCalendar, number: int) -> StretchBlock:
    first = number * BLOCK_DAYS
    return StretchBlock.of(calendar._stretches(max(first, 1), first + BLOCK_DAYS - 1))  # noqa: SLF001


def _by_ordinal(
    days: Mapping[date, tuple[Stretch, ...]],
) -> Mapping[int, tuple[Stretch, ...]]:
    return {day.toordinal(): stretches for day, stretches in days.items()}


def _instants(**values: InstantLike) -> list[int]:
    """Instants in microseconds since 1970; all that are none are named at once."""
    read = {
        path: as_instant(_parsed(value) if isinstance(value, str) else value)
        for path, value in values.items()
    }
    refuse(*(check_instant(path, value) for path, value in read.items()))
    return [microseconds(value) for value in read.values()]


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return text  # type: ignore[return-value]  # named by the check
