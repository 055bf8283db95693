"""Verdicts where they turn: on the limit and a microsecond beside, at closing time, at midnight.

Each story is a case of its own, and all stories of a rule are judged together, on both engines.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from custloyal import BusinessCalendar, RuleBook, ServiceRule
from custloyal.rules import Population, at_least, at_most, below, where, within
from drawn_rules import MICROSECOND, judged
from engines import every_engine

QUESTIONS = where(kind=("question", "problem"))


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def rule(promise, population=QUESTIONS, **options):
    kept = {"name": "rule", "target": 0.9, "window": "month", "owner": "front desk", **options}
    return ServiceRule(population=population, promise=promise, **kept)


def case(name, *rows, **columns):
    """A story: times and kinds, one after another."""
    return [
        {"customer_id": "ann", "case_id": name, "occurred_at": at(time), "kind": kind, **columns}
        for time, kind in rows
    ]


def told(backend, stories, promise, as_of, **options):
    """For each story its verdict, how long it ran in seconds, and when it was due."""
    rows = [row for story in stories for row in story]
    verdicts = judged(backend, rows, RuleBook([rule(promise, **options)]), as_of).to_dicts()
    found = {row["case_id"]: row for row in verdicts}
    assert len(found) == len(verdicts)
    return found


def outcomes(found):
    return {name: row["verdict"] for name, row in found.items()}


# The limit -----------------------------------------------------------------------------------

PLAIN = [
    case("on it", ("2024-05-06T09:00Z", "question"), ("2024-05-06T13:00Z", "reply")),
    case("over", ("2024-05-06T09:00Z", "question"), ("2024-05-06T13:00:00.000001Z", "reply")),
    case("before", ("2024-05-06T09:00Z", "question"), ("2024-05-06T12:59:59.999999Z", "reply")),
    case("at once", ("2024-05-06T09:00Z", "question"), ("2024-05-06T09:00Z", "reply")),
    case("no event", ("2024-05-06T09:00Z", "question")),
    case("later", ("2024-05-06T09:00:00.000001Z", "question")),
    case("earlier", ("2024-05-06T08:59:59.999999Z", "question")),
]


@every_engine
def test_exactly_the_limit_keeps_the_promise_and_a_microsecond_more_does_not(backend):
    found = told(backend, PLAIN, within(hours=4), at("2024-05-06T13:00Z"))
    assert outcomes(found) == {
        "on it": "met",
        "over": "pending",  # as of 13:00 its reply is not there yet
        "before": "met",
        "at once": "met",
        "no event": "pending",
        "later": "pending",
        "earlier": "missed",
    }
    assert found["on it"]["value"] == 14_400
    assert found["on it"]["decided_at"] == found["on it"]["due_at"] == at("2024-05-06T13:00Z")
    assert found["no event"]["due_at"] == at("2024-05-06T13:00Z")
    assert found["no event"]["decided_at"] is None
    missed = found["earlier"]
    assert missed["decided_at"] == missed["due_at"] == at("2024-05-06T12:59:59.999999Z")
    assert missed["over_minutes"] == pytest.approx(1 / 60e6)


@every_engine
def test_a_microsecond_later_the_rest_has_turned(backend):
    found = told(backend, PLAIN, within(hours=4), at("2024-05-06T13:00:00.000001Z"))
    assert {name for name, verdict in outcomes(found).items() if verdict == "missed"} == {
        *("over", "no event", "earlier")
    }
    assert found["later"]["verdict"] == "pending"
    assert found["over"]["decided_at"] == at("2024-05-06T13:00Z")


@every_engine
def test_what_follows_turns_where_clocks_do(backend):
    promise = within(hours=4, until=where(kind="reply"))
    found = told(backend, PLAIN, promise, at("2024-05-06T13:00:00.000001Z"))
    assert outcomes(found) == {
        **dict.fromkeys(("on it", "before", "at once"), "met"),
        **dict.fromkeys(("over", "no event", "earlier"), "missed"),
        "later": "pending",
    }


@every_engine
def test_numbers_on_the_threshold(backend):
    calls = [
        {
            "customer_id": "ann",
            "occurred_at": at("2024-05-06T09:00Z"),
            "kind": "question",
            "case_id": name,
            "channel": "phone",
            "rings": rings,
            "wait_s": wait,
        }
        for name, rings, wait in (
            ("two rings", 2.0, None),
            ("three rings", 3.0, None),
            ("before the third", None, 11.999999),
            ("as the third starts", None, 12.0),
            ("at once", None, 0.0),
            ("rings win", 2.0, 60.0),
            ("nobody knows", None, None),
        )
    ]
    kept = {
        **dict.fromkeys(("two rings", "before the third", "at once", "rings win"), "met"),
        **dict.fromkeys(("three rings", "as the third starts"), "missed"),
        "nobody knows": "unknown",
    }
    for promise in (at_most(2, "rings"), below(3, "rings")):
        assert outcomes(told(backend, [calls], promise, at("2024-05-07T00:00Z"))) == kept
    waited = told(backend, [calls], at_most(0.2, "minutes", of="wait_s"), at("2024-05-07T00:00Z"))
    assert waited["as the third starts"]["verdict"] == "met"
    assert waited["as the third starts"]["value"] == pytest.approx(0.2)
    assert waited["rings win"]["verdict"] == "missed"


# Business time -------------------------------------------------------------------------------

BERLIN = "Europe/Berlin"
OFFICE = BusinessCalendar({"mon-fri": "09:00-18:00"}, timezone=BERLIN)
NIGHTS = BusinessCalendar({"mon-sun": "22:00-06:00"}, timezone=BERLIN)


@every_engine
def test_closing_time(backend):
    opened = ("2024-05-06T16:00+02:00", "question")
    stories = [
        case("at closing time", opened, ("2024-05-06T18:00+02:00", "reply")),
        case("at night", opened, ("2024-05-06T23:00+02:00", "reply")),
        case("as it opens", opened, ("2024-05-07T09:00+02:00", "reply")),
        case("after that", opened, ("2024-05-07T09:00:00.000001+02:00", "reply")),
        case("asked at night", ("2024-05-06T18:00+02:00", "question")),
        case("asked on a Sunday", ("2024-05-05T12:00+02:00", "question")),
    ]
    found = told(backend, stories, within(hours=2, calendar=OFFICE), at("2024-05-07T10:00+02:00"))
    assert outcomes(found) == {
        **dict.fromkeys(("at closing time", "at night", "as it opens"), "met"),
        "after that": "missed",
        "asked at night": "pending",
        "asked on a Sunday": "missed",
    }
    # What is used up by closing time is due then, though the next morning is as good.
    for name in ("at closing time", "at night", "as it opens", "after that"):
        assert found[name]["due_at"] == at("2024-05-06T18:00+02:00")
    assert found["as it opens"]["value"] == 7_200
    assert found["asked at night"]["due_at"] == at("2024-05-07T11:00+02:00")
    assert found["asked on a Sunday"]["due_at"] == at("2024-05-06T11:00+02:00")
    assert found["after that"]["over_minutes"] == pytest.approx(1 / 60e6)


@every_engine
def test_nights_over_which_the_clock_changes(backend):
    stories = [
        # 22:00 to 06:00 has eight hours, but seven in spring and nine in autumn.
        case("plain", ("2024-05-06T22:00+02:00", "question"), ("2024-05-07T05:00+02:00", "reply")),
        case("spring", ("2024-03-30T22:00+01:00", "question"), ("2024-03-31T06:00+02:00", "reply")),
        case("autumn", ("2024-10-26T22:00+02:00", "question"), ("2024-10-27T05:00+01:00", "reply")),
        case(
            "skipped", ("2024-03-31T01:59+01:00", "question"), ("2024-03-31T03:00+02:00", "reply")
        ),
        case("first", ("2024-10-27T02:30+02:00", "question"), ("2024-10-27T02:30+01:00", "reply")),
        case("second", ("2024-10-27T02:30+01:00", "question"), ("2024-10-27T06:00+01:00", "reply")),
    ]
    found = told(backend, stories, within(hours=7, calendar=NIGHTS), "2024-12-31")
    assert {name: row["value"] / 3_600 for name, row in found.items()} == {
        "plain": 7,
        "spring": 7,
        "autumn": 8,
        "skipped": 1 / 60,
        "first": 1,
        "second": 3.5,
    }
    assert outcomes(found) == {**dict.fromkeys(found, "met"), "autumn": "missed"}
    assert found["spring"]["due_at"] == at("2024-03-31T06:00+02:00")
    assert found["autumn"]["due_at"] == at("2024-10-27T04:00+01:00")
    assert found["second"]["due_at"] == at("2024-10-28T01:30+01:00")


@every_engine
def test_a_leap_day_is_a_day(backend):
    stories = [
        case("leap year", ("2024-02-28T17:00+01:00", "question")),
        case("plain year", ("2023-02-28T17:00+01:00", "question")),
        case("on it", ("2024-02-29T17:00+01:00", "question")),
    ]
    found = told(backend, stories, within(hours=2, calendar=OFFICE), "2024-12-31")
    assert {name: row["due_at"] for name, row in found.items()} == {
        "leap year": at("2024-02-29T10:00+01:00"),
        "plain year": at("2023-03-01T10:00+01:00"),
        "on it": at("2024-03-01T10:00+01:00"),
    }
    assert found["on it"]["window"] == date(2024, 2, 1)


# The reference cases -------------------------------------------------------------------------


@every_engine
def test_due_times_of_the_reference(backend):
    berlin = BusinessCalendar({"mon-fri": "08:00-20:00"}, timezone=BERLIN, holidays=["2016-11-01"])
    london = BusinessCalendar({"mon-fri": "09:00-17:00"})
    asked = [case("holiday", ("2016-11-01T13:56:21+01:00", "question"))]
    weekend = [
        case("friday", ("2024-01-19T16:00Z", "question")),
        case("saturday", ("2024-01-20T10:00Z", "question")),
    ]
    for stories, calendar, minutes, due in (
        (asked, berlin, 120, {"holiday": "2016-11-02T09:00Z"}),
        (asked, berlin, 1200, {"holiday": "2016-11-03T15:00Z"}),
        (weekend, london, 120, {"friday": "2024-01-22T10:00Z", "saturday": "2024-01-22T11:00Z"}),
    ):
        promise = within(minutes=minutes, calendar=calendar)
        found = told(backend, stories, promise, "2024-12-31")
        assert {name: row["due_at"] for name, row in found.items()} == {
            name: at(text) for name, text in due.items()
        }


@every_engine
def test_pauses_move_the_due_time(backend):
    opens = BusinessCalendar({"mon-sun": "09:00-18:00"})
    asked, told_to_wait = ("2024-05-06T09:00Z", "question"), ("2024-05-06T10:00Z", "follow_up")
    back = ("2024-05-06T10:30Z", "question")
    promise = within(minutes=120, calendar=opens, waits=where(kind="follow_up"))
    stories = [
        case("resumed", asked, told_to_wait, back),
        case("on it", asked, told_to_wait, back, ("2024-05-06T11:30Z", "reply")),
        case("over", asked, told_to_wait, back, ("2024-05-06T11:30:00.000001Z", "reply")),
        case("waiting", asked, told_to_wait),
        case("told twice", asked, told_to_wait, ("2024-05-06T10:15Z", "follow_up"), back),
        case("too late", asked, ("2024-05-06T12:00Z", "follow_up")),
    ]
    found = told(backend, stories, promise, at("2024-05-06T12:30Z"))
    assert {name: (row["verdict"], row["value"] / 60) for name, row in found.items()} == {
        "resumed": ("missed", 180),
        "on it": ("met", 120),
        "over": ("missed", pytest.approx(120)),
        "waiting": ("pending", 60),
        "told twice": ("missed", 180),
        "too late": ("missed", 180),
    }
    due = {name: row["due_at"] for name, row in found.items()}
    assert due.pop("waiting") is None  # as long as the customer is waited for, nothing is due
    assert due.pop("too late") == at("2024-05-06T11:00Z")
    assert set(due.values()) == {at("2024-05-06T11:30Z")}


# Cases ---------------------------------------------------------------------------------------


@every_engine
def test_what_comes_before_a_case_opened_is_not_seen(backend):
    stories = [
        case("answered before", ("2024-05-06T08:00Z", "reply"), ("2024-05-06T09:00Z", "question")),
        case(
            "and after",
            ("2024-05-06T08:00Z", "reply"),
            ("2024-05-06T09:00Z", "question"),
            ("2024-05-06T10:00Z", "reply"),
        ),
        case("never opened", ("2024-05-06T08:00Z", "reply")),
        case("opened by an answer", ("2024-05-06T08:00Z", "resolution")),
    ]
    promise = within(hours=2, starts=QUESTIONS)
    everyone = Population({"kind": ("question", "reply", "resolution")})
    found = told(backend, stories, promise, at("2024-05-06T11:00Z"), population=everyone)
    assert outcomes(found) == {
        "answered before": "pending",
        "and after": "met",
        "never opened": "excluded",
        "opened by an answer": "excluded",
    }
    assert found["and after"]["value"] == 3_600
    assert found["answered before"]["due_at"] == at("2024-05-06T11:00Z")


@every_engine
def test_reopening_resumes_the_clock(backend):
    asked = ("2024-05-06T09:00Z", "question")
    solved, again = ("2024-05-06T10:00Z", "resolution"), ("2024-05-07T09:00Z", "reopen")
    stories = [
        case("solved", asked, solved),
        case("solved twice", asked, solved, ("2024-05-06T12:00Z", "resolution")),
        case("reopened", asked, solved, again),
        case("and solved", asked, solved, again, ("2024-05-07T10:00Z", "resolution")),
        case("too late", asked, solved, again, ("2024-05-07T10:00:00.000001Z", "resolution")),
        case("reopened before", asked, ("2024-05-06T09:30Z", "reopen"), solved),
    ]
    promise = within(hours=2, until="resolution")
    found = told(backend, stories, promise, at("2024-05-07T09:30Z"))
    assert {name: (row["verdict"], row["value"]) for name, row in found.items()} == {
        "solved": ("met", 3_600),
        "solved twice": ("met", 3_600),
        "reopened": ("pending", 5_400),
        "and solved": ("pending", 5_400),
        "too late": ("pending", 5_400),
        "reopened before": ("met", 3_600),
    }
    assert found["solved"]["decided_at"] == at("2024-05-06T10:00Z")
    assert found["reopened"]["due_at"] == at("2024-05-07T10:00Z")
    later = outcomes(told(backend, stories, promise, "2024-05-31"))
    assert (later["and solved"], later["too late"], later["reopened"]) == ("met", *2 * ("missed",))


@every_engine
def test_next_replies_are_judged_once_for_each_run_of_questions(backend):
    story = case(
        "c1",
        ("2024-05-06T09:00Z", "question"),
        ("2024-05-06T09:30Z", "question"),
        ("2024-05-06T10:00Z", "reply"),
        ("2024-05-06T11:00Z", "problem"),
        ("2024-05-06T13:00:00.000001Z", "reply"),
        ("2024-05-06T14:00Z", "question"),
        ("2024-05-06T14:00Z", "question"),
    )
    nowhere = [{**row, "case_id": None} for row in story[:3]]
    book = RuleBook([rule(within(hours=2, until="next_reply"))])
    found = judged(backend, [*story, *nowhere], book, at("2024-05-06T15:00Z")).to_dicts()
    said = sorted(
        (row["occurred_at"], row["verdict"]) for row in found if row["case_id"] is not None
    )
    assert said == [
        (at("2024-05-06T09:00Z"), "met"),
        (at("2024-05-06T11:00Z"), "missed"),
        (at("2024-05-06T14:00Z"), "pending"),
    ]
    unknown = [row for row in found if row["case_id"] is None]
    assert [(row["verdict"], row["value"], row["due_at"]) for row in unknown] == 2 * [
        ("unknown", None, None)
    ]


@every_engine
def test_a_case_of_two_customers_is_of_neither(backend):
    first, second = (
        {**case("shared", (f"2024-05-06T{hour}:00Z", kind))[0], "customer_id": who}
        for hour, kind, who in (("09", "question", "ann"), ("10", "reply", "bob"))
    )
    alone = [{**row, "case_id": "alone"} for row in (first, {**second, "customer_id": None})]
    book = RuleBook([rule(within(hours=2)), rule(within(hours=2), where(tier="key"), name="key")])
    tiers = [{"customer_id": "ann", "tier": "key"}]
    verdicts = judged(backend, [first, second, *alone], book, "2024-05-31", tiers)
    found = {(row["rule"], row["case_id"]): row["customer_id"] for row in verdicts.to_dicts()}
    assert found == {("rule", "shared"): None, ("rule", "alone"): "ann", ("key", "alone"): "ann"}


@every_engine
def test_places_break_ties_beside_a_second_table(backend):
    times = [("2024-05-06T09:00Z", "reply")] * 4
    places = [
        {**row, "case_id": f"c{n}", "department": holder}
        for n in range(5_000)
        for row, holder in zip(case("", *times), ("desk", "desk", "lab", "desk"), strict=True)
    ]
    stay = RuleBook([rule(at_most(1, "handoffs"), where(kind="reply"))])
    tiers = [{"customer_id": "ann", "tier": "key"}]
    for second in ([], tiers):
        verdicts = judged(backend, places, stay, "2024-05-31", second).to_dicts()
        assert {row["value"] for row in verdicts} == {2}


# Windows -------------------------------------------------------------------------------------


@every_engine
def test_windows_end_at_local_midnight(backend):
    rows = [
        {"customer_id": who, "occurred_at": at(text), "kind": kind}
        for who, text, kind in (
            ("ann", "2024-03-01T00:00+01:00", "purchase"),
            ("ann", "2024-03-30T23:59:59.999999+01:00", "reply"),
            ("ann", "2024-04-01T00:00+02:00", "reply"),
            ("bob", "2024-03-31T12:00+02:00", "purchase"),
            (None, "2024-03-31T12:00+02:00", "reply"),
        )
    ]
    promise = at_least(1, "times", of=where(kind="reply"), per="customer")
    book = RuleBook([rule(promise, where(), window="day")])
    verdicts = judged(backend, rows, book, at("2024-04-01T12:00+02:00"))
    found = {
        (row["customer_id"], row["window"].isoformat()): row
        for row in verdicts.to_dicts()
        if row["window"] >= date(2024, 3, 30)
    }
    assert {key: row["verdict"] for key, row in found.items()} == {
        ("ann", "2024-03-30"): "met",
        ("ann", "2024-03-31"): "missed",
        ("ann", "2024-04-01"): "met",
        ("bob", "2024-03-31"): "missed",
        ("bob", "2024-04-01"): "pending",
    }
    spring = found["ann", "2024-03-31"]  # a day of 23 hours
    assert spring["occurred_at"] == at("2024-03-31T00:00+01:00")
    assert spring["due_at"] == at("2024-04-01T00:00+02:00") - MICROSECOND
    assert spring["due_at"] - spring["occurred_at"] == timedelta(hours=23) - MICROSECOND


@every_engine
@pytest.mark.parametrize(
    ("window", "begins", "ends"),
    [
        ("week", "2024-02-05", "2024-02-12T00:00+01:00"),
        ("month", "2024-02-01", "2024-03-01T00:00+01:00"),
        ("quarter", "2024-04-01", "2024-07-01T00:00+02:00"),
    ],
)
def test_the_first_window_is_the_first_that_began_since_customers_are_known(
    backend, window, begins, ends
):
    day = date.fromisoformat(begins)
    rows = [
        {"customer_id": who, "occurred_at": at(text), "kind": "visit"}
        for who, text in (("gus", "2024-01-15T12:00Z"), ("eva", f"{begins}T12:00Z"))
    ]
    second = [
        {"customer_id": "ann", "tier": "key", "acquired_at": date(2024, 1, 30)},
        {"customer_id": "bob", "tier": "key", "acquired_at": day},
        {"customer_id": "cem", "tier": "key", "acquired_at": day + timedelta(days=1)},
        {"customer_id": "dan", "tier": "key", "acquired_at": date(2025, 1, 1)},
        {"customer_id": "eva", "tier": "key", "acquired_at": date(2024, 1, 31)},
        {"customer_id": "fay", "tier": "key", "acquired_at": None},
        {"customer_id": "old", "tier": "key", "acquired_at": date(2020, 1, 1)},
    ]
    promise = at_most(0, "times", of=where(kind="complaint"), per="customer")
    book = RuleBook([rule(promise, where(tier="key"), window=window)])
    verdicts = judged(backend, rows, book, "2024-07-31", second).to_dicts()
    first = {}
    for row in sorted(verdicts, key=lambda row: row["window"], reverse=True):
        first[row["customer_id"]] = row
    assert {first[who]["window"] for who in ("ann", "bob", "eva")} == {day}
    assert first["ann"]["due_at"] == at(ends) - MICROSECOND
    assert "dan" not in first
    assert first["cem"]["window"] > day if "cem" in first else window == "quarter"
    # Before its first row a history says nothing of anybody, however long they are customers.
    assert first["old"]["window"] == first["fay"]["window"] >= date(2024, 1, 15)
