"""Silent defection: what the probabilities, the alarm, the amounts and the words must satisfy."""

from __future__ import annotations

from datetime import date, timedelta

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import custloyal
from custloyal import History, Trust
from custloyal.btyd import FittedParetoNbd, ParetoNbd
from custloyal.btyd.estimation import FitWarning
from custloyal.btyd.statistics import Statistics
from custloyal.defection import NextNeed, PurchaseChance, SilentDefection, losses
from custloyal.defection.alarm import alarm_ages, dates_at
from custloyal.defection.rates import expected_rate, silence_chance
from custloyal.defection.recalibration import Recalibration, no_purchase
from custloyal.defection.words import reason
from custloyal.errors import InvalidValueError
from defection.drawn_purchases import START, drawn, history_of, row
from engines import every_backend

HORIZON = SilentDefection(horizon="90d")
MODEL = FittedParetoNbd(r=0.55, alpha=74.0, s=0.61, beta=82.0, time_unit="day")
LEARNT = Recalibration(coefficients=(0.7, 0.5, -0.9, -0.2))


def read(history, metric, as_of):
    return custloyal.read(history, metric, as_of=as_of)[metric].to_native()


def statistics(x, t_x, T):  # noqa: N803
    return Statistics(*(np.atleast_1d(np.asarray(v, float)) for v in (x, t_x, T, 1.0)))


customers = st.builds(
    lambda x, t, silence: (x, t if x else 0, (t if x else 0) + silence),
    st.integers(0, 60),
    st.integers(60, 700),
    st.integers(0, 900),
)


@given(customer=customers, level=st.floats(0.05, 0.95), days=st.sampled_from([1, 30, 273]))
@settings(max_examples=30)
@pytest.mark.parametrize("recalibration", [Recalibration(), LEARNT], ids=["raw", "learnt"])
def test_the_alarm_is_the_first_day_at_the_level(recalibration, customer, level, days):
    x, t_x, _ = customer
    rows = statistics(x, t_x, t_x)
    (age,) = alarm_ages(MODEL, recalibration, rows, level=level, days=days)

    def said(age):
        rows = statistics(x, t_x, age)
        return recalibration.applied(no_purchase(MODEL, rows, days), rows.x)[0]

    if np.isnan(age):
        assert said(t_x + 60_000) < level + 1e-9
    else:
        assert said(age) >= level - 1e-9
        assert age == t_x or said(age - 1) < level + 1e-9


@given(customer=customers, days=st.sampled_from([1, 30, 273]))
@settings(max_examples=30)
def test_silence_only_raises_the_probability(customer, days):
    x, t_x, T = customer  # noqa: N806
    ages = np.arange(T, T + 200, 25.0)
    rows = Statistics(*(np.full(len(ages), float(v)) for v in (x, t_x)), ages, np.ones(len(ages)))
    raw = no_purchase(MODEL, rows, days)
    assert (np.diff(raw) >= -1e-12).all()
    assert (np.diff(LEARNT.applied(raw, rows.x)) >= -1e-12).all()


@given(customer=customers)
@settings(max_examples=20)
def test_the_expected_rate_is_the_derivative_of_the_likelihood(customer):
    # Fisher's identity: the mean of a gamma rate given the data is r/alpha - d ln L/d alpha.
    rows = statistics(*customer)
    at = np.array([MODEL.r, MODEL.alpha, MODEL.s, MODEL.beta])
    slope = FittedParetoNbd.likelihood(rows)(at).gradient[1]
    found = expected_rate(MODEL, rows)[0]
    assert found == pytest.approx(MODEL.r / MODEL.alpha - slope, rel=1e-7, abs=1e-12)


def test_the_chance_of_silence_is_the_one_by_hand():
    # (alpha + t_x) / (alpha + T) to the power r + x
    model = FittedParetoNbd(r=1, alpha=10, s=1, beta=10)
    assert silence_chance(model, statistics(1, 10, 30))[0] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("habit", "silent", "chance", "said"),
    [
        (21.0, 77, 0.02, "buys every 3 weeks, silent for 11, p = 2 %"),
        (7.0, 1, 0.9, "buys every 7 days, silent for 1, p = 90 %"),
        (1.0, 40, 0.001, "buys every day, silent for 40, p < 1 %"),
        (120.0, 365, 0.05, "buys every 4 months, silent for 12, p = 5 %"),
        (None, 1, 0.98, "bought once, silent for 1 day, p = 98 %"),
        (None, 0, 1.0, "bought once, silent for 0 days, p = 100 %"),
        (None, 35, 0.5, "bought once, silent for 5 weeks, p = 50 %"),
    ],
)
def test_the_reason_reads_as_a_sentence(habit, silent, chance, said):
    frame = pl.DataFrame(
        {"habit_days": [habit], "silent_days": [silent], "silence_chance": [chance]},
        schema_overrides={"habit_days": pl.Float64},
    )
    assert nw.from_native(frame).select(said=reason())["said"].to_list() == [said]


