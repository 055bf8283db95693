from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custloyal.economics import CostRatio, CustomerValue, break_even
from custloyal.errors import InvalidValueError
from economics.drawn_economics import rising_margins


@given(
    st.floats(0.02, 0.9), st.floats(1, 1e3), st.floats(0.01, 0.95), st.floats(0, 0.5), st.floats(0)
)
def test_a_flat_margin_must_last_longer_by_the_cost_s_part_of_it(
    share, margin, part, discount, acquisition
):
    customer = CustomerValue(
        defection_share=share,
        margins=[margin],
        acquisition_cost_amount=min(acquisition, 1e3),
        discount_share=discount,
    )
    found = break_even(customer, retention_cost_amount=part * margin * 10, customers_count=10)
    needed = 100 * (share + discount) * part
    if needed < 99.9 * share:
        assert found.customer_points == pytest.approx(needed, rel=1e-6)
    elif needed > 100.1 * share:
        assert found.customer_points is None


@given(st.floats(0.02, 0.9), st.floats(0.01, 100), st.floats(1, 1_000))
def test_a_base_with_a_flat_margin_must_save_the_cost_in_acquisitions(share, each, acquisition):
    customer = CustomerValue(
        defection_share=share, margins=[2_000], acquisition_cost_amount=acquisition
    )
    found = break_even(customer, retention_cost_amount=each * 50, customers_count=50)
    needed = 100 * each / acquisition
    if needed < 99.9 * share:
        assert found.base_points == pytest.approx(needed, rel=1e-6)
    elif needed > 100.1 * share:
        assert found.base_points is None


@given(
    st.builds(
        CustomerValue,
        defection_share=st.floats(0.05, 0.9),
        # Never below the cost.
        margins=rising_margins.map(lambda margins: [60 + margin for margin in margins]),
        acquisition_cost_amount=st.floats(0, 500),
        discount_share=st.floats(0, 0.3),
        growth_share=st.floats(0, 0.02),
    ),
    st.floats(0.01, 50),
)
def test_at_the_points_found_cost_and_gain_are_equal_and_below_them_it_does_not_pay(customer, each):
    share, discount = customer.defection_share, customer.discount_share
    found = break_even(customer, retention_cost_amount=each, customers_count=1)

    def customer_gain(points):
        after = customer.at(share - points / 100)
        cost = each * (1 + discount) / (discount + after.defection_share)
        return after.value - cost - customer.value

    def base_gain(points):
        after = customer.at(share - points / 100)
        return after.base_profit_amount - each - customer.base_profit_amount

    for points, gained in (
        (found.customer_points, customer_gain),
        (found.base_points, base_gain),
    ):
        if points is not None:
            assert gained(points) == pytest.approx(0, abs=1e-4 * (1 + abs(customer.value)))
            assert gained(0.99 * points) < 0
        elif discount:
            growth_bound = customer.growth_share / (1 + customer.growth_share)
            nearly_all = 100 * (share - growth_bound) * 0.999
            assert gained(nearly_all) < 0


def test_nothing_spent_needs_nothing_and_too_much_never_pays():
    customer = CustomerValue(defection_share=0.2, margins=[100], acquisition_cost_amount=200)
    nothing = break_even(customer, retention_cost_amount=0, customers_count=10)
    assert (nothing.customer_points, nothing.base_points) == (0, 0)
    too_much = break_even(customer, retention_cost_amount=1_000, customers_count=10)
    assert (too_much.customer_points, too_much.base_points) == (None, None)
    assert "it pays at no lower defection." in str(too_much)
    nobody_leaves = CustomerValue(defection_share=0, margins=[100], discount_share=0.1)
    found = break_even(nobody_leaves, retention_cost_amount=1, customers_count=10)
    assert (found.customer_points, found.base_points) == (None, None)


def test_a_margin_that_outlives_the_years_below_its_cost_can_still_pay():
    customer = CustomerValue(defection_share=0.5, margins=[20, 0, 0, 500])
    found = break_even(customer, retention_cost_amount=10, customers_count=1)
    after = customer.at(0.5 - found.customer_points / 100)
    assert after.value - 10 / after.defection_share == pytest.approx(customer.value)


def test_the_same_amount_wins_customers_at_the_cost_of_acquisition():
    customer = CustomerValue(defection_share=0.2, margins=[100], acquisition_cost_amount=200)
    found = break_even(customer, retention_cost_amount=5_000, customers_count=1_000)
    assert (found.new_customers_count, found.new_customers_amount) == (25, pytest.approx(7_500))
    free = CustomerValue(defection_share=0.2, margins=[100])
    unknown = break_even(free, retention_cost_amount=5_000, customers_count=1_000)
    assert (unknown.new_customers_count, unknown.new_customers_amount) == (None, None)
    assert "nothing can be said of new customers" in str(unknown)


def test_options_are_refused_together():
    customer = CustomerValue(defection_share=0.2, margins=[100])
    with pytest.raises(InvalidValueError) as caught:
        break_even(customer, retention_cost_amount=-1, customers_count=0)
    assert [each.path for each in caught.value.mistakes] == [
        "retention_cost_amount",
        "customers_count",
    ]


def test_a_cost_ratio_needs_people_and_a_cost_of_keeping():
    with pytest.raises(InvalidValueError) as caught:
        CostRatio(
            acquisition_cost_amount=-1,
            acquired_count=0,
            retention_cost_amount=None,
            retained_count=0.5,
        )
    assert len(caught.value.mistakes) == 4
    free = CostRatio(
        acquisition_cost_amount=10, acquired_count=1, retention_cost_amount=0, retained_count=1
    )
    assert free.value is None
    assert "no ratio, since keeping cost nothing" in str(free)
