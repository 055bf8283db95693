"""The docket of cases, each spoken of by the row that opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.columns import DAY
from custloyal.fold import (
    Source,
    business_instant,
    business_time,
    carried,
    following,
    highest,
    lowest,
    previous,
)
from custloyal.fold.plan import Plan, Setting, prepared
from custloyal.judging.docket import Bench, Clause, Docket, later, ruling
from custloyal.metrics.evidence import with_evidence
from custloyal.models import OutcomePolicy
from custloyal.rules import FEELING, Clocked, Counted, LastMeasured, Ruling, where
from custloyal.rules.column_types import promised_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from custloyal.engines import Table
    from custloyal.fold import Fold
    from custloyal.rules.population import Word

__all__ = ["cases"]


def cases(bench: Bench, clauses: Sequence[Clause], kinds: tuple[Word, ...]) -> Docket:
    """All cases, with the verdicts of the rules about cases that are opened by some kinds.

    A case begins with its first row of these kinds; what stands before is not seen. It stands under
    the first department that held it, the agent who last did, and its only known customer; all
    else is told of it as its first row tells it.

    Args:
        bench: Where rules are judged.
        clauses: The rules.
        kinds: The kinds that their populations name; none where a case begins with any row.
    """
    engine, setting = bench.setting.engine, bench.setting
    looks = {"_before_at": previous("occurred_at")}
    if "department" in bench.columns:
        looks["_other_department"] = carried("department")
    if "agent_id" in bench.columns:
        looks["_other_agent_id"] = following("agent_id")
    source = bench.interactions
    if kinds:
        opens = where(kind=kinds).holds()
        seen = source.let(_opens=nw.when(opens).then(1)).in_order(
            "case_id", _opened=carried("_opens")
        )
        source = seen.where(opens | ~nw.col("_opened").is_null())
    ordered = engine.store(bench.run(source.in_order("case_id", **looks)))
    rows = Source(bench.columns | set(looks), ordered_within="case_id")
    table = _run(_identity(rows, bench), ordered, setting)
    for clause in clauses:
        # Each rule sees the columns that it names: an engine that copies rows copies few.
        needed = _needed(clause, bench)
        fold = _fold(attrs.evolve(rows, columns=frozenset(needed)), clause)
        own = _run(fold, ordered.select(*needed), setting)
        kept = {clause.of(name[1:]): nw.col(name) for name in fold.columns}
        table = table.join(own.select("case_id", **kept), on="case_id", how="left")
    table = engine.store(_with_customers(table, bench).with_columns(_now=nw.lit(setting.as_of)))
    for clause in clauses:
        table = _timed(table, clause, bench)
    inside = {clause.of("inside"): clause.rule.population.holds() for clause in clauses}
    table = table.with_columns(**inside)
    told = tuple(name for name in bench.told if name != "interaction_id")
    return Docket(engine.store(table), {clause: _ruling(clause) for clause in clauses}, told)


def _run(fold: Fold, rows: Table, setting: Setting) -> Table:
    """The states of a fold of ordered rows."""
    plan = Plan()
    view = plan.add(fold, "cases")
    return view.table(plan.run(rows, setting)[view.of], setting.as_of)


def _needed(clause: Clause, bench: Bench) -> list[str]:
    """The columns of the rows of cases that a promise looks at."""
    promise = clause.rule.kept
    if isinstance(promise, LastMeasured):
        return sorted(bench.columns)
    named = {name for each in promised_rows(promise) for name in (*each.words, *each.unless)}
    always = {"case_id", "occurred_at", *bench.setting.order}
    return sorted({*always, *promise.columns, *named} & bench.columns)


def _identity(rows: Source, bench: Bench) -> Fold:
    """What is told of a case."""
    is_first = nw.col("_before_at").is_null()
    of_customer = set() if bench.customers is None else set(bench.customers.collect_schema())
    told = {
        name: lowest(name, where=is_first)
        for name in sorted(bench.columns - of_customer - _NOT_TOLD)
        if not name.startswith("_")
    }
    none_other = {
        name: nw.col(f"_other_{name}").is_null()
        for name in ("department", "agent_id")
        if name in bench.columns
    }
    told |= {name: lowest(name, where=none) for name, none in none_other.items()}
    return rows.by(
        "case_id",
        customer_id=lowest("customer_id"),
        _other_customer_id=highest("customer_id"),
        _last_at=highest("occurred_at"),
        **{DAY: lowest(DAY, where=is_first)},
        **told,
    )


_NOT_TOLD = {"case_id", "customer_id", DAY}


def _fold(rows: Source, clause: Clause) -> Fold:
    """What a rule measures of each case."""
    promise = clause.rule.kept
    if isinstance(promise, Clocked):
        return promise.clock(rows)
    if isinstance(promise, LastMeasured):
        if promise.column == FEELING:
            rows = with_evidence(rows, OutcomePolicy())
        valued = rows.let(_value=promise.value(rows.columns))
        last = valued.in_order("case_id", _after_at=following("occurred_at"))
        return last.where(nw.col("_after_at").is_null()).by("case_id", _value=lowest("_value"))
    return promise.counted(rows)  # type: ignore[attr-defined,no-any-return]


def _with_customers(table: Table, bench: Bench) -> Table:
    """Cases of one known customer, with what is known of them."""
    one = nw.col("customer_id") == nw.col("_other_customer_id")
    table = table.with_columns(customer_id=nw.when(one).then(nw.col("customer_id")))
    if bench.customers is None:
        return table
    return table.join(bench.customers, on="customer_id", how="left")


def _ruling(clause: Clause) -> Ruling:
    if not isinstance(clause.rule.kept, Clocked):
        return ruling(clause)
    # A clock that was never started made no promise.
    return ruling(clause, grows=clause.col("stands") != 1, aside=clause.col("begun_at").is_null())


def _timed(table: Table, clause: Clause, bench: Bench) -> Table:
    """The cases with when each was decided and, of clocks, how long they ran and when due."""
    promise = clause.rule.kept
    if isinstance(promise, Counted):
        known = promise.decided(clause.col("value"), clause.col("perhaps"))
        table = table.with_columns(**{clause.of("value"): known})
    if not isinstance(promise, Clocked):
        return table.with_columns(**{clause.of("ended"): nw.col("_last_at")})
    calendar, setting = promise.counted_by, bench.setting
    now, due = clause.of("f_now"), clause.of("f_due")
    timed = Source(frozenset(table.collect_schema())).let(**{now: business_time("_now", calendar)})
    stands, waits = clause.col("stands") == 1, clause.col("waits") == 1
    last_f, elapsed = clause.col("f_last"), clause.col("elapsed_us")
    running = nw.when(stands | waits).then(0).otherwise(nw.col(now) - last_f)
    # A clock that stands for the customer has no due time, unless it was passed before.
    stopped_f = nw.when(stands).then(clause.col("f_ended")).otherwise(last_f)
    ahead = nw.when(stands | ~waits).then(stopped_f + (promise.limit_us - elapsed))
    told = timed.let(
        **{
            clause.of("value"): nw.when(clause.col("unplaced") == 0).then(elapsed + running),
            due: nw.coalesce(clause.col("f_passed"), ahead),
        }
    ).let(**{clause.of("due_at"): business_instant(due, calendar)})
    return prepared(told, table, setting).with_columns(
        **{
            clause.of("due"): later(clause.of("begun_at"), clause.of("due_at")),
            clause.of("ended"): nw.when(stands).then(clause.col("ended_at")),
        }
    )
