"""What must hold of the models whatever the parameters and the customers are."""

from __future__ import annotations

import math
import warnings
from datetime import date, timedelta
from itertools import pairwise

import attrs
import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln, hyp2f1

import reference_btyd as reference
from custloyal.btyd import (
    BgNbd,
    FittedBgNbd,
    FittedGammaGamma,
    FittedMbgNbd,
    FittedParetoNbd,
    FittedShiftedBetaGeometric,
    FitWarning,
    GammaGamma,
    MbgNbd,
    NotConvergedWarning,
    NotIdentifiedWarning,
    ParetoNbd,
    ShiftedBetaGeometric,
    calibration,
    frequencies,
    residual_value,
)
from custloyal.btyd.statistics import Statistics
from engines import sparingly

MODELS = (BgNbd, MbgNbd, ParetoNbd)
FITTED = (FittedBgNbd, FittedMbgNbd, FittedParetoNbd)

every_model = pytest.mark.parametrize("model", MODELS)
every_fitted = pytest.mark.parametrize("fitted", FITTED)

shapes = st.one_of(st.sampled_from([-4.0, 0.0, 4.0]), st.floats(-4, 4)).map(math.exp)
scales = st.one_of(st.sampled_from([-4.0, 0.0, 9.0]), st.floats(-4, 9)).map(math.exp)
customers = st.lists(
    st.tuples(
        st.one_of(st.just(0), st.integers(1, 12), st.sampled_from([100, 20_000])),
        st.sampled_from([1e-9, 0.3, 0.9999999, 1.0]),
        st.floats(-6, 9).map(math.exp),
    ),
    min_size=1,
    max_size=12,
).map(
    lambda drawn: pl.DataFrame(
        {
            "x": [x for x, _, _ in drawn],
            "t_x": [share * age if x else 0.0 for x, share, age in drawn],
            "T": [age for _, _, age in drawn],
        }
    )
)


@st.composite
def models(draw, fitted):
    scale = {"alpha", "beta"}
    return fitted(
        **{name: draw(scales if name in scale else shapes) for name in fitted.parameter_names}
    )


def columns(frame, *names):
    return (frame[name].to_numpy() for name in names)


OUT = ("p_alive", "p_any", "expected_purchases")


# Predictions -----------------------------------------------------------------------------------


@every_fitted
@given(data=st.data(), horizon=st.floats(-12, 12).map(math.exp))
def test_predictions_are_ordered_and_finite(fitted, data, horizon):
    model, frame = data.draw(models(fitted)), data.draw(customers)
    alive, some, expected = columns(model.predict(frame, horizon=horizon), *OUT)
    assert np.isfinite([alive, some, expected]).all()
    assert (some >= 0).all()
    assert (some <= alive * (1 + 1e-12)).all()
    assert (alive <= 1).all()
    assert (expected >= some * (1 - 1e-9)).all()


@every_fitted
@given(data=st.data(), horizon=st.floats(-6, 8).map(math.exp), factor=st.floats(1, 50))
def test_predictions_grow_with_the_horizon(fitted, data, horizon, factor):
    model, frame = data.draw(models(fitted)), data.draw(customers)
    _, some, expected = columns(model.predict(frame, horizon=horizon), *OUT)
    _, later_some, later = columns(model.predict(frame, horizon=horizon * factor), *OUT)
    assert (later_some >= some * (1 - 1e-11)).all()
    assert (later >= expected * (1 - 1e-10)).all()


@every_fitted
@given(data=st.data(), unit=st.floats(-5, 5).map(math.exp))
def test_units_of_time_do_not_matter_to_predictions(fitted, data, unit):
    model, frame = data.draw(models(fitted)), data.draw(customers)
    scaled = {
        name: value * unit
        for name, value in model.parameters.items()
        if name == "alpha" or (name == "beta" and fitted is FittedParetoNbd)
    }
    here = model.predict(frame, horizon=30.0)
    there = attrs.evolve(model, **scaled).predict(
        frame.with_columns(pl.col("t_x", "T") * unit), horizon=30.0 * unit
    )
    for name in OUT:
        # Odds to the power of 20,000 feel the last digit of a time 20,000 times.
        assert there[name].to_list() == pytest.approx(here[name].to_list(), rel=1e-8, abs=1e-300)


