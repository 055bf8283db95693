"""What a company report says of promises: kept or not, where, by how much, what is due next."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import narwhals as nw

from custloyal.formats import duration
from custloyal.judging.statuses import objectives
from custloyal.models.windows import check_timezone
from custloyal.reporting import promise_words
from custloyal.reporting.section import Answer, MappedSection
from custloyal.rules import Verdict
from custloyal.rules.error_budget import ErrorBudget
from custloyal.rules.objective import Objective
from custloyal.rules.standing import standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import altair as alt

    from custloyal.engines import Table
    from custloyal.judging import Verdicts
    from custloyal.judging.objective_status import ObjectiveStatus
    from custloyal.models import AsOf
    from custloyal.reporting.promise_words import PromiseView
    from custloyal.reporting.scope import Run
    from custloyal.rules import ServiceRule

__all__ = ["Promises", "promises"]

_WINDOWS = 12
_DEPARTMENTS = 30
_CASES = 10
_COUNTS = tuple(f"{each.value}_count" for each in Verdict)
_FIGURES = (
    *_COUNTS,
    "decided_count",
    "attainment_share",
    "attainment_low",
    "attainment_high",
    "target_share",
    "is_reached",
    "over_minutes",
)
_NAMES = ("customer_id", "case_id", "interaction_id", "department", "agent_id")
"""What is told of a case, where the history knows it."""


class Promises(MappedSection):
    """Which promises are kept."""

    name, title = "promises", "Promises"

    def figures(self, run: Run) -> Mapping[str, Any]:
        """What became of promises; None without rules."""
        return {"promises": None if run.verdicts is None else promises(run.verdicts)}

    def words(self, figures: Mapping[str, Any]) -> dict[str, Any]:
        """The rules in the order in which they need a look, and what their charts show."""
        view, charted = _charted(figures)
        over_time = [
            (str(place), rule["name"], promise_words.over_time(rule)) for place, rule in charted
        ]
        return {"kept": view, "over_time": over_time, "promise_words": promise_words}

    def charts(self, figures: Mapping[str, Any]) -> dict[str, alt.TopLevelMixin]:
        """For each rule of which anything is decided the share kept, by its place."""
        from custloyal.plot.promises import promise_line  # noqa: PLC0415 (needs an extra)

        view, charted = _charted(figures)
        return {
            str(place): promise_line(
                rule["windows"],
                names=[
                    promise_words.axis_name(each["window"], rule["window"])
                    for each in rule["windows"]
                ],
                lowest=view.lowest,
            )
            for place, rule in charted
            if view is not None
        }

    def answers(self, figures: Mapping[str, Any]) -> list[Answer]:
        """Which promises are kept."""
        told = figures["promises"]
        if not told:
            return []
        return [Answer("Which promises are kept", promise_words.promises_kept(told), rank=40)]

    def lines(self, figures: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Which promises are kept."""
        told = figures["promises"]
        return [] if told is None else [("Promises", promise_words.promises_kept(told))]


def _charted(figures: Mapping[str, Any]) -> tuple[PromiseView | None, list[tuple[int, Any]]]:
    """The view of the promises, and of it the rules of which anything is decided."""
    if not figures["promises"]:
        return None, []
    view = promise_words.promise_view(figures["promises"])
    return view, [
        (place, rule)
        for place, rule in enumerate(view.rules)
        if any(each["decided_count"] for each in rule["windows"])
    ]


def promises(verdicts: Verdicts) -> dict[str, Any]:
    """Sum up what became of promises.

    Args:
        verdicts: What `judge` gives.

    Returns:
        As plain values, of which there are few for any data: `rules`, one for each of the book,
        with all verdicts, the last 12 windows in which promises were made and the budget of the
        current one; `departments`, at most 30, those with the most verdicts; `worst`, at most 10
        promises that were missed by the most, of every rule some; `due_next`, at most 10 that are
        pending, the soonest first. Times are local, with their offset.
    """
    found = {row["rule"]: row for row in verdicts.attainment().to_dicts()}
    statuses: dict[str, list[ObjectiveStatus]] = {rule.name: [] for rule in verdicts.book}
    for status in objectives(verdicts, [Objective(rule=name) for name in statuses]):
        statuses[status.rule.name].append(status)
    return {
        "verdicts_count": sum(row[name] for row in found.values() for name in _COUNTS),
        "rules": [_rule(rule, found.get(rule.name), statuses[rule.name]) for rule in verdicts.book],
        "departments": _departments(verdicts),
        "worst": _worst(verdicts),
        "due_next": _due_next(verdicts),
    }


