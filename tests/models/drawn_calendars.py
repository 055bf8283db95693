"""Drawn calendars and instants about changes of the clock, and a slow reading of both.

The slow reading walks minute by minute and never asks when a wall time is: it looks at the clock,
remembers the latest time that it has shown, and takes that for the hours of the day.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from custloyal.models import BusinessCalendar

MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)

PLACES = [
    ("Europe/Berlin", date(2024, 3, 31)),
    ("Europe/Berlin", date(2024, 10, 27)),
    ("America/New_York", date(2024, 3, 10)),
    ("America/New_York", date(2024, 11, 3)),
    ("Australia/Lord_Howe", date(2024, 4, 7)),
    ("Australia/Lord_Howe", date(2024, 10, 6)),
    ("America/Santiago", date(2024, 4, 7)),
    ("America/Santiago", date(2024, 9, 8)),
    ("America/St_Johns", date(2006, 10, 29)),
    ("Asia/Kathmandu", date(1986, 1, 1)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("America/New_York", date(1965, 4, 25)),
    ("Europe/Berlin", date(2024, 2, 29)),
    ("UTC", date(1999, 12, 31)),
]
"""Zones with a day on which the clock changes, or the calendar does."""

WEEKS = [
    {"mon-fri": "08:00-20:00"},
    {"mon-sun": "00:00-24:00"},
    {"fri-mon": "22:00-06:00"},
    {"mon-sun": ["09:00-12:00", "12:00-12:30", "13:10-17:25"]},
    {"mon-sun": "01:30-02:30"},
    {"mon-sun": ["00:00-00:01", "02:15-02:45", "23:59-24:00"]},
    {"mon-sun": "03:00-02:00"},
    {"sun": "23:30-23:29"},
]
"""Hours that open, close or last where clocks change."""


@st.composite
def stretches(draw: st.DrawFn) -> list[str]:
    """Hours of a day that do not reach over midnight, to the minute."""
    edges = sorted(draw(st.sets(st.integers(0, 1440), min_size=2, max_size=6)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [f"{o // 60:02}:{o % 60:02}-{c // 60:02}:{c % 60:02}" for o, c in pairs]


weeks = st.sampled_from(WEEKS) | st.builds(
    lambda hours, days: {days: hours}, stretches(), st.sampled_from(["mon-sun", "fri-mon", "sun"])
)


@st.composite
def calendars(draw: st.DrawFn, place: tuple[str, date]) -> BusinessCalendar:
    zone, day = place
    near = st.integers(-2, 2).map(lambda days: day + days * DAY)
    holidays = draw(st.sets(near, max_size=2))
    excepted = draw(st.dictionaries(near, st.just("closed") | stretches(), max_size=2))
    return BusinessCalendar(
        draw(weeks), timezone=zone, holidays=sorted(holidays), exceptions=excepted
    )


def instants(place: tuple[str, date]) -> st.SearchStrategy[datetime]:
    """Instants about the day, most of them within a microsecond of a full quarter of an hour."""
    midnight = datetime.combine(place[1], datetime.min.time(), UTC)
    quarters = st.builds(
        lambda quarter, more: midnight + quarter * 15 * MINUTE + more * MICROSECOND,
        st.integers(-4 * 40, 4 * 60),
        st.integers(-1, 1),
    )
    anywhere = st.integers(-40 * 3600 * 10**6, 60 * 3600 * 10**6)
    return quarters | anywhere.map(lambda more: midnight + more * MICROSECOND)


def minutes_of(text: str) -> tuple[int, int]:
    (opens, closes) = (
        int(hour) * 60 + int(minute)
        for hour, minute in (edge.split(":") for edge in text.split("-"))
    )
    return opens, closes


def says_open(calendar: BusinessCalendar, wall: datetime) -> bool:
    """Whether the hours of the day hold a wall time."""
    minute = wall.hour * 60 + wall.minute
    today, yesterday = wall.date(), wall.date() - DAY
    hours, excepted = calendar.hours, calendar.exceptions
    if today.isoformat() in excepted:
        texts, over = excepted[today.isoformat()], ()
    elif today in calendar.holidays:
        return False
    else:
        texts = hours.get(f"{today:%a}".lower(), ())
        usual = hours.get(f"{yesterday:%a}".lower(), ())
        over = excepted.get(yesterday.isoformat(), usual)
    for opens, closes in map(minutes_of, texts):
        if opens <= minute and (minute < closes or closes < opens):
            return True
    return any(closes < opens and minute < closes for opens, closes in map(minutes_of, over))


def open_minutes(
    calendar: BusinessCalendar, first: datetime, last: datetime
) -> dict[datetime, bool]:
    """For each full minute in UTC whether it is open."""
    zone = ZoneInfo(calendar.timezone)
    at = first.replace(second=0, microsecond=0) - 2 * DAY  # longer than any clock goes back
    latest = datetime(1, 1, 1)
    said = {}
    while at <= last:
        latest = max(latest, at.astimezone(zone).replace(tzinfo=None))
        said[at] = says_open(calendar, latest)
        at += MINUTE
    return said


def slow_elapsed(calendar: BusinessCalendar, start: datetime, end: datetime) -> timedelta:
    if end < start:
        return -slow_elapsed(calendar, end, start)
    said = open_minutes(calendar, start, end)
    parts = [
        min(minute + MINUTE, end) - max(minute, start)
        for minute, is_open in said.items()
        if is_open
    ]
    return sum((part for part in parts if part > timedelta(0)), timedelta(0))