@every_fitted
@given(data=st.data(), horizon=st.floats(-6, 9).map(math.exp))
def test_counts_are_a_distribution_without_more_than_any(fitted, data, horizon):
    model, frame = data.draw(models(fitted)), data.draw(customers)
    counts = model.predict_counts(frame, horizon=horizon, most=4)
    parts = counts.select("p_0", "p_1", "p_2", "p_3", "p_4", "p_more").to_numpy()
    assert np.isfinite(parts).all()
    assert (parts >= 0).all()
    assert parts.sum(axis=1) == pytest.approx(np.ones(len(parts)), abs=1e-9)
    (some,) = columns(model.predict(frame, horizon=horizon), "p_any")
    assert 1 - parts[:, 0] == pytest.approx(some, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("BG", FittedBgNbd(r=0.6, alpha=8.0, a=0.8, b=2.4)),
        ("MBG", FittedMbgNbd(r=0.6, alpha=8.0, a=0.8, b=2.4)),
        ("PN", FittedParetoNbd(r=0.6, alpha=8.0, s=0.7, beta=12.0)),
    ],
)
@pytest.mark.parametrize("customer", [(0, 0.0, 10.0), (3, 12.0, 20.0), (12, 39.0, 40.0)])
def test_counts_are_those_of_lives_that_are_drawn(name, model, customer):
    x, t_x, T = customer  # noqa: N806 (as the column)
    frame = pl.DataFrame({"x": [x], "t_x": [t_x], "T": [T]})
    draws = 200_000
    made = reference.purchases_to_come(
        name, tuple(model.parameters.values()), customer, 15.0, draws=draws, seed=8
    )
    said = model.predict(frame, horizon=15.0).row(0, named=True)
    alive = said["p_alive"]
    counts = model.predict_counts(frame, horizon=15.0, most=6).row(0, named=True)
    for n in range(7):
        wanted = alive * (made == n).mean() + (1 - alive) * (n == 0)
        error = math.sqrt(wanted * (1 - wanted) / draws)
        assert counts[f"p_{n}"] == pytest.approx(wanted, abs=4 * error + 1e-5)
    error = alive * made.std() / math.sqrt(draws)
    assert said["expected_purchases"] == pytest.approx(alive * made.mean(), abs=4 * error)


@every_fitted
@given(data=st.data(), horizon=st.floats(-6, 9).map(math.exp))
def test_one_customer_is_told_what_a_frame_of_one_is(fitted, data, horizon):
    model, frame = data.draw(models(fitted)), data.draw(customers).head(1)
    said = attrs.asdict(model.predict_one(**frame.row(0, named=True), horizon=horizon))
    wanted = model.predict(frame, horizon=horizon).select(*OUT).row(0, named=True)
    assert said == pytest.approx(wanted, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    "model",
    [
        FittedBgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426),
        FittedMbgNbd(r=0.525, alpha=6.183, a=0.891, b=1.614),
        FittedParetoNbd(r=0.553, alpha=10.578, s=0.606, beta=11.669),
    ],
)
def test_the_counts_of_a_new_customer_have_the_expected_mean(model):
    counts = model.counts_of_new(39, most=150)
    assert sum(n * p for n, p in enumerate(counts)) == pytest.approx(model.expected_of_new(39))
    assert sum(counts) == pytest.approx(1)


@every_fitted
@given(data=st.data(), horizon=st.floats(-6, 9).map(math.exp))
def test_a_new_customer_is_one_whose_age_is_0(fitted, data, horizon):
    model = data.draw(models(fitted))
    said = model.predict_one(x=0, t_x=0, T=0, horizon=horizon)
    assert model.expected_of_new(horizon) == pytest.approx(said.expected_purchases, rel=1e-9)
    assert 1 - model.counts_of_new(horizon, most=0)[0] == pytest.approx(said.p_any, abs=1e-12)


