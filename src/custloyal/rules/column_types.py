"""Whether columns hold what rules compare them with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from custloyal.errors import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from narwhals.dtypes import DType

    from custloyal.rules.service_rule import ServiceRule

__all__ = ["wrong_types"]

_TEXT = (nw.String, nw.Enum, nw.Categorical)


def wrong_types(rule: ServiceRule, types: Mapping[str, DType]) -> list[Mistake]:
    """The columns that hold something else than a rule compares them with.

    Args:
        rule: The rule.
        types: The columns that there are, each with its type.

    Example:
        >>> from custloyal import ServiceRule
        >>> from custloyal.rules import at_most, where
        >>> rule = ServiceRule(
        ...     name="answer fast",
        ...     population=where(agent_id=7),
        ...     promise=at_most(2, "rings"),
        ...     target=0.9,
        ...     window="month",
        ...     owner="front desk",
        ... )
        >>> for mistake in wrong_types(rule, {"agent_id": nw.String(), "rings": nw.String()}):
        ...     print(mistake)
        agent_id: holds text, and 'answer fast' compares it with 7 (write "7")
        rings: holds text, and 'answer fast' measures it (name a column of numbers)
    """
    populations = [rule.population, *rule.kept.populations]
    populations += [] if rule.unless is None else [rule.unless]
    sides = [side for each in populations for side in (each.words, each.unless)]
    sides += [{column: tuple(shares) for column, shares in rule.target_by.items()}]
    wrong = {
        (column, word): Mistake(
            column,
            f"holds {_held(types[column])}, and {rule.name!r} compares it with {word!r}",
            _mend(word, types[column]),
        )
        for side in sides
        for column, words in side.items()
        if column in types
        for word in words
        if not _fits(word, types[column])
    }
    return [*wrong.values(), *_measured(rule, types)]


def _measured(rule: ServiceRule, types: Mapping[str, DType]) -> Iterator[Mistake]:
    for column in rule.kept.numeric_columns:
        if column in types and not _is_number(types[column]):
            said = f"holds {_held(types[column])}, and {rule.name!r} measures it"
            yield Mistake(column, said, "name a column of numbers")


def _is_number(dtype: DType) -> bool:
    """Whether it can be measured: true is 1, and false 0."""
    return dtype.is_numeric() or isinstance(dtype, nw.Boolean)


def _fits(word: object, dtype: DType) -> bool:
    if isinstance(dtype, _TEXT):
        return isinstance(word, str)
    if isinstance(word, bool) or isinstance(dtype, nw.Boolean):
        return isinstance(word, bool) and isinstance(dtype, nw.Boolean)
    return isinstance(word, int) and dtype.is_numeric()


def _held(dtype: DType) -> str:
    if isinstance(dtype, _TEXT):
        return "text"
    if isinstance(dtype, nw.Boolean):
        return "true or false"
    return "numbers" if dtype.is_numeric() else "times" if dtype.is_temporal() else f"{dtype}"


def _mend(word: object, dtype: DType) -> str:
    if isinstance(dtype, _TEXT):
        return f'write "{word}"'
    if dtype.is_numeric() and isinstance(word, str) and word.lstrip("-").isdigit():
        return f"write {int(word)}"
    return "name another column, or words of its type"
