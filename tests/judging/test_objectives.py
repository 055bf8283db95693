"""Objectives: error budgets, exact tails, standings, costs, and what is said of them."""

from __future__ import annotations

import math
import subprocess
import sys
from datetime import UTC, date, datetime
from fractions import Fraction

import attrs
import duckdb
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from custloyal import History, RuleBook, ServiceRule, judge
from custloyal.errors import InvalidValueError
from custloyal.judging.alarm import Horizon, alarms
from custloyal.judging.forecast import Forecast
from custloyal.judging.objective_status import ObjectiveStatus
from custloyal.judging.statuses import objectives
from custloyal.models import Share, difference_interval
from custloyal.rules import at_most, where, within
from custloyal.rules.error_budget import ErrorBudget, alarm_at, chance_of_misses
from custloyal.rules.objective import Objective
from custloyal.rules.point_cost import marginal_point_cost, point_cost
from custloyal.rules.standing import Standing, standing

TARGETS = st.sampled_from([0.5, 0.8, 0.85, 0.9, 0.93, 0.95, 0.99, 0.999])
COUNTS = st.integers(1, 120)
RULE = ServiceRule(
    name="answer fast",
    population=where(channel="phone"),
    promise=at_most(2, "rings"),
    target=0.9,
    window="month",
    owner="front desk",
)


def exact_tail(missed, decided, miss_share):
    """P(X >= missed), with whole numbers only."""
    numerator, denominator = miss_share.numerator, miss_share.denominator
    kept = denominator - numerator
    terms = (
        math.comb(decided, k) * numerator**k * kept ** (decided - k)
        for k in range(missed, decided + 1)
    )
    return Fraction(sum(terms), denominator**decided)


def budget_of(missed, decided, target=0.9, window_count=None):
    return ErrorBudget(
        target=target, decided_count=decided, missed_count=missed, window_count=window_count
    )


def status_of(missed, decided, *, target=0.9, expected=None, **options):
    kept = Share(decided - missed, decided)
    return ObjectiveStatus(
        objective=options.pop("objective", Objective(rule="answer fast")),
        rule=options.pop("rule", RULE),
        window=date(2024, 3, 1),
        attainment=kept,
        target=target,
        expected_count=expected,
        pace=options.pop("pace", kept),
        **options,
    )


# Tails ---------------------------------------------------------------------------------------


@given(COUNTS, st.data(), st.sampled_from([(1, 2), (1, 5), (3, 20), (1, 10), (1, 20), (1, 1000)]))
def test_chances_are_the_exact_sums(decided, data, parts):
    missed = data.draw(st.integers(0, decided))
    share = Fraction(*parts)
    exact = exact_tail(missed, decided, share)
    found = chance_of_misses(missed, decided, float(1 - share))
    assert found == pytest.approx(float(exact), rel=1e-11, abs=1e-300)


@pytest.mark.parametrize(("missed", "digits"), [(20_000, 1e-10), (20_200, 1e-9), (21_000, 1e-9)])
def test_chances_of_100_000_events_are_the_exact_sums(missed, digits):
    # A term in whole numbers over 5**100000; the sum stops where terms no longer count.
    decided = 100_000
    term = math.comb(decided, missed) * 4 ** (decided - missed)
    total, first = 0, term
    for k in range(missed, decided + 1):
        total += term
        term = term * (decided - k) // ((k + 1) * 4)
        if term * 10**20 < first:
            break
    exact = float(Fraction(total, 5**decided))
    assert chance_of_misses(missed, decided, 0.8) == pytest.approx(exact, rel=digits)


@pytest.mark.parametrize("missed", [25_000, 50_000, 99_999, 100_000])
def test_extreme_chances_fade_to_nothing(missed):
    assert 0.0 <= chance_of_misses(missed, 100_000, 0.8) < 1e-300


