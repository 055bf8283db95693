"""Time-ordered interaction histories with skewed customers, written once to Parquet."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["CUSTOMER_ROWS", "history_path", "row_count"]

SEED = 20_240_229
VERSION = 1  # stands in the file name: raise it whenever the rows change
CUSTOMER_ROWS = 20  # rows of an average customer
CHUNK_ROWS = 1_000_000
START = np.datetime64("2022-01-01", "us")
END = np.datetime64("2025-01-01", "us")

NULL_CUSTOMER_SHARE = 0.01
NULL_OUTCOME_SHARE = 0.7
FIRST_DAY_SHARE = 0.2  # customers that the business has already on the first day
ACTIVITY_SIGMA = 1.5  # lognormal: the most active fifth has about 74 % of the rows

KIND_WEIGHTS = {
    "purchase": 45.0,
    "visit": 13.0,
    "delivery": 10.0,
    "question": 5.0,
    "inquiry": 4.0,
    "problem": 4.0,
    "reply": 4.0,
    "return": 3.0,
    "complaint": 2.5,
    "handoff": 2.0,
    "survey": 2.0,
    "resolution": 2.0,
    "praise": 1.0,
    "cart": 1.0,
    "review": 0.5,
    "recovery": 0.4,
    "referral": 0.3,
    "reopen": 0.3,
}
DEPARTMENTS = ("sales", "service", "logistics", "billing", "repair desk", "customer success")


def row_count(text: str) -> int:
    """Read a number of rows.

    Args:
        text: Digits, with `k` or `M` behind them or not.

    Returns:
        The number of rows.

    Raises:
        ValueError: The text is not a whole number of at least one row.

    Example:
        >>> row_count("10M")
        10000000
    """
    units = {"k": 1_000, "m": 1_000_000}
    unit = units.get(text[-1:].lower(), 1)
    digits = text[:-1] if unit > 1 else text
    if not digits.replace("_", "").isdigit() or int(digits) == 0:
        message = f"{text!r} is not a number of rows, say for example 250k or 10M"
        raise ValueError(message)
    return int(digits) * unit


def history_path(rows_count: int, cache: Path) -> Path:
    """Give the Parquet file of a history, writing it where the cache has none.

    Args:
        rows_count: Rows of the history.
        cache: Folder that keeps the files between runs.

    Returns:
        The file: `interaction_id`, `customer_id` (1 % null), `occurred_at` (naive UTC, ascending),
        `kind`, `department`, `amount` (null but for purchases and returns), `outcome` (70 % null).
    """
    path = cache / f"history-{rows_count}-v{VERSION}.parquet"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        _write(rows_count, part)
        part.replace(path)
    return path


def _write(rows_count: int, path: Path) -> None:
    base = np.random.default_rng([SEED, rows_count])
    customers_count = max(rows_count // CUSTOMER_ROWS, 1)
    activity = np.cumsum(base.lognormal(0.0, ACTIVITY_SIGMA, customers_count))
    customer_ids = base.permutation(customers_count).astype(np.int64) + 1
    spend = base.lognormal(0.0, 0.6, customers_count)
    chunks_count = -(-rows_count // CHUNK_ROWS)
    bounds = np.linspace(0, rows_count, chunks_count + 1).astype(np.int64)
    writer = None
    for chunk, (low, high) in enumerate(pairwise(bounds.tolist())):
        rng = np.random.default_rng([SEED, rows_count, chunk])
        age = np.sort(rng.uniform(low / rows_count, high / rows_count, high - low))
        index = _customers(rng, age, activity)
        table = _table(rng, age, spend[index], customer_ids[index], np.arange(low, high) + 1)
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=250_000)
    if writer is not None:
        writer.close()


def _customers(
    rng: np.random.Generator, age: NDArray[np.float64], activity: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Draw a customer for each row among those who had come by then, by activity."""
    share = FIRST_DAY_SHARE + (1 - FIRST_DAY_SHARE) * age
    come = np.maximum((share * len(activity)).astype(np.int64), 1)
    drawn = rng.random(len(age)) * activity[come - 1]
    found = np.searchsorted(activity, drawn, side="right").astype(np.int64)
    customers: NDArray[np.int64] = np.minimum(found, come - 1)
    return customers


def _table(
    rng: np.random.Generator,
    age: NDArray[np.float64],
    spend: NDArray[np.float64],
    customer_id: NDArray[np.int64],
    interaction_id: NDArray[np.int64],
) -> pa.Table:
    count = len(age)
    kinds = list(KIND_WEIGHTS)
    weights = np.array(list(KIND_WEIGHTS.values()))
    kind = rng.choice(len(kinds), size=count, p=weights / weights.sum()).astype(np.int32)
    money = np.maximum(np.round(rng.lognormal(3.2, 1.0, count) * spend, 2), 0.01)
    returned = kind == kinds.index("return")
    paid = (kind == kinds.index("purchase")) | returned
    length_us = int((END - START).astype(np.int64))
    occurred_at = START + (age * length_us).astype(np.int64)
    outcome = np.round(np.clip(rng.normal(0.35, 0.5, count), -1, 1), 2) + 0.0  # no minus zero
    return pa.table(
        {
            "interaction_id": pa.array(interaction_id),
            "customer_id": pa.array(customer_id, mask=rng.random(count) < NULL_CUSTOMER_SHARE),
            "occurred_at": pa.array(occurred_at, type=pa.timestamp("us")),
            "kind": _words(kind, kinds),
            "department": _words(
                rng.integers(0, len(DEPARTMENTS), count, dtype=np.int32), list(DEPARTMENTS)
            ),
            "amount": pa.array(np.where(returned, -money, money), mask=~paid),
            "outcome": pa.array(outcome, mask=rng.random(count) < NULL_OUTCOME_SHARE),
        }
    )


def _words(codes: NDArray[np.int32], words: list[str]) -> pa.Array:
    """Strings, not a dictionary type: engines would read that as an enumeration."""
    return pa.DictionaryArray.from_arrays(codes, words).cast(pa.string())
