"""The simulated company: its rows are in order, its figures plausible, its truth recoverable."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from custloyal import CohortRetention, Concentration, Trust, read, score
from custloyal.datasets import simulate
from custloyal.errors import InvalidValueError
from custloyal.metrics import HandOffMatrix
from custloyal.models import Kind

CUSTOMERS = 2_000
NEVER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module", params=[0, 1])
def company(request):
    return simulate(customers=CUSTOMERS, seed=request.param)


@pytest.fixture(scope="module")
def rows(company):
    return company.interactions


@pytest.fixture(scope="module")
def truth(company):
    return company.truth.customers


@pytest.fixture(scope="module")
def purchases(rows):
    return rows.filter(kind="purchase")


def share(condition):
    return float(condition.mean())


# The rows -------------------------------------------------------------------------------------


def test_the_intake_takes_every_row(company):
    intake = company.history.intake
    assert intake.given == intake.accepted == company.interactions.height
    assert not intake.rejected
    assert not intake.unmapped
    assert intake.duplicates == intake.negated_returns == intake.folded_lines == 0
    assert intake.timezone == "Europe/Berlin"


def test_the_rows_are_numbered_in_the_order_of_time(rows):
    assert rows["interaction_id"].to_list() == list(range(1, rows.height + 1))
    assert rows["occurred_at"].is_sorted()
    assert rows["occurred_at"].min() >= datetime(2021, 12, 31, 23, tzinfo=UTC)
    assert rows["occurred_at"].max() < datetime(2023, 12, 31, 23, tzinfo=UTC)


def test_every_kind_of_interaction_happens(rows):
    assert set(rows["kind"]) == {kind.value for kind in Kind} - {"other"}


def test_the_phase_is_that_of_the_kind(rows):
    phases = rows.select("kind", "phase").unique()
    assert all(Kind(kind).phase == phase for kind, phase in phases.iter_rows())


def test_every_customer_of_the_rows_is_in_the_table_of_customers(company, rows):
    known = company.customers["customer_id"]
    assert known.is_unique().all()
    assert set(rows["customer_id"].drop_nulls()) == set(known)
    assert rows["customer_id"].null_count() > 0
    owners = company.customers["owner_id"].drop_nulls()
    assert set(owners) <= set(company.truth.agents["agent_id"])


def test_customers_are_acquired_by_their_first_purchase(company, purchases):
    first = purchases.group_by("customer_id").agg(first=pl.col("occurred_at").min())
    table = company.customers.filter(pl.col("acquired_at").is_not_null())
    joined = table.join(first, on="customer_id", how="full")
    # Who buys first at the very end of the last day may be seen only after it.
    assert share(joined["acquired_at"] == joined["first"]) > 0.999


def test_referred_customers_are_new_and_exist(company, rows):
    referrals = rows.filter(kind="referral")
    assert referrals["referred_customer_id"].null_count() == 0
    assert referrals["referred_customer_id"].is_unique().all()
    assert (referrals["customer_id"] != referrals["referred_customer_id"]).all()
    first = rows.group_by("customer_id").agg(first=pl.col("occurred_at").min())
    joined = referrals.join(first, left_on="referred_customer_id", right_on="customer_id")
    assert joined.height == referrals.height
    early = joined["occurred_at"].dt.date() <= joined["first"].dt.date()
    assert early.all()
    channels = company.customers.join(
        referrals.select(customer_id="referred_customer_id"), on="customer_id"
    )["acquisition_channel"]
    assert set(channels) == {"referral"}


def test_amounts_have_the_right_signs(rows, purchases):
    returns = rows.filter(kind="return")
    for name in ("amount", "list_amount"):
        assert (purchases[name] > 0).all()
        assert (returns[name] < 0).all()
    assert (purchases["amount"] <= purchases["list_amount"]).all()
    assert (purchases["margin_amount"] < purchases["amount"]).all()
    assert 0.002 < share(purchases["margin_amount"] < 0) < 0.05
    others = rows.filter(~pl.col("kind").is_in(["purchase", "return"]))
    assert others["amount"].null_count() == others.height


def test_what_is_returned_was_bought_before(rows, purchases):
    bought = purchases.select("case_id", "amount", bought_at="occurred_at")
    returns = rows.filter(kind="return").join(bought, on="case_id", suffix="_bought")
    assert returns.height == rows.filter(kind="return").height
    assert (returns["bought_at"] < returns["occurred_at"]).all()
    assert (returns["amount"] == -returns["amount_bought"]).all()


def test_ratings_lie_on_their_scales(rows):
    rated = rows.drop_nulls("rating")
    assert set(rated["kind"]) == {"survey", "review"}
    assert rated["rating"].is_between(rated["rating_min"], rated["rating_max"]).all()
    assert (rated["rating"] == rated["rating"].round()).all()
    assert rows["outcome"].drop_nulls().is_between(-1, 1).all()
    assert (rows["severity"].drop_nulls() > 0).all()


def test_cases_begin_with_the_customer_and_end_with_an_answer(rows):
    cases = rows.filter(pl.col("case_id").str.starts_with("case-"))
    first = cases.group_by("case_id", maintain_order=True).first()
    assert set(first["kind"]) == {"question", "problem", "complaint"}
    assert cases.select("case_id", "occurred_at").is_duplicated().sum() == 0
    at = cases.group_by("case_id").agg(
        reply=pl.col("occurred_at").filter(pl.col("kind") == "reply").min(),
        solved=pl.col("occurred_at").filter(pl.col("kind").is_in(["resolution", "recovery"])).min(),
        reopened=pl.col("occurred_at").filter(pl.col("kind") == "reopen").min(),
        customers=pl.col("customer_id").n_unique(),
    )
    assert (at["reply"] < at["solved"]).all()
    assert (at["solved"] < at["reopened"]).all()
    assert (at["customers"] == 1).all()
    assert at.filter(pl.col("solved").is_not_null())["reply"].null_count() == 0


def test_deliveries_come_after_purchases_and_calls_after_deliveries(rows):
    orders = rows.filter(pl.col("case_id").str.starts_with("order-"))
    at = orders.pivot("kind", index="case_id", values="occurred_at", aggregate_function="first")
    assert (at["purchase"] < at["delivery"]).all()
    assert (at["delivery"] < at["follow_up"]).all()
    assert (at["purchase"] < at["survey"]).all()


def test_rings_and_waits_speak_of_the_same_call(rows):
    calls = rows.drop_nulls("rings")
    assert set(calls["channel"]) == {"phone"}
    assert (calls["rings"] == calls["wait_s"] // 6 + 1).all()
    # The third ring starts at 12 s.
    assert ((calls["wait_s"] < 12) == (calls["rings"] <= 2)).all()
    assert (
        rows.filter(channel="email")["wait_s"].null_count() == rows.filter(channel="email").height
    )


def test_first_responses_are_measured_from_the_opening(rows):
    opened = rows.filter(pl.col("case_id").str.starts_with("case-"))
    opened = opened.group_by("case_id").agg(opened=pl.col("occurred_at").min())
    replies = rows.drop_nulls("first_response_s").join(opened, on="case_id")
    elapsed = (replies["occurred_at"] - replies["opened"]).dt.total_seconds()
    assert (elapsed == replies["first_response_s"]).all()
    assert set(replies["kind"]) == {"reply"}


def test_the_business_acts_in_opening_hours(rows):
    local = rows.with_columns(pl.col("occurred_at").dt.convert_time_zone("Europe/Berlin"))
    hour, weekday = local["occurred_at"].dt.hour(), local["occurred_at"].dt.weekday()
    is_open = hour.is_between(8, 19) & (weekday <= 6)
    by_agents = (rows["initiated_by"] == "business") & rows["agent_id"].is_not_null()
    assert share(is_open.filter(by_agents)) > 0.99
    assert 0.8 < share(is_open) < 0.95


def test_nobody_acts_after_leaving(rows, truth):
    known = truth.select("customer_id", "first_left_at", "won_back_at", "left_at")
    acts = rows.filter(initiated_by="customer").join(known, on="customer_id")
    at = pl.col("occurred_at")
    away = (at >= pl.col("first_left_at")) & (at < pl.col("won_back_at").fill_null(NEVER))
    assert acts.filter(away | (at >= pl.col("left_at"))).height == 0
    rated = rows.filter(survey_kind="nps").drop_nulls("rating").join(known, on="customer_id")
    assert rated.filter(away | (at >= pl.col("left_at"))).height == 0


# Plausible figures ----------------------------------------------------------------------------


def test_the_figures_of_the_business_are_plausible(company, rows, purchases, truth):
    assert 25 < rows.height / CUSTOMERS < 37
    buyers = purchases.group_by("customer_id").len()
    assert 0.78 < buyers.height / CUSTOMERS < 0.86
    assert 0.28 < share(buyers["len"] == 1) < 0.50
    (said,) = read(company.history, [Concentration()])["concentration"].to_dicts()
    assert 0.68 < said["top_share"] < 0.84
    assert 0.02 < share(rows["kind"] == "complaint") < 0.12
    left = truth.filter(~pl.col("is_stranger"))["left_at"].is_not_null()
    assert 0.45 < share(left) < 0.70


def test_few_answer_and_the_net_promoter_score_is_plausible(rows):
    asked = rows.filter(survey_kind="nps")
    assert 0.12 < share(asked["rating"].is_not_null()) < 0.30
    said = asked["rating"].drop_nulls()
    assert 15 < 100 * (share(said >= 9) - share(said <= 6)) < 45


def test_silence_is_more_common_than_complaint(truth):
    left = truth.filter(pl.col("left_at").is_not_null())
    assert 0.25 < share(left["left_voiced"]) < 0.50
    assert set(left["left_reason"]) == {"own", "price", "service"}
    assert 0.3 < share(left["left_reason"] == "service") < 0.55
    assert truth.filter(pl.col("first_left_at").is_null())["left_voiced"].null_count() > 0


def test_many_who_left_had_said_that_all_was_well(rows, truth):
    """Watermelons: green outside, red inside."""
    left = truth.filter(pl.col("left_at").is_not_null())
    said = rows.drop_nulls("rating").join(left, on="customer_id")
    last = said.group_by("customer_id", maintain_order=True).last()
    well = (last["rating"] - last["rating_min"]) / (last["rating_max"] - last["rating_min"]) >= 0.75
    assert 0.4 < share(well) < 0.9


def test_a_few_customers_are_worth_most_and_large_ones_have_an_owner(company):
    tiers = dict(company.customers["tier"].value_counts().iter_rows())
    assert tiers["small"] > tiers["key"]
    assert 0.01 < tiers["key"] / CUSTOMERS < 0.15
    key = company.customers["tier"] == "key"
    assert (company.customers["owner_id"].is_not_null() == key).all()


# The truth can be recovered -------------------------------------------------------------------


def test_trust_is_lower_where_customers_left_in_anger(company, truth):
    scores = pl.DataFrame(score(company.history, Trust()).to_dicts())
    left = truth.rename({"trust": "latent_trust"}).join(scores, on="customer_id")
    left = left.filter(pl.col("left_at").is_not_null())
    trust = dict(left.group_by("left_voiced").agg(pl.col("trust").mean()).iter_rows())
    assert trust[True] < trust[False] - 0.1
    assert np.corrcoef(left["latent_trust"], left["trust"])[0, 1] > 0.3


def test_who_left_for_good_and_who_never_came_buy_nothing(purchases, truth):
    bought = purchases.join(truth, on="customer_id")
    assert bought.filter(pl.col("occurred_at") >= pl.col("left_at")).height == 0
    assert bought.filter("is_stranger").height == 0
    assert share(truth["is_stranger"]) > 0.1


def test_price_only_buyers_buy_on_discount(purchases, truth):
    on_offer = (
        purchases.join(truth, on="customer_id")
        .group_by("is_price_only")
        .agg((pl.col("amount") < pl.col("list_amount")).mean())
    )
    shares = dict(on_offer.iter_rows())
    assert shares[True] > 0.93
    assert shares[False] < 0.25


def test_some_come_back_for_a_discount_and_go_again(rows, purchases, truth):
    back = truth.filter(pl.col("won_back_at").is_not_null())
    assert (back["first_left_at"] < back["won_back_at"]).all()
    assert share(back["gone_again"]) > 0.6
    stayed = pl.col("left_at") - pl.col("won_back_at")
    again = back.filter(stayed < timedelta(days=14))
    assert again.height > 0.6 * back.height
    assert again["gone_again"].all()
    assert (again["won_back_at"] < again["left_at"]).all()
    bought = purchases.join(again, on="customer_id")
    bought = bought.filter(pl.col("occurred_at") >= pl.col("won_back_at"))
    assert bought.height == again.height
    assert (1 - bought["amount"] / bought["list_amount"] > 0.3).all()
    assert set(again["left_reason"]) == {"price"}
    offered = rows.filter(topic="win-back").select("customer_id", offered_at="occurred_at")
    joined = bought.join(offered, on="customer_id")
    assert joined.height == bought.height
    assert (joined["offered_at"].dt.date() <= joined["occurred_at"].dt.date()).all()


def test_one_department_drops_the_ball(company, rows):
    dropping = company.truth.dropping_department
    opened = rows.filter(pl.col("kind").is_in(["question", "problem"]))
    opened = opened.group_by("case_id").agg(pl.col("department").first())
    ended = rows.filter(pl.col("kind") == "resolution").select("case_id").unique()
    done = opened.join(ended.with_columns(done=True), on="case_id", how="left")
    unfinished = done.group_by("department").agg(pl.col("done").is_null().mean().alias("share"))
    assert unfinished.sort("share")["department"][-1] == dropping

    handed = pl.DataFrame(read(company.history, [HandOffMatrix()])["hand_off_matrix"].to_dicts())
    by_giver = handed.group_by("from_holder").agg(pl.col("handoff_count").sum())
    per_case = by_giver.join(
        opened.group_by("department").len(), left_on="from_holder", right_on="department"
    ).with_columns(rate=pl.col("handoff_count") / pl.col("len"))
    assert per_case.sort("rate")["from_holder"][-1] == dropping

    calls = rows.drop_nulls("rings").group_by("department").agg((pl.col("rings") <= 2).mean())
    assert calls.sort("rings")["department"][0] == dropping


def test_the_best_agents_are_rated_best(company, rows):
    rated = rows.filter(survey_kind="csat").drop_nulls("rating")
    joined = rated.join(company.truth.agents, on="agent_id")
    mean = dict(joined.group_by("is_best").agg(pl.col("rating").mean()).iter_rows())
    assert mean[True] > mean[False] + 0.4
    agents = company.truth.agents
    assert company.truth.best_agents == tuple(agents.filter("is_best")["agent_id"])
    assert company.truth.dropping_department not in set(agents.filter("is_best")["department"])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_cohort_of_the_campaign_is_the_weakest(seed):
    company = simulate(customers=5_000, seed=seed)
    cohorts = read(company.history, [CohortRetention()])["cohort_retention"].to_dicts()
    early = pl.DataFrame(cohorts).filter(pl.col("age_months").is_in([2, 3, 4]), "is_complete")
    kept = early.group_by("cohort_month").agg(
        pl.len(), kept=pl.col("customers_count").sum() / pl.col("cohort_size").sum()
    )
    weakest = kept.filter(pl.col("len") == 3).sort("kept")["cohort_month"][0]
    assert weakest == company.truth.campaign_month


def test_each_bad_experience_leaves_less_trust(truth):
    count = pl.col("bad_experience_count").clip(0, 2)
    by_count = truth.filter(~pl.col("is_stranger")).group_by(count).agg(pl.col("trust").mean())
    left = by_count.sort("bad_experience_count")["trust"].to_list()
    assert len(left) == 3
    assert left[0] > left[1] + 0.1 > left[2] + 0.2


def risk_difference(company):
    """By how much more often those leave within 180 days who had a bad experience before."""
    cut = datetime(2022, 12, 1, tzinfo=UTC)
    truth = company.truth.customers.filter(~pl.col("is_stranger"), ~pl.col("in_campaign"))
    first = company.interactions.filter(kind="purchase")
    first = first.group_by("customer_id").agg(first=pl.col("occurred_at").min())
    there = truth.join(first, on="customer_id").filter(
        pl.col("first") < cut, pl.col("first_left_at").fill_null(NEVER) >= cut
    )
    bad = (there["first_bad_at"] < cut).fill_null(value=False)
    gone = (there["first_left_at"] < cut + timedelta(days=180)).fill_null(value=False)
    return share(gone.filter(bad)) - share(gone.filter(~bad))


def test_bad_experiences_drive_customers_away_only_where_service_matters():
    assert risk_difference(simulate(customers=6_000, seed=3)) > 0.08
    assert abs(risk_difference(simulate(customers=6_000, seed=3, service_effect=0))) < 0.06


# The same again -------------------------------------------------------------------------------

FINGERPRINT = """
import hashlib
from custloyal.datasets import simulate
company = simulate(customers=300, seed=11)
frames = (company.interactions, company.customers, company.truth.customers)
digests = [hashlib.sha256(frame.write_csv().encode()).hexdigest() for frame in frames]
print(" ".join(digests))
"""


@pytest.mark.parametrize("threads", ["1", "7"])
def test_equal_seeds_give_equal_tables_in_another_process_with_other_threads(threads):
    libraries = ("POLARS", "OMP", "OPENBLAS", "MKL", "NUMEXPR")
    names = [f"{each}_{'MAX' if each == 'POLARS' else 'NUM'}_THREADS" for each in libraries]
    # Texts are hashed otherwise in each process, unless the seed of that is the same.
    environment = {**os.environ, **dict.fromkeys(names, threads), "PYTHONHASHSEED": threads}
    ran = subprocess.run(
        [sys.executable, "-c", FINGERPRINT],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    company = simulate(customers=300, seed=11)
    frames = (company.interactions, company.customers, company.truth.customers)
    ours = [hashlib.sha256(frame.write_csv().encode()).hexdigest() for frame in frames]
    assert ran.stdout.split() == ours


WITHOUT_ARROW = """
import sys
sys.modules["pyarrow"] = None
from custloyal.datasets import simulate
company = simulate(customers=20, seed=1, days=60)
print(company.history.intake.accepted == company.interactions.height > 0)
"""


def test_a_company_is_simulated_where_pyarrow_is_not_installed():
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_ARROW], capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == ("True\n", "")


def test_the_rows_fall_into_the_time_that_is_asked_for():
    company = simulate(customers=200, seed=5, start=date(2024, 1, 1), days=90)
    assert company.interactions["occurred_at"].min() >= datetime(2023, 12, 31, 23, tzinfo=UTC)
    assert company.interactions["occurred_at"].max() < datetime(2024, 3, 30, 23, tzinfo=UTC)
    assert company.truth.parameters["start"] == date(2024, 1, 1)
    assert not company.interactions.equals(simulate(customers=200, seed=6, days=90).interactions)


@pytest.mark.parametrize("seed", range(5))
def test_the_smallest_company_works(seed):
    company = simulate(customers=1, seed=seed, days=60)
    assert company.customers.height == 1
    assert company.history.intake.accepted == company.interactions.height > 0


def test_options_out_of_range_are_refused_together():
    with pytest.raises(InvalidValueError) as raised:
        simulate(customers=0, seed=-1, start="yesterday", days=59, service_effect=-1)
    paths = [mistake.path for mistake in raised.value.mistakes]
    assert paths == ["customers", "seed", "start", "days", "service_effect"]
    with pytest.raises(InvalidValueError, match="start"):
        simulate(start=datetime(2022, 1, 1, tzinfo=UTC))
