"""The libraries from which a history may come: one test body, every backend.

A backend turns rows (dictionaries by column) into a frame of its library, and such a frame back
into rows of plain Python values, so that a test reads the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import settings

Row = Mapping[str, Any]

REQUIRED = ("customer_id", "occurred_at", "kind")
IDS = {"customer_id", "interaction_id", "case_id", "agent_id", "referred_customer_id"}
NUMBERS = {
    *("amount", "list_amount", "margin_amount", "outcome", "severity"),
    *("rating", "rating_min", "rating_max", "wait_s"),
}


@dataclass(frozen=True)
class Backend:
    """One library: how rows become its frame and its frame becomes rows, and what its frame is."""

    name: str
    native: type
    of_arrow: Callable[[pa.Table], Any]
    to_arrow: Callable[[Any], pa.Table]

    def frame(self, rows: Iterable[Row], *, columns: Iterable[str] = REQUIRED) -> Any:
        """Rows as a frame; columns that no row has are there, and null."""
        return self.of_arrow(arrow_table(list(rows), columns))

    def rows(self, frame: Any) -> list[dict[str, Any]]:
        """A frame as rows; it must be of this library."""
        assert isinstance(frame, self.native), f"{type(frame)} is no {self.native}"
        return [
            {name: _plain(value) for name, value in row.items()}
            for row in self.to_arrow(frame).to_pylist()
        ]

    def __str__(self) -> str:
        return self.name


def arrow_table(rows: Sequence[Row], columns: Iterable[str] = REQUIRED) -> pa.Table:
    """Rows as an Arrow table whose types follow from the names, not from what is null."""
    names = dict.fromkeys([*columns, *(name for row in rows for name in row)])
    return pa.table({name: _array(name, [row.get(name) for row in rows]) for name in names})


def _array(name: str, values: list[Any]) -> pa.Array:
    known = [value for value in values if value is not None]
    if name in NUMBERS:
        return pa.array(values, pa.float64())
    if (known and all(isinstance(value, datetime) for value in known)) or name == "occurred_at":
        if any(not isinstance(value, datetime) for value in known):
            return pa.array(values)
        naive = any(value.tzinfo is None for value in known)
        return pa.array(values, pa.timestamp("us", None if naive else "UTC"))
    if name in IDS and any(isinstance(value, str) for value in known):
        return pa.array([None if value is None else str(value) for value in values])
    return pa.array(values) if known else pa.array(values, pa.string())


def _plain(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    # Every instant that comes out bears a zone; one without is a day, of which pandas has no type.
    return value.astimezone(UTC) if value.tzinfo else value.date()


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


BACKENDS = (
    Backend("polars", pl.DataFrame, pl.from_arrow, pl.DataFrame.to_arrow),
    Backend(
        "polars-lazy",
        pl.LazyFrame,
        lambda table: pl.from_arrow(table).lazy(),
        lambda frame: frame.collect().to_arrow(),
    ),
    Backend(
        "duckdb",
        duckdb.DuckDBPyRelation,
        lambda table: _connection().from_arrow(table),
        lambda relation: relation.to_arrow_table(),
    ),
    Backend(
        "pandas",
        pd.DataFrame,
        lambda table: table.to_pandas(),
        lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    ),
    Backend("pyarrow", pa.Table, lambda table: table, lambda table: table),
)
ENGINES = tuple(backend for backend in BACKENDS if backend.name in {"polars", "duckdb"})
"""The two that run folds; the others come in and go home through one of them."""

every_backend = pytest.mark.parametrize("backend", BACKENDS, ids=str)
every_engine = pytest.mark.parametrize("backend", ENGINES, ids=str)

sparingly = settings(max_examples=max(1, settings().max_examples // 4))
"""For tests that run on every backend: five times a quarter of the profile's examples."""
