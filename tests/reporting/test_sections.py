"""What the report says of staying, leaving and value."""

from __future__ import annotations

import json
import warnings
from datetime import date, datetime, timedelta

import polars as pl
import pytest

from custloyal import History, datasets, read
from custloyal.btyd import FitWarning
from custloyal.defection import (
    BadExperience,
    PriceOnly,
    SilentDefection,
    backtest,
    leaving_after,
    losses,
)
from custloyal.economics import CLAIMS, CustomerValue, gain
from custloyal.errors import InvalidValueError
from custloyal.reporting import report
from engines import every_backend

NAMES = ("retention", "leaving", "value")
START = datetime(2024, 1, 1, 12)


def row(customer, day, kind="purchase", **values):
    return {
        "customer_id": customer,
        "occurred_at": START + timedelta(days=day),
        "kind": kind,
        **values,
    }


def history_of(rows):
    return History.from_native(pl.DataFrame(rows, infer_schema_length=None), timezone="UTC")


@pytest.fixture(scope="module")
def company():
    return datasets.simulate(customers=1_500, seed=4)


@pytest.fixture(scope="module")
def made(company):
    return report(company.history).to_dict()


@pytest.fixture(scope="module")
def shop():
    return report(datasets.cdnow(), horizon="39w").to_dict()


def same(one, other):
    """Equal, but for the last digits of sums that are added up in another order."""
    if isinstance(one, float):
        return one == pytest.approx(other, rel=1e-6)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


# Every history has an answer -----------------------------------------------------------------

TINY = {
    "tickets only": [row("a", 0, "question"), row("a", 1, "reply"), row("b", 2, "complaint")],
    "one customer, one row": [row("a", 0, amount=5.0)],
    "no amounts": [row("a", 0), row("b", 300)],
    "amounts not known": [row("a", day, amount=None) for day in (0, 300, 600)],
    "three rows over two years": [row("a", day, amount=5.0) for day in (0, 5, 700)],
    "nobody ever again": [row(f"c{n}", 3 * n, amount=1.0) for n in range(200)],
    "nobody ever leaves": [row(f"c{n}", 30 * k, amount=1.0) for n in range(40) for k in range(30)],
    "nothing costs anything": [
        row(f"c{n}", 40 * k + n % 30, amount=0.0, list_amount=0.0)
        for n in range(60)
        for k in range(1 + n % 9)
    ],
    "all on discount, at a loss": [
        row(f"c{n}", 40 * k + n % 30, amount=1.0, list_amount=2.0, margin_amount=-1.0)
        for n in range(60)
        for k in range(1 + n % 9)
    ],
}


@pytest.mark.parametrize("name", TINY)
def test_each_section_is_there_or_says_why_not(name):
    made = report(history_of(TINY[name])).to_dict()
    json.dumps(made, allow_nan=False)
    for each in NAMES:
        assert (made[each] is None) == isinstance(made[f"{each}_reason"], str)
    if made["leaving"] is not None:
        for each in ("backtest", "experience"):
            told = made["leaving"]
            assert (told[each] is None) == isinstance(told[f"{each}_reason"], str)


def test_where_nobody_bought_nothing_is_said_of_staying_and_leaving():
    made = report(history_of(TINY["tickets only"])).to_dict()
    assert made["retention"] is made["leaving"] is made["value"] is None
    assert made["retention_reason"] == made["leaving_reason"] == "nobody bought anything"


def test_what_a_fit_warns_of_stands_in_the_report():
    made = report(history_of(TINY["one customer, one row"])).to_dict()
    assert any("take each chance of leaving as rough" in c for c in made["leaving"]["cautions"])
    assert "likelihood" not in " ".join(made["leaving"]["cautions"])


