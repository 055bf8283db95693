"""An objective: a rule with the resources that stand behind it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

import attrs

from custloyal.errors import Mistake
from custloyal.models.checks import (
    as_count,
    as_number,
    check_count,
    check_number,
    check_text,
    refuse,
)
from custloyal.models.frozen_mapping import FrozenMapping
from custloyal.rules.service_rule import share_mistakes

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Objective"]


def _as_amounts(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    return FrozenMapping({_as_day(day): as_number(amount) for day, amount in value.items()})


def _as_day(value: object) -> object:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return value


@attrs.frozen(kw_only=True)
class Objective:
    """A rule of a rule book, with who answers for it and what is spent on keeping it.

    Args:
        rule: The name of the rule.
        target: The share of promises to be kept; None for the targets of the rule.
        owner: Who answers for it; empty for the owner of the rule.
        budget_amount: What is spent on keeping it in each window; None where that is not known.
        spent_amounts: What was spent in windows that differ from that, by their first days:
            {"2024-03-01": 1500}.
        baseline_share: The share that is kept without that money; None where nobody knows.
        expected_count: How many promises each window brings; None to go by what it did bring.
        minimum_count: Of how many promises it must be decided before anything is said of them.
        false_alarm_share: How often a promise that is just kept may be called missed.
        fast_count: Over how many of the last promises the fast alarm looks.
        slow_count: Over how many the slow alarm looks.

    Raises:
        InvalidValueError: With all that is missing or wrong.

    Example:
        >>> objective = Objective(rule="answer fast", budget_amount=900, baseline_share=0.6)
        >>> objective.target, objective.minimum_count
        (None, 10)
        >>> Objective(rule="", target=95, fast_count=5)
        Traceback (most recent call last):
        custloyal.errors.InvalidValueError: 3 mistakes:
          rule: is '', must be text that is not empty
          target: is 95, must be a share above 0 and at most 1 (say 0.95)
          fast_count: is 5, below the minimum_count of 10, so the alarm could never ring
    """

    rule: str
    target: float | None = attrs.field(default=None, converter=as_number)
    owner: str = ""
    budget_amount: float | None = attrs.field(default=None, converter=as_number)
    spent_amounts: Mapping[date, float] = attrs.field(
        default=FrozenMapping({}), converter=_as_amounts
    )
    baseline_share: float | None = attrs.field(default=None, converter=as_number)
    expected_count: int | None = None
    minimum_count: int = attrs.field(default=10, converter=as_count)
    false_alarm_share: float = attrs.field(default=0.01, converter=as_number)
    fast_count: int = attrs.field(default=20, converter=as_count)
    slow_count: int = attrs.field(default=100, converter=as_count)

    def __attrs_post_init__(self) -> None:
        refuse(*self._mistakes())

    def amount_of(self, window: date) -> float | None:
        """What is spent in a window, by its first day; None where that is not known."""
        return self.spent_amounts.get(window, self.budget_amount)

    def _mistakes(self) -> Iterator[Mistake | None]:
        yield check_text("rule", self.rule, optional=False)
        if self.target is not None:
            yield from share_mistakes("target", self.target)
        if not isinstance(self.owner, str):
            yield Mistake(
                "owner", f"is {self.owner!r}, must be text", "leave it out for the rule's"
            )
        yield check_number("budget_amount", self.budget_amount, low=0, optional=True)
        yield from self._amount_mistakes()
        yield check_number("baseline_share", self.baseline_share, low=0, high=1, optional=True)
        if self.expected_count is not None:
            yield check_count("expected_count", self.expected_count, low=1)
        yield check_number("false_alarm_share", self.false_alarm_share, above=0, below=1)
        counts = ("minimum_count", "fast_count", "slow_count")
        wrong = [check_count(name, getattr(self, name), low=1) for name in counts]
        yield from wrong
        if any(wrong):
            return
        if self.fast_count < self.minimum_count:
            said = f"is {self.fast_count}, below the minimum_count of {self.minimum_count}"
            yield Mistake("fast_count", f"{said}, so the alarm could never ring")
        if self.slow_count < self.fast_count:
            said = f"is {self.slow_count}, below the fast_count of {self.fast_count}"
            yield Mistake("slow_count", said, "the slow alarm looks further back than the fast")

    def _amount_mistakes(self) -> Iterator[Mistake | None]:
        if not isinstance(self.spent_amounts, Mapping):
            mend = 'say {"2024-03-01": 1500}'
            yield Mistake("spent_amounts", f"is {self.spent_amounts!r}", mend)
            return
        for day, amount in self.spent_amounts.items():
            path = f"spent_amounts.{day}"
            if not isinstance(day, date) or isinstance(day, datetime):
                yield Mistake(path, "is no day", 'name the first day of a window: "2024-03-01"')
            yield check_number(path, amount, low=0)