def test_chances_at_the_edges():
    assert chance_of_misses(0, 0, 0.9) == chance_of_misses(0, 100_000, 0.9) == 1.0
    assert chance_of_misses(1, 0, 0.9) == chance_of_misses(11, 10, 0.9) == 0.0
    assert chance_of_misses(1, 10, 1.0) == 0.0
    assert 0.99 < chance_of_misses(1, 100_000, 0.8) <= 1.0


@given(st.integers(0, 10_000), st.integers(0, 10_000), TARGETS)
def test_more_misses_are_never_more_likely(missed, decided, target):
    here = chance_of_misses(missed, decided, target)
    assert 0.0 <= chance_of_misses(missed + 1, decided, target) <= here <= 1.0


def test_chances_refuse_all_that_is_wrong_at_once():
    with pytest.raises(InvalidValueError, match="3 mistakes") as caught:
        alarm_at(-1, 95, false_alarm_share=0)
    assert "say 0.95" in str(caught.value)


# Alarms --------------------------------------------------------------------------------------


@given(COUNTS, TARGETS, st.sampled_from([0.001, 0.01, 0.05, 0.2]))
@example(2, 0.9, 0.01)
def test_an_alarm_is_the_first_number_of_misses_that_is_rare_enough(decided, target, allowed):
    share = 1 - Fraction(str(target))
    rings_at = alarm_at(decided, target, false_alarm_share=allowed)
    if rings_at is None:
        assert float(exact_tail(decided, decided, share)) > allowed
    else:
        assert float(exact_tail(rings_at, decided, share)) <= allowed * (1 + 1e-12)
        assert float(exact_tail(rings_at - 1, decided, share)) > allowed * (1 - 1e-12)


@given(COUNTS, TARGETS)
def test_a_stricter_alarm_rings_later(decided, target):
    strict = alarm_at(decided, target, false_alarm_share=0.001)
    lax = alarm_at(decided, target, false_alarm_share=0.05)
    assert strict is None or (lax is not None and lax <= strict)


@given(st.integers(1, 10_000))
def test_where_no_miss_is_allowed_the_first_one_rings(decided):
    assert alarm_at(decided, 1.0) == 1


def test_alarms_of_nothing():
    assert alarm_at(0, 0.9) is None
    assert alarm_at(0, 1.0) is None


# Budgets -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "decided", "allowed"), [(0.9, 250, 25), (0.8, 5, 1), (0.99, 100, 1), (1, 9, 0)]
)
def test_budgets_are_whole_where_the_target_says_so(target, decided, allowed):
    # 250 * (1 - 0.9) is 24.999999999999993 in doubles.
    budget = budget_of(0, decided, target)
    assert budget.allowed_count == budget.allowed_so_far_count == allowed
    assert budget_of(allowed, decided, target).left_count == 0


@given(st.integers(1, 10**7), st.data())
def test_every_target_that_is_a_fraction_is_meant_exactly(decided, data):
    kept = data.draw(st.integers(1, decided))
    # The targets of so many promises, added up and divided, as tables do.
    assert budget_of(0, decided, kept / decided).allowed_count == decided - kept


@given(COUNTS, TARGETS, st.data())
def test_burn_is_at_most_one_over_the_share_allowed(decided, target, data):
    missed = data.draw(st.integers(0, decided))
    burn = budget_of(missed, decided, target).burn_rate
    assert 0 <= burn <= 1 / (1 - target) * (1 + 1e-12)
    assert (burn > 1) == (missed > budget_of(missed, decided, target).allowed_so_far_count)


@pytest.mark.parametrize("target", [0.5, 0.8, 0.9, 0.93, 0.9305])
def test_a_page_at_14_4_times_can_never_fire_where_misses_are_common(target):
    all_missed = budget_of(1_000, 1_000, target)
    assert all_missed.burn_rate < 14.4
    assert standing(all_missed) is Standing.MISSED


def test_a_page_at_14_4_times_can_fire_from_93_06_per_cent_on():
    assert budget_of(1_000, 1_000, 0.9306).burn_rate > 14.4


