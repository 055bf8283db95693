"""The published log of a help desk, read with the mapping file of the how-to."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from custloyal import HandOffs, History, read

MAPPING = Path(__file__).resolve().parents[1] / "docs" / "how-to" / "helpdesk.toml"


@pytest.fixture(scope="module")
def history(shared_data) -> History:
    return History.scan(shared_data("helpdesk.parquet"), mapping=MAPPING)


def test_every_row_is_taken_and_its_words_are_understood(history):
    intake = history.intake
    assert (intake.given, intake.accepted) == (21_348, 21_348)
    # Eight rows bear words in capitals that the how-to leaves to be counted.
    assert sum(intake.unmapped.values()) == 8
    kinds = history.to_native().select(pl.col("kind").cast(pl.String)).collect()["kind"]
    assert (kinds == "resolution").sum() == 4_983


def test_hand_offs_are_as_published(history):
    cases = read(history, HandOffs(by="agent_id"))["hand_offs"].to_native().collect()
    assert len(cases) == 4_580
    assert cases["handoff_count"].sum() == 8_648
    assert round(cases["handoff_count"].mean(), 3) == 1.888
    assert cases["ping_pong_count"].sum() == 306
    assert (cases["ping_pong_count"] > 0).sum() == 269
