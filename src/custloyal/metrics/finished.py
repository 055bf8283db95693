"""Readings that are finished in Python, a row at a time: few rows, and no expression for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from custloyal.models import Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["finished", "share", "share_schema"]


def finished(
    rows: Iterable[Mapping[str, Any]], schema: Mapping[str, nw.dtypes.DType]
) -> nw.DataFrame[Any]:
    """Rows as a Polars frame with the columns of a schema, in its order."""
    given = list(rows)
    columns = {name: [row[name] for row in given] for name in schema}
    return nw.from_dict(columns, schema=dict(schema), backend="polars")


def share_schema(name: str) -> dict[str, nw.dtypes.DType]:
    """The columns of a share: `<name>_share`, `<name>_low` and `<name>_high`."""
    return {f"{name}_{each}": nw.Float64() for each in ("share", "low", "high")}


def share(name: str, numerator: int, denominator: int) -> dict[str, float | None]:
    """A share with Wilson's interval of 95 %; all three are null where it is a share of none.

    Example:
        >>> share("churn", 0, 0)
        {'churn_share': None, 'churn_low': None, 'churn_high': None}
    """
    of = Share(numerator, denominator)
    interval = of.interval()
    return {
        f"{name}_share": of.value,
        f"{name}_low": None if interval is None else interval.low,
        f"{name}_high": None if interval is None else interval.high,
    }
