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
        >>> from custloyal.rules import where
        >>> overlap(where(kind="reply"), where(channel="phone"))
        True
        >>> overlap(where(kind="reply"), where(kind=["quote", "cart"]))
        False
    """
    for name in {*one.words, *other.words}:
        named = [set(each.words[name]) for each in (one, other) if name in each.words]
        outside = {*one.unless.get(name, ()), *other.unless.get(name, ())}
        if not set.intersection(*named) - outside:
            return False
    return True


def covers(whole: Population, part: Population) -> bool:
    """Whether every row of one belongs to the other.

    Example:
        >>> from custloyal.rules import where
        >>> covers(where(kind=["quote", "cart"]), where(kind="cart", channel="phone"))
        True
    """
    for name in {*whole.words, *whole.unless}:
        outside = set(whole.unless.get(name, ()))
        if name in part.words:
            inside = set(part.words[name]) - set(part.unless.get(name, ()))
            if inside & outside or not inside <= set(whole.words.get(name, inside)):
                return False
        elif name in whole.words or not outside <= set(part.unless.get(name, ())):
            return False
    return True


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
