"""The built site in a browser: every page of it, on a desk and on a phone, light and dark."""

from __future__ import annotations

import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urldefrag

import pytest

from browser.chromium import OURS, PHONE, SCHEMES, View

SITE = "CUSTLOYAL_SITE"
"""The environment variable that names the folder to which `mkdocs build` has written."""
BUILT = Path(os.environ[SITE]).resolve() if os.environ.get(SITE) else None
PAGES = sorted(str(page.relative_to(BUILT)) for page in BUILT.rglob("*.html")) if BUILT else []
DESK = 1_280
"""Where the site's menus have room beside the text."""
VIEWS = [View(width=width, scheme=scheme) for width in (DESK, PHONE) for scheme in SCHEMES]
FLOATING = ".md-top, .md-code__nav, .md-clipboard, .md-header, .md-nav__title"
"""What the theme lays over texts that are then scrolled from under it."""

pytestmark = pytest.mark.skipif(
    BUILT is None, reason=f"needs a built site in the folder that {SITE} names (mkdocs build)"
)


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, and no word about it."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def site():
    """The address at which the site is served, on this machine only."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=BUILT))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module", params=PAGES)
def page(request, site):
    return site + request.param.removesuffix("index.html")


@pytest.fixture(scope="module", params=VIEWS, ids=str)
def shown(request, page, chromium):
    chromium.show(page, request.param)
    return chromium


def test_nothing_goes_wrong_and_nothing_leaves_the_machine(shown, site):
    assert shown.complaints() == []
    assert shown.run("window.acted") == []
    asked = shown.requests()
    assert asked
    assert [url for url in asked if not url.startswith((*OURS, site))] == []


def test_the_scheme_is_the_one_that_the_reader_prefers(shown, request):
    scheme = shown.run("document.body.dataset.mdColorScheme")
    assert scheme == ("slate" if "dark" in request.node.name else "default")


def test_the_page_scrolls_down_only(shown):
    assert shown.seen("sideways") == {"by": 0, "what": []}


def test_every_picture_is_drawn_and_has_a_text_in_its_place(shown):
    charts = shown.seen("drawn")
    assert [chart for chart in charts if not chart["marks"] or len(chart["name"]) < 20] == []


def test_every_text_can_be_read(shown):
    assert shown.seen("faint", FLOATING) == []


def test_every_mark_of_a_chart_can_be_told_from_its_ground(shown):
    assert shown.seen("dim") == []


def test_every_link_within_the_site_leads_somewhere(page, site, chromium):
    chromium.show(page)
    links = chromium.run("[...document.links].map(each => each.href)")
    within = {urldefrag(link) for link in links if link.startswith(site)}
    assert len(within) > 5
    lost = []
    for address, anchor in sorted(within):
        path = BUILT / unquote(address.removeprefix(site))
        path = path / "index.html" if path.is_dir() else path
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        # A link to the top of a page names no element.
        names = (f'id="{anchor}"', f'name="{anchor}"')
        if not text or (anchor and not any(name in text for name in names)):
            lost.append(f"{address}#{anchor}")
    assert lost == []


def test_the_search_finds_what_is_asked_for(site, chromium):
    chromium.show(site)
    chromium.run("document.querySelector('[data-md-component=search-query]').focus()")
    chromium.press("hand-off")
    found = "document.querySelectorAll('.md-search-result__item').length"
    assert chromium.comes_true(f"{found} > 0")
