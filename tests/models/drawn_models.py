"""Drawn values of the models, shared by the tests of this folder."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from custloyal.models import (
    Customer,
    Initiator,
    Interaction,
    Kind,
    Phase,
    Relationship,
    Share,
    SurveyKind,
    Transaction,
)
from custloyal.models.interactions import COLUMNS

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
ids = st.one_of(texts, st.integers(-(2**63), 2**63 - 1))
numbers = st.floats(allow_nan=False, allow_infinity=False)
instants = st.datetimes(
    min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)
) | st.datetimes(
    min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.timezones()
)


@st.composite
def shares(draw: st.DrawFn) -> Share:
    denominator = draw(st.integers(0, 10**9))
    return Share(draw(st.integers(0, denominator)), denominator, draw(st.integers(0, 10**6)))


def _some(draw: st.DrawFn, **fields: st.SearchStrategy[object]) -> dict[str, object]:
    """Some of the fields, at least one, so that a ledger says something."""
    names = draw(st.lists(st.sampled_from(sorted(fields)), min_size=1, unique=True))
    return {name: draw(fields[name]) for name in names}


@st.composite
def transactions(draw: st.DrawFn, kind: Kind) -> Transaction:
    amounts = numbers
    if kind is Kind.PURCHASE:
        amounts = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
    if kind is Kind.RETURN:
        amounts = st.floats(max_value=0, allow_infinity=False)
    fields = _some(draw, amount=amounts, list_amount=numbers, margin_amount=numbers, currency=texts)
    return Transaction(**fields)


@st.composite
def relationships(draw: st.DrawFn) -> Relationship:
    low = draw(st.integers(-5, 5))
    high = low + draw(st.integers(1, 10))
    fields = _some(
        draw,
        outcome=st.floats(-1, 1),
        severity=st.floats(min_value=0, allow_infinity=False),
        rating=st.floats(low, high),
        rating_min=st.just(low),
        rating_max=st.just(high),
        survey_kind=st.sampled_from(SurveyKind),
    )
    return Relationship(**fields)


@st.composite
def interactions(draw: st.DrawFn) -> Interaction:
    kind = draw(st.sampled_from(Kind))
    return Interaction(
        draw(st.none() | ids),
        draw(instants),
        kind,
        interaction_id=draw(st.none() | ids),
        case_id=draw(st.none() | ids),
        channel=draw(st.none() | texts),
        department=draw(st.none() | texts),
        agent_id=draw(st.none() | texts),
        touch_point=draw(st.none() | texts),
        topic=draw(st.none() | texts),
        category=draw(st.none() | texts),
        initiated_by=draw(st.none() | st.sampled_from(Initiator)),
        phase=draw(st.none() | st.sampled_from(Phase)),
        purpose=draw(st.none() | texts),
        granted=draw(st.none() | st.booleans()),
        referred_customer_id=draw(st.none() | ids),
        incentivised=draw(st.none() | st.booleans()),
        transaction=draw(st.none() | transactions(kind)),
        relationship=draw(st.none() | relationships()),
        measures=draw(
            st.dictionaries(texts.filter(lambda name: name not in COLUMNS), numbers, max_size=3)
        ),
    )


@st.composite
def customers(draw: st.DrawFn) -> Customer:
    return Customer(
        draw(ids),
        tier=draw(st.none() | texts),
        segment=draw(st.none() | texts),
        owner_id=draw(st.none() | texts),
        acquired_at=draw(st.none() | instants),
        acquisition_channel=draw(st.none() | texts),
        acquisition_cost_amount=draw(st.none() | st.floats(min_value=0, allow_infinity=False)),
        attributes=draw(
            st.dictionaries(
                texts,
                texts | st.booleans() | st.integers(-(2**63), 2**63 - 1) | numbers,
                max_size=3,
            )
        ),
    )
