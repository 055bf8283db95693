from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import inf, nan

import duckdb
import polars as pl
import pytest
from drawn_calendars import DAY, MICROSECOND, PLACES, WEEKS, calendars, instants
from hypothesis import given
from hypothesis import strategies as st

from custloyal.business_time import with_added, with_elapsed, with_is_open, with_next_open
from custloyal.engines import opened
from custloyal.errors import DataError, MissingColumnError
from custloyal.fold import Source, business_instant, business_time
from custloyal.fold.source import derived_key
from custloyal.models import BusinessCalendar
from custloyal.models.checks import as_instant
from engines import every_backend, every_engine, sparingly

OFFICE = BusinessCalendar({"mon-fri": "09:00-17:00"})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def by_id(backend, frame):
    """Rows in the order in which they were given: DuckDB may join them in another."""
    return sorted(backend.rows(frame), key=lambda row: row["interaction_id"])


def frame_of(backend, **columns):
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return backend.frame([{"interaction_id": n, **row} for n, row in enumerate(rows)], columns=())


def agrees(backend, calendar, starts, ends, seconds):
    """Whether every column says what the calendar says of each row, to the microsecond."""
    frame = frame_of(backend, asked=starts, answered=ends, allowed_s=seconds)
    frame = with_elapsed(frame, calendar, start="asked", end="answered")
    frame = with_added(frame, calendar, start="asked", seconds="allowed_s")
    frame = with_is_open(frame, calendar, instant="asked")
    frame = with_next_open(frame, calendar, instant="asked")
    for row in by_id(backend, frame):
        start = row["asked"]
        elapsed = calendar.elapsed(start, row["answered"]).as_timedelta()
        assert row["elapsed_business_s"] == (elapsed // MICROSECOND) / 1_000_000
        assert row["due_at"] == as_instant(calendar.add(start, seconds=row["allowed_s"]))
        assert row["is_open"] == calendar.is_open(start)
        assert row["next_open_at"] == as_instant(calendar.next_open(start))


EDGES = [
    datetime.combine(day, datetime.min.time(), UTC) + quarter * timedelta(minutes=15) + more
    for day in sorted({day for _, day in PLACES})
    for quarter in range(-100, 196, 3)
    for more in (-MICROSECOND, timedelta(0), MICROSECOND)
]
"""About every change of a clock: at full quarters of an hour, and a microsecond to either side."""


@every_engine
@pytest.mark.parametrize(
    "place", [0, 2, 4, 6, 7, 9, 10], ids=lambda place: "{} {}".format(*PLACES[place])
)
def test_columns_say_what_the_calendar_says_at_every_edge(backend, place):
    zone, day = PLACES[place]
    calendar = BusinessCalendar(
        WEEKS[place % len(WEEKS)],
        timezone=zone,
        holidays=[day + DAY],
        exceptions={day - DAY: "10:00-10:20"},
    )
    near = [edge for edge in EDGES if abs(edge.date() - day) < 3 * DAY]
    amounts = [(number * 7919 * 10**6 % (40 * 3600 * 10**6)) / 10**6 for number in range(len(near))]
    agrees(backend, calendar, near, near[7:] + near[:7], amounts)


@every_engine
@sparingly
@given(st.data())
def test_columns_say_what_the_calendar_says(backend, data):
    place = data.draw(st.sampled_from(PLACES))
    calendar = data.draw(calendars(place))
    starts, ends = (data.draw(st.lists(instants(place), min_size=5, max_size=5)) for _ in range(2))
    micros = data.draw(
        st.lists(
            st.sampled_from([0, 1, 3600 * 10**6]) | st.integers(0, 10**12), min_size=5, max_size=5
        )
    )
    agrees(backend, calendar, starts, ends, [each / 10**6 for each in micros])


@every_engine
def test_days_before_1970_and_leap_days(backend):
    starts = [at("1950-01-03T08:59:59.999999"), at("1968-02-28T16:00"), at("2096-02-28T16:30")]
    ends = [at("1951-01-01T00:00"), at("1968-03-01T09:00:00.000001"), at("2096-03-01T09:00")]
    agrees(backend, OFFICE, starts, ends, [0.000001, 9 * 3600.0, 3600.0])


@every_engine
def test_hours_whose_slots_would_be_too_many(backend):
    odd = BusinessCalendar({"mon-fri": ["08:07-12:01", "12:13-17:29"]}, timezone="Europe/Berlin")
    edges = [at(f"2024-03-0{day}T{hour}:00") for day in (1, 4, 5) for hour in range(10, 20)]
    walls = [edge.replace(minute=minute) for edge in edges for minute in (1, 7, 13, 29)]
    agrees(backend, odd, walls, walls[3:] + walls[:3], [60.0 * n for n in range(len(walls))])


@every_engine
def test_a_calendar_that_opens_in_no_year_that_tables_know(backend):
    later = BusinessCalendar({}, exceptions={"2150-01-05": "09:00-10:00"})
    frame = frame_of(backend, asked=[at("2024-03-01T10:00")], answered=[at("2024-03-04T10:00")])
    frame = with_elapsed(frame, later, start="asked", end="answered")
    frame = with_next_open(with_added(frame, later, start="asked", hours=1), later, instant="asked")
    [row] = by_id(backend, frame)
    assert row["elapsed_business_s"] == 0
    assert row["due_at"] is None
    assert row["next_open_at"] is None


@every_engine
def test_days_with_many_stretches_and_stretches_of_many_days(backend):
    minutes = [f"{hour:02}:00-{hour:02}:{hour + 7}" for hour in range(3, 24)]
    breaks = BusinessCalendar({"tue": minutes, "wed-sun": "00:00-24:00"}, timezone="Asia/Kolkata")
    edges = [at(f"2024-03-{day:02}T00:00") for day in range(1, 20)]
    walls = [edge + n * timedelta(minutes=97, microseconds=1) for n, edge in enumerate(edges)]
    agrees(backend, breaks, walls, walls[5:] + walls[:5], [3600.0 * n for n in range(len(walls))])


@every_backend
def test_the_reference_cases_in_every_library(backend):
    berlin = BusinessCalendar(
        {"mon-fri": "08:00-20:00"}, timezone="Europe/Berlin", holidays=["2016-11-01"]
    )
    start = at("2016-11-01T13:56:21")
    frame = frame_of(backend, asked=[start, start], allowed_minutes=[120, 1200], word=["a", "b"])
    due = with_added(frame, berlin, start="asked", minutes="allowed_minutes")
    assert [row["due_at"] for row in by_id(backend, due)] == [
        at("2016-11-02T09:00"),
        at("2016-11-03T15:00"),
    ]
    counted = with_elapsed(due, berlin, start="asked", end="due_at")
    assert [row["elapsed_business_s"] for row in by_id(backend, counted)] == [7200.0, 72000.0]
    assert [row["word"] for row in by_id(backend, counted)] == ["a", "b"]
    fixed = with_added(frame, berlin, start="asked", hours=1, minutes=60, name="due")
    assert {row["due"] for row in by_id(backend, fixed)} == {at("2016-11-02T09:00")}


@every_backend
def test_what_is_not_known_stays_so(backend):
    known, later = at("2024-01-19T16:00"), at("2024-01-22T10:00")
    frame = frame_of(
        backend,
        asked=[known, None, None, at("1949-12-31T23:59:59.999999"), at("2100-01-01T00:00")],
        answered=[None, later, None, later, later],
        allowed_s=[None, 1.0, None, 1.0, 1.0],
    )
    frame = with_elapsed(frame, OFFICE, start="asked", end="answered")
    frame = with_added(frame, OFFICE, start="asked", seconds="allowed_s")
    frame = with_is_open(frame, OFFICE, instant="asked")
    frame = with_next_open(frame, OFFICE, instant="asked")
    for number, row in enumerate(by_id(backend, frame)):
        unknown = ["elapsed_business_s", "due_at", "is_open", "next_open_at"][
            : 2 if not number else 4
        ]
        assert all(row[name] is None or row[name] != row[name] for name in unknown), row


@every_engine
def test_amounts_that_are_none_have_no_due_time(backend):
    start = at("2024-01-20T10:00")
    amounts = [0.0, -1.0, nan, inf, 1e300, 5e9]
    frame = frame_of(backend, asked=[start] * len(amounts), amount=amounts)
    due = with_added(frame, OFFICE, start="asked", seconds="amount")
    assert [row["due_at"] for row in by_id(backend, due)] == [start] + [None] * 5


def test_the_frame_is_not_changed_and_its_other_columns_stay_as_they_are():
    frame = pl.DataFrame(
        {"when": [datetime(2024, 1, 19, 16)], "kind": ["a"]},
        schema={"when": pl.Datetime("ms"), "kind": pl.Enum(["a", "b"])},
    )
    for brought in (frame, frame.lazy()):
        more = with_next_open(brought, OFFICE, instant="when", timezone="Europe/Berlin")
        schema = more.lazy().collect_schema()
        assert dict(schema) == {**frame.schema, "next_open_at": pl.Datetime("us", "UTC")}
        assert more.lazy().collect()["next_open_at"].item() == at("2024-01-19T15:00")
        assert brought.lazy().collect().equals(frame)
    relation = duckdb.sql("SELECT TIMESTAMP '2024-01-19 16:00:00' AS w, 'x' AS part_0")
    more = with_next_open(relation, OFFICE, instant="w", timezone="UTC")
    assert list(map(str, more.types)) == ["TIMESTAMP", "VARCHAR", "TIMESTAMP WITH TIME ZONE"]


def test_a_pandas_frame_keeps_its_index():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"w": [pandas.Timestamp("2024-01-19T16:00Z")] * 2}, index=["b", "a"])
    frame["end"] = frame["w"] + pandas.to_timedelta([60, 7200], unit="s")
    more = with_elapsed(frame, OFFICE, start="w", end="end")
    assert more["elapsed_business_s"].to_dict() == {"b": 60.0, "a": 3600.0}


