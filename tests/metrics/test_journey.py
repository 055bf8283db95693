"""Stages and the funnel equal the reference on every backend."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from comparing import assert_same, history_of, instant_of, read_rows
from custloyal import Stage
from custloyal.models import Kind
from custloyal.testing import as_ofs, rows
from engines import every_backend, sparingly

ZONE = "Europe/London"
KINDS = [
    *(Kind.EXPOSURE, Kind.INQUIRY, Kind.VISIT, Kind.QUOTE, Kind.CART, Kind.PURCHASE),
    *(Kind.REFERRAL, Kind.TESTIMONIAL, Kind.CASE_STUDY, Kind.COMPLAINT, Kind.RECOVERY),
]


@every_backend
@given(data=st.data())
@sparingly
def test_equals_the_reference(backend, data):
    drawn = data.draw(rows(min_size=5, max_size=25, kinds=KINDS, timezone=ZONE))
    as_of = data.draw(as_ofs(drawn, timezone=ZONE))
    history, accepted = history_of(backend, drawn, timezone=ZONE)
    at = instant_of(as_of, ZONE)
    expected = reference.stages(accepted, at, ZONE)
    for customer, own in reference.by_customer(reference.seen(accepted, at)).items():
        trust = reference.trust_of(own, at)
        # Where good and bad are within rounding of a bound, the sums decide and not the law.
        if trust.size and min(abs(trust.score - bound) for bound in (0.25, 0.5)) < 1e-9:
            expected[customer] = {"funnel": expected[customer]["funnel"]}
    assert_same(read_rows(backend, history, Stage(), as_of), expected, "customer_id")


def at(day, kind, **more):
    when = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return {"customer_id": "ann", "occurred_at": when, "kind": kind, **more}


BOUGHT_TWICE = [at("2024-05-01T10:00", "purchase"), at("2024-05-09T11:00", "purchase")]

COMPLAINT = at("2024-05-20", "complaint")


@every_backend
@pytest.mark.parametrize(
    ("rows", "stage", "since", "funnel"),
    [
        ([at("2024-05-01T10:00", "exposure")], "know", "2024-05-01T10:00", "top"),
        ([at("2024-05-01T10:00", "inquiry")], "know", "2024-05-01T10:00", "middle"),
        ([at("2024-05-01T10:00", "visit")], "like", "2024-05-01T10:00", "middle"),
        ([at("2024-05-01T10:00", "cart")], "like", "2024-05-01T10:00", "bottom"),
        (
            [at("2024-05-01T10:00", "cart"), at("2024-05-02", "visit")],
            "like",
            "2024-05-01T10:00",
            "bottom",
        ),
        (BOUGHT_TWICE[:1], "like", "2024-05-01T10:00", None),
        (BOUGHT_TWICE, "trust", "2024-05-09T11:00", None),
        ([*BOUGHT_TWICE, at("2024-05-05", "referral")], "trust", "2024-05-05", None),
        (
            [*BOUGHT_TWICE, at("2024-05-20", "complaint", severity=0.2)],
            "like",
            "2024-05-01T10:00",
            None,
        ),
        ([*BOUGHT_TWICE, *[at("2024-05-20", "complaint")] * 3], "know", "2024-05-01T10:00", None),
        # Trust of about 0.26 and 0.20: on both sides of half the prior.
        (
            [at("2024-05-01", "visit"), COMPLAINT | {"severity": 0.45}],
            "like",
            "2024-05-01",
            "middle",
        ),
        (
            [at("2024-05-01", "visit"), COMPLAINT | {"severity": 0.75}],
            "know",
            "2024-05-01",
            "middle",
        ),
        # The second purchase of the first day is no second purchase day.
        (
            [at("2024-05-01T10:00", "purchase"), at("2024-05-01T23:00", "purchase")],
            "like",
            "2024-05-01T10:00",
            None,
        ),
    ],
)
def test_the_highest_rung_whose_own_condition_holds(backend, rows, stage, since, funnel):
    history, _ = history_of(backend, rows)
    [read] = read_rows(backend, history, Stage(), "2024-05-31")
    since = datetime.fromisoformat(since).replace(tzinfo=UTC)
    assert (read["stage"], read["entered_at"], read["funnel"]) == (stage, since, funnel)
