from __future__ import annotations

import math
import pickle
from datetime import UTC, datetime

import pytest
from drawn_models import customers
from hypothesis import given

from custloyal.errors import InvalidValueError
from custloyal.models import Customer


@given(customers())
def test_a_customer_is_hashable_and_survives_a_pickle(customer):
    copy = pickle.loads(pickle.dumps(customer))
    assert copy == customer
    assert hash(copy) == hash(customer)


def test_times_are_kept_in_utc():
    when = datetime.fromisoformat("2024-05-02T01:00:00+02:00")
    expected = datetime(2024, 5, 1, 23, tzinfo=UTC)
    assert Customer("anna", acquired_at=when).acquired_at == expected


@pytest.mark.parametrize(
    ("make", "paths"),
    [
        (
            lambda: Customer(
                None,
                tier=3,
                acquired_at=datetime(2024, 1, 1),
                acquisition_cost_amount=-1,
                attributes={"": 1, "country": None, "size": math.nan},
            ),
            [
                "customer_id",
                "tier",
                "acquired_at",
                "acquisition_cost_amount",
                "attributes",
                "attributes.country",
                "attributes.size",
            ],
        ),
        (lambda: Customer("anna", attributes=3), ["attributes"]),
    ],
)
def test_all_mistakes_are_named_at_once(make, paths):
    with pytest.raises(InvalidValueError) as caught:
        make()
    assert [mistake.path for mistake in caught.value.mistakes] == paths


def test_attributes_are_a_copy():
    attributes = {"country": "DE"}
    customer = Customer("anna", attributes=attributes)
    attributes["country"] = "FR"
    assert customer.attributes == {"country": "DE"}