@every_backend
def test_all_that_is_wrong_is_named_at_once(backend):
    frame = frame_of(backend, asked=[datetime(2024, 1, 1)], word=["x"], ended=[at("2024-01-02")])
    with pytest.raises(DataError) as caught:
        with_elapsed(frame, OFFICE, start="asked", end="word", name="ended")
    assert [mistake.path for mistake in caught.value.mistakes] == ["asked", "word", "name"]
    with pytest.raises(DataError) as caught:
        with_elapsed(frame, {"mon": "09:00-17:00"}, start="ended", end="ended", name="")
    assert [mistake.path for mistake in caught.value.mistakes] == ["calendar", "name"]
    with pytest.raises(MissingColumnError, match="did you mean 'ended'"):
        with_elapsed(frame, OFFICE, start="endet", end="ended")
    with pytest.raises(DataError) as caught:
        with_added(frame, OFFICE, start="asked", hours=-1, seconds="word", timezone="Berlin")
    paths = [mistake.path for mistake in caught.value.mistakes]
    assert paths == ["hours", "word", "timezone"]


# In folds ------------------------------------------------------------------------------------


@every_engine
def test_a_source_may_let_business_time(backend):
    other = BusinessCalendar.always()
    source = (
        Source(frozenset({"occurred_at", "interaction_id"}))
        .let(
            office=business_time("occurred_at", OFFICE),
            same=business_time("occurred_at", OFFICE),
            plain=business_time("occurred_at", other),
        )
        .let(back=business_instant("office", OFFICE), there=business_instant("plain", other))
    )
    moments = [at("2024-01-19T16:00"), at("2024-01-20T10:00"), at("2024-01-22T10:00")]
    table, home = opened(frame_of(backend, occurred_at=moments))
    table = home.engine.with_utc(table, column="occurred_at", timezone=None)
    for step in source.steps:
        table = step.apply(table, home.engine, [])
    rows = by_id(backend, table.collect().to_native()) if backend.name == "polars" else None
    found = table.collect("polars").sort("interaction_id")
    office, plain = found["office"].to_list(), found["plain"].to_list()
    assert [later - earlier for earlier, later in pairwise(office)] == [3600 * 10**6] * 2
    assert [b - a for a, b in pairwise(plain)] == [18 * 3600 * 10**6, 48 * 3600 * 10**6]
    assert found["same"].to_list() == office
    assert found["there"].to_list() == [moment.replace(tzinfo=None) for moment in moments]
    assert found["back"].to_list()[1] == datetime(2024, 1, 19, 17)
    assert rows is None or len(rows) == len(moments)


def test_derived_columns_are_equal_where_calendars_are():
    alike = BusinessCalendar(dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00"))
    other = BusinessCalendar({"mon-fri": "09:00-17:00"}, holidays=[date(2024, 1, 1)])
    key = derived_key(business_time("a", OFFICE))
    assert derived_key(business_time("a", alike)) == key
    different = [
        business_time("b", OFFICE),
        business_time("a", other),
        business_instant("a", OFFICE),
    ]
    assert len({key, *map(derived_key, different)}) == 4
