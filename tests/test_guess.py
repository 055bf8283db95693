"""Guessing a mapping: what is proposed, and that each proposal is a mapping."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from custloyal import IntakeMapping
from custloyal.guess import guessed, looked_at


def guess_of(columns):
    return guessed(looked_at(pl.DataFrame(columns)))


def mapping_of(guess, folder):
    path = folder / "mapping.toml"
    path.write_text(guess.to_toml(), encoding="utf-8")
    return IntakeMapping.from_toml(path)


SHOP = {
    "InvoiceNo": ["1", "1", "2", "C3"],
    "Description": ["mug", "cup", "mug", "mug"],
    "Quantity": [1, 2, 3, -1],
    "InvoiceDate": [datetime(2024, 1, day) for day in (1, 1, 2, 3)],
    "UnitPrice": [2.5, 1.0, 4.0, 2.5],
    "CustomerID": [7, 7, None, 7],
}


def test_invoice_lines(tmp_path):
    mapping = mapping_of(guess_of(SHOP), tmp_path)
    assert mapping.columns == {
        "customer_id": "CustomerID",
        "occurred_at": "InvoiceDate",
        "interaction_id": "InvoiceNo",
    }
    assert mapping.derive == {"amount": "Quantity * UnitPrice"}
    assert mapping.constants == {"kind": "purchase"}
    assert mapping.lines
    assert mapping.timezone == "UTC"
    (returned,) = mapping.kind_when
    assert (returned.column, returned.prefix, returned.kind) == ("InvoiceNo", "C", "return")


def test_what_is_below_0_came_back_where_no_credit_note_shows(tmp_path):
    mapping = mapping_of(guess_of({**SHOP, "InvoiceNo": ["1", "1", "2", "3"]}), tmp_path)
    (returned,) = mapping.kind_when
    assert (returned.column, returned.below) == ("Quantity", 0)


def test_names_with_blanks_stand_between_backticks(tmp_path):
    columns = {name.replace("UnitPrice", "Unit Price"): each for name, each in SHOP.items()}
    assert mapping_of(guess_of(columns), tmp_path).derive == {"amount": "Quantity * `Unit Price`"}


@pytest.mark.parametrize(
    ("texts", "time_format"),
    [
        (["2024-05-01", "2024-05-31"], None),
        (["2024-05-01 10:00", "2024-05-31T10:00:00"], None),
        (["13/05/2024 9:05", "1/6/2024 19:05"], "%d/%m/%Y %H:%M"),
        (["5/13/2024 9:05", "6/1/2024 19:05"], "%m/%d/%Y %H:%M"),
        (["5/13/24 9:05", "6/1/24 19:05"], "%m/%d/%y %H:%M"),
        (["13.05.2024", "01.06.2024"], "%d.%m.%Y"),
        (["20240513", "20240601"], "%Y%m%d"),
        (["05/13/2024 01:05 PM", "06/01/2024 11:05 AM"], "%m/%d/%Y %I:%M %p"),
    ],
)
def test_times_in_text(texts, time_format, tmp_path):
    guess = guess_of({"client": ["a", "a"], "date": texts, "total": [1, 2]})
    assert guess.columns["occurred_at"] == "date"
    assert mapping_of(guess, tmp_path).time_format == time_format
    assert guess.needs_zone


def test_a_date_that_reads_both_ways_is_to_be_checked():
    guess = guess_of({"client": ["a", "a"], "date": ["1/2/2024", "3/4/2024"], "total": [1, 2]})
    assert "CHECK: %m/%d/%Y" in guess.to_toml()


@pytest.mark.parametrize(
    "times", [["2024-05-01T10:00:00+02:00"], [datetime(2024, 5, 1, tzinfo=UTC)]]
)
def test_times_that_bear_a_zone_need_none(times):
    assert not guess_of({"client": ["a"], "created_at": times, "amount": [1.0]}).needs_zone


def test_the_words_of_a_kind_column_are_translated_where_they_are_understood(tmp_path):
    events = {
        "user_id": ["a", "a", "b", "b"],
        "timestamp": ["2024-05-01"] * 4,
        "event": ["add_to_cart", "purchase", "Refund", "wiggle"],
    }
    guess = guess_of(events)
    mapping = mapping_of(guess, tmp_path)
    assert mapping.columns["kind"] == "event"
    assert mapping.kinds == {"add_to_cart": "cart", "Refund": "return"}
    assert 'wiggle = "other"  # not understood' in guess.to_toml()


def test_rows_of_one_ticket_are_a_case(tmp_path):
    tickets = {
        "customer": ["a", "a", "b"],
        "Ticket ID": [1, 1, 2],
        "date": ["2024-05-01"] * 3,
        "action": ["question", "reply", "complaint"],
    }
    assert mapping_of(guess_of(tickets), tmp_path).columns["case_id"] == "Ticket ID"


def test_what_is_not_found_is_named():
    guess = guess_of({"colour": ["red", "blue"], "size": [1.5, 2.5]})
    assert guess.missing == ("customer_id", "occurred_at")
    assert "NOT FOUND" in guess.to_toml()


def test_amounts_with_a_decimal_comma_are_told():
    guess = guess_of({"client": ["a"], "date": ["2024-05-01"], "total": ["1.234,50"]})
    assert "amount" not in guess.columns
    assert "decimal commas" in guess.to_toml()


@pytest.mark.parametrize(
    "name", ["a\nb", 'quo"te', "tab\tbed", "[red]", "`tick`", "Customer\x7fID", "=1+1"]
)
def test_any_name_makes_a_file_that_can_be_read(name, tmp_path):
    hostile = {name: [f"{name}1", f"{name}1"], "date": ["2024-05-01"] * 2, "qty": [1, 2]}
    guess = guess_of({**hostile, f"price {name}": [1.0, 2.0], f"{name} customer": ["x", "x"]})
    assert mapping_of(guess, tmp_path).columns["occurred_at"] == "date"


@pytest.mark.parametrize("rows", [0, 1])
def test_a_table_of_nothing_is_described(rows):
    assert guess_of({"customer_id": [None] * rows, "occurred_at": [None] * rows}).missing


def test_the_time_of_a_row_is_not_that_of_its_case(tmp_path):
    log = {
        "ticket": [1, 1, 1, 2],
        "caller": ["a", "a", "a", "b"],
        "created_at": ["2024-05-01", None, None, "2024-05-02"],
        "opened_at": ["2024-05-01"] * 3 + ["2024-05-02"],
        "updated_at": ["2024-05-01", "2024-05-02", "2024-05-03", "2024-05-04"],
        "status": ["New", "Active", "Closed", "New"],
        "contact_type": ["Phone"] * 4,
        "assigned_to": [1, 1, 2, 2],
    }
    guess = guess_of(log)
    mapping = mapping_of(guess, tmp_path)
    assert mapping.columns == {
        "customer_id": "caller",
        "occurred_at": "updated_at",
        "case_id": "ticket",
        "channel": "contact_type",
        "agent_id": "assigned_to",
        "kind": "status",
    }
    assert mapping.kinds == {"Closed": "resolution"}
    said = guess.to_toml()
    assert "CHECK: when did the row happen? There are also created_at, opened_at" in said
    assert "CHECK: closed is not always solved" in said


def test_of_one_row_a_ticket_the_time_is_when_it_was_opened():
    days = [f"2024-05-0{day}" for day in range(1, 5)]
    tickets = {"customer": ["a"] * 4, "closed_at": days, "opened_at": days, "updated_at": days}
    assert guess_of(tickets).columns["occurred_at"] == "opened_at"


def test_sales_with_a_type_that_is_not_understood_are_to_be_checked(tmp_path):
    events = {
        "client": ["a", "a"],
        "date": ["2024-05-01"] * 2,
        "event_type": ["Kauf", "Storno"],
        "total": [5, 5],
    }
    guess = guess_of(events)
    assert mapping_of(guess, tmp_path).constants == {"kind": "purchase"}
    assert "CHECK: event_type may say what each row is (Kauf, Storno)" in guess.to_toml()


def test_an_export_of_tickets_names_its_requesters_and_groups():
    tickets = {
        "Ticket ID": [10001.0, 10002.0, 10003.0],
        "Requester": ["a@x.org", "b@x.org", "a@x.org"],
        "Created at": ["2024-05-01T08:00:00Z", "2024-05-02T08:00:00Z", "2024-05-03T08:00:00Z"],
        "Status": ["open", "solved", "closed"],
        "Group": ["Support", "Billing", "Support"],
    }
    guess = guess_of(tickets)
    found = {name: guess.columns[name] for name in ("customer_id", "case_id", "department")}
    assert found == {"customer_id": "Requester", "case_id": "Ticket ID", "department": "Group"}
    assert "such as 10001, 10002, 10003" in guess.to_toml()


def test_the_log_of_a_service_desk(shared_data):
    guess = guessed(looked_at(pl.scan_parquet(shared_data("itsm.parquet"))))
    assert guess.columns["occurred_at"] == "sys_updated_at"
    assert guess.columns["channel"] == "contact_type"
    assert guess.columns["kind"] == "incident_state"
    assert guess.kind_column_words["Closed"] == "resolution"
    assert "There are also opened_at, sys_created_at, resolved_at, closed_at" in guess.to_toml()
