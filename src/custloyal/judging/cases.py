"""The docket of cases, each spoken of by the row that opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.columns import DAY
from custloyal.fold import (
    Source,
    carried,
    following,
    highest,
    lowest,
    previous,
)
from custloyal.fold.plan import Plan, Setting, prepared
from custloyal.judging.docket import Bench, Clause, Docket, ruling
from custloyal.rules import where

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
        own_rows = attrs.evolve(rows, columns=frozenset(needed))
        fold = clause.rule.kept.fold(own_rows, "case_id")
        own = _run(fold, ordered.select(*needed), setting)
        kept = {clause.of(name[1:]): nw.col(name) for name in fold.columns}
        table = table.join(own.select("case_id", **kept), on="case_id", how="left")
    table = engine.store(_with_customers(table, bench).with_columns(_now=nw.lit(setting.as_of)))
    for clause in clauses:
        table = _timed(table, clause, bench)
    inside = {clause.of("inside"): clause.rule.population.holds() for clause in clauses}
    table = table.with_columns(**inside)
    told = tuple(name for name in bench.told if name != "interaction_id")
    return Docket(engine.store(table), {clause: ruling(clause) for clause in clauses}, told)


def _run(fold: Fold, rows: Table, setting: Setting) -> Table:
    """The states of a fold of ordered rows."""
    plan = Plan()
    view = plan.add(fold, "cases")
    return view.table(plan.run(rows, setting)[view.of], setting.as_of)


def _needed(clause: Clause, bench: Bench) -> list[str]:
    """The columns of the rows of cases that a promise looks at."""
    always = {"case_id", "occurred_at", *bench.setting.order} & bench.columns
    return sorted(always | clause.rule.kept.columns_of_cases(bench.columns))


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


def _with_customers(table: Table, bench: Bench) -> Table:
    """Cases of one known customer, with what is known of them."""
    one = nw.col("customer_id") == nw.col("_other_customer_id")
    table = table.with_columns(customer_id=nw.when(one).then(nw.col("customer_id")))
    if bench.customers is None:
        return table
    return table.join(bench.customers, on="customer_id", how="left")


def _timed(table: Table, clause: Clause, bench: Bench) -> Table:
    """The cases with when each was decided and, of clocks, how long they ran and when due."""
    promise = clause.rule.kept
    source = Source(frozenset(table.collect_schema()))
    timed = promise.timed(source, clause.of)
    told = table if timed is source else prepared(timed, table, bench.setting)
    return told.with_columns(**promise.outcome(clause.of))
