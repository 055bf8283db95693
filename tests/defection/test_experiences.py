"""What goes with leaving: differences between customers who are alike, against planted truth."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import custloyal
from custloyal import judge
from custloyal.defection import (
    Abandonment,
    BadExperience,
    LeavingAfter,
    abandoned_after_bad_service,
    leaving_after,
    reactivation_by_trust,
)
from custloyal.defection.matched import Stratum, matched_difference
from custloyal.errors import DataError, InvalidValueError
from custloyal.models import Share
from custloyal.rules import rulebooks
from defection.drawn_purchases import START, history_of, row
from engines import every_backend

CUT = date(2023, 6, 30)


def read(history, metric, as_of=None):
    return custloyal.read(history, metric, as_of=as_of)[metric].to_native()


# Differences between customers who are alike --------------------------------------------------

counts = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(
    lambda pair: Share(min(pair), max(pair))
)


@given(strata=st.lists(st.builds(Stratum, counts, counts), max_size=8))
def test_the_difference_lies_in_its_interval_and_changes_sign_with_the_sides(strata):
    found = matched_difference(strata)
    turned = matched_difference(Stratum(each.unexposed, each.exposed) for each in strata)
    if found.risk_difference is None:
        assert found.interval is None
        assert found.exposed_matched_count == 0
        return
    assert turned.risk_difference == pytest.approx(-found.risk_difference)
    assert (turned.interval is None) == (found.interval is None)
    if found.interval is None:
        return
    assert turned.interval.low == pytest.approx(-found.interval.high)
    assert -1 <= found.interval.low < found.risk_difference or found.risk_difference == -1
    assert found.risk_difference < found.interval.high <= 1 or found.risk_difference == 1


@pytest.mark.parametrize(
    ("exposed", "unexposed", "difference"),
    [
        (Share(1, 1), Share(0, 1), 1.0),
        (Share(2, 2), Share(0, 3), 1.0),
        (Share(0, 2), Share(0, 9), 0.0),
    ],
)
def test_of_a_handful_who_all_fared_alike_nobody_says_how_sure_that_is(
    exposed, unexposed, difference
):
    found = matched_difference([Stratum(exposed, unexposed)])
    assert found.risk_difference == difference
    assert found.interval is None
    after = LeavingAfter(
        experience="any", cut=CUT, until=CUT, within=90, unknown_count=0, difference=found
    )
    assert "how sure that is cannot be told from so few" in after.sentence
    assert after.to_dict()["risk_difference_low"] is None


def test_one_group_is_the_plain_difference_of_shares():
    found = matched_difference([Stratum(Share(30, 100), Share(10, 100))])
    assert found.risk_difference == pytest.approx(0.2)
    assert found.crude_difference == pytest.approx(0.2)
    # sqrt(.3 * .7 / 100 + .1 * .9 / 100): the usual error of a difference
    margin = 1.96 * np.sqrt(0.003)
    assert found.interval.high == pytest.approx(0.2 + margin, rel=0.01)


@pytest.mark.parametrize(("lost", "by_chance"), [(35, False), (11, True)])
def test_a_difference_that_may_be_none_is_said_to_be_so(lost, by_chance):
    found = matched_difference([Stratum(Share(lost, 100), Share(10, 100))])
    after = LeavingAfter(
        experience="any", cut=CUT, until=CUT, within=90, unknown_count=0, difference=found
    )
    assert ("The difference may be chance." in after.sentence) is by_chance


def test_the_interval_covers_the_truth_in_many_small_groups():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        strata = []
        for _ in range(100):
            base, n1, n0 = rng.uniform(0.2, 0.6), int(rng.integers(1, 3)), int(rng.integers(1, 4))
            strata.append(
                Stratum(
                    Share(int(rng.binomial(n1, base + 0.1)), n1),
                    Share(int(rng.binomial(n0, base)), n0),
                )
            )
        covered += matched_difference(strata).interval.contains(0.1)
    assert 0.90 <= covered / 200 <= 0.99


# Leaving after a bad experience ---------------------------------------------------------------


def test_where_service_drives_nobody_away_the_difference_is_near_0(placebo):
    found = leaving_after(placebo.history, cut=CUT, horizon="180d").difference
    assert abs(found.risk_difference) < 0.06
    assert found.interval.low < 0.02
    # Without matching, complaints seem to keep customers: whoever complains is still there.
    assert found.crude_difference < -0.15


def test_where_service_drives_customers_away_it_is_found(company):
    found = leaving_after(company.history, cut=CUT, horizon="180d")
    assert found.difference.risk_difference > 0.15
    assert found.difference.interval.low > 0.05
    assert found.to_dict()["reads_as"] == "association"
    assert "an association, not a cause" in found.sentence
    points = 100 * found.difference.risk_difference
    assert f" days was {points:.1f} points higher (" in found.sentence


def test_missed_promises_are_read_from_a_judged_history(company):
    history = judge(company.history, rulebooks.good_service()).in_history()
    found = leaving_after(history, "missed_promise", cut=CUT, horizon="90d")
    assert found.difference.exposed.denominator > 50
    assert found.difference.risk_difference is not None
    nothing = leaving_after(company.history, "missed_promise", cut=CUT, horizon="90d")
    assert nothing.unknown_count > 1000
    assert nothing.difference.risk_difference is None
    assert nothing.sentence.startswith("Nothing can be said")


@every_backend
def test_a_recovery_closes_the_complaint_before_it_and_not_the_one_after(backend):
    rows = [
        *[row(name, 0, amount=1.0) for name in "abcd"],
        *[row(name, 50, "complaint") for name in "abc"],
        row("b", 55, "recovery"),
        row("c", 45, "recovery"),
        row("d", 5, "complaint"),
        row("d", 70, "visit"),
    ]
    frame = backend.frame(rows, columns=("customer_id", "occurred_at", "kind", "amount"))
    metric = BadExperience(within="30d")
    history = custloyal.History.from_native(frame, timezone="UTC")
    as_of = START + timedelta(days=75)
    found = {
        each["customer_id"]: each
        for each in backend.rows(custloyal.read(history, metric, as_of=as_of)[metric].to_native())
    }
    assert {name: found[name]["has_open_complaint"] for name in "abcd"} == {
        "a": True,
        "b": False,
        "c": True,
        "d": False,
    }
    assert all(found[name]["has_missed_promise"] is None for name in "abcd")
    assert found["d"]["seen_on"] == START + timedelta(days=70)


def test_what_leaving_cannot_be_asked_is_refused(company):
    with pytest.raises(DataError, match="the data end on"):
        leaving_after(company.history, cut="2023-12-01", horizon="90d")
    with pytest.raises(InvalidValueError, match="did you mean 'open_complaint'"):
        leaving_after(company.history, "complaint", cut=CUT, horizon="90d")
    with pytest.raises(InvalidValueError, match="horizon"):
        leaving_after(company.history, cut=CUT, horizon="soon")


# Abandoned purchases --------------------------------------------------------------------------


@every_backend
def test_tries_count_after_bad_service_within_the_time_only(backend):
    rows = [
        row("a", 0, "abandonment"),
        row("a", 1),
        row("a", 2, "complaint"),
        row("a", 5, "abandonment"),
        row("a", 6),
        row("a", 50, "abandonment"),
        row("b", 3),
    ]
    frame = backend.frame(rows)
    history = custloyal.History.from_native(frame, timezone="UTC")
    metric = Abandonment(within="30d")
    [found] = backend.rows(custloyal.read(history, metric)[metric].to_native())
    assert found == {
        "customer_id": "a",
        "after_bad_count": 2,
        "after_bad_abandoned_count": 1,
        "other_count": 1,
        "other_abandoned_count": 1,
    }


def test_customers_who_trust_less_give_up_more_purchases(company):
    found = abandoned_after_bad_service(company.history)
    assert found.interval.low > 0
    assert found.exposed_matched_count > 500


# Coming back ----------------------------------------------------------------------------------


def test_who_left_with_less_trust_comes_back_more_seldom(company):
    found = reactivation_by_trust(company.history, cut="2023-03-31", horizon="180d", dormant="90d")
    low, _, high = found.bands
    assert high.came_back.value > low.came_back.value
    assert [band.low for band in found.bands] == [0.0, 0.25, 0.5]
    assert json.loads(json.dumps(found.to_dict()))["reads_as"] == "association"


def test_who_is_not_silent_for_long_cannot_come_back():
    rows = [
        row("gone", 0, amount=1.0),
        row("back", 0, amount=1.0),
        row("back", 130, amount=1.0),
        row("here", 50, amount=1.0),
        row("late", 0, amount=1.0),
        row("late", 161, amount=1.0),
        row("eve", 300, "visit"),
    ]
    found = reactivation_by_trust(
        history_of(rows), cut=START + timedelta(days=100), horizon="60d", dormant="60d"
    )
    assert [band.came_back for band in found.bands] == [Share(0, 0), Share(0, 0), Share(1, 3)]


@pytest.mark.parametrize(
    ("metric", "options"), [(BadExperience, {"within": 0}), (Abandonment, {"within": "x"})]
)
def test_wrong_options_are_refused(metric, options):
    with pytest.raises(InvalidValueError, match="within"):
        metric(**options)
