"""Hand-offs equal the reference on every backend, whatever the order of the input."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from comparing import assert_same, history_of, instant_of, read_rows
from custloyal import HandOffs, History
from custloyal.metrics import HandOffMatrix
from custloyal.models import Kind
from custloyal.testing import as_ofs, rows
from engines import every_backend, sparingly

replies = rows(min_size=5, max_size=30, kinds=[Kind.REPLY, Kind.QUESTION, Kind.RESOLUTION])
holders = pytest.mark.parametrize("by", ["department", "agent_id"])


def in_cases(drawn):
    """Most rows in two cases, so that cases grow long."""
    return [{"case_id": ("c1", "c2")[n % 2], **row} for n, row in enumerate(drawn)]


@every_backend
@holders
@given(data=st.data())
@sparingly
def test_hand_offs_equal_the_reference(backend, by, data):
    drawn = in_cases(data.draw(replies))
    as_of = data.draw(as_ofs(drawn))
    history, accepted = history_of(backend, drawn)
    expected = reference.handoffs(accepted, instant_of(as_of, "UTC"), by)
    assert_same(read_rows(backend, history, HandOffs(by=by), as_of), expected, "case_id")


@every_backend
@given(data=st.data())
@sparingly
def test_the_matrix_equals_the_reference(backend, data):
    drawn = in_cases(data.draw(replies))
    as_of = data.draw(as_ofs(drawn))
    history, accepted = history_of(backend, drawn)
    expected = reference.handoff_matrix(accepted, instant_of(as_of, "UTC"))
    actual = read_rows(backend, history, HandOffMatrix(), as_of)
    assert_same(actual, expected, "from_holder", "to_holder")


NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def case(holders, **columns):
    """Rows at one time, in the order of the holders."""
    return [
        {
            "customer_id": "ann",
            "occurred_at": NOON,
            "kind": "reply",
            "case_id": "c1",
            "department": None if holder == "-" else holder,
            **{name: values[place] for name, values in columns.items()},
        }
        for place, holder in enumerate(holders)
    ]


@every_backend
@pytest.mark.parametrize(
    ("holders", "handoffs", "ping_pongs"),
    [
        ("A", 0, 0),
        ("AAB", 1, 0),
        ("ABA", 2, 1),
        ("ABBA", 2, 1),
        ("A-BA", 2, 1),
        ("AB-B-A", 2, 1),
        ("ABAB", 3, 2),
        ("ABC", 2, 0),
        ("ABCA", 3, 0),
    ],
)
def test_changes_and_returns(backend, holders, handoffs, ping_pongs):
    # Without interaction ids the place in the input breaks the ties in time.
    frame = backend.frame(case(holders))
    [read] = read_rows(backend, History.from_native(frame), HandOffs(), date(2024, 5, 1))
    assert (read["handoff_count"], read["ping_pong_count"]) == (handoffs, ping_pongs)


@every_backend
def test_ids_break_ties_in_time_before_places_do(backend):
    rows = case("ABAB", interaction_id=["1", "3", "2", "4"])
    [read] = read_rows(backend, History.from_native(backend.frame(rows)), HandOffs(), NOON)
    assert (read["handoff_count"], read["ping_pong_count"]) == (1, 0)


@every_backend
def test_whole_numbers_order_as_numbers(backend):
    rows = case("BBA", interaction_id=[9, 10, 100])
    [read] = read_rows(backend, History.from_native(backend.frame(rows)), HandOffs(), NOON)
    assert read["handoff_count"] == 1


@every_backend
def test_places_break_ties_where_ids_are_unknown(backend):
    rows = case("AABB" * 5_000, interaction_id=[None] * 20_000)
    [read] = read_rows(backend, History.from_native(backend.frame(rows)), HandOffs(), NOON)
    assert read["handoff_count"] == 9_999


@every_backend
def test_a_named_column_orders_in_place_of_time(backend):
    rows = case("ABAB", step=[1, 3, 2, 4])
    history = History.from_native(backend.frame(rows), order="step")
    [read] = read_rows(backend, history, HandOffs(), NOON)
    assert (read["handoff_count"], read["ping_pong_count"]) == (1, 0)


@every_backend
def test_a_case_that_nobody_held_has_no_reading(backend):
    history = History.from_native(backend.frame(case("--")))
    assert read_rows(backend, history, HandOffs(), NOON) == []
    assert read_rows(backend, history, HandOffMatrix(), NOON) == []
