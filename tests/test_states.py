"""States of parts of the rows merge into those of all, as each fold declares it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from comparing import OPTIONAL, close, history_of
from custloyal import (
    CohortRetention,
    Concentration,
    HandOffs,
    History,
    Rfm,
    Stage,
    States,
    Trust,
    read,
)
from custloyal.errors import DataError, InvalidValueError, MergeError
from custloyal.metrics import BtydStatistics, EvidenceUse, HandOffMatrix, ParetoSegment
from custloyal.testing import rows
from engines import ENGINES, every_engine

ANYWHERE = (
    Trust(),
    BtydStatistics(),
    Rfm(),
    CohortRetention(),
    Concentration(),
    ParetoSegment(),
    Stage(),
    EvidenceUse(),
)
IN_ORDER = (HandOffs(), HandOffMatrix())
LATE = date(2030, 1, 1)


COLUMNS = ("customer_id", "occurred_at", "kind", *OPTIONAL)


def part(backend, rows_of_part):
    known = [{name: row.get(name) for name in COLUMNS} for row in rows_of_part]
    return History.from_native(backend.frame(known, columns=COLUMNS))


def by_grain(backend, readings):
    return {
        name: {
            tuple(row[key] for key in reading.metric.grain): row
            for row in backend.rows(reading.to_native())
        }
        for name, reading in readings.items()
    }


def assert_equal(backend, actual, expected):
    actual, expected = by_grain(backend, actual), by_grain(backend, expected)
    for name, wanted in expected.items():
        found = actual[name]
        assert set(found) == set(wanted), name
        for key, row in wanted.items():
            for column, value in row.items():
                # The balance is a difference: as near as its two parts are large.
                assert close(found[key][column], value, near=1e-9), (name, key, column)


@every_engine
@given(data=st.data())
@settings(max_examples=4)
def test_parts_split_at_random_merge_to_the_whole(backend, data):
    _, accepted = history_of(backend, data.draw(rows(max_size=30)))
    mine = data.draw(st.lists(st.booleans(), min_size=len(accepted), max_size=len(accepted)))
    first = [row for row, taken in zip(accepted, mine, strict=True) if taken]
    second = [row for row, taken in zip(accepted, mine, strict=True) if not taken]
    whole = read(part(backend, accepted), ANYWHERE, as_of=LATE)
    # By name, since the parts may be equal: rows without ids drawn twice.
    parts = [
        States.of(part(backend, each), ANYWHERE, as_of=LATE, batch=name)
        for name, each in (("first", first), ("second", second))
    ]
    assert_equal(backend, parts[0].merge(parts[1]).read(), whole)


@every_engine
def test_a_purchase_day_may_stand_on_both_sides_of_a_cut(backend):
    bought = [
        {
            "customer_id": "ann",
            "occurred_at": f"2024-05-0{day}T{hour}:00:00Z",
            "kind": "purchase",
            "amount": 10.0,
        }
        for day, hour in ((1, "09"), (1, "15"), (3, "10"))
    ]
    morning, rest = part(backend, bought[:1]), part(backend, bought[1:])
    merged = States.of(morning, BtydStatistics(), as_of=LATE).merge(
        States.of(rest, BtydStatistics(), as_of=LATE)
    )
    (row,) = merged.read()["btyd_statistics"].to_dicts()
    assert (row["x"], row["t_x"], row["mean_repeat_amount"]) == (1, 2, 10.0)


@every_engine
@given(data=st.data())
@settings(max_examples=4)
def test_parts_of_different_times_merge_as_of_the_later(backend, data):
    _, accepted = history_of(backend, data.draw(rows(min_size=1, max_size=20)))
    assume(accepted)
    cut = accepted[len(accepted) // 2]["occurred_at"]
    early = [row for row in accepted if row["occurred_at"] <= cut]
    late = [row for row in accepted if row["occurred_at"] > cut]
    before = States.of(part(backend, early), Trust(), as_of=cut, batch="before")
    after = States.of(part(backend, late), Trust(), as_of=LATE, batch="after")
    whole = read(part(backend, accepted), Trust(), as_of=LATE)
    assert_equal(backend, before.merge(after).read(), whole)
    assert_equal(backend, after.merge(before).read(), whole)


@every_engine
@given(data=st.data())
@settings(max_examples=4)
def test_a_state_read_later_has_decayed(backend, data):
    _, accepted = history_of(backend, data.draw(rows(min_size=1, max_size=15)))
    assume(accepted)
    last = max(row["occurred_at"] for row in accepted)
    history = part(backend, accepted)
    later = last + timedelta(days=data.draw(st.integers(0, 3_000)))
    metrics = (Trust(), Rfm(), Stage())
    assert_equal(
        backend,
        States.of(history, metrics, as_of=last).read(as_of=later),
        read(history, metrics, as_of=later),
    )


CASES = ("c1", "c2", "c3")
HOLDERS = ("a", "b", "c", None)


@st.composite
def case_rows(draw, **sizes):
    """Rows of a few cases that pass between a few holders, with ties in time."""
    steps = draw(
        st.lists(
            st.tuples(st.sampled_from(CASES), st.sampled_from(HOLDERS), st.integers(0, 2)),
            **sizes,
        )
    )
    minute, drawn = 0, []
    for number, (case, holder, pause) in enumerate(steps):
        minute += pause
        at = f"2024-01-01T{minute // 60:02}:{minute % 60:02}:00Z"
        drawn.append(
            {
                "customer_id": "ann",
                "occurred_at": at,
                "kind": "question",
                "interaction_id": f"{number:03}",
                "case_id": case,
                "department": holder,
            }
        )
    return drawn


@every_engine
@pytest.mark.parametrize("numbered", [True, False], ids=["by id", "by place"])
@given(data=st.data())
@settings(max_examples=5)
def test_hand_offs_merge_at_a_seam_of_each_case(backend, numbered, data):
    drawn = data.draw(case_rows(min_size=1, max_size=40))
    cuts = {case: data.draw(st.integers(0, len(drawn))) for case in CASES}
    if not numbered:
        for row in drawn:
            del row["interaction_id"]
    first = [row for place, row in enumerate(drawn) if place < cuts[row["case_id"]]]
    second = [row for place, row in enumerate(drawn) if place >= cuts[row["case_id"]]]

    def history(of_rows):
        columns = ["customer_id", "occurred_at", "kind", "case_id", "department"]
        columns += ["interaction_id"] if numbered else []
        return History.from_native(backend.frame(of_rows, columns=columns))

    whole = read(history(drawn), IN_ORDER, as_of=LATE)
    parts = [States.of(history(each), IN_ORDER, as_of=LATE) for each in (first, second)]
    assert_equal(backend, parts[0].merge(parts[1]).read(), whole)
    if numbered:
        assert_equal(backend, parts[1].merge(parts[0]).read(), whole)


@every_engine
@given(data=st.data())
@settings(max_examples=5)
def test_three_parts_of_a_case_merge_in_either_grouping(backend, data):
    drawn = data.draw(case_rows(min_size=3, max_size=30))
    low, high = sorted(data.draw(st.tuples(*[st.integers(0, len(drawn))] * 2)))
    columns = ["customer_id", "occurred_at", "kind", "case_id", "department", "interaction_id"]
    a, b, c = (
        States.of(History.from_native(backend.frame(each, columns=columns)), IN_ORDER, as_of=LATE)
        for each in (drawn[:low], drawn[low:high], drawn[high:])
    )
    whole = read(History.from_native(backend.frame(drawn, columns=columns)), IN_ORDER, as_of=LATE)
    assert_equal(backend, a.merge(b).merge(c).read(), whole)
    assert_equal(backend, a.merge(b.merge(c)).read(), whole)


def interleaved(backend):
    """Case c1 overlaps in time, case c2 does not."""
    at = "2024-01-01T00:{:02}:00Z".format
    drawn = [
        {
            "customer_id": "ann",
            "occurred_at": at(minute),
            "kind": "question",
            "interaction_id": str(minute),
            "case_id": case,
            "department": holder,
        }
        for minute, case, holder in (
            (0, "c1", "a"),
            (1, "c1", "b"),
            (2, "c1", "a"),
            (3, "c1", "c"),
            (4, "c2", "a"),
            (5, "c2", "b"),
            (6, "c2", "a"),
        )
    ]
    columns = list(drawn[0])
    odd = [row for row in drawn if row["interaction_id"] in {"0", "2", "4", "5"}]
    even = [row for row in drawn if row not in odd]
    return [
        History.from_native(backend.frame(each, columns=columns)) for each in (drawn, odd, even)
    ]


@every_engine
def test_groups_that_overlap_in_time_are_named(backend):
    _, odd, even = interleaved(backend)
    with pytest.raises(MergeError, match=r"overlaps in time in 1 groups: 'c1'"):
        States.of(odd, IN_ORDER, as_of=LATE).merge(States.of(even, IN_ORDER, as_of=LATE))


@every_engine
def test_groups_that_overlap_are_folded_again_where_their_rows_are_given(backend):
    everything, odd, even = interleaved(backend)
    merged = States.of(odd, IN_ORDER, as_of=LATE).merge(
        States.of(even, IN_ORDER, as_of=LATE), again=everything
    )
    assert_equal(backend, merged.read(), read(everything, IN_ORDER, as_of=LATE))


@every_engine
def test_states_are_written_and_loaded(backend, tmp_path):
    everything, odd, even = interleaved(backend)
    metrics = (*IN_ORDER, Trust())
    for name, history in (("odd", odd), ("even", even)):
        States.of(history, metrics, as_of=LATE).write(tmp_path / name)
    first, second = (States.load(tmp_path / name, metrics) for name in ("odd", "even"))
    polars = ENGINES[0]
    merged = first.merge(second, again=part_of_polars(polars, everything))
    expected = by_grain(backend, read(everything, metrics, as_of=LATE))
    for name, reading in merged.read().items():
        found = {tuple(row[key] for key in reading.metric.grain): row for row in reading.to_dicts()}
        assert set(found) == set(expected[name])
        for key, row in expected[name].items():
            assert all(close(found[key][column], value) for column, value in row.items())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["even", "odd"]


def part_of_polars(polars, history):
    """The same rows in Polars, where loaded states live."""
    rows_of = [interaction.to_row() for interaction in history.to_interactions()]
    return History.from_native(polars.frame(rows_of, columns=history.columns))


def test_writing_again_replaces_the_older_states(tmp_path):
    polars = ENGINES[0]
    _, odd, even = interleaved(polars)
    for history in (odd, even):
        States.of(history, Trust(), as_of=LATE).write(tmp_path / "states")
    (row,) = States.load(tmp_path / "states", Trust()).read()["trust"].to_dicts()
    assert row["customer_id"] == "ann"
    assert [path.name for path in tmp_path.iterdir()] == ["states"]


def test_states_of_other_metrics_are_refused(tmp_path):
    polars = ENGINES[0]
    _, odd, even = interleaved(polars)
    mine = States.of(odd, Trust(), as_of=LATE)
    with pytest.raises(MergeError, match="metrics: differ"):
        mine.merge(States.of(even, Trust(ratio=3), as_of=LATE))
    mine.write(tmp_path / "states")
    with pytest.raises(DataError, match="holds the states of Trust"):
        States.load(tmp_path / "states", Trust(ratio=3))
    with pytest.raises(DataError, match="holds no states"):
        States.load(tmp_path / "nowhere", Trust())


@every_engine
def test_a_batch_given_twice_changes_nothing(backend):
    everything, odd, even = interleaved(backend)
    first, second = (States.of(each, Trust(), as_of=LATE) for each in (odd, even))
    both = first.merge(second)
    whole = read(everything, Trust(), as_of=LATE)
    assert_equal(backend, both.merge(first).read(), whole)
    assert_equal(backend, second.merge(both).read(), whole)
    named = States.of(odd, Trust(), as_of=LATE, batch="monday")
    assert named.batches == {"monday"}
    with pytest.raises(MergeError, match="monday"):
        named.merge(first).merge(named.merge(second))


def test_states_are_not_read_before_their_time():
    polars = ENGINES[0]
    _, odd, _ = interleaved(polars)
    with pytest.raises(InvalidValueError, match="before that of the states"):
        States.of(odd, Trust(), as_of=LATE).read(as_of="2024-01-01")
