from __future__ import annotations

import math
import pickle

import attrs
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from custloyal.economics import CustomerValue
from custloyal.errors import InvalidValueError
from custloyal.models.configuration import from_json, to_json
from economics.drawn_economics import growths, margin_lists, rising_margins, shares

PERIODS = 4_000

customers = st.builds(
    CustomerValue,
    defection_share=st.floats(0.02, 1),
    margins=margin_lists,
    growth_share=st.floats(-1, 0.01),
    acquisition_cost_amount=st.floats(0, 500),
    discount_share=st.floats(0, 0.5),
)


def margins_of(customer):
    """The margin of each period, one after the other."""
    *early, late = customer.margins
    yield from early
    for _ in range(PERIODS):
        yield late
        late *= 1 + customer.growth_share


@given(customers)
def test_the_value_is_the_sum_over_all_periods(customer):
    rho = (1 - customer.defection_share) / (1 + customer.discount_share)
    total = math.fsum(margin * rho**k for k, margin in enumerate(margins_of(customer)))
    expected = total - customer.acquisition_cost_amount
    assert customer.value == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(customers)
def test_the_profit_of_a_base_is_the_sum_over_all_ages(customer):
    stays = 1 - customer.defection_share
    total = math.fsum(
        customer.defection_share * stays**k * margin
        for k, margin in enumerate(margins_of(customer))
    )
    expected = total - customer.defection_share * customer.acquisition_cost_amount
    assert customer.base_profit_amount == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(customers)
def test_a_base_earns_in_a_period_the_undiscounted_value_of_the_customers_who_come(customer):
    undiscounted = attrs.evolve(customer, discount_share=0.0)
    expected = customer.defection_share * undiscounted.value
    assert customer.base_profit_amount == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(
    st.lists(st.floats(0, 1e3), min_size=1, max_size=6),
    shares,
    shares,
    st.floats(1e-9, 1) | st.just(0.0),
    growths,
)
def test_the_value_falls_as_defection_rises(margins, one, other, discount, growth):
    low, high = sorted((one, other))
    assume(growth * (1 - low) < 0.9 * (low + discount) and low + discount > 1e-9)
    customer = CustomerValue(
        defection_share=low, margins=margins, growth_share=growth, discount_share=discount
    )
    assert customer.at(high).value <= customer.value * (1 + 1e-12)


@given(st.floats(0.1, 1e4), st.integers(1, 8), st.floats(0.01, 1), st.floats(0, 1))
def test_a_flat_margin_is_worth_its_closed_form_however_often_it_is_written(m, count, share, d):
    customer = CustomerValue(defection_share=share, margins=[m] * count, discount_share=d)
    assert customer.value == pytest.approx(m * (1 + d) / (d + share), rel=1e-12)
    assert customer.base_profit_amount == m


@given(customers, st.integers(1, 4))
def test_growth_written_out_changes_nothing(customer, count):
    margins = list(customer.margins)
    for _ in range(count):
        margins.append(margins[-1] * (1 + customer.growth_share))
    longer = attrs.evolve(customer, margins=margins)
    assert longer.value == pytest.approx(customer.value, rel=1e-9, abs=1e-9)
    expected = pytest.approx(customer.base_profit_amount, rel=1e-9, abs=1e-9)
    assert longer.base_profit_amount == expected


@given(customers, st.floats(0.001, 1_000))
def test_the_unit_of_money_does_not_matter(customer, factor):
    other = attrs.evolve(
        customer,
        margins=[margin * factor for margin in customer.margins],
        acquisition_cost_amount=customer.acquisition_cost_amount * factor,
    )
    assert other.value == pytest.approx(customer.value * factor, rel=1e-9, abs=1e-9)


@given(rising_margins, st.floats(0, 100))
def test_at_the_limits(margins, acquisition):
    customer = CustomerValue(
        defection_share=1, margins=margins, acquisition_cost_amount=acquisition, discount_share=0.1
    )
    # All leave after the first period.
    assert customer.value == pytest.approx(margins[0] - acquisition)
    assert customer.base_profit_amount == pytest.approx(margins[0] - acquisition)
    # What comes later is worth nothing where a delay takes all.
    hasty = attrs.evolve(customer.at(0.1), discount_share=1e12)
    assert hasty.value == pytest.approx(margins[0] - acquisition, abs=1e-6)
    # Nobody leaves: every customer of a steady base is old.
    assert customer.at(0).base_profit_amount == pytest.approx(margins[-1])


