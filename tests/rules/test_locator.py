"""The lines of a TOML text: whatever stands in strings, lists and comments, keys are found."""

from __future__ import annotations

import tomllib

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from custloyal.rules.locator import TomlLines

TEXT = '''\
title = "a [[rules]] # no comment" # [[rules]]
"quoted \\"key\\".x" = 1
plain.dotted . "name" = 2

[calendars.office]
hours = { mon-fri = "08:00-20:00", sat = ["09:00", "1}3:00"] }
holidays = [ # [never]
  "2016-11-01",  # one
  """
  ]
  [[rules]]
  """,
  ["nested", { deep = 1 }],
]

[[rules]]
name = """
[[rules]]
name = "not a key"
end with quotes"""""
for.kind = 'question = "x"'
for.channel = "phone"
[rules.target_by]
tier = { key = 0.99 }
[[rules.steps]]
a = 1
[[rules.steps]]
a = 2

[[rules]]
text = \'\'\'
a = 1
\'\'\'
at = 2016-11-01 08:00:00
last = true
'''
EXPECTED = {
    "title": 1,
    'quoted "key".x': 2,
    "plain": 3,
    "plain.dotted.name": 3,
    "calendars": 5,
    "calendars.office": 5,
    "calendars.office.hours": 6,
    "calendars.office.hours.mon-fri": 6,
    "calendars.office.hours.sat[1]": 6,
    "calendars.office.holidays": 7,
    "calendars.office.holidays[0]": 8,
    "calendars.office.holidays[1]": 9,
    "calendars.office.holidays[2]": 13,
    "calendars.office.holidays[2][1].deep": 13,
    "rules": 16,
    "rules[0]": 16,
    "rules[0].name": 17,
    "rules[0].for": 21,
    "rules[0].for.kind": 21,
    "rules[0].for.channel": 22,
    "rules[0].target_by": 23,
    "rules[0].target_by.tier.key": 24,
    "rules[0].steps[0]": 25,
    "rules[0].steps[1].a": 28,
    "rules[1]": 30,
    "rules[1].text": 31,
    "rules[1].at": 34,
    "rules[1].last": 35,
}


def test_the_text_is_toml():
    assert tomllib.loads(TEXT)["rules"][1]["last"]


@pytest.mark.parametrize("path", EXPECTED)
def test_every_path_has_its_line(path):
    assert TomlLines.of(TEXT).by_path[path] == EXPECTED[path]


@pytest.mark.parametrize(
    ("path", "line"),
    [("rules[0].owner", 16), ("rules[0].for.x.y", 21), ("rules[7].x", 16), ("nothing", 1), ("", 1)],
)
def test_what_is_missing_has_the_line_of_the_table_it_misses_in(path, line):
    assert TomlLines.of(TEXT).line(path) == line


def test_lines_end_as_they_do_elsewhere():
    assert TomlLines.of("a = 1\r\n# no\r\nb = 2\r\n").by_path == {"a": 1, "b": 3}


def test_a_table_may_be_named_after_what_is_in_it():
    lines = TomlLines.of("[a.b]\nx = 1\n[a]\ny = 2\n")
    assert (lines.line("a"), lines.line("a.b"), lines.line("a.y")) == (3, 1, 4)


def test_nothing_is_on_no_line():
    assert TomlLines.of("").by_path == {}
    assert TomlLines.of("# only words").by_path == {}


keys = st.text("ab-_ \"'#=\\é,]}\n", max_size=4)
scalars = st.one_of(
    st.integers(), st.booleans(), st.floats(allow_nan=False), st.text("ab\"'\\#[]{}=,\n\t .")
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(keys, values, max_size=4), st.booleans())
def test_all_paths_of_any_document_are_found_and_no_others(document, multiline):
    text = tomli_w.dumps(document, multiline_strings=multiline)
    lines = TomlLines.of(text)
    assert set(lines.by_path) == set(paths(tomllib.loads(text)))
    for path, line in lines.by_path.items():
        assert 1 <= line <= text.count("\n") + 1, path


def paths(value, path=""):
    if isinstance(value, dict):
        for name, each in value.items():
            below = f"{path}.{name}" if path else name
            yield below
            yield from paths(each, below)
    if isinstance(value, list):
        for place, each in enumerate(value):
            yield f"{path}[{place}]"
            yield from paths(each, f"{path}[{place}]")