@pytest.fixture(scope="module")
def many():
    return History.from_native(drawn(2_500, seed=1), timezone="UTC")


def test_the_alarm_of_the_reading_agrees_with_its_probability(many):
    rows = read(many, HORIZON, "2024-02-01")
    assert rows["is_recalibrated"].all()
    today = (rows["alarm_on"] <= date(2024, 2, 1)).fill_null(value=False)
    assert (today == (rows["p_no_purchase"] >= 0.5)).all()
    assert (rows["loss"].is_not_null() == today).all()
    assert (rows["alarm_on"] >= rows["quiet_since"]).all()


def test_probabilities_hold_on_customers_drawn_from_the_model(many):
    frame = many.to_native()
    cut = date(2023, 12, 1)
    rows = read(many, HORIZON, cut)
    later = frame.filter(
        pl.col("occurred_at").dt.date() > cut,
        pl.col("occurred_at").dt.date() <= cut + timedelta(days=90),
    )["customer_id"].unique()
    gone = ~rows["customer_id"].is_in(later.to_list())
    for low in np.arange(0, 1, 0.25):
        band = (rows["p_no_purchase"] >= low) & (rows["p_no_purchase"] < low + 0.25)
        said, came = rows["p_no_purchase"].filter(band), gone.filter(band)
        error = 4 * np.sqrt(0.25 / max(len(said), 1)) + 0.03
        assert not len(said) or abs(said.mean() - came.mean()) < error


def test_few_customers_are_left_raw_and_that_is_said():
    history = History.from_native(drawn(300, seed=2), timezone="UTC")
    rows = read(history, HORIZON, "2024-02-01")
    assert not rows["is_recalibrated"].any()
    assert rows["p_no_purchase"].equals(rows["p_no_purchase_raw"], null_equal=True)
    assert set(rows["calibration"]) == {
        "raw: fewer than 200 customers left or stayed since 2023-11-03"
    }


def test_who_complained_returned_or_rated_badly_is_voiced_and_the_others_are_silent():
    base = drawn(400, seed=3)
    voices = [
        {"customer_id": 9001, "kind": "complaint"},
        {"customer_id": 9002, "kind": "return", "amount": -5.0},
        {"customer_id": 9003, "kind": "survey", "rating": 2.0, "survey_kind": "nps"},
        {"customer_id": 9004, "kind": "survey", "rating": 10.0, "survey_kind": "nps"},
        {"customer_id": 9005, "kind": "question"},
    ]
    rows = [
        {**row(each["customer_id"], day), "amount": 10.0}
        for each in [*voices, {"customer_id": 9006}]
        for day in (0, 10, 20)
    ]
    scale = {"rating_min": 0.0, "rating_max": 10.0}
    rows += [{**row(0, 25), **each, **(scale if "rating" in each else {})} for each in voices]
    # Long before the last purchase, a complaint is forgiven: the customer bought for months.
    rows += [row(9006, 0, "complaint"), {**row(9006, 95), "amount": 10.0}]
    frame = pl.concat([base, pl.DataFrame(rows, infer_schema_length=None)], how="diagonal_relaxed")
    history = History.from_native(frame, timezone="UTC")
    metric = SilentDefection(horizon="30d")
    found = dict(read(history, metric, "2024-05-01").select("customer_id", "loss").iter_rows())
    assert [found[9000 + n] for n in range(1, 7)] == ["voiced"] * 3 + ["silent"] * 3
    summed = losses(history, metric, as_of="2024-05-01")
    said = list(found.values())
    assert (summed.silent_count, summed.voiced_count) == (said.count("silent"), 3)
    assert summed.customers_count == len(said)
    assert summed.to_dict()["day"] == "2024-05-01"


def test_without_amounts_nothing_is_said_of_value():
    history = History.from_native(drawn(300, seed=4).drop("amount"), timezone="UTC")
    rows = read(history, HORIZON, "2024-02-01")
    assert rows["value_at_risk_amount"].is_null().all()
    assert losses(history, HORIZON, as_of="2024-02-01").silent_amount is None


