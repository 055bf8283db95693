"""Twenty rules by department and month and by customer, against the same sums written by hand.

Run as `python -m benchmarks.rules --rows 10M`. Both sides count what is kept, missed and not known
for every rule in both groupings, in one process and in turn, on Polars and on DuckDB. The counts
are compared first; taking the history in is not timed, since it is done once.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median
from tempfile import gettempdir
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import narwhals as nw
import numpy as np
import polars as pl

from benchmarks.generate import KIND_WEIGHTS, history_path, row_count
from custloyal import History, RuleBook, ServiceRule, judge
from custloyal.rules import at_most, where

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]

REPEATS = 5
AS_OF = "2025-01-01"
MEASURES = {"rings": 2, "wait_s": 20, "handle_s": 200, "outcome": 0, "amount": 30}
COUNTS = ("met", "missed", "unknown")


class Line(NamedTuple):
    """One rule, as both sides read it."""

    name: str
    kind: str
    department: str | None
    column: str
    threshold: float


def main() -> None:
    """Compare, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=row_count, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    options = parser.parse_args()
    table = _table(options.rows)
    lines = _lines(sorted(table["department"].drop_nulls().unique()))
    connection = duckdb.connect()
    connection.register("given", table.to_arrow())
    connection.execute("CREATE TABLE history AS SELECT * FROM given")
    connection.unregister("given")
    of_polars = History.from_native(table, unique="assume", timezone="UTC")
    of_duckdb = History.from_native(connection.table("history"), unique="assume", timezone="UTC")
    sides: dict[str, dict[str, Callable[[], Any]]] = {
        "polars": {
            "by hand": lambda: _polars_by_hand(table, lines),
            "custloyal": lambda: _custloyal(of_polars, lines),
        },
        "duckdb": {
            "by hand": lambda: _duckdb_by_hand(connection, lines),
            "custloyal": lambda: _custloyal(of_duckdb, lines),
        },
    }
    for engine, contestants in sides.items():
        sums = {name: _sums(run(), lines) for name, run in contestants.items()}
        assert sums["by hand"] == sums["custloyal"], f"{engine}: the counts differ"
        seconds: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(options.repeats):
            for name, run in contestants.items():
                start = perf_counter()
                run()
                seconds[name].append(perf_counter() - start)
        hand, ours = (median(seconds[name]) for name in ("by hand", "custloyal"))
        print(  # noqa: T201 (the figures are for the terminal)
            f"{engine}, {options.rows:,} rows, 20 rules: by hand {hand:.2f} s, "
            f"custloyal {ours:.2f} s, ratio {ours / hand:.2f}"
        )


def _table(rows: int) -> pl.DataFrame:
    """The history of the other benchmarks, with measures of calls beside it."""
    path = history_path(rows, Path(gettempdir()) / "custloyal-benchmarks")
    table, rng = pl.read_parquet(path), np.random.default_rng(0)
    known = pl.int_range(pl.len()) % 7 != 0
    return table.with_columns(
        rings=pl.Series(rng.integers(1, 6, len(table)).astype(float)),
        wait_s=pl.Series(rng.exponential(20, len(table))),
        handle_s=pl.Series(rng.exponential(200, len(table))),
    ).with_columns(rings=pl.when(known).then("rings"), wait_s=pl.when(known).then("wait_s"))


def _lines(departments: list[str]) -> list[Line]:
    kinds, measures = sorted(KIND_WEIGHTS), list(MEASURES.items())
    return [
        Line(
            f"rule_{place}",
            kinds[place % len(kinds)],
            departments[place % len(departments)] if place % 2 else None,
            *measures[place % len(measures)],
        )
        for place in range(20)
    ]


def _custloyal(history: History, lines: list[Line]) -> dict[str, Any]:
    book = RuleBook(
        ServiceRule(
            name=line.name,
            population=where(kind=line.kind)
            if line.department is None
            else where(kind=line.kind, department=line.department),
            promise=at_most(line.threshold, line.column),
            target=0.9,
            window="month",
            owner="service",
        )
        for line in lines
    )
    verdicts = judge(history, book, as_of=AS_OF)
    return {
        "month": verdicts.attainment("department", "month").to_native(),
        "customer": verdicts.attainment("customer_id").to_native(),
    }


def _polars_by_hand(table: pl.DataFrame, lines: list[Line]) -> dict[str, Any]:
    sums = []
    for line in lines:
        spoken_of = pl.col("kind") == line.kind
        if line.department is not None:
            spoken_of &= pl.col("department") == line.department
        value = pl.col(line.column)
        sums += [
            (spoken_of & (value <= line.threshold)).sum().alias(f"{line.name}_met"),
            (spoken_of & (value > line.threshold)).sum().alias(f"{line.name}_missed"),
            (spoken_of & value.is_null()).sum().alias(f"{line.name}_unknown"),
        ]
    rows = table.lazy().with_columns(month=pl.col("occurred_at").dt.truncate("1mo"))
    month, customer = pl.collect_all(
        [rows.group_by("department", "month").agg(sums), rows.group_by("customer_id").agg(sums)],
        engine="streaming",
    )
    return {"month": month, "customer": customer}


def _duckdb_by_hand(connection: duckdb.DuckDBPyConnection, lines: list[Line]) -> dict[str, Any]:
    sums = []
    for line in lines:
        spoken_of = f"kind = '{line.kind}'"
        if line.department is not None:
            spoken_of += f" AND department = '{line.department}'"
        for word, is_it in (
            ("met", f"{line.column} <= {line.threshold}"),
            ("missed", f"{line.column} > {line.threshold}"),
            ("unknown", f"{line.column} IS NULL"),
        ):
            counted = f"sum(CASE WHEN {spoken_of} AND {is_it} THEN 1 ELSE 0 END)::BIGINT"
            sums.append(f"{counted} AS {line.name}_{word}")
    said = ", ".join(sums)
    groups = {
        "month": "department, date_trunc('month', occurred_at) AS month",
        "customer": "customer_id",
    }
    made = {}
    for name, group in groups.items():
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE by_{name} AS "
            f"SELECT {group}, {said} FROM history GROUP BY ALL"
        )
        made[name] = connection.table(f"by_{name}")
    return made


def _sums(made: dict[str, Any], lines: list[Line]) -> dict[tuple[str, str, str], int]:
    """The counts over all groups, by grouping, rule and word."""
    found: dict[tuple[str, str, str], int] = {}
    for grouping, native in made.items():
        frame = nw.from_native(native).lazy()
        columns = frame.collect_schema().names()
        for line in lines:
            for word in COUNTS:
                if "rule" in columns:
                    rows, column = frame.filter(nw.col("rule") == line.name), f"{word}_count"
                else:
                    rows, column = frame, f"{line.name}_{word}"
                total = rows.select(nw.col(column).sum()).collect("polars").item()
                found[grouping, line.name, word] = int(total or 0)
    return found


if __name__ == "__main__":
    main()
