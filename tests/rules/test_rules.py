"""Rules as values: the sentence of every promise, and what is refused, each with its mend."""

from __future__ import annotations

import pickle

import pytest

from custloyal import BusinessCalendar, ServiceRule
from custloyal.errors import InvalidValueError
from custloyal.periods import Period
from custloyal.rules import (
    Measured,
    RingCadence,
    above,
    at_least,
    at_most,
    below,
    rulebooks,
    where,
    within,
)
from custloyal.rules.promise import Comparator

OFFICE = BusinessCalendar({"mon-fri": "08:00-20:00"})


def rule(**options):
    said = {
        "name": "r",
        "population": where(kind="question"),
        "promise": within(hours=4),
        "target": 0.9,
        "window": "month",
        "owner": "front desk",
    }
    return ServiceRule(**{**said, **options})


def refused(make):
    with pytest.raises(InvalidValueError) as caught:
        make()
    return [str(mistake) for mistake in caught.value.mistakes]


# Sentences -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("promise", "said"),
    [
        (at_most(2, "rings"), "are answered within 2 rings"),
        (below(3, "rings"), "are answered within 2 rings"),
        (at_most(1, "rings"), "are answered within 1 ring"),
        (at_least(3, "rings"), "have at least 3 rings"),
        (at_most(30, "seconds", of="wait_s"), "have a wait of at most 30 seconds"),
        (at_most(30, "wait_s"), "have a wait of at most 30 seconds"),
        (below(2, "minutes", of="handle_s"), "have a handle of below 2 minutes"),
        (at_most(2, "lead_days"), "have a lead of at most 2 days"),
        (at_least(4, "rating"), "have a rating of at least 4"),
        (at_least(4, "rating", last=True), "have a rating of at least 4 at their end"),
        (above(9.5, "amount"), "have an amount of above 9.5"),
        (at_most(3, "pages_count"), "have at most 3 pages"),
        (above(0, "feeling"), "leave a good feeling"),
        (at_least(-0.5, "feeling"), "leave a feeling at least -0.5"),
        (
            at_least(1, "times", of=where(kind=["reply", "feedback_reply"], channel="phone")),
            "have at least 1 reply or reply to feedback by phone",
        ),
        (at_least(1, "times", of=where(channel="phone")), "have at least 1 call"),
        (at_most(0, "times", of=where(kind="reopen")), "have no reopens"),
        (at_most(1, "handoffs"), "have at most 1 hand-off"),
        (at_most(0, "handoffs"), "stay with their first department"),
        (at_most(0, "handoffs", by="agent_id"), "stay with their first agent"),
        (at_most(2, "times", of=where(kind="reopen")), "have at most 2 reopens"),
        (
            at_least(2, "times", of=where(kind="outreach"), per="customer"),
            "have at least 2 contacts by the business",
        ),
        (within(hours=4), "are answered within 4 hours"),
        (within(minutes=90, calendar=OFFICE), "are answered within 90 business minutes"),
        (within(days=2, until="resolution"), "are resolved within 2 days"),
        (within(hours=24, until="resolution", calendar=OFFICE), "are resolved within 24 business"),
        (within(seconds=1, until="next_reply"), "are answered within 1 second"),
        (within(days=7, until=where(kind="survey")), "are followed by surveys within 7 days"),
    ],
)
def test_a_promise_is_a_sentence(promise, said):
    assert str(promise).startswith(said)


def test_a_rule_is_a_sentence():
    calls = rule(
        population=where(channel="phone", department="Sales"),
        promise=at_most(2, "rings"),
        unless=where(topic="test call"),
        target_by={"tier": {"key": 0.99}},
    )
    assert str(calls) == (
        "Calls to Sales are answered within 2 rings, for 90 % of calls a month (99 % where tier "
        "is key), interactions with topic test call set aside; owner: front desk."
    )


def test_rules_are_values():
    assert rule() == rule()
    assert hash(rule()) == hash(rule())
    assert pickle.loads(pickle.dumps(rule())) == rule()
    assert rule().window is Period.MONTH
    assert at_most(30, "wait_s") == at_most(30, "seconds", of="wait_s")


