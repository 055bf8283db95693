from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, timedelta, timezone

import pendulum
import pytest
from drawn_calendars import (
    DAY,
    MICROSECOND,
    PLACES,
    calendars,
    instants,
    open_minutes,
    slow_elapsed,
)
from hypothesis import given
from hypothesis import strategies as st

from custloyal.errors import ConfigurationError, InvalidValueError
from custloyal.models import BusinessCalendar
from custloyal.models.checks import as_instant
from custloyal.models.configuration import from_json, from_toml, to_json, to_toml

BERLIN = BusinessCalendar(
    {"mon-fri": "08:00-20:00"}, timezone="Europe/Berlin", holidays=["2016-11-01"]
)
OFFICE = BusinessCalendar({"mon-fri": "09:00-17:00"})
SHOP = BusinessCalendar(
    {
        "mon-fri": "08:00-20:00",
        "sat": ["09:00-12:00", "13:00-14:30"],
        "sun": "00:00-24:00",
    },
    timezone="Europe/Berlin",
    holidays=["2024-12-25"],
    exceptions={"2024-12-24": "09:00-13:00", "2024-12-31": []},
)
NOTHING = timedelta(0)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@st.composite
def situations(draw, count=2):
    place = draw(st.sampled_from(PLACES))
    return draw(calendars(place)), *(draw(instants(place)) for _ in range(count))


def utc(instant):
    """Python holds a doubled wall time for equal to nothing in another zone."""
    return as_instant(instant)


def exactly(elapsed):
    return elapsed.as_timedelta()


# Reference -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calendar", "start", "minutes", "due"),
    [
        (BERLIN, "2016-11-01T13:56:21", 120, "2016-11-02T09:00"),
        (BERLIN, "2016-11-01T13:56:21", 1200, "2016-11-03T15:00"),
        (OFFICE, "2024-01-19T16:00", 120, "2024-01-22T10:00"),
        (OFFICE, "2024-01-20T10:00", 120, "2024-01-22T11:00"),
        (OFFICE, "2024-01-19T16:00", 60, "2024-01-19T17:00"),
        (OFFICE, "2024-01-19T17:00", 0, "2024-01-19T17:00"),
        (OFFICE, "2024-02-28T16:00", 480 + 60, "2024-02-29T17:00"),
    ],
)
def test_what_is_due_when(calendar, start, minutes, due):
    assert calendar.add(at(start), minutes=minutes) == at(due)
    assert calendar.elapsed(at(start), at(due)).total_minutes() == minutes


def test_time_of_waiting_for_the_customer_is_added_to_what_is_due():
    desk = BusinessCalendar({"mon-sun": "09:00-18:00"})
    waited = desk.elapsed("2024-01-15T10:00Z", "2024-01-15T10:30Z")
    due = desk.add("2024-01-15T09:00Z", minutes=120 + waited.total_minutes())
    assert due == at("2024-01-15T11:30")


def test_seconds_are_absolute_where_a_night_is_an_hour_longer_or_shorter():
    nights = BusinessCalendar({"sat": "22:00-06:00"}, timezone="Europe/Berlin")
    assert nights.elapsed("2024-03-30T12:00Z", "2024-03-31T12:00Z").total_hours() == 7
    assert nights.elapsed("2024-10-26T12:00Z", "2024-10-27T12:00Z").total_hours() == 9


def test_edges_are_the_end_of_a_gap_and_the_first_of_two():
    early = BusinessCalendar({"sun": "02:30-04:00"}, timezone="Europe/Berlin")
    assert utc(early.next_open("2024-03-31T00:00Z")) == at("2024-03-31T01:00")
    assert utc(early.next_open("2024-10-26T23:00Z")) == at("2024-10-27T00:30")
    skipped = BusinessCalendar({"fri": "09:00-17:00"}, timezone="Pacific/Apia")
    assert skipped.elapsed("2011-12-29T00:00Z", "2012-01-02T00:00Z").total_seconds() == 0


def test_a_day_that_comes_again_after_midnight_was_shown_stays_what_it_was():
    # At 00:01 of the 29th the clock goes back to 23:01 of the 28th; the 29th began at 02:30 UTC.
    sundays = BusinessCalendar({"sun": "00:00-24:00"}, timezone="America/St_Johns")
    assert sundays.elapsed("2006-10-29T02:00Z", "2006-10-29T03:00Z").total_minutes() == 30
    assert sundays.is_open("2006-10-29T03:00Z")
    assert not sundays.is_open("2006-10-29T02:29:59.999999Z")


