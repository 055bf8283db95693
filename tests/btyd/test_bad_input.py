"""What no customer can have is named, counted and refused, or set aside and counted."""

from __future__ import annotations

import math
import warnings
from datetime import date

import numpy as np
import polars as pl
import pytest

from custloyal.btyd import (
    BgNbd,
    FewRepeatersWarning,
    FittedBgNbd,
    FittedGammaGamma,
    FittedParetoNbd,
    FittedShiftedBetaGeometric,
    FitWarning,
    GammaGamma,
    MbgNbd,
    NotIdentifiedWarning,
    ParetoNbd,
    ShiftedBetaGeometric,
    calibration,
    residual_value,
    total_purchases,
    tracking,
)
from custloyal.errors import DataError, InvalidValueError, MissingColumnError

BG = FittedBgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
MODELS = (BgNbd, MbgNbd, ParetoNbd)


def frame(x=2, t_x=5.0, T=9.0, **others):  # noqa: N803
    return pl.DataFrame({"x": [x], "t_x": [t_x], "T": [T], **others}, strict=False)


IMPOSSIBLE = [
    (frame(t_x=10.0), "t_x: exceeds T in 1 row, as x = 2, t_x = 10, T = 9"),
    (frame(x=-1), "x: is negative in 1 row"),
    (frame(x=1.5), "x: is no whole number in 1 row"),
    (frame(x=1e9), "x: exceeds 10,000,000 in 1 row"),
    (frame(x=math.inf), "x: is infinite in 1 row"),
    (frame(t_x=-1.0), "t_x: is negative in 1 row"),
    (frame(T=math.inf), "T: is infinite in 1 row"),
    (frame(x=0), "t_x: is not 0 though x is 0 in 1 row"),
    (frame(t_x=0.0, T=0.0), "x: is above 0 though T is 0 in 1 row"),
    (frame(t_x=0.0), "t_x: is 0 though x is above 0 in 1 row"),
]


@pytest.mark.parametrize(("bad", "said"), IMPOSSIBLE)
def test_impossible_rows_are_refused_in_fits_and_predictions(bad, said):
    for act in (BgNbd().fit, lambda rows: BG.predict(rows, horizon=9)):
        with pytest.raises(DataError, match="set_aside") as raised:
            act(bad)
        assert str(raised.value).startswith(said)


@pytest.mark.parametrize(("bad", "said"), IMPOSSIBLE)
def test_an_impossible_customer_is_refused_alone_too(bad, said):
    with pytest.raises(InvalidValueError, match=f"{said.split(':')[0]}: "):
        BG.predict_one(**bad.row(0, named=True), horizon=9)
    for value in (None, "2", math.nan, True):
        with pytest.raises(InvalidValueError, match="x: is"):
            BG.predict_one(x=value, t_x=1, T=2, horizon=9)


@pytest.mark.parametrize(("bad", "said"), IMPOSSIBLE)
def test_impossible_rows_are_set_aside_where_that_is_asked(cdnow, bad, said):
    good = cdnow.select("x", "t_x", "T").cast(pl.Float64)
    both = pl.concat([good, bad.cast(pl.Float64)])
    model = BgNbd(invalid="set_aside").fit(both)
    assert model.parameters == BgNbd().fit(good).parameters
    assert model.fit.set_aside == {said.split(" in ")[0].replace(":", "", 1): 1}
    assert BG.predict(bad, horizon=9, invalid="set_aside")["p_alive"][0] is None


@pytest.mark.parametrize("value", [None, math.nan])
@pytest.mark.parametrize("name", ["x", "t_x", "T"])
def test_unknown_statistics_are_refused_in_fits_and_unknown_in_predictions(name, value):
    bad = frame().with_columns(pl.lit(value, dtype=pl.Float64).alias(name))
    with pytest.raises(DataError, match=f"{name}: is null in 1 row"):
        BgNbd().fit(bad)
    assert BG.predict(bad, horizon=9)["expected_purchases"][0] is None


@pytest.mark.parametrize("weight", [-1.0, None, math.nan, math.inf])
def test_impossible_weights_are_refused(weight):
    with pytest.raises(DataError, match="weight: is null, negative or infinite in 1 row"):
        BgNbd().fit(frame(weight=[weight]))


def test_all_that_is_wrong_is_said_at_once():
    bad = pl.concat([frame(t_x=10.0), frame(t_x=11.0), frame(x=-1)])
    with pytest.raises(DataError) as raised:
        BgNbd().fit(bad)
    assert len(raised.value.mistakes) == 2
    assert "exceeds T in 2 rows" in str(raised.value)


def test_missing_and_textual_columns_are_named():
    with pytest.raises(MissingColumnError, match=r"(?s)t_x.*T: is not"):
        BgNbd().fit(pl.DataFrame({"x": [1]}))
    with pytest.raises(DataError, match="x: is String, must be numbers"):
        BgNbd().fit(frame().with_columns(x=pl.lit("2")))
    with pytest.raises(DataError, match="not a table"):
        BgNbd().fit([1, 2, 3])


