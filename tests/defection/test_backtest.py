"""The back-test: its figures equal those by hand, and it sees nothing after the cut."""

from __future__ import annotations

import json
import warnings
from datetime import date, timedelta
from itertools import product

import attrs
import narwhals as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import custloyal
from custloyal import HandOffs, History, Rfm, Trust
from custloyal.btyd import FitWarning
from custloyal.defection import NextNeed, PurchaseChance, Score, SilentDefection, backtest
from custloyal.defection.backtest import judged
from custloyal.defection.ranking import Cases, Ranks
from custloyal.errors import DataError, InvalidValueError
from custloyal.metrics import BtydStatistics
from custloyal.models import AsOf
from defection.drawn_purchases import START, drawn, history_of, row
from engines import every_backend

RECENCY = Score(metric=Rfm(), column="recency_days", green=30)
scores = st.lists(st.integers(0, 5), min_size=2, max_size=12)


@given(data=st.data(), values=scores)
def test_auc_is_the_share_of_pairs_in_the_right_order(data, values):
    gone = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    pairs = [
        (values[a] > values[b]) + (values[a] == values[b]) / 2
        for a, b in product(range(len(values)), repeat=2)
        if gone[a] and not gone[b]
    ]
    cases = Cases.of([np.array(values, float)], np.array(gone))
    left = np.where(cases.gone, cases.weight, 0.0)
    found = Ranks.of(cases.scores[0]).auc(left, cases.weight - left)
    assert found == (pytest.approx(np.mean(pairs)) if pairs else None)


@given(data=st.data(), values=scores)
def test_tenths_hold_all_who_left_and_ties_are_spread(data, values):
    gone = data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values)))
    weight = np.ones(len(values))
    found = Ranks.of(np.array(values, float)).gains(np.array(gone, float), weight, 10)
    assert found.sum() == pytest.approx(sum(gone))
    assert (found >= -1e-12).all()
    if len(set(values)) == 1:
        assert found == pytest.approx(sum(gone) / 10)


def small():
    """Ann, bob and cem buy on day 0; ann buys again within the horizon, bob after it."""
    rows = [row(name, 0, amount=1.0) for name in ("ann", "bob", "cem")]
    rows += [row("cem", 5, amount=1.0), row("ann", 30, amount=1.0), row("bob", 80, amount=1.0)]
    return history_of([*rows, row("dan", 20, amount=1.0), row("eve", 99, "visit", amount=None)])


def test_a_case_by_hand():
    tried = backtest(small(), RECENCY, cut=START + timedelta(days=10), horizon="60d")
    assert tried.until == START + timedelta(days=70)
    found = {each["customer_id"]: each for each in tried.to_native().iter_rows(named=True)}
    assert {name: each["is_lost"] for name, each in found.items()} == {
        "ann": False,
        "bob": True,
        "cem": True,
    }
    assert [found[name]["rfm.recency_days"] for name in ("ann", "bob", "cem")] == [10, 10, 5]
    # ann against bob is a tie, against cem wrong
    assert tried.judgement.auc == 0.25
    assert tried.judgement.watermelon.value == 1
    assert tried.judgement.brier is None
    assert tried.judgement.tenths[-1].captured_share == 1


def test_a_purchase_on_the_last_day_of_the_horizon_keeps_the_customer():
    for days, lost in ((20, 2), (19, 3)):
        tried = backtest(small(), RECENCY, cut=START + timedelta(days=10), horizon=days)
        assert (tried.customers_count, tried.lost_count) == (3, lost)