# What is refused -----------------------------------------------------------------------------


def test_a_rule_that_says_nothing_is_told_all_that_is_missing():
    assert refused(ServiceRule) == [
        'name: is missing (name the rule: "answer fast")',
        (
            'population: is missing (say to whom it is promised: where(kind="question", '
            'channel="phone"))'
        ),
        (
            "promise: is missing (say what is measured, how far and in which unit: "
            'at_most(2, "rings"), within(hours=4))'
        ),
        "target: is missing (say which share must be kept: 0.9)",
        'window: is missing (say over which period: "month")',
        'owner: is missing (say who answers for it: "front desk")',
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"target": 95}, "target: is 95, must be a share above 0 and at most 1 (say 0.95)"),
        ({"target": 1.5}, "target: is 1.5, must be a share above 0 and at most 1 (say 0.015)"),
        ({"target": 0}, "target: is 0, must be a share above 0 and at most 1 (say 0.9)"),
        ({"target": True}, "target: is True, must be a share above 0 and at most 1 (say 0.9)"),
        ({"target": "90 %"}, "target: is '90 %', must be a share above 0 and at most 1 (say 0.9)"),
        ({"window": "mnth"}, "window: is 'mnth', no period (did you mean 'month'?)"),
        ({"owner": 7}, 'owner: is 7, must be text (say who answers for it: "front desk")'),
        ({"name": " "}, "name: is ' ', must be text (name the rule: \"answer fast\")"),
        (
            {"target_by": {"tier": {"key": 99}}},
            "target_by.tier.key: is 99, must be a share above 0 and at most 1 (say 0.99)",
        ),
        ({"target_by": {"tier": 0.9}}, 'target_by.tier: is 0.9 (say {"tier": {"key": 0.99}})'),
        (
            {"target_by": 0.9},
            'target_by: is 0.9, must be targets by column and word (say {"tier": {"key": 0.99}})',
        ),
        ({"unless": "tests"}, "unless: is 'tests' (say which rows: where(topic=\"test call\"))"),
        ({"population": "calls"}, "population: is 'calls' (say to whom it is promised: "),
        ({"promise": "fast"}, "promise: is 'fast' (say what is measured, how far and in which"),
    ],
)
def test_a_part_that_means_nothing_is_refused(options, said):
    (found,) = refused(lambda: rule(**options))
    assert found.startswith(said)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: at_most(2), 'unit: is missing (say of what: at_most(2, "rings"))'),
        (
            lambda: at_most(2, "hours"),
            (
                'of: is missing: hours of what (say of what: at_most(2, "hours", of="wait_s"), '
                "or say within(hours=...))"
            ),
        ),
        (
            lambda: at_most(2, "hours", of="rings"),
            "unit: hours do not fit rings, which is no column of times (say 'rings')",
        ),
        (
            lambda: at_most(2, "rings", of="wait_s"),
            (
                "unit: 'rings' does not fit wait_s, which is a time "
                "(say one of seconds, minutes, hours, days)"
            ),
        ),
        (
            lambda: at_most(2, "times"),
            'of: is missing: times of what (say which rows: of=where(kind="reopen"))',
        ),
        (
            lambda: at_most(2, "times", of="wait_s"),
            "of: is 'wait_s', a column (say which rows: of=where(kind=\"reopen\"))",
        ),
        (
            lambda: at_most(2, "rings", of=where(kind="reopen")),
            "unit: is 'rings', and rows are counted in times (say 'times')",
        ),
        (lambda: at_most(2, "rings", of=3), "of: is 3, neither a column nor rows"),
        (lambda: at_most("2", "rings"), "threshold: is '2', no number"),
        (
            lambda: at_most(-1, "rings"),
            "threshold: is -1, and there are never fewer than 0 rings (say 0 or more)",
        ),
        (lambda: above(-0.5, "handoffs"), "threshold: is -0.5, and there are never fewer"),
        (
            lambda: at_least(-1, "times", of=where(kind="reopen")),
            "threshold: is -1, and there are never fewer than 0 times",
        ),
        (
            lambda: below(-1, "hours", of="handle_s"),
            "threshold: is -1, and there are never fewer than 0 hours",
        ),
        (lambda: at_most(threshold=True, unit="rings"), "threshold: is True, no number"),
        (lambda: at_most(float("nan"), "rings"), "threshold: is nan, which nothing can fail"),
        (lambda: at_most(2, 3), "unit: is 3, no text"),
        (lambda: at_most(2, ["rings"]), "unit: is ['rings'], no text"),
        (
            lambda: at_most(2, "rings", country="UK"),
            "country: 'UK' has no preset (allowed: 'US'",
        ),
        (lambda: at_most(2, "rating", country="DE"), "country: is said of rings only"),
        (lambda: at_most(2, "rings", per="customer"), "per: is said of times only"),
        (lambda: at_most(2, "rings", by="agent_id"), "by: is said of handoffs only"),
        (lambda: at_most(2, "handoffs", by="agent"), "by: is 'agent' (did you mean 'agent_id'?)"),
        (lambda: at_most(2, "handoffs", last=True), "last: is said of numbers that rows bear"),
        (within, "within: states no time above 0 (say within(hours=4))"),
        (lambda: within(hours=-1), "within: states a time below 0 (say within(hours=4))"),
        (lambda: within(hours="4"), "within.hours: is '4', no number"),
        (
            lambda: within(days=2, calendar=OFFICE),
            (
                "within.days: have no fixed length on a calendar (say how many hours of business: "
                "within(hours=8))"
            ),
        ),
        (lambda: within(hours=2, calendar="office"), "calendar: is 'office', no calendar"),
        (lambda: within(hours=2, until="answer"), "until: is 'answer', no clock"),
        (lambda: within(hours=2, same="customer"), "same: is not said of the clock of a case"),
        (lambda: within(hours=2, waits="pending"), "waits: is 'pending', no rows"),
        (
            lambda: within(hours=2, until="next_reply", waits=where(kind="reply")),
            "waits: is said of the clock of a case (leave it out, or measure the first response",
        ),
        (lambda: where(kind="complain"), "kind: 'complain' is not one of its words (did you"),
        (lambda: where(topic=[]), "topic: names no word"),
        (lambda: where(topic={"a": 1}), "topic: {'a': 1} is neither text, a whole number nor"),
        (lambda: RingCadence(0, 4), "on_s: is 0.0, must be a number above 0"),
        (lambda: RingCadence.of("XX"), "country: has no preset: 'XX'"),
    ],
)
def test_words_that_mean_nothing_are_refused(make, said):
    (found,) = refused(make)
    assert found.startswith(said)


