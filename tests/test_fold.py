"""The fold: what its columns say, and that reading together is reading apart, in fewer passes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import narwhals as nw
import pytest
from hypothesis import given
from hypothesis import strategies as st

import custloyal
import reference
from comparing import assert_same, close, history_of, instant_of, read_rows
from custloyal import CohortRetention, Concentration, HandOffs, Metric, Rfm, Stage, Trust
from custloyal.engines import identity
from custloyal.errors import CustloyalError
from custloyal.fold import count, decayed, first, highest, last, lowest, total
from custloyal.metrics import BtydStatistics, HandOffMatrix, ParetoSegment
from custloyal.reading import explain
from custloyal.testing import as_ofs, rows
from engines import BACKENDS, every_backend, every_engine, sparingly

LEDGER = [Rfm(), BtydStatistics(), Concentration(), ParetoSegment(), CohortRetention()]
ALL = [Trust(), Stage(), *LEDGER, HandOffs(), HandOffMatrix()]
DAY = datetime(2024, 5, 1, tzinfo=UTC)


# What columns say ----------------------------------------------------------------------------


@attrs.frozen
class Vocabulary(Metric):
    """Every kind of column, with and without a condition that may be unknown."""

    def state(self, interactions):
        known = nw.col("outcome") > 0
        return interactions.by(
            "customer_id",
            rows=count(),
            counted=count(known),
            total=total("amount"),
            total_where=total("amount", where=known),
            lowest=lowest("amount"),
            lowest_where=lowest("amount", where=known),
            highest=highest("amount"),
            highest_where=highest("amount", where=known),
            first=first("amount", by="wait_s"),
            first_where=first("amount", by="wait_s", where=known),
            last=last("amount", by="wait_s"),
            last_where=last("amount", by="wait_s", where=known),
            decayed=decayed("amount", 30),
            decayed_where=decayed("amount", 30, where=known),
        )

    def reading(self, state, as_of):
        del as_of
        return state


def vocabulary(rows, as_of):
    """The same, of the rows of one customer."""
    good = [row for row in rows if (row.get("outcome") or 0) > 0]

    def amounts(rows):
        return [row["amount"] for row in rows if row.get("amount") is not None]

    def faded(rows):
        return sum(
            row["amount"] * 2 ** (-((as_of - row["occurred_at"]) / timedelta(days=30)))
            for row in rows
            if row.get("amount") is not None
        )

    def at(choose, rows):
        return choose(rows, key=lambda row: row["wait_s"]).get("amount") if rows else None

    said = {"rows": len(rows), "counted": len(good)}
    for name, own in (("", rows), ("_where", good)):
        said |= {
            f"total{name}": float(sum(amounts(own))),
            f"lowest{name}": min(amounts(own), default=None),
            f"highest{name}": max(amounts(own), default=None),
            f"first{name}": at(min, own),
            f"last{name}": at(max, own),
            f"decayed{name}": float(faded(own)),
        }
    return said


@every_backend
@given(data=st.data())
@sparingly
def test_columns_say_what_plain_python_says(backend, data):
    drawn = data.draw(rows(min_size=5, max_size=20))
    places = data.draw(st.permutations(range(len(drawn))))
    drawn = [{**row, "wait_s": float(n)} for row, n in zip(drawn, places, strict=True)]
    as_of = data.draw(as_ofs(drawn))
    history, accepted = history_of(backend, [*drawn, {**NOBODY, "wait_s": 0.0}])
    at = instant_of(as_of, "UTC")
    expected = {
        customer: vocabulary(own, at)
        for customer, own in reference.by_customer(reference.seen(accepted, at)).items()
    }
    assert_same(
        read_rows(backend, history, Vocabulary(), as_of), expected, "customer_id", near=1e-6
    )


NOBODY = {"customer_id": None, "occurred_at": DAY, "kind": "visit"}


# Fusion --------------------------------------------------------------------------------------


@every_engine
@given(data=st.data())
@sparingly
def test_together_equals_apart(backend, data):
    drawn = data.draw(rows(min_size=5, max_size=25))
    as_of = data.draw(as_ofs(drawn))
    history, _ = history_of(backend, drawn)
    together = custloyal.read(history, ALL, as_of=as_of)
    assert [*together] == [metric.name for metric in ALL]
    for metric in ALL:
        apart = read_rows(backend, history, metric, as_of)
        fused = backend.rows(together[metric].to_native())
        keys = metric.grain
        expected = {tuple(row[key] for key in keys): row for row in apart}
        assert_same(fused, expected, *keys)


@every_engine
def test_what_rests_on_purchases_folds_the_interactions_once(backend):
    history, _ = history_of(backend, [NOBODY])
    lines = explain(history, LEDGER).splitlines()
    [ledger] = [line for line in lines if ": interactions" in line]
    assert "by customer_id, _local_day" in ledger
    for metric in LEDGER:
        assert metric.name in ledger


@every_engine
def test_all_metrics_take_one_pass_for_each_source_and_grain(backend):
    history, _ = history_of(backend, [NOBODY])
    together = explain(history, ALL).splitlines()
    apart = [line for metric in ALL for line in explain(history, metric).splitlines()]
    read = [line for line in together if ": interactions" in line]
    # Customers; the ledger; and the stints of cases at two grains.
    assert len(read) == 4
    assert len(together) < len(apart)
    sources = [line.partition(": ")[2].rpartition(": ")[0] for line in together]
    assert len(set(sources)) == len(sources)


@attrs.frozen
class Counting(Metric):
    """How many rows of each customer meet a condition."""

    condition: nw.Expr = attrs.field(eq=False)
    called: str = "counting"

    @property
    def name(self):
        return self.called

    def state(self, interactions):
        return interactions.by("customer_id", **{self.called: count(self.condition)})

    def reading(self, state, as_of):
        del as_of
        return state


@every_engine
def test_equal_columns_of_several_metrics_are_folded_once(backend):
    history, _ = history_of(backend, [NOBODY])
    one = Counting(nw.col("case_id") == "1", "one")
    same = Counting(nw.col("case_id") == "1", "same")
    [line] = explain(history, [one, same]).splitlines()
    assert "by customer_id: one (for one, same" in line


@every_engine
def test_columns_that_only_look_alike_are_folded_apart(backend):
    history, _ = history_of(backend, [NOBODY])
    text = Counting(nw.col("case_id") == "1", "text")
    number = Counting(nw.col("case_id") == 1, "number")
    [line] = explain(history, [text, number]).splitlines()
    assert "by customer_id: text, number (for text, number" in line


def test_identity_tells_expressions_apart():
    column = nw.col("a")
    different = [
        *(column == 1, column == "1", column == 1.0, column == True, column != 1),  # noqa: E712
        *(nw.col("b") == 1, column > 1, column >= 1, column.is_null(), ~column.is_null()),
        *(column == datetime(2024, 1, 1), column.sum(), column, nw.lit(1), nw.lit("a")),
    ]
    assert len({identity(v=expression) for expression in different}) == len(different)
    assert identity(v=column == 1) == identity(v=nw.col("a") == 1)
    assert identity(v=column) != identity(w=column)


@every_engine
def test_two_metrics_with_one_name_for_different_columns_do_not_mix(backend):
    rows = [{**NOBODY, "customer_id": "ann", "case_id": case} for case in ("1", "2", "2")]
    history, _ = history_of(backend, rows)

    @attrs.frozen
    class Ones(Counting):
        def state(self, interactions):
            return interactions.by("customer_id", n=count(self.condition))

    ones = Ones(nw.col("case_id") == "1", "ones")
    twos = Ones(nw.col("case_id") == "2", "twos")
    read = custloyal.read(history, [ones, twos], as_of=DAY)
    assert [read[name].to_dicts()[0]["n"] for name in ("ones", "twos")] == [1, 2]


# Nothing -------------------------------------------------------------------------------------


@every_backend
@pytest.mark.parametrize("rows", [[], [NOBODY]], ids=["no rows", "nobody"])
def test_of_nobody_nothing_is_said(backend, rows):
    history, _ = history_of(backend, rows)
    read = custloyal.read(history, ALL, as_of="2024-06-30")
    for metric in ALL:
        found = backend.rows(read[metric].to_native())
        if metric.grain:
            assert found == []
        assert set(metric.grain) <= set(read[metric].columns)
    [company] = backend.rows(read["concentration"].to_native())
    assert (company["customers_count"], company["revenue_amount"]) == (0, 0.0)
    assert company["gini"] is None


@every_engine
def test_without_rows_and_without_a_date_there_is_no_as_of(backend):
    history, _ = history_of(backend, [])
    with pytest.raises(CustloyalError, match="name a date"):
        custloyal.read(history, Trust())


@every_backend
def test_score_has_a_row_for_each_known_customer(backend):
    rows = [
        NOBODY,
        {**NOBODY, "customer_id": "ann", "kind": "purchase", "amount": 9.5},
        {**NOBODY, "customer_id": "bob"},
    ]
    history, _ = history_of(backend, rows)
    scores = custloyal.score(history, [Trust(), Rfm(), Stage()], as_of=DAY)
    found = {row["customer_id"]: row for row in backend.rows(scores.to_native())}
    assert set(found) == {"ann", "bob"}
    assert found["ann"]["monetary_amount"] == 9.5
    assert found["bob"]["monetary_amount"] is None
    assert found["bob"]["stage"] == "like"
    assert close(found["bob"]["trust"], 0.5)


def test_score_refuses_other_grains_by_name():
    history, _ = history_of(BACKENDS[0], [NOBODY])
    with pytest.raises(CustloyalError) as refused:
        custloyal.score(history, [Trust(), Concentration(), HandOffs()])
    assert [mistake.path for mistake in refused.value.mistakes] == ["concentration", "hand_offs"]
