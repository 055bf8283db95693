"""Attainments are the verdicts counted, however they are grouped and however they are summed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import drawn_rules as drawn
import reference_rules
from comparing import assert_same
from custloyal import RuleBook, ServiceRule
from custloyal.errors import CustloyalError
from custloyal.judging import tally
from custloyal.rules import at_most, where, within
from drawn_rules import MICROSECOND, expected, judged
from engines import BACKENDS, ENGINES, every_backend, every_engine, sparingly

POLARS = ENGINES[0]
GROUPINGS = (
    (),
    ("department", "window"),
    ("customer_id",),
    ("agent_id",),
    ("month",),
    ("tier", "channel"),
    ("topic", "day"),
    ("case_id", "window"),
)
groupings = st.sampled_from(GROUPINGS)


@given(data=st.data(), by=groupings)
def test_attainments_equal_the_verdicts_counted(data, by):
    rows, second = data.draw(drawn.rows(min_size=3)), data.draw(drawn.customers)
    book, as_of = data.draw(drawn.rule_books()), data.draw(drawn.as_ofs(rows))
    wanted = reference_rules.attained(expected(rows, book, as_of, second), *by)
    assert_same(shares(judged(POLARS, rows, book, as_of, second), by), wanted, "rule", *by)


@sparingly
@given(data=st.data(), by=groupings)
def test_counters_that_share_a_number_count_as_those_that_do_not(data, by):
    rows, second = data.draw(drawn.rows(min_size=5)), data.draw(drawn.customers)
    book, as_of = data.draw(drawn.rule_books()), data.draw(drawn.as_ofs(rows))
    verdicts = judged(POLARS, rows, book, as_of, second)
    packed = {tuple(row[name] for name in ("rule", *by)): row for row in shares(verdicts, by)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally, "_BITS", 5)  # a bit for each counter: groups of two overflow
        assert_same(shares(verdicts, by), packed, "rule", *by)


def shares(verdicts, by):
    return verdicts.attainment(*by).to_dicts()


NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
MANY = 5_000
"""More rows in a group than 12 bits count."""


def call(**columns):
    return {"customer_id": "ann", "occurred_at": NOON, "kind": "question", **columns}


def rule(name, population, promise, **options):
    kept = {"target": 0.9, "window": "month", "owner": "front desk", **options}
    return ServiceRule(name=name, population=population, promise=promise, **kept)


@every_engine
def test_groups_of_more_rows_than_a_counter_has_bits(backend):
    rows = [call(channel="phone", rings=float(n % 4)) for n in range(MANY)]
    rows += [call(channel="phone"), call(channel="email", rings=1.0)]
    answered = rule("rings", where(channel="phone"), at_most(2, "rings"))
    aside = rule("aside", where(channel="phone"), at_most(2, "rings"), unless=where(topic="bill"))
    [kept, same] = judged(backend, rows, RuleBook([answered, aside]), NOON).attainment().to_dicts()
    names = ("met_count", "missed_count", "unknown_count", "pending_count")
    for each in (kept, same):
        assert tuple(each[name] for name in names) == (MANY * 3 // 4, MANY // 4, 1, 0)


@every_engine
def test_the_mean_target_is_of_the_decided(backend):
    rows = [
        call(customer_id="ann", channel="phone", rings=1.0),
        call(customer_id="bob", channel="phone", rings=3.0),
        call(customer_id="bob", channel="phone"),
    ]
    second = [{"customer_id": "ann", "tier": "key"}, {"customer_id": "bob", "tier": "small"}]
    targets = {"tier": {"key": 0.99}, "channel": {"phone": 0.8}}
    answered = rule("rings", where(channel="phone"), at_most(2, "rings"), target_by=targets)
    verdicts = judged(backend, rows, RuleBook([answered]), NOON, second)
    [share] = verdicts.attainment().to_dicts()
    assert (share["decided_count"], share["attainment_share"]) == (2, 0.5)
    assert share["target_share"] == pytest.approx((0.99 + 0.8) / 2)
    assert share["is_reached"] is False
    assert sorted(row["target"] for row in verdicts.to_dicts()) == [0.8, 0.8, 0.99]


@every_engine
@pytest.mark.parametrize(("missed", "is_reached"), [(0, True), (1, True), (2, False)])
def test_nine_of_ten_are_ninety_per_cent(backend, missed, is_reached):
    rows = [call(channel="phone", rings=3.0 if n < missed else 2.0) for n in range(10)]
    answered = rule("rings", where(channel="phone"), at_most(2, "rings"))
    [share] = judged(backend, rows, RuleBook([answered]), NOON).attainment().to_dicts()
    assert share["is_reached"] is is_reached


@every_engine
def test_minutes_over_are_added_up(backend):
    rows = [
        call(case_id=f"c{n}", occurred_at=NOON - timedelta(minutes=60 + n)) for n in range(4)
    ] + [call(case_id="c4", occurred_at=NOON - timedelta(minutes=60) - MICROSECOND)]
    book = RuleBook([rule("first", where(kind="question"), within(hours=1))])
    [share] = judged(backend, rows, book, NOON).attainment().to_dicts()
    assert (share["pending_count"], share["missed_count"]) == (1, 4)
    assert share["over_minutes"] == pytest.approx(1 + 2 + 3 + 1 / 60e6, rel=1e-12)


@every_backend
def test_of_no_rows_there_are_no_shares(backend):
    book = RuleBook(
        [
            rule("rings", where(channel="phone"), at_most(2, "rings")),
            rule("first", where(kind="question"), within(hours=1)),
            rule("once", where(), at_most(2, "times", of=where(kind="question"), per="customer")),
        ]
    )
    verdicts = judged(backend, [], book, NOON)
    assert backend.rows(verdicts.to_native()) == []
    assert backend.rows(verdicts.attainment("department", "window").to_native()) == []


@every_backend
def test_tables_go_home_to_the_library_they_came_from(backend):
    rows = [call(channel="phone", rings=1.0, department="desk"), call(channel="phone", rings=3.0)]
    book = RuleBook([rule("rings", where(channel="phone"), at_most(2, "rings"))])
    verdicts = judged(backend, rows, book, NOON)
    found = backend.rows(verdicts.to_native())
    assert {(row["verdict"], row["value"], row["unit"]) for row in found} == {
        ("met", 1.0, "rings"),
        ("missed", 3.0, "rings"),
    }
    assert {row["occurred_at"] for row in found} == {NOON}
    shares = backend.rows(verdicts.attainment("department").to_native())
    assert {(row["department"], row["met_count"]) for row in shares} == {("desk", 1), (None, 0)}


def test_columns_that_are_not_there_are_named_with_the_nearest():
    book = RuleBook([rule("rings", where(channel="phone"), at_most(2, "rings"))])
    verdicts = judged(BACKENDS[0], [call()], book, NOON)
    with pytest.raises(CustloyalError) as refused:
        verdicts.attainment("departmnt", "windw")
    message = str(refused.value)
    assert "'department'" in message
    assert "'window'" in message
    assert "_row" not in message
