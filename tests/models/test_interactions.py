from __future__ import annotations

import math
import pickle
from datetime import UTC, datetime, timedelta, timezone

import attrs
import pendulum
import pytest
from drawn_models import interactions
from hypothesis import given
from hypothesis import strategies as st

from custloyal.errors import InvalidValueError
from custloyal.models import Interaction, Kind, Phase, Relationship, Transaction
from custloyal.models.interactions import COLUMNS

NOON = datetime(2024, 5, 2, 12, tzinfo=UTC)


def paths(caught):
    return [mistake.path for mistake in caught.value.mistakes]


@given(interactions())
def test_rows_and_interactions_carry_the_same(interaction):
    row = interaction.to_row()
    back = Interaction.from_row(row)
    assert back == interaction
    assert hash(back) == hash(interaction)
    assert back.to_row() == row
    assert None not in {value for name, value in row.items() if name != "customer_id"}
    assert all(type(value) in (str, int, float, bool, datetime) for value in row.values() if value)


@given(interactions(), st.lists(st.sampled_from(COLUMNS)))
def test_columns_that_are_null_say_nothing(interaction, names):
    row = interaction.to_row()
    assert Interaction.from_row(dict.fromkeys(names) | row | {"wait": None}) == interaction


@given(interactions())
def test_an_interaction_survives_a_pickle(interaction):
    assert pickle.loads(pickle.dumps(interaction)) == interaction


def test_the_columns_are_those_of_the_fields():
    fields = {
        field.name
        for part in (Interaction, Transaction, Relationship)
        for field in attrs.fields(part)
    }
    assert fields - {"transaction", "relationship", "measures"} == set(COLUMNS)
    assert len(COLUMNS) == len(set(COLUMNS))


def test_a_whole_row():
    row = Interaction(
        7,
        NOON,
        "purchase",
        phase="post_sale",
        transaction=Transaction(30, list_amount=40),
        relationship=Relationship(0.5, survey_kind="csat"),
        measures={"rings": 2},
    ).to_row()
    assert row == {
        "customer_id": 7,
        "occurred_at": NOON,
        "kind": "purchase",
        "phase": "post_sale",
        "amount": 30.0,
        "list_amount": 40.0,
        "outcome": 0.5,
        "survey_kind": "csat",
        "rings": 2.0,
    }
    assert type(row["kind"]) is type(row["survey_kind"]) is str


@pytest.mark.parametrize(
    "when",
    [
        NOON.astimezone(timezone(timedelta(hours=5, minutes=45))),
        pendulum.datetime(2024, 5, 2, 14, tz="Europe/Berlin"),
    ],
)
def test_the_time_is_kept_in_utc(when):
    kept = Interaction("anna", when, Kind.VISIT).occurred_at
    assert (type(kept), kept.isoformat()) == (datetime, NOON.isoformat())


def test_the_phase_is_the_rows_own_or_that_of_its_kind():
    assert Interaction("anna", NOON, "cart").effective_phase is Phase.PRE_SALE
    assert Interaction("anna", NOON, "cart", phase="sale").effective_phase is Phase.SALE


@pytest.mark.parametrize(
    ("transaction", "share"),
    [
        (Transaction(80, list_amount=100), 0.2),
        (Transaction(-80, list_amount=-100), 0.2),
        (Transaction(100, list_amount=100), 0.0),
        (Transaction(100), None),
        (Transaction(list_amount=100), None),
        (Transaction(0, list_amount=0), None),
    ],
)
def test_the_discount_share(transaction, share):
    assert transaction.discount_share == share


@pytest.mark.parametrize("when", [datetime(2024, 5, 2), pendulum.naive(2024, 5, 2)])
def test_a_naive_time_is_refused_with_the_mend(when):
    with pytest.raises(InvalidValueError, match=r"without a time zone.*give it one"):
        Interaction("anna", when, Kind.VISIT)


@pytest.mark.parametrize(
    "when", [None, "2024-05-02", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))]
)
def test_what_is_no_instant_is_refused(when):
    with pytest.raises(InvalidValueError) as caught:
        Interaction("anna", when, Kind.VISIT)
    assert paths(caught) == ["occurred_at"]


