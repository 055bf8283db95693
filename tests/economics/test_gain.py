from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custloyal.economics import CustomerValue, gain, gain_curve, value_curve
from custloyal.errors import InvalidValueError
from economics.drawn_economics import rising_margins

CREDIT_CARDS = CustomerValue(
    defection_share=0.10, margins=[30, 42, 44, 49, 55], acquisition_cost_amount=51
)


@st.composite
def customers_and_points(draw):
    customer = CustomerValue(
        defection_share=draw(st.floats(0.02, 1)),
        margins=draw(rising_margins),
        growth_share=draw(st.floats(0, 0.01)),
        acquisition_cost_amount=draw(st.floats(0, 500)),
        discount_share=draw(st.floats(0, 0.5)),
    )
    most = 100 * (customer.defection_share - 0.011)
    return customer, draw(st.one_of(st.just(0.0), st.floats(0, most)))


def test_the_credit_card_customer_gains_122_percent_and_its_company_11():
    found = gain(CREDIT_CARDS, points=5)
    assert found.customer_share == pytest.approx(1.2194715778502325, rel=1e-13)
    assert found.base_share == pytest.approx(0.10973578892511626, rel=1e-12)
    assert found.before.value == pytest.approx(449.016, rel=1e-13)
    assert found.after.value == pytest.approx(996.57825, rel=1e-13)
    assert "+121.9%" in str(found)
    assert "+11.0%" in str(found)


@pytest.mark.parametrize(("together", "percent"), [(0.25, 25), (0.1026, 95), (0.103, 94)])
@pytest.mark.parametrize("discount", [0.0, 0.04])
def test_a_flat_margin_gains_25_to_95_percent(together, percent, discount):
    customer = CustomerValue(
        defection_share=together - discount, margins=[40], discount_share=discount
    )
    found = gain(customer)
    assert round(100 * found.customer_share) == percent
    assert found.customer_share == pytest.approx(0.05 / (together - 0.05), rel=1e-12)
    assert found.base_share == 0


@given(customers_and_points())
def test_neither_gain_is_negative_where_margins_never_fall(drawn):
    customer, points = drawn
    found = gain(customer, points=points)
    assert found.customer_amount >= -1e-9 * abs(found.after.value)
    assert found.base_amount >= -1e-9 * abs(found.after.base_profit_amount)
    assert (found.customer_share is None) == (customer.value <= 0)
    assert (found.base_share is None) == (customer.base_profit_amount <= 0)


@given(customers_and_points())
def test_no_points_no_gain(drawn):
    found = gain(drawn[0], points=0)
    assert found.customer_amount == found.base_amount == 0
    assert found.customer_share in (0, None)
    assert found.base_share in (0, None)


@given(customers_and_points())
def test_the_text_has_both_gains_and_what_they_assume(drawn):
    customer, points = drawn
    _, acquired, base, assumed = str(gain(customer, points=points)).split("\n")
    assert acquired.startswith("Per acquired customer: ")
    assert base.startswith("For a base of constant size: ")
    assert "discount" in assumed
    assert "nan" not in acquired + base + assumed


@given(customers_and_points(), st.floats(0, 1))
def test_more_points_gain_more_and_halves_add_up(drawn, part):
    customer, points = drawn
    whole = gain(customer, points=points)
    first = gain(customer, points=part * points)
    assert first.customer_amount <= whole.customer_amount + 1e-9 * abs(whole.after.value)
    rest = whole.after.value - first.after.value
    expected = pytest.approx(whole.customer_amount, rel=1e-9, abs=1e-6)
    assert first.customer_amount + rest == expected


def test_a_base_whose_margins_fall_with_age_can_lose_by_keeping_its_customers():
    found = gain(CustomerValue(defection_share=0.2, margins=[100, 10]), points=10)
    assert found.customer_amount > 0
    assert found.base_amount == pytest.approx(-9)
    assert "-32.1%" in str(found)


def test_there_is_no_share_of_a_value_that_is_not_above_0():
    customer = CustomerValue(defection_share=0.5, margins=[10], acquisition_cost_amount=30)
    found = gain(customer, points=30)
    assert found.customer_share is None
    assert found.customer_amount == pytest.approx(30)
    assert "no share, since it was not above 0 (-10.00 to 20.00)" in str(found)


@pytest.mark.parametrize("points", [-1, 10.1, math.nan, None])
def test_points_lie_between_none_and_all_defection(points):
    with pytest.raises(InvalidValueError, match="points"):
        gain(CREDIT_CARDS, points=points)


def test_without_discount_the_last_defection_has_no_finite_worth():
    with pytest.raises(InvalidValueError, match="without end"):
        gain(CREDIT_CARDS, points=10)


def test_curves_are_the_values_and_gains_themselves():
    whole = value_curve(CREDIT_CARDS)
    assert [point.defection_share for point in whole] == [k / 100 for k in range(1, 101)]
    assert whole[9].value_amount == CREDIT_CARDS.value
    assert whole[9].base_profit_amount == CREDIT_CARDS.base_profit_amount
    assert all(a.value_amount > b.value_amount for a, b in pairwise(whole))
    start, end = gain_curve(CREDIT_CARDS, points=[0, 5])
    assert (start.customer_share, start.base_share) == (0, 0)
    assert end.customer_share == gain(CREDIT_CARDS, points=5).customer_share


@given(st.floats(0, 1e15))
def test_a_curve_starts_where_defection_outweighs_growth(growth):
    customer = CustomerValue(defection_share=1, margins=[1], growth_share=growth)
    points = value_curve(customer)
    assert points[-1].defection_share == 1
    assert points[0].defection_share > growth / (1 + growth) - 1e-12


def test_sentences_show_no_more_digits_than_are_read():
    customer = CustomerValue(
        defection_share=0.438548, margins=[55.1988, 34.7096, 40], acquisition_cost_amount=1234567.5
    )
    said = " ".join(gain(customer, points=5).sentences)
    assert "(43.9% to 38.9%)" in said
    assert "margins 55.2, 34.71, 40, then" in said
    assert "acquisition 1,234,567.5;" in said
