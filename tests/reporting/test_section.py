"""A section from outside the package, as the how-to has it; and sections that fail."""

from __future__ import annotations

import json
import re
import sys
from datetime import date, timedelta
from html import unescape
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

import custloyal
from custloyal import History
from custloyal.metrics import RepeatPurchaseRate
from custloyal.reporting import SECTIONS, Section

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "your-own-section.md"
KEYS = {
    *("version", "errors", "as_of", "timezone", "period", "interactions_count", "customers_count"),
    *("horizon_days", "has_amounts", "has_rules", "attention", "trust", "stages", "concentration"),
    *("segments", "cohorts", "promises", "retention", "retention_reason", "leaving"),
    *("leaving_reason", "value", "value_reason", "intake", "not_known"),
}


@pytest.fixture(scope="module")
def history():
    """A few customers: sums of many may differ in their last digit from run to run."""
    days = {"ann": (1, 40, 80), "bob": (1, 90), "cem": (30,), "dee": (100, 200)}
    rows = [(name, day) for name, bought in days.items() for day in bought]
    table = {
        "customer_id": [name for name, _ in rows],
        "occurred_at": [date(2024, 1, 1) + timedelta(days=day) for _, day in rows],
        "amount": [10.0] * len(rows),
    }
    return History.from_native(pl.DataFrame(table), timezone="UTC", constants={"kind": "purchase"})


@pytest.fixture(scope="module")
def told(history):
    return custloyal.report(history).to_dict()


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The section of the how-to, made of its two files."""
    folder = tmp_path_factory.mktemp("own")
    blocks = re.findall(r'```\w+ title="([^"]+)"\n(.*?)```', HOW_TO.read_text(), re.DOTALL)
    for name, text in blocks:
        (folder / name).write_text(text)
    sys.path.insert(0, str(folder))
    yield import_module("second_purchase").SecondPurchase()
    sys.path.remove(str(folder))


def test_a_section_from_outside_stands_in_page_terminal_and_json(history, own):
    made = custloyal.report(history, sections=[*SECTIONS, own])
    figures = made.to_dict()["second_purchase"]
    assert figures["within_days"] == 30
    said = next(text for name, text in made.lines() if name == "Second purchase")
    assert f"{100 * figures['repeat_share']:.1f}%" in said
    page = made.to_html()
    assert '<section id="second_purchase"' in page
    assert page.count(said) == 2
    assert made.to_dict()["errors"] == {}


def test_a_report_of_nothing_but_a_section_of_ones_own(history, own):
    made = custloyal.report(history, sections=[own])
    assert "second_purchase" in made.to_dict()
    assert "trust" not in made.to_dict()
    assert "Second purchase" in made.to_html()


def test_a_metric_with_other_arguments_than_an_earlier_section_fails_the_later(history):
    class Other(Section):
        name, title = "other", "Other"

        def metrics(self, scope):
            del scope
            return [RepeatPurchaseRate(within_days=(7,))]

        def figures(self, run):
            raise AssertionError(run)

    made = custloyal.report(history, sections=[*SECTIONS, Other()]).to_dict()
    assert set(made["errors"]) == {"other"}
    assert "repeat_purchase_rate" in made["errors"]["other"]
    assert made["retention"] is not None


def broken(at):
    def fail(*_):
        message = "<b>no bread</b>"
        raise RuntimeError(message)

    whole = {
        "name": "broken",
        "title": "Broken",
        "figures": lambda _self, _run: 1,
        "template": lambda _self: "{{ figures }}",
        "lines": lambda _self, figures: [("Broken", str(figures))],
        "__module__": __name__,
    }
    return type("Broken", (Section,), {**whole, at: fail})()


@pytest.mark.parametrize("at", ["metrics", "figures"])
def test_a_section_without_figures_says_so_everywhere_and_the_others_stand(at, history, told):
    made = custloyal.report(history, sections=[broken(at), *SECTIONS])
    figures = made.to_dict()
    assert figures.pop("errors") == {"broken": "RuntimeError: <b>no bread</b>"}
    assert figures.pop("broken") is None
    assert figures == {name: each for name, each in told.items() if name != "errors"}
    assert "no bread" in dict(made.lines())["Broken"]
    page = made.to_html()
    assert "<b>no bread" not in page
    assert "RuntimeError: <b>no bread</b>" in unescape(page)
    assert page.count("This section failed") == 1


@pytest.mark.parametrize("at", ["words", "charts", "template", "headlines", "answers"])
def test_a_section_that_cannot_be_drawn_says_so_on_the_page(at, history, told):
    made = custloyal.report(history, sections=[*SECTIONS, broken(at)])
    assert made.to_dict() == {**told, "broken": 1}
    page = made.to_html()
    assert page.count("This section failed") == 1
    assert "RuntimeError: <b>no bread</b>" in unescape(page)


@pytest.mark.parametrize("at", ["lines", "listing"])
def test_a_section_that_cannot_be_said_leaves_the_page_as_it_is(at, history):
    made = custloyal.report(history, sections=[*SECTIONS, broken(at)])
    assert made.to_html().count("This section failed") == 0
    made.listings()
    assert ("no bread" in dict(made.lines())["Broken"]) == (at == "lines")


def test_a_section_that_has_no_json_is_an_error_of_the_json(history, told):
    made = custloyal.report(history, sections=[*SECTIONS, broken("to_dict")]).to_dict()
    assert made == {**told, "errors": {"broken": "RuntimeError: <b>no bread</b>"}}


def test_the_json_has_a_version_and_no_number_that_is_none(told):
    assert told["version"] == 1
    assert set(told) == KEYS
    json.dumps(told, allow_nan=False)
