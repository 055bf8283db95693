"""The four readings by custloyal, on Polars and on DuckDB: the only module that imports it."""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import polars as pl

from benchmarks import by_hand_duckdb, by_hand_polars
from benchmarks.contestants import Contestant
from custloyal import CohortRetention, Concentration, History, Trust, read, score
from custloyal.metrics import BtydStatistics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    import duckdb

__all__ = ["CONTESTANTS", "intake", "score_seconds", "together"]

METRICS = {
    "trust": Trust(),
    "btyd": BtydStatistics(),
    "cohorts": CohortRetention(),
    "concentration": Concentration(),
}

COLUMNS: dict[str, dict[str, str]] = {  # custloyal's names where the hand-written ones differ
    "trust": {},
    "btyd": {},
    "cohorts": {},
    "concentration": {
        "revenue_amount": "total_amount",
        "top_share": "top_20_share",
        "effective_count": "effective_customers",
        "majority_customers_share": "customers_for_80_share",
    },
}


def intake(frame: Any) -> History:
    """Take a loaded table in, its ids known to be unique."""
    return History.from_native(frame, timezone="UTC", unique="assume")


def together(history: History, names: Sequence[str], as_of: date) -> dict[str, Any]:
    """Take several readings in one call, each to a table in memory.

    Args:
        history: What `intake` gave.
        names: Keys of `METRICS`.
        as_of: The last day that counts.

    Returns:
        By name, a Polars frame or an Arrow table: DuckDB results are fetched as the hand-written
        ones are, so that no work is left undone.
    """
    metrics = [METRICS[name] for name in names]
    readings = read(history, metrics, as_of=as_of.isoformat())
    return {name: _renamed(name, _in_memory(readings[METRICS[name]])) for name in names}


def score_seconds(calls: int = 50) -> tuple[float, float]:
    """Time `score` of one customer's 50 interactions in a warm process.

    Args:
        calls: Number of calls.

    Returns:
        Median seconds of a call, without and with the intake of the 50 rows.
    """
    frame = _one_customer()
    metrics = [METRICS["trust"], METRICS["btyd"]]
    alone, whole = [], []
    for _ in range(calls + 3):
        start = perf_counter()
        history = intake(frame)
        taken = perf_counter()
        _in_memory(score(history, metrics, as_of="2024-12-31"))
        end = perf_counter()
        alone.append(end - taken)
        whole.append(end - start)
    return median(alone[3:]), median(whole[3:])


def _one_customer() -> pl.DataFrame:
    kinds = ("visit", "purchase", "delivery", "question", "complaint")
    at = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 12, 1), interval="6d", eager=True
    ).head(50)
    return pl.DataFrame(
        {
            "interaction_id": range(1, 51),
            "customer_id": [7] * 50,
            "occurred_at": at,
            "kind": [kinds[row % 5] for row in range(50)],
            "amount": [20.0 if row % 5 == 1 else None for row in range(50)],
            "outcome": [0.5 if row % 5 == 2 else None for row in range(50)],  # noqa: PLR2004
        }
    )


def _in_memory(reading: Any) -> Any:
    """Fetch a reading, lazy or not."""
    native = reading.to_native() if hasattr(reading, "to_native") else reading
    if isinstance(native, pl.LazyFrame):
        return native.collect()
    return native if isinstance(native, pl.DataFrame) else native.to_arrow_table()


def _load_duckdb(path: Path) -> duckdb.DuckDBPyRelation:
    return by_hand_duckdb.load(path).table("interactions")


def _renamed(name: str, result: Any) -> pl.DataFrame:
    frame = result if isinstance(result, pl.DataFrame) else pl.DataFrame(result)
    frame = frame.rename(COLUMNS[name])
    # custloyal fills the triangle up with zeros, which a query by hand leaves out.
    return frame.filter(pl.col("customers_count") > 0) if name == "cohorts" else frame


def _save(result: pl.DataFrame, path: Path) -> None:
    result.write_parquet(path)


def _contestant(load: Any) -> Contestant:
    def one(name: str) -> Any:
        return lambda history, as_of: together(history, [name], as_of)[name]

    return Contestant(
        load=load,
        save=_save,
        readings={name: one(name) for name in METRICS},
        together=together,
        prepare=intake,
    )


CONTESTANTS: Mapping[str, Contestant] = {
    "custloyal-polars": _contestant(by_hand_polars.load),
    "custloyal-duckdb": _contestant(_load_duckdb),
}