def test_bands_and_brier_equal_those_by_hand(sample):
    silent = SilentDefection(horizon="39w")
    tried = backtest(sample, silent, cut="1997-09-30", horizon="39w", draws_count=100)
    rows = tried.to_native()
    said, lost = rows["silent_defection"], rows["is_lost"]
    assert tried.judgement.brier == pytest.approx(((said - lost) ** 2).mean())
    for band in tried.judgement.bands:
        inside = (said >= band.low) & (said < band.high)
        assert (band.lost.numerator, band.lost.denominator) == (
            int((lost & inside).sum()),
            int(inside.sum()),
        )
        assert band.said_share == pytest.approx(said.filter(inside).mean())
    green = (said < 0.5) & lost
    assert tried.judgement.watermelon.numerator == int(green.sum())
    assert tried.judgement.watermelon.denominator == tried.lost_count == 1673
    assert sum(band.lost.denominator for band in tried.judgement.bands) == 2357


def test_what_is_said_comes_true_in_the_bands(master):
    silent = SilentDefection(horizon="39w")
    tried = backtest(master, silent, cut="1997-09-30", horizon="39w", draws_count=100)
    for band in tried.judgement.bands:
        assert abs(band.said_share - band.lost.value) < 0.07


def test_equal_seeds_give_equal_intervals(sample):
    def run(seed):
        return backtest(
            sample,
            RECENCY,
            cut="1997-09-30",
            horizon="39w",
            against=Score(metric=Rfm(), column="frequency", leaving="low"),
            seed=seed,
            draws_count=100,
        )

    assert json.loads(json.dumps(run(1).to_dict())) == run(1).to_dict()
    assert run(1).differences[0].interval != run(2).differences[0].interval
    low, high = run(1).differences[0].interval.low, run(1).differences[0].interval.high
    assert low < run(1).differences[0].auc_difference < high


# Nothing after the cut ------------------------------------------------------------------------

CUT = START + timedelta(days=300)
BASE = drawn(150, seed=7)
PAST = BASE.filter(pl.col("occurred_at").dt.date() <= CUT)
SILENT = SilentDefection(horizon="90d")
END = pl.DataFrame([row(-1, 420, "visit", amount=None)], schema=None).cast({"amount": pl.Float64})

later_rows = st.lists(
    st.builds(
        lambda customer, day, kind, amount: row(customer, day, kind, amount=amount),
        st.integers(0, 170),
        st.integers(301, 419),
        st.sampled_from(["purchase", "complaint", "visit"]),
        st.floats(0.01, 1e6),
    ),
    max_size=20,
)


def tried(*more):
    frame = pl.concat([PAST, *more, END], how="diagonal_relaxed")
    history = History.from_native(frame, timezone="UTC")
    against = Score(metric=Trust(), column="trust", leaving="low")
    found = backtest(history, SILENT, cut=CUT, horizon="90d", against=against, draws_count=100)
    return found.to_native().sort("customer_id")


@pytest.fixture(scope="module")
def alone():
    """What is said where nothing came after the cut."""
    return tried()


@given(later=later_rows)
@settings(max_examples=6)
def test_rows_after_the_cut_change_labels_only(alone, later):
    assert alone["is_lost"].all()
    more = pl.DataFrame(later, schema=PAST.schema) if later else PAST.clear()
    known = tried(more)
    assert known["customer_id"].equals(alone["customer_id"])
    assert known["silent_defection"].equals(alone["silent_defection"])
    # Engines add decayed sums in any order.
    assert known["trust.trust"].to_numpy() == pytest.approx(alone["trust.trust"], rel=1e-12)
    last = START + timedelta(days=390)
    bought = {
        each["customer_id"]
        for each in later
        if each["kind"] == "purchase" and each["occurred_at"].date() <= last
    }
    for each in known.iter_rows(named=True):
        assert each["is_lost"] == (each["customer_id"] not in bought)


# What is refused ------------------------------------------------------------------------------


def test_a_horizon_past_the_data_is_refused_with_the_mend(sample):
    with pytest.raises(DataError) as error:
        backtest(sample, RECENCY, cut="1997-10-01", horizon="39w")
    assert "the data end on 1998-06-30" in str(error.value)
    assert 'cut by 1997-09-30, or choose horizon="272d"' in str(error.value)
    backtest(sample, RECENCY, cut="1997-10-01", horizon="272d", draws_count=100)


