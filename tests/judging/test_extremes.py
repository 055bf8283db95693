"""Verdicts at the ends of what numbers and times can hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import duckdb
import narwhals as nw
import polars as pl
import pytest

from custloyal import History, ServiceRule, judge
from custloyal.rules import at_least, at_most, where, within

NINE = datetime(2024, 5, 6, 9, tzinfo=UTC)
by_engine = pytest.mark.parametrize(
    "brought",
    [lambda table: table, lambda table: duckdb.from_arrow(table.to_arrow())],
    ids=["polars", "duckdb"],
)


def rule(promise):
    return ServiceRule(
        name="rule",
        population=where(kind="question"),
        promise=promise,
        target=0.9,
        window="month",
        owner="desk",
    )


def rows(*told, **columns):
    table = pl.DataFrame(
        [(at, kind) for at, kind in told], schema=["occurred_at", "kind"], orient="row"
    )
    return table.with_columns(
        customer_id=pl.lit("ann"), case_id=pl.lit("c"), **{n: pl.lit(v) for n, v in columns.items()}
    )


@by_engine
def test_late_minutes_beyond_64_bits_of_microseconds_add_up(brought):
    asked = pl.DataFrame({"n": range(150_000)}).select(
        customer_id=pl.lit("ann"),
        case_id=pl.col("n").cast(str),
        kind=pl.lit("question"),
        occurred_at=pl.lit(datetime(2021, 1, 1, tzinfo=UTC)),
    )
    history = History.from_native(brought(asked), timezone="UTC")
    promise = within(hours=2, until=where(kind="reply"))
    (said,) = judge(history, rule(promise), as_of="2024-01-01").attainment().to_dicts()
    late = datetime(2024, 1, 2, tzinfo=UTC) - datetime(2021, 1, 1, 2, tzinfo=UTC)
    assert said["over_minutes"] == pytest.approx(150_000 * (late / timedelta(minutes=1)), rel=1e-9)


@by_engine
def test_a_clock_runs_on_from_the_last_row_where_a_column_orders_them(brought):
    told = [
        (NINE, "question"),
        (NINE + timedelta(hours=5), "other"),
        (NINE + timedelta(hours=1), "other"),
    ]
    table = rows(*told).with_columns(n=pl.Series([1, 2, 3]))
    history = History.from_native(brought(table), timezone="UTC", order="n")
    as_of = NINE + timedelta(hours=8)
    (said,) = judge(history, rule(within(hours=8)), as_of=as_of).to_dicts()
    assert (said["value"], said["verdict"]) == (8 * 3_600, "pending")
    assert said["due_at"] == as_of


@by_engine
def test_a_clock_in_years_that_no_calendar_knows_is_not_known(brought):
    told = [(datetime(1940, 1, 1, tzinfo=UTC), "question"), (NINE, "reply")]
    history = History.from_native(brought(rows(*told)), timezone="UTC")
    (said,) = judge(history, rule(within(hours=2))).to_dicts()
    assert (said["verdict"], said["value"]) == ("unknown", None)


@by_engine
@pytest.mark.parametrize(("wait_s", "verdict"), [(246.0, "met"), (246.000001, "missed")])
def test_minutes_are_compared_exactly(brought, wait_s, verdict):
    history = History.from_native(brought(rows((NINE, "question"), wait_s=wait_s)), timezone="UTC")
    promise = at_most(4.1, "minutes", of="wait_s")
    (said,) = judge(history, rule(promise)).to_dicts()
    assert said["verdict"] == verdict


@by_engine
def test_what_was_answered_while_closed_is_not_open(brought):
    told = [(NINE, "question"), (NINE + timedelta(hours=9), "reply")]
    history = History.from_native(brought(rows(*told)), timezone="UTC")
    verdicts = judge(history, rule(within(hours=2)), as_of=date(2024, 5, 7))
    (said,) = verdicts.to_dicts()
    assert said["verdict"] == "missed"
    assert said["ended_at"] == NINE + timedelta(hours=9)
    rejected = nw.from_native(verdicts.in_history().rejected).lazy().collect("polars")
    assert len(rejected) == 0


@by_engine
@pytest.mark.parametrize(
    ("promise", "said"),
    [
        (at_most(2, "rings"), ["unknown", "missed", "met"]),
        (at_least(1, "rings"), ["unknown", "met", "met"]),
        (at_most(30, "seconds", of="wait_s"), ["unknown", "unknown", "met"]),
        (at_most(0, "days", of="delay_days"), ["met", "met", "missed"]),
    ],
    ids=str,
)
def test_less_than_no_rings_are_not_known(brought, promise, said):
    table = pl.DataFrame(
        {
            "customer_id": ["ann"] * 3,
            "kind": ["question"] * 3,
            "occurred_at": [NINE + timedelta(days=day) for day in range(3)],
            "rings": [-1, 3, None],
            "wait_s": [-0.5, -0.5, 11.0],
            "delay_days": [-1.0, 0.0, 0.5],
        }
    )
    verdicts = judge(History.from_native(brought(table)), rule(promise), as_of="2024-06-01")
    told = sorted(verdicts.to_dicts(), key=lambda row: row["occurred_at"])
    assert [row["verdict"] for row in told] == said


@by_engine
@pytest.mark.parametrize(
    ("scale", "said"),
    [
        ({"rating_min": 0.0, "rating_max": 10.0}, ["met", "unknown", "unknown"]),
        ({"rating_max": 10.0}, ["met", "unknown", "missed"]),
        ({"rating_max": None}, ["met", "met", "missed"]),
        ({}, ["met", "met", "missed"]),
    ],
)
def test_a_rating_off_its_scale_is_not_known(brought, scale, said):
    table = pl.DataFrame(
        {
            "customer_id": ["ann"] * 3,
            "kind": ["question"] * 3,
            "occurred_at": [NINE + timedelta(days=day) for day in range(3)],
            "rating": [10, 11, -1],
        }
    ).with_columns(**{name: pl.lit(value, pl.Float64) for name, value in scale.items()})
    verdicts = judge(
        History.from_native(brought(table)), rule(at_least(9, "rating")), as_of="2024-06-01"
    )
    told = sorted(verdicts.to_dicts(), key=lambda row: row["occurred_at"])
    assert [row["verdict"] for row in told] == said
