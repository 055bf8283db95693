"""The next need: the interval holds, dates stand still in silence, the overdue are past it."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

import custloyal
from custloyal import History
from custloyal.btyd import FitWarning
from custloyal.defection import NextNeed, PurchaseChance, SilentDefection
from custloyal.errors import InvalidValueError
from defection.drawn_purchases import START, drawn


def read(history, as_of, **options):
    metric = NextNeed(**options)
    return custloyal.read(history, metric, as_of=as_of)[metric].to_native()


@pytest.fixture(scope="module")
def loyal():
    """Customers who never leave: for them the next purchase always comes."""
    return drawn(12_000, seed=6, days=700, parameters=(3.0, 60.0, 1.0, 1.0), stay=True)


# Where nobody leaves, nothing is to be learnt of leaving.
@pytest.mark.filterwarnings("ignore::custloyal.btyd.NotIdentifiedWarning")
@pytest.mark.parametrize("level", [0.5, 0.8])
def test_the_next_purchase_lies_in_the_interval_as_often_as_said(loyal, level):
    cut = START + timedelta(days=400)
    day = pl.col("occurred_at").dt.date()
    rows = read(History.from_native(loyal, timezone="UTC"), cut, level=level)
    later = loyal.filter(day > cut).group_by("customer_id").agg(came=day.min())
    # Who bought today: of the others it is known that the next purchase did not come at once.
    today = loyal.filter(day == cut).select("customer_id").unique()
    fresh = rows.join(today, on="customer_id").join(later, on="customer_id", how="left")
    assert len(fresh) > 400
    came = pl.col("came").fill_null(date.max)
    inside = fresh.select(came.is_between("next_from", "next_until").mean()).item()
    assert abs(inside - level) < 0.08
    after = fresh.select((came > pl.col("next_on")).mean()).item()
    assert abs(after - 0.5) < 0.08


def test_dates_come_in_order_and_need_says_where_today_lies(company):
    today = date(2023, 6, 30)
    rows = read(company.history, today)
    known = rows.drop_nulls(["next_on", "next_from", "next_until"])
    assert (known["next_from"] <= known["next_on"]).all()
    assert (known["next_on"] <= known["next_until"]).all()
    assert set(rows["need"]) == {"later", "due", "overdue"}
    overdue = rows.filter(need="overdue")
    assert (overdue["next_until"] < today).all()
    assert (overdue["overdue_days"] == (today - overdue["next_until"]).dt.total_days()).all()
    assert rows.filter(pl.col("need") != "overdue")["overdue_days"].is_null().all()
    assert (rows.filter(need="later")["next_from"] > today).all()


def test_of_the_overdue_more_have_left_than_of_the_others(company):
    rows = read(company.history, "2023-06-30").join(company.truth.customers, on="customer_id")
    gone = (pl.col("left_at") < pl.datetime(2023, 7, 1, time_zone="UTC")).fill_null(value=False)
    share = dict(rows.group_by("need").agg(gone.mean()).iter_rows())
    assert share["overdue"] > share["due"] > share["later"]


@pytest.mark.parametrize("level", [0, 1, "high"])
def test_levels_outside_of_0_and_1_are_refused(level):
    with pytest.raises(InvalidValueError, match="level"):
        NextNeed(level=level)


def test_silent_defection_says_the_same_day_on_which_the_next_purchase_is_due(company):
    metrics = [NextNeed(), SilentDefection(horizon="90d")]
    rows = custloyal.score(company.history, metrics).to_native().drop_nulls("next_on")
    assert rows["due_on"].equals(rows["next_on"], check_names=False)


def test_metrics_of_one_run_share_equal_fits(company):
    metrics = [SilentDefection(horizon="90d"), NextNeed(), PurchaseChance(horizon="90d")]
    readings = custloyal.read(company.history, metrics, as_of=date(2023, 6, 30))
    silent, need, chance = readings.values()
    assert silent.fit.model is need.fit.model
    assert chance.fit.model.alpha == pytest.approx(need.fit.model.alpha, rel=1e-9)
    assert silent.fit.recalibration is not None
    assert need.fit.recalibration is None


def test_a_reading_carries_what_its_fit_warned_of_once():
    rows = pl.DataFrame({"customer_id": ["a", "b"], "occurred_at": ["2024-01-01"] * 2})
    history = History.from_native(rows, constants={"kind": "purchase"})
    with pytest.warns(FitWarning) as caught:
        readings = custloyal.read(
            history, [SilentDefection(horizon="90d"), NextNeed()], as_of="2024-02-01"
        )
    said = [str(each.message) for each in caught if issubclass(each.category, FitWarning)]
    assert said == [str(each) for each in readings[NextNeed].cautions]
    assert readings[SilentDefection].cautions == readings[NextNeed].cautions