def test_a_row_of_a_mistyped_year_is_doubted():
    rows = [row(f"a{n}", 20 * k + n, amount=10.0) for n in range(12) for k in range(9)]
    said = report(history_of(rows)).to_dict()["leaving"]["cautions"]
    assert not any("read as of another" in each for each in said)
    strange = report(history_of([*rows, row("a1", 27_000, amount=10.0)])).to_dict()
    assert strange["leaving"]["cautions"][0].startswith("only 1 of 12 customers bought in the last")


@every_backend
def test_it_is_the_same_in_every_library(backend, company, made):
    frame = company.interactions.to_arrow()
    customers = company.customers.to_arrow()
    history = History.from_native(
        backend.of_arrow(frame), timezone="Europe/Berlin", customers=backend.of_arrow(customers)
    )
    found = report(history).to_dict()
    for name in NAMES:
        assert same(found[name], made[name])


def test_sizes_do_not_grow_with_the_data(made, shop):
    for each in (made, shop):
        assert len(json.dumps({name: each[name] for name in NAMES})) < 100_000


# Staying -------------------------------------------------------------------------------------


def test_the_bridge_adds_up_and_answers(made):
    told = made["retention"]
    for each in told["bridge"]["rows"]:
        left = each["shrunk_amount"] + each["lost_amount"]
        came = each["new_amount"] + each["resurrected_amount"] + each["grown_amount"]
        opening, closing = each["opening_amount"], each["closing_amount"]
        assert opening + came - left == pytest.approx(closing)
        assert opening - left == pytest.approx(each["kept_amount"])
    latest = [each for each in told["bridge"]["rows"] if each["is_complete"]][-1]
    assert told["growth"]["period_start"] == latest["period_start"]
    change = latest["closing_amount"] - latest["opening_amount"]
    assert told["growth"]["change_amount"] == pytest.approx(change)


def test_growth_that_was_bought_says_so():
    rows = [row(f"a{n}", 0, amount=10.0) for n in range(10)]
    rows += [row(f"a{n}", 35, amount=8.0) for n in range(10)]
    rows += [row(f"b{n}", 35, amount=8.0) for n in range(10)]
    found = report(history_of(rows), as_of="2024-02-29").to_dict()["retention"]["growth"]
    assert (found["new_amount"], found["existing_change_amount"]) == (80.0, -20.0)
    assert found["is_bought"] is True
    assert "bought with new customers" in found["sentence"]


def test_the_curve_of_tenure_keeps_its_ends_and_falls(made):
    tenure = made["retention"]["tenure"]
    curve = tenure["curve"]
    shares = [each["survival_share"] for each in curve]
    assert len(curve) <= 60
    assert shares == sorted(shares, reverse=True)
    assert curve[0]["tenure_days"] == 0
    assert curve[-1]["tenure_days"] == tenure["restricted_to_days"]
    # The median is a step of the whole curve: those beside it that are shown lie on both sides.
    median = tenure["median_days"]
    assert all(each["survival_share"] > 0.5 for each in curve if each["tenure_days"] < median)
    assert all(each["survival_share"] <= 0.5 for each in curve if each["tenure_days"] >= median)


# Leaving -------------------------------------------------------------------------------------


