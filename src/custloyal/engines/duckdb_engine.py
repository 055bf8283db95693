"""DuckDB: relations in, relations out, on the connection of the user's own relation."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw
import numpy as np
import pyarrow as pa

from custloyal.engines.base import ISO_TIME, Aggregate, Combine, Look, Sight
from custloyal.engines.bends import NO_SLOT, bends_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from duckdb import DuckDBPyRelation

    from custloyal.engines.base import Table
    from custloyal.engines.bends import Bends
    from custloyal.models import BusinessCalendar

__all__ = ["DuckDBEngine"]

_ROWS, _SAID, _WORD = "_custloyal_rows", "_custloyal_said", "_custloyal_word"
"""Names in statements that no table and no column of the user's has."""


@attrs.frozen
class DuckDBEngine:
    """The seams of `Engine` in SQL."""

    name: str = "duckdb"

    def group(
        self, frame: Table, keys: Sequence[str], aggregates: Mapping[str, Aggregate]
    ) -> Table:
        rows: DuckDBPyRelation = frame.to_native()
        groups = [_quoted(key) for key in keys]
        types = dict(zip(rows.columns, map(str, rows.types), strict=True))
        said = [
            f"{_aggregated(aggregate, types.get(aggregate.column, ''))} AS {_quoted(name)}"
            for name, aggregate in aggregates.items()
        ]
        return nw.from_native(rows.aggregate(", ".join([*groups, *said]), ", ".join(groups)))

    def store(self, frame: Table) -> Table:
        rows: DuckDBPyRelation = frame.to_native()
        return nw.from_native(rows.materialize())

    def keep(self, frame: Table) -> Table:
        return self.store(frame)

    def with_looks(
        self,
        frame: Table,
        *,
        within: str,
        order: Sequence[str],
        looks: Mapping[str, Look],
        ordered: bool = False,
    ) -> Table:
        del ordered
        rows: DuckDBPyRelation = frame.to_native()
        # DuckDB sorts once for all columns whose windows are alike.
        window = f"PARTITION BY {_quoted(within)} ORDER BY " + ", ".join(
            f"{_quoted(column)} ASC NULLS FIRST" for column in order
        )
        said = [
            f"CASE WHEN {_quoted(within)} IS NOT NULL THEN {_seen(look, window)} END "
            f"AS {_quoted(name)}"
            for name, look in looks.items()
        ]
        # Several passes use an ordered source, and a window is costly to compute twice.
        return nw.from_native(rows.project(f"*, {', '.join(said)}").materialize())

    def with_place(self, frame: Table, name: str) -> Table:
        rows: DuckDBPyRelation = frame.to_native()
        return nw.from_native(rows.project(f"*, row_number() OVER () - 1 AS {_quoted(name)}"))

    def with_local(self, frame: Table, *, column: str, name: str, timezone: str) -> Table:
        rows: DuckDBPyRelation = frame.to_native()
        wall = _quoted(column)
        if timezone != "UTC":
            wall = f"timezone('{timezone}', timezone('UTC', {wall}))"
        return nw.from_native(rows.project(f"*, {wall} AS {_quoted(name)}"))

    def with_utc(self, frame: Table, *, column: str, timezone: str | None) -> Table:
        rows: DuckDBPyRelation = frame.to_native()
        kind = str(rows.types[rows.columns.index(column)])
        if kind == "TIMESTAMP WITH TIME ZONE":
            utc = f"timezone('UTC', {_quoted(column)})"
        else:
            utc = _from_wall_time(f"CAST({_quoted(column)} AS TIMESTAMP)", timezone)
        return _replaced(rows, column, utc)

    def with_parsed_times(
        self, frame: Table, *, column: str, timezone: str | None, time_format: str | None
    ) -> Table:
        rows: DuckDBPyRelation = frame.to_native()
        text = f"trim(CAST({_quoted(column)} AS VARCHAR))"
        if time_format is not None:
            parsed = f"try_strptime({text}, {_literal(time_format)})"
            zoned = "%z" in time_format
            utc = f"timezone('UTC', {parsed})" if zoned else _from_wall_time(parsed, timezone)
            return _replaced(rows, column, utc)
        # DuckDB reads more than ISO 8601 ("infinity", "epoch") and drops offsets of hours alone.
        offset = f"regexp_extract({text}, '{ISO_TIME}', 3)"
        bare = f"regexp_extract({text}, '{ISO_TIME}', 1)"
        sign = f"CASE WHEN {offset} LIKE '-%' THEN -1 ELSE 1 END"
        hours = f"coalesce(try_cast(substr({offset}, 2, 2) AS BIGINT), 0)"
        minutes = f"coalesce(try_cast(substr(replace({offset}, ':', ''), 4, 2) AS BIGINT), 0)"
        wall = f"try_cast({bare} AS TIMESTAMP)"
        utc = (
            f"CASE WHEN {offset} = '' THEN {_from_wall_time(wall, timezone)} "
            f"ELSE {wall} - to_minutes({sign} * ({hours} * 60 + {minutes})) END"
        )
        return _replaced(rows, column, utc)

    def with_numbers(self, frame: Table, *, column: str) -> Table:
        rows: DuckDBPyRelation = frame.to_native()
        return _replaced(rows, column, f"try_cast(trim({_quoted(column)}) AS DOUBLE)")

    def with_words(
        self,
        frame: Table,
        *,
        column: str,
        vocabulary: Sequence[str],
        words: Mapping[str, str],
        otherwise: str | None,
        seen: Collection[str | None] | None,
    ) -> Table:
        del vocabulary
        rows: DuckDBPyRelation = frame.to_native()
        if seen is not None and all(text is not None and words.get(text) == text for text in seen):
            return frame
        renamed = [
            f"WHEN {_quoted(column)} = {_literal(text)} THEN {_literal(word)}"
            for text, word in words.items()
            if text != word
        ]
        same = ", ".join(_literal(text) for text, word in words.items() if text == word)
        said = (
            f"CASE {' '.join(renamed)} WHEN {_quoted(column)} IN ({same}) THEN {_quoted(column)} "
            f"ELSE {'NULL' if otherwise is None else _literal(otherwise)} END"
        )
        return _replaced(rows, column, said)

    def with_lookups(
        self, frame: Table, *, column: str, numbers: Mapping[str, Mapping[str, float]]
    ) -> Table:
        rows: DuckDBPyRelation = frame.to_native()
        words = dict.fromkeys(word for said in numbers.values() for word in said)
        listed = ", ".join(
            f"{{{', '.join([f'{_WORD}: {_literal(word)}', *_fields(word, numbers)])}}}"
            for word in words
        )
        # A table of the words without a query of its own: after each, DuckDB looks anew at every
        # step of every relation. The aggregate of no rows is one row, whatever the rows are.
        one = rows.limit(0).aggregate("count(*)")
        said = one.project(f"unnest([{listed}], recursive := true)").set_alias(_SAID)
        # One join for all columns: a CASE over words takes half as long again.
        joined = rows.set_alias(_ROWS).join(
            said, f"{_ROWS}.{_quoted(column)} = {_SAID}.{_WORD}", how="left"
        )
        names = ", ".join(f"{_SAID}.{_quoted(name)}" for name in numbers)
        return nw.from_native(joined.project(f"{_ROWS}.*, {names}"))

    def with_business_time(
        self,
        frame: Table,
        *,
        columns: Mapping[str, str],
        calendar: BusinessCalendar,
        to_instant: bool,
    ) -> Table:
        rows: DuckDBPyRelation = frame.to_native()
        bends = bends_of(calendar, to_instant=to_instant)
        # DuckDB finds the Arrow table by the name of this local variable, on the same connection.
        _custloyal_bends = _table_of(bends, pa.int64() if to_instant else pa.float64())
        written = _instant if to_instant else _business_time
        said, joins = [], []
        for place, (name, column) in enumerate(columns.items()):
            number, at = f"{_ROWS}.{_quoted(column)}", f"_custloyal_bends_{place}"
            said.append(f"{written(number, at, len(bends.bends))} AS {_quoted(name)}")
            slot = _slot(number, bends, to_instant=to_instant)
            joins.append(f"JOIN _custloyal_bends {at} ON {at}.slot = {slot}")
        sql = f"SELECT {_ROWS}.*, {', '.join(said)} FROM {_ROWS} {' '.join(joins)}"
        queried = rows.query(_ROWS, sql)
        assert queried is not None  # a query that selects has a result
        return nw.from_native(queried)

    def fingerprint(self, frame: Table, columns: Sequence[str]) -> str:
        rows: DuckDBPyRelation = frame.to_native()
        hashed = f"sum(CAST(hash({', '.join(map(_quoted, columns))}) AS HUGEINT))"
        ((count, digest),) = rows.aggregate(f"count(*), {hashed}").fetchall()
        return f"{self.name} {count} {digest}"

    def from_polars(self, frame: Any, near: Table) -> Table:
        rows: DuckDBPyRelation = near.to_native()
        # DuckDB finds the Arrow table by the name of this local variable, on the same connection.
        _custloyal_values = frame.to_arrow()
        brought = rows.query(_ROWS, "SELECT * FROM _custloyal_values")
        assert brought is not None  # a query that selects has a result
        return nw.from_native(brought.materialize())

    def presented(self, frame: Table, *columns: str) -> Table:
        rows: DuckDBPyRelation = frame.to_native()
        instants = [
            f"timezone('UTC', {_quoted(name)}) AS {_quoted(name)}"
            for name, kind in zip(rows.columns, rows.types, strict=True)
            if str(kind) == "TIMESTAMP" and (not columns or name in columns)
        ]
        replaced = f"* REPLACE ({', '.join(instants)})" if instants else "*"
        return nw.from_native(rows.project(replaced))