@pytest.mark.parametrize("horizon", [1.0, 39.0, 400.0])
@pytest.mark.parametrize(("r", "alpha", "a", "b"), [(0.243, 4.414, 0.793, 2.426), (2, 9, 1.7, 0.4)])
def test_what_new_customers_buy_is_the_published_expectation(r, alpha, a, b, horizon):
    """The forms of Fader, Hardie & Lee 2005 and Batislam et al. 2007, where they hold."""
    z, kept = horizon / (alpha + horizon), (alpha / (alpha + horizon)) ** r
    bg = (a + b - 1) / (a - 1) * (1 - kept * hyp2f1(r, b, a + b - 1, z))
    mbg = b / (a - 1) * (1 - kept * hyp2f1(r, b + 1, a + b, z))
    for fitted, wanted in ((FittedBgNbd, bg), (FittedMbgNbd, mbg)):
        model = fitted(r=r, alpha=alpha, a=a, b=b)
        assert model.expected_of_new(horizon) == pytest.approx(wanted, rel=1e-9)


@given(shape=shapes, a=shapes, b=shapes, x=st.sampled_from([0, 1, 7, 60]), tau=st.floats(-5, 4))
def test_the_expectation_of_bg_nbd_is_its_integral(shape, a, b, x, tau):
    """Against adaptive quadrature, over the chance of leaving in log-odds."""
    horizon = math.exp(tau)
    size, other = shape + x, b + x

    def term(odds):
        log_p, log_q = -np.logaddexp(0, -odds), -np.logaddexp(0, odds)
        p = math.exp(log_p)
        gain = -math.expm1(-size * math.log1p(p * horizon)) / p if p > 1e-250 else size * horizon
        return math.exp(a * log_p + other * log_q - betaln(a, other)) * gain

    corners = sorted({-60 / a - 30, -30.0, -10.0, *np.linspace(-6, 6, 13), 10.0, 30.0, 60 / other})
    wanted = sum(
        quad(term, low, high, epsabs=0, epsrel=1e-11, limit=200)[0]
        for low, high in pairwise(corners)
        if high > low
    )
    model = FittedBgNbd(r=shape, alpha=1.0, a=a, b=b)
    frame = pl.DataFrame({"x": [x], "t_x": [9.0 if x else 0.0], "T": [9.0]})
    row = model.predict(frame, horizon=horizon * 10).row(0, named=True)
    assert row["expected_purchases"] == pytest.approx(row["p_alive"] * wanted, rel=1e-8)


@every_fitted
@given(data=st.data(), rate=st.floats(-9, 1).map(math.exp), level=st.sampled_from([0.01, 0.99]))
@sparingly
def test_all_other_answers_are_finite_too(fitted, data, rate, level):
    """And no warning of numpy leaks from any: pytest turns warnings into errors."""
    model = data.draw(models(fitted))
    new = pl.DataFrame({"x": [0], "t_x": [0.0], "T": [0.0]})
    frame = pl.concat([data.draw(customers).cast({"x": pl.Int64}), new]).with_columns(
        mean_repeat_amount=pl.lit(3.0), actual_purchases=pl.lit(1)
    )
    amounts = FittedGammaGamma(p=2, q=3, v=10)
    worth = residual_value(frame, purchases=model, amounts=amounts, discount_rate=rate)
    assert np.isfinite(worth["residual_value_amount"].to_numpy()).all()
    silent = model.silence(frame, p_alive=level, unlikely=1 - level)
    known = silent.filter(pl.col("silent_from_age").is_not_null())
    assert (known["silent_from_age"] >= known["t_x"]).all()
    for table in (frequencies(frame, model), calibration(frame, model, horizon=1 / rate)):
        assert np.isfinite(table.select(pl.selectors.numeric()).to_numpy()).all()
    counts = model.counts_of_new(1 / rate, most=20)
    assert min(counts) >= 0
    assert sum(counts) <= 1 + 1e-9


# When silence speaks ---------------------------------------------------------------------------


@every_fitted
@given(data=st.data(), level=st.sampled_from([0.05, 0.5, 0.9]))
def test_at_its_age_the_probability_has_fallen_to_the_level(fitted, data, level):
    model = data.draw(models(fitted))
    frame = data.draw(customers).filter(pl.col("x") < 200)
    ages = model.silence(frame, p_alive=level).filter(
        (pl.col("alive_until_age") > pl.col("t_x") * (1 + 1e-9)) & (pl.col("alive_until_age") < 1e9)
    )
    then = ages.select("x", "t_x", T="alive_until_age")
    (alive,) = columns(model.predict(then, horizon=1.0), "p_alive")
    assert alive == pytest.approx(np.full(len(then), level), rel=1e-5)


