"""A page as a browser builds it, and that nothing in it acts but what it may."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

from custloyal.reporting import SECTIONS
from custloyal.reporting.page import render as rendered

VOID = {"meta", "br", "img", "link", "input", "hr"}


def render(told):
    """The page of a report as `Report.to_dict` gives it; parts may be missing."""
    spent, leaving, intake = told["concentration"], told.get("leaving"), told["intake"]
    told = {
        "has_amounts": spent is not None,
        "has_rules": bool(told.get("promises")),
        "horizon_days": leaving["horizon_days"] if leaving else None,
        "interactions_count": (intake["accepted"] or 0) - (intake["unseen"] or 0),
        "not_known": {
            "no_evidence_count": told["trust"]["no_evidence_count"],
            "has_amounts": spent is not None,
            "amounts_count": None if spent is None else spent["unknown_count"],
        },
        **told,
    }
    return rendered(
        told,
        [(one, {key: told.get(key) for key in one.keys or (one.name,)}) for one in SECTIONS],
    )


class Page(HTMLParser):
    """A page as a browser builds it: elements, their attributes, and text by element."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.text, self.held, self.open = [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("script", "style"):
            self.held.append((self.elements[-1], data))
        else:
            self.text.append(data)

    @property
    def tags(self):
        return {tag for tag, _ in self.elements}

    @property
    def policy(self):
        """The content security policy."""
        (said,) = [
            attributes["content"]
            for tag, attributes in self.elements
            if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        return said


def scripts_of(page):
    return [(attributes, held) for (tag, attributes), held in page.held if tag == "script"]


def source_of(script):
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def page_of(report):
    html = render(report)
    page = Page(html)
    assert page.open == []
    return page


def assert_inert(page):
    assert not page.tags & {"img", "iframe", "object", "embed", "link", "form", "base"}
    for attributes, held in scripts_of(page):
        if attributes:
            assert attributes == {"type": "application/json"}
            assert not re.search("[<>&\u2028\u2029]", held)
            json.loads(held)
        else:
            assert source_of(held) in page.policy
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "srcset", "action", "data", "xlink:href"):
            assert name not in attributes
        assert attributes.get("href", "#").startswith("#")