def test_all_mistakes_of_an_interaction_are_named_at_once():
    with pytest.raises(InvalidValueError) as caught:
        Interaction(
            12345.0,
            None,
            "purchse",
            interaction_id=True,
            channel="",
            agent_id=3,
            initiated_by="us",
            phase="later",
            granted="yes",
            transaction=30.0,
            measures={"amount": 1, "wait_s": math.nan, "": 1, "rings": "2"},
        )
    assert paths(caught) == [
        "customer_id",
        "occurred_at",
        "kind",
        "interaction_id",
        "channel",
        "agent_id",
        "initiated_by",
        "phase",
        "granted",
        "transaction",
        "measures.amount",
        "wait_s",
        "measures",
        "rings",
    ]
    assert "write 12345" in str(caught.value)
    assert "did you mean 'purchase'" in str(caught.value)


def test_all_mistakes_of_a_row_are_named_at_once():
    with pytest.raises(InvalidValueError) as caught:
        Interaction.from_row(
            {
                "kind": "visit",
                "occurred_at": datetime(2024, 1, 1),
                "outcome": 2,
                "amount": math.inf,
                "chanel": "phone",
            }
        )
    assert paths(caught) == ["customer_id", "chanel", "amount", "outcome", "occurred_at"]
    assert "did you mean 'channel'" in str(caught.value)


def test_a_missing_column_is_named_once():
    with pytest.raises(InvalidValueError) as caught:
        Interaction.from_row({})
    assert paths(caught) == ["customer_id", "occurred_at", "kind"]
    assert str(caught.value).count("is missing") == 3


@pytest.mark.parametrize(
    ("kind", "amount", "right"),
    [
        ("purchase", 0.01, True),
        ("purchase", 0, True),
        ("purchase", -1, False),
        ("return", 0, True),
        ("return", -1, True),
        ("return", 0.01, False),
        ("quote", -1, True),
    ],
)
def test_a_purchase_is_not_below_0_nor_a_return_above(kind, amount, right):
    transaction = Transaction(amount)
    if right:
        assert Interaction("anna", NOON, kind, transaction=transaction).transaction == transaction
    else:
        with pytest.raises(InvalidValueError, match=r"(below|above) 0 for a"):
            Interaction("anna", NOON, kind, transaction=transaction)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"outcome": 1.0000001}, ["outcome"]),
        ({"outcome": -1.0000001, "severity": -0.1}, ["outcome", "severity"]),
        ({"outcome": math.nan}, ["outcome"]),
        ({"outcome": True}, ["outcome"]),
        ({"outcome": "good"}, ["outcome"]),
        ({"severity": math.inf}, ["severity"]),
        ({"severity": 10**400}, ["severity"]),
        ({"rating": 11, "rating_min": 0, "rating_max": 10}, ["rating"]),
        ({"rating": -1, "rating_min": 0}, ["rating"]),
        ({"rating": 6, "rating_max": 5}, ["rating"]),
        ({"rating_min": 5, "rating_max": 5}, ["rating_max"]),
        ({"rating": 5, "survey_kind": "npss"}, ["survey_kind"]),
        ({}, ["Relationship"]),
    ],
)
def test_a_relationship_out_of_its_ranges_is_refused(fields, expected):
    with pytest.raises(InvalidValueError) as caught:
        Relationship(**fields)
    assert paths(caught) == expected


@pytest.mark.parametrize(
    "fields", [{"outcome": 1}, {"outcome": -1}, {"severity": 0}, {"rating": 99}]
)
def test_the_ends_of_the_ranges_are_inside(fields):
    assert Relationship(**fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"amount": math.nan, "list_amount": math.inf}, ["amount", "list_amount"]),
        ({"amount": 1, "margin_amount": "1", "currency": ""}, ["margin_amount", "currency"]),
        ({}, ["Transaction"]),
    ],
)
def test_a_transaction_of_no_money_is_refused(fields, expected):
    with pytest.raises(InvalidValueError) as caught:
        Transaction(**fields)
    assert paths(caught) == expected


def test_measures_are_a_copy():
    measures = {"rings": 2}
    interaction = Interaction("anna", NOON, "visit", measures=measures)
    measures["rings"] = 3
    assert interaction.measures == {"rings": 2.0}
    with pytest.raises(InvalidValueError, match="must be a mapping"):
        Interaction("anna", NOON, "visit", measures=[("rings", 2)])
