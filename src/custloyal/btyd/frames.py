"""Frames of any engine into arrays, with what is wrong in them, and results back into frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs
import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from custloyal.engines import Home, Table, opened
from custloyal.errors import DataError, InvalidValueError, MissingColumnError, Mistake, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from custloyal.btyd.integrals import Floats

__all__ = [
    "Fault",
    "Flags",
    "Invalid",
    "as_floats",
    "as_series",
    "check_choice",
    "check_new_columns",
    "faults_of",
    "joined",
    "opened_numbers",
    "refused_or_counted",
    "sent_home",
    "unit_of",
    "weight_of",
]

Flags: TypeAlias = NDArray[np.bool_]

Invalid: TypeAlias = Literal["refuse", "set_aside"]
"""Rows that no customer can have raise an error that counts them, or are left out and counted."""


@attrs.frozen
class Fault:
    """What is wrong with some rows.

    Args:
        column: In which column.
        what: What is wrong there.
        rows_count: In how many rows.
        example: One such row in words.
    """

    column: str
    what: str
    rows_count: int
    example: str = ""

    def mistake(self, mend: str) -> Mistake:
        """The fault as a mistake."""
        rows = "1 row" if self.rows_count == 1 else f"{self.rows_count:,} rows"
        example = f", as {self.example}" if self.example else ""
        return Mistake(self.column, f"{self.what} in {rows}{example}", mend)


def opened_numbers(
    frame: Any, needed: Sequence[str], *, optional: Sequence[str] = ()
) -> tuple[Table, Home]:
    """A frame as a lazy table whose columns of these names are numeric.

    Raises:
        DataError: Where it is no frame, or a column is not numeric.
        MissingColumnError: With every column that is missing.
    """
    table, home = opened(frame)
    schema = table.collect_schema()
    missing = [name for name in needed if name not in schema]
    if missing:
        raise MissingColumnError(
            Mistake(name, "is not in the frame", nearest(name, schema.names())) for name in missing
        )
    used = [name for name in (*needed, *optional) if name in schema]
    textual = [
        Mistake(name, f"is {schema[name]}, must be numbers", "give the column a numeric type")
        for name in used
        if not (schema[name].is_numeric() or isinstance(schema[name], nw.Unknown))
    ]
    if textual:
        raise DataError(textual)
    return table, home


def unit_of(low: str | None, high: str | None, stated: str | None) -> str | None:
    """The unit of time that a frame states in `time_unit`, or else the one that was stated.

    Args:
        low: The first unit of the column in the order of the alphabet; None where there is none.
        high: The last.
        stated: The unit that the frame must be in.

    Raises:
        DataError: Where the frame states two units, or another than the stated one.
    """
    if low != high:
        raise DataError(
            Mistake("time_unit", f"holds {low!r} and {high!r}", "bring all to one unit")
        )
    if low is not None and stated is not None and low != stated:
        raise DataError(
            Mistake(
                "time_unit",
                f"is {low!r}, and the model is in {stated!r}",
                f"read the statistics with unit={stated!r}",
            )
        )
    return stated if low is None else str(low)


def as_floats(frame: nw.DataFrame[Any], name: str) -> Floats:
    """A column as an array; null is NaN."""
    values: Floats = frame[name].cast(nw.Float64).to_numpy().astype(np.float64, copy=False)
    return values


def as_series(name: str, values: NDArray[Any]) -> nw.Series[Any]:
    """An array as a column; NaN, infinity and NaT become null."""
    if values.dtype.kind != "f":
        return nw.new_series(name, values, backend="polars")
    known = np.where(np.isfinite(values), values, np.nan)
    return nw.new_series(name, known, backend="polars").fill_nan(None)


def faults_of(
    checks: Iterable[tuple[str, str, Flags]],
    rows_count: Floats,
    shown: Mapping[str, Floats],
) -> tuple[list[Fault], Flags]:
    """The faults of rows, each counted once, for the first check that it fails.

    Args:
        checks: Column, what is wrong, and for which unique rows.
        rows_count: How many rows each unique row stands for.
        shown: The columns that an example shows.

    Returns:
        The faults that there are, and for which unique rows there is none.
    """
    usable = np.ones(len(rows_count), dtype=bool)
    faults = []
    for column, what, failed in checks:
        bad = failed & usable
        if bad.any():
            first = int(np.argmax(bad))
            said = (f"{name} = {_shown(values[first])}" for name, values in shown.items())
            faults.append(Fault(column, what, int(rows_count[bad].sum()), ", ".join(said)))
        usable &= ~failed
    return faults, usable


def refused_or_counted(faults: Sequence[Fault], policy: Invalid, *, option: str) -> dict[str, int]:
    """How many rows are set aside by reason, where the policy allows that.

    Raises:
        DataError: With every fault, where the policy is to refuse.
    """
    if faults and policy == "refuse":
        mend = f'mend them, or leave them out with {option}="set_aside"'
        raise DataError(fault.mistake(mend) for fault in faults)
    return {f"{fault.column} {fault.what}": fault.rows_count for fault in faults}


def check_choice(path: str, value: object, allowed: Sequence[str]) -> Mistake | None:
    """The mistake of an option that must be one of some words."""
    if value in allowed:
        return None
    return Mistake(path, f"is {value!r}", nearest(str(value), allowed))


def check_new_columns(table: Table, names: Iterable[str]) -> None:
    """Refuse to write over columns of the caller's frame.

    Raises:
        InvalidValueError: Where a column is there already.
    """
    there = set(table.collect_schema().names())
    taken = [
        Mistake(name, "is a column of the frame already", "rename it or leave it out")
        for name in names
        if name in there
    ]
    if taken:
        raise InvalidValueError(taken)


def joined(table: Table, home: Home, found: nw.DataFrame[Any], on: Sequence[str]) -> Table:
    """The caller's frame with columns of another by common keys, in the caller's order of rows.

    Args:
        table: The caller's frame.
        home: Where it goes back to.
        found: A Polars frame, one row for each key that occurs; its keys without null.
        on: The keys.
    """
    if home.engine.name == "polars":
        # Without it Polars gives the rows back in any order.
        native = table.to_native().join(
            found.to_native().lazy(), on=list(on), how="left", maintain_order="left"
        )
        # A join that keeps the order runs four times as fast in memory as in streams.
        ordered = nw.from_native(native)
        return ordered if home.lazy else home.engine.keep(ordered)
    other = home.engine.from_polars(found.to_native(), near=table)
    return table.join(other, on=list(on), how="left")


def sent_home(columns: Mapping[str, Any], table: Table, home: Home) -> Any:
    """A small table of results as a frame of the caller's library."""
    found = nw.from_dict(dict(columns), backend="polars").to_native()
    return home.bring_back(home.engine.from_polars(found, near=table))


def weight_of() -> dict[str, nw.Expr]:
    """The columns that read `weight`: as floats, and whether it cannot be one."""
    weight = nw.col("weight").cast(nw.Float64)
    fine = ((weight >= 0) & weight.is_finite()).fill_null(value=False)
    return {"weight": nw.when(fine).then(weight).otherwise(0.0), "_unfit": ~fine}


def _shown(value: float) -> str:
    return "null" if np.isnan(value) else f"{value:.12g}"
