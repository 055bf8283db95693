"""The linter: rules that contradict, repeat or mean nothing, and none that are well meant."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custloyal import BusinessCalendar, RuleBook, ServiceRule
from custloyal.rules import (
    Population,
    Severity,
    above,
    at_least,
    at_most,
    below,
    lint,
    rulebooks,
    where,
    within,
)
from custloyal.rules.measure import Range, measure_of
from custloyal.rules.overlap import covers, overlap
from custloyal.rules.promise import Comparator
from drawn_rules import rule_books

CALLS = where(channel="phone")
OFFICE = BusinessCalendar({"mon-fri": "08:00-20:00"})


def rule(promise, population=CALLS, **options):
    said = {"target": 0.9, "window": "month", "owner": "desk", "name": "r"}
    return ServiceRule(promise=promise, population=population, **{**said, **options})


def found(*rules):
    """The findings on rules that are named a, b, c."""
    named = [
        ServiceRule(
            name=name,
            population=each.population,
            promise=each.promise,
            target=each.target,
            window=each.window,
            owner=each.owner,
            unless=each.unless,
            target_by=each.target_by,
        )
        for name, each in zip("abc", rules, strict=False)
    ]
    return [str(finding) for finding in lint(RuleBook(named))]


# Alone ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "promise",
    [
        at_least(0, "times", of=where(kind="reopen")),
        at_least(0, "handoffs"),
        at_least(0, "seconds", of="wait_s"),
        at_least(0, "rings"),
        at_least(-1, "feeling"),
        above(-1.5, "feeling"),
        at_most(1, "feeling"),
        below(1.01, "feeling"),
    ],
)
def test_what_can_never_fail_is_an_error(promise):
    assert found(rule(promise)) == [
        f"error: 'a': can never fail: {promise} (mend the threshold, or leave the rule out)"
    ]


@pytest.mark.parametrize(
    "promise",
    [
        below(0, "rings"),
        below(0, "handoffs"),
        below(0, "seconds", of="wait_s"),
        above(1, "feeling"),
        at_least(1.5, "feeling"),
        below(-1, "feeling"),
        below(0, "times", of=where(kind="reopen")),
    ],
)
def test_what_can_never_be_kept_is_an_error(promise):
    assert found(rule(promise)) == [
        f"error: 'a': can never be kept: {promise} (mend the threshold or the comparator)"
    ]


@pytest.mark.parametrize(
    "promise",
    [
        at_most(0, "handoffs"),
        at_least(1, "times", of=where(kind="reply")),
        above(-1, "feeling"),  # an outcome of -1 fails it
        above(0, "feeling"),
        at_least(-5, "profit_amount"),
        at_most(-5, "profit_amount"),
        at_most(-1, "days", of="delay_days"),  # a day early
        at_least(0, "days", of="delay_days"),
        within(seconds=1),
    ],
)
def test_what_can_fail_and_be_kept_is_none(promise):
    assert found(rule(promise)) == []


def test_a_rule_that_sets_all_aside_is_an_error():
    aside = where(channel=["phone", "email"])
    (said,) = found(rule(at_most(2, "rings"), unless=aside))
    assert said.startswith("error: 'a': sets aside all that it speaks of")
    assert found(rule(at_most(2, "rings"), unless=where(channel="email"))) == []


def test_a_target_that_most_may_miss_is_a_warning():
    (said,) = found(rule(at_most(2, "rings"), target=0.1))
    assert said == (
        "warning: 'a': reaches its target of 10 % though most are missed "
        "(say the share that must be kept, 0.9 perhaps)"
    )
    assert found(rule(at_most(2, "rings"), target=0.5)) == []


# Contradictions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (at_most(2, "rings"), at_least(3, "rings")),
        (below(3, "rings"), above(2, "rings")),
        (at_most(2, "rings"), at_least(12, "seconds", of="wait_s")),
        (at_most(2, "rings", country="DE"), at_least(10, "wait_s")),
        (at_least(3, "rings"), below(0.2, "minutes", of="wait_s")),
        (above(0, "feeling"), below(0, "feeling")),
        (at_most(1, "handoffs"), above(1, "handoffs")),
    ],
)
def test_what_cannot_both_be_kept_contradicts(one, other):
    (said,) = found(rule(one), rule(other))
    assert said == (
        f"error: 'a', 'b': contradict each other: calls that {one} cannot be such that {other} "
        "(change or drop one of them)"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (at_most(2, "rings"), at_least(2, "rings")),
        (at_most(2, "rings"), at_least(11.9, "seconds", of="wait_s")),
        (at_most(2, "rings", country="DE"), at_least(9.9, "wait_s")),
        (at_least(3, "rings"), at_most(12, "wait_s")),
        (at_most(2, "rings"), at_least(3, "rings", last=True)),
        (at_most(2, "rings"), at_least(3, "rating")),
        (at_most(1, "handoffs"), at_least(2, "handoffs", by="agent_id")),
        (
            at_most(0, "times", of=where(kind="reply")),
            at_least(1, "times", of=where(kind="reopen")),
        ),
    ],
)
def test_what_can_both_be_kept_does_not_contradict(one, other):
    assert found(rule(one), rule(other)) == []


def test_where_only_some_belong_to_both_it_is_a_warning():
    german = rule(at_least(3, "rings"), where(department="Sales"))
    (said,) = found(rule(at_most(2, "rings")), german)
    assert said.startswith("warning: 'a', 'b': contradict each other: calls that are interactions")
    nested = rule(at_least(3, "rings"), where(channel="phone", department="Sales"))
    assert found(rule(at_most(2, "rings")), nested)[0].startswith("error")


def test_rules_of_different_rows_do_not_contradict():
    others = [
        rule(at_least(3, "rings"), where(channel="chat")),
        rule(at_least(3, "rings"), unless=where(channel=["phone", "chat"], topic="x")),
        rule(at_least(3, "rings"), Population({}, unless={"channel": ("phone",)})),
    ]
    assert found(rule(at_most(2, "rings")), others[0]) == []
    assert found(rule(at_most(2, "rings")), others[2]) == []
    tests = rule(at_least(3, "rings"), where(channel="phone", topic="test"))
    assert found(rule(at_most(2, "rings"), unless=where(topic="test")), tests) == []
    assert found(rule(at_most(2, "rings")), others[1]) != []


# Repetition ----------------------------------------------------------------------------------


def test_the_same_twice_is_a_warning():
    twice = rule(below(3, "rings"), owner="sales")
    (said,) = found(rule(at_most(2, "rings")), twice)
    assert said == (
        "warning: 'a', 'b': say the same, with two owners: desk and sales (keep one of them)"
    )


@pytest.mark.parametrize(
    ("looser", "stricter"),
    [
        (within(hours=8), within(hours=4)),
        (within(hours=8, calendar=OFFICE), within(hours=4, calendar=OFFICE)),
        (
            within(days=8, until=where(kind="survey")),
            within(days=4, until=where(kind="survey")),
        ),
        (at_most(3, "rings"), at_most(2, "rings")),
        (at_most(12, "wait_s"), at_most(2, "rings")),
        (at_most(2, "rings"), at_most(10, "wait_s")),
        (above(-0.5, "feeling"), at_least(0, "feeling")),
    ],
)
def test_the_looser_of_two_is_redundant(looser, stricter):
    said = (
        "asks for no more than {!r}: what keeps that one keeps this one "
        "(leave it out, or give it a higher target)"
    )
    assert found(rule(looser), rule(stricter)) == [f"warning: 'a', 'b': {said.format('b')}"]
    assert found(rule(stricter), rule(looser)) == [f"warning: 'b', 'a': {said.format('a')}"]


@pytest.mark.parametrize(
    "options",
    [
        {"target": 0.99},  # 90 % within 4 hours, 99 % within 8: two steps of one promise
        {"window": "day"},
        {"population": where(channel="phone", department="Sales")},
        {"unless": where(topic="test")},
        {"target_by": {"tier": {"key": 0.99}}},
    ],
)
def test_the_looser_of_two_may_ask_for_more(options):
    looser = rule(within(hours=8), **options)
    assert found(rule(within(hours=4)), looser) == []


def test_times_on_different_calendars_are_not_compared():
    assert found(rule(within(hours=4)), rule(within(hours=8, calendar=OFFICE))) == []
    assert found(rule(within(hours=4)), rule(within(hours=8, until="resolution"))) == []


def test_contacts_are_compared_in_equal_windows_only():
    once = at_least(1, "times", of=where(kind="outreach"), per="customer")
    never = at_most(0, "times", of=where(kind="outreach"), per="customer")
    customers = where(tier="key")
    assert found(rule(once, customers), rule(never, customers))[0].startswith("error")
    assert found(rule(once, customers), rule(never, customers, window="day")) == []


def test_good_service_is_beyond_suspicion():
    assert lint(rulebooks.good_service(OFFICE)) == ()


@given(rule_books())
def test_every_book_can_be_looked_at(book):
    for finding in lint(book):
        assert finding.severity in Severity
        assert set(finding.rules) <= {each.name for each in book}


# What it rests on ----------------------------------------------------------------------------


@given(
    st.sampled_from(Comparator),
    st.sampled_from((-1, 0, 0.5, 1, 2, 2.5)),
    st.booleans(),
)
def test_a_range_holds_what_keeps_the_promise(comparator, threshold, whole):
    kept = Range.that_keeps(comparator, threshold, whole=whole)
    for value in (-2, -1, 0, 1, 2, 3) if whole else (-1.5, -1, 0, 0.5, 1, 2, 2.25, 2.5, 3):
        keeps = {
            Comparator.AT_MOST: value <= threshold,
            Comparator.AT_LEAST: value >= threshold,
            Comparator.BELOW: value < threshold,
            Comparator.ABOVE: value > threshold,
        }[comparator]
        assert (Range(value, value) in kept) == keeps
        assert kept.meets(Range(value, value)) == keeps


def test_business_time_is_measured_in_what_tables_hold():
    assert measure_of(rule(within(hours=1))).kept == Range(high=3_600_000_000)


words = st.lists(st.sampled_from("xyz"), min_size=1, max_size=3, unique=True)
sides = st.dictionaries(st.sampled_from("ab"), words, max_size=2)
populations = st.builds(Population, sides, unless=sides)
ROWS = [dict(zip("ab", each, strict=True)) for each in product(("x", "y", "z", "other"), repeat=2)]


def belongs(row, population):
    return all(row[name] in words for name, words in population.words.items()) and all(
        row[name] not in words for name, words in population.unless.items()
    )


@given(populations, populations)
def test_populations_overlap_where_a_row_belongs_to_both(one, other):
    shared = [row for row in ROWS if belongs(row, one) and belongs(row, other)]
    assert overlap(one, other) == bool(shared)


@given(populations, populations)
def test_a_population_covers_another_where_all_of_its_rows_belong(whole, part):
    rows = [row for row in ROWS if belongs(row, part)]
    inside = all(belongs(row, whole) for row in rows)
    if rows:  # of a population of nobody nothing is claimed
        assert covers(whole, part) == inside
