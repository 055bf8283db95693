"""The promises of the page: what it says of them, and that nothing in their words acts in it."""

from __future__ import annotations

import copy
import re

import pytest

from custloyal.formats import duration, moment
from custloyal.reporting.promise_words import promises_kept
from page.opened import Page, assert_inert, render, scripts_of

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=1>',
    "' onmouseover='alert(1)",
    "</title></style></svg><script>alert(2)</script>",
    "]]><iframe src='javascript:alert(4)'>",
    "{{7*7}}{% raw %}",
    "abc\u202edef\u2066ghi\u2069",
    "bell\x07escape\x1b[31m\x00",
]
LONG = "x" * 10_000


def figures(met, missed, *, target=0.9, standing="missed", pending=0):
    decided = met + missed
    return {
        "met_count": met,
        "missed_count": missed,
        "pending_count": pending,
        "unknown_count": 0,
        "excluded_count": 0,
        "decided_count": decided,
        "attainment_share": met / decided if decided else None,
        "attainment_low": 0.5 * met / decided if decided else None,
        "attainment_high": met / decided if decided else None,
        "target_share": target if decided else None,
        "is_reached": met >= target * decided if decided else None,
        "standing": standing,
        "over_minutes": None,
    }


def rule(name, met, missed, *, window="month", **more):
    months = [
        {**figures(met, missed, **more), "window": f"2024-{month:02}-01", "is_over": month < 12}
        for month in range(1, 13)
    ]
    budget = {
        **months[-1],
        "expected_count": 100,
        "expected_from": "the windows before",
        "allowed_count": 10.0,
        "left_count": 4.0,
        "left_share": 0.4,
        "burn_rate": 1.0,
        "events_until_spent": 3,
        "sentences": ["6 missed, 10 allowed: 4 left of the budget of this month."],
    }
    return {
        "name": name,
        "sentence": f"Calls {name}, for 90 % of calls a month; owner: desk.",
        "owner": "desk",
        "window": window,
        "target": 0.9,
        **figures(met, missed, **more),
        "windows": months,
        "budget": budget,
    }


def case(rule_name, words, **more):
    return {
        "rule": rule_name,
        "subject": "case",
        "customer_id": "c1",
        "case_id": "case-1",
        "interaction_id": "17",
        "department": "Support",
        "agent_id": "ann",
        "window": "2024-12-01",
        "promised_at": "2024-12-02T10:00:00+01:00",
        "due_at": "2024-12-02T14:00:00+01:00",
        "words": words,
        **more,
    }


@pytest.fixture(scope="module")
def promises():
    missed = {
        "decided_at": "2024-12-02T14:00:00+01:00",
        "value": 22_200.0,
        "threshold": 14_400.0,
        "unit": "seconds",
        "over_minutes": 130.0,
        "is_open": True,
    }
    cells = [
        ("Sales", [("answer fast", 95, 5, "kept"), ("solved", 50, 50, "missed")]),
        ("Support", [("answer fast", 85, 15, "at risk"), ("solved", 20, 80, "missed")]),
        (None, [("key accounts", 1, 2, "too few to say")]),
    ]
    return {
        "verdicts_count": 503,
        "rules": [
            rule("answer fast", 180, 20, standing="kept"),
            rule("solved", 70, 130),
            rule("key accounts", 1, 2, standing="too few to say"),
        ],
        "departments": {
            "rows": [
                {
                    "department": department,
                    "verdicts_count": 200,
                    "rules": [
                        {"rule": name, **figures(met, missed, standing=standing)}
                        for name, met, missed, standing in of_rules
                    ],
                }
                for department, of_rules in cells
            ],
            "left_out_count": 0,
            "left_out_verdicts_count": 0,
        },
        "worst": [case("solved", "2 h 10 min over, and still open", **missed)],
        "due_next": [case("answer fast", "due in 3 h", left_minutes=180.0)],
    }


