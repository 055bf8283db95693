"""What values show of themselves, in a terminal and in a notebook."""

from __future__ import annotations

from html.parser import HTMLParser

import polars as pl
import pytest

import custloyal
from custloyal.datasets import cdnow, simulate
from custloyal.rules import rulebooks
from custloyal.shown import as_text

HOSTILE = "<img src=x onerror=alert(1)>"


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        assert not attrs
        self.found.append(tag)


def history(names):
    rows = {
        "customer_id": names,
        "occurred_at": ["2024-01-02"] * len(names),
        "kind": ["purchase"] * len(names),
        "amount": [9.0] * len(names),
    }
    return custloyal.History.from_native(pl.DataFrame(rows), timezone="UTC")


@pytest.fixture(scope="module")
def shop():
    return cdnow()


@pytest.fixture(scope="module")
def values(shop):
    """One value of each type that has a `repr` of its own, by name."""
    readings = custloyal.read(shop, [custloyal.Trust(), custloyal.metrics.BtydStatistics()])
    company = simulate(customers=100, seed=0).history
    verdicts = custloyal.judge(company, rulebooks.good_service())
    days = custloyal.defection.Score(metric=custloyal.Rfm(), column="recency_days")
    frame = readings["btyd_statistics"].to_native()
    return {
        "History": shop,
        "Intake": shop.intake,
        "Reading": readings["trust"],
        "Readings": readings,
        "Scores": custloyal.score(shop, [custloyal.Trust(), custloyal.Rfm()]),
        "Verdicts": verdicts,
        "Attainment": verdicts.attainment(),
        "Backtest": custloyal.backtest(
            shop, days, cut="1997-09-30", horizon="39w", draws_count=100
        ),
        "FittedBgNbd": custloyal.btyd.BgNbd(time_unit="day").fit(frame),
        "Report": custloyal.report(shop),
    }


NAMES = (
    *("History", "Intake", "Reading", "Readings", "Scores"),
    *("Verdicts", "Attainment", "Backtest", "FittedBgNbd", "Report"),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_value_is_told_in_a_few_short_lines(name, values):
    lines = repr(values[name]).splitlines()
    assert 1 <= len(lines) <= 20
    assert max(map(len, lines)) <= 130
    assert "object at" not in repr(values[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_given_tables_and_texts_only(name, values):
    html = values[name]._repr_html_()
    tags = Tags(html).found
    assert set(tags) <= {"pre", "table", "caption", "thead", "tbody", "tr", "th", "td", "p"}
    assert tags.count("tr") <= 11


def test_rows_say_what_they_are_as_of_when_and_how_many(values):
    for name, of in (("Reading", "trust"), ("Scores", "trust, rfm")):
        first = repr(values[name]).splitlines()[0]
        assert first.startswith(f"{of} as of 1998-06-30 (UTC)")
        assert first.endswith("2,357 rows")
    assert "one for each customer_id" in repr(values["Reading"])
    assert "and 2,352 more rows" in repr(values["Reading"])


def test_the_intake_adds_up_where_it_is_shown(values):
    assert repr(values["Intake"]).splitlines()[0] == "Intake: 6,919 given = 6,919 accepted"


def test_every_number_of_a_fit_check_stands_beside_what_it_rests_on(values):
    assert "2,357 customers, 1,673 (71.0%) bought nothing" in repr(values["Backtest"])


@pytest.mark.parametrize("name", [HOSTILE, "x" * 10_000, "a\x1b[31mb", "abc\u202edef"])
def test_names_are_escaped_shortened_and_inert(name):
    reading = custloyal.read(history([name, "b"]), custloyal.Trust())["trust"]
    assert set(Tags(reading._repr_html_()).found) <= {
        *("table", "caption", "thead", "tbody", "tr", "th", "td"),
    }
    for said in (repr(reading), reading._repr_html_()):
        assert "\x1b" not in said
        assert "\u202e" not in said
        assert len(said) < 2_000


def test_nobody_is_no_rows():
    nobody = history([None])
    reading = custloyal.read(nobody, custloyal.Trust())["trust"]
    assert repr(reading) == "trust as of 2024-01-02 (UTC), one for each customer_id: 0 rows"
    assert "0 rows" in reading._repr_html_()


def test_every_engine_shows_the_same_of_one_row():
    duckdb = pytest.importorskip("duckdb")
    frame = pl.DataFrame({"customer_id": ["ann"], "occurred_at": ["2024-01-02"], "kind": ["visit"]})
    shown = {
        repr(custloyal.read(custloyal.History.from_native(each, timezone="UTC"), m)[m.name])
        for m in [custloyal.Stage()]
        for each in (
            frame,
            frame.to_pandas(),
            frame.to_arrow(),
            duckdb.from_arrow(frame.to_arrow()),
        )
    }
    assert len(shown) == 1


def test_money_is_shown_by_its_digits():
    rows = [{"amount": 73283.4, "share": 0.78012, "large": 1.5e18}]
    said = as_text("Revenue", list(rows[0]), rows, of=1)
    assert said.splitlines()[-1].split() == ["73283", "0.7801", "1.5e+18"]
