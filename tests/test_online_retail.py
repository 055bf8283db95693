"""Invoice lines as the UCI publishes them, read with the mapping file of the how-to."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from custloyal import Concentration, History, read

MAPPING = Path(__file__).resolve().parents[1] / "docs" / "how-to" / "online_retail_II.toml"


@pytest.fixture(scope="module")
def history(shared_data) -> History:
    return History.scan(shared_data("online_retail_II.parquet"), mapping=MAPPING)


def test_every_line_is_accounted_for(history):
    intake = history.intake
    assert intake.given == 1_067_370
    assert intake.rejected == {
        "customer not known": 235_287,
        "stands in the second sheet too": 22_523,
        "no price": 70,
    }
    # 36,969 invoices and 7,901 credit notes.
    assert intake.accepted == 44_870
    assert intake.timezone == "Europe/London"


def test_invoices_and_credit_notes_add_up(history):
    kinds = history.to_native().group_by("kind").agg(pl.len(), pl.col("amount").sum()).collect()
    count = dict(zip(kinds["kind"], kinds["len"], strict=True))
    amount = dict(zip(kinds["kind"], kinds["amount"], strict=True))
    assert count == {"purchase": 36_969, "return": 7_901}
    assert amount["purchase"] == pytest.approx(17_431_533.18, abs=0.005)
    assert amount["return"] == pytest.approx(-1_087_882.14, abs=0.005)


def test_concentration_is_as_published(history):
    [concentration] = read(history, Concentration())["concentration"].to_dicts()
    assert concentration["customers_count"] == 5_878
    assert concentration["revenue_amount"] == pytest.approx(17_431_533.18, abs=0.005)
    assert round(concentration["top_share"], 4) == 0.7718
    assert round(concentration["gini"], 5) == 0.74088