def test_counts_are_those_of_the_metric(company, made):
    told = made["leaving"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        summed = losses(company.history, SilentDefection(horizon="90d"))
    assert told["likely_gone_count"] == told["silent_count"] + told["voiced_count"]
    for name in ("silent_count", "voiced_count", "soon_count", "customers_count"):
        assert told[name] == getattr(summed, name)
    assert told["expected_lost_count"] == pytest.approx(summed.expected_gone)
    assert told["silent_value_at_risk_amount"] == pytest.approx(summed.silent_amount)
    assert sum(each["customers_count"] for each in told["alarms"]) == told["soon_count"]
    at_stake = told["at_stake"]
    kept = told["customers_count"] - told["likely_gone_count"]
    assert kept + told["newly_gone_count"] <= at_stake["customers_count"]
    assert at_stake["customers_count"] < told["customers_count"]
    parts = sum(each["expected_loss_amount"] for each in at_stake["segments"])
    assert parts == pytest.approx(at_stake["expected_loss_amount"])


def test_owners_are_told_whose_accounts_may_be_lost(company, made):
    owners = made["leaving"]["at_stake"]["owners"]
    assert 0 < len(owners) <= 10
    assert {each["owner_id"] for each in owners} <= set(company.customers["owner_id"])
    losses_ = [each["expected_loss_amount"] for each in owners]
    assert losses_ == sorted(losses_, reverse=True)
    assert sum(losses_) <= made["leaving"]["at_stake"]["expected_loss_amount"]
    without = History.from_native(company.interactions, timezone="Europe/Berlin")
    told = report(without).to_dict()
    assert told["leaving"]["at_stake"]["owners"] == []
    assert "no second table" in told["value"]["acquisition_reason"]


def test_price_only_buyers_leave_less_margin(made):
    told = made["leaving"]["price_only"]
    assert told["price_only_margin_share"] < told["others_margin_share"]


def test_the_first_are_newly_gone_and_have_most_to_lose(made):
    first, today = made["leaving"]["first"], date.fromisoformat(made["as_of"])
    assert len(first) == 10
    losses_ = [each["expected_loss_amount"] for each in first]
    assert losses_ == sorted(losses_, reverse=True)
    for each in first:
        assert each["p_no_purchase"] >= 0.5
        rang = max(date.fromisoformat(each[name]) for name in ("alarm_on", "due_on"))
        assert 0 <= (today - rang).days < 90
        expected = each["p_no_purchase"] * each["value_at_risk_amount"]
        assert each["expected_loss_amount"] == pytest.approx(expected)
        assert "silent for" in each["reason"]


def test_the_back_test_is_that_of_the_last_cut(shop):
    found = shop["leaving"]["backtest"]
    assert (found["cut"], found["until"]) == ("1997-09-30", "1998-06-30")
    assert round(found["auc"], 3) == 0.783
    assert round(found["brier"], 3) == 0.155
    (recency,) = found["others"]
    assert round(recency["auc"], 3) == 0.771


def test_the_back_test_sees_nothing_after_the_report(company):
    made = report(company.history, as_of="2023-06-30T15:00").to_dict()
    found = made["leaving"]["backtest"]
    assert found["until"] == "2023-06-29"  # the last day that was over
    cut = found["cut"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        alone = backtest(company.history, SilentDefection(horizon=90), cut=cut, horizon=90)
    assert alone.judgement.auc == pytest.approx(found["auc"])
    assert alone.lost_count == found["lost_count"]


def test_experience_is_the_association_at_the_same_cut(company, made):
    told = made["leaving"]
    alone = leaving_after(company.history, "any", cut=told["backtest"]["cut"], horizon=90)
    assert same(told["experience"], alone.to_dict())
    assert told["experience"]["reads_as"] == "association"


def test_short_histories_are_not_tried():
    rows = [row(f"c{n}", 5 * k + n % 7, amount=1.0) for n in range(50) for k in range(1 + n % 30)]
    made = report(history_of(rows)).to_dict()["leaving"]
    assert made["backtest"] is None
    assert "needs purchases over 180 days" in made["backtest_reason"]


# Value ---------------------------------------------------------------------------------------


def test_ages_can_be_counted_on_paper():
    """Forty customers: half buy once, half buy in their first and second quarter for ever."""
    loyal = [row(f"a{n}", 40 * k, amount=10.0) for n in range(40) for k in range(20)]
    once = [row(f"b{n}", 0, amount=30.0) for n in range(40)]
    found = report(history_of([*loyal, *once]), discount_share=0).to_dict()["value"]
    first, second, *_ = found["ages"]
    assert found["period"] == "quarter"
    assert (first["at_risk_count"], first["left_count"]) == (80, 40)
    assert (second["at_risk_count"], second["left_count"]) == (40, 0)
    # Days 0, 40 and 80 are in the first quarter: 40 * 30 + 40 * 30.
    assert first["margin_amount"] == 30.0
    assert second["margin_amount"] == 20.0  # days 120 and 160
    assert found["basis"] == "revenue"
    assert "overstated" in found["basis_sentence"]


def sold(amount):
    """Sixty customers who buy every 20 days, some longer than others."""
    return [row(f"c{n}", 20 * k, amount=amount(n)) for n in range(60) for k in range(1 + n % 30)]


def test_amounts_that_nobody_knows_are_no_revenue_of_0():
    frame = pl.DataFrame(sold(lambda _: None)).with_columns(pl.col("amount").cast(pl.Float64))
    told = report(History.from_native(frame, timezone="UTC")).to_dict()
    assert told["value"] is None
    assert told["value_reason"] == "no purchase bears a known amount"
    assert told["retention"]["growth"] is None
    assert "no amount is known" in told["retention"]["growth_reason"]


def test_amounts_that_are_not_known_are_told_where_sums_lack_them():
    told = report(history_of(sold(lambda n: None if n % 2 else 10.0))).to_dict()
    unknown = sum(1 + n % 30 for n in range(60) if n % 2)
    said = told["value"]["basis_sentence"]
    assert f"Of {unknown} of {60 * 31 // 2} purchases the amount is not known" in said
    assert "purchases is not known: they add nothing." in told["retention"]["growth"]["sentence"]


def test_rows_before_the_first_purchase_make_no_period_longer():
    rows = sold(lambda _: 10.0)
    alone = report(history_of(rows)).to_dict()
    asked = report(history_of([*rows, row("x", -2_000, "inquiry")])).to_dict()
    for section in ("value", "retention"):
        assert same(asked[section], alone[section])


@pytest.mark.parametrize("margin", [4.0, -2.0])
def test_value_lies_between_its_bounds_also_where_customers_cost_money(margin):
    rows = [{**each, "margin_amount": margin} for each in sold(lambda _: 10.0)]
    told = report(history_of(rows)).to_dict()["value"]
    low, high = (told[f"customer_value_{bound}_amount"] for bound in ("low", "high"))
    assert low < told["customer_value_amount"] < high


def test_value_and_gain_are_those_of_the_formula(made):
    told = made["value"]
    customer = CustomerValue(
        defection_share=told["left_count"] / told["at_risk_count"],
        margins=told["margin_amounts"],
        acquisition_cost_amount=told["acquisition"]["per_customer_amount"],
        discount_share=told["discount_share"],
        period=told["period"],
    )
    assert told["customer_value_amount"] == customer.value
    found = gain(customer, points=5)
    assert told["gain"]["customer_gain_share"] == found.customer_share
    assert told["gain"]["base_gain_share"] == found.base_share
    assert told["gain"]["sentences"] == list(found.sentences)
    assert {each["name"] for each in told["claims"]} == set(CLAIMS)
    gains = [each for each in told["claims"] if each["implied_share"] is not None]
    assert {each["own_customer_gain_share"] for each in gains} == {found.customer_share}
    assert {each["own_base_gain_share"] for each in gains} == {found.base_share}


def test_price_only_buyers_are_left_out_of_value(company, made):
    metric = PriceOnly()
    table = read(company.history, metric)[metric].to_native()
    assert made["value"]["price_only_left_out_count"] == table["is_price_only"].sum() > 0
    kept = table.filter(~pl.col("is_price_only").fill_null(value=False))["customer_id"]
    strangers = set(company.interactions["customer_id"].drop_nulls()) - set(table["customer_id"])
    frame = company.interactions.filter(pl.col("customer_id").is_in([*kept, *strangers]))
    fewer = History.from_native(frame, timezone="Europe/Berlin", customers=company.customers)
    alone = report(fewer).to_dict()["value"]
    for name in ("at_risk_count", "left_count", "margin_amounts"):
        assert same(made["value"][name], alone[name])


def test_what_pays_for_five_points_is_where_nothing_is_gained(made):
    told = made["value"]
    found, share, discount = told["gain"], told["defection_share"], told["discount_share"]
    each = found["customer_break_even_amount"]
    cost = each * (1 + discount) / (discount + share - 0.05)
    assert found["customer_after_amount"] - cost == pytest.approx(found["customer_before_amount"])


def test_a_company_that_nobody_leaves_has_no_points_to_win():
    rows = [row(f"c{n}", 30 * k, amount=1.0) for n in range(40) for k in range(30)]
    found = report(history_of(rows)).to_dict()["value"]
    assert found["gain"] is None
    assert "no 5 points to take away" in found["gain_reason"]
    without = report(history_of(rows), discount_share=0).to_dict()
    assert without["value"] is None
    assert "no end" in without["value_reason"]


@pytest.mark.parametrize(
    ("options", "path"),
    [({"horizon": "soon"}, "horizon"), ({"discount_share": -0.1}, "discount_share")],
)
def test_wrong_options_are_refused_by_name(options, path):
    with pytest.raises(InvalidValueError) as error:
        report(datasets.cdnow(), **options)
    assert [mistake.path for mistake in error.value.mistakes] == [path]


# Whom to look at first -----------------------------------------------------------------------


def test_one_list_has_reasons_of_both_kinds(made):
    told = [reason for each in made["attention"] for reason in each["reasons"]]
    assert any("is likely gone" in reason for reason in told)
    assert any("neutral is" in reason for reason in told)
    assert any("of 100 like this who stay" in reason for reason in told)
    assert not any(" p " in reason for reason in told)


def test_who_is_silent_as_usual_is_not_looked_at():
    steady = [row(f"a{n}", 30 * k, amount=10.0) for n in range(60) for k in range(20)]
    gone = [row("late", 7 * k, amount=10.0) for k in range(50)]
    made = report(history_of([*steady, *gone])).to_dict()
    assert [each["customer_id"] for each in made["attention"]] == ["late"]
    assert made["attention"][0]["loss"] == "silent"


def test_who_bought_just_now_is_not_gone_however_seldom_they_buy():
    """Of a slow buyer the chance of no purchase within the horizon is at the alarm at once."""
    slow = [row(f"c{n}", 200 * k + n, amount=10.0) for n in range(150) for k in range(4)]
    history = history_of(slow)
    made = report(history, horizon="30d").to_dict()
    told = made["leaving"]
    assert told["likely_gone_count"] > 100
    assert told["newly_gone_count"] == 0
    assert told["first"] == made["attention"] == []
    assert told["at_stake"]["customers_count"] == told["customers_count"]


def test_whose_next_purchase_is_due_in_no_known_year_is_never_newly_gone():
    """So seldom does anybody buy again that one purchase is no reason to expect another."""
    once = [row(f"c{n}", n % 300, amount=10.0) for n in range(3_000)]
    again = [row(f"c{n}", n % 300 + 5 + k, amount=10.0) for n in range(40) for k in range(9)]
    history = history_of([*once, *again])
    silent = SilentDefection(horizon=90)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        people = read(history, silent)[silent].to_native()
    never = people.filter(pl.col("due_on").is_null(), pl.col("loss").is_not_null())
    assert len(never) > 2_000
    made = report(history).to_dict()
    newly = made["leaving"]["newly_gone_count"]
    assert newly <= people["due_on"].count()
    named = {each["customer_id"] for each in [*made["leaving"]["first"], *made["attention"]]}
    assert named.isdisjoint(never["customer_id"])


def test_bad_experiences_are_read_where_promises_are(company):
    found = report(company.history).to_dict()["leaving"]["experience"]
    metric = BadExperience(within=90)
    rows = read(company.history, metric, as_of=found["cut"])[metric].to_native()
    assert rows["had_bad_experience"].sum() >= found["exposed_count"] > 0
