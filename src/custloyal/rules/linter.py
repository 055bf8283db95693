"""The linter: what a rule book may say, and most likely does not mean."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from custloyal.rules.finding import Finding, Severity
from custloyal.rules.measure import as_wait, measure_of
from custloyal.rules.overlap import covers, rule_covers, rules_overlap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from custloyal.rules.measure import Measure
    from custloyal.rules.rule_book import RuleBook
    from custloyal.rules.service_rule import ServiceRule

__all__ = ["lint"]

_FEWEST = 0.5
"""A target under this leaves most promises to be broken."""


def lint(book: RuleBook) -> tuple[Finding, ...]:
    """What is suspicious about rules, whatever the data.

    Rules that can never fail or never be kept, that speak of nobody, that contradict each other,
    that say the same twice, or no more than another rule.

    Args:
        book: The rules.

    Example:
        >>> from custloyal import RuleBook, ServiceRule
        >>> from custloyal.rules import at_least, at_most, where
        >>> said = {"population": where(channel="phone"), "target": 0.9, "window": "month"}
        >>> fast = ServiceRule(name="fast", promise=at_most(2, "rings"), owner="desk", **said)
        >>> slow = ServiceRule(name="slow", promise=at_least(3, "rings"), owner="desk", **said)
        >>> for finding in lint(RuleBook([fast, slow])):
        ...     print(finding)
        error: 'fast', 'slow': contradict each other: calls that are answered within 2 rings \
cannot be such that have at least 3 rings (change or drop one of them)
    """
    alone = [finding for rule in book for finding in _alone(rule)]
    pairs = combinations(book.rules, 2)
    return (*alone, *(finding for one, other in pairs for finding in _together(one, other)))


def _alone(rule: ServiceRule) -> Iterator[Finding]:
    measure, name = measure_of(rule), (rule.name,)
    if not measure.kept.meets(measure.possible):
        mend = "mend the threshold or the comparator"
        yield Finding(Severity.ERROR, name, f"can never be kept: {rule.promise}", mend)
    elif measure.possible in measure.kept:
        mend = "mend the threshold, or leave the rule out"
        yield Finding(Severity.ERROR, name, f"can never fail: {rule.promise}", mend)
    if rule.unless is not None and covers(rule.unless, rule.population):
        message = f"sets aside all that it speaks of: {rule.unless}"
        yield Finding(Severity.ERROR, name, message, "narrow unless, or leave the rule out")
    if rule.target is not None and rule.target < _FEWEST:
        message = f"reaches its target of {100 * rule.target:.10g} % though most are missed"
        mend = f"say the share that must be kept, {1 - rule.target:.10g} perhaps"
        yield Finding(Severity.WARNING, name, message, mend)


def _together(one: ServiceRule, other: ServiceRule) -> Iterator[Finding]:
    compared = _compared(one, other)
    if compared is None or not rules_overlap(one, other):
        return
    kept, kept_by_other = (measure.kept for measure in compared)
    names = (one.name, other.name)
    if not kept.meets(kept_by_other):
        nested = rule_covers(one, other) or rule_covers(other, one)
        some = "" if nested else f" that are {other.population} too"
        yield Finding(
            Severity.ERROR if nested else Severity.WARNING,
            names,
            f"contradict each other: {one.population}{some} that {one.promise} cannot be such that "
            f"{other.promise}",
            "change or drop one of them",
        )
        return
    if not (rule_covers(one, other) and rule_covers(other, one)) or one.window is not other.window:
        return
    if one.target_by != other.target_by or one.target is None or other.target is None:
        return
    if kept == kept_by_other and one.target == other.target:
        owners = f", with two owners: {one.owner} and {other.owner}"
        message = "say the same" + (owners if one.owner != other.owner else "")
        yield Finding(Severity.WARNING, names, message, "keep one of them")
    elif kept in kept_by_other and other.target <= one.target:
        yield _redundant(other, one)
    elif kept_by_other in kept and one.target <= other.target:
        yield _redundant(one, other)


def _redundant(looser: ServiceRule, stricter: ServiceRule) -> Finding:
    message = f"asks for no more than {stricter.name!r}: what keeps that one keeps this one"
    mend = "leave it out, or give it a higher target"
    return Finding(Severity.WARNING, (looser.name, stricter.name), message, mend)


def _compared(one: ServiceRule, other: ServiceRule) -> tuple[Measure, Measure] | None:
    """What two rules measure, where it is the same; rings are brought to seconds for that."""
    pairs = [(measure_of(one), measure_of(other))]
    waits = as_wait(one), as_wait(other)
    if (waits[0] is None) != (waits[1] is None):
        pairs.append((waits[0] or pairs[0][0], waits[1] or pairs[0][1]))
    return next((pair for pair in pairs if pair[0].key == pair[1].key), None)
