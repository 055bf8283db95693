"""The oracle of words: who belongs to a population, which target holds, where a window begins."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from custloyal.rules import Population
    from reference_trust import Row


def belongs(population: Population, row: Row) -> bool | None:
    """Whether a row belongs; None where that depends on something that is not known."""
    said = [
        None if row.get(name) is None else row[name] in words
        for name, words in population.words.items()
    ]
    aside = any(row.get(name) in words for name, words in population.unless.items())
    if aside or False in said:
        return False
    if None in said:
        return None if True in said else False
    return True


def surely(population: Population | None, row: Row) -> bool:
    return population is not None and belongs(population, row) is True


def target_of(rule: Any, row: Row) -> float:
    own = [
        share
        for name, shares in rule.target_by.items()
        for word, share in shares.items()
        if row.get(name) == word
    ]
    return max(own, default=rule.target)


def keeps(comparator: str, value: float, bound: float) -> bool:
    return {
        "at most": value <= bound,
        "at least": value >= bound,
        "below": value < bound,
        "above": value > bound,
    }[comparator]


def begins(day: date, window: str) -> bool:
    """Whether a day is the first of a window."""
    is_first = day.day == 1
    return {
        "day": True,
        "week": day.weekday() == 0,
        "month": is_first,
        "quarter": is_first and day.month in (1, 4, 7, 10),
        "year": is_first and day.month == 1,
    }[window]


def window_start(day: date, window: str) -> date:
    while not begins(day, window):
        day -= timedelta(days=1)
    return day


def next_window(day: date, window: str) -> date:
    day += timedelta(days=1)
    while not begins(day, window):
        day += timedelta(days=1)
    return day