def test_a_target_of_all_has_no_budget_and_any_miss_breaks_it():
    broken, whole = budget_of(1, 1, 1.0), budget_of(0, 30, 1.0)
    assert (broken.burn_rate, broken.left_share, whole.burn_rate) == (None, None, None)
    assert broken.chance_if_kept == 0.0
    assert (broken.is_spent, whole.is_spent) == (True, False)
    assert (broken.events_until_spent, whole.events_until_spent) == (0, None)
    assert standing(broken) is Standing.MISSED
    assert standing(whole) is Standing.KEPT


def test_a_budget_of_nothing_says_nothing():
    budget = budget_of(0, 0)
    assert (budget.burn_rate, budget.chance_if_kept, budget.left_share) == (None, None, None)
    assert budget.events_until_spent is None
    assert budget.attainment.value is None
    assert standing(budget) is Standing.TOO_FEW


def test_a_budget_refuses_more_misses_than_events():
    with pytest.raises(InvalidValueError, match="3 exceeds 2"):
        budget_of(3, 2)


@given(COUNTS, TARGETS, st.integers(0, 200), st.data())
def test_until_the_budget_is_gone_is_counted_one_by_one(decided, target, more, data):
    missed = data.draw(st.integers(0, decided))
    budget = budget_of(missed, decided, target, decided + more)
    pace = Fraction(missed, decided)
    allowed = (1 - Fraction(str(target))) * (decided + more)
    gone = [events for events in range(more) if missed + pace * events >= allowed]
    counted = gone[0] if gone else None
    if missed and missed >= allowed:
        counted = 0
    assert budget.events_until_spent == (counted if missed else None)


@given(COUNTS, TARGETS, st.integers(1, 200), st.data())
def test_a_budget_is_gone_within_the_window_only_where_it_burns(decided, target, more, data):
    budget = budget_of(data.draw(st.integers(0, decided)), decided, target, decided + more)
    if budget.events_until_spent is not None:
        assert budget.burn_rate >= 1


# Standings -----------------------------------------------------------------------------------


@given(st.integers(0, 400), TARGETS, st.sampled_from([0.001, 0.01, 0.1]))
def test_a_promise_that_is_just_kept_is_called_missed_no_more_often_than_said(
    decided, target, allowed
):
    called = [
        missed
        for missed in range(decided + 1)
        if standing(budget_of(missed, decided, target), false_alarm_share=allowed)
        is Standing.MISSED
    ]
    assert called == list(range(called[0], decided + 1)) if called else True
    assert not called or chance_of_misses(called[0], decided, target) <= allowed


@given(COUNTS, TARGETS, st.data())
def test_kept_means_that_the_target_was_reached(decided, target, data):
    missed = data.draw(st.integers(0, decided))
    said = standing(budget_of(missed, decided, target), minimum_count=1)
    reached = Fraction(decided - missed, decided) >= Fraction(str(target))
    assert said is Standing.TOO_FEW or (said is Standing.KEPT) == reached


@pytest.mark.parametrize(
    ("missed", "decided", "said"),
    [
        (0, 9, "too few to say"),
        (9, 9, "too few to say"),
        (0, 10, "kept"),
        (1, 10, "kept"),
        (2, 10, "at risk"),
        (4, 10, "at risk"),
        (5, 10, "missed"),
        (30, 250, "at risk"),
    ],
)
def test_standings_at_90_per_cent(missed, decided, said):
    # Of 10: four or more misses have a chance of 1.28 %, five of 0.16 %.
    assert standing(budget_of(missed, decided)).value == said


# Costs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_differences_of_shares_are_those_of_newcombe(one, other, low, high):
    # Newcombe (1998), table II, method 10.
    interval = difference_interval(Share(*one), Share(*other), z=1.959964)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


