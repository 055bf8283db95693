"""Rules out of a TOML text, with every mistake of the whole text at once and its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from custloyal.errors import ConfigurationError, InvalidValueError, Mistake, nearest
from custloyal.models import BusinessCalendar
from custloyal.rules.locator import TomlLines
from custloyal.rules.population import Population
from custloyal.rules.promise import TIME_UNITS
from custloyal.rules.promises import above, at_least, at_most, below, within
from custloyal.rules.service_rule import ServiceRule

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from custloyal.rules.promise import Promise

__all__ = ["read_rules"]

_T = TypeVar("_T")

_COMPARED = {"at_most": at_most, "at_least": at_least, "below": below, "above": above}
_OF_NUMBERS = ("unit", "of", "per", "by", "country", "last")
_OF_TIMES = ("until", "calendar", "same", "waits", "starts")
_PLAIN = ("name", "target", "window", "owner", "target_by")
_KEYS = (*_PLAIN, "for", "unless", *_COMPARED, "within", *_OF_NUMBERS, *_OF_TIMES)
_CALENDAR = tuple(field.name for field in attrs.fields(BusinessCalendar))
_WHAT = (
    "say what is measured, how far and in which unit: "
    'at_most = 2 with unit = "rings", or within = { hours = 4 }'
)
_ROWS = 'write a column and its words: { kind = "question" }'


def read_rules(text: str, *, source: str) -> tuple[ServiceRule, ...]:
    """The rules that a text states.

    Args:
        text: TOML: `[calendars.<name>]` and `[[rules]]`.
        source: What the text is called in an error, such as its file name.

    Raises:
        ConfigurationError: With all that is wrong in the text: file, line, path and mend.
    """
    try:
        given = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = re.search(r"at line (\d+)", str(error))
        place = f"{source}:{found[1]}" if found else source
        raise ConfigurationError(Mistake(place, f"is not TOML: {error}")) from None
    found_wrong = _Mistakes()
    found_wrong.of_names("", given, ("calendars", "rules"))
    calendars = _calendars(given.get("calendars", {}), found_wrong)
    rules = _rules(given.get("rules", []), calendars, found_wrong)
    if found_wrong.all:
        lines = TomlLines.of(text)
        by_line = sorted(found_wrong.all, key=lambda mistake: lines.line(mistake.path))
        raise ConfigurationError(
            attrs.evolve(each, path=f"{source}:{lines.line(each.path)}: {each.path}")
            for each in by_line
        )
    return rules


class _Mistakes:
    """What was found to be wrong, each with its path in the text."""

    def __init__(self) -> None:
        self.all: list[Mistake] = []

    def add(self, path: str, message: str, mend: str = "") -> None:
        """One mistake."""
        self.all.append(Mistake(path, message, mend))

    def of(self, path: str, make: Callable[[], _T], **renamed: str) -> _T | None:
        """What is made; None where it is refused, and then its mistakes are added.

        Args:
            path: Where in the text it stands.
            make: What makes it.
            renamed: For the names of its parts those of the text.
        """
        try:
            return make()
        except InvalidValueError as error:
            for each in error.mistakes:
                name = renamed.get(each.path, each.path)
                self.add(_joined(path, name), each.message, _in_toml(name, each.mend))
            return None

    def of_names(self, path: str, given: Mapping[str, Any], allowed: Collection[str]) -> None:
        """Names that are not known, each with the nearest one."""
        for name in given:
            if name not in allowed:
                self.add(_joined(path, name), "is not known", nearest(name, allowed))


_NOTATION = (
    (r"where\((\w+)=(\"\w+\"), (\w+)=(\"\w+\")\)", r"{ \1 = \2, \3 = \4 }"),
    (r"where\((\w+)=(\"[\w ]+\")\)", r"{ \1 = \2 }"),
    (r"within\((\w+)=([\d.]+)\)", r"within = { \1 = \2 }"),
    (r"(at_most|at_least|below|above)\((.+?), \"(\w+)\"", r'\1 = \2 with unit = "\3"'),
    (r"BusinessCalendar\((.*)\)", r"hours = \1"),
    (r"\"([\w-]+)\": ", r"\1 = "),
    (r"say '(\w+)'", r'say "\1"'),
    (r"\b(of|until|waits|starts)=", r"\1 = "),
    (r"\)$|\)(?=, or )", ""),
)
"""How what a mend says in Python is said in TOML."""


def _in_toml(name: str, mend: str) -> str:
    """A mend in the notation of the file, where it says what stands under a name."""
    for pattern, said in _NOTATION:
        mend = re.sub(pattern, said, mend)
    return re.sub(r"^(\w[\w ]*): (\"[^\"]*\"|[\d.]+|\{.*\})$", rf"\1: {name} = \2", mend)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


# Calendars -----------------------------------------------------------------------------------


def _calendars(given: object, wrong: _Mistakes) -> dict[str, BusinessCalendar]:
    """The calendars by name; one with mistakes stands as one that is always open."""
    if not isinstance(given, Mapping):
        wrong.add("calendars", f"is {given!r}", "begin each calendar with [calendars.<name>]")
        return {}
    return {name: _calendar(f"calendars.{name}", each, wrong) for name, each in given.items()}


def _calendar(path: str, given: object, wrong: _Mistakes) -> BusinessCalendar:
    always = BusinessCalendar.always()
    mend = 'say when it is open: hours = { mon-fri = "08:00-20:00" }'
    if not isinstance(given, Mapping):
        wrong.add(path, f"is {given!r}, no calendar", mend)
        return always
    wrong.of_names(path, given, _CALENDAR)
    said = {name: given[name] for name in _CALENDAR if name in given}
    if "hours" not in said:
        wrong.add(f"{path}.hours", "is missing", mend)
        said["hours"] = always.hours
    return wrong.of(path, lambda: BusinessCalendar(**said)) or always


# Rules ---------------------------------------------------------------------------------------


def _rules(
    given: object, calendars: Mapping[str, BusinessCalendar], wrong: _Mistakes
) -> tuple[ServiceRule, ...]:
    if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
        wrong.add("rules", "is no list of tables", "begin each rule with [[rules]]")
        return ()
    if not given:
        wrong.add("rules", "are none", "begin each rule with [[rules]]")
    names = [each.get("name") for each in given]
    for place, name in enumerate(names):
        if isinstance(name, str) and name in names[:place]:
            said = f"is the name of rules[{names.index(name)}] too"
            mend = "verdicts are asked for by name, so give each its own"
            wrong.add(f"rules[{place}].name", said, mend)
    rules = [_rule(f"rules[{n}]", each, calendars, wrong) for n, each in enumerate(given)]
    return tuple(rule for rule in rules if rule is not None)


def _rule(
    path: str,
    given: Mapping[str, Any],
    calendars: Mapping[str, BusinessCalendar],
    wrong: _Mistakes,
) -> ServiceRule | None:
    wrong.of_names(path, given, _KEYS)
    parts = {name: given[name] for name in _PLAIN if name in given}
    parts["population"] = _population(f"{path}.for", given.get("for", {}), wrong)
    parts["promise"] = _promise(path, given, calendars, wrong)
    if "unless" in given:
        parts["unless"] = _population(f"{path}.unless", given["unless"], wrong)
    # What could not be read has been named; the rule would miss it once more.
    named = set()
    if parts["population"] is None or (parts["promise"] is None and "per" in given):
        named.add(f"{path}.for")
    if parts["promise"] is None:
        named.add(path)
    own = _Mistakes()
    rule = own.of(path, lambda: ServiceRule(**parts), population="for", promise="")
    wrong.all += [each for each in own.all if each.path not in named]
    return rule


def _population(path: str, given: object, wrong: _Mistakes) -> Population | None:
    if not isinstance(given, Mapping):
        wrong.add(path, f"is {given!r}, no rows", _ROWS)
        return None
    words = {name: word for name, word in given.items() if not isinstance(word, Mapping)}
    tables = {name: table for name, table in given.items() if name not in words}
    aside = tables.pop("unless", {})
    for name in tables:
        wrong.add(f"{path}.{name}", "is a table", _ROWS)
    inside = wrong.of(path, lambda: Population(words))
    outside = wrong.of(f"{path}.unless", lambda: Population(aside))
    if inside is None or outside is None or tables:
        return None
    return attrs.evolve(inside, unless=outside.words)


# Promises ------------------------------------------------------------------------------------


def _promise(
    path: str,
    given: Mapping[str, Any],
    calendars: Mapping[str, BusinessCalendar],
    wrong: _Mistakes,
) -> Promise | None:
    made = [name for name in given if name in _COMPARED or name == "within"]
    if not made:
        wrong.add(path, "promises nothing", _WHAT)
        return None
    first, *others = made
    for other in others:
        wrong.add(f"{path}.{other}", f"is a second promise, beside {first}", "make it its own rule")
    if others:
        return None
    is_time = first == "within"
    for name in _OF_NUMBERS if is_time else _OF_TIMES:
        if name in given:
            of = "at_most, at_least, below or above" if is_time else "within"
            wrong.add(f"{path}.{name}", f"belongs to {of}, not to {first}", "leave it out")
    if is_time:
        return _within(path, given, calendars, wrong)
    said = {name: given[name] for name in _OF_NUMBERS if name in given}
    if isinstance(said.get("of"), Mapping):
        said["of"] = _population(f"{path}.of", said["of"], wrong)
        if said["of"] is None:
            return None
    return wrong.of(path, lambda: _COMPARED[first](given[first], **said), threshold=first)


def _within(
    path: str,
    given: Mapping[str, Any],
    calendars: Mapping[str, BusinessCalendar],
    wrong: _Mistakes,
) -> Promise | None:
    said: dict[str, Any] = {}
    before = len(wrong.all)
    time = given["within"]
    if isinstance(time, Mapping):
        wrong.of_names(f"{path}.within", time, tuple(TIME_UNITS))
        said |= {unit: time[unit] for unit in TIME_UNITS if unit in time}
    else:
        mend = "name the unit: within = { hours = 4 }"
        wrong.add(f"{path}.within", f"is {time!r}, no time with its unit", mend)
        said["hours"] = 1
    if not said:
        said["hours"] = 0 if not time else 1
    if "calendar" in given:
        said["calendar"] = _named(f"{path}.calendar", given["calendar"], calendars, wrong)
    if "same" in given:
        said["same"] = given["same"]
    for name in ("until", "waits", "starts"):
        if name not in given:
            continue
        rows = given[name]
        if name == "until" and not isinstance(rows, Mapping):
            said[name] = rows
            continue
        population = _population(f"{path}.{name}", rows, wrong)
        if population is not None:
            said[name] = population
        elif name == "until":
            said[name] = Population()
    made = wrong.of(path, lambda: within(**said))
    return made if len(wrong.all) == before else None


def _named(
    path: str, name: object, calendars: Mapping[str, BusinessCalendar], wrong: _Mistakes
) -> BusinessCalendar | None:
    if isinstance(name, str) and name in calendars:
        return calendars[name]
    mend = nearest(str(name), calendars) if calendars else "state one: [calendars.office]"
    wrong.add(path, f"is {name!r}, no calendar of this file", mend)
    return None
