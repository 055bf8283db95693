"""Rule books in TOML: there and back, and every mistake of a file at once with its line."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given

from custloyal import BusinessCalendar, RuleBook, ServiceRule
from custloyal.errors import ConfigurationError, InvalidValueError
from custloyal.rules import Clocked, Measured, RingCadence, at_most, rulebooks, where, within
from custloyal.rules.promise import Comparator
from custloyal.rules.toml_reading import read_rules
from drawn_rules import rule_books

OFFICE = """
[calendars.office]
timezone = "Europe/Berlin"
hours = { mon-fri = "08:00-20:00", sat = ["09:00-12:00", "13:00-14:30"] }
holidays = ["2016-11-01"]
"""
FAST = """
[[rules]]
name = "answer fast"
for = { kind = ["question", "problem"], channel = "phone", department = "Sales" }
unless = { topic = "test call" }
at_most = 2
unit = "rings"
target = 0.90
window = "month"
owner = "front desk"
target_by = { tier = { key = 0.99 } }
"""
FIRST = """
[[rules]]
name = "first response"
for = { kind = "question" }
within = { hours = 4 }
until = "first_response"
calendar = "office"
waits = { status = "pending" }
target = 0.9
window = "month"
owner = "service desk"
"""
HEAD = '[[rules]]\nname = "r"\nfor = { kind = "question" }\n'
TAIL = 'target = 0.9\nwindow = "month"\nowner = "desk"\n'


def rule(promise, name="r", **options):
    said = {"population": where(kind="question"), "target": 0.9, "window": "month"}
    return ServiceRule(name=name, promise=promise, owner="desk", **{**said, **options})


def mistakes_of(text):
    """What is wrong in a text, without the name of the file."""
    with pytest.raises(ConfigurationError) as caught:
        read_rules(text, source="book.toml")
    found = [str(mistake) for mistake in caught.value.mistakes]
    assert all(each.startswith("book.toml:") for each in found)
    return [each.removeprefix("book.toml:") for each in found]


def mistakes_with(promise, *, head=HEAD, tail=TAIL):
    return mistakes_of(head + promise + "\n" + tail)


# There and back ------------------------------------------------------------------------------


def test_a_file_says_what_python_says(tmp_path):
    file = tmp_path / "rulebook.toml"
    file.write_text(OFFICE + FAST + FIRST, encoding="utf-8-sig")
    office = BusinessCalendar(
        {"mon-fri": "08:00-20:00", "sat": ["09:00-12:00", "13:00-14:30"]},
        timezone="Europe/Berlin",
        holidays=["2016-11-01"],
    )
    assert RuleBook.from_toml(file) == RuleBook(
        [
            ServiceRule(
                name="answer fast",
                population=where(kind=["question", "problem"], channel="phone", department="Sales"),
                unless=where(topic="test call"),
                promise=at_most(2, "rings"),
                target=0.9,
                window="month",
                owner="front desk",
                target_by={"tier": {"key": 0.99}},
            ),
            ServiceRule(
                name="first response",
                population=where(kind="question"),
                promise=within(hours=4, calendar=office, waits=where(status="pending")),
                target=0.9,
                window="month",
                owner="service desk",
            ),
        ]
    )


@given(rule_books())
def test_every_book_comes_back(book):
    assert read_rules(book.to_toml(), source="book") == book.rules


@pytest.mark.parametrize(
    "calendar", [None, BusinessCalendar({"fri-mon": "22:00-06:00"}, exceptions={"2024-12-24": []})]
)
def test_good_service_comes_back(calendar):
    book = rulebooks.good_service(calendar, country="GB")
    assert read_rules(book.to_toml(), source="book") == book.rules


def test_a_text_reads_as_people_write():
    office = BusinessCalendar(
        {"mon-thu": "08:00-20:00", "fri": "08:00-18:00", "sun": ["09:00-10:00", "11:00-12:00"]},
        timezone="Europe/Berlin",
        holidays=["2016-11-01"],
        exceptions={"2016-12-24": "closed", "2016-12-31": "08:00-12:00"},
    )
    until = where(kind="survey", **{"a b": 'say "no"\n'})
    book = RuleBook([rule(within(minutes=90, calendar=office, until=until, same="customer"))])
    assert book.to_toml() == (
        "[calendars.calendar]\n"
        'timezone = "Europe/Berlin"\n'
        'hours = { mon-thu = "08:00-20:00", fri = "08:00-18:00", '
        'sun = ["09:00-10:00", "11:00-12:00"] }\n'
        'holidays = ["2016-11-01"]\n'
        'exceptions = { 2016-12-24 = "closed", 2016-12-31 = "08:00-12:00" }\n'
        "\n"
        "[[rules]]\n"
        'name = "r"\n'
        'for = { kind = "question" }\n'
        "within = { minutes = 90 }\n"
        'until = { kind = "survey", "a b" = "say \\"no\\"\\n" }\n'
        'same = "customer"\n'
        'calendar = "calendar"\n'
        "target = 0.9\n"
        'window = "month"\n'
        'owner = "desk"\n'
    )


def test_calendars_of_a_book_are_named_once():
    one, other = (BusinessCalendar({"mon": hours}) for hours in ("08:00-20:00", "09:00-20:00"))
    promises = [within(hours=n, calendar=c) for n, c in enumerate((one, other, one), start=1)]
    book = RuleBook([rule(promise, f"r{n}") for n, promise in enumerate(promises)])
    said = tomllib.loads(book.to_toml())
    assert list(said["calendars"]) == ["calendar", "calendar_2"]
    assert [each["calendar"] for each in said["rules"]] == ["calendar", "calendar_2", "calendar"]


def test_what_a_file_has_no_words_for_is_named():
    ringing = Measured(
        column="rings",
        comparator=Comparator.AT_MOST,
        threshold=2,
        unit="rings",
        cadence=RingCadence(9, 9),
    )
    book = RuleBook(
        [
            rule(Clocked(limit_s=60, stops=where(kind="quote")), "own clock"),
            rule(ringing, "own cadence"),
            rule(at_most(2, "rings"), "plain"),
        ]
    )
    with pytest.raises(InvalidValueError) as caught:
        book.to_toml()
    assert [mistake.path for mistake in caught.value.mistakes] == ["own clock", "own cadence"]


# Mistakes ------------------------------------------------------------------------------------


def test_all_mistakes_of_a_file_are_named_at_once_with_their_lines():
    text = (
        '[calendars.office]\ntimezone = "Europe/Berlni"\n'
        'hours = { mon-fri = "08:00-20:00", sat = ["09:00-12:00", "11:00-14:30"] }\n'
        'holidays = [\n  "2016-11-01",  # [[rules]]\n  "2016-13-01",\n]\n\n'
        '[[rules]]\nname = """answer\n[[rules]]\nfast"""\n'
        'for = { kind = ["question", "problm"], channel = "phone" }\n'
        'at_most = 2\nunit = "hours"\nof = "rings"\ntarget = 95\nwindow = "mnth"\nowner = "desk"\n'
        '\n[[rules]]\nname = "first"\nwithin = { hour = 4 }\nunti = "x"\ncalendar = "offfice"\n'
        'target = 0.9\nunit = "rings"\n'
    )
    assert mistakes_of(text) == [
        (
            "2: calendars.office.timezone: 'Europe/Berlni' is not a time zone "
            "(did you mean 'Europe/Berlin'?)"
        ),
        (
            "3: calendars.office.hours.sat: 09:00-12:00 overlaps 11:00-14:30 "
            "(close before the next stretch opens)"
        ),
        (
            "6: calendars.office.holidays[1]: '2016-13-01' is not a day "
            '(write "2024-12-25" or give a date)'
        ),
        "13: rules[0].for.kind: 'problm' is not one of its words (did you mean 'problem'?)",
        '15: rules[0].unit: hours do not fit rings, which is no column of times (say "rings")',
        "17: rules[0].target: is 95, must be a share above 0 and at most 1 (say 0.95)",
        "18: rules[0].window: is 'mnth', no period (did you mean 'month'?)",
        (
            "21: rules[1].for: is missing (say to whom it is promised: "
            'for = { kind = "question", channel = "phone" })'
        ),
        '21: rules[1].window: is missing (say over which period: window = "month")',
        '21: rules[1].owner: is missing (say who answers for it: owner = "front desk")',
        "23: rules[1].within.hour: is not known (did you mean 'hours'?)",
        "24: rules[1].unti: is not known (did you mean 'until'?)",
        "25: rules[1].calendar: is 'offfice', no calendar of this file (did you mean 'office'?)",
        (
            "27: rules[1].unit: belongs to at_most, at_least, below or above, not to within "
            "(leave it out)"
        ),
    ]


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("name", 'name: is missing (name the rule: name = "answer fast")'),
        (
            "for",
            (
                "for: is missing (say to whom it is promised: "
                'for = { kind = "question", channel = "phone" })'
            ),
        ),
        (
            "at_most",
            (
                ": promises nothing (say what is measured, how far and in which unit: "
                'at_most = 2 with unit = "rings", or within = { hours = 4 })'
            ),
        ),
        ("unit", 'unit: is missing (say of what: at_most = 2 with unit = "rings")'),
        ("target", "target: is missing (say which share must be kept: target = 0.9)"),
        ("window", 'window: is missing (say over which period: window = "month")'),
        ("owner", 'owner: is missing (say who answers for it: owner = "front desk")'),
    ],
)
def test_what_is_missing_is_named_at_the_head_of_its_rule(missing, said):
    whole = HEAD + 'at_most = 2\nunit = "rings"\n' + TAIL
    lines = [line for line in whole.splitlines() if not line.startswith(f"{missing} ")]
    dot = "" if said.startswith(":") else "."
    assert mistakes_of("\n".join(lines)) == [f"1: rules[0]{dot}{said}"]
    read_rules(whole, source="book.toml")


@pytest.mark.parametrize(
    ("promise", "said"),
    [
        (
            'at_most = "two"\nunit = "rings"',
            ["4: rules[0].at_most: is 'two', no number"],
        ),
        (
            'below = inf\nunit = "rings"',
            ["4: rules[0].below: is inf, which nothing can fail or keep"],
        ),
        (
            'at_most = 2\nunit = "hours"',
            [
                (
                    "1: rules[0].of: is missing: hours of what (say of what: at_most = 2 with "
                    'unit = "hours", of = "wait_s", or say within = { hours = ... })'
                )
            ],
        ),
        (
            'at_most = 2\nunit = "times"',
            [
                (
                    "1: rules[0].of: is missing: times of what (say which rows: "
                    'of = { kind = "reopen" })'
                )
            ],
        ),
        (
            'at_most = 2\nunit = "rings"\nof = { kind = "reopen" }',
            ["5: rules[0].unit: is 'rings', and rows are counted in times (say \"times\")"],
        ),
        (
            'at_most = 2\nunit = "times"\nof = { kind = "repoen" }',
            ["6: rules[0].of.kind: 'repoen' is not one of its words (did you mean 'reopen'?)"],
        ),
        (
            'at_most = 2\nunit = "rings"\ncountry = "DEU"',
            ["6: rules[0].country: 'DEU' has no preset (did you mean 'DE'?)"],
        ),
        (
            'at_most = 2\nunit = "rings"\nper = "customer"\nby = "agent"\nlast = "no"',
            [
                "6: rules[0].per: is said of times only (leave it out)",
                "7: rules[0].by: is 'agent' (did you mean 'agent_id'?)",
                "8: rules[0].last: is 'no', must be true or false",
            ],
        ),
        (
            'at_most = 2\nunit = "rings"\ncalendar = "office"',
            ["6: rules[0].calendar: belongs to within, not to at_most (leave it out)"],
        ),
        (
            "at_most = 2\nwithin = { hours = 4 }",
            ["5: rules[0].within: is a second promise, beside at_most (make it its own rule)"],
        ),
        (
            "within = 4",
            [
                (
                    "4: rules[0].within: is 4, no time with its unit "
                    "(name the unit: within = { hours = 4 })"
                )
            ],
        ),
        (
            'within = { hours = "4" }',
            ["4: rules[0].within.hours: is '4', no number"],
        ),
        (
            "within = {}",
            ["4: rules[0].within: states no time above 0 (say within = { hours = 4 })"],
        ),
        (
            'within = { hours = 4 }\nuntil = "first_respnse"',
            [
                (
                    "5: rules[0].until: is 'first_respnse', no clock (did you mean "
                    "'first_response'?, "
                    'or rows: until = { kind = "survey" })'
                )
            ],
        ),
        (
            "within = { hours = 4 }\nuntil = 3",
            [
                (
                    "5: rules[0].until: is 3, no clock (allowed: 'first_response', 'next_reply', "
                    "'resolution', or rows: until = { kind = \"survey\" })"
                )
            ],
        ),
        (
            'within = { hours = 4 }\nuntil = { kind = "survey" }\nstarts = { kind = "reply" }',
            [
                (
                    "6: rules[0].starts: is said of the clock of a case "
                    "(leave it out, or measure the first response or the resolution)"
                )
            ],
        ),
        (
            'within = { hours = 4 }\nwaits = "pending"',
            [
                (
                    "5: rules[0].waits: is 'pending', no rows "
                    '(write a column and its words: { kind = "question" })'
                )
            ],
        ),
        (
            'within = { hours = 4 }\nsame = "customr"',
            ["5: rules[0].same: is 'customr' (did you mean 'customer'?)"],
        ),
        (
            'within = { hours = 4 }\ncalendar = "office"',
            [
                (
                    "5: rules[0].calendar: is 'office', no calendar of this file "
                    "(state one: [calendars.office])"
                )
            ],
        ),
    ],
)
def test_a_promise_that_cannot_be_read_is_named(promise, said):
    assert mistakes_with(promise) == said


def test_days_have_no_length_on_a_calendar():
    text = OFFICE + HEAD + 'within = { days = 2 }\ncalendar = "office"\n' + TAIL
    assert mistakes_of(text) == [
        (
            "9: rules[0].within.days: have no fixed length on a calendar "
            "(say how many hours of business: within = { hours = 8 })"
        )
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("for = {}", "is missing"),
        ('for = "questions"', "is 'questions', no rows"),
        ('for = { kind = { a = "question" } }', "for.kind: is a table"),
        ("for = { kind = [] }", "names no word"),
        ("for = { topic = [1.5] }", "1.5 is neither text, a whole number nor true or false"),
        ('unless = "tests"', "unless: is 'tests', no rows"),
        ('target = "90 %"', "is '90 %', must be a share above 0 and at most 1 (say 0.9)"),
        ("target = nan", "is nan, must be a share"),
        ("target_by = 0.9", "is 0.9, must be targets by column and word"),
        ("target_by = { tier = 0.9 }", "target_by.tier: is 0.9"),
        ("name = 7", "is 7, must be text"),
        ("owner = []", "is [], must be text"),
        ("window = 30", "is 30, no period"),
    ],
)
def test_a_part_that_cannot_be_read_is_named_on_its_line(line, said):
    name = line.partition(" ")[0]
    kept = [each for each in (HEAD + TAIL).splitlines() if not each.startswith(f"{name} ")]
    text = "\n".join([*kept, "within = { hours = 4 }", line])
    number = text.count("\n") + 1
    (found,) = mistakes_of(text)
    assert found.startswith(f"{number}: rules[0].{name}")
    assert said in found


def test_two_rules_of_one_name_are_named():
    text = 2 * (HEAD + "within = { hours = 4 }\n" + TAIL)
    assert mistakes_of(text) == [
        (
            "9: rules[1].name: is the name of rules[0] too "
            "(verdicts are asked for by name, so give each its own)"
        )
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["1: rules: are none (begin each rule with [[rules]])"]),
        (
            "[[rule]]\n",
            [
                "1: rule: is not known (did you mean 'rules'?)",
                "1: rules: are none (begin each rule with [[rules]])",
            ],
        ),
        ("\n[rules]\n", ["2: rules: is no list of tables (begin each rule with [[rules]])"]),
        (
            "calendars = 1\n" + HEAD + "within = { hours = 4 }\n" + TAIL,
            ["1: calendars: is 1 (begin each calendar with [calendars.<name>])"],
        ),
        (
            "[calendars.a]\nhour = 1\n" + HEAD + "within = { hours = 4 }\n" + TAIL,
            [
                (
                    "1: calendars.a.hours: is missing "
                    '(say when it is open: hours = { mon-fri = "08:00-20:00" })'
                ),
                "2: calendars.a.hour: is not known (did you mean 'hours'?)",
            ],
        ),
    ],
)
def test_a_file_of_another_shape_is_named(text, said):
    assert mistakes_of(text) == said


def test_a_text_that_is_no_toml_is_named_with_its_line():
    with pytest.raises(ConfigurationError, match=r"^book.toml:2: is not TOML: "):
        read_rules("a = 1\nb = \n", source="book.toml")


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"no\.toml: cannot be read"):
        RuleBook.from_toml(tmp_path / "no.toml")
    Path(tmp_path, "bytes.toml").write_bytes(b"a = 1\nb = '\xff'")
    with pytest.raises(ConfigurationError, match=r"bytes\.toml:2: is not UTF-8 \(save it"):
        RuleBook.from_toml(tmp_path / "bytes.toml")


# The book itself -----------------------------------------------------------------------------


def test_a_book_of_no_rules_or_of_one_name_twice_is_refused():
    with pytest.raises(InvalidValueError, match="rules: are none"):
        RuleBook([])
    with pytest.raises(InvalidValueError, match="is the name of two rules"):
        RuleBook([rule(within(hours=4)), rule(within(hours=5))])
    with pytest.raises(InvalidValueError, match=r"rules\[0\]: is 'fast', no ServiceRule"):
        RuleBook(["fast"])


def test_a_book_prints_each_rule_as_a_sentence():
    book = RuleBook([rule(within(hours=4), "a"), rule(at_most(2, "rings"), "b")])
    assert str(book).splitlines() == [str(each) for each in book]
    assert len(book) == 2