def test_a_cut_before_the_first_purchase_is_refused(sample):
    with pytest.raises(DataError, match="nobody bought until then"):
        backtest(sample, RECENCY, cut="1996-12-31", horizon="90d")


@pytest.mark.parametrize(
    ("metric", "options", "said"),
    [
        (Trust(), {}, "does not say which column is the score"),
        (NextNeed(), {}, "does not say which column"),
        ("trust", {}, "no score"),
        (SilentDefection(horizon="30d"), {}, "is a probability for 30 days"),
        (RECENCY, {"against": RECENCY}, "is the name of two scores"),
        (RECENCY, {"horizon": "soon"}, "must be whole days"),
        (RECENCY, {"draws_count": 3}, "draws_count"),
        (RECENCY, {"seed": -1}, "seed"),
        (Score(metric=HandOffs(), column="x"), {}, "has one row for each case_id"),
    ],
)
def test_wrong_options_are_refused(sample, metric, options, said):
    given = {"cut": "1997-09-30", "horizon": "39w", **options}
    with pytest.raises(InvalidValueError, match=said):
        backtest(sample, metric, **given)


def test_a_column_that_is_not_there_is_refused(sample):
    wrong = Score(metric=Rfm(), column="recency")
    with pytest.raises(InvalidValueError, match="recency: is no column of rfm"):
        backtest(sample, wrong, cut="1997-09-30", horizon="39w")


@pytest.mark.parametrize(
    "options",
    [{"leaving": "up"}, {"green": "much"}, {"is_probability": True, "leaving": "low"}],
)
def test_scores_that_make_no_sense_are_refused(options):
    with pytest.raises(InvalidValueError):
        Score(metric=Rfm(), column="recency_days", **options)


def test_where_everybody_left_there_is_no_auc():
    rows = [row("ann", 0, amount=1.0), row("bob", 1, amount=1.0), row("bob", 99, "visit")]
    tried = backtest(history_of(rows), RECENCY, cut=START + timedelta(days=5), horizon="60d")
    assert tried.judgement.auc is None
    assert tried.to_dict()["auc_low"] is None
    assert tried.lost_count == 2


def test_customers_without_a_score_are_counted_and_left_out():
    history = small()
    mean = Score(metric=BtydStatistics(), column="mean_repeat_amount", leaving="low")
    tried = backtest(history, mean, cut=START + timedelta(days=10), horizon="60d")
    assert (tried.customers_count, tried.unscored_count) == (1, 2)


def test_what_is_no_number_is_no_score_and_what_is_above_1_no_probability():
    customers = nw.from_native(
        pl.DataFrame({"customer_id": [1, 2, 3], "is_lost": [True, False, True]})
    )
    history, score = small(), attrs.evolve(RECENCY, label="own", is_probability=True)

    def judge(values):
        table = nw.from_native(pl.DataFrame({"customer_id": [1, 2, 3], "recency_days": values}))
        at = AsOf.parse(START, timezone="UTC")
        return judged(
            history, customers, {score: table}, cut=at, until=START, seed=0, draws_count=100
        )

    tried = judge([0.5, 0.4, float("nan")])
    assert (tried.customers_count, tried.unscored_count, tried.judgement.auc) == (2, 1, 1.0)
    with pytest.raises(InvalidValueError, match="own: is no probability"):
        judge([50.0, 0.4, 0.1])


@every_backend
def test_it_comes_back_in_the_library_of_the_caller(backend):
    frame = backend.of_arrow(drawn(40, seed=8).to_arrow())
    history = History.from_native(frame, timezone="UTC")
    tried = backtest(history, RECENCY, cut=date(2023, 10, 1), horizon="90d", draws_count=100)
    rows = backend.rows(tried.to_native())
    assert len(rows) == tried.customers_count
    assert sum(each["is_lost"] for each in rows) == tried.lost_count


# Planted truth --------------------------------------------------------------------------------


