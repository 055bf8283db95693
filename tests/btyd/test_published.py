"""What is published of these models, and what 60-digit arithmetic gives for difficult inputs."""

from __future__ import annotations

import warnings

import numpy as np
import polars as pl
import pytest

import reference_btyd as reference
from custloyal.btyd import (
    BgNbd,
    FittedBgNbd,
    FittedMbgNbd,
    FittedParetoNbd,
    GammaGamma,
    MbgNbd,
    ParetoNbd,
    ShiftedBetaGeometric,
)
from custloyal.btyd.statistics import Customers

FITTED = {"BG": FittedBgNbd, "MBG": FittedMbgNbd, "PN": FittedParetoNbd}


def one(x, t_x, T):  # noqa: N803
    return pl.DataFrame({"x": [x], "t_x": [float(t_x)], "T": [float(T)]})


def predicted(model, x, t_x, T, horizon):  # noqa: N803
    return model.predict(one(x, t_x, T), horizon=horizon).row(0, named=True)


# The estimates of CDNOW -----------------------------------------------------------------------


def test_bg_nbd_of_cdnow(cdnow):
    model = BgNbd().fit(cdnow)
    assert model.parameters == pytest.approx(
        {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, abs=5e-4
    )
    assert round(model.log_likelihood, 1) == -9582.4
    assert model.identified
    assert model.converged
    assert model.time_unit == "week"
    assert model.fit.customers_count == 2357


def test_pareto_nbd_of_cdnow(cdnow):
    model = ParetoNbd().fit(cdnow)
    assert model.parameters == pytest.approx(
        {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}, abs=5e-4
    )
    assert round(model.log_likelihood, 1) == -9595.0
    assert model.identified


def test_gamma_gamma_of_cdnow(cdnow):
    model = GammaGamma().fit(cdnow)
    assert model.fit.customers_count == 946
    assert model.parameters == pytest.approx({"p": 6.25, "q": 3.74, "v": 15.44}, abs=5e-3)


def test_shifted_beta_geometric_of_the_high_end_segment():
    model = ShiftedBetaGeometric().fit_survivors([1000, 869, 743, 653, 593, 551, 517, 491])
    assert model.parameters == pytest.approx({"alpha": 0.668, "beta": 3.806}, abs=5e-4)


@pytest.mark.parametrize(("model", "largest"), [(BgNbd, 0.29), (ParetoNbd, 0.53)])
def test_the_largest_error_of_a_log_parameter_on_cdnow(cdnow, model, largest):
    fitted = model().fit(cdnow)
    errors = [fitted.standard_errors[name] / value for name, value in fitted.parameters.items()]
    assert round(max(errors), 2) == largest


BY_THE_PAPERS = {
    BgNbd: (reference.bg_nbd, ("x", "t_x", "T")),
    MbgNbd: (reference.mbg_nbd, ("x", "t_x", "T")),
    ParetoNbd: (reference.pareto_nbd, ("x", "t_x", "T")),
    GammaGamma: (reference.gamma_gamma, ("x", "mean_repeat_amount")),
}


@pytest.mark.parametrize("model", BY_THE_PAPERS)
def test_value_and_errors_of_a_fit_are_those_of_the_likelihood_in_the_paper(cdnow, model):
    each, columns = BY_THE_PAPERS[model]
    seen = cdnow.filter(pl.col("x") > 0) if model is GammaGamma else cdnow
    data = [seen[name].cast(pl.Float64).to_numpy() for name in columns]

    def value(at):
        return float(each(at, *data).sum())

    fitted = model().fit(cdnow)
    at = np.array(list(fitted.parameters.values()))
    assert fitted.log_likelihood == pytest.approx(value(at), rel=1e-10)
    errors = reference.standard_errors(value, at)
    assert list(fitted.standard_errors.values()) == pytest.approx(errors, rel=1e-3)
    # And no point around is higher, against what the optimiser itself believes.
    for place in range(len(at)):
        for factor in (0.999, 1.001):
            moved = at.copy()
            moved[place] *= factor
            assert value(moved) < fitted.log_likelihood


def test_value_and_errors_of_contracts_are_those_of_the_likelihood_in_the_paper():
    survivors = np.array([1000, 869, 743, 653, 593, 551, 517, 491.0])
    fitted = ShiftedBetaGeometric().fit_survivors(survivors)
    at = np.array(list(fitted.parameters.values()))

    def value(at):
        return float(reference.shifted_beta_geometric(at, survivors).sum())

    assert fitted.log_likelihood == pytest.approx(value(at), rel=1e-12)
    errors = reference.standard_errors(value, at)
    assert list(fitted.standard_errors.values()) == pytest.approx(errors, rel=1e-3)


@pytest.mark.parametrize(
    ("model", "theirs"),
    [
        (BgNbd, "BetaGeoFitter"),
        (MbgNbd, "ModifiedBetaGeoFitter"),
        (GammaGamma, "GammaGammaFitter"),
    ],
)
def test_estimates_and_errors_are_those_of_lifetimes(cdnow, model, theirs):
    lifetimes = pytest.importorskip("lifetimes", exc_type=ImportError)
    fitted, other = model().fit(cdnow), getattr(lifetimes, theirs)()
    _, columns = BY_THE_PAPERS[model]
    seen = cdnow.filter(pl.col("x") > 0) if model is GammaGamma else cdnow
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other.fit(*(seen[name].to_numpy() for name in columns))
    assert fitted.parameters == pytest.approx(other.params_.to_dict(), rel=1e-3)
    assert fitted.standard_errors == pytest.approx(other.standard_errors_.to_dict(), rel=0.01)


def test_the_published_expectations_of_single_customers():
    bg = FittedBgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
    assert predicted(bg, 2, 30.43, 38.86, 39)["expected_purchases"] == pytest.approx(
        1.226, abs=5e-4
    )
    pareto = FittedParetoNbd(r=0.5534, alpha=10.5802, s=0.6061, beta=11.6562)
    row = predicted(pareto, 26, 30.86, 31, 52)
    assert row["expected_purchases"] == pytest.approx(25.4549, abs=5e-5)
    assert row["p_alive"] == pytest.approx(0.9979, abs=5e-5)


# Difficult inputs ------------------------------------------------------------------------------


@pytest.mark.parametrize("place", range(20))
def test_golden_rows(golden, place):
    row = golden[place]
    fitted = FITTED[row["model"]]
    model = fitted(**dict(zip(fitted.parameter_names, row["params"], strict=True)))
    actual = predicted(model, row["x"], row["tx"], row["T"], row["t"])
    for name, wanted in (
        ("p_alive", "p_alive"),
        ("p_any", "p_any"),
        ("expected_purchases", "expected"),
    ):
        # What is below the smallest double is 0 in doubles.
        assert actual[name] == pytest.approx(float(row[wanted]), rel=1e-9, abs=1e-300)
    if "loglik" in row:
        rows, _ = Customers.compressed(
            one(row["x"], row["tx"], row["T"]), time_unit=None, weighted=True
        ).for_a_fit("refuse")
        value = model.likelihood(rows)(np.array(row["params"])).value
        assert value == pytest.approx(float(row["loglik"]), rel=1e-9)


@pytest.mark.parametrize(
    ("parameters", "customer", "horizon", "expected"),
    [
        ((0.11, 2.24, 0.31, 0.50), (0, 0, 1), 30, 0.564588615532784),
        ((0.5, 5, 1, 2.3), (3, 10, 30), 39, 0.522732258942776),
    ],
)
def test_where_hypergeometric_forms_of_bg_nbd_fail(parameters, customer, horizon, expected):
    model = FittedBgNbd(**dict(zip(("r", "alpha", "a", "b"), parameters, strict=True)))
    actual = predicted(model, *customer, horizon)["expected_purchases"]
    assert actual == pytest.approx(expected, rel=1e-12)


def test_where_hypergeometric_forms_of_pareto_nbd_fail():
    model = FittedParetoNbd(r=0.5, alpha=2e4, s=0.6, beta=0.5)
    assert predicted(model, 400, 30, 100, 39)["p_alive"] == pytest.approx(
        0.264202258297106, rel=1e-12
    )
