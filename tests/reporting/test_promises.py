"""The promises of the report: the numbers of the verdicts, few for any data, trust by evidence."""

from __future__ import annotations

import json
from datetime import datetime

import polars as pl
import pytest

from custloyal import BusinessCalendar, History, RuleBook, ServiceRule, datasets, judge, report
from custloyal.errors import MissingColumnError
from custloyal.reporting.promise_words import where_worst
from custloyal.rules import at_least, at_most, where, within

OFFICE = BusinessCalendar({"mon-sat": "08:00-20:00"}, timezone="Europe/Berlin")
ASKED = ("question", "problem", "complaint")


def rule(name, population, promise, *, target=0.8, window="month", owner="desk"):
    return ServiceRule(
        name=name,
        population=population,
        promise=promise,
        target=target,
        window=window,
        owner=owner,
    )


BOOK = RuleBook(
    [
        rule("answer fast", where(kind=ASKED, channel="phone"), at_most(2, "rings")),
        rule("first response", where(kind=ASKED), within(hours=4, calendar=OFFICE), target=0.9),
        rule("solved", where(kind=ASKED), within(days=2, until="resolution"), window="week"),
        rule(
            "key accounts",
            where(tier="key"),
            at_least(1, "times", of=where(kind="outreach"), per="customer"),
            window="quarter",
        ),
    ]
)


@pytest.fixture(scope="module")
def company():
    return datasets.simulate(customers=300, seed=3)


@pytest.fixture(scope="module")
def plain(company):
    return report(company.history).to_dict()


@pytest.fixture(scope="module")
def judged(company):
    return report(company.history, rules=BOOK).to_dict()


@pytest.fixture(scope="module")
def verdicts(company):
    return judge(company.history, BOOK)


@pytest.fixture(scope="module")
def rows(verdicts):
    return pl.DataFrame(verdicts.to_native())


def calls(rings, *, department=None, answered=None, days=None):
    """A history of one call a row, each a case and a customer of its own."""
    count = len(rings)
    frame = {
        "customer_id": [f"c{each:05}" for each in range(count)],
        "occurred_at": days or [datetime(2024, 1, 1 + each % 28, 12) for each in range(count)],
        "kind": ["question"] * count,
        "channel": ["phone"] * count,
        "rings": rings,
        "case_id": [f"case{each}" for each in range(count)],
    }
    if department is not None:
        frame["department"] = department
    table = pl.DataFrame(frame)
    if answered:
        replies = table.head(answered).with_columns(
            kind=pl.lit("reply"), occurred_at=pl.col("occurred_at") + pl.duration(hours=1)
        )
        table = pl.concat([table, replies])
    return History.from_native(table, timezone="UTC")


FAST = RuleBook([rule("answer fast", where(channel="phone"), at_most(2, "rings"))])
SOON = RuleBook([rule("answered", where(kind="question"), within(hours=4))])


# What promises change ------------------------------------------------------------------------


def same(one, other):
    """Equal, but for the last digits of sums that are added up in another order."""
    if isinstance(one, float):
        return one == pytest.approx(other, rel=1e-9)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def test_without_rules_nothing_is_said_of_promises(plain):
    assert plain["promises"] is None


@pytest.mark.parametrize(
    "section",
    ["period", "intake", "customers_count", "concentration", "segments", "cohorts", "timezone"],
)
def test_what_does_not_rest_on_trust_stays_as_it_is(section, plain, judged):
    assert same(plain[section], judged[section])


def test_trust_takes_promises_as_evidence_and_names_them(plain, judged, rows):
    assert not same(plain["trust"]["mean"], judged["trust"]["mean"])
    spoke = {row["rule"]: row["count"] for row in judged["trust"]["evidence"]}
    known = rows.filter(pl.col("customer_id").is_not_null() & pl.col("decided_at").is_not_null())
    for name, verdict in (("promise:kept", "met"), ("promise:missed", "missed")):
        assert spoke[name] == known.filter(pl.col("verdict") == verdict).height
    without = {row["rule"]: row for row in plain["trust"]["evidence"]}
    for row in judged["trust"]["evidence"]:
        if not row["rule"].startswith("promise:"):
            assert same(row, without[row["rule"]])


def test_the_funnel_does_not_rest_on_promises(plain, judged):
    assert plain["stages"]["funnel"] == judged["stages"]["funnel"]


