from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime

import attrs
import pytest
from drawn_models import customers, interactions, shares
from hypothesis import given
from hypothesis import strategies as st

from custloyal.errors import ConfigurationError
from custloyal.models import (
    AsOf,
    Customer,
    Interaction,
    Interval,
    Kind,
    OutcomePolicy,
    Share,
)
from custloyal.models.configuration import from_json, from_toml, to_json, to_toml

EXAMPLES = [
    AsOf.parse("2024-03-31", timezone="Europe/Berlin"),
    Interval(0, 1),
    OutcomePolicy(),
    OutcomePolicy(by_kind={Kind.RETURN: -1}),
]
values = st.one_of(interactions(), customers(), shares(), st.sampled_from(EXAMPLES))


@pytest.mark.parametrize("value", EXAMPLES, ids=range(len(EXAMPLES)))
def test_every_class_comes_back(value):
    assert from_json(type(value), to_json(value)) == value
    assert from_toml(type(value), to_toml(value)) == value
    assert to_json(from_toml(type(value), to_toml(value))) == to_json(value)


@given(values)
def test_values_come_back_from_json_and_toml_as_they_were(value):
    for write, read in ((to_json, from_json), (to_toml, from_toml)):
        back = read(type(value), write(value))
        assert back == value
        assert write(back) == write(value)


def test_an_identifier_stays_what_it_was():
    for customer_id in (7, "7"):
        for write, read in ((to_json, from_json), (to_toml, from_toml)):
            assert read(Customer, write(Customer(customer_id))).customer_id == customer_id


def test_times_are_iso_and_words_are_words_and_none_is_left_out_of_toml():
    seen = Interaction("anna", datetime(2024, 5, 2, 12, tzinfo=UTC), Kind.VISIT)
    assert json.loads(to_json(seen))["occurred_at"] == "2024-05-02T12:00:00+00:00"
    assert json.loads(to_json(seen))["kind"] == "visit"
    assert json.loads(to_json(seen))["channel"] is None
    assert to_toml(seen).splitlines() == [
        'customer_id = "anna"',
        "occurred_at = 2024-05-02 12:00:00+00:00",
        'kind = "visit"',
        "",
        "[measures]",
    ]


def mistakes(read, cls, text):
    with pytest.raises(ConfigurationError) as caught:
        read(cls, text, source="it")
    return {m.path.removeprefix("it: "): m.message + m.mend for m in caught.value.mistakes}


def test_every_mistake_of_a_text_is_named_with_its_path():
    found = mistakes(
        from_json,
        Interaction,
        """{"customer_id": [1], "occurred_at": "noon", "kind": "purchse", "granted": "no",
            "relationship": {"outcome": "good", "severty": 1}, "transaction": 3,
            "measures": {"wait_s": "12"}, "chanel": "phone"}""",
    )
    assert {path: "did you mean" in message for path, message in found.items()} == {
        "customer_id": False,
        "occurred_at": False,
        "kind": True,
        "granted": False,
        "relationship.outcome": False,
        "relationship.severty": True,
        "transaction": False,
        "measures.wait_s": False,
        "chanel": True,
    }


def test_what_the_values_do_not_allow_is_named_with_its_path():
    found = mistakes(
        from_toml,
        Interaction,
        """
        customer_id = 1
        occurred_at = 2024-01-01 00:00:00
        kind = "purchase"
        [relationship]
        outcome = 2
        severity = -1
        [transaction]
        amount = nan
        """,
    )
    assert list(found) == ["transaction.amount", "relationship.outcome", "relationship.severity"]
    naive = 'customer_id = 1\nkind = "visit"\noccurred_at = 2024-01-01 00:00:00'
    assert list(mistakes(from_toml, Interaction, naive)) == ["occurred_at"]


def test_none_is_what_toml_leaves_out_and_json_writes():
    text = 'kind = "visit"\noccurred_at = 2024-01-01 00:00:00Z'
    assert from_toml(Interaction, text).customer_id is None
    text = '{"kind": "visit", "occurred_at": "2024-01-01T00:00:00Z"}'
    assert mistakes(from_json, Interaction, text) == {"customer_id": "is missing"}


def test_what_is_missing_is_named():
    assert mistakes(from_json, Share, "{}") == {
        "numerator": "is missing",
        "denominator": "is missing",
    }


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, "NaN", '{"numerator": Infinity}', "1" * 5000, "\0", "\ufeff{}"]
)
def test_malformed_json_is_named(text):
    assert "is not JSON" in str(mistakes(from_json, Share, text))


@pytest.mark.parametrize(
    "text", ["numerator", "a = 1\na = 2", "a = " + "[" * 100_000, "\0", "a = 1e"]
)
def test_malformed_toml_is_named(text):
    assert "is not TOML" in str(mistakes(from_toml, Share, text))


def test_a_key_that_stands_twice_is_named():
    text = '{"numerator": 1, "denominator": 2, "numerator": 2}'
    assert "'numerator' stands twice" in str(mistakes(from_json, Share, text))


@given(st.text())
def test_no_text_breaks_the_reading(text):
    for read in (from_json, from_toml):
        with pytest.raises(ConfigurationError):
            read(Share, text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from([Interaction, Customer, OutcomePolicy, AsOf]),
    st.dictionaries(
        st.sampled_from(
            [
                "customer_id",
                "occurred_at",
                "kind",
                "measures",
                "relationship",
                "by_kind",
                "start",
                "end",
                "instant",
                "timezone",
                "promise_kept",
                "attributes",
                "acquired_at",
            ]
        ),
        json_values,
    ),
)
def test_no_value_in_a_text_breaks_the_reading(cls, given_values):
    with suppress(ConfigurationError):  # a value or a named mistake, nothing else
        assert isinstance(from_json(cls, json.dumps(given_values)), cls)


@attrs.frozen
class _Plan:
    days: tuple[date, ...]
    customers: tuple[Customer, ...] = ()


def test_lists_of_values_are_read_each_with_its_place():
    plan = _Plan((date(2024, 1, 1),), (Customer("a"), Customer("b")))
    assert from_toml(_Plan, to_toml(plan)) == plan
    assert from_json(_Plan, to_json(plan)) == plan
    text = '{"days": "2024", "customers": [{"customer_id": "a"}, {"customer": "b"}]}'
    assert set(mistakes(from_json, _Plan, text)) == {
        "days",
        "customers[1].customer_id",
        "customers[1].customer",
    }
    assert list(mistakes(from_json, _Plan, '{"days": ["2024-02-30"]}')) == ["days[0]"]


@attrs.frozen
class _Unchecked:
    count: int
    by_name: Mapping[str, float]


def test_a_truth_is_no_number_and_a_list_is_no_table():
    assert mistakes(from_json, _Unchecked, '{"count": true, "by_name": [1]}') == {
        "count": "is True, must be a whole number",
        "by_name": "is [1], must be a table of names and values",
    }
