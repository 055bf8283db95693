"""The door: which engine runs a frame, and in which shape its results go home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.engines.base import Engine
from custloyal.errors import DataError, Mistake

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from custloyal.engines.base import Table

__all__ = ["Home", "from_columns", "opened", "row_count"]


@attrs.frozen
class Home:
    """Where a frame came from, and so where every frame made of it goes back to.

    Args:
        implementation: narwhals' name of the user's library.
        lazy: Whether the user brought a frame that was not computed yet.
        engine: The engine that runs the folds.
    """

    implementation: nw.Implementation
    lazy: bool
    engine: Engine

    @property
    def is_file_like(self) -> bool:
        """Whether computing anything may mean to read everything once more."""
        return self.lazy and self.implementation.is_polars()

    def bring_back(self, table: Table) -> Any:
        """A frame of the user's own library: lazy if they brought a lazy one."""
        table = self.engine.presented(table)
        if self.implementation.is_duckdb():
            return table.to_native()
        if self.implementation.is_polars():
            return table.to_native() if self.lazy else table.collect().to_native()
        collected = table.collect(backend="polars")
        if self.implementation.is_pandas():
            return collected.to_pandas()
        return collected.to_arrow()

    def collected(self, table: Table) -> nw.DataFrame[Any]:
        """The whole table as users see it, in memory."""
        return self.engine.presented(table).collect("polars")

    def with_column(self, native: Any, table: Table, name: str) -> Any:
        """The user's own frame with one more column; all others stay as they are.

        Args:
            native: The frame.
            table: The frame as a table with the column, its rows in the same order.
            name: The name of the column.
        """
        if self.lazy:
            return self.engine.presented(table, name).to_native()
        # Only the column is computed, and goes to the frame as the user's library holds it.
        computed = self.engine.store(self.engine.presented(table.select(name))).collect("polars")
        frame, column = nw.to_native(native, pass_through=True), computed[name]
        if self.implementation.is_polars():
            return frame.with_columns(column.to_native())
        if self.implementation.is_pandas():
            return frame.assign(**{name: column.to_pandas().set_axis(frame.index)})
        return frame.append_column(name, column.to_arrow())


def opened(native: Any) -> tuple[Table, Home]:
    """A user's frame as a lazy table of the engine that runs it.

    pandas and PyArrow come in through Arrow and run on Polars: narwhals on pandas gave wrong sums
    where groups have null keys or columns have mixed types.

    Args:
        native: A frame or relation of Polars, DuckDB, pandas or PyArrow, or narwhals' view of one.

    Returns:
        The lazy table, and its home.

    Raises:
        DataError: Where the object is no such frame.
    """
    try:
        frame = nw.from_native(native)
    except TypeError:
        raise DataError(
            Mistake(
                "frame",
                f"is a {type(native).__module__}.{type(native).__qualname__}, not a table",
                mend="give a Polars, pandas or PyArrow table or a DuckDB relation, "
                "or use History.from_interactions for Interaction objects, "
                "History.scan for files",
            )
        ) from None
    implementation = frame.implementation
    if implementation.is_duckdb():
        return frame.lazy(), Home(implementation, lazy=True, engine=_duckdb_engine())
    home = Home(implementation, lazy=isinstance(frame, nw.LazyFrame), engine=_polars_engine())
    if implementation.is_polars():
        return frame.lazy(), home
    if implementation.is_pandas() or implementation.is_pyarrow():
        assert isinstance(frame, nw.DataFrame)  # neither library has lazy frames
        return _through_arrow(frame), home
    raise DataError(
        Mistake(
            "frame",
            f"is a table of {implementation}, on which no engine of custloyal runs yet",
            mend="bring it as an Arrow table or a DuckDB relation",
        )
    )


def row_count(table: Table) -> int:
    """How many rows a table has."""
    return int(table.select(nw.len().alias("rows")).collect("polars").item())


def from_columns(
    columns: Mapping[str, Sequence[Any]], *, ids: Iterable[str], times: Iterable[str]
) -> Any:
    """A Polars frame of columns of Python values.

    Args:
        columns: The values by name; None is null.
        ids: The columns that may mix text and whole numbers; such become text.
        times: The columns of instants in UTC.
    """
    import polars as pl  # noqa: PLC0415 (`import custloyal` must not load Polars)

    series = []
    for name, values in columns.items():
        if name in times:
            series.append(pl.Series(name, values, dtype=pl.Datetime("us", "UTC")))
        elif name in ids and any(isinstance(value, str) for value in values):
            series.append(pl.Series(name, [None if v is None else str(v) for v in values]))
        else:
            series.append(pl.Series(name, values, strict=False))
    return pl.DataFrame(series)


def _duckdb_engine() -> Engine:
    from custloyal.engines.duckdb_engine import DuckDBEngine  # noqa: PLC0415 (an optional extra)

    return DuckDBEngine()


def _polars_engine() -> Engine:
    # Not at import: `import custloyal` must not load Polars.
    from custloyal.engines.polars_engine import PolarsEngine  # noqa: PLC0415

    return PolarsEngine()


def _through_arrow(frame: nw.DataFrame[Any]) -> Table:
    import polars as pl  # noqa: PLC0415 (as above)

    native = frame.to_native()
    try:
        if frame.implementation.is_pyarrow():
            brought = pl.from_arrow(native)
        else:
            brought = pl.from_pandas(native, nan_to_null=True)
    except Exception as error:  # noqa: BLE001 (Arrow, pandas and Polars raise of many kinds)
        raise DataError(
            Mistake("frame", f"cannot be read as Arrow: {error}", "give each column one type")
        ) from None
    assert isinstance(brought, pl.DataFrame)  # a table, not a series
    return nw.from_native(brought.lazy())
