"""The oracle of rules: what every kind of promise means, one row after another in plain Python.

Written from what rules say, not from how they are computed: no expressions, no prefix sums. A row
is a mapping by column as in `reference`; a verdict is a dictionary with the columns that
`Verdicts.to_native` has, and `_told`, all that attainments may be asked by.
"""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from custloyal.rules import (
    FEELING,
    Clocked,
    Contacted,
    Counted,
    Followed,
    HandedOn,
    LastMeasured,
    Measured,
    Timed,
)
from reference_clock import DAY, MICROSECOND, Clock, microseconds, time_is_up
from reference_trust import by_key, end_of_day, evidence, local_day, seen, wilson
from reference_words import begins, belongs, keeps, next_window, surely, target_of, window_start

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from reference_trust import Row

SECONDS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}


def judged(
    rows: Iterable[Row],
    book: Iterable[Any],
    as_of: datetime,
    *,
    timezone: str = "UTC",
    customers: Iterable[Row] = (),
    stages: Mapping[Any, Row] | None = None,
) -> list[dict[str, Any]]:
    """The verdicts of a rule book; `stages` is what `reference.stages` says."""
    known = {row["customer_id"]: dict(row) for row in customers if row["customer_id"] is not None}
    for customer, own in (stages or {}).items():
        known.setdefault(customer, {})["stage"] = own["stage"]
    ordered = in_order(seen(rows, as_of))
    bench = Bench(ordered, known, as_of, timezone)
    return [verdict for rule in book for verdict in bench.judged(rule)]


def in_order(rows: Iterable[Row]) -> list[Row]:
    """By time, then by id, of which unknown ones come first, then by place in the input."""
    return sorted(rows, key=lambda row: (row["occurred_at"], row.get("interaction_id") or ""))


# Numbers -------------------------------------------------------------------------------------


def number_of(promise: Measured, row: Row) -> float | None:
    if promise.column == FEELING:
        return evidence({**row, "kind": "other"})  # what the kind alone says is no feeling
    # Nobody waits for less than no time.
    known = {name: row.get(name) for name in ("rings", "wait_s", promise.column)}
    known |= {n: None for n in ("rings", "wait_s") if known[n] is not None and known[n] < 0}
    if promise.column == "rings" and known["rings"] is None and known["wait_s"] is not None:
        return math.floor(known["wait_s"] / promise.cadence.cycle_s) + 1.0
    value = known[promise.column]
    if promise.column == "rating" and value is not None:
        low, high = row.get("rating_min"), row.get("rating_max")
        if (low is not None and value < low) or (high is not None and value > high):
            return None
    return None if value is None else float(value)


def scale_of(promise: Measured) -> float:
    """How many of the unit of the column one of the promise's unit is."""
    of_column = {"_s": "seconds", "_minutes": "minutes", "_hours": "hours", "_days": "days"}
    for suffix, unit in of_column.items():
        if promise.column.endswith(suffix):
            return SECONDS[promise.unit] / SECONDS[unit]
    return 1.0


# The kinds of promises -----------------------------------------------------------------------


