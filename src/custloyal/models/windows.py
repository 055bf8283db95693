"""Points of time: the moment as of which is read, and the zones in which days are counted.

Instants are kept in UTC. A zone is needed only where local days come in: to say when a day ends
and on which day an instant falls. There a clock that is put forward or back is taken at its word.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

import attrs
import pendulum

from custloyal.errors import InvalidValueError, Mistake, nearest
from custloyal.models.checks import as_instant, check_instant, refuse

if TYPE_CHECKING:
    from custloyal.typing import AsOfLike

__all__ = ["AsOf", "check_timezone"]

_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_LAST_INSTANT = datetime.max.replace(tzinfo=UTC)
_NOT_ZONES = frozenset({"Factory", "localtime"})  # placeholder; whatever this machine is set to
_AS_OF_MEND = 'write "2024-06-30" for the end of a day or "2024-06-30T12:00:00+00:00" for a time'


def check_timezone(name: str, *, path: str = "timezone") -> pendulum.Timezone:
    """The time zone of an IANA name.

    Args:
        name: The name, such as "Europe/Berlin" or "UTC".
        path: What the name is called where it was given, for the error.

    Returns:
        The zone, which is a `tzinfo`.

    Raises:
        InvalidValueError: Where there is no such zone; it proposes the nearest.

    Example:
        >>> check_timezone("Europe/Berlin").name
        'Europe/Berlin'
        >>> check_timezone("europe/berlin")
        Traceback (most recent call last):
        custloyal.errors.InvalidValueError: timezone: 'europe/berlin' is not a time zone (did you \
mean 'Europe/Berlin'?)
    """
    known = pendulum.timezones()
    if isinstance(name, str) and name in known and name not in _NOT_ZONES:
        return pendulum.timezone(name)
    mend = "write an IANA name such as 'Europe/Berlin' or 'UTC'"
    if isinstance(name, str):
        near = nearest(name, sorted(known - _NOT_ZONES))
        mend = near if near.startswith("did") else mend
    raise InvalidValueError(Mistake(path, f"{name!r} is not a time zone", mend=mend))


@attrs.frozen
class AsOf:
    """The moment as of which a history is read: rows at or before it count, later are unseen.

    Args:
        instant: The last instant that counts, with a time zone; kept in UTC.
        timezone: The IANA name of the zone in which days are counted.

    Raises:
        InvalidValueError: Where the instant has no zone or the zone does not exist.

    Example:
        >>> as_of = AsOf.parse("2024-03-31", timezone="Europe/Berlin")
        >>> as_of.instant.isoformat(), as_of.day.isoformat()
        ('2024-03-31T21:59:59.999999+00:00', '2024-03-31')
    """

    instant: datetime = attrs.field(converter=as_instant)
    timezone: str = attrs.field(default="UTC")

    def __attrs_post_init__(self) -> None:
        refuse(check_instant("instant", self.instant))
        zone = check_timezone(self.timezone)
        try:
            self.instant.astimezone(zone)
        except OverflowError:
            message = f"{self.instant.isoformat()} has no local day within the years 1 to 9999"
            raise InvalidValueError(Mistake("instant", message)) from None

    @property
    def utc_wall(self) -> datetime:
        """The instant in UTC without a zone, as tables hold their times.

        Example:
            >>> AsOf.parse("2024-06-30T22:30:00Z", timezone="Europe/Berlin").utc_wall.isoformat()
            '2024-06-30T22:30:00'
        """
        return self.instant.replace(tzinfo=None)

    @property
    def day(self) -> date:
        """The local day on which the instant falls.

        Example:
            >>> AsOf.parse("2024-06-30T22:30:00Z", timezone="Europe/Berlin").day.isoformat()
            '2024-07-01'
        """
        return self.instant.astimezone(check_timezone(self.timezone)).date()

    @classmethod
    def parse(cls, value: AsOfLike | AsOf, *, timezone: str) -> AsOf:
        """The moment that a user meant.

        Args:
            value: A date, or an ISO string that is one, means the last microsecond of that local
                day. A datetime, or an ISO string with a time, is that instant; without a zone it
                is a wall time of `timezone`: inside a clock gap the instant after the gap, of a
                doubled hour the first. Another `AsOf` keeps its instant.
            timezone: The IANA name of the zone in which days are counted.

        Returns:
            The instant with its local day in `timezone`.

        Raises:
            InvalidValueError: Where the value says no moment of the years 1 to 9999, or the zone
                does not exist.

        Example:
            >>> AsOf.parse("2024-03-31 02:30", timezone="Europe/Berlin").instant.isoformat()
            '2024-03-31T01:00:00+00:00'
        """
        zone = check_timezone(timezone)
        if isinstance(value, AsOf):
            return cls(value.instant, timezone)
        meant = _parsed(value) if isinstance(value, str) else value
        try:
            if isinstance(meant, datetime) and meant == meant:  # noqa: PLR0124 - NaT is not itself
                aware = meant.utcoffset() is not None
                return cls(meant if aware else _instant_of(meant, zone), timezone)
            if isinstance(meant, date) and not isinstance(meant, datetime):
                return cls(_end_of(meant, zone), timezone)
        except OverflowError:
            pass
        raise InvalidValueError(
            Mistake("as_of", f"{value!r} is not a day or time of the years 1 to 9999", _AS_OF_MEND)
        )

    def __str__(self) -> str:
        return self.instant.astimezone(check_timezone(self.timezone)).isoformat()


def _parsed(text: str) -> date | datetime | None:
    for parse in (date.fromisoformat, datetime.fromisoformat):
        try:
            return parse(text.strip())
        except ValueError:
            continue
    return None


def _instant_of(wall: datetime, zone: tzinfo) -> datetime:
    """The instant of a wall time: of a doubled one as its `fold` says, of a skipped one the end."""
    first, second = (
        _utc(datetime.combine(wall.date(), wall.time(), zone).replace(fold=fold)) for fold in (0, 1)
    )
    if first > second:
        return _end_of_gap(second, first, zone)
    return second if wall.fold else first


def _end_of_gap(low: datetime, high: datetime, zone: tzinfo) -> datetime:
    """The instant after `low` and up to `high` at which the clock is put forward."""
    after = high.astimezone(zone).utcoffset()
    while high - low > _MICROSECOND:
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high


def _end_of(day: date, zone: tzinfo) -> datetime:
    """The last microsecond of a local day; of a day that the clock skips, the one before it.

    The wall time is asked for, not the next midnight less a microsecond: where the clock goes back
    over midnight (from 00:01 in St. John's) the day comes again after the next one has begun.
    """
    wall = datetime.combine(day, time.max).replace(fold=1)
    try:
        last = _instant_of(wall, zone)
    except OverflowError:  # 9999-12-31 west of Greenwich: nothing later can be written
        return _LAST_INSTANT
    return last - _MICROSECOND if last.astimezone(zone).time() != time.max else last


def _utc(aware: datetime) -> datetime:
    instant = as_instant(aware)
    if instant.tzinfo is not UTC:
        raise OverflowError
    return instant
