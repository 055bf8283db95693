"""Comparing two records of readings names what differs."""

from __future__ import annotations

import same_readings


def test_comparing_names_each_number_that_differs_and_each_key_that_is_gone(monkeypatch):
    monkeypatch.setattr(same_readings, "RENAMED", {"old": ("new",)})
    rows = {"ann": {"old": 1.0, "trust": 0.5, "words": "so"}, "bob": {"trust": 0.1}}
    before = {"shop": {"Trust": rows, "Rfm": {}}}
    close = {"ann": {"new": 1.0 + 1e-14, "trust": 0.5}, "bob": {"trust": 0.1}}
    assert list(same_readings.differences(before, before)) == []
    assert list(same_readings.differences(before, {"shop": {"Trust": close, "Rfm": {}}})) == []

    off = {"ann": {"new": 1.0, "trust": 0.5 + 1e-9}}
    found = list(same_readings.differences(before, {"shop": {"Trust": off}}))
    assert [("ann" in each, "bob" in each, "Rfm" in each) for each in found] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert "0.500000001" in found[0]
