"""The page in a browser: on a desk and on a phone, light and dark, read, heard and printed."""

from __future__ import annotations

from itertools import pairwise

import pytest

from browser.chromium import DESKTOP, OURS, PHONE, SCHEMES, View
from browser.hostile import NAMES, SAYS

PAGES = ("company", "shop", "hostile", "beginner")
VIEWS = [View(width=width, scheme=scheme) for width in (DESKTOP, PHONE) for scheme in SCHEMES]
TAB = "\ue004"


@pytest.fixture(scope="module", params=PAGES)
def page(request, page_of):
    return page_of(request.param)


@pytest.fixture(scope="module", params=VIEWS, ids=str)
def shown(request, page, chromium):
    """The browser with a page open, and the network as it was while it opened."""
    chromium.show(page, request.param)
    return chromium


@pytest.fixture
def fresh(page, chromium):
    """The browser with a page just opened, on a desk in light colours."""
    chromium.show(page)
    return chromium


# Every page in every view --------------------------------------------------------------------


def test_nothing_goes_wrong_and_nothing_leaves_the_machine(shown):
    assert shown.complaints() == []
    assert shown.run("window.acted") == []
    asked = shown.requests()
    assert asked
    assert [url for url in asked if not url.startswith(OURS)] == []


def test_the_page_scrolls_down_only(shown):
    assert shown.seen("sideways") == {"by": 0, "what": []}


def test_every_region_that_scrolls_can_be_reached_by_keys(shown):
    assert shown.seen("stuck") == []


def test_every_chart_is_drawn_and_has_a_text_in_its_place(shown, request):
    charts = shown.seen("drawn")
    if "beginner" not in request.node.name:
        assert len(charts) >= 5
    assert [chart for chart in charts if not chart["marks"]] == []
    assert [chart for chart in charts if len(chart["name"]) < 20] == []


def test_every_text_can_be_read(shown):
    assert shown.seen("faint") == []


def test_every_mark_of_a_chart_can_be_told_from_its_ground(shown):
    assert shown.seen("dim") == []


# Every page once -----------------------------------------------------------------------------


def test_a_screen_reader_is_told_what_every_picture_shows(fresh):
    heard = fresh.heard()
    pictures = [name for role, name in heard if role in ("image", "graphics-document", "Canvas")]
    assert len(pictures) >= len(fresh.seen("drawn"))
    assert all(len(name) >= 20 for name in pictures)
    named = ("link", "button", "region", "table", "textbox", "combobox", "checkbox")
    assert [role for role, name in heard if role in named and not name] == []


def test_the_page_is_in_order_for_who_hears_it(fresh):
    levels = fresh.seen("headings")
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert fresh.run("document.documentElement.lang") == "en"
    assert fresh.run("document.title")
    assert fresh.run("document.querySelectorAll('main').length") == 1
    assert fresh.seen("twice") == []


def test_every_link_within_the_page_leads_somewhere(fresh):
    assert fresh.seen("astray") == []
    assert fresh.run("document.querySelectorAll('a[href^=\"#\"]').length") > 5


def test_the_tab_key_leads_through_the_page_and_shows_where_it_is(fresh):
    reachable = fresh.seen("reachable")
    places = []
    for what in reachable:
        fresh.press(TAB)
        focused = fresh.seen("focused")
        assert focused is not None, what
        assert focused["outlined"], focused
        assert focused["contrast"] >= 3, focused
        assert focused["onScreen"], focused
        places.append(focused["place"])
    assert len(places) >= 5
    assert places == sorted(set(places))


def test_the_page_can_be_read_without_scripts(page, chromium):
    chromium.show(page)
    whole, drawn = chromium.seen("reading"), len(chromium.seen("drawn"))
    chromium.show(page, View(scripts=False))
    assert chromium.complaints() == []
    charts = chromium.seen("drawn")
    assert len(charts) >= drawn
    assert all(chart["marks"] for chart in charts)
    still = chromium.seen("reading")
    assert len(still) > 0.95 * len(whole)


def test_the_page_can_be_printed(page, chromium, request):
    # A4 less its margins; what would scroll on a screen is cut off on paper.
    chromium.show(page, View(width=718, media="print"))
    # No paper is wide enough for the two dozen departments of the hostile company.
    if "hostile" not in request.node.name:
        assert chromium.seen("sideways")["by"] == 0
    assert chromium.seen("cut") == []
    assert chromium.seen("faint") == []
    assert chromium.printed().startswith(b"%PDF-")


# Names that would do harm --------------------------------------------------------------------


def test_hostile_names_are_words_and_nothing_else(page_of, chromium):
    chromium.show(page_of("hostile"))
    reading = chromium.seen("reading")
    assert reading.count(SAYS) > len(NAMES)
    for text in ("<script>window.acted.push", "{{7*7}}", "=HYPERLINK", "__proto__", "\\u003c"):
        assert text in reading
    made_of = set(chromium.seen("vocabulary"))
    chromium.show(page_of("company"))
    # A name that is cut short has the whole of it as its title.
    assert made_of <= {*chromium.seen("vocabulary"), "BDI title"}
    chromium.show(page_of("hostile"))
    assert chromium.run("Object.keys(Object.prototype).length") == 0


def test_hostile_names_stay_inert_when_they_are_touched(page_of, chromium):
    chromium.show(page_of("hostile"))
    chromium.seen("touched")
    assert chromium.run("window.acted") == []
    assert chromium.complaints() == []
    assert [url for url in chromium.requests() if not url.startswith(OURS)] == []
