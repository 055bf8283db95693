"""RFM, the BTYD statistics and cohorts equal the reference on every backend."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import custloyal
import reference
from comparing import assert_same, history_of, instant_of, priced, read_rows
from custloyal import CohortRetention, History, Rfm
from custloyal.metrics import BtydStatistics
from custloyal.models import Kind
from custloyal.testing import as_ofs, rows
from engines import every_backend, sparingly

ZONE = "America/St_Johns"
"""Half an hour beside full hours, and its clocks change."""

purchases = rows(
    min_size=5,
    max_size=30,
    kinds=[Kind.PURCHASE, Kind.RETURN, Kind.PURCHASE, Kind.VISIT],
    timezone=ZONE,
)


@every_backend
@given(data=st.data())
@sparingly
def test_rfm_equals_the_reference(backend, data):
    drawn = priced(data.draw(purchases))
    as_of = data.draw(as_ofs(drawn, timezone=ZONE))
    history, accepted = history_of(backend, drawn, timezone=ZONE)
    expected = reference.rfm(accepted, instant_of(as_of, ZONE), ZONE)
    assert_same(read_rows(backend, history, Rfm(), as_of), expected, "customer_id")


@every_backend
@pytest.mark.parametrize("unit", ["day", "week"])
@given(data=st.data())
@sparingly
def test_btyd_statistics_equal_the_reference(backend, unit, data):
    drawn = data.draw(purchases)
    as_of = data.draw(as_ofs(drawn, timezone=ZONE))
    history, accepted = history_of(backend, drawn, timezone=ZONE)
    expected = reference.btyd(accepted, instant_of(as_of, ZONE), ZONE, unit=unit)
    actual = read_rows(backend, history, BtydStatistics(unit=unit), as_of)
    # A mean of repeats is a difference of sums: a billion leaves six digits behind the point.
    assert_same(actual, expected, "customer_id", near=1e-6)


@every_backend
@given(data=st.data())
@sparingly
def test_cohorts_equal_the_reference(backend, data):
    drawn = data.draw(purchases)
    as_of = data.draw(as_ofs(drawn, timezone=ZONE))
    history, accepted = history_of(backend, drawn, timezone=ZONE)
    expected = reference.cohorts(accepted, instant_of(as_of, ZONE), ZONE)
    actual = read_rows(backend, history, CohortRetention(), as_of)
    keys = ("cohort_month", "age_months")
    wanted = {tuple(row[key] for key in keys): row for row in expected}
    assert_same(actual, wanted, *keys)
    assert [tuple(row[key] for key in keys) for row in actual] == list(wanted)


def bought(*days, customer="ann", amount=10.0):
    return [
        {"customer_id": customer, "occurred_at": at, "kind": "purchase", "amount": amount}
        for at in (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in days)
    ]


@every_backend
def test_two_purchases_on_one_day_are_one_purchase_day(backend):
    history, _ = history_of(backend, bought("2024-05-01T00:00", "2024-05-01T23:59:59.999999"))
    [read] = read_rows(backend, history, BtydStatistics(), date(2024, 5, 11))
    assert (read["x"], read["t_x"], read["T"], read["mean_repeat_amount"]) == (0, 0, 10, None)
    [read] = read_rows(backend, history, Rfm(), date(2024, 5, 11))
    assert (read["recency_days"], read["frequency"], read["monetary_amount"]) == (10, 1, 20.0)


@every_backend
def test_days_are_local_days(backend):
    # In London midnight of 31 March was at 00:00 UTC, that of 1 April at 23:00 UTC.
    rows = bought("2024-03-31T00:00", "2024-03-31T22:59:59.999999", "2024-03-31T23:00")
    history, _ = history_of(backend, rows, timezone="Europe/London")
    [read] = read_rows(backend, history, BtydStatistics(), date(2024, 4, 1))
    assert (read["x"], read["t_x"], read["T"]) == (1, 1, 1)


@every_backend
@pytest.mark.parametrize(
    ("as_of", "complete"),
    [
        ("2024-01-31", True),
        ("2024-01-31T23:59:59.999999Z", True),
        ("2024-01-31T10:00:00Z", False),
        ("2024-01-30", False),
    ],
)
def test_a_month_is_complete_when_it_is_over(backend, as_of, complete):
    history, _ = history_of(backend, bought("2024-01-01T12:00"))
    [read] = read_rows(backend, history, CohortRetention(), as_of)
    assert read["is_complete"] is complete


@every_backend
def test_amounts_that_are_not_known_are_not_zero(backend):
    rows = [*bought("2024-05-01", amount=None), *bought("2024-05-01", customer="bob")]
    history, _ = history_of(backend, rows)
    read = {row["customer_id"]: row for row in read_rows(backend, history, Rfm(), "2024-05-02")}
    assert read["bob"]["monetary_amount"] == 10.0
    assert read["ann"]["monetary_amount"] is None
    assert read["ann"]["mean_day_amount"] is None


def test_btyd_statistics_equal_those_of_lifetimes(shared_data):
    utils = pytest.importorskip("lifetimes.utils", exc_type=ImportError)
    pl = pytest.importorskip("polars")
    sales = pl.read_parquet(shared_data("cdnow_sample.parquet"))
    end = "1997-09-30"
    theirs = utils.summary_data_from_transaction_data(
        sales.to_pandas(), "sample_id", "date", "dollars", observation_period_end=end
    )
    history = History.from_native(
        sales,
        columns={"customer_id": "sample_id", "occurred_at": "date", "amount": "dollars"},
        constants={"kind": "purchase"},
        timezone="UTC",
    )
    ours = custloyal.read(history, BtydStatistics(), as_of=end)["btyd_statistics"].to_dicts()
    assert len(ours) == len(theirs) == 2357
    for row in ours:
        wanted = theirs.loc[row["customer_id"]]
        assert (row["x"], row["t_x"], row["T"]) == (wanted.frequency, wanted.recency, wanted["T"])
        # Where nobody came back they say 0, and we that there is no mean.
        assert (row["mean_repeat_amount"] or 0.0) == pytest.approx(wanted.monetary_value, rel=1e-9)
