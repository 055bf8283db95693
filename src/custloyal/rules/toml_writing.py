"""Rules as a TOML text that reads as a person would write it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import tomli_w

from custloyal.errors import ConfigurationError, InvalidValueError, Mistake
from custloyal.models.opening_hours import DAYS
from custloyal.rules.population import one_or_all
from custloyal.rules.toml_reading import read_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from custloyal.models import BusinessCalendar
    from custloyal.rules.service_rule import ServiceRule

__all__ = ["written"]


def written(rules: Sequence[ServiceRule]) -> str:
    """The text that `read_rules` reads as these rules.

    Calendars are named "calendar", "calendar_2" and so on.

    Raises:
        InvalidValueError: With every rule for which a file has no words: a promise of a class of
            one's own, or one that was made without `at_most`, `within` and their like.
    """
    calendars = _calendars(rules)
    texts = [_rule(rule, calendars) for rule in rules]
    heads = [
        _table(f"[calendars.{name}]", _calendar(calendar)) for calendar, name in calendars.items()
    ]
    unsaid = [
        Mistake(rule.name, f"promises what a file has no words for: {rule.promise}", _IN_PYTHON)
        for rule, text in zip(rules, texts, strict=True)
        if not _reads_as(rule, "\n".join([*heads, text]))
    ]
    if unsaid:
        raise InvalidValueError(unsaid)
    return "\n".join([*heads, *texts])


_IN_PYTHON = "make it by at_most(...) or within(...), or keep it in Python"


def _reads_as(rule: ServiceRule, text: str) -> bool:
    try:
        return read_rules(text, source=rule.name) == (rule,)
    except ConfigurationError:
        return False


def _calendars(rules: Sequence[ServiceRule]) -> dict[BusinessCalendar, str]:
    found = dict.fromkeys(
        calendar for rule in rules if (calendar := rule.kept.calendar) is not None
    )
    return {
        calendar: "calendar" if place == 1 else f"calendar_{place}"
        for place, calendar in enumerate(found, start=1)
    }


def _calendar(calendar: BusinessCalendar) -> Iterator[tuple[str, object]]:
    yield "timezone", calendar.timezone
    hours: dict[str, object] = {}
    for texts, run in groupby(DAYS, lambda day: calendar.hours.get(day, ())):
        first, *others = run
        if texts:
            hours[f"{first}-{others[-1]}" if others else first] = one_or_all(texts)
    yield "hours", hours
    if calendar.holidays:
        yield "holidays", [day.isoformat() for day in calendar.holidays]
    if calendar.exceptions:
        said = {day: one_or_all(texts) or "closed" for day, texts in calendar.exceptions.items()}
        yield "exceptions", said


def _rule(rule: ServiceRule, calendars: Mapping[BusinessCalendar, str]) -> str:
    said: dict[str, object] = {"name": rule.name}
    if not rule.population.is_everything:
        said["for"] = rule.population.to_toml()
    if rule.unless is not None:
        said["unless"] = rule.unless.to_toml()
    said |= rule.kept.to_toml(calendars)
    said |= {"target": rule.target, "window": str(rule.window), "owner": rule.owner}
    if rule.target_by:
        said["target_by"] = {column: dict(shares) for column, shares in rule.target_by.items()}
    return _table("[[rules]]", said.items())


# Text ----------------------------------------------------------------------------------------


def _table(head: str, entries: Iterable[tuple[str, object]]) -> str:
    return "\n".join([head, *(f"{_key(name)} = {_value(value)}" for name, value in entries), ""])


def _key(name: str) -> str:
    return tomli_w.dumps({name: 0}).removesuffix(" = 0\n")


def _value(value: object) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(name)} = {_value(each)}" for name, each in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return tomli_w.dumps({"_": value}).removeprefix("_ = ").removesuffix("\n")
