"""Frames come from any library and go back to it, row by row; models go to JSON and back."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from custloyal import btyd
from custloyal.btyd import (
    BgNbd,
    FittedBgNbd,
    FittedGammaGamma,
    FittedShiftedBetaGeometric,
    GammaGamma,
    MbgNbd,
    NotIdentifiedWarning,
    ParetoNbd,
    ShiftedBetaGeometric,
    calibration,
    frequencies,
    residual_value,
    total_purchases,
    tracking,
)
from custloyal.errors import DataError, InvalidValueError
from custloyal.models.configuration import from_json, to_json
from engines import every_backend

BG = FittedBgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
AMOUNTS = FittedGammaGamma(p=6.25, q=3.74, v=15.44)


@every_backend
@pytest.mark.parametrize("model", [BgNbd, ParetoNbd])
def test_every_library_gives_the_same(backend, cdnow, model):
    few = (
        cdnow.sort("customer_id").head(400).drop("time_unit").with_columns(time_unit=pl.lit("week"))
    )
    wanted = model().fit(few)
    fitted = model().fit(backend.of_arrow(few.to_arrow()))
    assert fitted.parameters == pytest.approx(wanted.parameters, rel=1e-10)
    assert fitted.time_unit == "week"
    rows = backend.rows(fitted.predict(backend.of_arrow(few.to_arrow()), horizon=39))
    expected = wanted.predict(few, horizon=39).rows(named=True)
    if backend.name == "duckdb":  # relations have no order
        rows = sorted(rows, key=lambda row: row["customer_id"])
    for row, other in zip(rows, expected, strict=True):
        assert row["customer_id"] == other["customer_id"]
        assert row["p_any"] == pytest.approx(other["p_any"], rel=1e-7)
        assert row["expected_purchases"] == pytest.approx(other["expected_purchases"], rel=1e-7)


@every_backend
def test_rows_without_statistics_have_no_prediction(backend):
    rows = [
        {"customer_id": "a", "x": 2.0, "t_x": 30.43, "T": 38.86},
        {"customer_id": "b", "x": None, "t_x": None, "T": None},
        {"customer_id": "c", "x": 2.0, "t_x": 30.43, "T": 38.86},
    ]
    predicted = backend.rows(BG.predict(backend.frame(rows, columns=["customer_id"]), horizon=39))
    by_customer = {row["customer_id"]: row for row in predicted}
    assert by_customer["a"]["expected_purchases"] == pytest.approx(1.226, abs=5e-4)
    assert by_customer["c"]["p_any"] == by_customer["a"]["p_any"]
    unknown = by_customer["b"]
    for name in ("p_alive", "p_any", "expected_purchases"):
        assert unknown[name] is None or math.isnan(unknown[name])


@every_backend
def test_all_other_answers_come_home_too(backend, cdnow):
    few = cdnow.sort("customer_id").head(300)
    frame = backend.of_arrow(few.with_columns(actual_purchases=pl.lit(1)).to_arrow())
    assert len(backend.rows(BG.predict_counts(frame, horizon=39, most=2))) == 300
    dated = backend.rows(BG.silence(frame, as_of=date(1997, 9, 30)))
    assert (
        sum(row["alive_until_date"] is not None for row in dated)
        == few.filter(pl.col("x") > 0).height
    )
    assert len(backend.rows(AMOUNTS.predict(frame))) == 300
    worth = residual_value(frame, purchases=BG, amounts=AMOUNTS, discount_rate=0.003)
    assert len(backend.rows(worth)) == 300
    assert len(backend.rows(frequencies(frame, BG, most=3))) == 4
    assert (
        sum(row["customers_count"] for row in backend.rows(calibration(frame, BG, horizon=9)))
        == 300
    )
    assert GammaGamma().fit(frame).fit.customers_count == few.filter(pl.col("x") > 0).height
    contracts = backend.of_arrow(
        pl.DataFrame({"periods": [0, 1, 2], "ended": [True, True, False]}).to_arrow()
    )
    with pytest.warns(NotIdentifiedWarning, match="do not determine alpha, beta"):
        assert ShiftedBetaGeometric().fit(contracts).fit.customers_count == 3
    model = FittedShiftedBetaGeometric(alpha=1, beta=1)
    kept = {
        row["periods"]: row["p_active"] for row in backend.rows(model.predict(contracts, horizon=1))
    }
    assert kept == pytest.approx({0: 0, 1: 0, 2: 0.75})


@every_backend
@pytest.mark.parametrize("spoil", ["nothing", "null", "large", "fraction"])
def test_whole_days_are_read_as_others_are(backend, cdnow, spoil):
    """Whole numbers go by one key, all others by three: fits and predictions do not feel it."""
    days = cdnow.select(
        "customer_id", "x", (pl.col("t_x", "T") * 7).round().cast(pl.Int64), weight=pl.lit(2)
    ).sort("customer_id")
    last = {
        "nothing": {"x": 1, "t_x": 3, "T": 40},
        "null": {"x": 1, "t_x": None, "T": 40},
        "large": {"x": 1, "t_x": 3, "T": 3_000_000},
        "fraction": {"x": 1, "t_x": 3, "T": 40},
    }[spoil]
    row = pl.DataFrame([{"customer_id": 9_999, **last, "weight": 0}])
    frame = pl.concat([days, row.cast(dict(days.schema))])
    if spoil == "fraction":
        frame = frame.with_columns(pl.col("T").cast(pl.Float64))
    native = backend.of_arrow(frame.to_arrow())
    wanted = BgNbd().fit(days.with_columns(pl.col("t_x", "T").cast(pl.Float64)))
    fitted = BgNbd(invalid="set_aside").fit(native)
    assert fitted.parameters == pytest.approx(wanted.parameters, rel=1e-12)
    assert fitted.fit.customers_count == 2 * 2357
    assert fitted.fit.set_aside == ({"t_x is null": 1} if spoil == "null" else {})
    rows = {row["customer_id"]: row for row in backend.rows(wanted.predict(native, horizon=90))}
    assert len(rows) == 2358
    assert list(rows[1]) == [*frame.columns, "p_alive", "p_any", "expected_purchases"]
    by_three = wanted.predict(days.with_columns(pl.col("T").cast(pl.Float64)), horizon=90)
    for row in by_three.rows(named=True):
        other = rows[row["customer_id"]]
        assert other["expected_purchases"] == pytest.approx(row["expected_purchases"], rel=1e-12)
    unknown = rows[9_999]["p_any"]
    assert (unknown is None or math.isnan(unknown)) == (spoil == "null")


def test_the_order_of_rows_stays(cdnow):
    shuffled = cdnow.sample(fraction=1, shuffle=True, seed=5)
    assert BG.predict(shuffled, horizon=9)["customer_id"].equals(shuffled["customer_id"])


def test_an_empty_frame_has_no_predictions():
    empty = pl.DataFrame(schema={"x": pl.Int64, "t_x": pl.Float64, "T": pl.Float64})
    assert BG.predict(empty, horizon=9).columns == [
        *("x", "t_x", "T", "p_alive", "p_any", "expected_purchases")
    ]
    assert BG.predict_counts(empty, horizon=9).height == 0
    assert BG.silence(empty).height == 0


@pytest.mark.parametrize("model", [BgNbd, MbgNbd, ParetoNbd, GammaGamma])
def test_models_go_to_json_and_pickle_and_back(cdnow, model):
    fitted = model().fit(cdnow)
    assert from_json(type(fitted), to_json(fitted)) == fitted
    assert pickle.loads(pickle.dumps(fitted)) == fitted
    unfitted = model(invalid="set_aside")
    assert from_json(model, to_json(unfitted)) == unfitted
    assert pickle.loads(pickle.dumps(unfitted)) == unfitted


def test_contract_models_go_to_json_and_pickle_and_back():
    fitted = ShiftedBetaGeometric().fit_survivors([1000, 869, 743, 653, 593, 551, 517, 491])
    assert from_json(FittedShiftedBetaGeometric, to_json(fitted)) == fitted
    assert pickle.loads(pickle.dumps(fitted)) == fitted


def test_given_parameters_tell_nothing_of_a_fit():
    assert BG.parameters == {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
    nothing = (BG.fit, BG.covariance, BG.standard_errors, BG.log_likelihood, BG.identified)
    assert nothing == (None,) * 5


def test_a_fitted_model_shows_what_a_person_wants_to_know(cdnow):
    first, *lines = repr(BgNbd().fit(cdnow)).splitlines()
    assert first == "FittedBgNbd, time in weeks"
    assert lines == [
        "  r      0.2426 ± 0.0126",
        "  alpha  4.414 ± 0.378",
        "  a      0.7929 ± 0.1857",
        "  b      2.426 ± 0.705",
        "log-likelihood -9,582.4 of 2,357 customers, identified, converged",
    ]
    with pytest.warns(NotIdentifiedWarning):
        guess = BgNbd(invalid="set_aside").fit(pl.DataFrame({"x": [2, 2], "t_x": [5, 9], "T": 7}))
    assert "of 1 customer, not identified, converged" in repr(guess)
    assert "set aside: 1 where t_x exceeds T" in repr(guess)
    assert "warning: the data do not determine r, alpha, a, b: there is one" in repr(guess)


@pytest.mark.parametrize("model", [BG, AMOUNTS, FittedShiftedBetaGeometric(alpha=1, beta=2)])
def test_given_parameters_show_themselves_as_code(model):
    given = [f"{name}={value!r}" for name, value in model.parameters.items()]
    given += ["time_unit='week'"] if model is BG else []
    assert repr(model) == f"{type(model).__name__}({', '.join(given)})"


def test_a_model_without_parameters_predicts_nothing():
    assert not hasattr(BgNbd(), "predict")


def test_the_names_that_are_there():
    assert sorted(btyd.__all__) == btyd.__all__
    assert all(hasattr(btyd, name) for name in btyd.__all__)


def test_custloyal_does_not_load_numpy_or_scipy():
    code = "import sys, custloyal; print([m for m in ('numpy', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


# Checks of a fit -------------------------------------------------------------------------------


def test_tracking_of_cdnow(shared_data, cdnow):
    days = pl.read_parquet(shared_data("cdnow_sample.parquet")).select(
        customer_id="sample_id", day="date"
    )
    model = ParetoNbd().fit(cdnow)
    table = tracking(days, model, learned_until=date(1997, 9, 30))
    assert table.height == 78
    learned = table.filter("learned")
    assert learned.height == 39
    # 39 weeks end on 30 September 1997: the repeat purchase days that the fit saw.
    assert learned["actual_total"][-1] == 2457
    assert table["actual_total"][-1] == 2457 + 1882
    assert table["actual_count"].sum() == 4339
    assert abs(learned["expected_total"][-1] / 2457 - 1) < 0.03
    assert abs(table["expected_total"][-1] / 4339 - 1) < 0.03


def test_tracking_counts_by_hand():
    # Two customers, first bought on day 0 and day 3; repeats on days 2, 9 and 10.
    days = pl.DataFrame({"customer_id": ["a", "a", "b", "b", "b", "b", None],
                         "day": [0, 2, 3, 9, 9, 10, 5]}).with_columns(
        day=pl.date(2024, 1, 1) + pl.duration(days="day"))  # fmt: skip
    model = FittedBgNbd(r=2, alpha=10, a=1, b=3, time_unit="day")
    table = tracking(days.with_columns(pl.col("day").cast(pl.Date)), model, period_days=5)
    assert table["actual_count"].to_list() == [1, 1]
    # At the end of day 4 the customers are 4 days and 1 day old.
    wanted = model.expected_of_new(4) + model.expected_of_new(1)
    assert table["expected_total"][0] == pytest.approx(wanted)
    assert [str(day) for day in table["start_day"]] == ["2024-01-01", "2024-01-06"]


def test_tracking_leaves_out_who_came_after_the_fit():
    came = {"ann": [1, 3, 12], "bob": [6, 13]}  # the fit saw the first five days, and ann
    rows = [(name, date(2024, 1, day)) for name, days in came.items() for day in days]
    days = pl.DataFrame(rows, schema=["customer_id", "day"], orient="row")
    model = FittedBgNbd(r=2, alpha=10, a=1, b=3, time_unit="day")
    table = tracking(days, model, learned_until=date(2024, 1, 5), period_days=4)
    assert table["actual_count"].to_list() == [1, 0, 1]
    assert table["learned"].to_list() == [True, False, False]
    assert table["expected_total"][2] == pytest.approx(model.expected_of_new(11))
    whole = tracking(days, model, period_days=4)
    assert whole["learned"].all()
    assert whole["expected_total"][2] == pytest.approx(
        model.expected_of_new(11) + model.expected_of_new(6)
    )


def test_frequencies_have_equal_sums(cdnow):
    table = frequencies(cdnow, BG, most=7)
    assert table["actual_count"][0] == 1411
    assert table["actual_count"].sum() == 2357
    assert table["expected_count"].sum() == pytest.approx(2357)
    # Nothing that a histogram shows differs by more than the noise of such counts.
    away = (table["actual_count"] - table["expected_count"]) ** 2 / table["expected_count"]
    assert away.sum() < 20


def test_calibration_by_hand():
    frame = pl.DataFrame({"x": [0, 0, 1], "t_x": [0, 0, 5], "T": [10, 10, 10], "bought": [0, 3, 1]})
    table = calibration(frame, BG, horizon=10, actual="bought", most=1)
    assert table["customers_count"].to_list() == [2, 1]
    assert table["or_more"].to_list() == [False, True]
    assert table["actual_mean"].to_list() == [1.5, 1]
    assert table["actual_any_share"].to_list() == [0.5, 1]
    single = BG.predict(frame, horizon=10)
    assert table["expected_mean"].to_list() == pytest.approx(
        [single["expected_purchases"][0], single["expected_purchases"][2]]
    )
    assert table["expected_any_share"][1] == pytest.approx(single["p_any"][2])


def test_a_level_of_more_confidence_is_a_wider_interval(cdnow):
    cdnow = cdnow.sort("customer_id")
    model = BgNbd().fit(cdnow)
    half, most = (
        total_purchases(cdnow, model, horizon=39, seed=7, level=level).interval
        for level in (0.5, 0.95)
    )
    assert most.low < half.low < half.high < most.high
    # Of a normal distribution .6745 to 1.96.
    assert half.width / most.width == pytest.approx(0.344, rel=0.15)


def test_calibration_takes_the_horizon_that_the_frame_states(cdnow):
    seen = cdnow.with_columns(actual_purchases=pl.lit(1), horizon=pl.lit(39.0))
    table = calibration(seen, BG)
    assert_frame_equal(table, calibration(seen.drop("horizon"), BG, horizon=39))
    assert_frame_equal(table, calibration(seen, BG, horizon=39))
    with pytest.raises(DataError, match="horizon: is 30 and 39"):
        calibration(seen, BG, horizon=30)
    with pytest.raises(DataError, match="horizon: is 38 and 39"):
        calibration(seen.with_columns(horizon=38 + (pl.col("x") > 0)), BG)
    with pytest.raises(InvalidValueError, match="horizon: stands neither in"):
        calibration(seen.drop("horizon"), BG)


def test_a_total_has_an_interval_that_a_refit_confirms(cdnow):
    cdnow = cdnow.sort("customer_id")  # seeds draw places
    model = BgNbd().fit(cdnow)
    total = total_purchases(cdnow, model, horizon=39, seed=7)
    assert total == total_purchases(cdnow, model, horizon=39, seed=7)
    assert total.expected == pytest.approx(
        model.predict(cdnow, horizon=39)["expected_purchases"].sum(), rel=1e-9
    )
    refits = []
    for seed in range(120):
        again = BgNbd().fit(cdnow.sample(fraction=1, with_replacement=True, seed=seed))
        refits.append(again.predict(cdnow, horizon=39)["expected_purchases"].sum())
    spread = pl.Series(refits).std()
    assert total.interval.width / (2 * 1.96) == pytest.approx(spread, rel=0.25)
