"""What a chart is given: the reading of one metric, wherever it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.engines import Table, opened
from custloyal.errors import DataError, InvalidValueError, MissingColumnError, Mistake
from custloyal.metrics import Metric
from custloyal.reading.run import Reading, Readings, Scores

if TYPE_CHECKING:
    from collections.abc import Sequence


__all__ = ["Given", "found", "in_bins", "rows_of"]

_BINS = 20


@attrs.frozen(eq=False)
class Given:
    """The reading of a metric.

    Args:
        metric: The metric; None where a frame was given, which does not know it.
        table: Its rows.
    """

    metric: Metric | None
    table: Table


def found(given: Any, metric: type[Metric], *columns: str) -> Given:
    """The reading of a metric, in what a user gave to a chart.

    Args:
        given: A `Reading` of the metric; `Readings` or `Scores` that hold it; or a frame such as
            their `to_native` gives.
        metric: The metric.
        columns: The columns that the chart needs.

    Raises:
        InvalidValueError: Where it is of another metric.
        MissingColumnError: With every column that is missing.
        DataError: Where it is nothing of the kind.
    """
    name = metric.__name__
    if isinstance(given, Readings):
        own = [each for each in given.values() if isinstance(each.metric, metric)]
        if not own:
            there = ", ".join(given) or "nothing"
            raise InvalidValueError(
                Mistake("readings", f"are of {there}", f"read {name}(...) with them")
            )
        given = own[0]
    if isinstance(given, Reading):
        if not isinstance(given.metric, metric):
            raise InvalidValueError(
                Mistake("reading", f"is of {given.metric.name}", f"give a reading of {name}(...)")
            )
        return Given(given.metric, given.table)
    if isinstance(given, Scores):
        known = next((each for each in given.metrics if isinstance(each, metric)), None)
        return Given(known, _checked(given.table, name, columns))
    return Given(None, _checked(_opened(given, name), name, columns))


def rows_of(given: Any, what: str, *columns: str) -> list[dict[str, Any]]:
    """The rows of a small frame, of any library.

    Args:
        given: The frame, or a list of rows.
        what: What it should be, in words.
        columns: The columns that the chart needs.
    """
    table = _checked(_opened(given, what), what, columns)
    return table.select(*columns).collect("polars").rows(named=True)


def _opened(given: Any, what: str) -> Table:
    try:
        table, _ = opened(given)
    except DataError:
        kind = f"{type(given).__module__.partition('.')[0]} {type(given).__name__}"
        raise DataError(Mistake("readings", f"are a {kind}", f"give {what}")) from None
    return table


def _checked(table: Table, what: str, columns: Sequence[str]) -> Table:
    missing = [name for name in columns if name not in table.collect_schema()]
    if missing:
        raise MissingColumnError(
            Mistake(name, "is not there, and the chart needs it", f"give {what}")
            for name in missing
        )
    return table


def in_bins(table: Table, column: str) -> list[dict[str, Any]]:
    """How many values of a column between 0 and 1 lie in each of 20 bins of equal width.

    Args:
        table: One row a customer; counted where it lives.
        column: The column; its nulls are left out.

    Returns:
        `low`, `high` and `customers_count` of each bin; 1 lies in the last.
    """
    place = (nw.col(column) * _BINS).floor().clip(0, _BINS - 1).cast(nw.Int64)
    known = table.filter(~nw.col(column).is_null()).select(bin=place)
    binned = known.group_by("bin").agg(nw.len().alias("count"))
    counts = dict(binned.collect("polars").iter_rows())
    return [
        {"low": each / _BINS, "high": (each + 1) / _BINS, "customers_count": counts.get(each, 0)}
        for each in range(_BINS)
    ]
