"""Readings by period equal the reference, and their parts add up."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import custloyal
import reference_retention as reference
from comparing import assert_same, history_of, instant_of, priced, read_rows
from custloyal import datasets
from custloyal.errors import InvalidValueError, MissingColumnError
from custloyal.metrics import CohortRetention, Growth, Lifecycle, RetentionRate, RevenueBridge
from custloyal.models import AsOf, Kind
from custloyal.periods import Period, last_full_day
from custloyal.testing import as_ofs, rows
from engines import every_engine

ZONE = "America/St_Johns"
PERIODS = ("week", "month", "quarter", "year")

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
    """Rows, a time and a period; whether a contract ends with a return or at a desk."""
    drawn = draw(drawn_rows)
    return drawn, draw(as_ofs(drawn, timezone=ZONE)), draw(st.sampled_from(PERIODS))


@every_engine
@given(asked())
@seldom
def test_readings_by_period_equal_the_reference(backend, asked):
    drawn, as_of, period = asked
    history, accepted = history_of(backend, priced(drawn), timezone=ZONE)
    metrics = [
        Lifecycle(period=period),
        RetentionRate(period=period),
        RevenueBridge(period=period),
        CohortRetention(period=period),
    ]
    readings = custloyal.read(history, metrics, as_of=as_of)
    at = instant_of(as_of, ZONE)
    cohort = (f"cohort_{period}", f"age_{period}s")
    for metric, wanted, keys in zip(
        metrics,
        (reference.lifecycle, reference.retention, reference.bridge, reference.cohorts),
        (("period_start",),) * 3 + (cohort,),
        strict=True,
    ):
        expected = wanted(accepted, at, ZONE, period=period)
        actual = backend.rows(readings[metric].to_native())
        assert_same(actual, expected, *keys)
        assert [row[keys[0]] for row in actual] == sorted(row[keys[0]] for row in actual)


@every_engine
@pytest.mark.parametrize(
    ("ends", "ended"),
    [
        (Kind.RETURN, lambda row: row["kind"] == "return"),
        (("department", "desk"), lambda row: row.get("department") == "desk"),
    ],
    ids=["kind", "column"],
)
@given(asked())
@seldom
def test_retention_of_contracts_equals_the_reference(backend, ends, ended, asked):
    drawn, as_of, period = asked
    history, accepted = history_of(backend, drawn, timezone=ZONE)
    expected = reference.retention(
        accepted, instant_of(as_of, ZONE), ZONE, period=period, ends=ended
    )
    actual = read_rows(backend, history, RetentionRate(period=period, ends=ends), as_of)
    assert_same(actual, expected, "period_start")


# By hand -------------------------------------------------------------------------------------


def row(customer, day, kind="purchase", amount=10.0, **more):
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return {"customer_id": customer, "occurred_at": at, "kind": kind, "amount": amount, **more}


@every_engine
def test_unknown_amounts_add_nothing_and_are_counted(backend):
    history, _ = history_of(
        backend,
        [
            row("ann", "2024-01-05", amount=10.0),
            row("ann", "2024-02-05", amount=None),
            row("bob", "2024-02-06", amount=5.0),
        ],
    )
    [read] = read_rows(backend, history, RevenueBridge(), "2024-02-29")
    assert (read["shrunk_amount"], read["new_amount"], read["current_amount"]) == (10.0, 5.0, 5.0)
    assert read["unknown_count"] == 1


@every_engine
def test_who_ends_and_buys_again_in_one_period_has_stayed(backend):
    rows = [
        row("ann", "2024-01-05"),
        row("ann", "2024-02-05", "return", -1.0),
        row("ann", "2024-02-06"),
        row("bob", "2024-01-05"),
        row("bob", "2024-02-05", "return", -1.0),
        row("bob", "2024-03-05"),
        row("cem", "2024-01-01", "return", -1.0),
    ]
    history, _ = history_of(backend, rows)
    read = read_rows(backend, history, RetentionRate(ends=Kind.RETURN), "2024-04-30")
    assert [(r["start_count"], r["churned_count"]) for r in read] == [(2, 1), (1, 0), (2, 0)]


def test_an_end_in_a_column_that_is_not_there_is_named():
    with pytest.raises(MissingColumnError, match="topic: is needed by retention_rate"):
        custloyal.read(datasets.cdnow(), RetentionRate(ends=("topic", "cancellation")))


def test_an_empty_history_has_no_periods():
    history = custloyal.History.from_interactions([])
    for metric in (Lifecycle(), RetentionRate(), CohortRetention(period="week")):
        assert custloyal.read(history, metric, as_of="2024-05-01")[metric].to_dicts() == []


@pytest.mark.parametrize("metric", [Lifecycle, RetentionRate, CohortRetention])
def test_an_unknown_period_is_refused_with_the_nearest(metric):
    with pytest.raises(InvalidValueError, match="did you mean 'quarter'"):
        metric(period="quater")


@pytest.mark.parametrize("period", list(Period))
@given(day=st.dates())
@seldom
def test_a_day_lies_in_the_period_of_its_number(period, day):
    number = period.number_of(day)
    assert period.first_day(number) <= day <= period.last_day(number)
    if period.last_day(number) < date.max:
        assert period.number_of(date.fromordinal(period.last_day(number).toordinal() + 1)) == (
            number + 1
        )


def test_a_day_is_over_with_its_last_microsecond():
    almost = AsOf.parse("2024-05-31T23:59:59.999998", timezone=ZONE)
    assert last_full_day(almost) == date(2024, 5, 30)
    assert last_full_day(AsOf.parse("2024-05-31", timezone=ZONE)) == date(2024, 5, 31)


# On CDNOW ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cdnow():
    metrics = [Lifecycle(), RetentionRate(), RevenueBridge(), CohortRetention()]
    readings = custloyal.read(datasets.cdnow(), metrics)
    return {name: reading.to_dicts() for name, reading in readings.items()}


@pytest.fixture(scope="module")
def months():
    """What each customer spent in each month, by pandas."""
    pd = pytest.importorskip("pandas")
    sales = pd.read_parquet(datasets.cdnow_path())
    sales["month"] = [day.replace(day=1) for day in sales["date"]]
    return sales.pivot_table(index="sample_id", columns="month", values="dollars", aggfunc="sum")


def test_the_lifecycle_of_cdnow(cdnow, months):
    assert sum(row["new_count"] for row in cdnow["lifecycle"]) == 2357
    for place, said in enumerate(cdnow["lifecycle"]):
        now = months.iloc[:, place].notna()
        before = months.iloc[:, :place].notna()
        just = before.iloc[:, -1] if place else now & ~now
        assert said["new_count"] == (now & ~before.any(axis=1)).sum()
        assert said["retained_count"] == (now & just).sum()
        parts = ("new_count", "retained_count", "resurrected_count")
        assert said["active_count"] == now.sum() == sum(said[part] for part in parts)
        assert said["known_count"] == said["active_count"] + said["dormant_count"]


def test_retention_and_churn_of_cdnow_are_one(cdnow, months):
    for place, said in enumerate(cdnow["retention_rate"]):
        was, now = (months.iloc[:, place + n].notna() for n in (0, 1))
        assert (said["start_count"], said["retained_count"]) == (was.sum(), (was & now).sum())
        assert said["retention_share"] + said["churn_share"] == pytest.approx(1)
        assert said["retention_low"] + said["churn_high"] == pytest.approx(1)
    assert (
        cdnow["retention_rate"][0]["start_count"],
        cdnow["retention_rate"][0]["retained_count"],
    ) == (781, 124)


def test_the_revenue_bridge_of_cdnow_adds_up_to_the_cent(cdnow, months):
    for place, said in enumerate(cdnow["revenue_bridge"]):
        c = {name: round(v * 100) for name, v in said.items() if name.endswith("_amount")}
        rise = c["new_amount"] + c["resurrected_amount"] + c["grown_amount"]
        fall = c["shrunk_amount"] + c["lost_amount"]
        assert c["previous_amount"] + rise - fall == c["current_amount"]
        assert c["previous_amount"] - fall == c["kept_amount"]
        was, now = (months.iloc[:, place + n] for n in (0, 1))
        assert said["previous_amount"] == pytest.approx(was.sum(), abs=0.005)
        assert said["grown_amount"] == pytest.approx((now - was).clip(lower=0).sum(), abs=0.005)
        assert said["lost_amount"] == pytest.approx(was[now.isna()].sum(), abs=0.005)
    before, after = cdnow["revenue_bridge"][:2]
    assert before["current_amount"] == after["previous_amount"] == 40433.81


def test_cdnow_grew_by_new_customers_alone(cdnow):
    growth = Growth.of(cdnow["revenue_bridge"][0])
    assert growth.is_bought
    assert growth.change_amount == pytest.approx(11841.11)
    assert growth.new_share == pytest.approx(33430.08 / 11841.11)
    assert "without them revenue would have fallen by 21,588.97" in growth.sentence
    assert Growth.of(cdnow["revenue_bridge"][2]).is_bought is None


def test_growth_of_those_who_were_there_is_not_bought():
    parts = {"resurrected": 0.0, "grown": 30.0, "shrunk": 0.0, "lost": 0.0}
    growth = Growth.of({f"{k}_amount": v for k, v in {**parts, "previous": 9, "new": 10}.items()})
    assert (growth.is_bought, growth.new_share) == (False, 0.25)
    assert growth.sentence.endswith("New customers brought 25% of the growth.")


def test_the_default_triangle_is_monthly(cdnow):
    first = cdnow["cohort_retention"][1]
    assert list(first) == [
        *("cohort_month", "age_months", "customers_count", "cohort_size"),
        *("retention_share", "retention_low", "retention_high", "is_complete"),
    ]
    assert (first["age_months"], first["customers_count"], first["cohort_size"]) == (1, 124, 781)
