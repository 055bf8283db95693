"""What scripts add to the page: charts that say what stands where one points, tables that sort."""

from __future__ import annotations

import time

import pytest

from browser.chromium import View

ENTER = "\ue007"
PATIENCE_S = 20
NEAR = "document.querySelector('#trust .chart')"
MARK = f"{NEAR}.querySelector('.vega-embed .mark-rect path')"
POINTED = """(mark => {
  const box = mark.getBoundingClientRect();
  const at = { bubbles: true, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 };
  for (const name of ["pointerover", "pointermove"])
    mark.dispatchEvent(new PointerEvent(name, at));
  return document.querySelector("#vg-tooltip-element")?.innerText ?? "";
})"""


@pytest.fixture
def near(page_of, chromium):
    """The page of a company, scrolled to its first chart, which is drawn again."""
    chromium.show(page_of("company"))
    chromium.run(f"{NEAR}.scrollIntoView()")
    until(chromium, f"!!{MARK}")
    return chromium


def until(chromium, condition):
    """Wait for what scripts do in their own time."""
    last = time.monotonic() + PATIENCE_S
    while not chromium.run(condition):
        assert time.monotonic() < last, condition
        time.sleep(0.1)


def column(chromium, place):
    """What the cells of a column of the list of whom to call are sorted by."""
    rows = "[...document.querySelectorAll('#first tbody tr')]"
    return chromium.run(f"{rows}.map(row => row.cells[{place}].dataset.value)")


def test_a_chart_is_drawn_again_once_one_comes_near_and_keeps_its_words(near, page_of):
    name = near.run(f"{NEAR}.querySelector('svg').getAttribute('aria-label')")
    assert name.startswith("Histogram of the trust of")
    assert near.run(f"{NEAR}.querySelectorAll('svg').length") == 1
    assert near.complaints() == []
    near.show(page_of("company"), View(scripts=False))
    assert f'aria-label="{name}"' in near.run(f"{NEAR}.innerHTML")


def test_every_chart_is_drawn_again(near):
    near.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    charts = near.run("document.querySelectorAll('.chart').length")
    for place in range(charts):
        near.run(f"document.querySelectorAll('.chart')[{place}].scrollIntoView()")
        until(
            near, f"!!document.querySelectorAll('.chart')[{place}].querySelector('.vega-embed svg')"
        )
    assert near.run("document.querySelectorAll('.chart svg').length") == charts
    assert near.complaints() == []


def test_a_chart_says_what_stands_where_one_points(near):
    until(near, f"{POINTED}({MARK}).includes('customers')")
    said = near.run(f"{POINTED}({MARK})")
    assert "trust" in said
    assert "of all" in said
    assert near.run("matchMedia('(prefers-color-scheme: dark)').matches") is False


def test_the_colours_of_a_chart_follow_the_scheme(near, page_of):
    light = near.run(f"getComputedStyle({MARK}).fill")
    near.show(page_of("company"), View(scheme="dark"))
    near.run(f"{NEAR}.scrollIntoView()")
    until(near, f"!!{MARK}")
    assert near.run(f"getComputedStyle({MARK}).fill") != light


def test_a_table_sorts_by_the_value_of_numbers_and_says_so(near):
    before = [float(each) for each in column(near, 2)]
    header = "document.querySelectorAll('#first thead th')[2]"
    near.run(f"{header}.querySelector('button').click()")
    assert [float(each) for each in column(near, 2)] == sorted(before, reverse=True)
    assert near.run(f"{header}.getAttribute('aria-sort')") == "descending"
    near.run(f"{header}.querySelector('button').click()")
    assert [float(each) for each in column(near, 2)] == sorted(before)
    assert near.run(f"{header}.getAttribute('aria-sort')") == "ascending"
    assert near.run("document.querySelectorAll('#first [aria-sort]').length") == 1


def test_a_table_sorts_by_keys(near):
    near.run("document.querySelectorAll('#first thead button')[3].focus()")
    near.press(ENTER)
    trust = [float(each) for each in column(near, 3)]
    assert trust == sorted(trust, reverse=True)


def test_without_scripts_headers_are_plain(page_of, chromium):
    chromium.show(page_of("company"), View(scripts=False))
    assert chromium.run("document.querySelectorAll('thead button').length") == 0


def test_hostile_names_in_a_chart_are_words(page_of, chromium):
    chromium.show(page_of("hostile"))
    charts = chromium.run("document.querySelectorAll('.chart').length")
    for place in range(charts):
        chromium.run(f"document.querySelectorAll('.chart')[{place}].scrollIntoView()")
        time.sleep(0.1)
    until(chromium, "document.querySelectorAll('.vega-embed svg').length > 3")
    assert chromium.run("window.acted") == []
    assert chromium.complaints() == []