def test_who_never_did_anything_is_no_customer_of_the_report():
    table = pl.DataFrame(
        {
            "customer_id": ["a", "a"],
            "occurred_at": [datetime(2024, 1, 1), datetime(2024, 3, 5)],
            "kind": ["purchase", "outreach"],
        }
    )
    people = pl.DataFrame({"customer_id": ["a", "b"], "tier": ["key", "key"]})
    history = History.from_native(table, timezone="UTC", customers=people)
    book = RuleBook([BOOK.rules[3]])
    made = report(history, rules=book).to_dict()
    assert made["customers_count"] == 1
    assert sum(each["customers_count"] for each in made["trust"]["bins"]) == 1


# Numbers -------------------------------------------------------------------------------------


def test_the_figures_of_rules_are_those_of_the_verdicts(judged, rows):
    assert judged["promises"]["verdicts_count"] == rows.height
    for said in judged["promises"]["rules"]:
        own = rows.filter(pl.col("rule") == said["name"])
        for verdict in ("met", "missed", "pending", "unknown", "excluded"):
            assert said[f"{verdict}_count"] == own.filter(pl.col("verdict") == verdict).height
        decided = said["met_count"] + said["missed_count"]
        assert said["decided_count"] == decided
        assert said["attainment_share"] == pytest.approx(said["met_count"] / decided)
        assert said["attainment_low"] < said["attainment_share"] < said["attainment_high"]
        assert said["is_reached"] == (said["attainment_share"] >= said["target"])


def test_windows_are_the_last_twelve_and_the_budget_is_of_the_current_one(judged, verdicts):
    attained = verdicts.attainment("window").to_dicts()
    for said in judged["promises"]["rules"]:
        own = {row["window"].isoformat(): row for row in attained if row["rule"] == said["name"]}
        names = [each["window"] for each in said["windows"]]
        assert names == sorted(names)
        assert len(names) <= 12
        assert [name for name in names if name in own] == sorted(own)[-12:][-len(names) :]
        for each in said["windows"]:
            for name in ("met_count", "missed_count", "decided_count", "attainment_share"):
                assert each[name] == pytest.approx(own[each["window"]][name])
            assert each["attainment_low"] == pytest.approx(own[each["window"]]["attainment_low"])
        budget = said["budget"]
        assert budget["window"] == names[-1]
        allowed = (1 - said["target"]) * budget["expected_count"]
        assert budget["allowed_count"] == pytest.approx(allowed)
        assert budget["left_count"] == pytest.approx(allowed - budget["missed_count"])
        assert all(isinstance(sentence, str) for sentence in budget["sentences"])


def test_departments_are_those_of_the_verdicts(judged, verdicts):
    attained = {
        (row["department"], row["rule"]): row
        for row in verdicts.attainment("department").to_dicts()
    }
    found = judged["promises"]["departments"]
    assert found["left_out_count"] == 0
    seen = {}
    for row in found["rows"]:
        for cell in row["rules"]:
            seen[row["department"], cell["rule"]] = cell
    assert seen.keys() == attained.keys()
    for key, cell in seen.items():
        for name in ("met_count", "missed_count", "decided_count"):
            assert cell[name] == attained[key][name]
    assert found["rows"][-1]["department"] is None
    assert (
        sum(row["verdicts_count"] for row in found["rows"]) == judged["promises"]["verdicts_count"]
    )


def test_the_department_that_drops_the_ball_is_named(company, judged):
    assert f"“{company.truth.dropping_department}”" in where_worst(judged["promises"])


def test_the_worst_of_each_rule_come_first(judged, rows):
    worst = judged["promises"]["worst"]
    assert len(worst) == 10
    assert {each["rule"] for each in worst[:4]} == {each.name for each in BOOK}
    for name in ("answer fast", "first response", "solved"):
        own = rows.filter((pl.col("rule") == name) & (pl.col("verdict") == "missed"))
        furthest = own["value"].max()
        first = next(each for each in worst if each["rule"] == name)
        assert first["value"] == pytest.approx(furthest)


def test_what_is_due_next_is_the_soonest_of_what_is_pending(judged, rows, verdicts):
    pending = rows.filter((pl.col("verdict") == "pending") & pl.col("due_at").is_not_null())
    due = judged["promises"]["due_next"]
    assert len(due) == min(10, pending.height) > 0
    soonest = pending["due_at"].sort().head(10)
    left = [
        (each.replace(tzinfo=None) - verdicts.as_of.utc_wall).total_seconds() / 60
        for each in soonest
    ]
    assert [each["left_minutes"] for each in due] == pytest.approx(left)


