"""Readings that are finished in Python, a row at a time: few rows, and no expression for them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import narwhals as nw

from custloyal.metrics.intervals import wilson_bounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["finished", "share_schema"]


def finished(
    rows: Iterable[Mapping[str, Any]],
    schema: Mapping[str, nw.dtypes.DType],
    *,
    shares: Mapping[str, tuple[str, str]] = MappingProxyType({}),
) -> nw.DataFrame[Any]:
    """Rows as a Polars frame with the columns of a schema, in its order.

    Args:
        rows: The columns that are no shares.
        schema: All columns.
        shares: For the name of each share the columns of its numerator and denominator. The share
            and its bounds (Wilson's interval of 95 %) are null where the denominator is 0.

    Example:
        >>> schema = {"left": nw.Int64(), "all": nw.Int64(), **share_schema("churn")}
        >>> rows = [{"left": 0, "all": 0}, {"left": 1, "all": 4}]
        >>> finished(rows, schema, shares={"churn": ("left", "all")})["churn_share"].to_list()
        [None, 0.25]
    """
    given = list(rows)
    derived = {column for name in shares for column in share_schema(name)}
    kept = {name: dtype for name, dtype in schema.items() if name not in derived}
    columns = {name: [row[name] for row in given] for name in kept}
    frame = nw.from_dict(columns, schema=kept, backend="polars")
    for name, (numerator, denominator) in shares.items():
        size = nw.when(nw.col(denominator) > 0).then(nw.col(denominator))
        share = f"{name}_share"
        bounds = wilson_bounds(share, size)
        frame = frame.with_columns((nw.col(numerator) / size).alias(share)).with_columns(
            bounds[f"{share}_low"].alias(f"{name}_low"),
            bounds[f"{share}_high"].alias(f"{name}_high"),
        )
    return frame.select(*schema)


def share_schema(name: str) -> dict[str, nw.dtypes.DType]:
    """The columns of a share: `<name>_share`, `<name>_low` and `<name>_high`."""
    return {f"{name}_{each}": nw.Float64() for each in ("share", "low", "high")}
