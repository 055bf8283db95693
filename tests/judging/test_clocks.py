"""Every story of five turns: whatever starts, pauses, stops and resumes the clock of a case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

import drawn_rules as drawn
from custloyal import BusinessCalendar, RuleBook, ServiceRule
from custloyal.rules import where, within
from drawn_rules import expected, judged
from engines import ENGINES

POLARS, DUCKDB = ENGINES
TURNS = ("question", "follow_up", "reply", "resolution", "reopen")
LONG = BusinessCalendar({"mon-fri": ["09:00-10:30", "11:00-18:00"]}, timezone=drawn.BERLIN)
TIMES = [
    datetime(2024, 5, 6, 8, tzinfo=UTC) + timedelta(minutes=minutes)
    for minutes in (0, 60, 60, 90, 150)
]
"""Sums of these steps lie on the limits; two turns come at one time, and one while it is closed."""
SAID = ("verdict", "value", "due_at", "decided_at", "over_minutes")

ROWS = [
    {
        "customer_id": "ann",
        "case_id": "-".join(story),
        "interaction_id": f"{'-'.join(story)} {place}",
        "occurred_at": at,
        "kind": kind,
    }
    for story in product(("question", "follow_up", "reply"), *[TURNS] * 4)
    for place, (at, kind) in enumerate(zip(TIMES, story, strict=True))
]


def rules(calendar, minutes, openings=(None, "question")):
    clocks = product(("first_response", "resolution"), (None, "follow_up"), openings)
    for until, waits, starts in clocks:
        yield ServiceRule(
            name=f"{until}, waits {waits}, starts {starts}",
            population=where(kind=TURNS),
            promise=within(
                minutes=minutes,
                until=until,
                calendar=calendar,
                waits=waits and where(kind=waits),
                starts=starts and where(kind=starts),
            ),
            target=0.9,
            window="month",
            owner="front desk",
        )


@pytest.mark.parametrize("calendar", [None, LONG], ids=["always", "business hours"])
@pytest.mark.parametrize(("limit", "after"), [(60, 0), (90, 600)])
def test_clocks_equal_the_reference(calendar, limit, after):
    assert_as_expected(POLARS, RuleBook(rules(calendar, limit)), after)


def test_clocks_on_duckdb_equal_the_reference():
    few = rules(LONG, 90, openings=[None])
    assert_as_expected(DUCKDB, RuleBook(few), 30)


def assert_as_expected(backend, book, after):
    as_of = TIMES[-1] + timedelta(minutes=after)
    found = by_case(judged(backend, ROWS, book, as_of).to_dicts())
    wanted = by_case(expected(ROWS, book, as_of))
    assert len(wanted) == len(book) * len(ROWS) / len(TIMES)
    wrong = {key for key, said in wanted.items() if found.get(key) != said}
    assert not wrong, min(((*key, found.get(key), wanted[key]) for key in wrong), key=str)


def by_case(verdicts):
    def plain(value):
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return None if value is None else value if isinstance(value, str) else round(value, 9)

    return {
        (row["rule"], row["case_id"]): tuple(plain(row[name]) for name in SAID) for row in verdicts
    }