def test_a_stretch_holds_its_opening_and_not_its_closing_time():
    moments = ("08:59:59.999999", "09:00", "16:59:59.999999", "17:00")
    assert [OFFICE.is_open(f"2024-01-19T{moment}Z") for moment in moments] == [
        False,
        True,
        True,
        False,
    ]
    assert utc(OFFICE.next_open("2024-01-19T17:00Z")) == at("2024-01-22T09:00")


def test_a_holiday_closes_its_local_day_and_an_exception_says_all_of_its_own():
    nights = {"mon-sun": "22:00-06:00"}
    plain, holiday, closed, short = (
        BusinessCalendar(nights, holidays=days, exceptions=excepted)
        for days, excepted in [
            ([], {}),
            (["2024-01-10"], {}),
            ([], {"2024-01-10": "closed"}),
            (["2024-01-10"], {"2024-01-10": "23:00-01:00"}),
        ]
    )
    span = "2024-01-09T12:00Z", "2024-01-11T12:00Z"
    hours = [each.elapsed(*span).total_hours() for each in (plain, holiday, closed, short)]
    assert hours == [16, 2 + 6, 2, 2 + 2]


def test_week_holidays_and_exceptions_together():
    assert SHOP.elapsed("2024-12-24T00:00+01:00", "2024-12-25T00:00+01:00").total_hours() == 4
    assert SHOP.elapsed("2024-12-25T00:00+01:00", "2024-12-26T00:00+01:00").total_hours() == 0
    assert SHOP.elapsed("2024-12-28T00:00+01:00", "2024-12-30T00:00+01:00").total_hours() == 28.5
    assert not SHOP.is_open("2024-12-31T10:00+01:00")


def test_always_is_plain_time():
    always = BusinessCalendar.always()
    start, end = at("1903-02-03T04:05:06.789012"), at("2187-06-05T04:03:02.101234")
    assert exactly(always.elapsed(start, end - 200 * 365 * DAY)) == end - 200 * 365 * DAY - start
    assert always.next_open(start) == start
    assert always.add(start, seconds=1e-6) == start + MICROSECOND


# Laws ----------------------------------------------------------------------------------------


@given(situations())
def test_elapsed_is_what_the_clock_shows_minute_by_minute(situation):
    calendar, start, end = situation
    assert exactly(calendar.elapsed(start, end)) == slow_elapsed(calendar, start, end)


@given(situations(1))
def test_open_is_what_the_clock_shows(situation):
    calendar, instant = situation
    minute = instant.replace(second=0, microsecond=0)
    said = open_minutes(calendar, minute, minute + 2 * DAY)
    assert calendar.is_open(instant) == said[minute]
    following = [each for each, is_open in said.items() if is_open and each > minute]
    expected = instant if said[minute] else min(following, default=None)
    if expected:
        assert utc(calendar.next_open(instant)) == expected


@given(situations(1))
def test_it_closes_where_it_is_first_not_open(situation):
    calendar, instant = situation
    later = instant + 20 * 365 * DAY
    if exactly(calendar.elapsed(instant, later)) == later - instant:
        with pytest.raises(InvalidValueError, match="closing"):
            calendar.next_close(instant)
        return
    in_zone = calendar.next_close(instant)
    assert in_zone.timezone_name == calendar.timezone
    closes = utc(in_zone)
    assert not calendar.is_open(closes)
    assert exactly(calendar.elapsed(instant, closes)) == closes - instant
    assert (closes == instant) is not calendar.is_open(instant)


