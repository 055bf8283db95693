"""The journey, drawn: who knows, likes and trusts the business, and who never bought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from custloyal.formats import count, counted, share
from custloyal.metrics import Stage
from custloyal.plot.given import found
from custloyal.plot.look import bars, empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    import altair as alt

    from custloyal.reading.run import Reading, Readings, Scores

__all__ = ["funnel", "funnel_bars", "stage_bars", "stages"]

_RUNGS = {"trust": "Trust", "like": "Like", "know": "Know"}
_PARTS = {"top": "Know (top)", "middle": "Asked (middle)", "bottom": "Close (bottom)"}


def stages(readings: Reading | Readings | Scores) -> alt.LayerChart:
    """How many customers know, like and trust the business.

    Args:
        readings: A reading of `Stage`, or readings or scores with one.

    Raises:
        InvalidValueError: Where they are of another metric.
        MissingColumnError: Where a frame without `stage` is given.

    Example:
        >>> import custloyal
        >>> from custloyal.datasets import cdnow
        >>> stages(custloyal.read(cdnow(), custloyal.Stage())).description
        'Bars, of 2,357 customers: Trust 1,139 (48.3%), Like 1,218 (51.7%), Know 0 (0.0%).'
    """
    return stage_bars(_counts(readings, "stage"))


def funnel(readings: Reading | Readings | Scores) -> alt.LayerChart:
    """How far those came who never bought.

    Args:
        readings: A reading of `Stage`, or readings or scores with one.

    Raises:
        InvalidValueError: Where they are of another metric.
        MissingColumnError: Where a frame without `funnel` is given.
    """
    return funnel_bars(_counts(readings, "funnel"))


def stage_bars(counts: Mapping[str, Any]) -> alt.LayerChart:
    """The same of customers that are counted already, by rung."""
    nobody = "No customer is known, so nobody stands on a rung."
    return _bars(counts, _RUNGS, title="Stages", nobody=nobody)


def funnel_bars(counts: Mapping[str, Any]) -> alt.LayerChart:
    """The same of customers that are counted already, by part of the funnel."""
    nobody = "Nobody is known who never bought."
    return _bars(counts, _PARTS, title="Those who never bought", nobody=nobody)


def _counts(readings: Any, column: str) -> dict[str, int]:
    table = found(readings, Stage, column).table.group_by(column).agg(nw.len().alias("count"))
    return dict(table.collect("polars").iter_rows())


def _bars(
    counts: Mapping[str, Any], names: Mapping[str, str], *, title: str, nobody: str
) -> alt.LayerChart:
    numbers = {said: counts.get(name) or 0 for name, said in names.items()}
    total = sum(numbers.values())
    if not total:
        return empty(title, nobody)
    rows = [
        {"name": name, "length": n, "text": f"{count(n)} ({share(n / total)})"}
        for name, n in numbers.items()
    ]
    figures = ", ".join(f"{row['name']} {row['text']}" for row in rows)
    said = f"Bars, of {counted(total, 'customer')}: {figures}."
    return bars(rows, title=title, said=said)
