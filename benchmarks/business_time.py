"""Business time between two columns against their plain difference.

Run as `python -m benchmarks.business_time`. Both make the same, a column of seconds beside the
two of the table, in one process and in turn. The first use of the calendar, which makes its table,
is timed apart.
"""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import polars as pl

from custloyal.business_time import with_elapsed
from custloyal.models import BusinessCalendar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]

ROWS = 10_000_000
REPEATS = 7
_DAY_US = 86_400_000_000
_FIRST_US = 1_672_531_200_000_000  # 2023-01-01
_NAME = "elapsed_business_s"

OFFICE = BusinessCalendar(
    {"mon-fri": "08:00-20:00"}, timezone="Europe/Berlin", holidays=["2023-05-01", "2024-05-01"]
)


def pairs(rows: int) -> pl.DataFrame:
    """Pairs of instants: a start within two years, an end some days later, in no order."""
    rng = np.random.default_rng(2024)
    start = _FIRST_US + rng.integers(0, 730 * _DAY_US, rows)
    end = start + rng.exponential(2 * _DAY_US, rows).astype(np.int64)
    return pl.DataFrame({"start": start, "end": end}).cast(pl.Datetime("us"))


def contestants(table: pl.DataFrame) -> dict[str, Callable[[], object]]:
    """What is timed, by name; each makes the column anew."""
    plain = (pl.col("end") - pl.col("start")).dt.total_seconds(fractional=True).alias(_NAME)
    connection = duckdb.connect()
    connection.register("given", table.to_arrow())
    connection.execute("CREATE TABLE pairs AS SELECT * FROM given")
    said = f'SELECT *, (epoch_us("end") - epoch_us(start)) / 1e6 AS {_NAME} FROM pairs'  # noqa: S608 - our own names

    def business(frame: object) -> object:
        return with_elapsed(frame, OFFICE, start="start", end="end", timezone="UTC")

    def streamed(frame: pl.LazyFrame) -> pl.DataFrame:
        return frame.select(_NAME).collect(engine="streaming")

    return {
        "Polars, a frame: plain": lambda: table.with_columns(plain),
        "Polars, a frame: business": lambda: business(table),
        "Polars, lazy and streaming: plain": lambda: streamed(table.lazy().with_columns(plain)),
        "Polars, lazy and streaming: business": lambda: streamed(business(table.lazy())),  # type: ignore[arg-type]
        "DuckDB: plain": lambda: connection.sql(said).materialize(),
        "DuckDB: business": lambda: business(connection.table("pairs")).materialize(),  # type: ignore[attr-defined]
    }


def main() -> None:
    """Measure, and print a line for each contestant."""
    table = pairs(ROWS)
    started = perf_counter()
    with_elapsed(table.head(1), OFFICE, start="start", end="end", timezone="UTC")
    print(f"first use of the calendar: {perf_counter() - started:.3f} s")  # noqa: T201
    timed = contestants(table)
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(REPEATS):
        for name, run in timed.items():
            started = perf_counter()
            run()
            seconds[name].append(perf_counter() - started)
    medians = {name: median(each) for name, each in seconds.items()}
    for name, each in medians.items():
        plain = medians[f"{name.split(':')[0]}: plain"]
        print(f"{name}: {each:.3f} s, {each / plain:.1f} x plain")  # noqa: T201


if __name__ == "__main__":
    main()
