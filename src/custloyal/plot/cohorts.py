"""Cohorts, drawn: of those who first bought in a period, how many came back in which later one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from custloyal.errors import InvalidValueError
from custloyal.formats import count, counted, share, visible
from custloyal.metrics import AgeRetention, CohortRetention
from custloyal.plot.given import found
from custloyal.plot.look import CELL, GROUND, TILE, TILE_INK, data, empty, finished, names, tip

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from custloyal.reading.run import Reading, Readings

__all__ = ["cohort_map", "cohort_triangle"]

_TITLE = "Who came back, in per cent of the cohort"
_NEEDED = ("customers_count", "cohort_size", "retention_share", "is_complete")
_LEAST = 0.06
"""How dark a cell is where nobody came back, so that it can be seen as one."""


def cohort_triangle(
    readings: Reading | Readings, *, latest: int = 24, ages: int = 24
) -> alt.LayerChart:
    """The triangle as a heat map: each row a cohort, each cell how many of them bought again.

    Args:
        readings: A reading of `CohortRetention` or `AgeRetention`, or readings with one.
        latest: How many cohorts are drawn, the last ones.
        ages: How many periods after the first are drawn.

    Raises:
        InvalidValueError: Where they are of another metric.
        MissingColumnError: Where a frame is given that is no such reading.

    Example:
        >>> import custloyal
        >>> from custloyal.datasets import cdnow
        >>> cohort_triangle(custloyal.read(cdnow(), custloyal.CohortRetention())).description
        'Heat map of 3 cohorts over 17 months after the first purchase. One month after it came \
back: 15.9% of 781 (1997-01), 15.6% of 857 (1997-02), 12.1% of 719 (1997-03).'
    """
    try:
        given = found(readings, CohortRetention, *_NEEDED)
    except InvalidValueError:
        given = found(readings, AgeRetention, *_NEEDED)
    schema = given.table.collect_schema().names()
    cohort, age = schema[0], schema[1]
    rows = given.table.collect("polars").sort(cohort, age).rows(named=True)
    shown = sorted({row[cohort] for row in rows})[-latest:]
    step = sorted({row[age] for row in rows})[:2]
    days = step[-1] if age == "age_days" and step[-1:] != [0] else 1
    return cohort_map(
        [
            {**row, "cohort": row[cohort].isoformat(), "age": row[age] // days}
            for row in rows
            if row[cohort] in shown and row[age] // days <= ages
        ],
        period="step" if age == "age_days" else age.removeprefix("age_").removesuffix("s"),
    )


def cohort_map(rows: Sequence[Mapping[str, Any]], *, period: str = "month") -> alt.LayerChart:
    """The same of rows that are plain already.

    Args:
        rows: `cohort` (the first day of its period), `age` (in periods), `customers_count`,
            `cohort_size`, `retention_share` and `is_complete` of each cell.
        period: "day", "week", "month", "quarter" or "year".
    """
    if not rows:
        return empty(_TITLE, "Nobody bought, so there are no cohorts.")
    cells = [_cell(row, period) for row in rows]
    later = [cell["share"] for cell in cells if cell["age"] > 0 and cell["share"] is not None]
    highest = max(later, default=0) or 1
    for cell in cells:
        # The first period is 100 % by definition: outside the scale, so that others can be told.
        seen = cell["age"] > 0 and cell["share"] is not None
        cell["shade"] = _LEAST + (1 - _LEAST) * cell["share"] / highest if seen else 0.0
    base = alt.Chart(data(cells)).encode(
        x=alt.X(
            "age:O",
            title=f"{period}s after the first purchase",
            axis=alt.Axis(orient="top", labelAngle=0),
        ),
        y=names("cohort:N", [cell["cohort"] for cell in cells]),
        tooltip=tip(
            cohort="cohort (customers)",
            age=(f"{period}s after", "d"),
            share=("bought again", ".1%"),
            customers="customers",
            over="",
        ),
    )
    tiles = base.mark_rect(color=TILE, stroke=GROUND, strokeWidth=2, cornerRadius=3)
    rects = base.mark_rect(color=CELL, stroke=GROUND, strokeWidth=2, cornerRadius=3).encode(
        fillOpacity=alt.FillOpacity("shade:Q", scale=None)
    )
    figures = base.mark_text(fontSize=12, color=TILE_INK).encode(text="text:N")
    ages = len({cell["age"] for cell in cells})
    return finished(
        tiles + rects + figures,
        title=_TITLE,
        said=_said(cells, period),
        width=34 * max(ages, 8),
        height=alt.Step(28),
    )


def _cell(row: Mapping[str, Any], period: str) -> dict[str, Any]:
    known = row["retention_share"]
    mark = "" if row["is_complete"] else "*"
    start = visible(row["cohort"])
    named = start[:7] if period in ("month", "quarter", "step") else start
    return {
        "cohort": f"{named}  ({count(row['cohort_size'])})",
        "start": named,
        "size": row["cohort_size"],
        "age": row["age"],
        "share": known,
        "customers": f"{count(row['customers_count'])} of {count(row['cohort_size'])}",
        "text": "?" if known is None else f"{100 * known:.0f}{mark}",
        "over": "over" if row["is_complete"] else f"* {period} not over",
    }


_SAID = 6


def _said(cells: Sequence[Mapping[str, Any]], period: str) -> str:
    cohorts, last = len({cell["cohort"] for cell in cells}), max(cell["age"] for cell in cells)
    text = (
        f"Heat map of {counted(cohorts, 'cohort')} over {counted(last, period)} after the first "
        "purchase."
    )
    first = [cell for cell in cells if cell["age"] == 1 and cell["share"] is not None]
    if not first:
        return f"{text} None is old enough to have come back."
    figures = ", ".join(
        f"{share(cell['share'])} of {count(cell['size'])} ({cell['start']})"
        for cell in first[-_SAID:]
    )
    of = f" (of the last {_SAID} cohorts)" if len(first) > _SAID else ""
    return f"{text} One {period} after it came back{of}: {figures}."
