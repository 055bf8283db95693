"""Are the results of all contestants equal, to a relative 1e-9?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import polars as pl
from polars import col, lit, when

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["TOLERANCE", "Comparison", "compared"]

TOLERANCE = 1e-9
KEYS = {
    "trust": ["customer_id"],
    "btyd": ["customer_id"],
    "cohorts": ["cohort_month", "age_months"],
    "concentration": ["customers_count"],
}
VALUES = {
    "trust": ["trust", "trust_low", "trust_high", "trust_balance", "good_count", "bad_count"],
    "btyd": ["x", "t_x", "T", "mean_repeat_amount"],
    "cohorts": ["customers_count", "cohort_size", "retention_share"],
    "concentration": [
        "total_amount",
        "top_20_share",
        "gini",
        "hhi",
        "effective_customers",
        "customers_for_80_share",
    ],
}
# A balance is a difference of sums and can come to nothing: it is held against one experience.
FLOORS = {"trust_balance": 1.0}


@attrs.frozen
class Comparison:
    """How far one contestant's reading is from the first contestant's.

    Args:
        reading: The reading.
        contestant: Whose it is.
        reference: Whom it is held against.
        rows_count: Rows of the reading.
        deviation: Largest relative deviation of any value.
        problem: What cannot be compared: missing columns or rows, nulls in other places; or empty.
    """

    reading: str
    contestant: str
    reference: str
    rows_count: int
    deviation: float
    problem: str = ""

    @property
    def equal(self) -> bool:
        """Whether the two are equal to a relative 1e-9."""
        return not self.problem and self.deviation <= TOLERANCE


def compared(contestants: Sequence[str], readings: Sequence[str], folder: Path) -> list[Comparison]:
    """Compare each reading of each contestant with that of the first one that has it.

    Args:
        contestants: Names; each has a folder.
        readings: Names of readings.
        folder: Holds `<contestant>/<reading>.parquet`.

    Returns:
        One comparison for each reading of each contestant but the first.
    """
    found = []
    for reading in readings:
        files = {name: folder / name / f"{reading}.parquet" for name in contestants}
        having = [name for name, file in files.items() if file.exists()]
        for name in having[1:]:
            one, other = pl.read_parquet(files[having[0]]), pl.read_parquet(files[name])
            found.append(_comparison(reading, name, having[0], one, other))
    return found


def _comparison(
    reading: str, name: str, reference: str, one: pl.DataFrame, other: pl.DataFrame
) -> Comparison:
    keys, values = KEYS[reading], VALUES[reading]
    missing = {
        who: sorted({*keys, *values} - set(frame.columns))
        for who, frame in ((reference, one), (name, other))
    }
    problem = "; ".join(f"{who} lacks {', '.join(cols)}" for who, cols in missing.items() if cols)
    if problem:
        return Comparison(reading, name, reference, other.height, float("inf"), problem)
    pairs = _comparable(one, keys, values).join(
        _comparable(other, keys, values), on=keys, suffix="_other", nulls_equal=True
    )
    if not pairs.height == one.height == other.height:
        problem = f"{one.height} and {other.height} rows, {pairs.height} in common"
        return Comparison(reading, name, reference, other.height, float("inf"), problem)
    worst = pairs.select(_deviation(value) for value in values).row(0)
    nulls = pairs.select(
        (col(value).is_null() != col(f"{value}_other").is_null()).sum() for value in values
    ).row(0)
    odd = [f"{value}: {count}" for value, count in zip(values, nulls, strict=True) if count]
    problem = f"nulls in other places ({', '.join(odd)})" if odd else ""
    deviation = max((value or 0.0 for value in worst), default=0.0)
    return Comparison(reading, name, reference, other.height, deviation, problem)


def _comparable(frame: pl.DataFrame, keys: list[str], values: list[str]) -> pl.DataFrame:
    """Bring the engines' types to one: dates, whole numbers, doubles with NaN as null."""
    types: dict[str, pl.DataType | type[pl.DataType]] = {"cohort_month": pl.Date}
    return frame.select(
        *(col(key).cast(types.get(key, pl.Int64)) for key in keys),
        *(col(value).cast(pl.Float64).fill_nan(None) for value in values if value not in keys),
    )


def _deviation(value: str) -> pl.Expr:
    one, other = col(value), col(f"{value}_other")
    size = pl.max_horizontal(one.abs(), other.abs(), lit(FLOORS.get(value, 0.0)))
    return when(one != other).then((one - other).abs() / size).otherwise(0.0).max().alias(value)