@given(situations(1), st.integers(-60, 60), st.integers(0, 10**15))
def test_far_apart_it_is_the_sum_of_what_is_open_between(situation, years, amount):
    calendar, instant = situation
    other = instant.replace(year=instant.year + years, day=1)
    first, last = sorted((instant, other))
    edges = calendar.openings(first.date() - 2 * DAY, last.date() + 2 * DAY)
    low, high = ((each - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND for each in (first, last))
    between = sum(max(0, min(closes, high) - max(opens, low)) for opens, closes in edges)
    assert exactly(calendar.elapsed(first, last)) == between * MICROSECOND
    due = calendar.add(instant, seconds=amount / 10**6)
    assert exactly(calendar.elapsed(instant, due)) == amount * MICROSECOND


@given(situations(1), st.integers(0, 90 * 3600 * 10**6))
def test_as_much_as_was_added_has_passed_and_not_a_microsecond_earlier(situation, amount):
    calendar, start = situation
    in_zone = calendar.add(start, seconds=amount / 10**6)
    assert in_zone.timezone_name == calendar.timezone
    due = utc(in_zone)
    assert exactly(calendar.elapsed(start, due)) == timedelta(microseconds=amount)
    if amount:
        assert exactly(calendar.elapsed(start, due - MICROSECOND)) < timedelta(microseconds=amount)
    else:
        assert due == start


@given(situations())
def test_adding_what_has_elapsed_leads_to_the_end_or_to_closing_time_before_it(situation):
    calendar, *edges = situation
    start, end = sorted(edges)
    elapsed = exactly(calendar.elapsed(start, end))
    back = utc(calendar.add(start, seconds=elapsed / timedelta(seconds=1)))
    assert back <= end
    closing = calendar.is_open(end - MICROSECOND) and end > start
    if calendar.is_open(end) and (elapsed or start == end):
        assert back == end or not calendar.is_open(end - MICROSECOND)
    elif closing and elapsed:
        assert back == end
    assert calendar.elapsed(back, end).total_seconds() == 0


@given(situations(3))
def test_elapsed_adds_up_and_turns_its_sign(situation):
    calendar, first, second, third = situation
    parts = calendar.elapsed(first, second), calendar.elapsed(second, third)
    assert exactly(parts[0]) + exactly(parts[1]) == exactly(calendar.elapsed(first, third))
    assert exactly(calendar.elapsed(second, first)) == -exactly(parts[0])


@given(situations(1))
def test_openings_are_in_order_and_apart_and_say_what_elapsed_says(situation):
    calendar, instant = situation
    day = instant.date()
    found = calendar.openings(day - 3 * DAY, day + 3 * DAY)
    edges = [edge for stretch in found for edge in stretch]
    assert edges == sorted(set(edges))
    for opens, closes in found:
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        since, until = (epoch + edge * MICROSECOND for edge in (opens, closes))
        assert exactly(calendar.elapsed(since, until)) == until - since


# Values --------------------------------------------------------------------------------------


def test_calendars_that_mean_the_same_are_equal():
    other = BusinessCalendar(
        {"Monday-thu": ["08:00-20:00"], "FRI": "8:00-20:00", "sat": []},
        timezone="Europe/Berlin",
        holidays={pendulum.date(2016, 11, 1)},
        exceptions={},
    )
    assert other == BERLIN
    assert hash(other) == hash(BERLIN)
    assert pickle.loads(pickle.dumps(SHOP)) == SHOP
    assert {date(2024, 12, 24), date(2024, 12, 31)} == {
        date.fromisoformat(day) for day in SHOP.exceptions
    }


def test_a_range_may_reach_over_the_end_of_the_week_and_a_list_may_name_days():
    calendar = BusinessCalendar({"sat-mon": "10:00-11:00", "wed, fri": "12:00-13:00"})
    assert list(calendar.hours) == ["mon", "wed", "fri", "sat", "sun"]


def test_instants_come_in_every_form_with_a_zone():
    for form in (
        at("2024-01-19T16:00"),
        at("2024-01-19T16:00").astimezone(timezone(timedelta(hours=5, minutes=45))),
        pendulum.datetime(2024, 1, 19, 17, tz="Europe/Berlin"),
        "2024-01-19T16:00:00Z",
        " 2024-01-19 17:00+01:00 ",
    ):
        assert OFFICE.add(form, hours=2) == at("2024-01-22T10:00")


def test_configurations_bring_it_back():
    for calendar in (BERLIN, OFFICE, SHOP, BusinessCalendar.always()):
        assert from_json(BusinessCalendar, to_json(calendar)) == calendar
        assert from_toml(BusinessCalendar, to_toml(calendar)) == calendar


def test_a_configuration_may_be_written_as_people_write():
    text = """
        timezone = "Europe/Berlin"
        holidays = [2024-12-25]
        [hours]
        mon-fri = "08:00-20:00"
        sat = ["09:00-12:00", "13:00-14:30"]
        sun = "00:00-24:00"
        [exceptions]
        2024-12-24 = "09:00-13:00"
        2024-12-31 = "closed"
    """
    assert from_toml(BusinessCalendar, text) == SHOP


# The holidays package ------------------------------------------------------------------------


def test_holidays_that_fill_themselves_are_asked_for_every_year():
    holidays = pytest.importorskip("holidays", reason="needs the extra 'holidays'")
    germany = holidays.country_holidays("DE", subdiv="BY")
    calendar = BusinessCalendar({"mon-sun": "09:00-17:00"}, holidays=germany)
    assert not germany, "the caller's mapping is not filled"
    for year in (1995, 2024, 2099):
        assert date(year, 1, 1) in calendar.holidays
        assert not calendar.is_open(datetime(year, 11, 1, 12, tzinfo=UTC))
    given_years = holidays.country_holidays("DE", subdiv="BY", years=2024)
    assert BusinessCalendar({"mon-sun": "09:00-17:00"}, holidays=given_years) == calendar


def test_holidays_that_do_not_fill_themselves_are_taken_as_they_are():
    holidays = pytest.importorskip("holidays", reason="needs the extra 'holidays'")
    only = holidays.country_holidays("US", years=[2024], expand=False)
    calendar = BusinessCalendar({"mon-sun": "09:00-17:00"}, holidays=only)
    assert {day.year for day in calendar.holidays} == {2024}


# Bad input -----------------------------------------------------------------------------------


def mistakes(*args, **kwargs):
    with pytest.raises(InvalidValueError) as caught:
        BusinessCalendar(*args, **kwargs)
    return [str(mistake) for mistake in caught.value.mistakes]


def test_everything_that_is_wrong_is_named_at_once():
    found = mistakes(
        {"mon-fri": "08:00-08:00", "tus": "09:00-12:00", "sat": "9-5", "sun": 7},
        timezone="Europe/Berln",
        holidays=["2024-12-25", "Christmas"],
        exceptions={"2024-02-30": "closed", "2024-12-24": ["09:00-12:00", "11:00-13:00"]},
    )
    stretch = '(write "08:00-20:00", a list of such texts, or "closed")'
    whole = '(write "00:00-24:00" for a whole day, "closed" for none)'
    overlap = "09:00-12:00 overlaps 11:00-13:00 (close before the next stretch opens)"
    assert found == [
        f"hours.mon-fri: '08:00-08:00' is empty {whole}",
        "hours: 'tus' is no day of the week (did you mean 'tue'?)",
        f"hours.sat: '9-5' is no stretch of time {stretch}",
        f"hours.sun: is 7, must be the hours of a day {stretch}",
        "timezone: 'Europe/Berln' is not a time zone (did you mean 'Europe/Berlin'?)",
        "holidays[1]: 'Christmas' is not a day (write \"2024-12-25\" or give a date)",
        "exceptions: '2024-02-30' is not a day (write \"2024-12-24\" or give a date)",
        f"exceptions.2024-12-24: {overlap}",
    ]


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ({"mon": ["09:00-12:00", "11:59-13:00"]}, "hours.mon: 09:00-12:00 overlaps 11:59-13:00"),
        ({"mon": "22:00-06:00", "tue": "05:59-07:00"}, "22:00-06:00 of mon overlaps 05:59-07:00"),
        ({"sun": "22:00-06:00", "mon": "05:00-07:00"}, "22:00-06:00 of sun overlaps 05:00-07:00"),
        ({"mon-sun": "20:00-21:00", "sat": "09:00-10:00"}, "hours.sat: names sat, which is named"),
        ({"mon,mon": "20:00-21:00"}, "names mon, which is named already"),
        ({"mon-wed-fri": "20:00-21:00"}, 'write a range such as "mon-fri"'),
        ({"mon": "24:00-06:00"}, "is no stretch of time"),
        ({"mon": "08:60-09:00"}, "is no stretch of time"),
        ({"mon": "08:00-24:01"}, "is no stretch of time"),
        ({3: "08:00-09:00"}, "'3' is no day of the week"),
        ({}, "hours: are never open"),
        ({"mon-sun": "closed"}, "hours: are never open"),
        ("08:00-20:00", "hours: is '08:00-20:00', must be hours by day"),
        (None, "must be hours by day"),
    ],
)
def test_hours_that_are_no_hours_are_refused(hours, said):
    (found,) = mistakes(hours)
    assert said in found


