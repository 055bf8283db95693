"""The laws of trust: each property of the formulas as a property, with its stated tolerance.

Every law compares customers of one history, so that one reading says what holds for each. A row
is an explicit outcome before the sale (phase weight 1), so its weight is |outcome| * severity.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import custloyal
from custloyal import History, Trust
from engines import arrow_table

NOW = datetime(2024, 6, 30, 12, tzinfo=UTC)
RATIO, PRIOR, WEIGHT = 12, 0.5, 12.0
MICROSECOND = timedelta(microseconds=1)

ages = st.sampled_from([timedelta(), MICROSECOND, timedelta(hours=1)]) | st.integers(0, 4000).map(
    lambda days: timedelta(days=days)
)
weights = st.sampled_from([1e-3, 0.25, 1.0, 2.0, 15.6]) | st.floats(1e-3, 100)
marks = st.tuples(ages, weights, st.sampled_from([1, -1]))
pasts = st.lists(marks, max_size=12)


def row(customer, age, weight, sign):
    """A row that weighs `weight`, good where the sign is 1 and bad where it is -1."""
    outcome = sign * min(weight, 1.0)
    return {
        "customer_id": customer,
        "occurred_at": NOW - age,
        "kind": "question",
        "phase": "pre_sale",
        "outcome": outcome,
        "severity": weight / abs(outcome),
    }


def trust_of(*, as_of=NOW, metric=None, **customers):
    """The reading of each customer by name; each is a list of (age, weight, sign)."""
    rows = [row(name, *mark) for name, past in customers.items() for mark in past]
    # Of whom nothing is known otherwise, a question is.
    rows += [
        {"customer_id": name, "occurred_at": NOW - timedelta(days=5000), "kind": "question"}
        for name in customers
    ]
    read = custloyal.read(history_of(rows), metric or Trust(), as_of=as_of)["trust"].to_dicts()
    return {each["customer_id"]: each for each in read}


def history_of(rows):
    columns = ("customer_id", "occurred_at", "kind", "phase", "outcome", "severity")
    return History.from_native(pl.from_arrow(arrow_table(rows, columns)))


def scores(**customers):
    return {name: read["trust"] for name, read in trust_of(**customers).items()}


def tolerance(past):
    """1e-12 * (1 + N / c); nothing faded is never less."""
    size = sum(weight * (1 if sign > 0 else RATIO) for _, weight, sign in past)
    return 1e-12 * (1 + size / WEIGHT)


def fresh(times, weight, sign):
    return [(timedelta(), weight, sign)] * times


@given(past=pasts, weight=weights)
def test_one_bad_and_twelve_good_leave_the_score_where_it_was(past, weight):
    bad = [*past, *fresh(1, weight, -1)]
    read = scores(
        before=past,
        eleven=[*bad, *fresh(11, weight, 1)],
        twelve=[*bad, *fresh(12, weight, 1)],
        thirteen=[*bad, *fresh(13, weight, 1)],
    )
    assert read["twelve"] == pytest.approx(
        read["before"], rel=0, abs=tolerance([*bad, *fresh(12, weight, 1)])
    )
    assert read["eleven"] < read["before"] < read["thirteen"]


@given(past=pasts, age=ages, weight=weights)
def test_a_good_row_never_lowers_and_a_bad_one_never_raises(past, age, weight):
    # Late rows included: the new row is older than some of those before it.
    read = scores(before=past, good=[*past, (age, weight, 1)], bad=[*past, (age, weight, -1)])
    near = tolerance([*past, (age, weight, -1)])
    assert read["good"] >= read["before"] - near
    assert read["bad"] <= read["before"] + near


@given(past=pasts, huge=st.sampled_from([0.0, 1e3, 1e6]), sign=st.sampled_from([1, -1]))
def test_scores_and_their_interval_lie_between_0_and_1(past, huge, sign):
    past = [*past, *([(timedelta(), huge / 12, sign)] if huge else [])]
    read = trust_of(ann=past)["ann"]
    assert 0 < read["trust"] < 1
    assert 0 <= read["trust_low"] <= read["trust"] <= read["trust_high"] <= 1


@given(past=pasts, data=st.data())
def test_order_does_not_matter(past, data):
    read = scores(one=past, other=data.draw(st.permutations(past)))
    assert read["one"] == pytest.approx(read["other"], rel=0, abs=tolerance(past))


@given(past=pasts, age=ages, weight=weights, sign=st.sampled_from([1, -1]))
def test_one_row_moves_the_score_by_no_more_than_its_bound(past, age, weight, sign):
    read = scores(before=past, after=[*past, (age, weight, sign)])
    moved = abs(read["after"] - read["before"])
    part = weight if sign > 0 else RATIO * weight
    bound = min(1, part * max(PRIOR, 1 - PRIOR) / WEIGHT)
    assert moved <= bound + tolerance([*past, (age, weight, sign)])


@given(past=pasts, age=ages, weight=weights, more=weights, sign=st.sampled_from([1, -1]))
def test_a_heavier_row_moves_the_score_at_least_as_far(past, age, weight, more, sign):
    heavier = (age, weight + more, sign)
    read = scores(before=past, light=[*past, (age, weight, sign)], heavy=[*past, heavier])
    light, heavy = (abs(read[name] - read["before"]) for name in ("light", "heavy"))
    assert heavy >= light - tolerance([*past, heavier])


@given(past=st.lists(marks, min_size=1, max_size=12), mean=st.sampled_from([0.1, 0.5, 0.9]))
def test_contributions_have_the_right_sign_and_sum(past, mean):
    history, metric = history_of([row("ann", *mark) for mark in past]), Trust(prior_mean=mean)
    found = custloyal.contributions(history, metric, as_of=NOW).to_dicts()
    [read] = custloyal.read(history, metric, as_of=NOW)["trust"].to_dicts()
    assert len(found) == len(past)
    assert all(each["contribution"] * each["outcome"] > 0 for each in found)
    total = sum(each["contribution"] for each in found)
    assert total == pytest.approx(read["trust"] - mean, rel=0, abs=tolerance(past))


@given(past=pasts, mean=st.sampled_from([0.1, 0.5, 0.9]))
def test_scores_tend_to_the_prior_as_time_passes(past, mean):
    later = NOW + timedelta(days=60 * 730)
    read = trust_of(as_of=later, metric=Trust(prior_mean=mean), ann=past)["ann"]
    assert read["trust"] == pytest.approx(mean, rel=0, abs=1e-12)


@given(past=pasts, first=st.integers(0, 3000), second=st.integers(0, 3000))
@pytest.mark.parametrize(("sign", "half_life"), [(1, 365), (-1, 730)])
def test_fading_in_two_steps_is_fading_in_one(sign, half_life, past, first, second):
    past = [(age, weight, sign) for age, weight, _ in past]
    half_way, end = NOW + timedelta(days=first), NOW + timedelta(days=first + second)
    there = trust_of(as_of=half_way, ann=past)["ann"]["trust_balance"]
    read = trust_of(as_of=end, ann=past)["ann"]["trust_balance"]
    assert read == pytest.approx(there * 2 ** (-second / half_life), rel=1e-12)


@given(past=pasts, tau=st.integers(0, 2000), weight=weights)
def test_with_equal_half_lives_twelve_to_one_holds_at_every_age(past, tau, weight):
    metric = Trust(half_life_good=500, half_life_bad=500)
    later = NOW + timedelta(days=tau)
    after = [*past, *fresh(1, weight, -1), *fresh(12, weight, 1)]
    read = trust_of(as_of=later, metric=metric, before=past, after=after)
    before, after_score = read["before"]["trust"], read["after"]["trust"]
    assert after_score == pytest.approx(before, rel=0, abs=tolerance(after))


# The numbers in the text ---------------------------------------------------------------------


def at_age(days, past):
    return trust_of(as_of=NOW + timedelta(days=days), ann=past)["ann"]["trust"]


def test_on_a_clean_slate_one_bad_halves_the_score_and_twelve_good_restore_it():
    read = scores(none=[], bad=fresh(1, 1.0, -1), restored=[*fresh(1, 1.0, -1), *fresh(12, 1.0, 1)])
    assert read == {"none": 0.5, "bad": 0.25, "restored": 0.5}


def test_twelve_good_ones_lead_halfway_to_full_trust():
    assert scores(ann=fresh(12, 1.0, 1)) == {"ann": 0.75}


@pytest.mark.parametrize(("days", "score"), [(0, 0.75), (730, 0.5), (1460, 6 / 13.5)])
def test_a_long_silence_leaves_the_bad_memories(days, score):
    assert at_age(days, [*fresh(24, 1.0, 1), *fresh(1, 1.0, -1)]) == pytest.approx(score, abs=1e-14)
    assert round(6 / 13.5, 3) == 0.444


def test_after_a_very_long_silence_the_score_returns_to_the_prior():
    past = [*fresh(24, 1.0, 1), *fresh(1, 1.0, -1)]
    assert 0.444 < at_age(3 * 1460, past) < at_age(6 * 1460, past) < 0.5


@pytest.mark.parametrize(("days", "ones"), [(0, 12.0), (90, 13.07), (365, 16.97)])
def test_how_many_good_ones_of_an_age_make_up_for_a_bad_one(days, ones):
    exact = 12 * 2 ** (days * (1 / 365 - 1 / 730))
    assert round(exact, 2) == ones
    assert at_age(days, [*fresh(1, 1.0, -1), *fresh(1, exact, 1)]) == pytest.approx(0.5, abs=1e-13)
    assert at_age(days, [*fresh(1, 1.0, -1), *fresh(1, exact - 0.01, 1)]) < 0.5
    assert at_age(days, [*fresh(1, 1.0, -1), *fresh(1, exact + 0.01, 1)]) > 0.5


def test_a_row_later_than_as_of_is_not_seen():
    past = [(timedelta(), 1.0, 1), (-MICROSECOND, 1.0, -1)]
    assert at_age(0, past) == trust_of(ann=fresh(1, 1.0, 1))["ann"]["trust"]


def test_a_recovery_gives_back_most_of_what_a_complaint_took():
    def service(customer, kind):
        return {"customer_id": customer, "occurred_at": NOW, "kind": kind}

    rows = [
        service("hurt", "complaint"),
        service("healed", "complaint"),
        service("healed", "recovery"),
    ]
    history = History.from_native(pl.from_arrow(arrow_table(rows)))
    read = custloyal.read(history, Trust(), as_of=NOW)["trust"].to_dicts()
    balance = {each["customer_id"]: each["trust_balance"] for each in read}
    assert balance == pytest.approx({"hurt": -24.0, "healed": -24.0 * 0.35}, rel=1e-12)
