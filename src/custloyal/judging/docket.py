"""Dockets: the tables of what is judged, one row a subject, with the verdicts of some rules."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, cast

import attrs
import narwhals as nw

from custloyal.columns import DAY
from custloyal.engines import Table
from custloyal.fold import Source, business_instant, business_time
from custloyal.fold.plan import Setting, prepared
from custloyal.metrics.evidence import with_evidence
from custloyal.models import OutcomePolicy
from custloyal.rules import FEELING, Ruling, ServiceRule
from custloyal.rules.promise import later

if TYPE_CHECKING:
    from collections.abc import Sequence

    from custloyal.rules import Followed

__all__ = ["ATTRIBUTES", "Clause", "Docket", "followed", "measured", "ruling"]

ATTRIBUTES = (
    "customer_id",
    "interaction_id",
    "case_id",
    "kind",
    "phase",
    "channel",
    "department",
    "agent_id",
    "occurred_at",
    DAY,
)
"""What is told of each subject, where it is known; `occurred_at` is when the promise was made."""


@attrs.frozen
class Clause:
    """A rule at its place in the book, which names the columns that are its own.

    Args:
        rule: The rule.
        place: Its place in the book, from 0.
    """

    rule: ServiceRule
    place: int

    def of(self, name: str) -> str:
        """The name of a column that is this rule's own."""
        return f"_{name}_{self.place}"

    def col(self, name: str) -> nw.Expr:
        """A column that is this rule's own."""
        return nw.col(self.of(name))


@attrs.frozen(eq=False)
class Docket:
    """A table of what is judged, with the verdicts of some rules.

    Args:
        table: One row a subject: what is told of it and, for each rule, `inside` (whether it speaks
            of the subject) and `value`; of time also `due` and `ended`, of cases `ended`.
        rulings: For each rule how it comes to its verdict.
        columns: What is told of each subject.
    """

    table: Table
    rulings: Mapping[Clause, Ruling]
    columns: tuple[str, ...]


@attrs.frozen
class Bench:
    """Where rules are judged.

    Args:
        rows: The interactions up to the time of judgement, with what is known of their customers.
        columns: The columns of the rows.
        told: Those of the columns that every docket tells of its subjects.
        customers: One row a customer, with the columns that rules name; None where none do.
        setting: The engine, the order of rows and the time of judgement.
    """

    rows: Table
    columns: frozenset[str]
    told: tuple[str, ...]
    customers: Table | None
    setting: Setting

    @property
    def known(self) -> list[str]:
        """All columns that groups can be made by, and the local day."""
        return [name for name in sorted(self.columns) if not name.startswith("_") or name == DAY]

    @property
    def interactions(self) -> Source:
        """The rows as a source."""
        return Source(self.columns)

    def run(self, source: Source) -> Table:
        """The rows of a source of the interactions."""
        return prepared(source, self.rows, self.setting)


def ruling(clause: Clause) -> Ruling:
    """How a rule comes to its verdict on each row of a table with its `inside` and `value`."""
    rule, promise = clause.rule, clause.rule.kept
    value = clause.col("value")
    excluded = None if rule.unless is None else rule.unless.holds().fill_null(value=False)
    aside = promise.aside(clause.of)
    if aside is not None:
        excluded = aside if excluded is None else excluded | aside
    return Ruling(
        inside=clause.col("inside"),
        value=value,
        kept=promise.comparator.holds(value, promise.bound),
        is_ceiling=promise.comparator.is_ceiling,
        excluded=excluded,
        grows=promise.grows(clause.of),
    )


# Numbers that rows bear ----------------------------------------------------------------------


def measured(bench: Bench, clauses: Sequence[Clause]) -> Docket:
    """The interactions of whom some rule speaks, with their verdicts; nothing is computed yet."""
    source = bench.interactions
    if any(clause.rule.kept.measured == FEELING for clause in clauses):
        source = with_evidence(source, OutcomePolicy())
    inside = {clause.of("inside"): clause.rule.population.holds() for clause in clauses}
    values = {clause.of("value"): clause.rule.kept.row_values(bench.columns) for clause in clauses}
    spoken_of = reduce(or_, [nw.col(name).fill_null(value=True) for name in inside])
    rows = bench.run(source.let(**inside, **values).where(spoken_of))
    return Docket(rows, {clause: ruling(clause) for clause in clauses}, bench.told)


# What follows --------------------------------------------------------------------------------


def followed(bench: Bench, clause: Clause) -> Docket:
    """The interactions after which something must follow, each with when it did."""
    promise = cast("Followed", clause.rule.kept)  # the dockets are parted by what is promised
    calendar = promise.counted_by
    population = clause.rule.population
    seen = promise.rows(bench.interactions, population)
    run = seen.let(_now=nw.lit(bench.setting.as_of)).let(
        _f_begun=business_time("occurred_at", calendar),
        _f_ended=business_time("_ended_at", calendar),
        _f_now=business_time("_now", calendar),
    )
    due = run.let(_f_due=nw.col("_f_begun") + promise.limit_us).let(
        _due_at=business_instant("_f_due", calendar)
    )
    ended = ~nw.col("_ended_at").is_null()
    until = nw.when(ended).then(nw.col("_f_ended")).otherwise(nw.col("_f_now"))
    told = {
        clause.of("inside"): population.holds(),
        clause.of("value"): until - nw.col("_f_begun"),
        clause.of("due"): later("occurred_at", "_due_at"),
        clause.of("ended"): nw.col("_ended_at"),
    }
    found = bench.run(due).with_columns(**told).select(*bench.known, *told)
    nobody = _in_no_group(bench, clause, promise, found)
    table = bench.setting.engine.store(nw.concat([found, nobody]))
    return Docket(table, {clause: ruling(clause)}, bench.told)


def _in_no_group(bench: Bench, clause: Clause, promise: Followed, like: Table) -> Table:
    """The rows of whom the rule speaks and of whose group nothing is known."""
    population = clause.rule.population.holds()
    rows = bench.rows.filter(nw.col(promise.group).is_null(), population | population.is_null())
    schema = like.collect_schema()
    unknown = {
        clause.of(name): nw.lit(None).cast(schema[clause.of(name)])
        for name in ("value", "due", "ended")
    }
    unknown[clause.of("inside")] = population
    return rows.with_columns(**unknown).select(*like.collect_schema().names())