def test_a_point_costs_what_is_spent_on_it():
    assert point_cost(900, Share(900, 1000), baseline=0.6).amount == pytest.approx(30)
    cost = marginal_point_cost(1500, Share(900, 1000), 1000, Share(800, 1000))
    assert cost.amount == pytest.approx(50)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ((100, Share(80, 100)), (200, Share(85, 100)), "may be chance"),
        ((100, Share(800, 1000)), (100, Share(900, 1000)), "as much was spent"),
        ((100, Share(900, 1000)), (200, Share(800, 1000)), "more was spent and fewer kept"),
        ((200, Share(800, 1000)), (100, Share(900, 1000)), "less was spent and more kept"),
        ((100, Share(0, 0)), (100, Share(900, 1000)), "nothing is decided"),
    ],
)
def test_costs_that_cannot_be_said_say_why(before, after, reason):
    cost = marginal_point_cost(*before, *after)
    assert cost.amount is None
    assert reason in cost.reason


@given(COUNTS, st.data(), st.floats(0, 1), st.floats(0, 1e6))
def test_a_point_never_costs_less_than_nothing(decided, data, baseline, amount):
    kept = Share(data.draw(st.integers(0, decided)), decided)
    cost = point_cost(amount, kept, baseline=baseline)
    assert (cost.amount is None) == bool(cost.reason)
    assert cost.amount is None or (cost.amount >= 0 and kept.value > baseline)


# What is said --------------------------------------------------------------------------------


def test_a_spent_budget_reads_so():
    status = status_of(30, 250, expected=250, expected_from=Forecast.GIVEN)
    assert status.sentences[:2] == (
        "Answer fast: 88.0 % of 250 kept (83.4 to 91.5), target 90 %.",
        "30 missed, 25 allowed: the budget of this month is spent.",
    )


def test_a_budget_that_burns_reads_so():
    status = status_of(24, 200, expected=282, expected_from=Forecast.BEFORE)
    assert status.sentences[1:3] == (
        "24 missed, about 28 allowed: 4 left of the budget of this month.",
        "At this pace the budget is gone after 35 more calls.",
    )
    slow = attrs.evolve(status, pace=Share(870, 1000), pace_from=Forecast.BEFORE)
    assert "At the pace of the months before the budget is gone after 33" in str(slow)


def test_the_last_one_reads_so():
    assert "gone with the next one." in str(status_of(20, 20, target=0.5, expected=42))


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (status_of(0, 0), "Answer fast: nothing is decided of this month, target 90 %."),
        (status_of(0, 0), "Too few to say: 0 of the 10 needed are decided."),
        (status_of(0, 12, target=0.95), "0 missed, 0.6 allowed: no whole miss is left of the"),
        (
            status_of(0, 12, target=1.0),
            "100.0 % of 12 kept (75.7 to 100.0), target 100 %. 0 missed",
        ),
        (status_of(1, 12, target=1.0), "Missed: a target of 100 % allows no miss."),
        (status_of(1, 3_000), "99.97 % of 3,000 kept"),
        (status_of(5, 10), "Missed: 5 or more misses have a chance of 0.2 % where 90 % are"),
        (status_of(500, 1_000), "a chance of under 0.1 % where"),
        (status_of(1, 10), "Kept: no more were missed than a target of 90 % allows."),
        (status_of(0, 10, is_over=True), "1 left of the budget of the month from 2024-03-01"),
    ],
)
def test_sentences(status, said):
    assert said in str(status)


@given(st.integers(0, 60), TARGETS | st.just(1.0), st.none() | st.integers(1, 90), st.data())
def test_what_is_null_says_why(decided, target, expected, data):
    missed = data.draw(st.integers(0, decided))
    status = status_of(missed, decided, target=target, expected=expected)
    row = status.to_dict()
    assert {name for name, value in row.items() if value is None} == set(row["reasons"])
    assert all(row["reasons"].values())
    assert all(sentence.endswith(".") for sentence in row["sentences"])


# From verdicts -------------------------------------------------------------------------------


