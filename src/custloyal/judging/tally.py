"""Tallies: how many verdicts of each kind there are, by any columns.

A row's verdict adds one to one of a few counters. All counters of a rule share one whole number,
each with its own bits, so that a rule costs one sum where conditional sums would cost one for each
counter; where a group has more rows than its bits can count, the counters are added one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from custloyal.engines import Aggregate, Combine
from custloyal.rules import Timed, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from custloyal.engines import Engine, Table
    from custloyal.judging.docket import Clause, Docket

__all__ = ["over_us", "tallied", "target_of"]

_BITS = 63
_ROWS = "_rows"


def tallied(docket: Docket, keys: Sequence[str], engine: Engine) -> dict[Clause, Table]:
    """For each rule of a docket the number of verdicts of each kind, one row a group.

    Args:
        docket: What was judged.
        keys: The columns of the group, all of the docket's table; null is a group of its own.
        engine: The engine of the table.

    Returns:
        The keys, a count for each `Verdict` as `met_count` and so on, `over_us` (the microseconds
        by which promises about time were missed) and `target_sum` (the targets of the decided,
        added up, where they differ). Groups without a subject of the rule are left out.
    """
    packed = _summed(docket, keys, engine, packed=True)
    most = packed.select(nw.col(_ROWS).max()).collect("polars").item()
    fits = all((most or 0) < 1 << _width(clause) for clause in docket.clauses)
    table = packed if fits else _summed(docket, keys, engine, packed=False)
    return {clause: _counts(table, clause, keys, packed=fits) for clause in docket.clauses}


def target_of(clause: Clause) -> nw.Expr:
    """The target of a subject: the highest of those that hold for it."""
    target = nw.lit(clause.rule.target)
    for column, shares in clause.rule.target_by.items():
        for word, share in sorted(shares.items(), key=lambda item: item[1]):
            target = nw.when(nw.col(column) == word).then(nw.lit(share)).otherwise(target)
    return target


def over_us(clause: Clause) -> nw.Expr:
    """By how many microseconds a promise about time was missed; null where it was not."""
    missed = clause.col("verdict") == Verdict.MISSED.code
    return nw.when(missed).then(clause.col("value") - clause.rule.kept.bound)


def _possible(clause: Clause) -> list[Verdict]:
    """The verdicts that a rule can give."""
    pends = clause.rule.kept.pends
    impossible = set() if pends else {Verdict.PENDING}
    if not pends and clause.rule.unless is None:
        impossible.add(Verdict.EXCLUDED)
    return [each for each in Verdict if each not in impossible]


def _width(clause: Clause) -> int:
    return _BITS // len(_possible(clause))


def _summed(docket: Docket, keys: Sequence[str], engine: Engine, *, packed: bool) -> Table:
    """The counters of all rules, one row a group."""
    parts: dict[str, nw.Expr] = {}
    for clause in docket.clauses:
        verdict, possible = clause.col("verdict"), _possible(clause)
        if packed:
            ones = nw.lit(0)
            for place, each in enumerate(possible):
                one = 1 << place * _width(clause)
                ones = nw.when(verdict == each.code).then(nw.lit(one)).otherwise(ones)
            parts[clause.of("packed")] = ones.cast(nw.Int64)
        else:
            for each in possible:
                is_it = (verdict == each.code).fill_null(value=False)
                parts[clause.of(each.value)] = nw.when(is_it).then(1).otherwise(0).cast(nw.Int64)
        if isinstance(clause.rule.kept, Timed):
            parts[clause.of("over_us")] = over_us(clause)
        if clause.rule.target_by:
            decided = (verdict == Verdict.MET.code) | (verdict == Verdict.MISSED.code)
            parts[clause.of("target_sum")] = nw.when(decided).then(target_of(clause))
    aggregates = {name: Aggregate(Combine.SUM, name) for name in parts}
    aggregates[_ROWS] = Aggregate(Combine.ROWS, _ROWS)
    rows = docket.table.with_columns(**parts).select(*keys, *parts)
    return engine.store(engine.group(rows, keys, aggregates))


def _counts(table: Table, clause: Clause, keys: Sequence[str], *, packed: bool) -> Table:
    """The counters of one rule, each a column of its own."""
    possible, width = _possible(clause), _width(clause)
    counts: dict[str, nw.Expr] = {f"{each.value}_count": nw.lit(0) for each in Verdict}
    for place, each in enumerate(possible):
        counter = clause.col(each.value)
        if packed:
            counter = clause.col("packed") // (1 << place * width) % (1 << width)
        counts[f"{each.value}_count"] = counter
    is_timed = isinstance(clause.rule.kept, Timed)
    over = clause.col("over_us") if is_timed else nw.lit(None)
    decided = nw.col("met_count") + nw.col("missed_count")
    target = clause.col("target_sum") if clause.rule.target_by else decided * clause.rule.target
    subjects = sum((nw.col(name) for name in counts), nw.lit(0))
    return (
        table.with_columns(**{name: each.cast(nw.Int64) for name, each in counts.items()})
        .filter(subjects > 0)
        .with_columns(over_us=over.cast(nw.Float64), target_sum=target.cast(nw.Float64))
        .select(*keys, *counts, "over_us", "target_sum")
    )
