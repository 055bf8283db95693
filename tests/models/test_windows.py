from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from custloyal.errors import InvalidValueError
from custloyal.models import AsOf
from custloyal.models.windows import check_timezone

MICROSECOND = timedelta(microseconds=1)
DAYS_OF_CLOCK_CHANGES = [
    ("Europe/Berlin", "2024-03-31", "2024-03-31T21:59:59.999999"),  # 23 hours
    ("Europe/Berlin", "2024-10-27", "2024-10-27T22:59:59.999999"),  # 25 hours
    ("Europe/Berlin", "2024-02-29", "2024-02-29T22:59:59.999999"),  # a leap day
    ("America/Sao_Paulo", "2018-11-03", "2018-11-04T02:59:59.999999"),  # no midnight after it
    ("America/Sao_Paulo", "2018-11-04", "2018-11-05T01:59:59.999999"),  # begins at 01:00
    ("America/Sao_Paulo", "2018-02-17", "2018-02-18T02:59:59.999999"),  # 23:00 to 24:00 twice
    ("America/Havana", "2024-11-02", "2024-11-03T03:59:59.999999"),  # midnight after it twice
    ("America/St_Johns", "2006-10-28", "2006-10-29T03:29:59.999999"),  # back from 00:01 to 23:01
    ("America/Toronto", "1919-03-30", "1919-03-31T04:29:59.999999"),  # from 23:30 to 00:30
    ("Pacific/Apia", "2011-12-29", "2011-12-30T09:59:59.999999"),  # the next day is left out
    ("Pacific/Apia", "2011-12-30", "2011-12-30T09:59:59.999999"),  # the day that never was
]


@pytest.mark.parametrize(("zone", "day", "end"), DAYS_OF_CLOCK_CHANGES)
def test_a_date_means_the_end_of_that_local_day(zone, day, end):
    expected = datetime.fromisoformat(end).replace(tzinfo=UTC)
    assert AsOf.parse(day, timezone=zone).instant == expected
    assert AsOf.parse(date.fromisoformat(day), timezone=zone).instant == expected


@given(st.dates(date(1890, 1, 1), date(2040, 1, 1)), st.timezone_keys(allow_prefix=False))
@example(date(2006, 10, 28), "America/St_Johns")
@example(date(1919, 3, 30), "America/Toronto")
@example(date(2011, 12, 30), "Pacific/Apia")
def test_nothing_of_the_day_comes_after_its_end_and_nothing_before_it_is_of_a_later_one(day, zone):
    end = AsOf.parse(day, timezone=zone).instant
    local = ZoneInfo(zone)
    assert end.astimezone(local).date() <= day
    later = [end + MICROSECOND + timedelta(minutes=10 * step) for step in range(30 * 6)]
    assert all(instant.astimezone(local).date() > day for instant in later)


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=st.just(UTC)))
def test_an_aware_time_is_that_instant_in_every_form(instant):
    expected = AsOf(instant, "Asia/Kolkata")
    for form in (
        instant,
        instant.isoformat(),
        instant.isoformat(" "),
        instant.astimezone(timezone(timedelta(hours=-7))),
        pendulum.instance(instant),
        expected,
    ):
        assert AsOf.parse(form, timezone="Asia/Kolkata") == expected
    assert expected.day == instant.astimezone(ZoneInfo("Asia/Kolkata")).date()
    assert type(expected.instant) is datetime


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        (datetime(2024, 3, 31, 1, 59), "2024-03-31T00:59"),
        (datetime(2024, 3, 31, 2, 0), "2024-03-31T01:00"),
        (datetime(2024, 3, 31, 2, 59), "2024-03-31T01:00"),
        (datetime(2024, 3, 31, 3, 0), "2024-03-31T01:00"),
        (datetime(2024, 10, 27, 2, 30), "2024-10-27T00:30"),
        (datetime(2024, 10, 27, 2, 30, fold=1), "2024-10-27T01:30"),
    ],
)
def test_a_wall_time_in_a_gap_is_the_end_of_the_gap_and_a_doubled_one_the_first(wall, instant):
    expected = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert AsOf.parse(wall, timezone="Europe/Berlin").instant == expected
    if not wall.fold:
        assert AsOf.parse(wall.isoformat(), timezone="Europe/Berlin").instant == expected