def test_stretches_that_touch_are_fine():
    joined = BusinessCalendar({"mon": ["09:00-12:00", "12:00-14:00"], "tue": "22:00-06:00"})
    assert joined.elapsed("2024-01-15T00:00Z", "2024-01-16T00:00Z").total_hours() == 5
    touching = BusinessCalendar({"mon": "22:00-06:00", "tue": "06:00-07:00"})
    assert len(touching.openings(date(2024, 1, 15), date(2024, 1, 16))) == 1


def test_an_exception_that_lasts_into_the_next_day_is_refused():
    hours = {"mon-sun": "05:00-13:00"}
    (found,) = mistakes(hours, exceptions={"2024-01-10": "22:00-06:00"})
    assert "exceptions.2024-01-10: 22:00-06:00 overlaps 05:00-13:00 of the day after" in found
    BusinessCalendar(hours, exceptions={"2024-01-10": "22:00-06:00", "2024-01-11": "closed"})


@pytest.mark.parametrize("holidays", ["2024-12-25", 5, [datetime(2024, 1, 1)], [None]])
def test_holidays_that_are_no_days_are_refused(holidays):
    assert "holidays" in mistakes({"mon": "09:00-10:00"}, holidays=holidays)[0]


@pytest.mark.parametrize("exceptions", [["2024-12-25"], {5: "closed"}, {"2024-12-25": None}])
def test_exceptions_that_are_none_are_refused(exceptions):
    assert "exceptions" in mistakes({"mon": "09:00-10:00"}, exceptions=exceptions)[0]


