"""Objectives: how every promise with resources behind it stands, window by window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custloyal.errors import InvalidValueError, Mistake, nearest
from custloyal.judging.forecast import Counts, Windows
from custloyal.judging.objective_status import ObjectiveStatus
from custloyal.models import Share
from custloyal.rules.objective import Objective

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from custloyal.judging.verdicts import Verdicts
    from custloyal.rules import ServiceRule

__all__ = ["objectives", "rules_of"]


def objectives(verdicts: Verdicts, wanted: Iterable[Objective]) -> list[ObjectiveStatus]:
    """How objectives stand in every window.

    What the current window will bring is what the objective expects; else the mean of the last full
    windows (the one in which a rule's first promise was made may have begun before the data, so
    it is no full one); else what it brought so far, carried on evenly. Its pace is its own from
    the minimum number of events on, before that the one of the windows before.

    Args:
        verdicts: What became of every promise.
        wanted: The objectives, each about a rule of the book.

    Returns:
        For each objective the windows in which promises were made, in order, and last the current
        one, in which `as_of` falls, with or without promises.

    Raises:
        InvalidValueError: Where an objective names no rule of the book, or spends money in what is
            no window of it.

    Example:
        Of 20 calls 8 rang too long. Of the 100 of the whole month 10 may: 2 are left, and at two
        misses in five calls these are gone after 5 more.

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
        >>> [may] = objectives(verdicts, [Objective(rule="answer fast", expected_count=100)])
        >>> may.budget.allowed_count, may.budget.missed_count, may.budget.left_count
        (10.0, 8, 2.0)
        >>> may.events_until_spent
        5
    """
    asked = list(wanted)
    rules = rules_of(asked, verdicts)
    counted: dict[str, dict[date, Counts]] = {name: {} for name in rules}
    if asked:
        for row in verdicts.attainment("window").to_dicts():
            counted[row["rule"]][row["window"]] = _counts(row)
    found = []
    for objective in asked:
        rule = rules[objective.rule]
        windows = Windows(rule.window, counted[rule.name], verdicts.as_of)
        starts = sorted({*windows.counts, windows.current})
        found += [_status(objective, rule, start, windows) for start in starts]
    return found


def rules_of(wanted: Sequence[Objective], verdicts: Verdicts) -> dict[str, ServiceRule]:
    """The rules of the book by name, of which every objective must name one.

    Raises:
        InvalidValueError: With all objectives that do not, or whose money is spent in no window.
    """
    rules = {rule.name: rule for rule in verdicts.book}
    mistakes = []
    for place, objective in enumerate(wanted):
        if not isinstance(objective, Objective):
            mend = 'say Objective(rule="answer fast")'
            mistakes.append(Mistake(f"objectives[{place}]", f"is {objective!r}", mend))
            continue
        rule = rules.get(objective.rule)
        if rule is None:
            said = f"{objective.rule!r} is no rule of the book"
            mend = nearest(objective.rule, rules)
            mistakes.append(Mistake(f"objectives[{place}].rule", said, mend))
            continue
        for day in objective.spent_amounts:
            start = rule.window.start_of(day)
            if start != day:
                path = f"objectives[{place}].spent_amounts.{day}"
                said = f"is not the first day of a {rule.window}"
                mistakes.append(Mistake(path, said, f"say {start}"))
    if mistakes:
        raise InvalidValueError(mistakes)
    return rules


def _counts(row: Mapping[str, Any]) -> Counts:
    kept = Share(row["met_count"], row["decided_count"], unknown=row["unknown_count"])
    return Counts(kept, row["pending_count"], row["target_share"])


def _status(
    objective: Objective, rule: ServiceRule, window: date, windows: Windows
) -> ObjectiveStatus:
    own = windows.of(window)
    earlier = windows.before(window)
    before = earlier[-1] if earlier else None
    expected_count, expected_from = windows.expected_count(window, objective)
    pace, pace_from = windows.pace(window, objective)
    target = objective.target or own.target or rule.target
    assert target is not None  # refused on construction of the rule
    return ObjectiveStatus(
        objective=objective,
        rule=rule,
        window=window,
        is_over=windows.elapsed_share(window) == 1,
        attainment=own.kept,
        target=target,
        pending_count=own.pending_count,
        expected_count=expected_count,
        expected_from=expected_from,
        pace=pace,
        pace_from=pace_from,
        before=None if before is None else windows.of(before).kept,
        amount_before=None if before is None else objective.amount_of(before),
    )
