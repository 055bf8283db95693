"""What is asked of pages here finds what it is to find, each on a page with that one fault."""

from __future__ import annotations

import pytest

from browser.chromium import OURS, PHONE, View

PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


@pytest.fixture
def showing(chromium, tmp_path):
    """The browser with a page of this body open."""

    def of(body, view=View()):  # noqa: B008 (frozen)
        page = tmp_path / "page.html"
        head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        page.write_text(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>")
        chromium.show(page, view)
        return chromium

    return of


def test_errors_and_what_a_policy_refuses_are_complaints(showing):
    assert showing("<p>fine</p>").complaints() == []
    assert "wrong" in showing("<script>throw new Error('wrong')</script>").complaints()[0]
    policy = '<meta http-equiv="Content-Security-Policy" content="img-src \'none\'">'
    assert "Content Security" in showing(f'{policy}<img src="{PIXEL}">').complaints()[0]


@pytest.mark.parametrize(
    "body",
    [
        "<img src=http://elsewhere.example/x.png>",
        "<style>p { background: url(http://elsewhere.example/x) }</style><p>x</p>",
        "<script>fetch('http://elsewhere.example/x').catch(() => 0)</script>",
        "<script>new WebSocket('ws://elsewhere.example/x')</script>",
        "<link rel=stylesheet href=http://elsewhere.example/x>",
    ],
)
def test_what_leaves_the_machine_is_seen(showing, body):
    asked = showing(body).requests()
    assert any("elsewhere.example" in url for url in asked if not url.startswith(OURS))


def test_dialogs_are_written_down(showing):
    assert showing("<img src=x: onerror=alert(1)>").run("window.acted") == ["alert 1"]


def test_a_page_that_is_too_wide_says_what_sticks_out(showing):
    wide = '<div id="bar" style="width: 500px">x</div>'
    assert showing(wide).seen("sideways")["by"] == 0
    found = showing(wide, View(width=PHONE)).seen("sideways")
    assert found["by"] > 100
    assert found["what"] == ['<div#bar class="">']


def test_a_region_that_only_a_mouse_can_scroll_is_stuck(showing):
    region = '<div {} style="width: 100px; overflow-x: auto"><p style="width: 300px">x</p></div>'
    assert len(showing(region.format("")).seen("stuck")) == 1
    assert showing(region.format("tabindex=0")).seen("stuck") == []
    assert len(showing(region.format("tabindex=0")).seen("cut")) == 1


@pytest.mark.parametrize(
    ("body", "contrast"),
    [
        ("<p style='color: #767676'>x</p>", None),
        ("<p style='color: #777777'>x</p>", 4.48),
        ("<p style='color: #949494; font-size: 24px'>x</p>", None),
        ("<p style='color: #959595; font-size: 24px'>x</p>", 2.99),
        ("<p style='background: #777; color: #fff'>x</p>", 4.48),
        ("<p style='color: #000; opacity: .5'>x</p>", 3.98),
        (
            "<div style='background: #000'><p style='color: rgb(255 255 255 / 40%)'>x</p></div>",
            3.66,
        ),
        ("<svg><rect width=99 height=99 /><text x=9 y=30 fill=#666>x</text></svg>", 3.66),
        ("<p>x</p><div style='position: fixed; inset: 0; background: #fff'></div>", 0),
    ],
)
def test_text_that_is_hard_to_read_is_faint(showing, body, contrast):
    found = showing(body).seen("faint")
    if contrast is None:
        assert found == []
    else:
        assert [each["ratio"] for each in found] == [pytest.approx(contrast, abs=0.01)]


def test_colours_of_the_other_scheme_are_looked_at_too(showing):
    body = "<style>@media (prefers-color-scheme: dark) { p { color: #eee } }</style><p>x</p>"
    assert showing(body).seen("faint") == []
    assert len(showing(body, View(scheme="dark")).seen("faint")) == 1


def test_a_chart_without_marks_or_words_is_seen(showing):
    mark = '<g class="mark-rect role-mark"><path d="M0,0h9v9h-9Z" fill="{}"/></g>'
    chart = '<figure><svg aria-label="A chart" width="50" height="50">{}</svg></figure>'
    assert showing(chart.format("")).seen("drawn") == [{"name": "A chart", "marks": 0}]
    black = showing(chart.format(mark.format("#000")))
    assert black.seen("drawn") == [{"name": "A chart", "marks": 1}]
    assert black.seen("dim") == []
    (found,) = showing(chart.format(mark.format("#ccc"))).seen("dim")
    assert found["ratio"] == pytest.approx(1.61, abs=0.01)
    assert ("image", "") in showing(f"<img src='{PIXEL}' width=9 height=9>").heard()


def test_a_link_to_nowhere_and_an_id_given_twice_are_seen(showing):
    browser = showing("<a href='#here'>x</a><a href='#there'>x</a><b id=here></b><i id=here></i>")
    assert browser.seen("astray") == ["there"]
    assert browser.seen("twice") == ["here"]


def test_a_focus_that_cannot_be_seen_is_seen(showing):
    body = "<style>:focus-visible {{ outline: {} }}</style><button>x</button>"
    for outline, is_outlined in (("none", False), ("2px solid #000", True)):
        browser = showing(body.format(outline))
        browser.press("\ue004")
        assert browser.seen("focused")["outlined"] is is_outlined


def test_without_scripts_nothing_runs(showing):
    body = "<p>one</p><script>document.body.append('two')</script>"
    assert showing(body).seen("reading") == "one two"
    assert showing(body, View(scripts=False)).seen("reading") == "one"
