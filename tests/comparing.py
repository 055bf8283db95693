"""Comparing what a reading says with what the reference says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import custloyal
from custloyal import History, Metric
from custloyal.models import AsOf
from reference_intake import taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from engines import Backend

Rows = list[dict[str, Any]]

OPTIONAL = (
    *("interaction_id", "case_id", "department", "agent_id", "phase", "amount"),
    *("outcome", "severity", "rating", "rating_min", "rating_max"),
)


def history_of(backend: Backend, rows: Rows, **options: Any) -> tuple[History, Rows]:
    """A history of rows as users have them, and the rows that the reference would accept."""
    frame = backend.frame(rows, columns=("customer_id", "occurred_at", "kind", *OPTIONAL))
    return History.from_native(frame, **options), taken(rows).accepted


def priced(rows: Rows) -> Rows:
    """Rows whose every amount is known."""
    return [{**row, "amount": 1.0} if row.get("amount") is None else row for row in rows]


def read_rows(backend: Backend, history: History, metric: Metric, as_of: datetime | date) -> Rows:
    """The reading of one metric; it must come back in the caller's own library."""
    return backend.rows(custloyal.read(history, metric, as_of=as_of)[metric].to_native())


def instant_of(as_of: datetime | date, timezone: str) -> datetime:
    return AsOf.parse(as_of, timezone=timezone).instant


def assert_same(
    actual: Iterable[Mapping[str, Any]],
    expected: Mapping[Any, Mapping[str, Any]],
    *keys: str,
    near: float = 1e-12,
) -> None:
    """The same rows by key, with the same values; floats to 1e-9 relative or `near` absolute."""
    found: dict[Any, Mapping[str, Any]] = {}
    for row in actual:
        key = tuple(row[name] for name in keys)
        assert key not in found, f"{key} stands twice"
        found[key] = row
    wanted = {key if isinstance(key, tuple) else (key,): row for key, row in expected.items()}
    assert set(found) == set(wanted)
    for key, row in wanted.items():
        for name, value in row.items():
            same = close(found[key][name], value, near=near)
            assert same, f"{name} of {key} is {found[key][name]!r}, should be {value!r}"


def close(actual: Any, expected: Any, *, near: float = 1e-12) -> bool:
    if isinstance(expected, float) and isinstance(actual, int | float):
        return math.isclose(actual, expected, rel_tol=1e-9, abs_tol=near)
    return bool(actual == expected)
