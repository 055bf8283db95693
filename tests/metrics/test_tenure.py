"""Tenure, silence and return equal the reference, and a second method on published data."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import custloyal
import reference_tenure as reference
from comparing import assert_same, close, history_of, instant_of
from custloyal import History, States, datasets
from custloyal.errors import InvalidValueError
from custloyal.metrics import (
    AgeRetention,
    AgeValue,
    HoldOut,
    KaplanMeier,
    Lifecycle,
    NextPurchase,
    PurchaseDays,
    Reactivation,
    RepeatPurchaseRate,
    RetentionRate,
    RevenueBridge,
    Tenure,
)
from custloyal.models import Kind
from custloyal.testing import as_ofs, rows
from engines import every_engine

ZONE = "America/St_Johns"
drawn_rows = rows(
    min_size=5,
    max_size=30,
    customer_ids=["ann", "bob", "cem", "dee", None],
    kinds=[Kind.PURCHASE, Kind.RETURN],
    timezone=ZONE,
)
seldom = settings(max_examples=max(1, settings().max_examples // 5))


@st.composite
def asked(draw):
    drawn = draw(drawn_rows)
    return drawn, draw(as_ofs(drawn, timezone=ZONE)), draw(st.sampled_from([1, 30, 60, 151]))


@every_engine
@given(asked())
@seldom
def test_readings_of_silence_equal_the_reference(backend, asked):
    drawn, as_of, quiet = asked
    history, accepted = history_of(backend, drawn, timezone=ZONE)
    lengths = (1, 30, 60)
    metrics = [
        KaplanMeier(inactivity_days=quiet),
        Tenure(inactivity_days=quiet),
        Reactivation(dormant_days=lengths, within_days=quiet),
        RepeatPurchaseRate(within_days=lengths),
        NextPurchase(),
        AgeRetention(step_days=quiet, period="quarter"),
        AgeValue(step_days=quiet),
    ]
    readings = custloyal.read(history, metrics, as_of=as_of)
    curve, summary, back, again, upcoming, ages, values = (
        backend.rows(readings[metric].to_native()) for metric in metrics
    )
    about = accepted, instant_of(as_of, ZONE), ZONE
    seen_for, unobserved = reference.tenures(*about, inactivity_days=quiet)
    assert_same(curve, reference.survival(seen_for), "tenure_days")
    assert_same(summary, {(): reference.tenure(seen_for, unobserved)}, near=1e-9)
    expected = reference.reactivation(*about, dormant_days=lengths, within_days=quiet)
    assert_same(back, expected, "dormant_days")
    assert_same(again, reference.repeats(*about, within_days=lengths), "within_days")
    assert_same(upcoming, reference.next_purchases(*about), "customer_id")
    expected = reference.ages(*about, period="quarter", step_days=quiet)
    assert_same(ages, expected, "cohort_quarter", "age_days")
    expected = reference.age_values(*about, step_days=quiet)
    assert_same(values, expected, "customer_id", "age_days")


@every_engine
@given(asked())
@seldom
def test_tenure_of_contracts_equals_the_reference(backend, asked):
    drawn, as_of, _ = asked
    history, accepted = history_of(backend, drawn, timezone=ZONE)
    metrics = [KaplanMeier(ends=Kind.RETURN), Tenure(ends=Kind.RETURN)]
    readings = custloyal.read(history, metrics, as_of=as_of)
    seen_for, unobserved = reference.tenures(
        accepted, instant_of(as_of, ZONE), ZONE, ends=lambda row: row["kind"] == "return"
    )
    curve, summary = (backend.rows(readings[metric].to_native()) for metric in metrics)
    assert_same(curve, reference.survival(seen_for), "tenure_days")
    assert_same(summary, {(): reference.tenure(seen_for, unobserved)}, near=1e-9)


@every_engine
@given(data=st.data())
@settings(max_examples=3)
def test_parts_split_at_random_merge_to_the_whole(backend, data):
    _, accepted = history_of(backend, data.draw(drawn_rows))
    mine = data.draw(st.lists(st.booleans(), min_size=len(accepted), max_size=len(accepted)))
    metrics = (
        *(HoldOut(learned_until="2024-03-01"), PurchaseDays()),
        *(AgeRetention(), AgeValue(), KaplanMeier(inactivity_days=30), Tenure(ends=Kind.RETURN)),
        *(Lifecycle(), NextPurchase(), Reactivation(), RepeatPurchaseRate()),
        *(RetentionRate(ends=("department", "desk")), RevenueBridge(period="week")),
    )

    def history(taken):
        columns = ("customer_id", "occurred_at", "kind", "amount", "department")
        kept = [{name: row.get(name) for name in columns} for row in taken]
        return History.from_native(backend.frame(kept, columns=columns))

    late = "2030-01-01"
    first, second = (
        States.of(
            history([r for r, m in zip(accepted, mine, strict=True) if m is side]),
            metrics,
            as_of=late,
        )
        for side in (True, False)
    )
    merged = first.merge(second).read()
    whole = custloyal.read(history(accepted), metrics, as_of=late)
    for name, reading in whole.items():
        keys = reading.metric.grain
        wanted = {tuple(row[key] for key in keys): row for row in reading.to_dicts()}
        assert_same(merged[name].to_dicts(), wanted, *keys)


# By hand -------------------------------------------------------------------------------------


@every_engine
def test_margins_are_those_of_purchases_whose_both_amounts_are_known(backend):
    first = {"customer_id": "a", "kind": "purchase"}
    frame = [
        {**first, "occurred_at": datetime(2024, 1, 1), "amount": 10.0, "margin_amount": 4.0},
        {**first, "occurred_at": datetime(2024, 1, 30), "amount": 20.0, "margin_amount": None},
        {**first, "occurred_at": datetime(2024, 1, 31), "amount": None, "margin_amount": 3.0},
    ]
    columns = ("customer_id", "occurred_at", "kind", "amount", "margin_amount")
    history = History.from_native(backend.frame(frame, columns=columns), timezone="UTC")
    metric = AgeValue(step_days=30)
    found = backend.rows(custloyal.read(history, metric)[metric].to_native())
    nothing = dict.fromkeys(("amount", "margin_amount", "margin_of_amount"))
    young = {"amount": 30.0, "margin_amount": 4.0, "margin_of_amount": 10.0}
    young |= {"purchase_count": 2, "unknown_count": 0}
    old = {"purchase_count": 1, "unknown_count": 1, **nothing}
    assert_same(found, {("a", 0): young, ("a", 30): old}, "customer_id", "age_days")


def bought(customer, *days):
    return [
        {
            "customer_id": customer,
            "occurred_at": datetime.fromisoformat(day).replace(tzinfo=UTC),
            "kind": "purchase",
        }
        for day in days
    ]


@every_engine
def test_silence_is_an_end_only_when_it_has_lasted(backend):
    history, _ = history_of(backend, bought("ann", "2024-01-01", "2024-01-11"))
    metric = KaplanMeier(inactivity_days=30)

    def ended(as_of):
        read = custloyal.read(history, metric, as_of=as_of)[metric].to_dicts()
        return {row["tenure_days"]: row["ended_count"] for row in read}

    assert ended("2024-01-30") == {}  # nobody could be seen to leave yet
    assert ended("2024-02-09") == {0: 0, 9: 0}  # still there at 9 days, not known at 10
    assert ended("2024-02-10") == {0: 0, 10: 1}


@every_engine
def test_who_comes_back_after_the_silence_had_left(backend):
    history, _ = history_of(backend, bought("ann", "2024-01-01", "2024-03-01"))
    metric = Tenure(inactivity_days=30)
    [read] = custloyal.read(history, metric, as_of="2024-03-05")[metric].to_dicts()
    assert (read["ended_count"], read["median_days"], read["restricted_mean_days"]) == (1, 0, 0.0)
    metric = Tenure(inactivity_days=60)  # 60 days lie between: not more than 60
    [read] = custloyal.read(history, metric, as_of="2024-03-05")[metric].to_dicts()
    assert (read["ended_count"], read["customers_count"]) == (0, 1)


def test_exactly_one_end_must_be_named():
    for options in ({}, {"inactivity_days": 30, "ends": Kind.RETURN}):
        with pytest.raises(InvalidValueError, match="must be one of the two"):
            KaplanMeier(**options)
    with pytest.raises(InvalidValueError, match="inactivity_days: is 0"):
        Tenure(inactivity_days=0)
    with pytest.raises(InvalidValueError, match="ends: is 'topic'"):
        Tenure(ends="topic")


def test_a_mean_beyond_the_curve_is_not_known():
    metrics = [Tenure(inactivity_days=180, restricted_to_days=500)]
    [read] = custloyal.read(datasets.cdnow(), metrics)["tenure"].to_dicts()
    assert read["restricted_mean_days"] is None


# Remission from leukaemia, the textbooks' example ----------------------------------------------

TREATED = [6, 6, 6, 7, 10, 13, 16, 22, 23]  # weeks to the relapse
STILL_WELL = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]  # weeks since they entered
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]

PUBLISHED = [
    # week, at risk, relapses, share, its standard error by Greenwood's formula
    (6, 21, 3, 0.857, 0.0764),
    (7, 17, 1, 0.807, 0.0869),
    (10, 15, 1, 0.753, 0.0963),
    (13, 12, 1, 0.690, 0.1068),
    (16, 11, 1, 0.627, 0.1141),
    (22, 7, 1, 0.538, 0.1282),
    (23, 6, 1, 0.448, 0.1346),
]


def remission(ended, still_there):
    """Patients as customers: they enter, and a return is the relapse; days stand for weeks."""
    end = date(2024, 3, 1)

    def row(patient, kind, days_ago):
        at = datetime.combine(end - timedelta(days=days_ago), datetime.min.time(), tzinfo=UTC)
        return {"customer_id": patient, "occurred_at": at, "kind": kind, "amount": 1.0}

    patients = [(40, 40 - weeks) for weeks in ended] + [(weeks, None) for weeks in still_there]
    return end, [
        row(f"patient {number}", kind, days_ago)
        for number, (entered, relapsed) in enumerate(patients)
        for kind, days_ago in (("purchase", entered), ("return", relapsed))
        if days_ago is not None
    ]


@every_engine
def test_the_curve_of_remission_is_the_published_one(backend):
    end, rows = remission(TREATED, STILL_WELL)
    history, _ = history_of(backend, rows)
    metrics = [KaplanMeier(ends=Kind.RETURN), Tenure(ends=Kind.RETURN)]
    readings = custloyal.read(history, metrics, as_of=end)
    steps = {r["tenure_days"]: r for r in readings["kaplan_meier"].to_dicts() if r["ended_count"]}
    assert list(steps) == [week for week, *_ in PUBLISHED]
    for week, at_risk, ended, share, error in PUBLISHED:
        step = steps[week]
        assert (step["at_risk_count"], step["ended_count"]) == (at_risk, ended)
        assert round(step["survival_share"], 3) == share
        # The interval on the scale of log(-log S), from the published error.
        spread = 1.96 * error / (share * abs(math.log(share)))
        assert step["survival_low"] == pytest.approx(share ** math.exp(spread), abs=0.002)
        assert step["survival_high"] == pytest.approx(share ** math.exp(-spread), abs=0.002)
    [summary] = readings["tenure"].to_dicts()
    assert (summary["customers_count"], summary["ended_count"]) == (21, 9)
    assert summary["median_days"] == 23


@every_engine
def test_without_censoring_the_curve_is_a_count(backend):
    end, rows = remission(PLACEBO, [])
    history, _ = history_of(backend, rows)
    metrics = [KaplanMeier(ends=Kind.RETURN), Tenure(ends=Kind.RETURN)]
    readings = custloyal.read(history, metrics, as_of=end)
    for step in readings["kaplan_meier"].to_dicts():
        left = sum(weeks > step["tenure_days"] for weeks in PLACEBO)
        assert step["survival_share"] == pytest.approx(left / 21, abs=1e-12)
    [summary] = readings["tenure"].to_dicts()
    assert summary["median_days"] == 8
    assert summary["restricted_mean_days"] == pytest.approx(sum(PLACEBO) / 21)  # all relapsed


# On CDNOW ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lives():
    """Of each customer of CDNOW the purchase days, by pandas."""
    pd = pytest.importorskip("pandas")
    sales = pd.read_parquet(datasets.cdnow_path()).sort_values("date")
    return {key: sorted(set(own)) for key, own in sales.groupby("sample_id")["date"]}


@pytest.mark.parametrize("as_of", ["1998-06-30", "1997-12-31"])
@pytest.mark.parametrize("quiet", [60, 180])
def test_the_curve_of_cdnow_is_that_of_scipy(lives, quiet, as_of):
    np = pytest.importorskip("numpy")
    stats = pytest.importorskip("scipy.stats")
    end = date.fromisoformat(as_of)
    times, ended = [], []
    for days in lives.values():
        own = [day for day in days if day <= end]
        if not own or (end - own[0]).days < quiet:
            continue
        stops = [a for a, b in pairwise([*own, date.max]) if (b - a).days > quiet]
        tenure, seen = (stops[0] - own[0]).days, (end - own[0]).days - quiet
        times.append(min(tenure, seen))
        ended.append(tenure <= seen)
    times, ended = np.array(times, float), np.array(ended)
    theirs = stats.ecdf(stats.CensoredData(uncensored=times[ended], right=times[~ended])).sf
    metrics = [KaplanMeier(inactivity_days=quiet), Tenure(inactivity_days=quiet)]
    readings = custloyal.read(datasets.cdnow(), metrics, as_of=as_of)
    ours = readings["kaplan_meier"].to_dicts()
    at = np.array([row["tenure_days"] for row in ours], float)
    shares = np.array([row["survival_share"] for row in ours])
    np.testing.assert_allclose(shares, theirs.evaluate(at), rtol=1e-10)
    assert (np.diff(shares) <= 0).all()
    level = 2 * stats.norm.cdf(1.96) - 1
    band = theirs.confidence_interval(confidence_level=level, method="log-log")
    for column, bound in (("survival_low", band.low), ("survival_high", band.high)):
        np.testing.assert_allclose([row[column] for row in ours], bound.evaluate(at), rtol=1e-9)
    [summary] = readings["tenure"].to_dicts()
    assert summary["customers_count"] == len(times)
    # The area under the curve a day at a time.
    area = theirs.evaluate(np.arange(times.max())).sum()
    assert summary["restricted_mean_days"] == pytest.approx(area, rel=1e-10)


def test_who_stays_at_all_is_who_came_back_within_the_silence():
    readings = custloyal.read(
        datasets.cdnow(), [KaplanMeier(inactivity_days=180), RepeatPurchaseRate()]
    )
    start = readings["kaplan_meier"].to_dicts()[0]
    again = {row["within_days"]: row for row in readings["repeat_purchase_rate"].to_dicts()}
    assert start["survival_share"] == pytest.approx(again[180]["repeat_share"]) == 887 / 2357
    assert (again[None]["repeat_count"], again[None]["customers_count"]) == (1139, 2357)


@every_engine
def test_nobody_was_observed_for_longer_than_there_are_days(backend):
    history, _ = history_of(backend, bought("ann", "2024-01-01", "2024-01-11"))
    metric = RepeatPurchaseRate(within_days=(10, 10_000_000))
    soon, never, _ = custloyal.read(history, metric, as_of="2024-02-29")[metric].to_dicts()
    assert (soon["repeat_count"], soon["customers_count"]) == (1, 1)
    assert (never["customers_count"], never["repeat_share"]) == (0, None)


def test_the_published_customers_without_a_repeat():
    metric = RepeatPurchaseRate()
    read = custloyal.read(datasets.cdnow(), metric, as_of="1997-09-30")[metric].to_dicts()
    assert read[-1]["customers_count"] - read[-1]["repeat_count"] == 1411


def test_reactivation_on_cdnow_by_hand(lives):
    end = date.fromisoformat("1998-06-30")
    metric = Reactivation()
    read = custloyal.read(datasets.cdnow(), metric)[metric].to_dicts()
    for row in read:
        length, dormant, back = row["dormant_days"], 0, 0
        for days in lives.values():
            gaps = [(a, (b - a).days) for a, b in pairwise([*days, date.max])]
            since, gap = next((a, gap) for a, gap in gaps if gap > length)
            if (end - since).days >= length + 90:
                dormant += 1
                back += gap <= length + 90
        assert (row["dormant_count"], row["reactivated_count"]) == (dormant, back)
    shares = [row["reactivation_share"] for row in read]
    assert shares == sorted(shares, reverse=True)


def test_the_next_gap_lies_within_the_others_as_often_as_said(lives):
    """Of those with three gaps by a date, the next was between them about half the time."""
    inside = said = 0
    for days in lives.values():
        gaps = [(b - a).days for a, b in pairwise(days)]
        for place in range(2, len(gaps)):
            own = gaps[:place]
            inside += min(own) <= gaps[place] <= max(own)
            said += (place - 1) / (place + 1)
    assert close(inside / said, 1.0, near=0.2)
