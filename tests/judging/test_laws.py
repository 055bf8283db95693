"""What holds of all verdicts, whatever the rules: sums, time that passes, parts of a whole."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import drawn_rules as drawn
from custloyal import RuleBook, ServiceRule, judge
from custloyal.models import AsOf
from custloyal.rules import Clocked, Contacted, Counted, HandedOn, where
from drawn_rules import BERLIN, history_of, judged
from engines import ENGINES, sparingly

POLARS = ENGINES[0]
COUNTS = tuple(f"{word}_count" for word in ("met", "missed", "pending", "unknown", "excluded"))


def rows_of(data):
    """Rows that can be told apart."""
    rows = data.draw(drawn.rows(min_size=5))
    return [{**row, "interaction_id": f"{place:02}"} for place, row in enumerate(rows)]


def said(verdicts):
    return Counter(str(sorted(row.items())) for row in verdicts.to_dicts())


@given(data=st.data())
@sparingly
def test_counts_add_up_to_the_subjects(data):
    rows, second, book = rows_of(data), data.draw(drawn.customers), data.draw(drawn.rule_books())
    verdicts = judged(POLARS, rows, book, data.draw(drawn.as_ofs(rows)), second)
    subjects = Counter(row["rule"] for row in verdicts.to_dicts())
    for by in ((), ("department", "window"), ("customer_id", "channel"), ("tier",)):
        added = Counter()
        for row in verdicts.attainment(*by).to_dicts():
            added[row["rule"]] += sum(row[name] for name in COUNTS)
        assert added == subjects


@given(data=st.data())
@sparingly
def test_what_comes_later_is_unseen(data):
    rows, second, book = rows_of(data), data.draw(drawn.customers), data.draw(drawn.rule_books())
    as_of = data.draw(drawn.as_ofs(rows))
    until = AsOf.parse(as_of, timezone=BERLIN).instant
    cut = [row for row in rows if row["occurred_at"] <= until]
    assert said(judged(POLARS, rows, book, as_of, second)) == said(
        judged(POLARS, cut, book, as_of, second)
    )


@given(data=st.data())
@sparingly
def test_the_order_of_the_input_does_not_matter_where_ids_break_ties(data):
    rows, second, book = rows_of(data), data.draw(drawn.customers), data.draw(drawn.rule_books())
    as_of = data.draw(drawn.as_ofs(rows))
    shuffled = data.draw(st.permutations(rows))
    assert said(judged(POLARS, rows, book, as_of, second)) == said(
        judged(POLARS, shuffled, book, as_of, second)
    )


# Time that passes ----------------------------------------------------------------------------

steady = where(kind=drawn.KINDS)
"""Who belongs to it does not change: the first row of a case stays the first."""


def rule(promise, population, name="rule"):
    return ServiceRule(
        name=name, population=population, promise=promise, target=0.9, window="day", owner="desk"
    )


def by_subject(verdicts):
    def subject(row):
        named = "case_id" if row["subject"] == "case" else "interaction_id"
        return (row["customer_id"], row["window"]) if row["subject"] == "customer" else row[named]

    return {subject(row): row for row in verdicts.to_dicts()}


def may_turn(promise, verdict):
    """Whether what is said may become untrue by what comes later."""
    if isinstance(promise, Counted | HandedOn):
        return not (verdict == "missed" and promise.comparator.is_ceiling)
    return isinstance(promise, Clocked) and promise.reopens is not None and verdict == "met"


decidable = ("clocks", "what follows", "contacts", "counts", "hand-offs")


@pytest.mark.parametrize("kind", decidable)
@given(data=st.data())
@sparingly
def test_what_is_decided_stays_decided(kind, data):
    rows, promise = rows_of(data), data.draw(drawn.PROMISES[kind])
    book = RuleBook([rule(promise, where() if kind == "contacts" else steady)])
    history = history_of(POLARS, rows)
    at = min(row["occurred_at"] for row in rows) + data.draw(drawn.GAPS)
    before = by_subject(judge(history, book, as_of=at))
    for later in (data.draw(drawn.GAPS), timedelta(days=1), timedelta(days=60)):
        at += later
        after = by_subject(judge(history, book, as_of=at))
        for subject, row in before.items():
            verdict = row["verdict"]
            if verdict in ("met", "missed") and not may_turn(promise, verdict):
                said = after[subject]
                assert (said["verdict"], said["due_at"]) == (verdict, row["due_at"])
        before = after


# Parts of a whole ----------------------------------------------------------------------------


@given(data=st.data())
@sparingly
def test_parts_of_a_population_make_up_the_whole(data):
    rows, second = rows_of(data), data.draw(drawn.customers)
    parted = data.draw(drawn.any_promise)
    assume(not isinstance(parted, Contacted) and not getattr(parted, "once", False))
    # Not by kind: a case begins with the first row of the kinds that its rule names.
    parts = {"whole": ("bill", "test"), "one": ("bill",), "other": ("test",)}
    book = RuleBook(
        rule(parted, where(kind=drawn.KINDS, topic=topics), name) for name, topics in parts.items()
    )
    verdicts = judged(POLARS, rows, book, data.draw(drawn.as_ofs(rows)), second)
    shares = {row["rule"]: row for row in verdicts.attainment().to_dicts()}
    none = dict.fromkeys((*COUNTS, "over_minutes"), 0)
    whole, one, other = (shares.get(name, none) for name in parts)
    for count in set(COUNTS) - {"unknown_count"}:  # an unknown topic is unknown to each part
        assert whole[count] == one[count] + other[count]
    over = (whole["over_minutes"] or 0, (one["over_minutes"] or 0) + (other["over_minutes"] or 0))
    assert over[0] == pytest.approx(over[1])