def test_the_value_at_risk_is_the_rate_times_the_mean_amount(many):
    rows = read(many, HORIZON, "2024-02-01")
    known = rows["value_at_risk_amount"]
    assert (known > 0).all()
    longer = read(many, SilentDefection(horizon="180d"), "2024-02-01")
    assert (longer["value_at_risk_amount"] / known).to_numpy() == pytest.approx(2)


@pytest.mark.parametrize("days", [0, 1, 40])
@pytest.mark.parametrize("customers_count", [1, 2, 30])
def test_degenerate_histories_have_finite_answers_with_a_warning(days, customers_count):
    history = history_of([row(f"c{n}", 0) for n in range(customers_count)])
    with pytest.warns(FitWarning):
        rows = read(history, HORIZON, START + timedelta(days=days))
    assert rows["p_no_purchase"].is_between(0, 1).all()
    assert not rows["is_recalibrated"].any()
    with pytest.warns(FitWarning):
        assert len(read(history, NextNeed(), START + timedelta(days=days))) == customers_count


def test_where_nobody_bought_there_are_no_rows():
    history = history_of([row("a", 0, "visit")])
    for metric in (HORIZON, NextNeed(), PurchaseChance(horizon=90)):
        assert read(history, metric, "2023-02-01").is_empty()
    assert losses(history, HORIZON, as_of="2023-02-01").customers_count == 0


@every_backend
def test_it_reads_the_same_in_every_library(backend):
    frame = drawn(250, seed=5)
    history = History.from_native(backend.of_arrow(frame.to_arrow()), timezone="UTC")
    expected = read(History.from_native(frame, timezone="UTC"), HORIZON, "2024-02-01")
    found = {
        each["customer_id"]: each
        for each in backend.rows(
            custloyal.read(history, HORIZON, as_of="2024-02-01")[HORIZON].to_native()
        )
    }
    assert len(found) == expected.height
    for each in expected.iter_rows(named=True):
        said = found[each["customer_id"]]
        assert said["p_no_purchase"] == pytest.approx(each["p_no_purchase"], rel=1e-9)
        for name in ("loss", "reason", "silent_days"):
            assert said[name] == each[name]


def test_it_stands_beside_other_metrics_in_a_score(company):
    rows = custloyal.score(company.history, [HORIZON, NextNeed(), Trust()]).to_native()
    assert {"p_no_purchase", "next_on", "trust"} <= set(rows.columns)
    assert rows["customer_id"].is_unique().all()


def test_states_of_it_merge(many):
    frame = many.to_native()
    part = pl.col("customer_id") % 3 == 0
    one, two = (
        custloyal.States.of(
            History.from_native(frame.filter(each), timezone="UTC"), HORIZON, as_of="2024-02-01"
        )
        for each in (part, ~part)
    )
    merged = one.merge(two).read()[HORIZON].to_native().sort("customer_id")
    whole = read(many, HORIZON, "2024-02-01").sort("customer_id")
    assert merged["p_no_purchase"].to_numpy() == pytest.approx(whole["p_no_purchase"].to_numpy())


def test_dates_past_the_year_9999_are_not_known():
    ages = np.array([0.0, 1e12, np.nan, np.inf])
    found = dates_at([START] * 4, ages)
    assert found[0] == np.datetime64(START)
    assert np.isnat(found[1:]).all()


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"horizon": "soon"}, "horizon"),
        ({"horizon": 0}, "horizon"),
        ({"horizon": timedelta(hours=36)}, "horizon"),
        ({"horizon": 1.5}, "horizon"),
        ({"horizon": "90d", "alarm": 1}, "alarm"),
        ({"horizon": "90d", "alarm": 0}, "alarm"),
        ({"horizon": "90d", "voiced_within": "x"}, "voiced_within"),
    ],
)
def test_wrong_options_are_refused_by_name(options, path):
    with pytest.raises(InvalidValueError) as error:
        SilentDefection(**options)
    assert [mistake.path for mistake in error.value.mistakes] == [path]


def test_horizons_may_be_written_in_several_ways():
    assert {
        SilentDefection(horizon=each).horizon for each in ("91d", "13w", timedelta(weeks=13), 91)
    } == {91}


def test_pareto_is_fitted_in_days(many):
    rows = read(many, HORIZON, "2024-02-01")
    statistics = custloyal.metrics.BtydStatistics(unit="day")
    frame = read(many, statistics, "2024-02-01").sort("customer_id")
    model = ParetoNbd().fit(frame)
    said = 1 - model.predict(frame, horizon=90)["p_any"]
    raw = rows.sort("customer_id")["p_no_purchase_raw"]
    assert raw.to_numpy() == pytest.approx(said.to_numpy(), rel=1e-9)
