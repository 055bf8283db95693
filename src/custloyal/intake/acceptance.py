"""Which of the judged rows are accepted: lines added up, duplicates found, all of it counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.columns import PLACE
from custloyal.engines import Aggregate, Combine, Look, Sight
from custloyal.errors import DataError, MissingColumnError, Mistake
from custloyal.intake.columns import (
    REASON,
    WORD,
    Normalised,
    amount_reasons,
    normalised,
    with_reasons,
)
from custloyal.models import Kind

if TYPE_CHECKING:
    from custloyal.engines import Engine, Home, Table
    from custloyal.intake.mapping import IntakeMapping

__all__ = [
    "Counts",
    "check_currency",
    "counted",
    "duplicates_of",
    "has_duplicates",
    "height",
    "judged_rows",
    "with_negative_returns",
]

COUNT = "_count"
NEGATED = "_negated"
_AMOUNTS = ("amount", "list_amount", "margin_amount")


def judged_rows(
    table: Table, home: Home, mapping: IntakeMapping, *, placed: bool
) -> tuple[Table, tuple[str, ...]]:
    """Every row under our names, lines added up, with a reason where it is to be rejected."""
    taken = normalised(
        table, home.engine, mapping, placed=placed or mapping.lines, eager=not home.is_file_like
    )
    judged = _with_lines_added(taken, home.engine) if mapping.lines else taken.table
    judged = with_reasons(judged, amount_reasons(taken.columns))
    return _with_negated(judged, taken.columns), taken.columns


@attrs.frozen
class Counts:
    """What became of the rows, each counted once."""

    accepted: int
    rejected: Mapping[str, int]
    unmapped: Mapping[str, int]
    negated: int


def counted(judged: Table, engine: Engine) -> Counts:
    """One pass over the rows for all that the intake counts."""
    rows = judged.select(REASON, WORD, NEGATED, nw.lit(1).alias(COUNT))
    sums = {name: Aggregate(Combine.SUM, name) for name in (COUNT, NEGATED)}
    accepted, negated = 0, 0
    rejected: Counter[str] = Counter()
    unmapped: Counter[str] = Counter()
    grouped = engine.group(rows, [REASON, WORD], sums).collect("polars")
    for row in grouped.iter_rows(named=True):
        if row[REASON] is not None:
            rejected[row[REASON]] += row[COUNT]
            continue
        accepted += row[COUNT]
        negated += row[NEGATED]
        if row[WORD] is not None:
            unmapped[row[WORD]] += row[COUNT]
    return Counts(accepted, dict(rejected.most_common()), dict(unmapped.most_common()), negated)


def height(table: Table) -> int:
    """How many rows a table has."""
    return int(table.select(nw.len().alias(COUNT)).collect("polars").item())


def _with_negated(judged: Table, columns: tuple[str, ...]) -> Table:
    if "amount" not in columns:
        return judged.with_columns(nw.lit(0).alias(NEGATED))
    wrong = (nw.col("kind") == Kind.RETURN.value) & (nw.col("amount") > 0)
    return judged.with_columns(nw.when(wrong).then(nw.lit(1)).otherwise(nw.lit(0)).alias(NEGATED))


def with_negative_returns(rows: Table, columns: tuple[str, ...]) -> Table:
    """The rows with returns below 0, also those that were given above."""
    if "amount" not in columns:
        return rows
    amount = nw.col("amount")
    wrong = (nw.col("kind") == Kind.RETURN.value) & (amount > 0)
    return rows.with_columns(nw.when(wrong).then(0 - amount).otherwise(amount).alias("amount"))


def _with_lines_added(taken: Normalised, engine: Engine) -> Table:
    """Lines of one interaction_id and kind as one row, at its earliest time."""
    if "interaction_id" not in taken.columns:
        raise MissingColumnError(
            Mistake(
                "interaction_id", "is needed to add up lines", "columns={'interaction_id': '...'}"
            )
        )
    keys = ["interaction_id", "kind"]
    rest = [name for name in (*taken.columns, WORD) if name not in keys]
    sums = [name for name in rest if name in _AMOUNTS]
    known = {f"{name} is known": nw.col(name).is_null() for name in sums}
    aggregates = {
        PLACE: Aggregate(Combine.MIN, PLACE),
        **{name: Aggregate(Combine.FIRST, name, order=PLACE) for name in rest},
        "occurred_at": Aggregate(Combine.MIN, "occurred_at"),
        **{name: Aggregate(Combine.SUM, name) for name in sums},
        **{name: Aggregate(Combine.MAX, name) for name in known},
    }
    is_line = nw.col(REASON).is_null() & ~nw.col("interaction_id").is_null()
    lines = taken.table.filter(is_line).with_columns(
        **{
            name: nw.when(unknown).then(nw.lit(0)).otherwise(nw.lit(1))
            for name, unknown in known.items()
        }
    )
    added = engine.group(lines, keys, aggregates)
    # The sum of amounts that are all unknown is unknown, not 0.
    added = added.with_columns(
        **{name: nw.when(nw.col(f"{name} is known") == 1).then(nw.col(name)) for name in sums}
    )
    order = [*keys, *rest, PLACE, REASON]
    others = taken.table.filter(~is_line).select(*order)
    added = added.with_columns(nw.lit(None, dtype=nw.String).alias(REASON)).select(*order)
    return engine.store(nw.concat([added, others]))


def has_duplicates(judged: Table) -> bool:
    """Whether two rows that would be accepted bear one interaction_id."""
    key = nw.col("interaction_id")
    ids = judged.filter(nw.col(REASON).is_null() & ~key.is_null())
    counted = ids.select(nw.len().alias(COUNT), key.n_unique().alias("distinct"))
    rows, distinct = counted.collect("polars").row(0)
    return bool(rows > (distinct or 0))


def duplicates_of(judged: Table, engine: Engine) -> Table:
    """The places of accepted rows whose interaction_id an earlier row bears."""
    ordered = engine.with_looks(
        judged.filter(nw.col(REASON).is_null() & ~nw.col("interaction_id").is_null()).select(
            "interaction_id", "occurred_at", PLACE
        ),
        within="interaction_id",
        order=["occurred_at", PLACE],
        looks={"earlier": Look(Sight.PREVIOUS, PLACE)},
    )
    return engine.store(ordered.filter(~nw.col("earlier").is_null()).select(PLACE))


def check_currency(judged: Table, columns: tuple[str, ...]) -> None:
    """Refuse amounts in several currencies: they do not add up.

    Raises:
        DataError: With the currencies.
    """
    if "currency" not in columns:
        return
    money = judged.filter(nw.col(REASON).is_null() & ~nw.col("currency").is_null())
    found = sorted(money.select("currency").unique().collect("polars")["currency"].to_list())
    if len(found) > 1:
        raise DataError(
            Mistake(
                "currency",
                f"holds {len(found)} currencies ({', '.join(found[:5])}), which do not add up",
                "convert the amounts into one currency, or take one currency at a time",
            )
        )