def _fields(word: str, numbers: Mapping[str, Mapping[str, float]]) -> list[str]:
    return [f"{_quoted(name)}: {_number(said.get(word))}" for name, said in numbers.items()]


def _replaced(rows: DuckDBPyRelation, column: str, sql: str) -> Table:
    return nw.from_native(rows.project(f"* REPLACE ({sql} AS {_quoted(column)})"))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _number(number: float | None) -> str:
    return "NULL::DOUBLE" if number is None else f"{number!r}::DOUBLE"


@lru_cache(maxsize=16)
def _table_of(bends: Bends, kind: pa.DataType) -> pa.Table:
    """One row a slot, and one of nulls.

    With keys of 16 bits and a row for each DuckDB looks into an array: a join by hash takes four
    times as long.
    """
    slots = np.append(np.arange(len(bends.base)), NO_SLOT).astype(np.uint16)
    sides = {"base": bends.base}
    for place, (left, right) in enumerate(bends.bends):
        sides |= {f"left_{place}": left, f"right_{place}": right}
    nothing = pa.nulls(1, kind)
    return pa.table(
        {"slot": slots}
        | {name: pa.chunked_array([pa.array(each, kind), nothing]) for name, each in sides.items()}
    )


def _business_time(instant: str, at: str, bends: int) -> str:
    # Floats hold whole microseconds up to the year 2255, and DuckDB adds them without checks.
    number = f"epoch_us({instant})::DOUBLE"
    bent = " + ".join(
        f"abs({number} - {at}.left_{place}) - abs({number} - {at}.right_{place})"
        for place in range(bends)
    )
    return f"{at}.base + ({bent}) * 0.5::DOUBLE"