# Shares --------------------------------------------------------------------------------------


def _rule(
    rule: ServiceRule,
    row: Mapping[str, Any] | None,
    statuses: Sequence[ObjectiveStatus],
) -> dict[str, Any]:
    return {
        "name": rule.name,
        "sentence": str(rule),
        "owner": rule.owner,
        "window": rule.window.value,
        "target": rule.target,
        **_figures(rule, row),
        "windows": [_window(status) for status in statuses[-_WINDOWS:]],
        "budget": _budget(statuses[-1]),
    }


def _figures(rule: ServiceRule, row: Mapping[str, Any] | None) -> dict[str, Any]:
    """The share kept, with what it rests on; of no verdicts at all, counts of 0."""
    if row is None:
        row = {**dict.fromkeys(_FIGURES), **dict.fromkeys((*_COUNTS, "decided_count"), 0)}
    budget = ErrorBudget(
        target=row["target_share"] or rule.target,
        decided_count=row["decided_count"],
        missed_count=row["missed_count"],
    )
    return {**{name: row[name] for name in _FIGURES}, "standing": standing(budget).value}


def _window(status: ObjectiveStatus) -> dict[str, Any]:
    kept, interval = status.attainment, status.attainment.interval()
    return {
        "window": status.window.isoformat(),
        "is_over": status.is_over,
        "met_count": kept.numerator,
        "missed_count": kept.denominator - kept.numerator,
        "pending_count": status.pending_count,
        "unknown_count": kept.unknown,
        "decided_count": kept.denominator,
        "attainment_share": kept.value,
        "attainment_low": None if interval is None else interval.low,
        "attainment_high": None if interval is None else interval.high,
        "target_share": status.target,
        "standing": status.standing.value,
    }


def _budget(status: ObjectiveStatus) -> dict[str, Any]:
    """The misses that the target allows in the current window, and what is left of them."""
    budget = status.budget
    return {
        **_window(status),
        "expected_count": status.expected_count,
        "expected_from": status.expected_from.value,
        "allowed_count": budget.allowed_count,
        "left_count": budget.left_count,
        "left_share": budget.left_share,
        "burn_rate": budget.burn_rate,
        "events_until_spent": status.events_until_spent,
        # The first sentence says what the figures above say, and the name of the rule.
        "sentences": list(status.sentences[1:]),
    }


def _departments(verdicts: Verdicts) -> dict[str, Any] | None:
    """The shares of the largest departments; of who named none last. None without the column."""
    if "department" not in verdicts.types:
        return None
    table = verdicts.attainment("department").table.collect("polars")
    department, unnamed = nw.col("department"), nw.col("department").is_null()
    sizes = (
        table.group_by("department")
        .agg(nw.sum_horizontal(*_COUNTS).sum().alias("verdicts_count"))
        .sort("verdicts_count", "department", descending=[True, False])
    )
    named = sizes.filter(~unnamed)
    shown = nw.concat([named.head(_DEPARTMENTS), sizes.filter(unnamed)])
    rules = {rule.name: rule for rule in verdicts.book}
    cells: dict[str | None, list[dict[str, Any]]] = {}
    for row in table.filter(
        department.is_in(named["department"].head(_DEPARTMENTS).to_list()) | unnamed
    ).rows(named=True):
        said = {"rule": row["rule"], **_figures(rules[row["rule"]], row)}
        cells.setdefault(row["department"], []).append(said)
    left = named[_DEPARTMENTS:]
    return {
        "rows": [{**row, "rules": cells[row["department"]]} for row in shown.rows(named=True)],
        "left_out_count": len(left),
        "left_out_verdicts_count": int(left["verdicts_count"].sum()),
    }


