"""Charts of readings: what they hold, what they say of it, and what they refuse."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date
from itertools import pairwise

import polars as pl
import pytest

import custloyal
from custloyal import btyd, economics, plot
from custloyal.datasets import cdnow, simulate
from custloyal.errors import CustloyalError, DataError, InvalidValueError, MissingColumnError
from custloyal.plot import look
from custloyal.rules import rulebooks

# Whether the model is determined is not what charts are about.
pytestmark = pytest.mark.filterwarnings("ignore::custloyal.btyd.FitWarning")

OF_READINGS = (
    *("alarms", "churn", "cohort_triangle", "funnel", "lifecycle", "lorenz_curve"),
    *("pareto_segments", "reactivation", "retention", "revenue_bridge", "silent_defection"),
    *("stages", "tenure_curve", "trust_distribution"),
)
METRICS = [
    custloyal.Trust(),
    custloyal.Stage(),
    custloyal.metrics.ParetoSegment(),
    custloyal.Concentration(),
    custloyal.CohortRetention(),
    custloyal.RetentionRate(),
    custloyal.metrics.KaplanMeier(inactivity_days=180),
    custloyal.Lifecycle(),
    custloyal.metrics.Reactivation(),
    custloyal.metrics.RevenueBridge(period="quarter"),
    custloyal.SilentDefection(horizon="90d"),
]


@pytest.fixture(scope="module")
def history():
    return simulate(customers=2_000, seed=3).history


@pytest.fixture(scope="module")
def readings(history):
    return custloyal.read(history, METRICS)


@pytest.fixture(scope="module")
def charts(history, readings):
    made = {name: getattr(plot, name)(readings) for name in OF_READINGS}
    tried = custloyal.backtest(
        history,
        custloyal.SilentDefection(horizon="90d"),
        cut="2023-09-30",
        horizon="90d",
        draws_count=100,
    )
    made["backtest_calibration"] = plot.backtest_calibration(tried)
    made["backtest_lift"] = plot.backtest_lift(tried)
    attained = custloyal.judge(history, rulebooks.good_service()).attainment("window")
    made["promises_by_window"] = plot.promises_by_window(attained, rule="clear direction")
    customer = economics.CustomerValue(defection_share=0.2, margins=[100])
    made["gain_curve"] = plot.gain_curve(economics.gain_curve(customer, points=[0, 5, 10]))
    made["value_curve"] = plot.value_curve(economics.value_curve(customer), today=0.2)
    return made | fit_charts()


def fit_charts():
    statistics = custloyal.read(cdnow(), custloyal.metrics.BtydStatistics(), as_of="1997-09-30")
    frame = statistics["btyd_statistics"].to_native()
    model = custloyal.btyd.FittedBgNbd(r=0.243, alpha=31.0, a=0.793, b=2.426, time_unit="day")
    days = cdnow().to_native().select("customer_id", day=pl.col("occurred_at").dt.date()).unique()
    cut = date(1997, 9, 30)
    later = days.filter(pl.col("day") > cut).group_by("customer_id").len("actual_purchases")
    after = frame.join(later, on="customer_id", how="left").with_columns(
        pl.col("actual_purchases").fill_null(0)
    )
    return {
        "frequency_histogram": plot.frequency_histogram(btyd.frequencies(frame, model)),
        "fit_calibration": plot.fit_calibration(btyd.calibration(after, model, horizon=273)),
        "tracking": plot.tracking(btyd.tracking(days, model, learned_until=cut)),
    }


def rows_of(chart):
    """All rows of a chart."""
    found = []

    def walk(part):
        if isinstance(part, dict):
            found.extend(part.get("values", []) if "values" in part else [])
            for each in part.values():
                walk(each)
        elif isinstance(part, list):
            for each in part:
                walk(each)

    spec = chart.to_dict()
    walk({name: spec.get(name) for name in ("data", "layer", "hconcat")})
    for rows in spec.get("datasets", {}).values():
        found.extend(rows)
    return [row for row in found if isinstance(row, dict)]


# All of them ---------------------------------------------------------------------------------


def test_charts_are_at_hand_once_the_library_is_imported():
    said = "import custloyal; print(custloyal.plot.lorenz_curve.__name__)"
    ran = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "lorenz_curve"


def test_every_chart_of_the_library_is_tried_here(charts):
    assert set(charts) == set(plot.__all__)


@pytest.mark.parametrize("name", plot.__all__)
def test_a_chart_has_a_title_words_and_something_to_point_at(name, charts):
    spec = charts[name].to_dict()
    assert isinstance(spec["title"], str)
    assert len(spec["description"]) > 40
    assert spec["description"].endswith(".")
    for wrong in ("None", "nan", "not known", "{", "Nobody", "Nothing is"):
        assert wrong not in spec["description"]
    assert '"tooltip"' in json.dumps(spec)


@pytest.mark.parametrize("name", plot.__all__)
def test_a_chart_is_small(name, charts):
    assert len(rows_of(charts[name])) <= 1_000


def test_more_customers_make_no_larger_chart(history):
    many = simulate(customers=20_000, seed=3).history
    metrics = [custloyal.Trust(), custloyal.Stage(), custloyal.metrics.ParetoSegment()]
    few_read, many_read = (custloyal.read(each, metrics) for each in (history, many))
    for name in ("trust_distribution", "stages", "lorenz_curve", "pareto_segments"):
        few_rows, many_rows = (rows_of(getattr(plot, name)(r)) for r in (few_read, many_read))
        assert len(many_rows) <= max(len(few_rows) + 5, 110)


@pytest.fixture(scope="module")
def on_duckdb(history):
    duckdb = pytest.importorskip("duckdb")
    frame = duckdb.from_arrow(history.to_native().to_arrow())
    other = custloyal.History.from_native(frame, timezone=history.timezone)
    return custloyal.read(other, METRICS)


@pytest.mark.parametrize("name", OF_READINGS)
def test_every_engine_draws_the_same(name, on_duckdb, charts):
    own = getattr(plot, name)(on_duckdb)
    assert own.description == charts[name].description
    assert len(rows_of(own)) == len(rows_of(charts[name]))


@pytest.mark.parametrize("name", OF_READINGS)
def test_a_reading_of_another_metric_is_refused_by_a_sentence(name, readings):
    draw = getattr(plot, name)
    with pytest.raises(InvalidValueError, match="of concentration"):
        draw(readings["concentration"])


@pytest.mark.parametrize("name", plot.__all__)
@pytest.mark.parametrize("wrong", [None, 3, "readings", [1, 2]])
def test_what_is_no_reading_is_refused_by_a_sentence(name, wrong):
    if name in ("gain_curve", "value_curve") and not isinstance(wrong, list):
        wrong = [wrong]
    with pytest.raises(CustloyalError, match="give"):
        getattr(plot, name)(wrong)


@pytest.mark.parametrize("name", OF_READINGS)
def test_a_reading_of_nobody_is_an_empty_chart_that_says_so(name):
    frame = pl.DataFrame(
        {
            "customer_id": [None],
            "occurred_at": [date(2024, 1, 1)],
            "kind": ["exposure"],
            "amount": [None],
        },
        schema_overrides={"customer_id": pl.String, "amount": pl.Float64},
    )
    nobody = custloyal.History.from_native(frame, timezone="UTC")
    chart = getattr(plot, name)(custloyal.read(nobody, METRICS))
    assert any(row["text"] == chart.description for row in rows_of(chart))


def test_scores_and_their_frames_do_as_readings_do(history, charts):
    scores = custloyal.score(history, [custloyal.Trust(), custloyal.metrics.ParetoSegment()])
    for name in ("trust_distribution", "lorenz_curve", "pareto_segments"):
        for given in (scores, scores.to_native()):
            assert getattr(plot, name)(given).description == charts[name].description
    with pytest.raises(MissingColumnError, match="stage"):
        plot.stages(scores)


@pytest.mark.parametrize("name", OF_READINGS)
def test_a_frame_that_is_no_such_reading_is_refused_by_the_columns_that_it_lacks(name):
    with pytest.raises(MissingColumnError, match="is not there, and the chart needs it"):
        getattr(plot, name)(pl.DataFrame({"who": ["ann"], "much": [1.0]}))


# One by one ----------------------------------------------------------------------------------


def test_the_columns_of_trust_add_up_to_all_customers(readings, charts):
    scores = readings["trust"].to_native()["trust"]
    drawn = [row for row in rows_of(charts["trust_distribution"]) if "customers" in row]
    assert sum(row["customers"] for row in drawn) == len(scores)
    for row in drawn:
        inside = scores.is_between(row["low"], row["high"], closed="left").sum()
        assert row["customers"] == inside


def test_the_points_of_the_lorenz_curve_are_those_of_the_sorted_revenues(readings, charts):
    revenue = readings["pareto_segment"].to_native()["revenue_amount"].drop_nulls()
    reached = revenue.sort(descending=True).cum_sum()
    n = len(revenue)
    points = [
        row for row in rows_of(charts["lorenz_curve"]) if set(row) == {"customers", "revenue"}
    ]
    points = [row for row in points if row["customers"] not in (0, 1)]
    assert 50 < len(points) <= 101
    for row in points:
        k = round(row["customers"] * n)
        assert row["customers"] == pytest.approx(k / n, abs=1e-12)
        assert row["revenue"] == pytest.approx(reached[k - 1] / reached[-1], abs=1e-4)


def test_the_mark_of_the_lorenz_curve_is_what_the_concentration_says(readings):
    (said,) = readings["concentration"].to_dicts()
    chart = plot.lorenz_curve(readings, top=said["top_count"] / said["customers_count"])
    (marked,) = [row for row in rows_of(chart) if "text" in row]
    assert marked["revenue"] == pytest.approx(said["top_share"], abs=0.005)


def test_the_waterfall_ends_where_the_period_does(readings, charts):
    (row, *_) = [r for r in readings["revenue_bridge"].to_dicts() if r["is_complete"]][-1:]
    bars = [each for each in rows_of(charts["revenue_bridge"]) if "start" in each]
    assert bars[0]["end"] == pytest.approx(row["previous_amount"])
    assert bars[-1]["end"] == pytest.approx(row["current_amount"])
    for one, other in pairwise(bars[:-1]):
        assert other["start"] == pytest.approx(one["end"])
    assert bars[-2]["end"] == pytest.approx(bars[-1]["end"])


def test_a_tenure_curve_of_many_steps_keeps_its_last_one_and_never_rises(readings, charts):
    rows = readings["kaplan_meier"].to_dicts()
    drawn = [row for row in rows_of(charts["tenure_curve"]) if "days" in row]
    assert drawn[-1]["share"] == rows[-1]["survival_share"]
    shares = [row["share"] for row in drawn]
    assert shares == sorted(shares, reverse=True)


def test_alarms_are_counted_in_the_week_in_which_they_fall(readings, charts):
    days = readings["silent_defection"].to_native()["alarm_on"].drop_nulls()
    drawn = {row["name"]: row["customers"] for row in rows_of(charts["alarms"])}
    later = days.filter(days > readings.as_of.day)
    weeks = later.dt.truncate("1w").dt.to_string("%Y-%m-%d").to_list()
    assert drawn == {name: weeks.count(name) for name in drawn}
    assert sum(drawn.values()) > 0


def test_a_frame_has_no_day_from_which_alarms_are_counted(readings):
    frame = readings["silent_defection"].to_native()
    with pytest.raises(InvalidValueError, match="since"):
        plot.alarms(frame)
    day = readings.as_of.day
    assert plot.alarms(frame, since=day).description == plot.alarms(readings).description


def test_a_period_that_is_none_of_the_bridge_is_refused(readings):
    with pytest.raises(InvalidValueError, match="begins no period"):
        plot.revenue_bridge(readings, period=date(2023, 5, 2))


def test_a_rule_must_be_named_among_several(history):
    attained = custloyal.judge(history, rulebooks.good_service()).attainment("window")
    with pytest.raises(InvalidValueError, match="several"):
        plot.promises_by_window(attained)
    with pytest.raises(InvalidValueError, match="did you mean 'clear direction'"):
        plot.promises_by_window(attained, rule="clear directions")
    with pytest.raises(DataError, match="window"):
        plot.promises_by_window(custloyal.judge(history, rulebooks.good_service()).attainment())


# How they look -------------------------------------------------------------------------------


def contrast(one, other):
    """WCAG 2.2: the contrast of two colours, from 1 to 21."""

    def luminance(colour):
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        r, g, b = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("ground", ["#ffffff", "#1e1e1e"])
@pytest.mark.parametrize("colour", ["INK", "MUTED", "ACCENT", "WARM", "DEEP"])
def test_every_colour_can_be_told_from_a_light_and_from_a_dark_ground(colour, ground):
    assert contrast(getattr(look, colour), ground) >= 3


def test_figures_can_be_read_on_every_shade_of_a_tile():
    for ground in (look.TILE, look.CELL):
        assert contrast(look.TILE_INK, ground) >= 4.5


def test_every_colour_of_a_chart_has_a_name_for_pages_with_colours_of_their_own(charts):
    for chart in charts.values():
        spec = chart.to_dict()
        spec = {name: each for name, each in spec.items() if name not in ("data", "datasets")}
        used = set(re.findall('"(#[0-9a-f]{6,8})"', json.dumps(spec)))
        assert used <= set(look.COLOURS)