class Bench:
    def __init__(
        self, rows: Sequence[Row], known: Mapping[Any, Row], as_of: datetime, timezone: str
    ) -> None:
        self.rows = [{**self.of_customer(known, row["customer_id"]), **row} for row in rows]
        self.known, self.as_of, self.timezone = known, as_of, timezone

    def judged(self, rule: Any) -> Iterable[dict[str, Any]]:
        promise = rule.promise
        if isinstance(promise, Clocked | Counted | HandedOn | LastMeasured):
            yield from self.of_cases(rule)
        elif isinstance(promise, Followed):
            yield from self.of_what_follows(rule)
        elif isinstance(promise, Contacted):
            yield from self.of_customers(rule)
        else:
            for row in self.rows:
                yield from self.of_number(rule, row, row)

    def of_number(self, rule: Any, told: Row, row: Row) -> Iterable[dict[str, Any]]:
        promise = rule.promise
        value, scale = number_of(promise, row), scale_of(promise)
        decided = row["occurred_at"]
        for said in self.said(rule, told, value, promise.threshold * scale, decided):
            yield {**said, "value": None if value is None else value / scale}

    def of_cases(self, rule: Any) -> Iterable[dict[str, Any]]:
        promise = rule.promise
        kinds = rule.population.words.get("kind")
        for rows in by_key(self.rows, lambda row: row.get("case_id")).values():
            opens = [kinds is None or row["kind"] in kinds for row in rows]
            if not any(opens):
                continue
            own = rows[opens.index(True) :]
            told, last = self.told_of(own), own[-1]
            if isinstance(promise, Clocked):
                yield from self.of_clock(rule, told, own)
            elif isinstance(promise, LastMeasured):
                yield from self.of_number(rule, told, last)
            else:
                yield from self.said(
                    rule, told, count_in(promise, own), promise.threshold, last["occurred_at"]
                )

    def of_clock(self, rule: Any, told: Row, own: Sequence[Row]) -> Iterable[dict[str, Any]]:
        clock = Clock(rule.promise, own)
        if clock.begun is None:
            yield from self.said(rule, told, None, 0.0, None, aside=True)
            return
        clock.run_to(self.as_of)
        yield from self.of_time(rule, told, clock.elapsed, clock.due, clock.stopped_at)

    def of_what_follows(self, rule: Any) -> Iterable[dict[str, Any]]:
        promise = rule.promise
        answered = set()
        for place, row in enumerate(self.rows):
            asks, group = belongs(rule.population, row), row.get(f"{promise.same}_id")
            if asks is False:
                continue
            if group is None:
                yield from self.said(rule, row, None, 0.0, None)
                continue
            later = enumerate(self.rows[place + 1 :], start=place + 1)
            answers = (
                (other, each)
                for other, each in later
                if each.get(f"{promise.same}_id") == group and surely(promise.by, each)
            )
            answer = next(answers, (None, None))
            if asks and promise.once:
                if (group, answer[0]) in answered:
                    continue
                answered.add((group, answer[0]))
            ended = answer[1] and answer[1]["occurred_at"]
            begun, calendar = row["occurred_at"], promise.calendar
            value = microseconds(begun, ended or self.as_of, calendar)
            yield from self.of_time(
                rule, row, value, max(begun, time_is_up(begun, promise.limit_us, calendar)), ended
            )

    def of_customers(self, rule: Any) -> Iterable[dict[str, Any]]:
        promise, window = rule.promise, rule.window.value
        today = local_day(self.as_of, self.timezone)
        days: dict[Any, list[date]] = defaultdict(list)
        for row in self.rows:
            if row["customer_id"] is not None:
                days[row["customer_id"]].append(local_day(row["occurred_at"], self.timezone))
        first_of_all = min((day for own in days.values() for day in own), default=None)
        for customer in {*days, *self.known}:
            told = {"customer_id": customer, **self.of_customer(self.known, customer)}
            acquired = [told["acquired_at"]] if told.get("acquired_at") is not None else []
            since = min([*days[customer], *acquired], default=first_of_all)
            if first_of_all is not None:  # of what was before nobody knows anything
                since = max(since, first_of_all)
            for day in _days(since, today):
                if not begins(day, window):
                    continue
                end = next_window(day, window)
                starts_at = end_of_day(day - DAY, self.timezone) + MICROSECOND
                last_instant = end_of_day(end - DAY, self.timezone)
                own = [
                    row
                    for row in self.rows
                    if row["customer_id"] == customer
                    and day <= local_day(row["occurred_at"], self.timezone) < end
                ]
                count = count_of(promise, own)
                is_open = self.as_of < last_instant
                yield from self.said(
                    rule,
                    {**told, "occurred_at": starts_at},
                    count,
                    promise.threshold,
                    decided=None if is_open else last_instant,
                    due_at=last_instant,
                    grows=is_open,
                )

    # What is said -------------------------------------------------------------------------

    def of_time(
        self, rule: Any, told: Row, value: int, due_at: datetime | None, ended: datetime | None
    ) -> Iterable[dict[str, Any]]:
        late = value > rule.promise.limit_us
        for said in self.said(
            rule,
            told,
            value,
            rule.promise.limit_us,
            decided=due_at if late else ended,
            due_at=due_at,
            grows=ended is None,
        ):
            over = value - rule.promise.limit_us
            is_late = said["verdict"] == "missed"
            yield {
                **said,
                "value": value / 1e6,
                "over_minutes": over / 6e7 if is_late else None,
            }

    def said(
        self,
        rule: Any,
        told: Row,
        value: float | None,
        bound: float,
        decided: datetime | None,
        *,
        due_at: datetime | None = None,
        grows: bool = False,
        aside: bool = False,
    ) -> Iterable[dict[str, Any]]:
        """The verdict, where the rule speaks of the subject at all."""
        inside = belongs(rule.population, told)
        if inside is False:
            return
        if inside is None:
            verdict = "unknown"
        elif aside or surely(rule.unless, told):
            verdict = "excluded"
        elif value is None:
            verdict = "unknown"
        else:
            kept = keeps(rule.promise.comparator.value, value, bound)
            can_turn = grows and kept == (rule.promise.comparator.value in ("at most", "below"))
            verdict = "pending" if can_turn else "met" if kept else "missed"
        day = local_day(told["occurred_at"], self.timezone)
        yield {
            "rule": rule.name,
            "subject": rule.promise.subject.value,
            **{name: told.get(name) for name in TOLD},
            "window": window_start(day, rule.window.value),
            "verdict": verdict,
            "value": value,
            "target": target_of(rule, told),
            "due_at": due_at,
            "decided_at": decided if verdict in ("met", "missed") else None,
            "over_minutes": None,
            "is_timed": isinstance(rule.promise, Timed),
            "_told": {**told, "month": window_start(day, "month"), "day": day},
        }

    def told_of(self, own: Sequence[Row]) -> dict[str, Any]:
        """What is told of a case: by the row that opens it, but for who held it and whose it is."""
        customers = {row["customer_id"] for row in own} - {None}
        customer = customers.pop() if len(customers) == 1 else None
        departments, agents = (
            [row[name] for row in own if row.get(name) is not None]
            for name in ("department", "agent_id")
        )
        return {
            **{name: None for row in self.known.values() for name in row},
            **{name: value for name, value in own[0].items() if name not in self.of_all()},
            **self.of_customer(self.known, customer),
            "customer_id": customer,
            "interaction_id": None,
            "department": departments[0] if departments else None,
            "agent_id": agents[-1] if agents else None,
        }

    def of_all(self) -> set[str]:
        return {name for row in self.known.values() for name in row}

    @staticmethod
    def of_customer(known: Mapping[Any, Row], customer: Any) -> Row:
        own = known.get(customer, {}) if customer is not None else {}
        return {name: value for name, value in own.items() if name != "customer_id"}


