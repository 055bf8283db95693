"""One pass over the given rows: each is accepted, or told why not; all of it is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.columns import PLACE
from custloyal.engines import Aggregate, Combine, Home, Look, Sight, Table, opened, row_count
from custloyal.errors import DataError, MissingColumnError, Mistake
from custloyal.formats import count, shortened
from custloyal.intake.columns import (
    REASON,
    WORD,
    Normalised,
    amount_reasons,
    normalised,
    with_ids,
    with_reasons,
)
from custloyal.intake.mapping import IntakeMapping
from custloyal.models import Kind
from custloyal.shown import Shown

if TYPE_CHECKING:
    from custloyal.engines import Engine

__all__ = ["Intake", "Judged", "customer_table", "judged"]

COUNT = "_count"
NEGATED = "_negated"
_AMOUNTS = ("amount", "list_amount", "margin_amount")


_WORDS = 5
"""How many words that are no kind an intake names."""


@attrs.frozen(kw_only=True, repr=False)
class Intake(Shown):
    """What became of the rows that were given.

    given = accepted + rejected + duplicates + folded lines, always.

    Args:
        given: The rows of the user's table.
        accepted: The interactions that every reading sees.
        rejected: For each reason the rows that were rejected.
        duplicates: Rows whose interaction_id an earlier row bears.
        folded_lines: Rows that were added to another row of their interaction_id.
        unmapped: For each word that is no kind the accepted rows that became `other`.
        negated_returns: Returns that were given with a positive amount.
        timezone: The zone in which days are counted.
    """

    given: int
    accepted: int
    rejected: Mapping[str, int]
    duplicates: int
    folded_lines: int
    unmapped: Mapping[str, int]
    negated_returns: int
    timezone: str

    @property
    def rejected_count(self) -> int:
        """All rejected rows."""
        return sum(self.rejected.values())

    def __repr__(self) -> str:
        parts = {
            "accepted": self.accepted,
            "rejected": self.rejected_count,
            "duplicates": self.duplicates,
            "lines added to another row": self.folded_lines,
        }
        sums = [f"{count(number)} {what}" for what, number in parts.items() if number]
        lines = [f"Intake: {count(self.given)} given = {' + '.join(sums) or '0'}"]
        lines += [f"  rejected, {why}: {count(n)}" for why, n in self.rejected.items()]
        words = [f"{shortened(word, limit=40)!r} ({count(n)})" for word, n in self.unmapped.items()]
        more = f" and {count(len(words) - _WORDS)} more" if len(words) > _WORDS else ""
        lines += [f"  no kind, taken as other: {', '.join(words[:_WORDS])}{more}"] if words else []
        if self.negated_returns:
            lines.append(f"  returns made negative: {count(self.negated_returns)}")
        return "\n".join([*lines, f"  days are those of {self.timezone}"])


@attrs.frozen
class Counts:
    """What became of the rows, each counted once."""

    accepted: int
    rejected: Mapping[str, int]
    unmapped: Mapping[str, int]
    negated: int


@attrs.frozen(kw_only=True, eq=False)
class Judged:
    """Every given row under our names, with the reason where it is rejected.

    Args:
        given: The user's table.
        home: Where it came from.
        mapping: What its columns mean.
        table: The judged rows, lines added up.
        columns: The names of what they hold.
        duplicates: The places of rows whose interaction_id an earlier row bears; None where none
            was found.
    """

    given: Table
    home: Home
    mapping: IntakeMapping
    table: Table
    columns: tuple[str, ...]
    duplicates: Table | None

    @property
    def order(self) -> tuple[str, ...]:
        """The columns that order the rows of a group."""
        time = "occurred_at" if self.mapping.order is None else self.mapping.order
        return (time, "interaction_id" if "interaction_id" in self.columns else PLACE)

    @cached_property
    def counts(self) -> Counts:
        """One pass over the rows for all that the intake counts."""
        rows = self._unique.select(REASON, WORD, NEGATED, nw.lit(1).alias(COUNT))
        sums = {name: Aggregate(Combine.SUM, name) for name in (COUNT, NEGATED)}
        accepted, negated = 0, 0
        rejected: Counter[str] = Counter()
        unmapped: Counter[str] = Counter()
        grouped = self.home.engine.group(rows, [REASON, WORD], sums).collect("polars")
        for row in grouped.iter_rows(named=True):
            if row[REASON] is not None:
                rejected[row[REASON]] += row[COUNT]
                continue
            accepted += row[COUNT]
            negated += row[NEGATED]
            if row[WORD] is not None:
                unmapped[row[WORD]] += row[COUNT]
        return Counts(accepted, dict(rejected.most_common()), dict(unmapped.most_common()), negated)

    @cached_property
    def intake(self) -> Intake:
        """What became of each row."""
        counts, given = self.counts, row_count(self.given)
        duplicates = 0 if self.duplicates is None else row_count(self.duplicates)
        return Intake(
            given=given,
            accepted=counts.accepted,
            rejected=counts.rejected,
            duplicates=duplicates,
            folded_lines=given - counts.accepted - duplicates - sum(counts.rejected.values()),
            unmapped=counts.unmapped,
            negated_returns=counts.negated,
            timezone=self.mapping.timezone or "UTC",
        )

    @property
    def left_out(self) -> tuple[str, ...]:
        """The given columns that nothing reads."""
        read = {*self.columns, *self.mapping.sources}
        return tuple(name for name in self.given.collect_schema() if name not in read)

    @property
    def rejected(self) -> Table:
        """The rejected rows with their `reason` and `row`, from 1."""
        rows = _placed(self.table, self.home.engine).filter(~nw.col(REASON).is_null())
        row, reason = (nw.col(PLACE) + 1).alias("row"), nw.col(REASON).alias("reason")
        return rows.select(row, reason, *self.columns)

    @property
    def accepted(self) -> Table:
        """The rows that every reading sees."""
        # Files are counted when somebody asks. A step that would change nothing is left out.
        counts, rows = None if self.home.is_file_like else self.counts, self._unique
        if counts is None or counts.rejected:
            rows = rows.filter(nw.col(REASON).is_null())
        if counts is None or counts.negated:
            rows = _with_negative_returns(rows, self.columns)
        rows = rows.select(*dict.fromkeys([*self.columns, *self.order]))
        kept = self.duplicates is not None or not self.home.lazy
        return self.home.engine.keep(rows) if kept else rows

    @property
    def _unique(self) -> Table:
        if self.duplicates is None:
            return self.table
        return self.table.join(self.duplicates, on=PLACE, how="anti")


def judged(given: Table, home: Home, mapping: IntakeMapping, *, find_duplicates: bool) -> Judged:
    """Judge every row of a user's table.

    Args:
        given: The table.
        home: Where it came from.
        mapping: What its columns mean.
        find_duplicates: Whether to look for rows whose interaction_id an earlier row bears.

    Raises:
        DataError: With all mistakes of structure.
    """
    engine = home.engine
    # DuckDB would number the rows even where nobody looks.
    placed = mapping.lines or "interaction_id" not in {*given.collect_schema(), *mapping.names}
    taken = normalised(given, engine, mapping, placed=placed, eager=not home.is_file_like)
    columns = taken.columns
    table = _with_lines_added(taken, engine) if mapping.lines else taken.table
    table = _with_negated(with_reasons(table, amount_reasons(columns)), columns)
    _check_currency(table, columns)
    duplicates = None
    if find_duplicates and "interaction_id" in columns and not mapping.lines:
        is_accepted = nw.col(REASON).is_null() & ~nw.col("interaction_id").is_null()
        if _surplus(table.filter(is_accepted), "interaction_id"):
            table = engine.store(_placed(table, engine))
            duplicates = _duplicates(table.filter(is_accepted), engine)
    return Judged(
        given=given,
        home=home,
        mapping=mapping,
        table=table,
        columns=columns,
        duplicates=duplicates,
    )


def _placed(judged: Table, engine: Engine) -> Table:
    numbered = PLACE in judged.collect_schema()
    return judged if numbered else engine.with_place(judged, PLACE)


def _surplus(rows: Table, key: str) -> int:
    """How many rows there are beyond one for each key."""
    counted = rows.select(nw.len().alias(COUNT), nw.col(key).n_unique().alias("distinct"))
    number, distinct = counted.collect("polars").row(0)
    return int(number - (distinct or 0))


def _with_negated(judged: Table, columns: tuple[str, ...]) -> Table:
    if "amount" not in columns:
        return judged.with_columns(nw.lit(0).alias(NEGATED))
    wrong = (nw.col("kind") == Kind.RETURN.value) & (nw.col("amount") > 0)
    return judged.with_columns(nw.when(wrong).then(nw.lit(1)).otherwise(nw.lit(0)).alias(NEGATED))


def _with_negative_returns(rows: Table, columns: tuple[str, ...]) -> Table:
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


def _duplicates(accepted: Table, engine: Engine) -> Table:
    """The places of accepted rows whose interaction_id an earlier row bears."""
    ordered = engine.with_looks(
        accepted.select("interaction_id", "occurred_at", PLACE),
        within="interaction_id",
        order=["occurred_at", PLACE],
        looks={"earlier": Look(Sight.PREVIOUS, PLACE)},
    )
    return engine.store(ordered.filter(~nw.col("earlier").is_null()).select(PLACE))


def _check_currency(judged: Table, columns: tuple[str, ...]) -> None:
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


def customer_table(frame: Any) -> Table:
    """Take the second table: its ids as the history has them, internal names left out.

    Args:
        frame: One row a customer, of any supported library.

    Raises:
        MissingColumnError: Where it has no `customer_id`.
        DataError: Where an id is no id, or two rows bear one.
    """
    table, _ = opened(frame)
    if "customer_id" not in table.collect_schema():
        raise MissingColumnError(Mistake("customers", "has no column customer_id"))
    table, broken = with_ids(table, "customer_id", table.collect_schema()["customer_id"])
    for condition, reason in broken:
        number = row_count(table.filter(condition))
        if number:
            raise DataError(Mistake("customers", f"{reason} in {number:,} rows"))
    table = table.drop([n for n in table.collect_schema() if n.startswith("_")])
    surplus = _surplus(table, "customer_id")
    if surplus:
        mend = "give one row for each customer_id"
        raise DataError(Mistake("customers", f"has {surplus} rows too many", mend))
    return table