@every_fitted
@given(data=st.data(), level=st.sampled_from([0.01, 0.05, 0.5]))
def test_from_its_age_on_silence_is_as_unlikely_as_asked(fitted, data, level):
    """Of who stays, with a rate that is gamma(r + x, alpha + t_x) after the last purchase."""
    model = data.draw(models(fitted))
    frame = data.draw(customers).filter(pl.col("x") < 200)
    ages = model.silence(frame, unlikely=level).filter(pl.col("silent_from_age") < 1e9)
    x, t_x, age = columns(ages, "x", "t_x", "silent_from_age")
    r, alpha = model.parameters["r"], model.parameters["alpha"]
    quiet = np.exp(-(r + x) * np.log((alpha + age) / (alpha + t_x)))
    assert quiet == pytest.approx(np.full(len(ages), level), rel=1e-6)


def test_who_never_bought_again_is_alive_for_ever_in_bg_nbd():
    model = FittedBgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
    frame = pl.DataFrame({"x": [0], "t_x": [0], "T": [30]})
    assert model.silence(frame)["alive_until_age"][0] is None


def test_a_silence_is_unlikely_when_its_probability_is():
    # (alpha / (alpha + t))^r = 1/4 with r = 2 where alpha + t = 2 alpha.
    model = FittedBgNbd(r=2, alpha=10, a=1, b=1)
    frame = pl.DataFrame({"x": [0], "t_x": [0], "T": [3]})
    assert model.silence(frame, unlikely=0.25)["silent_from_age"][0] == pytest.approx(10)


@pytest.mark.parametrize(("unit", "days"), [("day", 1), ("week", 7)])
def test_a_date_is_the_first_day_on_which_the_age_is_reached(unit, days):
    model = FittedBgNbd(r=2, alpha=10 / days, a=1, b=1, time_unit=unit)
    today = date(2024, 1, 4)
    frame = pl.DataFrame({"x": [0], "t_x": [0.0], "T": [3 / days]})
    # 10 (q^(-1/2) - 1) days after the first purchase, which was three days ago.
    for unlikely, away in ((1 / 1.5**2, 2), (1 / 1.51**2, 3), (1 / 1.2**2, -1)):
        row = model.silence(frame, unlikely=unlikely, as_of=today).row(0, named=True)
        assert row["silent_from_date"] == today + timedelta(days=away)
        assert row["alive_until_date"] is None


# Fits ------------------------------------------------------------------------------------------


@every_fitted
@given(data=st.data())
def test_derivatives_are_those_of_differences(fitted, data):
    names = fitted.parameter_names
    at = np.array([data.draw(st.floats(-2, 2).map(math.exp)) for _ in names])
    frame = data.draw(customers).filter(pl.col("x") < 200)
    rows = Statistics(*columns(frame.cast(pl.Float64), "x", "t_x", "T"), np.ones(len(frame)))
    if not len(rows):
        return
    log_likelihood = fitted.likelihood(rows)
    here = log_likelihood(at)
    step = 1e-5
    for place in range(len(at)):
        move = np.zeros(len(at))
        move[place] = at[place] * step
        ahead, behind = log_likelihood(at + move), log_likelihood(at - move)
        width = 2 * move[place]
        noise = 1e-10 * (1 + abs(here.value)) / width
        assert (ahead.value - behind.value) / width == pytest.approx(
            here.gradient[place], rel=1e-5, abs=noise
        )
        noise = 1e-10 * (1 + np.abs(here.gradient).max()) / width
        assert (ahead.gradient - behind.gradient) / width == pytest.approx(
            here.hessian[place], rel=1e-4, abs=noise
        )


@every_model
def test_weights_are_repeated_rows(cdnow, model):
    grouped = cdnow.group_by("x", "t_x", "T").agg(weight=pl.len())
    one, other = model().fit(cdnow), model().fit(grouped)
    assert other.parameters == pytest.approx(one.parameters, rel=1e-12)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-12)


@every_model
def test_split_and_merged_statistics_fit_as_the_whole(cdnow, model):
    parts = [cdnow[:900], cdnow[900:1000], cdnow[1000:]]
    states = [part.group_by("x", "t_x", "T").agg(weight=pl.len()) for part in parts]
    whole, merged = model().fit(cdnow), model().fit(pl.concat(states))
    assert merged.parameters == pytest.approx(whole.parameters, rel=1e-12)
    assert merged.standard_errors == pytest.approx(whole.standard_errors, rel=1e-9)


