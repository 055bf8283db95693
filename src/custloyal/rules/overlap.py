"""Whether two rules can speak of the same, and whether one speaks of all that another does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from custloyal.rules.population import Population
    from custloyal.rules.service_rule import ServiceRule

__all__ = ["covers", "overlap", "rule_covers", "rules_overlap"]


def overlap(one: Population, other: Population) -> bool:
    """Whether a row can belong to both.

    Example:
        >>> from custloyal import where
        >>> overlap(where(kind="reply"), where(channel="phone"))
        True
        >>> overlap(where(kind="reply"), where(kind=["quote", "cart"]))
        False
    """
    apart = any(
        not set(words) & set(other.words[name])
        for name, words in one.words.items()
        if name in other.words
    )
    return not apart and not _leaves_out(one, other) and not _leaves_out(other, one)


def covers(whole: Population, part: Population) -> bool:
    """Whether every row of one belongs to the other.

    Example:
        >>> from custloyal import where
        >>> covers(where(kind=["quote", "cart"]), where(kind="cart", channel="phone"))
        True
    """
    inside = all(
        name in part.words and set(part.words[name]) <= set(words)
        for name, words in whole.words.items()
    )
    outside = all(
        (name in part.words and not set(part.words[name]) & set(words))
        or set(words) <= set(part.unless.get(name, ()))
        for name, words in whole.unless.items()
    )
    return inside and outside


def rules_overlap(one: ServiceRule, other: ServiceRule) -> bool:
    """Whether two rules can speak of the same row."""
    sides = ((one, other), (other, one))
    aside = any(a.unless is not None and covers(a.unless, b.population) for a, b in sides)
    return not aside and overlap(one.population, other.population)


def rule_covers(whole: ServiceRule, part: ServiceRule) -> bool:
    """Whether a rule speaks of every row that another speaks of."""
    sets_aside = (
        whole.unless is not None
        and whole.unless != part.unless
        and overlap(whole.unless, part.population)
    )
    return not sets_aside and covers(whole.population, part.population)


def _leaves_out(one: Population, other: Population) -> bool:
    """Whether one leaves out, by a column, all that the other takes in."""
    return any(
        name in other.words and set(other.words[name]) <= set(words)
        for name, words in one.unless.items()
    )
