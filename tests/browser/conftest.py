"""One browser for all of these tests, and the pages that it is shown."""

from __future__ import annotations

import shutil

import polars as pl
import pytest

from browser.chromium import Chromium
from browser.hostile import hostile_history, hostile_rules
from custloyal import BusinessCalendar, History, datasets, report
from custloyal.rules import rulebooks


def company():
    """A simulated company, judged by what it promises."""
    history = datasets.simulate(customers=1_500, seed=0).history
    hours = BusinessCalendar({"mon-sat": "08:00-20:00"}, timezone=history.timezone)
    return report(history, rules=rulebooks.good_service(hours, country="DE"))


def shop():
    """A shop that has nothing but purchases."""
    return report(datasets.cdnow())


def hostile():
    """A company of hostile names."""
    return report(hostile_history(), rules=hostile_rules())


def beginner():
    """A company with one row, of which next to nothing can be said."""
    row = {"customer_id": ["ann"], "occurred_at": ["2024-01-02"], "kind": ["visit"]}
    return report(History.from_native(pl.DataFrame(row), timezone="UTC"))


REPORTS = {made.__name__: made for made in (company, shop, hostile, beginner)}


@pytest.fixture(scope="session")
def chromium():
    """A browser; skips the tests where none is installed."""
    browser = Chromium.started()
    yield browser
    browser.quit()


@pytest.fixture(scope="session")
def page_of(tmp_path_factory):
    """The page of a report by its name, written once; in a folder with nothing else in it."""
    written = {}

    def path_of(name):
        if name not in written:
            path = tmp_path_factory.mktemp(name) / "report.html"
            path.write_text(REPORTS[name]().to_html(), encoding="utf-8")
            written[name] = path
        return written[name]

    yield path_of
    for path in written.values():
        shutil.rmtree(path.parent)