@every_model
def test_units_of_time_do_not_matter_to_fits(cdnow, model):
    weeks = model().fit(cdnow)
    days = model().fit(cdnow.with_columns(pl.col("t_x", "T") * 7, time_unit=pl.lit("day")))
    scales = {"alpha"} | ({"beta"} if model is ParetoNbd else set())
    for name, value in weeks.parameters.items():
        factor = 7 if name in scales else 1
        assert days.parameters[name] == pytest.approx(value * factor, rel=1e-9)
        assert days.standard_errors[name] == pytest.approx(
            weeks.standard_errors[name] * factor, rel=1e-6
        )
    assert days.time_unit == "day"


@pytest.mark.parametrize(
    ("model", "name", "parameters"),
    [
        (BgNbd, "BG", (0.6, 8.0, 0.8, 2.4)),
        (MbgNbd, "MBG", (0.6, 8.0, 0.8, 2.4)),
        (ParetoNbd, "PN", (0.6, 8.0, 0.7, 12.0)),
    ],
)
def test_parameters_are_found_again(simulated, model, name, parameters):
    fitted = model().fit(simulated(name, parameters, count=20_000, seed=11))
    assert fitted.converged
    errors = np.array(list(fitted.standard_errors.values()))
    away = (np.array(list(fitted.parameters.values())) - parameters) / errors
    assert np.abs(away).max() < 4


@every_model
@given(drawn=customers, unit=st.floats(-6, 6).map(math.exp))
@sparingly
def test_whatever_the_customers_a_fit_is_finite_and_says_what_it_does_not_know(model, drawn, unit):
    frame = drawn.with_columns(pl.col("t_x", "T") * unit)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted = model().fit(frame)
    assert all(issubclass(each.category, FitWarning) for each in caught)
    assert fitted.fit.warnings == tuple(str(each.message) for each in caught)
    kinds = {each.category for each in caught}
    assert (NotIdentifiedWarning in kinds) == (not fitted.identified) == fitted.fit.used_prior
    assert (NotConvergedWarning in kinds) == (not fitted.converged)
    assert np.isfinite([*fitted.parameters.values(), fitted.log_likelihood]).all()
    said = fitted.predict(frame, horizon=unit)
    assert np.isfinite(said.select(*OUT).to_numpy()).all()


def test_a_sample_to_start_from_does_not_move_the_end(simulated, monkeypatch):
    frame = simulated("BG", (0.6, 8.0, 0.8, 2.4), count=20_000, seed=12)
    sampled = BgNbd().fit(frame)
    monkeypatch.setattr("custloyal.btyd.purchase_model.SAMPLE", 1_000_000)
    assert BgNbd().fit(frame).parameters == pytest.approx(sampled.parameters, rel=1e-10)


# Gamma-Gamma -----------------------------------------------------------------------------------


def drawn_amounts(parameters, *, count, seed):
    p, q, v = parameters
    rng = np.random.default_rng(seed)
    x = rng.geometric(0.4, count)
    rate = rng.gamma(q, 1 / v, count)
    return pl.DataFrame({"x": x, "mean_repeat_amount": rng.gamma(p * x) / (x * rate)})


def test_parameters_of_amounts_are_found_again():
    parameters = (6.25, 3.74, 15.44)
    model = GammaGamma().fit(drawn_amounts(parameters, count=20_000, seed=3))
    errors = np.array(list(model.standard_errors.values()))
    away = (np.array(list(model.parameters.values())) - parameters) / errors
    assert np.abs(away).max() < 4


def test_weights_of_amounts_are_repeated_rows():
    frame = drawn_amounts((6.25, 3.74, 15.44), count=500, seed=5)
    twice = GammaGamma().fit(pl.concat([frame, frame]))
    weighted = GammaGamma().fit(frame.with_columns(weight=2))
    assert weighted.parameters == pytest.approx(twice.parameters, rel=1e-10)
    assert weighted.fit.customers_count == 1000


def test_amounts_are_not_seen_where_nothing_was_bought_again():
    frame = drawn_amounts((6.25, 3.74, 15.44), count=500, seed=6)
    never = pl.DataFrame({"x": [0, 0], "mean_repeat_amount": [None, -3.0]})
    assert (
        GammaGamma().fit(pl.concat([frame, never.cast(dict(frame.schema))])).parameters
        == GammaGamma().fit(frame).parameters
    )


