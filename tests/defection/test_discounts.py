"""Who comes back for a discount, and who buys for the price only."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

import custloyal
from custloyal.defection import (
    PriceOnly,
    WonBack,
    loss_leaders,
)
from custloyal.defection.beta_binomial import BetaPrior
from custloyal.errors import InvalidValueError, MissingColumnError
from custloyal.models import Share
from defection.drawn_purchases import START, at, history_of, row
from engines import every_backend


def read(history, metric):
    return custloyal.read(history, metric)[metric].to_native()


# Won back, and for the price only -------------------------------------------------------------


def priced(customer, day, amount, list_amount=10.0):
    return row(customer, day, amount=amount, list_amount=list_amount)


@every_backend
def test_who_came_back_for_a_discount_and_went_again(backend):
    rows = [
        *[priced(name, 0, 10.0) for name in "abcde"],
        priced("a", 100, 7.0),
        priced("b", 100, 7.0),
        priced("b", 130, 10.0),
        priced("c", 100, 10.0),
        priced("d", 160, 7.0),
        priced("e", 30, 7.0),
    ]
    columns = ("customer_id", "occurred_at", "kind", "amount", "list_amount")
    history = custloyal.History.from_native(backend.frame(rows, columns=columns), timezone="UTC")
    metric = WonBack(dormant="60d", gone_within="60d")
    reading = custloyal.read(history, metric, as_of=START + timedelta(days=180))[metric]
    found = {each["customer_id"]: each for each in backend.rows(reading.to_native())}
    assert {name: (each["by_discount"], each["gone_again"]) for name, each in found.items()} == {
        "a": (True, True),
        "b": (True, False),
        "c": (False, True),
        "d": (True, None),
    }
    summed = loss_leaders(history, metric, as_of=START + timedelta(days=180))
    assert summed.by_discount == Share(1, 2, unknown=1)
    assert summed.at_full_price == Share(1, 1)
    assert summed.difference == -0.5


def test_nobody_is_gone_again_before_the_last_day_is_over():
    history = history_of([priced("a", 0, 10.0), priced("a", 100, 7.0)])
    metric = WonBack(dormant="60d", gone_within="60d")
    for as_of, gone in ((at(160), None), (START + timedelta(days=160), True)):
        [found] = custloyal.read(history, metric, as_of=as_of)[metric].to_dicts()
        assert found["gone_again"] is gone


def test_who_was_won_back_by_price_went_again_as_planted(company):
    found = loss_leaders(company.history, WonBack(dormant="60d"))
    assert found.difference > 0.1
    assert found.interval.low > 0
    rows = read(company.history, WonBack(dormant="45d"))
    truth = company.truth.customers.filter(pl.col("won_back_at").is_not_null())
    both = rows.join(truth, on="customer_id")
    known = both.drop_nulls("gone_again")
    assert known["by_discount"].mean() > 0.9
    assert (known["gone_again"] == known["gone_again_right"]).mean() > 0.9


def test_price_only_buyers_are_found_and_others_left_alone(company):
    rows = read(company.history, PriceOnly()).join(
        company.truth.customers.select("customer_id", truly=pl.col("is_price_only")),
        on="customer_id",
    )
    said = rows.filter("is_price_only")
    assert len(said) > 30
    assert said["truly"].mean() > 0.9
    frequent = rows.filter("truly", pl.col("priced_count") >= 6)
    assert frequent["is_price_only"].mean() > 0.8
    assert rows.filter(pl.col("priced_count") < 3)["is_price_only"].is_null().all()
    margin = dict(rows.group_by("truly").agg(pl.col("margin_share").mean()).iter_rows())
    assert margin[True] < margin[False] - 0.1


def test_shares_lie_in_their_bounds_and_are_drawn_to_the_mean(company):
    rows = read(company.history, PriceOnly())
    assert (rows["discounted_low"] <= rows["discounted_high"]).all()
    assert rows["discounted_share"].is_between(0, 1, closed="none").all()
    once = rows.filter(priced_count=1, discounted_count=1)["discounted_share"]
    often = rows.filter(pl.col("priced_count") == pl.col("discounted_count")).sort("priced_count")
    assert once[0] < often["discounted_share"][-1]


def test_the_prior_is_recovered_from_draws():
    rng = np.random.default_rng(1)
    tries = rng.integers(1, 12, 20_000).astype(float)
    hits = rng.binomial(tries.astype(int), rng.beta(0.6, 1.4, len(tries))).astype(float)
    prior = BetaPrior.of(hits, tries)
    assert prior.mean == pytest.approx(0.3, abs=0.01)
    assert prior.size == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize("hits", [0.0, 1.0])
def test_where_all_shares_are_equal_everybody_has_the_mean(hits):
    tries = np.full(50, 4.0)
    prior = BetaPrior.of(hits * tries, tries)
    low, high = prior.bounds(hits * tries, tries, 0.9)
    assert np.isfinite([prior.mean, prior.size]).all()
    assert ((low >= 0) & (low <= high) & (high <= 1)).all()
    assert prior.expected(hits * tries, tries) == pytest.approx(hits, abs=0.01)


def test_without_list_prices_the_column_is_asked_for():
    history = history_of([row("a", 0, amount=1.0)])
    for metric in (PriceOnly(), WonBack()):
        with pytest.raises(MissingColumnError, match="list_amount"):
            read(history, metric)


@pytest.mark.parametrize(
    ("metric", "options"),
    [
        (PriceOnly, {"share_from": 1.0}),
        (PriceOnly, {"least_count": 0}),
        (PriceOnly, {"discount_from": 0}),
        (WonBack, {"dormant": "long"}),
        (WonBack, {"discount_from": 1.5}),
    ],
)
def test_wrong_options_are_refused(metric, options):
    with pytest.raises(InvalidValueError, match=next(iter(options))):
        metric(**options)
