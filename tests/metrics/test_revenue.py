"""Concentration and Pareto segments equal the reference on every backend."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from comparing import assert_same, close, history_of, instant_of, priced, read_rows
from custloyal import Concentration
from custloyal.metrics import ParetoSegment
from custloyal.models import Kind
from custloyal.testing import as_ofs, rows
from engines import every_backend, sparingly

CUSTOMERS = [*"abcdefghij", None]
sales = rows(
    min_size=5, max_size=30, customer_ids=CUSTOMERS, kinds=[Kind.PURCHASE, Kind.RETURN, Kind.VISIT]
).map(priced)


@every_backend
@given(data=st.data())
@sparingly
def test_concentration_equals_the_reference(backend, data):
    drawn = data.draw(sales)
    as_of = data.draw(as_ofs(drawn))
    net = data.draw(st.booleans())
    top, majority = data.draw(st.sampled_from([("0.2", "0.8"), ("0.01", "0.5"), ("1", "1")]))
    history, accepted = history_of(backend, drawn)
    expected = reference.concentration(
        accepted, instant_of(as_of, "UTC"), top=Fraction(top), majority=Fraction(majority), net=net
    )
    metric = Concentration(top=float(top), majority=float(majority), net=net)
    [actual] = read_rows(backend, history, metric, as_of)
    for name, value in expected.items():
        assert close(actual[name], value, near=1e-6 if name == "revenue_amount" else 1e-9), name


@every_backend
@given(data=st.data())
@sparingly
def test_pareto_segments_equal_the_reference(backend, data):
    drawn = [row for row in data.draw(sales) if row.get("amount") != 0]
    as_of = data.draw(as_ofs(drawn))
    history, accepted = history_of(backend, drawn)
    expected = reference.pareto(accepted, instant_of(as_of, "UTC"))
    actual = read_rows(backend, history, ParetoSegment(), as_of)
    assert_same(actual, expected, "customer_id")


def spent(**amounts):
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    return [
        {"customer_id": name, "occurred_at": noon, "kind": "purchase", "amount": amount}
        for name, own in amounts.items()
        for amount in (own if isinstance(own, list) else [own])
    ]


def segments(backend, history):
    read = read_rows(backend, history, ParetoSegment(), "2024-05-01")
    return {row["customer_id"]: row for row in read}


@every_backend
def test_sums_that_are_equal_to_the_cent_share_rank_and_segment(backend):
    # 0.1 + 0.2 is not 0.3 in binary.
    history, _ = history_of(backend, spent(a=[0.1, 0.2], b=0.3, c=[0.2, 0.1], d=0.1))
    read = segments(backend, history)
    assert {row["revenue_rank"] for name, row in read.items() if name != "d"} == {1}
    assert {row["cumulative_share"] for name, row in read.items() if name != "d"} == {0.9}
    assert (read["d"]["revenue_rank"], read["d"]["segment"]) == (4, "B")


@every_backend
def test_who_crosses_the_line_is_in_the_segment(backend):
    history, _ = history_of(backend, spent(a=80.0, b=15.0, c=5.0))
    read = segments(backend, history)
    assert [read[name]["segment"] for name in "abc"] == ["A", "B", "C"]
    history, _ = history_of(backend, spent(a=79.0, b=16.0, c=5.0))
    read = segments(backend, history)
    assert [read[name]["segment"] for name in "abc"] == ["A", "A", "C"]


@every_backend
def test_where_there_is_no_revenue_there_are_no_shares(backend):
    history, _ = history_of(backend, spent(a=0.0, b=0.0))
    [read] = read_rows(backend, history, Concentration(), "2024-05-01")
    assert (read["customers_count"], read["revenue_amount"]) == (2, 0.0)
    assert {read[name] for name in ("top_share", "gini", "hhi", "majority_count")} == {None}
    for row in read_rows(backend, history, ParetoSegment(), "2024-05-01"):
        assert (row["revenue_rank"], row["cumulative_share"]) == (1, None)


@every_backend
def test_unknown_amounts_are_counted(backend):
    history, _ = history_of(backend, spent(a=10.0, b=None, c=[5.0, None]))
    [read] = read_rows(backend, history, Concentration(), date(2024, 5, 1))
    assert (read["unknown_count"], read["revenue_amount"]) == (2, 15.0)


@every_backend
def test_a_customer_of_whom_no_amount_is_known_has_no_revenue_of_zero(backend):
    history, _ = history_of(backend, spent(a=10.0, b=None))
    read = segments(backend, history)
    assert read["a"]["segment"] == "A"
    assert read["b"]["revenue_amount"] is None


@every_backend
def test_net_of_returns_a_negative_customer_leaves_no_gini(backend):
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    back = {"customer_id": "b", "occurred_at": noon, "kind": "return", "amount": -30.0}
    history, _ = history_of(backend, [*spent(a=100.0, b=10.0), back])
    [net] = read_rows(backend, history, Concentration(net=True), "2024-05-01")
    assert (net["revenue_amount"], net["negative_count"], net["gini"]) == (80.0, 1, None)
    [gross] = read_rows(backend, history, Concentration(), "2024-05-01")
    assert (gross["revenue_amount"], gross["negative_count"]) == (110.0, 0)
    assert gross["gini"] == pytest.approx(2 * (10 + 200) / (2 * 110) - 1.5)