TOLD = (
    *("customer_id", "interaction_id", "case_id", "kind", "channel", "department", "agent_id"),
    "occurred_at",
)


def count_of(promise: Counted | Contacted, own: Sequence[Row]) -> int | None:
    """How many rows count; None where those of which that is not known could turn the verdict."""
    said = [belongs(promise.of, row) for row in own]
    least, most = said.count(True), len(said) - said.count(False)
    kept = {keeps(promise.comparator.value, each, promise.threshold) for each in (least, most)}
    return least if len(kept) == 1 else None


def count_in(promise: Counted | HandedOn, own: Sequence[Row]) -> int | None:
    if isinstance(promise, Counted):
        return count_of(promise, own)
    holders = [row[promise.by] for row in own if row.get(promise.by) is not None]
    changes = sum(one != other for one, other in pairwise(holders))
    return changes if holders else None


def _days(first: date | None, last: date) -> Iterable[date]:
    while first is not None and first <= last:
        yield first
        first += DAY


# Attainment ----------------------------------------------------------------------------------

VERDICTS = ("met", "missed", "pending", "unknown", "excluded")


def attained(verdicts: Iterable[Mapping[str, Any]], *by: str) -> dict[Any, dict[str, Any]]:
    """The shares of promises kept, by rule and what verdicts tell, counted one by one."""
    groups: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for verdict in verdicts:
        told = {**verdict["_told"], "window": verdict["window"]}
        groups[(verdict["rule"], *(told.get(name) for name in by))].append(verdict)
    return {key: _share_of(own) for key, own in groups.items()}


def _share_of(own: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    counts = {word: sum(each["verdict"] == word for each in own) for word in VERDICTS}
    decided = [each for each in own if each["verdict"] in ("met", "missed")]
    is_timed = own[0]["is_timed"]
    found: dict[str, Any] = {f"{word}_count": count for word, count in counts.items()}
    found["decided_count"] = size = len(decided)
    found["over_minutes"] = math.fsum(each["over_minutes"] or 0.0 for each in own)
    found["over_minutes"] = found["over_minutes"] if is_timed else None
    names = ("attainment_share", "attainment_low", "attainment_high", "target_share", "is_reached")
    if not size:
        return found | dict.fromkeys(names)
    share, wanted = counts["met"] / size, math.fsum(each["target"] for each in decided)
    said = (share, *wilson(share, size), wanted / size, counts["met"] >= wanted * (1 - 1e-12))
    return found | dict(zip(names, said, strict=True))
