"""Rule books against data: what is not there, what is misspelt, what tells nothing apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custloyal import History, RuleBook, ServiceRule, judge
from custloyal.errors import MissingColumnError
from custloyal.judging.checking import check
from custloyal.judging.fitting import fitted
from custloyal.rules import above, at_least, at_most, rulebooks, where, within
from drawn_rules import STARTS, history_of, rows, rule_books
from engines import ENGINES, every_engine

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
CALLS = where(kind="question", channel="phone")


def call(number, **columns):
    return {
        "customer_id": f"c{number % 3}",
        "occurred_at": NOON + timedelta(minutes=number),
        "kind": "question",
        "channel": "phone",
        "department": "Sales" if number % 2 else "Billing",
        "agent_id": str(number % 4),
        "case_id": f"case{number}",
        "rings": 1.0 + number % 3,
        "amount": None,
        **columns,
    }


FORTY = [call(number) for number in range(40)]


def rule(promise, population=CALLS, **options):
    said = {"target": 0.9, "window": "month", "owner": "desk", "name": "r"}
    return ServiceRule(promise=promise, population=population, **{**said, **options})


def found(backend, *rules, data=FORTY, customers=None, **options):
    history = History.from_native(backend.frame(data), customers=customers)
    return [str(each) for each in check(history, RuleBook(rules), **options)]


@every_engine
def test_a_rule_that_fits_is_not_suspicious(backend):
    assert found(backend, rule(at_most(2, "rings"))) == []


@every_engine
def test_what_the_linter_finds_is_found_too(backend):
    said = found(backend, rule(at_most(2, "rings")), rule(at_most(3, "rings"), name="s"))
    assert said[0].startswith("warning: 's', 'r': asks for no more than 'r'")


# Columns -------------------------------------------------------------------------------------


@every_engine
def test_columns_that_are_not_there_are_errors(backend):
    wrong = rule(at_most(2, "rngs"), where(kind="question", departmnt="Sales", tier="key"))
    assert found(backend, wrong, rule(at_most(2, "rings"), name="s")) == [
        (
            "error: 'r': cannot be judged: departmnt and tier and rngs are not among the columns "
            "of the history or of its customers (did you mean 'department'?; bring what is "
            "missing, or leave the rule out; did you mean 'rings'?)"
        )
    ]


@every_engine
@pytest.mark.parametrize(
    ("population", "promise", "said"),
    [
        (
            where(agent_id=7),
            at_most(2, "rings"),
            "agent_id holds text, and 'r' compares it with 7 (write \"7\")",
        ),
        (
            where(rings=["many", "2"]),
            at_most(2, "rings"),
            (
                "rings holds numbers, and 'r' compares it with 'many'; rings holds numbers, and "
                "'r' compares it with '2' (name another column, or words of its type; write 2)"
            ),
        ),
        (
            where(channel=True),
            at_most(2, "rings"),
            "channel holds text, and 'r' compares it with True (write \"True\")",
        ),
        (
            CALLS,
            at_most(2, "department"),
            "department holds text, and 'r' measures it (name a column of numbers)",
        ),
    ],
)
def test_columns_that_hold_something_else_are_errors(backend, population, promise, said):
    assert found(backend, rule(promise, population)) == [f"error: 'r': cannot be judged: {said}"]


@every_engine
def test_rules_that_lack_columns_are_left_out(backend):
    history = History.from_native(backend.frame(FORTY))
    fit = fitted(history, rulebooks.good_service())
    assert [each.name for each in fit.book] == [
        "clear direction",
        "prompt answer to calls",
        "prompt first response",
        "correct response",
        "feedback given",
        "respect and appreciation",
        "professional with prospects",
        "solved without approval",
    ]
    (left_out,) = fit.left_out
    assert left_out.rules == ("positive feeling",)
    assert "outcome" in left_out.message
    judge(history, fit.book).attainment()


def test_where_no_rule_is_left_all_that_is_missing_is_named():
    sales = pl.DataFrame({"customer_id": ["a"], "occurred_at": [NOON], "kind": ["purchase"]})
    book = RuleBook([rule(at_most(2, "rings")), rule(above(0, "feeling"), name="s")])
    with pytest.raises(MissingColumnError) as caught:
        fitted(History.from_native(sales), book)
    assert [mistake.path for mistake in caught.value.mistakes] == ["r", "s"]


# Words ---------------------------------------------------------------------------------------


@every_engine
def test_a_rule_that_speaks_of_nobody_is_an_error_with_the_nearest_word(backend):
    assert found(backend, rule(at_most(2, "rings"), where(department="sales"))) == [
        "error: 'r': speaks of nobody: no row has department 'sales' (did you mean 'Sales'?)"
    ]
    (said,) = found(backend, rule(at_most(2, "rings"), where(department="Lab")))
    assert said.endswith("(it holds 'Billing', 'Sales')")
    both = where(department="Sales", agent_id="2")
    assert found(backend, rule(at_most(2, "rings"), both)) == [
        (
            "error: 'r': speaks of nobody: no row is all of interactions to Sales with agent_id 2 "
            "(mend the population, or leave the rule out)"
        )
    ]


@every_engine
def test_a_word_among_others_that_no_row_holds_is_a_warning(backend):
    some = where(kind=["question", "problem"], department=["Sales", "Biling"])
    assert found(backend, rule(at_most(2, "rings"), some)) == [
        "warning: 'r': no row has department 'Biling' (did you mean 'Billing'?)"
    ]


@every_engine
def test_words_of_parts_that_no_row_holds_are_warnings(backend):
    follows = within(hours=4, until=where(kind="follow_up"), same="customer")
    said = found(
        backend,
        rule(follows, unless=where(channel="fax"), target_by={"department": {"sales": 0.99}}),
    )
    assert said[:3] == [
        "warning: 'r': sets nothing aside: no row has channel 'fax' (it holds 'phone')",
        (
            "warning: 'r': has a target for nobody: no row has department 'sales' "
            "(did you mean 'Sales'?)"
        ),
        "warning: 'r': nothing keeps it: no row has kind 'follow_up' (it holds 'question')",
    ]


@every_engine
def test_what_must_not_happen_may_be_absent(backend):
    assert found(backend, rule(at_most(0, "times", of=where(kind="reopen")))) == []


@every_engine
def test_words_of_customers_and_rungs_are_looked_at_too(backend):
    second = pl.DataFrame({"customer_id": ["c0", "c1"], "tier": ["key", "small"]})
    tiers = rule(at_most(2, "rings"), where(tier=["key", "smal"]))
    rungs = rule(at_most(2, "rings"), where(stage="trusts"), name="s")
    assert found(backend, tiers, rungs, customers=second) == [
        "warning: 'r': no row has tier 'smal' (did you mean 'small'?)",
        "error: 's': speaks of nobody: no row has stage 'trusts' (did you mean 'trust'?)",
    ]


# Figures -------------------------------------------------------------------------------------


@every_engine
def test_a_measure_that_is_never_known_is_an_error(backend):
    silent = [{**row, "rings": None, "wait_s": None} for row in FORTY]
    data = [{**row, "rings": None} for row in silent[:-1]] + [
        {**silent[-1], "kind": "reply", "rings": 2.0}
    ]
    assert found(backend, rule(at_most(2, "rings")), data=data) == [
        (
            "error: 'r': is never decided: rings is not known in any of 39 rows "
            "(bring the figures, or leave the rule out)"
        )
    ]


@every_engine
def test_a_population_that_is_never_known_is_an_error(backend):
    data = [{**row, "department": None} for row in FORTY[:-1]] + [
        {**FORTY[-1], "department": "Sales", "kind": "reply"}
    ]
    of_sales = where(kind="question", department="Sales")
    assert found(backend, rule(at_most(2, "rings"), of_sales), data=data) == [
        (
            "error: 'r': is never decided: kind and department are not known in any of 39 rows "
            "(bring the figures, or leave the rule out)"
        )
    ]


@every_engine
def test_a_threshold_far_beyond_all_that_was_seen_is_a_warning(backend):
    far = rule(at_most(20, "rings"))
    assert found(backend, far) == [
        (
            "warning: 'r': was kept by all of 40: are answered within 20 rings, and 1 to 3 were "
            "seen (tighten the threshold)"
        )
    ]
    assert found(backend, rule(at_most(4, "rings"))) == []
    assert found(backend, far, data=FORTY[:20]) == []


@every_engine
def test_a_threshold_that_nobody_reached_is_a_warning(backend):
    assert found(backend, rule(at_least(4, "rings"))) == [
        (
            "warning: 'r': was kept by none of 40: have at least 4 rings, and 1 to 3 were seen "
            "(mend the threshold or the measure)"
        )
    ]


@every_engine
def test_times_are_said_in_units(backend):
    answers = [
        call(number, kind="reply", occurred_at=row["occurred_at"] + timedelta(seconds=90))
        for number, row in enumerate(FORTY)
    ]
    follows = within(hours=4, until=where(kind="reply"))
    (said,) = found(backend, rule(follows), data=[*FORTY, *answers])
    assert "and 1.5 minutes to 1.5 minutes were seen" in said


@every_engine
def test_rows_after_the_time_of_judgement_are_not_seen(backend):
    (said,) = found(backend, rule(at_most(2, "rings")), as_of=NOON - timedelta(days=1))
    assert said.startswith("error: 'r': speaks of nobody")


@given(st.data())
def test_engines_find_the_same_in_any_history(data):
    drawn, book = data.draw(rows()), data.draw(rule_books())
    histories = [history_of(backend, drawn) for backend in ENGINES]
    one, other = (check(each, book, as_of=STARTS[0] + timedelta(days=9)) for each in histories)
    assert one == other
