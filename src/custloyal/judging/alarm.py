"""Alarms: whether too many of the last promises were missed to be chance."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.judging.statuses import rules_of
from custloyal.rules import Verdict
from custloyal.rules.error_budget import alarm_at, chance_of_misses
from custloyal.rules.objective import Objective

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from custloyal.judging.verdicts import Verdicts

__all__ = ["Alarm", "Horizon", "alarms"]


class Horizon(StrEnum):
    """How far back an alarm looks."""

    FAST = "fast"
    """Few promises: only a collapse shows, and at once."""
    SLOW = "slow"
    """Many: a slow decline shows too, later."""


@attrs.frozen(kw_only=True)
class Alarm:
    """The misses among the last promises, and how many would be too many.

    Args:
        objective: The objective.
        horizon: How far back it looks.
        target: The share to be kept, the mean of those looked at.
        decided_count: How many promises it looks at; fewer than asked for where no more are there.
        missed_count: How many of them were missed.

    Example:
        >>> alarm = Alarm(
        ...     objective=Objective(rule="answer fast"),
        ...     horizon=Horizon.FAST,
        ...     target=0.9,
        ...     decided_count=20,
        ...     missed_count=8,
        ... )
        >>> print(alarm)
        Answer fast: 8 of the last 20 were missed, the alarm rings from 7 on.
        >>> alarm.is_raised, round(alarm.false_alarm_share, 6)
        (True, 0.002386)
    """

    objective: Objective
    horizon: Horizon
    target: float
    decided_count: int
    missed_count: int

    @property
    def alarm_count(self) -> int | None:
        """From how many misses on it rings; None where there are too few promises for any."""
        if self.decided_count < self.objective.minimum_count and self.target < 1:
            return None
        allowed = self.objective.false_alarm_share
        return alarm_at(self.decided_count, self.target, false_alarm_share=allowed)

    @property
    def false_alarm_share(self) -> float | None:
        """How often it rings at one look where the target is just kept."""
        if self.alarm_count is None:
            return None
        return chance_of_misses(self.alarm_count, self.decided_count, self.target)

    @property
    def is_raised(self) -> bool:
        """Whether so many were missed."""
        return self.alarm_count is not None and self.missed_count >= self.alarm_count

    def __str__(self) -> str:
        name = self.objective.rule[0].upper() + self.objective.rule[1:]
        head = f"{name}: {self.missed_count} of the last {self.decided_count} were missed"
        if self.alarm_count is None:
            return f"{head}, too few for an alarm."
        return f"{head}, the alarm rings from {self.alarm_count} on."


def alarms(verdicts: Verdicts, wanted: Iterable[Objective]) -> list[Alarm]:
    """The fast and the slow alarm of objectives, over the promises decided last.

    Args:
        verdicts: What became of every promise.
        wanted: The objectives, each about a rule of the book.

    Returns:
        For each objective the fast alarm, then the slow one.

    Raises:
        InvalidValueError: Where an objective names no rule of the book.

    Example:
        The calls of the last eight days rang too long: 8 of the last 10, and of all 20.

        >>> import polars as pl
        >>> from custloyal import History, ServiceRule, judge
        >>> from custloyal.rules import Objective, at_most, where
        >>> days = [f"2024-05-{day:02}" for day in range(1, 21)]
        >>> calls = pl.DataFrame({"occurred_at": days, "rings": [2] * 12 + [5] * 8})
        >>> always = {"kind": "question", "customer_id": "ann"}
        >>> rule = ServiceRule(
        ...     name="answer fast",
        ...     population=where(kind="question"),
        ...     promise=at_most(2, "rings"),
        ...     target=0.9,
        ...     window="month",
        ...     owner="front desk",
        ... )
        >>> verdicts = judge(History.from_native(calls, constants=always), rule)
        >>> for alarm in alarms(verdicts, [Objective(rule="answer fast", fast_count=10)]):
        ...     print(alarm)
        Answer fast: 8 of the last 10 were missed, the alarm rings from 5 on.
        Answer fast: 8 of the last 20 were missed, the alarm rings from 7 on.
    """
    asked = list(wanted)
    rules = rules_of(asked, verdicts)
    found = []
    for objective in asked:
        last = _last(verdicts, objective)
        for horizon, count in (
            (Horizon.FAST, objective.fast_count),
            (Horizon.SLOW, objective.slow_count),
        ):
            seen = last[:count]
            mean = sum(row["target"] for row in seen) / len(seen) if seen else None
            target = objective.target or mean or rules[objective.rule].target
            assert target is not None  # refused on construction of the rule
            found.append(
                Alarm(
                    objective=objective,
                    horizon=horizon,
                    target=target,
                    decided_count=len(seen),
                    missed_count=sum(row["verdict"] == Verdict.MISSED.value for row in seen),
                )
            )
    return found


def _last(verdicts: Verdicts, objective: Objective) -> Sequence[dict[str, Any]]:
    """The promises of a rule decided last, the latest first."""
    table = _alone(verdicts, objective.rule).table
    decided = nw.col("verdict").is_in([Verdict.MET.value, Verdict.MISSED.value])
    names = table.collect_schema().names()
    # Identifiers break ties, so that every engine looks at the same promises.
    ties = [name for name in ("interaction_id", "case_id", "customer_id") if name in names]
    rows = (
        table.filter(decided)
        .select("verdict", "target", "decided_at", *ties)
        .sort("decided_at", *ties, descending=True, nulls_last=True)
        .head(objective.slow_count)
    )
    found: Sequence[dict[str, Any]] = rows.collect("polars").rows(named=True)
    return found


def _alone(verdicts: Verdicts, rule: str) -> Verdicts:
    """The verdicts of one rule; engines would make those of all, and drop them."""
    dockets = tuple(
        attrs.evolve(docket, rulings={clause: ruling})
        for docket in verdicts.dockets
        for clause, ruling in docket.rulings.items()
        if clause.rule.name == rule
    )
    return attrs.evolve(verdicts, dockets=dockets)