def test_a_pandas_timestamp_is_a_time_and_its_missing_value_is_none():
    pandas = pytest.importorskip("pandas")
    stamp = pandas.Timestamp("2024-06-30 12:00:00.123456789")
    parsed = AsOf.parse(stamp, timezone="UTC").instant
    assert parsed == datetime(2024, 6, 30, 12, 0, 0, 123456, tzinfo=UTC)
    assert AsOf.parse(stamp.tz_localize("Europe/Berlin"), timezone="UTC").instant.hour == 10
    with pytest.raises(InvalidValueError):
        AsOf.parse(pandas.NaT, timezone="UTC")
    with pytest.raises(InvalidValueError):
        AsOf(pandas.NaT)


def test_an_as_of_keeps_its_instant_and_counts_days_in_the_new_zone():
    late = AsOf.parse("2024-06-30T23:30:00Z", timezone="UTC")
    moved = AsOf.parse(late, timezone="Europe/Berlin")
    assert (late.day, moved.day) == (date(2024, 6, 30), date(2024, 7, 1))
    assert moved.instant == late.instant


@pytest.mark.parametrize(
    "value", ["", "yesterday", "2024", "2024-13-01", "2023-02-29", "2024-01-01T25:00", "P1D", "é"]
)
def test_unreadable_text_is_refused_with_what_to_write(value):
    with pytest.raises(InvalidValueError, match='write "2024-06-30" for the end of a day'):
        AsOf.parse(value, timezone="UTC")


@pytest.mark.parametrize("value", [None, 20240101, 1.5, b"2024-01-01", (2024, 1, 1)])
def test_what_is_no_time_is_refused(value):
    with pytest.raises(InvalidValueError, match="is not a day or time"):
        AsOf.parse(value, timezone="UTC")


@given(
    st.sampled_from(["0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31"]),
    st.sampled_from(["", "T00:00", "T23:59:59.999999", "T00:00+14:00", "T23:59-12:00"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati"]),
)
def test_the_ends_of_time_are_read_or_refused_and_never_break(day, clock, zone):
    try:
        as_of = AsOf.parse(day + clock, timezone=zone)
    except InvalidValueError:
        assert clock
    else:
        assert as_of.day == as_of.instant.astimezone(ZoneInfo(zone)).date()
        if not clock:
            assert as_of.day.isoformat() == day


@pytest.mark.parametrize(
    ("instant", "zone"),
    [
        (datetime(9999, 12, 31, 23, 30, tzinfo=UTC), "Europe/Berlin"),
        (datetime(1, 1, 1, tzinfo=UTC), "America/New_York"),
    ],
)
def test_an_instant_without_a_local_day_is_refused(instant, zone):
    for make in (AsOf, lambda *args: AsOf.parse(args[0], timezone=args[1])):
        with pytest.raises(InvalidValueError, match="no local day within the years 1 to 9999"):
            make(instant, zone)


@given(st.text())
def test_no_text_breaks_the_reading_of_a_time_or_a_zone(text):
    for value, zone in ((text, "UTC"), ("2024-01-01", text)):
        with suppress(InvalidValueError):
            AsOf.parse(value, timezone=zone)


@pytest.mark.parametrize(
    "name", ["europe/berlin", "Europe/Berln", "Europe", "", "../UTC", "localtime", None, 3, "a\0"]
)
def test_an_unknown_zone_is_refused(name):
    with pytest.raises(InvalidValueError, match="is not a time zone"):
        check_timezone(name)


def test_an_unknown_zone_is_named_with_the_option_and_the_nearest():
    with pytest.raises(InvalidValueError, match=r"^tz: .*did you mean 'Europe/Berlin'"):
        check_timezone("Europe/Berln", path="tz")


def test_an_as_of_without_a_zone_is_refused():
    with pytest.raises(InvalidValueError, match="without a time zone"):
        AsOf(datetime(2024, 1, 1))
