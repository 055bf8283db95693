"""Tallies: how many verdicts of each kind there are, by any columns.

A row's verdict adds one to one of a few counters. All counters of a rule share one whole number,
each with its own bits, so that a rule costs one sum where conditional sums would cost one for each
counter; where a group has more rows than its bits can count, the counters are added one by one.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import narwhals as nw

from custloyal.engines import Aggregate, Combine
from custloyal.rules import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from custloyal.engines import Engine, Table
    from custloyal.judging.docket import Clause, Docket
    from custloyal.rules import Ruling

__all__ = ["over_us", "summed", "tallied", "target_of"]

_BITS = 63
_ROWS = "_rows"


def tallied(docket: Docket, keys: Sequence[str], engine: Engine) -> dict[Clause, Table]:
    """For each rule of a docket the number of verdicts of each kind, one row a group.

    Args:
        docket: What was judged.
        keys: The columns of the group, all of the docket's table; null is a group of its own.
        engine: The engine of the table.

    Returns:
        On Polars `rule`, the keys, a count for each `Verdict` as `met_count` and so on,
        `decided_count`, `over_us` (the microseconds by which promises about time were missed; null
        of others) and `target_sum` (the targets of the decided, added up). Groups without a subject
        of the rule are left out.
    """
    table, fits = summed(docket, keys, engine, packed=True), True
    most = table[_ROWS].max() if len(table) else 0
    if any(most >= 1 << _width(ruling) for ruling in docket.rulings.values()):
        table, fits = summed(docket, keys, engine, packed=False), False
    # Parting the rules takes many small steps, and each costs DuckDB a plan of its own.
    wide = table.lazy()
    return {clause: _counts(wide, docket, clause, keys, packed=fits) for clause in docket.rulings}


def target_of(clause: Clause) -> nw.Expr:
    """The target of a subject: the highest of its own, else that of the rule."""
    own = [
        (share, nw.col(column) == word)
        for column, shares in clause.rule.target_by.items()
        for word, share in shares.items()
    ]
    target = nw.lit(clause.rule.target)
    for share, holds in sorted(own, key=lambda pair: pair[0]):
        target = nw.when(holds).then(nw.lit(share)).otherwise(target)
    return target


def over_us(clause: Clause, ruling: Ruling) -> nw.Expr:
    """By how many microseconds a promise about time was missed; null where it was not."""
    late = clause.col("value") - clause.rule.kept.bound
    return nw.when(ruling.gives(Verdict.MISSED)).then(late)


def _width(ruling: Ruling) -> int:
    """How many bits each counter has."""
    return _BITS // len(ruling.possible)


def summed(
    docket: Docket, keys: Sequence[str], engine: Engine, *, packed: bool
) -> nw.DataFrame[Any]:
    """The counters of all rules, one row a group.

    Args:
        docket: What was judged.
        keys: The columns of the group.
        engine: The engine of the table.
        packed: Whether the counters of a rule share one number.
    """
    parts: dict[str, nw.Expr] = {}
    for clause, ruling in docket.rulings.items():
        possible, width = ruling.possible, _width(ruling)
        if packed:
            ones = {each: 1 << place * width for place, each in enumerate(possible)}
            parts[clause.of("packed")] = ruling.chosen(ones, otherwise=0).cast(nw.Int64)
        else:
            for each in possible:
                parts[clause.of(each.value)] = nw.when(ruling.gives(each)).then(1).otherwise(0)
        if clause.rule.kept.is_timed:
            # Whole microseconds of many late promises exceed 64 bits.
            parts[clause.of("over_us")] = over_us(clause, ruling).cast(nw.Float64)
        if clause.rule.target_by:
            decided = ruling.gives(Verdict.MET, Verdict.MISSED)
            parts[clause.of("target_sum")] = nw.when(decided).then(target_of(clause))
    aggregates = {name: Aggregate(Combine.SUM, name) for name in parts}
    aggregates[_ROWS] = Aggregate(Combine.ROWS, _ROWS)
    rows = docket.table.with_columns(**parts).select(*keys, *parts)
    return engine.group(rows, keys, aggregates).collect("polars")


def _counts(
    table: Table, docket: Docket, clause: Clause, keys: Sequence[str], *, packed: bool
) -> Table:
    """The counters of one rule, each a column of its own."""
    ruling = docket.rulings[clause]
    width = _width(ruling)
    counts = {each: nw.lit(0) for each in Verdict}
    for place, each in enumerate(ruling.possible):
        counter = clause.col(each.value)
        if packed:
            counter = clause.col("packed") // (1 << place * width) % (1 << width)
        counts[each] = counter
    some = ["packed"] if packed else [each.value for each in ruling.possible]
    decided = counts[Verdict.MET] + counts[Verdict.MISSED]
    over = clause.col("over_us") if clause.rule.kept.is_timed else nw.lit(None)
    target = clause.col("target_sum") if clause.rule.target_by else decided * clause.rule.target
    said = {
        "rule": nw.lit(clause.rule.name),
        **{f"{each.value}_count": each_count.cast(nw.Int64) for each, each_count in counts.items()},
        "decided_count": decided.cast(nw.Int64),
        "over_us": over.cast(nw.Float64),
        "target_sum": target.cast(nw.Float64),
    }
    spoken_of = table.filter(reduce(or_, [clause.col(name) > 0 for name in some]))
    return spoken_of.with_columns(**said).select("rule", *keys, *list(said)[1:])
