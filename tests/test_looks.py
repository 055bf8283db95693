"""What rows see of the others of their group equals a loop over them, on every backend."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import narwhals as nw
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custloyal import History
from custloyal.errors import CustloyalError
from custloyal.fold import Merging, accumulated, carried, count, following, previous
from custloyal.fold.plan import Setting, prepared
from engines import every_backend, sparingly

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
UNTIL = datetime(2024, 6, 1)
SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("occurred_at", pa.timestamp("us", "UTC")),
        *((name, pa.string()) for name in ("kind", "interaction_id", "case_id", "department")),
        ("points", pa.int64()),
        ("place", pa.int64()),
    ]
)

rows = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.just("ann"),
            "occurred_at": st.integers(0, 2).map(lambda hours: NOON + timedelta(hours=hours)),
            "kind": st.just("reply"),
            "interaction_id": st.none(),
            "case_id": st.sampled_from(("c1", "c1", "c2", None)),
            "department": st.sampled_from(("desk", "lab", None, None)),
            "points": st.sampled_from((-7, 0, 5, 10**12, None)),
        }
    ),
    max_size=12,
).map(lambda drawn: [{**row, "place": place} for place, row in enumerate(drawn)])
"""Rows of few groups, many at one time, whose order then is their place."""


def with_ids(drawn):
    """The same rows with ids that run against their places; every other one has none."""
    return [
        {**row, "interaction_id": None if row["place"] % 2 else f"{99 - row['place']}"}
        for row in drawn
    ]


def looked(drawn):
    """Each row with what it sees, by loops; rows without a group see nothing."""
    found = {}
    for row in drawn:
        group = sorted(
            (each for each in drawn if each["case_id"] == row["case_id"]),
            key=lambda each: (each["occurred_at"], each["interaction_id"] or "", each["place"]),
        )
        at = group.index(row)
        before, after = group[:at], group[at + 1 :]

        def known(rows, name):
            return next((each[name] for each in rows if each[name] is not None), None)

        seen = {
            "before": before[-1]["department"] if before else None,
            "two_before": before[-2]["points"] if len(before) > 1 else None,
            "carried": known(reversed(before), "department"),
            "carried_points": known(reversed(before), "points"),
            "following": known(after, "department"),
            "following_at": known(after, "occurred_at"),
            "accumulated": sum(each["points"] or 0 for each in before),
        }
        found[row["place"]] = seen if row["case_id"] else dict.fromkeys(seen)
    return found


LOOKS = {
    "before": previous("department"),
    "two_before": previous("points", 2),
    "carried": carried("department"),
    "carried_points": carried("points"),
    "following": following("department"),
    "following_at": following("occurred_at"),
    "accumulated": accumulated("points"),
}


def history_of(backend, drawn):
    return History.from_native(backend.of_arrow(pa.Table.from_pylist(drawn, SCHEMA)))


def ran(history, source):
    """The rows of a source by their place."""
    engine = history.home.engine
    table = prepared(source, history.rows(UNTIL), Setting(engine, history.order, UNTIL))
    kept = table.select("place", *LOOKS)
    found = engine.presented(kept).collect("polars").rows(named=True)
    return {
        row.pop("place"): {
            name: value.astimezone(UTC) if isinstance(value, datetime) else value
            for name, value in row.items()
        }
        for row in found
    }


@every_backend
@pytest.mark.parametrize("named", [list, with_ids], ids=["places", "ids"])
@given(drawn=rows)
@sparingly
def test_looks_equal_loops(backend, named, drawn):
    drawn = named(drawn)
    history = history_of(backend, drawn)
    known = {row["place"] for row in drawn if row["case_id"]}
    wanted = {place: seen for place, seen in looked(drawn).items() if place in known}
    assert ran(history, history.interactions.in_order("case_id", **LOOKS)) == wanted


@every_backend
@given(drawn=rows)
@sparingly
def test_looks_after_a_look_see_what_was_left_of_the_rows(backend, drawn):
    history = history_of(backend, drawn)
    first = history.interactions.in_order("case_id", _first=carried("points"))
    twice = first.where(~nw.col("department").is_null()).in_order("case_id", **LOOKS)
    left = [row for row in drawn if row["case_id"] and row["department"]]
    assert ran(history, twice) == looked(left)


@every_backend
@given(drawn=rows)
@sparingly
def test_rows_of_no_group_see_nothing(backend, drawn):
    history = history_of(backend, with_ids(drawn))
    table = history.home.engine.with_looks(
        history.rows(UNTIL), within="case_id", order=history.order, looks=LOOKS
    )
    shown = history.home.engine.presented(table.select("place", *LOOKS)).collect("polars")
    found = {row.pop("place"): row for row in shown.rows(named=True)}
    wanted = looked(with_ids(drawn))
    for row in drawn:
        if row["case_id"] is None:
            assert set(found[row["place"]].values()) <= {None}
        else:
            assert found[row["place"]]["accumulated"] == wanted[row["place"]]["accumulated"]


def test_folds_over_rows_that_look_far_are_folded_again():
    source = history_of_nothing().interactions
    near = source.in_order("case_id", _before=previous("department"))
    assert near.by("case_id", n=count()).merging is Merging.IN_TIME_ORDER
    for look in (carried("department"), following("department"), accumulated("points")):
        far = source.in_order("case_id", _seen=look)
        assert far.by("case_id", n=count()).merging is Merging.REFOLDED


def test_a_look_needs_a_name_of_its_own():
    with pytest.raises(CustloyalError, match="department"):
        history_of_nothing().interactions.in_order("case_id", department=carried("points"))


def history_of_nothing():
    return History.from_native(pa.Table.from_pylist([], SCHEMA))