def test_no_customers_are_refused():
    with pytest.raises(DataError, match="no customer"):
        BgNbd().fit(frame().head(0))
    with pytest.raises(DataError, match="once 1 were set aside"):
        BgNbd(invalid="set_aside").fit(frame(t_x=10.0))
    with pytest.raises(DataError, match="x > 0"):
        GammaGamma().fit(pl.DataFrame({"x": [0], "mean_repeat_amount": [1.0]}))


# Units and horizons ----------------------------------------------------------------------------


def test_units_of_time_must_match():
    days = frame(time_unit=["day"])
    with pytest.raises(DataError, match="'day', and the model is in 'week'"):
        BG.predict(days, horizon=9)
    with pytest.raises(DataError, match="'day', and the model is in 'week'"):
        BgNbd(time_unit="week").fit(days)
    both = pl.concat([days, frame(time_unit=["week"])])
    with pytest.raises(DataError, match="'day' and 'week'"):
        BgNbd().fit(both)


@pytest.mark.parametrize("horizon", [0, -1, math.inf, math.nan, None, "39", True])
def test_horizons_are_numbers_above_0(horizon):
    for act in (BG.predict, BG.predict_counts):
        with pytest.raises(InvalidValueError, match="horizon"):
            act(frame(), horizon=horizon)
    with pytest.raises(InvalidValueError, match="horizon"):
        BG.expected_of_new(horizon)
    with pytest.raises(InvalidValueError, match="horizon"):
        total_purchases(frame(), BG, horizon=horizon, seed=1)
    with pytest.raises(InvalidValueError, match="horizon"):
        calibration(frame(actual_purchases=[1]), BG, horizon=horizon)


def test_other_options_are_checked():
    with pytest.raises(InvalidValueError, match="did you mean 'set_aside'"):
        BgNbd(invalid="set aside")
    with pytest.raises(InvalidValueError, match="invalid"):
        BG.predict(frame(), horizon=9, invalid="drop")
    with pytest.raises(InvalidValueError, match=r"(?s)p_alive.*unlikely"):
        BG.silence(frame(), p_alive=1.0, unlikely=0)
    with pytest.raises(InvalidValueError, match="as_of"):
        FittedBgNbd(r=1, alpha=1, a=1, b=1).silence(frame(), as_of=date(2024, 1, 1))
    with pytest.raises(InvalidValueError, match="already"):
        BG.predict(frame(p_any=[1.0]), horizon=9)
    with pytest.raises(InvalidValueError, match="most"):
        BG.counts_of_new(9, most=-1)


@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan, None, "1"])
def test_parameters_are_numbers_above_0(value):
    with pytest.raises(InvalidValueError, match="r: is"):
        FittedBgNbd(r=value, alpha=1, a=1, b=1)
    with pytest.raises(InvalidValueError, match="beta: is"):
        FittedParetoNbd(r=1, alpha=1, s=1, beta=value)
    with pytest.raises(InvalidValueError, match="v: is"):
        FittedGammaGamma(p=1, q=1, v=value)
    with pytest.raises(InvalidValueError, match="alpha: is"):
        FittedShiftedBetaGeometric(alpha=value, beta=1)


def test_values_for_ever_need_a_discount():
    options = {"purchases": BG, "amounts": FittedGammaGamma(p=6, q=4, v=15)}
    full = frame(mean_repeat_amount=[3.0])
    with pytest.raises(InvalidValueError, match="discount_rate: is 0"):
        residual_value(full, **options, discount_rate=0)
    with pytest.raises(InvalidValueError, match="discount_rate"):
        residual_value(full, **options, discount_rate=-0.1)
    with pytest.raises(MissingColumnError, match="mean_repeat_amount"):
        residual_value(frame(), **options, discount_rate=0.1)


def test_tracking_does_not_look_past_the_data():
    days = pl.DataFrame({"customer_id": [1, 1], "day": [date(2024, 1, 1), date(2024, 3, 1)]})
    with pytest.raises(InvalidValueError, match="until: is 2024-03-02, past the last purchase"):
        tracking(days, BG, until=date(2024, 3, 2))
    with pytest.raises(InvalidValueError, match="unit None"):
        tracking(days, FittedBgNbd(r=1, alpha=1, a=1, b=1))
    with pytest.raises(DataError, match="must be dates"):
        tracking(days.with_columns(day=pl.lit(1)), BG)


# Amounts and contracts -------------------------------------------------------------------------


