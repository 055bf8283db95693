"""CDNOW up to its last day, and a simulated company whose truth is known."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from custloyal import History
from custloyal.datasets import cdnow as shipped
from custloyal.datasets import simulate

CUT = date(1997, 9, 30)


@pytest.fixture(scope="session")
def sample():
    return shipped()


@pytest.fixture(scope="session")
def master(shared_data):
    return History.from_native(
        pl.read_parquet(shared_data("cdnow_master.parquet")),
        columns={"occurred_at": "date", "amount": "dollars"},
        constants={"kind": "purchase"},
        timezone="UTC",
    )


@pytest.fixture(scope="session")
def company():
    return simulate(customers=3_000, seed=1)


@pytest.fixture(scope="session")
def placebo():
    """A company whose service drives nobody away."""
    return simulate(customers=10_000, seed=1, service_effect=0)