def test_a_margin_that_ends_needs_no_defection_and_no_discount_to_have_a_value():
    customer = CustomerValue(defection_share=0, margins=[10, 20], growth_share=-1)
    assert customer.value == 30
    assert customer.base_profit_amount == 0


@pytest.mark.parametrize(
    ("options", "mend"),
    [
        ({"defection_share": 0}, "give a discount_share above 0"),
        (
            {"defection_share": 0.2, "growth_share": 0.25},
            "give a discount_share above 0, or a growth_share below 0.25",
        ),
        (
            {"defection_share": 0.2, "growth_share": 0.5, "discount_share": 0.1},
            "give a discount_share above 0.2, or a growth_share below 0.375",
        ),
    ],
)
def test_a_value_without_end_is_refused_with_the_mend(options, mend):
    with pytest.raises(InvalidValueError) as caught:
        CustomerValue(margins=[10], **options)
    (mistake,) = caught.value.mistakes
    assert mistake.mend == mend


@given(st.floats(0, 0.9), st.floats(0, 5), st.floats(0, 5))
@example(0.2, 0.25, 0.0)
def test_a_value_is_refused_exactly_where_margins_outgrow_what_takes_them(share, growth, discount):
    shrinking = discount + share - growth * (1 - share)
    assume(shrinking == 0 or abs(shrinking) > 1e-9)
    options = {"margins": [1.0], "growth_share": growth, "discount_share": discount}
    if shrinking > 0:
        assert math.isfinite(CustomerValue(defection_share=share, **options).value)
    else:
        with pytest.raises(InvalidValueError, match="without end"):
            CustomerValue(defection_share=share, **options)


def test_a_base_without_end_is_refused_though_the_discounted_value_has_one():
    customer = CustomerValue(
        defection_share=0.1, margins=[10], growth_share=0.2, discount_share=0.5
    )
    assert customer.value == pytest.approx(10 * 1.5 / (0.6 - 0.18))
    with pytest.raises(InvalidValueError, match=r"give a growth_share below 0\.1111"):
        _ = customer.base_profit_amount
    with pytest.raises(InvalidValueError, match=r"give a defection_share above 0\.1667"):
        _ = customer.at(0).base_profit_amount


@pytest.mark.parametrize(
    ("margins", "share"), [([1e308, 1e308, 1e308], 0.01), ([1.0], 5e-324), ([0.0, -1.0], 1e-310)]
)
def test_a_value_that_no_number_can_hold_is_refused(margins, share):
    with pytest.raises(InvalidValueError, match="add up to more than a number can hold"):
        CustomerValue(defection_share=share, margins=margins)


def test_all_mistakes_are_named_at_once():
    with pytest.raises(InvalidValueError) as caught:
        CustomerValue(
            defection_share=10,
            margins=[30, None, "x"],
            growth_share=-2,
            acquisition_cost_amount=-1,
            discount_share=math.nan,
            period="yaer",
        )
    paths = [mistake.path for mistake in caught.value.mistakes]
    assert paths == [
        "defection_share",
        "margins[1]",
        "margins[2]",
        "growth_share",
        "acquisition_cost_amount",
        "discount_share",
        "period",
    ]
    assert caught.value.mistakes[-1].mend == "did you mean 'year'?"


@pytest.mark.parametrize("margins", [[], 40, "text", {40: 1}, {40}, None])
def test_margins_are_a_list(margins):
    with pytest.raises(InvalidValueError, match="must be a list of at least one margin"):
        CustomerValue(defection_share=0.1, margins=margins)


def test_a_customer_does_not_change_and_comes_back_from_pickle_and_json():
    customer = CustomerValue(defection_share=0.1, margins=[30, 40])
    assert pickle.loads(pickle.dumps(customer)) == customer
    assert from_json(CustomerValue, to_json(customer)) == customer
    assert hash(customer) == hash(CustomerValue(defection_share=0.1, margins=(30.0, 40.0)))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        customer.defection_share = 0.2
