"""The intake: what becomes of each row is counted, and no row is dropped in silence or raises."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference_intake
from comparing import OPTIONAL, history_of
from custloyal import History
from custloyal.errors import ConfigurationError, CustloyalError, DataError, MissingColumnError
from custloyal.intake import DropWhen, KindWhen
from custloyal.testing import rows
from engines import BACKENDS, REQUIRED, every_backend, sparingly

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def row(**columns):
    return {"customer_id": "ann", "occurred_at": NOON, "kind": "visit", **columns}


def taken(backend, rows, **options):
    return History.from_native(backend.frame(rows), **options)


def adds_up(intake):
    parts = (intake.accepted, intake.rejected_count, intake.duplicates, intake.folded_lines)
    return intake.given == sum(parts)


# What becomes of rows ------------------------------------------------------------------------


@every_backend
@given(data=st.data())
@sparingly
def test_every_row_is_accounted_for(backend, data):
    drawn = data.draw(rows(min_size=5, max_size=25))
    history, _ = history_of(backend, drawn)
    expected = reference_intake.taken(drawn)
    intake = history.intake
    assert adds_up(intake)
    assert intake.given == len(drawn)
    assert intake.accepted == len(expected.accepted)
    assert intake.rejected_count == len(expected.rejected)
    assert intake.duplicates == expected.duplicates
    assert intake.folded_lines == 0
    rejected = backend.rows(history.rejected)
    assert sorted(each["row"] for each in rejected) == [n for n, _ in sorted(expected.rejected)]
    at_fault = dict(expected.rejected)
    assert all(at_fault[each["row"]] in each["reason"] for each in rejected)
    kept = backend.rows(history.to_native())
    columns = ("customer_id", "occurred_at", "kind", "amount", "phase", "outcome")
    assert sorted(repr([each[name] for name in columns]) for each in kept) == sorted(
        repr([each.get(name) for name in columns]) for each in expected.accepted
    )


@every_backend
@given(data=st.data())
@sparingly
def test_what_is_counted_of_accepted_rows(backend, data):
    drawn = data.draw(rows(min_size=5, max_size=25))
    history, _ = history_of(backend, drawn)
    expected = reference_intake.taken(drawn)
    assert dict(history.intake.unmapped) == expected.unmapped
    assert history.intake.negated_returns == expected.negated_returns


@every_backend
@given(data=st.data())
@sparingly
def test_lines_are_added_up(backend, data):
    drawn = data.draw(rows(min_size=5, max_size=25))
    # Lines of one purchase are of one customer and of one kind.
    drawn = [
        {**each, "customer_id": each["interaction_id"], "kind": "purchase"}
        if each.get("interaction_id")
        else each
        for each in drawn
    ]
    frame = backend.frame(drawn, columns=(*REQUIRED, *OPTIONAL))
    history = History.from_native(frame, lines=True)
    expected = reference_intake.taken(drawn, lines=True)
    intake = history.intake
    assert adds_up(intake)
    assert (intake.given, intake.accepted) == (len(drawn), len(expected.accepted))
    assert intake.folded_lines == expected.folded_lines
    assert (intake.rejected_count, intake.duplicates) == (len(expected.rejected), 0)

    def bought(rows):
        return {
            each["interaction_id"]: (each["occurred_at"], each.get("amount"))
            for each in rows
            if each.get("interaction_id")
        }

    found, wanted = bought(backend.rows(history.to_native())), bought(expected.accepted)
    assert found.keys() == wanted.keys()
    for key, (at, amount) in wanted.items():
        assert found[key] == (at, None if amount is None else pytest.approx(amount, rel=1e-9))


@every_backend
@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"occurred_at": None}, "occurred_at"),
        ({"outcome": 1.01}, "outcome"),
        ({"outcome": -1.01}, "outcome"),
        ({"outcome": float("inf")}, "outcome"),
        ({"severity": -0.1}, "severity"),
        ({"amount": float("-inf")}, "amount"),
        ({"rating": float("inf")}, "rating"),
        ({"kind": "purchase", "amount": -0.01}, "amount below 0"),
    ],
)
def test_a_bad_row_is_rejected_for_a_reason(backend, columns, reason):
    history = taken(backend, [row(), row(**columns), row()])
    assert history.intake.accepted == 2
    [rejected] = backend.rows(history.rejected)
    assert rejected["row"] == 2
    assert reason in rejected["reason"]
    assert dict(history.intake.rejected) == {rejected["reason"]: 1}


@every_backend
@pytest.mark.parametrize(
    "columns",
    [
        {"customer_id": None},
        {"outcome": 1.0},
        {"outcome": -1.0},
        {"severity": 0.0},
        {"kind": "purchase", "amount": 0.0},
        {"kind": "purchase", "amount": None},
        {"kind": "purchase", "amount": 1e9},
        {"kind": "visit", "amount": -5.0},
        {"kind": "survey", "rating": 11.0, "rating_min": 0.0, "rating_max": 10.0},
        {"phase": "after hours"},
        {"occurred_at": datetime(1900, 1, 1, tzinfo=UTC)},
        {"occurred_at": datetime(2200, 12, 31, tzinfo=UTC)},
    ],
)
def test_a_strange_row_is_accepted(backend, columns):
    history = taken(backend, [row(**columns)])
    assert (history.intake.accepted, history.intake.rejected_count) == (1, 0)


@every_backend
def test_all_reasons_are_counted_at_once(backend):
    history = taken(backend, [row(outcome=2.0), row(outcome=3.0), row(severity=-1.0), row()])
    assert sorted(history.intake.rejected.values()) == [1, 2]
    assert history.intake.accepted == 1


@every_backend
def test_a_return_above_zero_is_negated_and_counted(backend):
    history = taken(backend, [row(kind="return", amount=5.0), row(kind="return", amount=-4.0)])
    assert sorted(each["amount"] for each in backend.rows(history.to_native())) == [-5.0, -4.0]
    assert history.intake.negated_returns == 1


@every_backend
def test_words_that_are_no_kind_become_other_and_are_counted(backend):
    words = ["order", "order", "telepathy", "visit", None]
    history = taken(backend, [row(kind=word) for word in words], kinds={"order": "purchase"})
    kinds = sorted(each["kind"] for each in backend.rows(history.to_native()))
    assert kinds == ["other", "other", "purchase", "purchase", "visit"]
    assert dict(history.intake.unmapped) == {"telepathy": 1, "": 1}


# Equal ids -----------------------------------------------------------------------------------


@every_backend
def test_of_equal_ids_the_earliest_row_stays(backend):
    later = NOON.replace(hour=13)
    history = taken(
        backend,
        [
            row(interaction_id="1", occurred_at=later, channel="late"),
            row(interaction_id="1", channel="first"),
            row(interaction_id="1", channel="second"),
            row(interaction_id=None, channel="none"),
            row(interaction_id=None, channel="none"),
        ],
    )
    kept = sorted(each["channel"] for each in backend.rows(history.to_native()))
    assert kept == ["first", "none", "none"]
    assert (history.intake.duplicates, history.intake.accepted) == (2, 3)


@every_backend
def test_a_rejected_row_does_not_take_the_place_of_a_good_one(backend):
    rows = [row(interaction_id="1", outcome=2.0), row(interaction_id="1")]
    intake = taken(backend, rows).intake
    assert (intake.accepted, intake.rejected_count, intake.duplicates) == (1, 1, 0)


@every_backend
@pytest.mark.parametrize(
    "ids", [["12345.0", "12345"], ["12345", " 12345 "], [12345.0, 12345], ["007", "007"]], ids=repr
)
def test_ids_that_are_one(backend, ids):
    intake = taken(backend, [row(interaction_id=each) for each in ids]).intake
    assert (intake.accepted, intake.duplicates) == (1, 1)


@every_backend
@pytest.mark.parametrize("ids", [["007", "7"], ["1.50", "1.5"], ["a.0", "a"], ["A", "a"]], ids=repr)
def test_ids_that_are_two(backend, ids):
    intake = taken(backend, [row(interaction_id=each) for each in ids]).intake
    assert (intake.accepted, intake.duplicates) == (2, 0)


@every_backend
def test_numbers_that_became_floats_by_a_missing_value_are_whole_again(backend):
    history = taken(backend, [row(customer_id=12345.0), row(customer_id=None)])
    assert {each["customer_id"] for each in backend.rows(history.to_native())} == {12345, None}


@every_backend
def test_who_assumes_unique_ids_is_not_checked(backend):
    intake = taken(backend, [row(interaction_id="1")] * 2, unique="assume").intake
    assert (intake.accepted, intake.duplicates) == (2, 0)


# Lines ---------------------------------------------------------------------------------------


@every_backend
def test_lines_of_an_invoice_become_one_purchase_at_its_earliest_time(backend):
    line = {"interaction_id": "489434", "kind": "purchase", "quantity": 1.0}
    rows = [
        row(**line, occurred_at=NOON.replace(minute=1), amount=3.0),
        row(**line, amount=4.5),
        row(**line, amount=-1.5),
        row(**{**line, "interaction_id": "C1", "kind": "return"}, amount=2.0),
    ]
    rows = [{**each, "occurred_at": each.get("occurred_at", NOON)} for each in rows]
    history = taken(backend, rows, lines=True)
    found = {each["interaction_id"]: each for each in backend.rows(history.to_native())}
    assert (found["489434"]["amount"], found["489434"]["occurred_at"]) == (6.0, NOON)
    assert found["C1"]["amount"] == -2.0
    intake = history.intake
    assert (intake.given, intake.accepted, intake.folded_lines) == (4, 2, 2)


@every_backend
def test_lines_whose_amounts_are_all_unknown_have_an_unknown_sum(backend):
    line = {"interaction_id": "1", "kind": "purchase"}
    rows = [row(**line, amount=None), row(**line, amount=None), row(interaction_id="2", amount=1.0)]
    found = backend.rows(taken(backend, rows, lines=True).to_native())
    assert {each["interaction_id"]: each["amount"] for each in found} == {"1": None, "2": 1.0}


def test_lines_without_an_id_cannot_be_added_up():
    with pytest.raises(MissingColumnError, match="interaction_id"):
        taken(BACKENDS[0], [row()], lines=True)


# The mapping ---------------------------------------------------------------------------------


@every_backend
def test_a_table_of_invoices_is_mapped(backend):
    invoices = [
        {"Client": "ann", "When": NOON, "No": "1", "Qty": 2, "Price": 1.5},
        {"Client": "ann", "When": NOON, "No": "C2", "Qty": 1, "Price": 1.5},
        {"Client": None, "When": NOON, "No": "3", "Qty": 1, "Price": 9.0},
        {"Client": "bob", "When": NOON, "No": "4", "Qty": 1, "Price": 0.0},
    ]
    history = History.from_native(
        backend.frame(invoices, columns=()),
        columns={"customer_id": "Client", "occurred_at": "When", "interaction_id": "No"},
        constants={"kind": "purchase", "currency": "GBP"},
        derive={"amount": "Qty * Price"},
        kind_when=[KindWhen(column="No", prefix="C", kind="return")],
        drop_when=[
            DropWhen(column="Client", null=True, reason="nobody"),
            DropWhen(column="Price", below=0.01),
        ],
    )
    found = backend.rows(history.to_native())
    assert [(each["kind"], each["amount"], each["currency"]) for each in found] == [
        ("purchase", 3.0, "GBP"),
        ("return", -1.5, "GBP"),
    ]
    assert dict(history.intake.rejected) == {"nobody": 1, "Price is below 0.01": 1}
    assert sorted(each["row"] for each in backend.rows(history.rejected)) == [3, 4]


# Mistakes of structure -----------------------------------------------------------------------


@every_backend
def test_all_missing_columns_are_named_at_once(backend):
    frame = backend.frame([{"customerid": "ann", "date": "2024-05-01"}], columns=())
    with pytest.raises(MissingColumnError) as refused:
        History.from_native(frame)
    assert [mistake.path for mistake in refused.value.mistakes] == [*REQUIRED]
    assert "customerid" in refused.value.mistakes[0].mend


@every_backend
def test_a_column_that_the_mapping_names_and_the_table_lacks(backend):
    with pytest.raises(MissingColumnError) as refused:
        taken(backend, [row()], columns={"amount": "Price", "channel": "kindd"})
    assert [(each.path, each.mend) for each in refused.value.mistakes][1] == (
        "kindd",
        "did you mean 'kind'?",
    )
    assert len(refused.value.mistakes) == 2


@every_backend
def test_all_wrong_types_are_named_at_once(backend):
    bad = row(occurred_at=5, channel="x", granted="yes")
    frame = backend.frame([{**bad, "outcome_at": NOON}], columns=())
    with pytest.raises(DataError) as refused:
        History.from_native(frame, columns={"amount": "outcome_at"})
    assert {mistake.path for mistake in refused.value.mistakes} == {
        "occurred_at",
        "granted",
        "amount",
    }


def test_all_mistakes_of_a_mapping_are_named_at_once():
    with pytest.raises(ConfigurationError) as refused:
        taken(
            BACKENDS[0],
            [row()],
            columns={"custmer_id": "customer_id"},
            kinds={"order": "purchse"},
            derive={"amount": "__import__('os')"},
            timezone="Europe/Londn",
        )
    assert [(each.path, each.mend) for each in refused.value.mistakes] == [
        ("columns.custmer_id", "did you mean 'customer_id'?"),
        ("kinds.order", "did you mean 'purchase'?"),
        ("derive.amount", "columns, numbers, + - * / and parentheses are understood"),
        ("timezone", "did you mean 'Europe/London'?"),
    ]


@every_backend
def test_currencies_do_not_add_up(backend):
    with pytest.raises(DataError, match="EUR, GBP"):
        taken(backend, [row(currency="EUR"), row(currency="GBP"), row(currency=None)])
    assert taken(backend, [row(currency="EUR"), row(currency=None)]).intake.accepted == 2


@pytest.mark.parametrize("given", [[1, 2], {"customer_id": ["ann"]}, "orders.csv", None])
def test_what_is_no_table_is_refused(given):
    with pytest.raises(DataError, match="not a table"):
        History.from_native(given)


def test_an_unknown_option_is_refused():
    with pytest.raises(CustloyalError, match="did you mean 'check'"):
        taken(BACKENDS[0], [row()], unique="chekc")