def test_the_report_is_json_and_small(judged):
    assert len(json.dumps(judged["promises"], allow_nan=False)) < 60_000


# Words ---------------------------------------------------------------------------------------


def test_misses_are_said_in_words_and_open_ones_as_open():
    open_one = report(calls([1], answered=0), rules=SOON, as_of="2024-01-02").to_dict()["promises"]
    assert open_one["worst"][0]["words"] == "1 d 7 h over, and still open"
    assert open_one["worst"][0]["is_open"] is True
    assert open_one["worst"][0]["due_at"] == "2024-01-01T16:00:00+00:00"
    rings = report(calls([5, 1]), rules=FAST).to_dict()["promises"]
    assert rings["worst"][0]["words"] == "5 rings, at most 2 promised"
    assert rings["worst"][0]["is_open"] is None


def test_a_case_that_was_answered_late_is_not_open():
    table = pl.DataFrame(
        {
            "customer_id": ["a", "a", "b"],
            "occurred_at": [
                datetime(2024, 1, 1, 10),
                datetime(2024, 1, 1, 16, 10),
                datetime(2024, 1, 1, 12),
            ],
            "kind": ["question", "reply", "visit"],
            "case_id": ["1", "1", None],
        }
    )
    made = report(History.from_native(table, timezone="UTC"), rules=SOON).to_dict()
    (one,) = made["promises"]["worst"]
    assert one["words"] == "2 h 10 min over"
    assert one["is_open"] is False


def test_a_measured_time_is_said_in_its_unit():
    table = pl.DataFrame(
        {
            "customer_id": ["a"],
            "occurred_at": [datetime(2024, 1, 1, 10)],
            "kind": ["question"],
            "wait_s": [150],
        }
    )
    book = RuleBook([rule("wait", where(kind="question"), at_most(2, "minutes", of="wait_s"))])
    made = report(History.from_native(table, timezone="UTC"), rules=book).to_dict()
    assert made["promises"]["worst"][0]["words"] == "30 s over"


# Odd data ------------------------------------------------------------------------------------


def test_a_rule_that_speaks_of_nobody_is_told_with_zeros():
    book = RuleBook([rule("nobody", where(kind="complaint"), within(hours=4))])
    made = report(calls([1, 2]), rules=book).to_dict()["promises"]
    (said,) = made["rules"]
    assert (said["decided_count"], said["attainment_share"]) == (0, None)
    assert said["standing"] == "too few to say"
    assert (made["verdicts_count"], made["worst"], made["due_next"]) == (0, [], [])


def test_all_may_be_pending():
    history = calls([1] * 15, days=[datetime(2024, 1, 1, 12)] * 15)
    made = report(history, rules=SOON, as_of=datetime(2024, 1, 1, 13)).to_dict()["promises"]
    assert made["rules"][0]["pending_count"] == 15
    assert made["worst"] == []
    assert len(made["due_next"]) == 10
    assert made["due_next"][0]["words"] == "due in 3 h"


def test_without_departments_there_is_no_table_of_them():
    assert report(calls([1, 5]), rules=FAST).to_dict()["promises"]["departments"] is None


def test_the_largest_thirty_of_two_hundred_departments_are_told():
    department = [f"d{each % 200:03}" for each in range(1_000)]
    # Five of each, and one more of the first forty.
    department += [f"d{each:03}" for each in range(40)] + [None]
    history = calls([each % 4 for each in range(1_041)], department=department)
    found = report(history, rules=FAST).to_dict()["promises"]["departments"]
    assert [row["department"] for row in found["rows"]] == [f"d{n:03}" for n in range(30)] + [None]
    assert found["left_out_count"] == 170
    assert found["left_out_verdicts_count"] == 170 * 5 + 10


def test_a_rule_about_a_column_that_is_not_there_is_refused():
    with pytest.raises(MissingColumnError, match="rings"):
        report(datasets.cdnow(), rules=FAST)


def test_engines_tell_the_same():
    duckdb = pytest.importorskip("duckdb")
    rings = [each % 7 for each in range(300)]
    department = [("Sales", "Support", None)[each % 3] for each in range(300)]
    history = calls(rings, department=department, answered=200)
    table = duckdb.from_arrow(pl.DataFrame(history.to_native()).to_arrow())
    book = RuleBook([*FAST.rules, *SOON.rules])
    other = History.from_native(table, timezone="UTC")
    one, two = (report(each, rules=book).to_dict()["promises"] for each in (history, other))
    assert same(one, two)