@pytest.fixture(scope="module")
def report(promises):
    return {
        "as_of": "2024-12-31",
        "timezone": "Europe/Berlin",
        "period": {"first": "2024-01-02", "last": "2024-12-30"},
        "intake": dict.fromkeys(
            (
                *("given", "accepted", "duplicates", "folded_lines", "negated_returns"),
                *("unseen", "without_customer"),
            ),
            0,
        )
        | {"rejected": [], "unmapped": []},
        "customers_count": 1,
        "trust": {
            "mean": 0.5,
            "median": 0.5,
            "prior": 0.5,
            "below_prior_count": 0,
            "no_evidence_count": 0,
            "bins": [],
            "evidence": [],
        },
        "stages": {
            "know": 1,
            "like": 0,
            "trust": 0,
            "funnel": {"top": 1, "middle": 0, "bottom": 0},
        },
        "promises": promises,
        "concentration": None,
        "segments": [],
        "cohorts": [],
        "attention": [],
    }


@pytest.fixture(scope="module")
def page(report):
    return Page(render(report))


@pytest.fixture(scope="module")
def text(page):
    return " ".join(" ".join(page.text).split())


def with_promises(report, **more):
    return {**report, "promises": {**copy.deepcopy(report["promises"]), **more}}


def text_of(report):
    return " ".join(" ".join(Page(render(report)).text).split())


def everywhere(report, text):
    """The report with a text in every place of its promises that can hold one of the user's own."""
    made = with_promises(report)
    said = made["promises"]
    for each in said["rules"]:
        each.update(name=text, sentence=text, owner=text)
    for row in said["departments"]["rows"]:
        if row["department"] is not None:
            row["department"] = text
        for cell in row["rules"]:
            cell["rule"] = text
    for one in (*said["worst"], *said["due_next"]):
        one.update(
            rule=text, words=text, customer_id=text, case_id=text, department=text, agent_id=text
        )
    return made


# Safety --------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", [*HOSTILE, LONG])
def test_nothing_in_a_rule_book_acts_in_the_page(word, report, page):
    html = render(everywhere(report, word))
    made = Page(html)
    assert made.tags <= page.tags
    assert_inert(made)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x07\x1b]", html)


def test_words_are_shown_as_they_are_written(report):
    shown = Page(render(everywhere(report, "{{7*7}}<b>x</b>"))).text
    assert sum("{{7*7}}<b>x</b>" in text for text in shown) > 20


def test_no_rule_book_swells_the_page(report):
    made = everywhere(report, '"' * 100_000)
    said = made["promises"]
    said["rules"] = [copy.deepcopy(said["rules"][0]) for _ in range(200)]
    for place, each in enumerate(said["rules"]):
        each["name"] = f"{place}{each['name']}"
    cells = [
        {**said["departments"]["rows"][0]["rules"][0], "rule": each["name"]}
        for each in said["rules"]
    ]
    said["departments"]["rows"] = [
        {"department": f'{place}{LONG}"', "verdicts_count": 9, "rules": cells}
        for place in range(30)
    ]
    said["worst"], said["due_next"] = said["worst"] * 10, said["due_next"] * 10
    html = render(made)
    assert len(html.encode()) < 3_000_000
    assert "And 170 more promises" in html


def test_the_page_with_promises_loads_nothing(report):
    html = render(report)
    made = Page(html)
    assert_inert(made)
    for attributes, script in scripts_of(made):
        html = html if attributes else html.replace(script, "")
    for word in ("http://", "https://", "url(", "@import"):
        assert word not in html


# What it says --------------------------------------------------------------------------------


def test_without_rules_it_says_how_to_give_them(report):
    text = text_of({**report, "promises": None})
    assert "No service rules were given" in text
    assert "--rules rulebook.toml" in text
    assert "Which promises are kept" not in text


def test_a_report_made_before_there_were_promises_is_drawn(report):
    old = {name: value for name, value in report.items() if name != "promises"}
    assert "No service rules were given" in text_of(old)


def test_in_short_it_says_which_promises_are_kept(text):
    assert "Which promises are kept" in text
    assert (
        "1 of 3 promises is kept, 1 is missed, 1 is too seldom decided to say. Missed by more "
        "than chance would explain: “solved” (35.0% of 200 kept, target 90.0%)." in text
    )


