"""Who stays, who leaves and what that is worth, as the page says it."""

from __future__ import annotations

import copy

import pytest

import custloyal
from custloyal.datasets import simulate
from page.opened import Page, assert_inert, page_of, render, scripts_of

SECTIONS = ("retention", "leaving", "value")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e"
KEPT = ("is_complete", "age", "within_days", "dormant_days", "tenure_days")
"""What places a row, and is never unknown."""


@pytest.fixture(scope="module")
def told():
    """The report of a simulated company, with all three sections."""
    made = custloyal.report(simulate(customers=1_000, seed=0).history).to_dict()
    assert all(made[name] is not None for name in SECTIONS)
    return made


@pytest.fixture(scope="module")
def page(told):
    return page_of(told)


def text_of(report):
    return " ".join(" ".join(page_of(report).text).split())


def changed(value, change):
    """The value with every text and number in it changed."""
    if isinstance(value, dict):
        return {k: v if k in KEPT else changed(v, change) for k, v in value.items()}
    if isinstance(value, list):
        return [changed(each, change) for each in value]
    return change(value)


def test_every_section_has_its_charts_and_each_goes_along_as_data(page):
    labels = [
        attributes["aria-label"]
        for tag, attributes in page.elements
        if tag == "svg" and attributes.get("role") == "img"
    ]
    for start in (
        *("Line of retention", "Curve of how many", "Stacked bars", "Bars of who bought within"),
        *("Waterfall from", "Columns of", "Lines of how many of", "Points of", "Two lines over"),
    ):
        assert sum(label.startswith(start) for label in labels) == 1, start
    assert len([1 for attributes, _ in scripts_of(page) if attributes]) == len(labels)


def test_who_leaves_is_said_first_with_its_denominators(told):
    leaving = told["leaving"]
    text = text_of(told)
    gone, buyers = leaving["likely_gone_count"], leaving["customers_count"]
    said = f"Of {buyers:,} customers who ever bought, {gone:,} ({100 * gone / buyers:.1f}%) are"
    assert said in text
    assert text.index(said) < text.index("Who carries the revenue")
    assert f"{leaving['silent_count']:,} without a word" in text
    assert leaving["silent_count"] + leaving["voiced_count"] == gone


def test_no_month_of_a_handful_is_called_best_or_worst(told):
    retention = copy.deepcopy(told["retention"])
    assert "The best month was" in text_of(told)
    tiny = next(row for row in retention["months"] if row["is_complete"])
    tiny |= {"start_count": 2, "retention_share": 1.0}
    assert "with 100.0%, the worst" not in text_of({**told, "retention": retention})
    for row in retention["months"]:
        row |= {"start_count": 500, "retention_share": 0.25}
    assert "The best month was" not in text_of({**told, "retention": retention})


def test_likely_gone_is_said_to_be_a_chance_and_no_farewell(told):
    days, alarm = told["leaving"]["horizon_days"], told["leaving"]["alarm_share"]
    text = text_of(told)
    meant = f"the chance of no purchase within {days} days is {100 * alarm:.1f}% or more: not all"
    assert f"Likely gone means that {meant} of them have left for good." in text
    strict = {**told, "leaving": {**told["leaving"], "alarm_share": 0.8}}
    assert "within 90 days is 80.0% or more" in text_of(strict)


def test_a_caution_stands_where_leaving_is_first_told(told):
    leaving = {**told["leaving"], "cautions": []}
    assert "Caution" not in text_of({**told, "leaving": leaving})
    text = text_of({**told, "leaving": {**leaving, "cautions": ["it cannot be told"]}})
    assert 0 < text.index("Caution: it cannot be told.") < text.index("Who carries the revenue")


def test_a_month_after_one_without_a_purchase_has_no_rate(told):
    latest = {**told["retention"]["latest_month"], "start_count": 0, "retention_share": None}
    text = text_of({**told, "retention": {**told["retention"], "latest_month": latest}})
    assert "Nobody bought in the month before December 2023" in text
    assert "No month after the first purchase is over" not in text


def test_who_mostly_buys_once_is_not_said_to_stay_for_0_days(told):
    tenure = {**told["retention"]["tenure"], "median_days": 0}
    text = text_of({**told, "retention": {**told["retention"], "tenure": tenure}})
    assert "buy nothing in the 180 days after their first day" in text
    assert "after 0 " not in text


def test_growth_says_of_which_quarter_it_is(told):
    assert "In the quarter from 1 October 2023, beside the one before, revenue" in text_of(told)


def test_the_curve_of_value_is_read_out_by_its_own_figures(told):
    value, text = told["value"], text_of(told)
    assert f"brings {value['base_profit_amount']:,.2f} in a {value['period']}" in text
    falling = copy.deepcopy(value)
    falling["curve"][0] |= {"value_amount": 1.25, "base_profit_amount": 0.75}
    assert "it would be 1.25 and 0.75." in text_of({**told, "value": falling})


def test_gains_of_a_shorter_period_are_not_put_beside_those_of_a_year_without_a_word(told):
    warning = "the figures do not compare as they stand"
    for period, warned in (("quarter", True), ("month", True), ("year", False)):
        value = {**told["value"], "period": period}
        assert (warning in text_of({**told, "value": value})) is warned


def test_what_is_never_paid_back_is_said_to_be_so(told):
    acquisition = {**told["value"]["acquisition"], "paid_back_periods": None}
    made = {**told, "value": {**told["value"], "acquisition": acquisition}}
    assert "on average that is never paid back" in text_of(made)


def test_both_gains_are_said_whenever_one_is(told):
    text = text_of(told)
    assert ("Per acquired customer:" in text) == ("For a base of constant size:" in text)
    assert "Per acquired customer:" in text


def test_an_association_is_called_one(told):
    assert "This is an association, not a cause." in text_of(told)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_that_is_not_there_says_why(section, told):
    made = {**told, section: None, f"{section}_reason": "the table is too short"}
    text = text_of(made)
    assert "the table is too short" in text
    assert "None" not in text


@pytest.mark.parametrize("name", ["backtest", "experience"])
def test_a_part_of_leaving_that_is_not_there_says_why(name, told):
    leaving = {**told["leaving"], name: None, f"{name}_reason": "the table is too short"}
    assert "the table is too short" in text_of({**told, "leaving": leaving})


@pytest.mark.parametrize("name", ["gain", "acquisition"])
def test_a_part_of_value_that_is_not_there_says_why(name, told):
    value = {**told["value"], name: None, f"{name}_reason": "margins are not known"}
    assert "margins are not known" in text_of({**told, "value": value})


@pytest.mark.parametrize("name", ["price_only", "won_back"])
def test_without_list_prices_nothing_is_said_of_discounts(name, told):
    made = {**told, "leaving": {**told["leaving"], name: None}}
    assert "None" not in text_of(made)


def test_nothing_in_the_texts_of_a_section_acts(told):
    made = copy.deepcopy(told)
    for section in SECTIONS:
        made[section] = changed(
            made[section],
            lambda value: HOSTILE if isinstance(value, str) and not value[:1].isdigit() else value,
        )
    made["retention"]["bridge"]["period"] = made["value"]["period"] = "quarter"
    html = render(made)
    assert_inert(Page(html))
    assert "\u202e" not in html


def test_the_page_of_all_sections_is_small_and_lists_few_people(told):
    made = copy.deepcopy(told)
    for row in [*made["leaving"]["first"], *made["attention"]]:
        row["customer_id"] = '"<&' * 40_000
    assert len(render(made).encode()) < 3_000_000
    assert len(made["attention"]) <= 10