def test_who_left_in_silence_scores_higher(company):
    metric = SilentDefection(horizon="90d")
    rows = custloyal.read(company.history, metric, as_of="2023-06-30")[metric].to_native()
    rows = rows.join(company.truth.customers, on="customer_id")
    cut = pl.datetime(2023, 7, 1, time_zone="UTC")
    gone = (pl.col("left_at") < cut).fill_null(value=False)
    silent = rows.filter(gone, ~pl.col("left_voiced"))["p_no_purchase"]
    there = rows.filter(~gone)["p_no_purchase"]
    assert silent.mean() > there.mean() + 0.2
    # Nearly all who are called silently lost had not complained before they left.
    said = rows.filter(gone, loss="silent")["left_voiced"]
    assert said.mean() < 0.1
    assert rows.filter(gone, loss="voiced")["left_voiced"].mean() > 0.5


def test_it_ranks_who_truly_left_better_than_recency_does(company):
    """The truth is when somebody left for good, not whether they happened to buy again."""
    metric = SilentDefection(horizon="90d")
    rows = custloyal.read(company.history, metric)[metric].to_native()
    rows = rows.join(company.truth.customers, on="customer_id")
    gone = rows["left_at"].is_not_null().to_numpy()
    ours, recency = (
        Ranks.of(rows[name].to_numpy().astype(float)).auc(gone * 1.0, ~gone * 1.0)
        for name in ("p_no_purchase", "silent_days")
    )
    assert ours > 0.84
    assert ours > recency
    # Everybody who complained before they left for the first and last time is heard.
    once = rows.filter(pl.col("left_at").is_not_null(), pl.col("won_back_at").is_null())
    assert once.filter("left_voiced", loss="silent").is_empty()


def test_sentences_say_the_figures(sample):
    silent = SilentDefection(horizon="39w")
    days = Score(metric=silent, column="silent_days", label="silence")
    tried = backtest(sample, silent, horizon="39w", against=days, draws_count=100)
    assert tried.cut.day == date(1997, 9, 30)  # the last one after which 39 weeks are known
    said = " ".join(tried.sentences)
    for figure in ("1,673 (71.0%)", "AUC 0.783", '"silence" it is 0.771', "Brier 0.155", "0.206"):
        assert figure in said
    missed = tried.judgement.watermelon
    assert f"{missed.numerator} of the 1,673 lost" in said
    assert tried.to_dict()["sentences"] == list(tried.sentences)


def test_sentences_where_there_is_nothing_to_rank():
    frame = pl.DataFrame([row("a", 0), row("b", 3), row("c", 400, "visit")])
    history = History.from_native(frame, timezone="UTC")
    score = Score(metric=Trust(), column="trust", leaving="low", green=0.5)
    said = backtest(history, score, cut=START + timedelta(days=10), horizon="90d").sentences
    assert any("There is no AUC: everybody was lost" in each for each in said)


def test_metrics_of_one_name_are_read_apart(sample):
    one, other = SilentDefection(horizon="39w"), SilentDefection(horizon="39w", alarm=0.8)
    scores = [
        Score(metric=each, column="p_no_purchase", label=name)
        for each, name in ((one, "one"), (other, "other"))
    ]
    tried = backtest(sample, scores[0], cut="1997-09-30", horizon="39w", against=scores[1])
    assert tried.differences[0].auc_difference == 0


def test_a_cut_that_nobody_named_leaves_room_for_the_horizon(sample):
    with pytest.raises(DataError, match=r"nobody bought until then \(choose a shorter horizon\)"):
        backtest(sample, SilentDefection(horizon="600d"), horizon="600d")


def test_where_the_model_is_right_the_recalibration_costs_next_to_nothing(company):
    """The simulated company buys as Pareto/NBD has it: there is nothing to put right."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        tried = backtest(
            company.history,
            SilentDefection(horizon="90d"),
            horizon="90d",
            against=PurchaseChance(horizon="90d"),
            draws_count=100,
        )
    ours, model = tried.judgement, tried.others[0]
    assert abs(ours.auc - model.auc) < 0.003
    assert ours.brier < model.brier + 0.002