def test_where_there_is_no_mean_the_reason_is_said():
    model = FittedGammaGamma(p=0.5, q=0.4, v=10)
    frame = pl.DataFrame({"x": [0, 1, 2, 1], "mean_repeat_amount": [None, 5.0, 5.0, None]})
    rows = model.predict(frame).rows(named=True)
    assert [row["expected_amount"] for row in rows[:2]] == [None, None]
    assert rows[2]["expected_amount"] == pytest.approx(0.5 * 20 / 0.4)
    assert "at most 1" in rows[0]["expected_amount_reason"]
    assert rows[2]["expected_amount_reason"] is None
    assert "not known" in rows[3]["expected_amount_reason"]


# Contracts -------------------------------------------------------------------------------------


@given(alpha=shapes, beta=shapes)
def test_survival_is_the_product_of_staying(alpha, beta):
    model = FittedShiftedBetaGeometric(alpha=alpha, beta=beta)
    stayed = math.prod(1 - model.hazard(period) for period in range(1, 13))
    assert model.survival(12) == pytest.approx(stayed, rel=1e-9)
    frame = pl.DataFrame({"periods": [0, 5]})
    kept = model.predict(frame, horizon=7)["p_active"].to_list()
    assert kept == pytest.approx([model.survival(7), model.survival(12) / model.survival(5)])
    next_rate = model.predict(frame, horizon=7)["retention_rate"].to_list()
    assert next_rate == pytest.approx([1 - model.hazard(1), 1 - model.hazard(6)])
    gone = frame.with_columns(ended=pl.lit(value=True))
    assert model.predict(gone, horizon=7).select("p_active", "retention_rate").rows() == [
        (0, None),
        (0, None),
    ]


def test_contracts_one_by_one_fit_as_survivors():
    survivors = [1000, 869, 743, 653, 593, 551, 517, 491]
    lost = -np.diff(survivors)
    contracts = pl.DataFrame(
        {
            "periods": [*range(7), 7],
            "ended": [True] * 7 + [False],
            "weight": [*lost.tolist(), 491],
        }
    )
    one_by_one = contracts.select(pl.col("periods", "ended").repeat_by("weight").explode())
    of_survivors = ShiftedBetaGeometric().fit_survivors(survivors)
    for frame in (contracts, one_by_one):
        fitted = ShiftedBetaGeometric().fit(frame)
        assert fitted.parameters == pytest.approx(of_survivors.parameters, rel=1e-12)
        assert fitted.log_likelihood == pytest.approx(of_survivors.log_likelihood, rel=1e-12)


def test_parameters_of_contracts_are_found_again():
    rng = np.random.default_rng(9)
    parameters, count, seen = (0.8, 3.2), 20_000, 8
    ends = rng.geometric(rng.beta(*parameters, count))  # the period with which each contract ends
    contracts = pl.DataFrame({"periods": np.minimum(ends - 1, seen), "ended": ends <= seen})
    model = ShiftedBetaGeometric().fit(contracts)
    errors = np.array(list(model.standard_errors.values()))
    away = (np.array(list(model.parameters.values())) - parameters) / errors
    assert np.abs(away).max() < 4
    assert model.fit.customers_count == count


# Value -----------------------------------------------------------------------------------------


@every_fitted
def test_discounted_purchases_are_the_integral_of_the_discounted_rate(fitted):
    fourth = 11.0 if fitted is FittedParetoNbd else 2.4
    model = fitted(**dict(zip(fitted.parameter_names, (0.5, 9.0, 0.8, fourth), strict=True)))
    amounts = FittedGammaGamma(p=2, q=3, v=10)
    frame = pl.DataFrame({"x": [3], "t_x": [20.0], "T": [30.0], "mean_repeat_amount": [30.0]})

    def expected(horizon):
        return model.predict(frame, horizon=horizon)["expected_purchases"][0]

    rate = 0.01
    edges = np.linspace(0, 60, 201)
    totals = np.array([0.0, *(expected(edge) for edge in edges[1:])])
    middle = (edges[1:] + edges[:-1]) / 2
    wanted = (np.diff(totals) * (1 + rate) ** -middle).sum()
    options = {"purchases": model, "amounts": amounts}
    row = residual_value(frame, **options, discount_rate=rate, horizon=60).row(0, named=True)
    assert row["discounted_purchases"] == pytest.approx(wanted, rel=1e-5)
    assert row["residual_value_amount"] == pytest.approx(
        row["discounted_purchases"] * row["expected_amount"]
    )
    plain = residual_value(frame, **options, discount_rate=0, horizon=60).row(0, named=True)
    assert plain["discounted_purchases"] == pytest.approx(expected(60))
    for_ever, long = (
        residual_value(frame, **options, discount_rate=rate, horizon=horizon)[
            "discounted_purchases"
        ][0]
        for horizon in (None, 1e5)
    )
    assert for_ever == pytest.approx(long, rel=1e-10)
    assert for_ever > row["discounted_purchases"]