def verdicts_of(days, *, as_of, rule=RULE, brought=pl.from_dict, **columns):
    """A call at noon of each day, missed where the day bears a True."""
    rows = {
        "customer_id": ["c"] * len(days),
        "interaction_id": list(range(len(days))),
        "occurred_at": [datetime(2024, *day, 12, tzinfo=UTC) for day, _ in days],
        "kind": ["question"] * len(days),
        "channel": ["phone"] * len(days),
        "rings": [5 if is_missed else 1 for _, is_missed in days],
    }
    history = History.from_native(brought(rows | columns))
    return judge(history, RuleBook([rule]), as_of=as_of)


def month(number, made, missed):
    return [((number, 1 + place % 28), place < missed) for place in range(made)]


def test_windows_are_counted_and_the_current_one_goes_by_those_before():
    made = month(1, 7, 0) + month(2, 40, 5) + month(3, 60, 6) + month(4, 20, 3)
    first, february, march, april = objectives(
        verdicts_of(made, as_of="2024-04-15"), [Objective(rule="answer fast")]
    )
    assert [s.window.month for s in (first, february, march, april)] == [1, 2, 3, 4]
    assert [s.is_over for s in (first, february, march, april)] == [True, True, True, False]
    assert (march.expected_count, march.expected_from) == (60, Forecast.WINDOW)
    # Made on days 1 to 20, of which as_of sees 15 with 3 missed; January is no full month.
    assert april.attainment == Share(12, 15)
    assert (april.expected_count, april.expected_from) == (50, Forecast.BEFORE)
    assert (april.budget.allowed_count, april.events_until_spent) == (5.0, 10)
    assert april.owner == "front desk"


def test_what_is_expected_goes_by_the_objective_first_and_by_the_calendar_last():
    made = month(4, 20, 3)
    verdicts = verdicts_of(made, as_of="2024-04-15")
    (given_,) = objectives(verdicts, [Objective(rule="answer fast", expected_count=90)])
    assert (given_.expected_count, given_.expected_from) == (90, Forecast.GIVEN)
    (elapsed,) = objectives(verdicts, [Objective(rule="answer fast")])
    assert (elapsed.expected_count, elapsed.expected_from) == (30, Forecast.ELAPSED)
    (over,) = objectives(verdicts_of(made, as_of="2024-04-30"), [Objective(rule="answer fast")])
    assert (over.is_over, over.expected_count, over.events_until_spent) == (True, 20, 0)


def test_windows_without_a_promise_count_as_nothing_and_the_current_one_is_there():
    made = month(1, 30, 0) + month(2, 30, 0)
    found = objectives(verdicts_of(made, as_of="2024-05-01"), [Objective(rule="answer fast")])
    assert [status.window.month for status in found] == [1, 2, 5]
    assert (found[-1].expected_count, found[-1].pace) == (10, Share(30, 30))
    assert found[-1].standing is Standing.TOO_FEW


def test_a_few_promises_go_at_the_pace_of_the_windows_before():
    made = month(1, 50, 10) + month(2, 50, 10) + month(3, 5, 0)
    found = objectives(verdicts_of(made, as_of="2024-03-05"), [Objective(rule="answer fast")])
    assert (found[-1].pace, found[-1].pace_from) == (Share(80, 100), Forecast.BEFORE)
    # 5 of 50 are allowed, none is missed, one in five is thought to be: gone after 25.
    assert found[-1].events_until_spent == 25
    assert "At the pace of the months before the budget is gone after 25 more calls." in str(
        found[-1]
    )


def test_pending_promises_are_still_to_come():
    rule = attrs.evolve(RULE, promise=within(hours=48, until=where(kind="reply")))
    verdicts = verdicts_of(
        month(3, 28, 28), as_of="2024-03-28", rule=rule, case_id=[str(n) for n in range(28)]
    )
    (status,) = objectives(verdicts, [Objective(rule="answer fast", expected_count=28)])
    assert (status.attainment, status.pending_count) == (Share(0, 26), 2)