def test_a_date_that_stands_twice_is_refused():
    twice = {"2024-12-24": "closed", date(2024, 12, 24): "closed"}
    assert "stands twice" in mistakes({"mon": "09:00-10:00"}, exceptions=twice)[0]


def test_a_configuration_names_everything_at_once():
    text = 'timezone = "Berlin"\nholidays = ["never"]\n[hours]\nmon = ["09:00-09:00", 5]\n'
    with pytest.raises(ConfigurationError) as caught:
        from_toml(BusinessCalendar, text, source="rules.toml: calendars.office")
    paths = [mistake.path.removeprefix("rules.toml: ") for mistake in caught.value.mistakes]
    prefix = "calendars.office: "
    assert paths == [
        prefix + path for path in ("hours.mon", "hours.mon", "timezone", "holidays[0]")
    ]


@pytest.mark.parametrize("value", [datetime(2024, 1, 1), "2024-01-01T10:00", "soon", None, 5])
def test_what_is_no_instant_is_refused(value):
    with pytest.raises(InvalidValueError) as caught:
        OFFICE.elapsed(value, value)
    assert [mistake.path for mistake in caught.value.mistakes] == ["start", "end"]
    for ask in (OFFICE.is_open, OFFICE.next_open, OFFICE.add):
        with pytest.raises(InvalidValueError):
            ask(value)


def test_amounts_below_nothing_are_refused():
    with pytest.raises(InvalidValueError, match="hours: is -1, must be a number of at least 0"):
        OFFICE.add("2024-01-19T16:00Z", hours=-1)


def test_a_search_ends_where_nothing_opens_any_more():
    once = BusinessCalendar({}, exceptions={"2024-01-10": "09:00-10:00"})
    assert once.next_open("2023-06-01T00:00Z") == at("2024-01-10T09:00")
    assert once.elapsed("1950-01-01T00:00Z", "2050-01-01T00:00Z").total_hours() == 1
    for ask in (lambda: once.next_open("2024-01-10T10:00Z"), lambda: once.add("2024Z", hours=2)):
        with pytest.raises(InvalidValueError):
            ask()
    assert once.next_close("2024-01-10T09:30Z") == at("2024-01-10T10:00")
    assert once.next_close("2024-01-10T10:00Z") == at("2024-01-10T10:00")
    with pytest.raises(InvalidValueError, match="has no closing for 20 years after 2024-01-09"):
        BusinessCalendar.always().next_close("2024-01-09T00:00Z")
    with pytest.raises(InvalidValueError, match="has no opening for 20 years after 2024-01-09"):
        once.add("2024-01-09T00:00Z", hours=1.0001)
    assert once.add("2024-01-09T00:00Z", hours=1) == at("2024-01-10T10:00")


def test_the_first_and_the_last_days_that_can_be_written():
    always = BusinessCalendar({"mon-sun": "00:00-24:00"}, timezone="America/New_York")
    last = "9999-12-31T23:00:00+00:00"
    assert always.is_open(last)
    assert always.is_open("0001-01-03T00:00:00+00:00")
    with pytest.raises(InvalidValueError):
        OFFICE.add(last, hours=100)
