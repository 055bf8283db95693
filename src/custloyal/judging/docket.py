"""Dockets: the tables of what is judged, one row a subject, with the verdicts of some rules."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.columns import DAY
from custloyal.engines import Table
from custloyal.fold import Source, business_instant, business_time
from custloyal.metrics.evidence import with_evidence
from custloyal.models import OutcomePolicy
from custloyal.planner import Setting, prepared
from custloyal.rules import FEELING, Followed, Measured, ServiceRule, verdict_code

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["ATTRIBUTES", "Clause", "Docket", "followed", "measured", "ruled"]

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


@attrs.frozen
class Docket:
    """A table of what is judged, with the verdicts of some rules.

    Args:
        table: One row a subject: what is told of it and, for each rule, `verdict` (a code, null
            where the rule does not speak of it) and `value`; of time also `due` and `ended`.
        clauses: The rules.
        columns: What is told of each subject.
    """

    table: Table
    clauses: tuple[Clause, ...]
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
    def interactions(self) -> Source:
        """The rows as a source."""
        return Source(self.columns)

    def run(self, source: Source) -> Table:
        """The rows of a source of the interactions."""
        return prepared(source, self.rows, self.setting)


def ruled(
    clause: Clause, *, open_: nw.Expr | None = None, aside: nw.Expr | None = None
) -> dict[str, nw.Expr]:
    """The verdict of a rule on each row of a table that holds its value.

    Args:
        clause: The rule.
        open_: Whether the value may still grow; None where it never does.
        aside: What is set aside by the nature of the promise, beside what the rule says.
    """
    rule, promise = clause.rule, clause.rule.kept
    value = clause.col("value")
    excluded = None if rule.unless is None else rule.unless.holds().fill_null(value=False)
    if aside is not None:
        excluded = aside if excluded is None else excluded | aside
    return {
        clause.of("verdict"): verdict_code(
            inside=rule.population.holds(),
            known=~value.is_null(),
            kept=promise.comparator.holds(value, promise.bound),
            excluded=excluded,
            open_=open_,
            is_ceiling=promise.comparator.is_ceiling,
        )
    }


# Numbers that rows bear ----------------------------------------------------------------------


def measured(bench: Bench, clauses: Sequence[Clause]) -> Docket:
    """The interactions of whom some rule speaks, with their verdicts; nothing is computed yet."""
    source = bench.interactions
    if any(clause.rule.kept.column == FEELING for clause in clauses):  # type: ignore[attr-defined]
        source = with_evidence(source, OutcomePolicy())
    spoken_of = [clause.rule.population.holds().fill_null(value=True) for clause in clauses]
    values = {clause.of("value"): _number(clause, bench.columns) for clause in clauses}
    rows = bench.run(source.where(reduce(or_, spoken_of)).let(**values))
    verdicts = {name: each for clause in clauses for name, each in ruled(clause).items()}
    return Docket(rows.with_columns(**verdicts), tuple(clauses), bench.told)


def _number(clause: Clause, columns: Collection[str]) -> nw.Expr:
    promise = clause.rule.kept
    assert isinstance(promise, Measured)  # the dockets are parted by what is promised
    return promise.value(columns)


# What follows --------------------------------------------------------------------------------


def followed(bench: Bench, clause: Clause) -> Docket:
    """The interactions after which something must follow, each with when it did."""
    promise = clause.rule.kept
    assert isinstance(promise, Followed)  # the dockets are parted by what is promised
    calendar = promise.counted_by
    seen = promise.rows(bench.interactions, clause.rule.population)
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
        clause.of("value"): until - nw.col("_f_begun"),
        clause.of("due"): nw.max_horizontal("occurred_at", "_due_at"),
        clause.of("ended"): nw.col("_ended_at"),
    }
    in_groups = bench.run(due).with_columns(**told)
    judged = in_groups.with_columns(**ruled(clause, open_=nw.col("_ended_at").is_null()))
    own = [clause.of(name) for name in ("verdict", "value", "due", "ended")]
    found = judged.select(*bench.told, *own)
    return Docket(
        bench.setting.engine.store(nw.concat([found, _in_no_group(bench, clause, promise, found)])),
        (clause,),
        bench.told,
    )


def _in_no_group(bench: Bench, clause: Clause, promise: Followed, like: Table) -> Table:
    """The rows of whom the rule speaks and of whose group nothing is known."""
    population = clause.rule.population.holds()
    rows = bench.rows.filter(nw.col(promise.group).is_null(), population | population.is_null())
    schema = like.collect_schema()
    unknown = {
        clause.of(name): nw.lit(None).cast(schema[clause.of(name)])
        for name in ("value", "due", "ended")
    }
    judged = rows.with_columns(**unknown).with_columns(**ruled(clause))
    return judged.select(*like.collect_schema().names())
