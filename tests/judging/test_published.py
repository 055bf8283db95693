"""Verdicts on real service desks: their own marks, and clocks run row by row."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import groupby

import polars as pl
import pytest

import custloyal
from custloyal import HandOffs, History, RuleBook, ServiceRule
from custloyal.rules import Population, at_least, at_most, where, within
from reference_clock import Clock

KINDS = {
    "New": "question",
    "Active": "reopen",
    "Resolved": "resolution",
    "Awaiting User Info": "follow_up",
}
"""Of the states of an incident those that start, stop or pause its clock; all others do not."""
CASES = 24_918
everything = Population({"kind": (*KINDS.values(), "other")})


def rule(name, promise):
    return ServiceRule(
        name=name,
        population=everything,
        promise=promise,
        target=0.9,
        window="quarter",
        owner="service desk",
    )


@pytest.fixture(scope="module")
def log(shared_data):
    return pl.read_parquet(shared_data("itsm.parquet"))


def history_of(frame, **options):
    return History.from_native(
        frame,
        columns={
            "customer_id": "caller_id",
            "occurred_at": "sys_updated_at",
            "case_id": "number",
            "department": "assignment_group",
            "kind": "incident_state",
        },
        kinds=KINDS,
        timezone="UTC",
        **options,
    )


def in_duckdb(frame):
    duckdb = pytest.importorskip("duckdb")
    return duckdb.from_arrow(
        frame.with_columns(pl.col("incident_state").cast(pl.String)).to_arrow()
    )


@pytest.mark.parametrize("native", [lambda frame: frame, in_duckdb], ids=["polars", "duckdb"])
def test_cases_made_their_sla_by_their_last_row(log, native):
    columns = ("caller_id", "sys_updated_at", "number", "assignment_group", "incident_state")
    kept = log.select(*columns, "sys_mod_count", "made_sla")
    history = history_of(native(kept), order="sys_mod_count")
    book = RuleBook([rule("made its SLA", at_least(1, "made_sla", last=True))])
    verdicts = custloyal.judge(history, book, as_of="2018-01-01")
    [share] = verdicts.attainment().to_dicts()
    by_hand = log.with_row_index("place").sort("number", "sys_mod_count", "place")
    cases = by_hand.group_by("number", maintain_order=True).agg(
        pl.col("sys_updated_at").first(), pl.col("made_sla").last()
    )
    assert (share["met_count"], share["decided_count"]) == (cases["made_sla"].sum(), CASES)
    assert (share["met_count"], round(100 * share["attainment_share"], 2)) == (15_803, 63.42)

    by_quarter = {row["quarter"]: row for row in verdicts.attainment("quarter").to_dicts()}
    quarters = cases.group_by(pl.col("sys_updated_at").dt.truncate("1q").dt.date()).agg(
        pl.col("made_sla").sum(), pl.len()
    )
    assert {day: (row["met_count"], row["decided_count"]) for day, row in by_quarter.items()} == {
        day: (met, count) for day, met, count in quarters.rows()
    }


@pytest.mark.parametrize(("order", "handoffs"), [(None, 19_087), ("sys_mod_count", 19_088)])
def test_hand_offs_as_verdicts_are_those_of_the_metric(log, order, handoffs):
    history = history_of(log, order=order)
    verdicts = custloyal.judge(history, RuleBook([rule("stay", at_most(2, "handoffs"))]))
    found = {row["case_id"]: row for row in verdicts.to_dicts()}
    assert len(found) == CASES
    assert sum(row["value"] or 0 for row in found.values()) == handoffs
    counts = {
        row["case_id"]: row["handoff_count"]
        for row in custloyal.read(history, HandOffs())["hand_offs"].to_dicts()
    }
    for case, row in found.items():
        assert row["value"] == counts.get(case)
        known = "missed" if counts.get(case, 0) > 2 else "met"
        assert row["verdict"] == (known if case in counts else "unknown")


def test_hand_offs_of_the_help_desk(shared_data):
    history = History.from_native(
        pl.read_parquet(shared_data("helpdesk.parquet")),
        columns={
            "customer_id": "customer",
            "occurred_at": "Complete Timestamp",
            "case_id": "Case ID",
            "agent_id": "Resource",
        },
        constants={"kind": "other"},
        timezone="Europe/Rome",
    )
    book = RuleBook([rule("stay", at_most(0, "handoffs", by="agent_id"))])
    found = custloyal.judge(history, book).to_dicts()
    assert len(found) == 4_580
    assert sum(row["value"] for row in found) == 8_648
    missed = sum(row["verdict"] == "missed" for row in found)
    assert missed == sum(row["value"] > 0 for row in found)


def test_clocks_of_the_service_desk_run_row_by_row(log):
    promise = within(days=2, until="resolution", waits=where(kind="follow_up"))
    as_of = datetime(2016, 4, 15, tzinfo=UTC)
    some = log.filter(pl.col("number") % 4 == 1)
    found = custloyal.judge(history_of(some), RuleBook([rule("solve", promise)]), as_of=as_of)
    states = some.select("number", "incident_state", occurred_at="sys_updated_at").with_columns(
        pl.col("occurred_at").dt.replace_time_zone("UTC"),
        kind=pl.col("incident_state").cast(pl.String).replace_strict(KINDS, default="other"),
    )
    seen = states.filter(pl.col("occurred_at") <= as_of)
    ordered = seen.sort("number", "occurred_at", maintain_order=True)
    clocks = {
        number: Clock(promise, own)
        for number, own in groupby(ordered.iter_rows(named=True), lambda row: row["number"])
    }
    for clock in clocks.values():
        clock.run_to(as_of)
    wanted = {}
    for number, clock in clocks.items():
        kept = clock.elapsed <= promise.limit_us
        open_or_met = "met" if clock.stopped_at else "pending"
        verdict = open_or_met if kept else "missed"
        wanted[str(number)] = (verdict, clock.elapsed / 1e6, clock.due)
    assert {
        str(row["case_id"]): (row["verdict"], row["value"], row["due_at"])
        for row in found.to_dicts()
    } == wanted
    said = Counter(verdict for verdict, *_ in wanted.values())
    assert min(said["met"], said["missed"], said["pending"]) > 50