def test_targets_that_differ_make_one_budget():
    rule = attrs.evolve(RULE, target_by={"topic": {"outage": 1.0}})
    topics = ["outage" if n < 10 else "other" for n in range(30)]
    verdicts = verdicts_of(month(3, 30, 0), as_of="2024-03-31", rule=rule, topic=topics)
    own, stated = objectives(
        verdicts, [Objective(rule="answer fast"), Objective(rule="answer fast", target=0.8)]
    )
    assert (own.budget.allowed_count, stated.budget.allowed_count) == (2.0, 6.0)


def test_costs_go_with_their_windows():
    made = month(1, 400, 160) + month(2, 400, 40)
    found = objectives(
        verdicts_of(made, as_of="2024-02-29"),
        [
            Objective(
                rule="answer fast",
                budget_amount=900,
                baseline_share=0.5,
                spent_amounts={"2024-02-01": 1500},
            )
        ],
    )
    assert [s.point_cost.amount for s in found] == pytest.approx([90, 37.5])
    assert found[0].reasons == {"marginal_point_cost_amount": "there is no window before"}
    assert found[1].marginal_point_cost.amount == pytest.approx(20)


def in_duckdb(rows):
    return duckdb.from_arrow(pl.from_dict(rows).to_arrow())


def test_every_engine_says_the_same():
    made = month(1, 50, 10) + month(2, 50, 4) + month(3, 30, 9)
    asked = [Objective(rule="answer fast", budget_amount=500, baseline_share=0.3)]
    here = verdicts_of(made, as_of="2024-03-20")
    there = verdicts_of(made, as_of="2024-03-20", brought=in_duckdb)
    assert objectives(here, asked) == objectives(there, asked)
    assert alarms(here, asked) == alarms(there, asked)


def test_objectives_refuse_unknown_rules_and_windows_at_once():
    verdicts = verdicts_of(month(1, 1, 0), as_of="2024-01-31")
    wanted = [
        Objective(rule="answer fsat"),
        Objective(rule="answer fast", spent_amounts={"2024-01-15": 1}),
    ]
    for asked in (objectives, alarms):
        with pytest.raises(InvalidValueError, match="2 mistakes") as caught:
            asked(verdicts, wanted)
        assert "did you mean 'answer fast'?" in str(caught.value)
        assert "say 2024-01-01" in str(caught.value)


def test_an_objective_refuses_all_that_is_wrong_at_once():
    with pytest.raises(InvalidValueError, match="7 mistakes"):
        Objective(
            rule="",
            target=95,
            budget_amount=-1,
            baseline_share=60,
            expected_count=0,
            false_alarm_share=1,
            spent_amounts={"March": 1},
        )


def test_alarms_look_at_the_last_promises():
    # 100 in March of which 3 early ones were missed, then 20 in April of which 8 were.
    made = month(3, 100, 3) + month(4, 20, 8)
    fast, slow = alarms(verdicts_of(made, as_of="2024-04-30"), [Objective(rule="answer fast")])
    assert (fast.horizon, fast.decided_count, fast.missed_count) == (Horizon.FAST, 20, 8)
    assert (slow.horizon, slow.decided_count) == (Horizon.SLOW, 100)
    assert (fast.alarm_count, slow.alarm_count) == (7, 19)
    assert (fast.is_raised, slow.is_raised) == (True, False)
    assert fast.false_alarm_share == pytest.approx(
        float(exact_tail(7, 20, Fraction(1, 10))), rel=1e-11
    )


def test_alarms_of_few_promises_stay_silent():
    verdicts = verdicts_of(month(3, 9, 9), as_of="2024-03-31")
    fast, slow = alarms(verdicts, [Objective(rule="answer fast")])
    assert (fast.decided_count, fast.alarm_count, fast.is_raised) == (9, None, False)
    assert str(slow) == "Answer fast: 9 of the last 9 were missed, too few for an alarm."


def test_chances_load_nothing_before_they_are_asked_for():
    said = "import sys, custloyal.rules.error_budget; assert 'scipy' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", said], check=False).returncode == 0
