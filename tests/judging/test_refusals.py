"""A rule book that data cannot be judged by is refused before anything is computed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from custloyal import History, RuleBook, ServiceRule, judge, objectives
from custloyal.errors import CustloyalError, InvalidValueError, MissingColumnError
from custloyal.judging import alarms
from custloyal.rules import above, at_least, at_most, where, within
from engines import BACKENDS, every_engine

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
POLARS = BACKENDS[0]


def rule(name, promise, population=None, **options):
    kept = {"target": 0.9, "window": "month", "owner": "front desk", **options}
    whom = where(channel="phone") if population is None else population
    return ServiceRule(name=name, population=whom, promise=promise, **kept)


def history_of(backend, customers=None, **columns):
    row = {"customer_id": ["ann"], "occurred_at": [NOON], "kind": ["question"]}
    named = {
        name: values if isinstance(values, pa.Array) else [values]
        for name, values in columns.items()
    }
    return History.from_native(backend.of_arrow(pa.table(row | named)), customers=customers)


def refusal(history, *rules, as_of=NOON):
    with pytest.raises(CustloyalError) as refused:
        judge(history, RuleBook(rules), as_of=as_of)
    return refused.value


@every_engine
def test_columns_that_are_not_there_are_named_with_the_nearest_and_the_rules_that_need_them(
    backend,
):
    history = history_of(backend, chanel="phone", ring_count=2.0, case="c1")
    error = refusal(
        history,
        rule("rings", at_most(2, "rings")),
        rule("hold", at_most(30, "seconds", of="hold_s"), where(kind="question")),
        rule("first", within(hours=1), where(kind="question")),
        rule("stay", at_most(0, "handoffs"), where(kind="question", tier="key")),
    )
    assert isinstance(error, MissingColumnError)
    said = {mistake.path: str(mistake) for mistake in error.mistakes}
    assert set(said) == {"channel", "rings", "hold_s", "case_id", "department", "tier"}
    assert "'chanel'" in said["channel"]
    assert "'rings'" in said["channel"]
    assert "'first', 'stay'" in said["case_id"]
    assert "_" not in {name[0] for name in said}


@every_engine
def test_columns_that_stand_for_others_are_enough(backend):
    history = history_of(backend, channel="phone", wait_s=13.0, outcome=0.5, case_id="c1")
    book = RuleBook(
        [
            rule("rings", at_most(2, "rings")),
            rule("felt", above(0, "feeling")),
            rule("first", within(hours=1)),  # who began a row need not be said
        ]
    )
    verdicts = judge(history, book, as_of=NOON)
    found = {row["rule"]: row["verdict"] for row in verdicts.to_dicts()}
    assert found == {"rings": "missed", "felt": "met", "first": "pending"}


def test_a_feeling_needs_something_felt():
    error = refusal(history_of(POLARS, channel="phone"), rule("felt", above(0, "feeling")))
    assert [mistake.path for mistake in error.mistakes] == ["outcome"]


@pytest.mark.parametrize(
    "options",
    [
        {"population": where(kind="question")},
        {"population": where(tier="key"), "unless": where(channel="phone")},
        {"population": where(tier="key"), "target_by": {"channel": {"phone": 0.8}}},
    ],
    ids=["population", "unless", "target"],
)
def test_customers_have_no_columns_of_interactions(options):
    customers = pa.table({"customer_id": ["ann"], "tier": ["key"]})
    history = history_of(POLARS, customers, channel="phone")
    called = at_least(1, "times", of=where(kind="outreach"), per="customer")
    error = refusal(history, rule("called", called, **options))
    assert str(error).count("table of customers") == 1
    assert "say in of=" in str(error)


@every_engine
@pytest.mark.parametrize("promise", [at_most(2, "steps"), at_most(2, "steps", last=True)])
def test_text_is_no_measure(backend, promise):
    history = history_of(backend, channel="phone", steps="two", case_id="c1")
    assert "steps" in str(refusal(history, rule("steps", promise)))


@every_engine
def test_words_of_another_type_than_their_column_are_refused(backend):
    # DuckDB would not compare them, Polars would find nobody.
    history = history_of(backend, channel="phone", floor=pa.array([3]), rings=2.0)
    error = refusal(history, rule("rings", at_most(2, "rings"), where(floor="third")))
    assert "floor" in str(error)


@every_engine
@pytest.mark.parametrize("theirs", [pa.int64(), pa.int16(), pa.float64(), pa.string()], ids=str)
@pytest.mark.parametrize("ours", [pa.int64(), pa.string()], ids=str)
def test_ids_of_the_second_table_are_read_as_those_of_the_history(backend, ours, theirs):
    rows = {"customer_id": pa.array([7]).cast(ours), "occurred_at": [NOON], "kind": ["question"]}
    customers = pa.table({"customer_id": pa.array([7]).cast(theirs), "tier": ["key"]})
    frame = backend.of_arrow(pa.table({**rows, "rings": [2.0]}))
    history = History.from_native(frame, customers=customers)
    book = RuleBook([rule("rings", at_most(2, "rings"), where(tier="key"))])
    [found] = judge(history, book, as_of=NOON).to_dicts()
    assert found["verdict"] == "met"


def test_ids_that_cannot_be_those_of_the_history_are_refused():
    customers = pa.table({"customer_id": ["seven"], "tier": ["key"]})
    rows = pa.table({"customer_id": [7], "occurred_at": [NOON], "kind": ["visit"], "rings": [2.0]})
    history = History.from_native(rows, customers=customers)
    error = refusal(history, rule("rings", at_most(2, "rings"), where(tier="key")))
    assert "customer_id" in str(error)


def test_when_customers_were_acquired_is_read_or_refused():
    def judged(acquired):
        customers = pa.table({"customer_id": ["zoe"], "tier": ["key"], "acquired_at": acquired})
        contact = at_least(1, "times", of=where(kind="outreach"), per="customer")
        book = RuleBook([rule("called", contact, where(tier="key"))])
        early = datetime(2024, 3, 30, tzinfo=UTC)
        history = history_of(POLARS, customers, occurred_at=early)
        return judge(history, book, as_of="2024-05-31").to_dicts()

    for acquired in (
        pa.array([date(2024, 4, 1)]),
        pa.array([datetime(2024, 4, 1)], pa.timestamp("us")),
        pa.array([datetime(2024, 4, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")),
        pa.array(["2024-04-01"]),
    ):
        windows = sorted(row["window"] for row in judged(acquired))
        assert windows == [date(2024, 4, 1), date(2024, 5, 1)]
    with pytest.raises(CustloyalError, match="acquired_at"):
        judged(pa.array([20240401]))


def test_without_rows_a_time_must_be_named():
    empty = pa.table(
        {
            "customer_id": pa.array([], pa.string()),
            "occurred_at": pa.array([], pa.timestamp("us", "UTC")),
            "kind": pa.array([], pa.string()),
            "channel": pa.array([], pa.string()),
            "rings": pa.array([], pa.float64()),
        }
    )
    history = History.from_native(empty)
    assert "as_of" in str(refusal(history, rule("rings", at_most(2, "rings")), as_of=None))


@every_engine
def test_a_column_that_differs_in_case_is_proposed(backend):
    history = history_of(backend, Rings=2.0, channel="phone")
    assert history.left_out == ("Rings",)
    for said in ("rings", "Rings"):
        error = refusal(history, rule("fast", at_most(2, said)))
        mend = "the table has 'Rings': map columns={'rings': 'Rings'}, and say 'rings'"
        assert mend in str(error)


def test_what_is_no_rule_no_column_and_no_objective_is_refused():
    history = history_of(POLARS, rings=2.0, channel="phone")
    with pytest.raises(InvalidValueError, match="book: is None, no rule book"):
        judge(history, None)
    verdicts = judge(history, rule("fast", at_most(2, "rings")))
    with pytest.raises(InvalidValueError, match=r"by: is \['channel'\] \(name columns"):
        verdicts.attainment(["channel"])
    for asked in (objectives, alarms):
        with pytest.raises(InvalidValueError, match=r"objectives\[0\]: is 'fast' \(say Objective"):
            asked(verdicts, ["fast"])
