from __future__ import annotations

import pickle

import attrs
import pytest

from custloyal.economics import (
    ACQUISITION_COST_CLAIM,
    CLAIMS,
    GAIN_CLAIMS,
    TWELVE_TO_ONE_CLAIM,
    ClaimKind,
    CostRatio,
    CustomerValue,
    gain,
)
from custloyal.errors import InvalidValueError

CUSTOMER = CustomerValue(
    defection_share=0.10, margins=[30, 42, 44, 49, 55], acquisition_cost_amount=51
)

every_claim = pytest.mark.parametrize("name", CLAIMS)


def test_the_published_figures():
    assert {name: claim.low for name, claim in CLAIMS.items()} == {
        "advertising_agency_1996": 0.95,
        "bank_branch_deposits_1996": 0.85,
        "publishing_1996": 0.85,
        "auto_and_home_insurance_1996": 0.84,
        "auto_service_1996": 0.81,
        "credit_cards_1996": 0.75,
        "industrial_distribution_1996": 0.45,
        "software_1996": 0.35,
        "auto_service_1990": 0.30,
        "acquisition_cost_2014": 5,
        "twelve_to_one_2012": 12,
    }
    assert ACQUISITION_COST_CLAIM.high == 25
    assert TWELVE_TO_ONE_CLAIM.kind is ClaimKind.RULE_OF_THUMB


@every_claim
def test_no_claim_is_without_source_year_population_and_scope(name):
    claim = CLAIMS[name]
    assert claim.name == name
    assert f"{claim.source}, {claim.year}" in str(claim)
    for field in ("source", "population", "scope", "statement"):
        with pytest.raises(InvalidValueError, match=field):
            attrs.evolve(claim, **{field: ""})
    for year in (None, 0):
        with pytest.raises(InvalidValueError, match="year"):
            attrs.evolve(claim, year=year)
    assert pickle.loads(pickle.dumps(claim)) == claim


def test_a_range_runs_upwards_and_a_kind_is_one_of_the_known():
    with pytest.raises(InvalidValueError, match="high"):
        attrs.evolve(ACQUISITION_COST_CLAIM, high=4)
    with pytest.raises(InvalidValueError, match="did you mean 'calculation'"):
        attrs.evolve(ACQUISITION_COST_CLAIM, kind="calculatoin")


@pytest.mark.parametrize("claim", GAIN_CLAIMS.values(), ids=GAIN_CLAIMS)
def test_a_flat_margin_at_the_implied_share_gives_the_claim(claim):
    flat = CustomerValue(defection_share=claim.implied_share - 0.01, margins=[7])
    found = gain(attrs.evolve(flat, discount_share=0.01), points=claim.points)
    assert found.customer_share == pytest.approx(claim.low)


@pytest.mark.parametrize("claim", GAIN_CLAIMS.values(), ids=GAIN_CLAIMS)
def test_own_gains_stand_beside_the_claim_both_of_them_and_what_differs(claim):
    found = claim.reestimated(CUSTOMER, population="our card holders, 2024")
    assert found.claim is claim
    assert found.own == gain(CUSTOMER, points=5)
    text = str(found)
    for part in (
        str(claim),
        "+121.9%",
        "+11.0%",
        f"claimed of {claim.population}; own are our card holders, 2024",
        "own add up to 10.0%",
    ):
        assert part in text


def test_points_of_a_month_are_not_points_of_a_year():
    monthly = attrs.evolve(CUSTOMER, period="month")
    found = GAIN_CLAIMS["software_1996"].reestimated(monthly, population="ours")
    assert "Period: the claim's points are of a year, own ones of a month." in found.differences
    yearly = GAIN_CLAIMS["software_1996"].reestimated(CUSTOMER, population="ours")
    assert not [each for each in yearly.differences if each.startswith("Period")]


@pytest.mark.parametrize(
    ("amount", "where"), [(4, "below"), (5, "within"), (25, "within"), (26, "above")]
)
def test_the_own_ratio_is_placed_in_the_claimed_range(amount, where):
    costs = CostRatio(
        acquisition_cost_amount=amount, acquired_count=1, retention_cost_amount=1, retained_count=1
    )
    found = ACQUISITION_COST_CLAIM.reestimated(costs, population="ours")
    assert f"lies {where} the claimed 5 to 25" in str(found)
    free = attrs.evolve(costs, retention_cost_amount=0)
    unknown = ACQUISITION_COST_CLAIM.reestimated(free, population="ours")
    assert not [each for each in unknown.differences if each.startswith("Range")]


def test_own_figures_name_their_population():
    costs = CostRatio(
        acquisition_cost_amount=1, acquired_count=1, retention_cost_amount=1, retained_count=1
    )
    with pytest.raises(InvalidValueError, match="say whom the numbers are about"):
        GAIN_CLAIMS["software_1996"].reestimated(CUSTOMER, population="")
    with pytest.raises(InvalidValueError, match="say whom the numbers are about"):
        ACQUISITION_COST_CLAIM.reestimated(costs, population="")


def test_too_little_defection_to_lose_the_claimed_points_is_refused():
    with pytest.raises(InvalidValueError, match="give at most 4"):
        GAIN_CLAIMS["software_1996"].reestimated(CUSTOMER.at(0.04), population="ours")