# Cases ---------------------------------------------------------------------------------------


def _worst(verdicts: Verdicts) -> list[dict[str, Any]]:
    """The promises missed by the most, of each rule its worst before any rule's second worst.

    Rings and days do not compare, so the furthest of each rule come in turn, and among those of
    one turn the one that is further from its threshold, as a multiple of it, comes first.
    """
    far = (nw.col("value") - nw.col("threshold")).abs()
    missed = verdicts.table.filter(nw.col("verdict") == Verdict.MISSED.value)
    told = verdicts.home.engine.store(_told(missed.with_columns(_far=far), "_far"))
    ties = _ties(told)
    ranked = []
    for rule in verdicts.book:
        rows = (
            told.filter(nw.col("rule") == rule.name)
            .sort("_far", *ties, descending=[True, *[False] * len(ties)], nulls_last=True)
            .head(_CASES)
            .collect("polars")
            .rows(named=True)
        )
        ranked += [
            (place, -row["_far"] / (abs(row["threshold"]) or 1), rule, row)
            for place, row in enumerate(rows)
        ]
    first = sorted(ranked, key=lambda each: each[:2])[:_CASES]
    return [_missed(row, rule, verdicts.as_of) for _, _, rule, row in first]


def _due_next(verdicts: Verdicts) -> list[dict[str, Any]]:
    pending = nw.col("verdict") == Verdict.PENDING.value
    table = _told(verdicts.table.filter(pending, ~nw.col("due_at").is_null()))
    rows = table.sort("due_at", "rule", *_ties(table), nulls_last=True).head(_CASES)
    rules = {rule.name: rule for rule in verdicts.book}
    return [
        _pending(row, rules[row["rule"]], verdicts.as_of)
        for row in rows.collect("polars").rows(named=True)
    ]


def _told(table: Table, *more: str) -> Table:
    """The columns of verdicts that the report tells."""
    there = table.collect_schema().names()
    names = [name for name in _NAMES if name in there]
    times = ("occurred_at", "window", "due_at", "ended_at", "decided_at")
    return table.select("rule", "value", "threshold", "over_minutes", *times, *names, *more)


def _ties(table: Table) -> list[str]:
    """What breaks ties, so that every engine tells the same cases."""
    there = table.collect_schema().names()
    return ["occurred_at", *(name for name in _NAMES[:3] if name in there)]


def _case(row: Mapping[str, Any], rule: ServiceRule, as_of: AsOf) -> dict[str, Any]:
    named = {name: row.get(name) for name in _NAMES}
    return {
        "rule": rule.name,
        "subject": rule.kept.subject.value,
        **{name: None if value is None else str(value) for name, value in named.items()},
        "window": row["window"].isoformat(),
        "promised_at": _local(row["occurred_at"], as_of),
        "due_at": _local(row["due_at"], as_of),
    }


def _missed(row: Mapping[str, Any], rule: ServiceRule, as_of: AsOf) -> dict[str, Any]:
    is_open = row["ended_at"] is None if rule.kept.is_timed else None
    return {
        **_case(row, rule, as_of),
        "decided_at": _local(row["decided_at"], as_of),
        "value": row["value"],
        "threshold": row["threshold"],
        "unit": rule.kept.unit,
        "over_minutes": row["over_minutes"],
        "is_open": is_open,
        "words": rule.kept.missed_by(row["value"], row["threshold"])
        + (", and still open" if is_open else ""),
    }


def _pending(row: Mapping[str, Any], rule: ServiceRule, as_of: AsOf) -> dict[str, Any]:
    left = max(row["due_at"] - as_of.utc_wall, timedelta(0))
    return {
        **_case(row, rule, as_of),
        "left_minutes": left / timedelta(minutes=1),
        "words": f"due in {duration(left.total_seconds())}",
    }


def _local(instant: datetime | None, as_of: AsOf) -> str | None:
    """A time as tables hold it, on the clocks of the place where days are counted."""
    if instant is None:
        return None
    zone = check_timezone(as_of.timezone)
    return instant.replace(tzinfo=UTC).astimezone(zone).isoformat(timespec="seconds")
