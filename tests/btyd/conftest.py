"""CDNOW as the published fits saw it, and customers drawn from a known process."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import polars as pl
import pytest

import custloyal
from custloyal import History
from custloyal.metrics import BtydStatistics

CALIBRATION_END = date(1997, 9, 30)


@pytest.fixture(scope="session")
def cdnow(shared_data):
    """One row a customer, in weeks, to the end of September 1997."""
    history = History.from_native(
        pl.read_parquet(shared_data("cdnow_sample.parquet")),
        columns={"customer_id": "sample_id", "occurred_at": "date", "amount": "dollars"},
        constants={"kind": "purchase"},
        timezone="UTC",
    )
    statistics = BtydStatistics(unit="week")
    return custloyal.read(history, statistics, as_of=CALIBRATION_END)[statistics].to_native()


@pytest.fixture(scope="session")
def golden(shared_data):
    return json.loads(shared_data("btyd_golden.json").read_text())


@pytest.fixture(scope="session")
def simulated():
    """Statistics of customers drawn from BG/NBD (shift 0), MBG/NBD (shift 1) or Pareto/NBD."""
    return _simulated


def _simulated(model, parameters, *, count, seed):
    rng = np.random.default_rng(seed)
    r, alpha, third, fourth = parameters
    age = rng.uniform(20, 80, count)
    rate = rng.gamma(r, 1 / alpha, count)
    x, now, last = np.zeros(count, dtype=int), np.zeros(count), np.zeros(count)
    end = age.copy()
    leaving = np.zeros(count)
    alive = np.ones(count, dtype=bool)
    if model == "PN":
        end = np.minimum(age, rng.exponential(1 / rng.gamma(third, 1 / fourth, count)))
    else:
        leaving = rng.beta(third, fourth, count)
        if model == "MBG":
            alive = rng.random(count) > leaving
    while alive.any():
        now = now + np.where(alive, rng.exponential(1 / rate), 0)
        alive &= now < end
        x, last = x + alive, np.where(alive, now, last)
        alive &= rng.random(count) > leaving
    return pl.DataFrame({"x": x, "t_x": last, "T": age})