def tricomi(s, z):
    """U(1, 2 - s, z) by its integral over log(1 + t): that of scipy is wrong where s is near 1."""

    def term(v):
        return math.exp((1 - s) * v - z * math.expm1(v))

    last = math.log1p(750 / z)
    places = np.linspace(0, last, 41)
    return sum(quad(term, *both, epsabs=0, epsrel=1e-11, limit=200)[0] for both in pairwise(places))


@example(parameters=(0.0183, 0.0183, 1.0000000000060636, 0.0183), x=0, rate=1.0)
@given(
    parameters=st.tuples(shapes, scales, shapes, scales),
    x=st.sampled_from([0, 1, 7, 60]),
    rate=st.floats(-9, 0).map(math.exp),
)
def test_purchases_of_pareto_nbd_for_ever_are_the_closed_form(parameters, x, rate):
    """That of Fader, Hardie & Lee 2005 (RFM and CLV), by Tricomi's function."""
    r, alpha, s, beta = parameters
    model = FittedParetoNbd(r=r, alpha=alpha, s=s, beta=beta)
    frame = pl.DataFrame({"x": [x], "t_x": [9.0 if x else 0.0], "T": [10.0]}).with_columns(
        mean_repeat_amount=pl.lit(3.0)
    )
    alive = model.predict(frame, horizon=1.0)["p_alive"][0]
    force = math.log1p(rate)
    lived = beta + 10
    wanted = alive * (r + x) * lived / (alpha + 10) * tricomi(s, force * lived)
    amounts = FittedGammaGamma(p=2, q=3, v=10)
    worth = residual_value(frame, purchases=model, amounts=amounts, discount_rate=rate)
    if math.isfinite(wanted) and alive > 1e-200:
        assert worth["discounted_purchases"][0] == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("x", [0, 1, 7, 60])
@pytest.mark.parametrize("rate", [0.0004, 0.003, 0.1])
def test_purchases_of_bg_nbd_for_ever_are_the_mean_over_the_chance_of_leaving(x, rate):
    r, alpha, a, b = 0.5, 9.0, 0.8, 2.4
    size, scale, other, force = r + x, alpha + 10, b + x, math.log1p(rate)

    def term(odds):
        p, log_q = 1 / (1 + math.exp(-odds)), -np.logaddexp(0, odds)
        weight = math.exp(a * math.log(p) + other * log_q - betaln(a, other))
        slower = force * scale / p
        first = size + slower  # in its units of time nothing is sharp

        def left(y):
            return math.exp(-slower * y / first - (size + 1) * math.log1p(y / first))

        return weight * size / p * quad(left, 0, math.inf, epsrel=1e-11)[0] / first

    wanted = sum(quad(term, low, low + 4, epsabs=0, epsrel=1e-11)[0] for low in range(-60, 20, 4))
    frame = pl.DataFrame({"x": [x], "t_x": [9.0 if x else 0.0], "T": [10.0]}).with_columns(
        mean_repeat_amount=pl.lit(3.0)
    )
    model = FittedBgNbd(r=r, alpha=alpha, a=a, b=b)
    alive = model.predict(frame, horizon=1.0)["p_alive"][0]
    amounts = FittedGammaGamma(p=2, q=3, v=10)
    worth = residual_value(frame, purchases=model, amounts=amounts, discount_rate=rate)
    assert worth["discounted_purchases"][0] == pytest.approx(alive * wanted, rel=1e-8)