def _instant(number: str, at: str, bends: int) -> str:
    stepped = "".join(
        f" + CASE WHEN {number} >= {at}.left_{place} THEN {at}.right_{place} ELSE 0 END"
        for place in range(bends)
    )
    return f"make_timestamp({number} + {at}.base{stepped})"


def _slot(number: str, bends: Bends, *, to_instant: bool) -> str:
    """The slot of a number; one of its own where it has none, since inner joins leave rows out."""
    if to_instant:
        first, end = f"{bends.first}", f"{bends.end}"
        slot = f"({number} - {first}) // {bends.width}"
    else:
        first, end = (f"make_timestamp({edge})" for edge in (bends.first, bends.end))
        # A date is the same division, by a number that DuckDB knew when it was compiled.
        slot = f"({number}::DATE - {first}::DATE)"
    inside = f"{number} >= {first} AND {number} < {end}"
    return f"CASE WHEN {inside} THEN ({slot})::USMALLINT ELSE {NO_SLOT}::USMALLINT END"


def _seen(look: Look, window: str) -> str:
    column = _quoted(look.column)
    before = f"{window} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    match look.sight:
        case Sight.PREVIOUS:
            return f"lag({column}, {look.back}) OVER ({window})"
        case Sight.CARRIED:
            return f"last_value({column} IGNORE NULLS) OVER ({before})"
        case Sight.FOLLOWING:
            after = f"{window} ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING"
            return f"first_value({column} IGNORE NULLS) OVER ({after})"
        case Sight.ACCUMULATED:
            return f"coalesce(sum({column}) OVER ({before}), 0)::BIGINT"


def _aggregated(aggregate: Aggregate, kind: str) -> str:
    column = _quoted(aggregate.column)
    match aggregate.combine:
        case Combine.SUM:
            # DuckDB adds whole numbers to HUGEINT, which other libraries read as decimals.
            whole = kind.endswith(("INT", "INTEGER")) and kind != "HUGEINT"
            return f"coalesce(sum({column}), 0){'::BIGINT' if whole else ''}"
        case Combine.ROWS:
            return "count(*)"
        case Combine.COUNT:
            return f"count(*) FILTER (WHERE {column})"
        case Combine.MIN:
            return f"min({column})"
        case Combine.MAX:
            return f"max({column})"
        case Combine.FIRST:
            return f"arg_min_null({column}, {_quoted(aggregate.order)})"
        case Combine.LAST:
            return f"arg_max_null({column}, {_quoted(aggregate.order)})"


def _from_wall_time(wall: str, timezone: str | None) -> str:
    if timezone in {None, "UTC"}:
        return wall
    # DuckDB takes the second occurrence of a doubled wall time; the first is one clock change
    # earlier wherever an hour (or half an hour, on Lord Howe) before shows the same wall time.
    late = f"timezone('UTC', timezone('{timezone}', {wall}))"
    candidates = [f"{late} - INTERVAL {minutes} MINUTE" for minutes in (60, 30, 120)]
    earlier = [
        f"WHEN timezone('{timezone}', timezone('UTC', {instant})) = {wall} THEN {instant}"
        for instant in candidates
    ]
    return f"CASE {' '.join(earlier)} ELSE {late} END"
