"""The bundled data and the published figures."""

from __future__ import annotations

import polars as pl
import pytest

from custloyal import Concentration, read
from custloyal.datasets import cdnow, cdnow_path
from custloyal.metrics import BtydStatistics


@pytest.fixture(scope="module")
def history():
    return cdnow()


def test_the_file_is_bundled_with_its_licence():
    assert cdnow_path().is_file()
    assert "MIT" in cdnow_path().with_name("LICENSE-cdnow.md").read_text(encoding="utf-8")
    assert pl.read_parquet(cdnow_path()).height == 6_919


def test_every_purchase_is_accepted(history):
    intake = history.intake
    assert (intake.given, intake.accepted, intake.rejected) == (6_919, 6_919, {})
    assert intake.timezone == "UTC"


def test_purchases_of_0_dollars_are_purchases(history):
    assert (history.to_native()["amount"] == 0).sum() == 8
    (said,) = read(history, [Concentration()], as_of="1998-06-30")["concentration"].to_dicts()
    assert said["unknown_count"] == 0
    assert said["revenue_amount"] == pytest.approx(pl.read_parquet(cdnow_path())["dollars"].sum())


def test_the_published_figures_of_the_calibration_period(history):
    rows = read(history, [BtydStatistics()], as_of="1997-09-30")["btyd_statistics"].to_dicts()
    assert len(rows) == 2_357
    assert sum(row["x"] for row in rows) == 2_457
    assert sum(row["x"] == 0 for row in rows) == 1_411
    assert max(row["T"] for row in rows) == 272


def test_each_call_reads_anew():
    assert cdnow() is not cdnow()
