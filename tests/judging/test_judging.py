"""Verdicts equal the reference, for every kind of promise, on both engines."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import drawn_rules as drawn
import reference_rules
from comparing import assert_same
from custloyal import RuleBook
from drawn_rules import expected, judged
from engines import ENGINES

SAID = (
    *("rule", "subject", "customer_id", "interaction_id", "case_id", "kind", "channel"),
    *("department", "agent_id", "occurred_at", "window", "verdict", "value", "target"),
    *("due_at", "decided_at", "over_minutes"),
)
every_kind = pytest.mark.parametrize("promises", drawn.PROMISES.values(), ids=drawn.PROMISES)
POLARS, DUCKDB = ENGINES


def said(rows):
    """The verdicts, each as often as it stands; rows of which all that is told is alike count."""
    return Counter(tuple(_plain(row[name]) for name in SAID) for row in rows)


def _plain(value):
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return round(float(value), 9) if isinstance(value, int | float) else value


@every_kind
@settings(max_examples=max(1, settings().max_examples // 2))
@given(data=st.data())
def test_verdicts_equal_the_reference(promises, data):
    rows = data.draw(drawn.rows())
    book = data.draw(drawn.rule_books(promises))
    second, as_of = data.draw(drawn.customers), data.draw(drawn.as_ofs(rows))
    found = said(judged(POLARS, rows, book, as_of, second).to_dicts())
    wanted = said(expected(rows, book, as_of, second))
    wrong, lacking = [*(found - wanted)], [*(wanted - found)]
    assert (wrong, lacking) == ([], []), f"{book}\nas of {as_of}"


@settings(max_examples=max(1, settings().max_examples // 8))
@given(data=st.data())
def test_all_kinds_together_on_duckdb_equal_the_reference(data):
    rows, second = data.draw(drawn.rows(min_size=8)), data.draw(drawn.customers)
    as_of = data.draw(drawn.as_ofs(rows))
    book = RuleBook([data.draw(drawn.rules(*each)) for each in drawn.PROMISES.items()])
    verdicts = judged(DUCKDB, rows, book, as_of, second)
    wanted = expected(rows, book, as_of, second)
    assert said(verdicts.to_dicts()) == said(wanted)
    for by in (("department", "window"), ("customer_id",)):
        counted = reference_rules.attained(wanted, *by)
        assert_same(verdicts.attainment(*by).to_dicts(), counted, "rule", *by)