def test_all_kept_none_decided_and_many_missed_are_said():
    kept = rule("a", 95, 5, standing="kept")
    assert promises_kept({"rules": [kept]}) == "The one promise is kept."
    assert promises_kept({"rules": [kept, kept]}) == "All 2 promises are kept."
    waiting = rule("a", 0, 0, standing="too few to say", pending=4)
    assert promises_kept({"rules": [waiting]}) == (
        "Of 1 rule nothing is decided yet; 4 promises made and not yet due."
    )
    many = [rule(f"r{each}", each, 100 - each) for each in range(5)]
    said = promises_kept({"rules": many})
    assert said.startswith("0 of 5 promises are kept, 5 are missed.")
    assert "“r0” (0.0% of 100 kept, target 90.0%)" in said
    assert said.endswith("and 2 more.")


def test_the_rule_furthest_below_its_target_comes_first(text):
    places = [text.index(f"Calls {name}") for name in ("solved", "key accounts", "answer fast")]
    assert places == sorted(places)


def test_a_rule_is_told_with_its_interval_denominator_target_and_budget(text):
    assert "✗ missed 35.0% (17.5 to 35.0% · 70 of 200)" in text
    assert "✓ kept 90.0% (45.0 to 90.0% · 180 of 200)" in text
    assert "December 2024: 35.0% of 200 kept so far." in text
    assert "6 missed, 10 allowed: 4 left of the budget of this month." in text


def test_every_rule_of_which_something_is_decided_has_a_chart_that_is_read_out(page):
    labels = [
        attributes["aria-label"]
        for tag, attributes in page.elements
        if tag == "svg" and attributes.get("aria-label", "").startswith("Line of the share kept")
    ]
    assert len(labels) == 3
    assert sum(text.startswith("Target reached in") for text in page.text) == 3


def test_a_cell_says_its_share_its_number_and_in_words_whether_that_is_enough(text):
    assert "20.0% ✗ missed of 100" in text
    assert "85.0% ~ below, maybe by chance of 100" in text
    assert (
        "The furthest behind is “Support” at “solved”: 20.0% of 100 kept, where all others "
        "together keep 50.0%; the target is 90.0%." in text
    )
    assert "none named" in text


def test_cases_are_told_with_their_clocks(text):
    assert "2 h 10 min over, and still open solved Customer c1 Case case-1" in text
    assert "Promised 2 December 2024, 10:00 Due 2 December 2024, 14:00" in text
    assert "due in 3 h answer fast" in text


def test_departments_that_are_left_out_are_counted(report):
    found = {**report["promises"]["departments"], "left_out_count": 170}
    found["left_out_verdicts_count"] = 860
    text = text_of(with_promises(report, departments=found))
    assert "170 smaller departments with 860 promises left out." in text


# What is not there ---------------------------------------------------------------------------


def test_promises_without_departments_have_no_table_of_them(report):
    text = text_of(with_promises(report, departments=None))
    assert "Promises kept by department" not in text
    nobody = {"rows": report["promises"]["departments"]["rows"][-1:], "left_out_count": 0}
    nobody["left_out_verdicts_count"] = 0
    assert "Promises kept by department" not in text_of(with_promises(report, departments=nobody))


def test_nothing_decided_is_said_and_not_drawn(report):
    waiting = [rule("solved", 0, 0, standing="too few to say", pending=15)]
    made = with_promises(report, rules=waiting, departments=None, worst=[], due_next=[])
    text = text_of(made)
    assert "15 not yet due" in text
    assert "No promise was missed." in text
    assert "Nothing that was promised falls due next." in text
    assert "How often promises were kept" not in text
    assert "None" not in text


@pytest.mark.parametrize("window", ["day", "week", "month", "quarter", "year"])
def test_every_period_has_a_name(window, report):
    text = text_of(with_promises(report, rules=[rule("solved", 7, 3, window=window)]))
    said = {
        "day": "1 December 2024",
        "week": "Week from 1 December 2024",
        "month": "December 2024",
        "quarter": "Quarter 4 of 2024",
        "year": "2024",
    }
    assert f"{said[window]}: 70.0% of 10 kept so far" in text


def test_lengths_and_moments_read_as_people_say_them():
    assert [duration(each) for each in (None, 0, 61, 3_600, 86_400 * 40)] == [
        "not known",
        "under 1 s",
        "1 min 1 s",
        "1 h",
        "40 d",
    ]
    assert moment("2024-03-31T01:59:59+01:00") == "31 March 2024, 01:59"
    assert moment(None) == "not known"
    assert moment("no time") == "no time"