def test_amounts_of_zero_or_below_are_refused_or_counted():
    rng = np.random.default_rng(1)
    x = rng.geometric(0.4, 2_000)
    amount = rng.gamma(6.0 * x) / (x * rng.gamma(4.0, 1 / 15, 2_000))
    good = pl.DataFrame({"x": x, "mean_repeat_amount": amount})
    bad = pl.DataFrame({"x": [1, 2, 1], "mean_repeat_amount": [0.0, -3.0, None]})
    both = pl.concat([good, bad])
    with pytest.raises(DataError) as raised:
        GammaGamma().fit(both)
    assert "zero or negative in 2 rows" in str(raised.value)
    assert 'nonpositive="set_aside"' in str(raised.value)
    assert "null where x is above 0 in 1 row" in str(raised.value)
    with pytest.raises(DataError) as raised:
        GammaGamma(invalid="set_aside").fit(both)
    assert "null" not in str(raised.value)
    model = GammaGamma(invalid="set_aside", nonpositive="set_aside").fit(both)
    assert sum(model.fit.set_aside.values()) == 3
    assert model.parameters == pytest.approx(GammaGamma().fit(good).parameters, rel=1e-12)


def test_contracts_that_cannot_be_are_refused():
    def contracts(periods, ended):
        return pl.DataFrame({"periods": [periods], "ended": [ended]})

    for bad, said in [
        (contracts(-1, ended=True), "periods: is negative"),
        (contracts(1.5, ended=True), "periods: is no whole number"),
        (contracts(None, ended=True).cast({"periods": pl.Int64}), "periods: is null"),
        (contracts(1, ended=None).cast({"ended": pl.Boolean}), "ended: is null"),
        (contracts(1, ended=1), "ended: is Int64, must be true or false"),
    ]:
        with pytest.raises(DataError, match=said):
            ShiftedBetaGeometric().fit(bad)
    with pytest.raises(MissingColumnError, match="ended"):
        ShiftedBetaGeometric().fit(pl.DataFrame({"periods": [1]}))
    for survivors in ([1000], [1000, 1001], [1000, -1], [1000, math.nan]):
        with pytest.raises(InvalidValueError, match="survivors"):
            ShiftedBetaGeometric().fit_survivors(survivors)


# Data that say too little ----------------------------------------------------------------------

DEGENERATE = {
    "very end": {"x": [1, 2, 3, 4], "t_x": [10, 20, 30, 40], "T": [10, 20, 30, 40]},
    "one customer": {"x": [2], "t_x": [10], "T": [20]},
    "bought again": {"x": [0] * 50, "t_x": [0] * 50, "T": list(range(50))},
    "T is 0": {"x": [0] * 5, "t_x": [0] * 5, "T": [0] * 5},
    "maximum": {"x": [2] * 100, "t_x": [10] * 100, "T": [20] * 100},
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("why", DEGENERATE)
def test_where_data_say_too_little_answers_are_finite_and_said_to_be_guesses(model, why):
    data = pl.DataFrame(DEGENERATE[why])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted = model().fit(data)
    assert all(issubclass(each.category, FitWarning) for each in caught)
    (said,) = [str(each.message) for each in caught if each.category is NotIdentifiedWarning]
    assert why in said
    assert said in fitted.fit.warnings
    assert fitted.identified is False
    assert fitted.fit.used_prior
    assert fitted.converged
    assert np.isfinite(list(fitted.standard_errors.values())).all()
    predicted = fitted.predict(data, horizon=30).select("p_alive", "p_any", "expected_purchases")
    assert np.isfinite(predicted.to_numpy()).all()


@pytest.mark.parametrize("model", MODELS)
def test_an_error_of_a_log_parameter_above_1_leaves_it_open(cdnow, model):
    fitted = model().fit(cdnow)
    largest = max(fitted.standard_errors[name] / value for name, value in fitted.parameters.items())
    # With c times the customers errors are 1 / sqrt(c) as large.
    just = model().fit(cdnow.with_columns(weight=(largest / 0.99) ** 2))
    assert just.identified
    assert just.parameters == pytest.approx(fitted.parameters, rel=1e-6)
    with pytest.warns(NotIdentifiedWarning, match=r"standard error of ln \w+ is 1, above 1"):
        assert not model().fit(cdnow.with_columns(weight=(largest / 1.01) ** 2)).identified


@pytest.mark.parametrize("model", MODELS)
def test_many_who_bought_once_have_a_warning_of_their_own(simulated, model):
    many = simulated("BG", (0.6, 8.0, 0.8, 2.4), count=4_000, seed=2)
    once = many.filter(pl.col("x") == 0)
    frame = pl.concat([many, pl.concat([once] * 80)])
    assert (frame["x"] == 0).mean() > 0.97
    with pytest.warns(FewRepeatersWarning, match=r"9\d\.\d% of the customers bought once"):
        model().fit(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error", FewRepeatersWarning)
        model().fit(many)


def test_amounts_that_say_too_little_are_said_to():
    with pytest.warns(NotIdentifiedWarning, match="one customer"):
        model = GammaGamma().fit(pl.DataFrame({"x": [1], "mean_repeat_amount": [5.0]}))
    assert model.identified is False
    with pytest.warns(NotIdentifiedWarning, match="no contract ended"):
        ShiftedBetaGeometric().fit_survivors([100, 100, 100])


def test_a_total_of_few_customers_has_no_interval():
    with pytest.raises(DataError, match="too few customers"):
        total_purchases(frame(), BG, horizon=9, seed=1)