def test_all_that_is_wrong_with_a_promise_is_named_at_once():
    assert len(refused(lambda: at_most("2", "", by="desk", country=4, last=0))) == 5
    wrong = {"until": "x", "same": "y", "waits": "z", "calendar": 1}
    assert len(refused(lambda: within(hours="4", **wrong))) == 5


# Rings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wait_s", "rings"), [(0, 1), (5.999, 1), (6, 2), (11.999, 2), (12, 3)])
def test_the_third_ring_starts_after_two_cycles(wait_s, rings):
    assert RingCadence.of("US").rings(wait_s) == rings


def test_a_unit_fits_the_column_of_its_name():
    assert at_most(2, "minutes", of="wait_s").bound == 120
    assert at_most(120, "seconds", of="handle_minutes").bound == 2
    with pytest.raises(InvalidValueError):
        Measured(column="rating", comparator=Comparator.AT_MOST, threshold=2, unit="hours")


# Good service --------------------------------------------------------------------------------


def test_good_service_has_an_owner_and_a_target_for_each_part():
    book = rulebooks.good_service(OFFICE, country="DE")
    assert [each.name for each in book] == [
        "clear direction",
        "prompt answer to calls",
        "prompt first response",
        "correct response",
        "feedback given",
        "respect and appreciation",
        "professional with prospects",
        "solved without approval",
        "positive feeling",
    ]
    said = str(book)
    assert "within 4 business hours" in said
    assert "within 8 business hours" in said
    assert book.rules[1].promise == below(3, "rings", country="DE")
