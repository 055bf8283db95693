"""Judged promises are evidence: each is a row that trust sees, and nothing else is moved by it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import custloyal
import drawn_rules as drawn
import reference
from comparing import assert_same, close
from custloyal import (
    CohortRetention,
    Concentration,
    HandOffs,
    Rfm,
    RuleBook,
    ServiceRule,
    Stage,
    Trust,
)
from custloyal.metrics import BtydStatistics, EvidenceUse, HandOffMatrix, ParetoSegment
from custloyal.models import AsOf, Kind, OutcomePolicy
from custloyal.rules import at_least, where, within
from drawn_rules import BERLIN, expected, history_of
from engines import ENGINES, every_backend, every_engine, sparingly

POLARS = ENGINES[0]
UNMOVED = (
    *(Rfm(), BtydStatistics(), Concentration(), CohortRetention(), ParetoSegment()),
    *(HandOffs(), HandOffs(by="agent_id"), HandOffMatrix(), HandOffMatrix(by="agent_id")),
)


def promise_rows(verdicts, policy):
    """What the history gains: a row for each promise to somebody who is known."""
    evidence = {"met": policy.promise_kept, "missed": policy.promise_missed}
    return [
        {
            "customer_id": row["customer_id"],
            "occurred_at": row["decided_at"],
            "kind": "other",
            "phase": None if row["kind"] is None else Kind(row["kind"]).phase.value,
            "outcome": evidence[row["verdict"]],
            "promise": row["rule"],
        }
        for row in verdicts
        if row["decided_at"] is not None and row["customer_id"] is not None
    ]


policies = st.builds(
    OutcomePolicy,
    promise_missed=st.sampled_from((-0.1, -1.0, 0.0)),
    promise_kept=st.sampled_from((0.1, 0.0)),
)


@settings(max_examples=max(1, settings().max_examples // 2))
@given(data=st.data(), policy=policies)
def test_trust_and_the_rungs_are_those_of_a_history_with_its_promises(data, policy):
    rows, second = data.draw(drawn.rows(min_size=3)), data.draw(drawn.customers)
    book, as_of = data.draw(drawn.rule_books()), data.draw(drawn.as_ofs(rows))
    at = AsOf.parse(as_of, timezone=BERLIN).instant
    promises = promise_rows(expected(rows, book, as_of, second), policy)
    history = custloyal.judge(history_of(POLARS, rows, second), book, as_of=as_of).in_history()

    trust = Trust(policy=policy)
    found = custloyal.read(history, [trust, EvidenceUse(policy=policy)], as_of=as_of)
    assert_same(found["trust"].to_dicts(), reference.trust([*rows, *promises], at), "customer_id")
    uses = {row["rule"]: row["row_count"] for row in found["evidence_use"].to_dicts()}
    said = {rule: count for rule, count in uses.items() if rule.startswith("promise:")}
    assert sum(said.values()) == len(promises)

    shown = custloyal.contributions(history, trust, as_of=as_of).to_dicts()
    assert sorted(str(row["promise"]) for row in shown if row["promise"] is not None) == sorted(
        row["promise"] for row in promises if row["outcome"]
    )


@given(data=st.data())
@sparingly
def test_rungs_follow_the_trust_that_promises_leave(data):
    rows, second = data.draw(drawn.rows(min_size=3)), data.draw(drawn.customers)
    book, as_of = data.draw(drawn.rule_books()), data.draw(drawn.as_ofs(rows))
    at = AsOf.parse(as_of, timezone=BERLIN).instant
    promises = promise_rows(expected(rows, book, as_of, second), OutcomePolicy())
    history = custloyal.judge(history_of(POLARS, rows, second), book, as_of=as_of).in_history()
    found = custloyal.read(history, Stage(), as_of=as_of)["stage"].to_dicts()
    assert_same(found, reference.stages([*rows, *promises], at, BERLIN), "customer_id")


@given(data=st.data())
@sparingly
def test_nothing_else_is_moved_by_promises(data):
    rows, second = data.draw(drawn.rows(min_size=5)), data.draw(drawn.customers)
    book, as_of = data.draw(drawn.rule_books()), data.draw(drawn.as_ofs(rows))
    before = history_of(POLARS, rows, second)
    after = custloyal.judge(before, book, as_of=as_of).in_history()
    for metric in UNMOVED:
        readings = (
            sorted(custloyal.read(history, metric, as_of=as_of)[metric].to_dicts(), key=str)
            for history in (before, after)
        )
        one, other = readings
        assert one == other, metric


# One broken promise --------------------------------------------------------------------------

NINE, TEN, NOON = (datetime(2024, 5, 6, hour, tzinfo=UTC) for hour in (9, 10, 12))
ROWS = [
    {"customer_id": "ann", "case_id": "c1", "occurred_at": NINE, "kind": "question"},
    {"customer_id": "ann", "case_id": "c1", "occurred_at": NOON, "kind": "reply"},
    {"customer_id": None, "case_id": "c2", "occurred_at": NINE, "kind": "question"},
]
BOOK = RuleBook(
    [
        ServiceRule(
            name=name,
            population=where(kind="question"),
            promise=within(hours=hours),
            target=0.9,
            window="month",
            owner="front desk",
        )
        for name, hours in (("an hour", 1), ("a day", 24), ("a week", 168))
    ]
)


@every_backend
def test_the_ledger_of_trust_names_the_broken_promise(backend):
    as_of = datetime(2024, 5, 7, 9, tzinfo=UTC)
    history = custloyal.judge(history_of(backend, ROWS), BOOK, as_of=as_of).in_history()
    shown = {
        row["promise"]: row
        for row in backend.rows(custloyal.contributions(history, Trust(), as_of=as_of).to_native())
    }
    # Nobody is not trusted less: the second case has no row.
    assert set(shown) == {"an hour", "a day", "a week"}
    broken, kept = shown["an hour"], shown["a day"]
    assert (broken["occurred_at"], broken["promise_verdict"]) == (TEN, "missed")
    assert (kept["occurred_at"], kept["promise_verdict"]) == (NOON, "met")
    assert broken["kind"] == kept["kind"] == "other"
    assert broken["case_id"] is None
    assert broken["contribution"] < 0 < kept["contribution"]
    [score] = custloyal.score(history, Trust(), as_of=as_of).to_dicts()
    assert close(score["trust"], 0.5 + sum(row["contribution"] for row in shown.values()))
    # After the sale (twice the weight) 0.1 was missed 23 hours ago, and kept twice 21 hours ago.
    missed, twice = 0.2 * 2 ** (-23 / 24 / 730), 0.4 * 2 ** (-21 / 24 / 365)
    assert close(score["trust_balance"], twice - 12 * missed)


@every_engine
def test_a_month_that_ends_as_it_is_judged_is_seen(backend):
    contact = ServiceRule(
        name="a call a month",
        population=where(tier="key"),
        promise=at_least(1, "times", of=where(kind="outreach"), per="customer"),
        target=0.9,
        window="month",
        owner="key accounts",
    )
    second = [{"customer_id": "zoe", "tier": "key", "acquired_at": datetime(2024, 5, 1).date()}]
    # Of what was before its first row a history says nothing.
    old = {"customer_id": "bob", "occurred_at": datetime(2024, 4, 30, tzinfo=UTC), "kind": "visit"}
    before = history_of(backend, [old, *ROWS], second)
    history = custloyal.judge(before, RuleBook([contact]), as_of="2024-05-31").in_history()
    use = custloyal.read(history, EvidenceUse(), as_of="2024-05-31")["evidence_use"].to_dicts()
    [missed] = [row for row in use if row["rule"] == "promise:missed"]
    assert (missed["row_count"], missed["good_weight"]) == (1, 0.0)
    assert missed["bad_weight"] == pytest.approx(0.2)


@every_engine
def test_the_policy_says_what_promises_weigh(backend):
    history = custloyal.judge(history_of(backend, ROWS), BOOK, as_of=NOON).in_history()
    policy = OutcomePolicy(promise_missed=-1, promise_kept=0.25)
    [score] = custloyal.score(history, Trust(policy=policy), as_of=NOON).to_dicts()
    assert close(score["trust_balance"], 2 * 0.25 * 2 - 12 * 2 * 2 ** (-2 / 24 / 730))
    assert (score["good_count"], score["bad_count"]) == (2, 1)
