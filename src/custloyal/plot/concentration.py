"""Concentration, drawn: how far the revenue rests on few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import narwhals as nw

from custloyal.formats import count, counted, share, shortened
from custloyal.metrics import ParetoSegment
from custloyal.plot.given import found
from custloyal.plot.look import (
    ACCENT,
    GROUND,
    INK,
    LABEL,
    MUTED,
    data,
    diagonal,
    empty,
    figure_at_end,
    finished,
    from_0_to_1,
    names,
    share_axis,
    tip,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from custloyal.reading.run import Reading, Readings, Scores

__all__ = ["lorenz_curve", "lorenz_line", "pareto_segments", "segment_bars"]

_POINTS = 100
_LORENZ, _SEGMENTS = "Lorenz curve", "Customers and revenue by segment"
_NO_REVENUE = "No revenue is known, so there is nothing to draw."


def lorenz_curve(readings: Reading | Readings | Scores, *, top: float = 0.2) -> alt.LayerChart:
    """The share of the revenue that the largest customers bring, by their share of all.

    Args:
        readings: A reading of `ParetoSegment`, or readings or scores with one.
        top: The share of customers at which the curve is marked.

    Returns:
        A chart of about 100 points, for any number of customers, each of them exact.

    Raises:
        InvalidValueError: Where they are of another metric.
        MissingColumnError: Where a frame lacks `revenue_rank` or `cumulative_share`.

    Example:
        >>> import custloyal
        >>> from custloyal.datasets import cdnow
        >>> lorenz_curve(custloyal.read(cdnow(), custloyal.metrics.ParetoSegment())).description
        'Lorenz curve of 2,357 customers who bought: the largest 20.0% of them bring 67.4% of the \
revenue.'
    """
    given = found(readings, ParetoSegment, "revenue_rank", "cumulative_share")
    points = _points(given.table.filter(~nw.col("cumulative_share").is_null()))
    if len(points) < 2:  # noqa: PLR2004 (a line has two ends)
        return empty(_LORENZ, _NO_REVENUE)
    customers = points[-1]["customers_count"]
    marked = min(max(1, round(top * customers)), customers)
    return lorenz_line(
        points,
        customers_count=customers,
        top_count=marked,
        top_share=_between(points, marked / customers),
    )


def _points(buyers: Any) -> list[dict[str, Any]]:
    """Points of the curve; between customers of equal revenue, who share a rank, it is straight."""
    ties = buyers.group_by("revenue_rank").agg(
        nw.len().alias("tied"), nw.col("cumulative_share").max()
    )
    reached = ties.select(
        "cumulative_share",
        reached=nw.col("revenue_rank") - 1 + nw.col("tied").cast(nw.Int64),
        all_=nw.col("tied").sum().cast(nw.Int64),
    )
    place = (nw.col("reached") * _POINTS / nw.col("all_")).floor().cast(nw.Int64)
    kept = (
        reached.with_columns(place=place)
        .group_by("place")
        .agg(nw.col("reached").max(), nw.col("cumulative_share").max(), nw.col("all_").max())
    )
    rows = kept.collect("polars").sort("reached").rows(named=True)
    return [
        {"customers_count": 0, "customers_share": 0.0, "revenue_share": 0.0},
        *(
            {
                "customers_count": row["reached"],
                "customers_share": row["reached"] / row["all_"],
                "revenue_share": row["cumulative_share"],
            }
            for row in rows
        ),
    ]


def _between(points: Sequence[Mapping[str, Any]], at: float) -> float:
    """The revenue share at a share of customers, between the two nearest points."""
    after = next(i for i, each in enumerate(points) if each["customers_share"] >= at - 1e-12)
    one, other = points[max(0, after - 1)], points[after]
    width = other["customers_share"] - one["customers_share"]
    part = 1.0 if width <= 0 else (at - one["customers_share"]) / width
    return float(one["revenue_share"] + part * (other["revenue_share"] - one["revenue_share"]))


def lorenz_line(
    points: Sequence[Mapping[str, Any]],
    *,
    customers_count: int | None,
    top_count: int | None,
    top_share: float | None,
) -> alt.LayerChart:
    """The same of a curve that is known already.

    Args:
        points: `customers_share` and `revenue_share` of each, from 0 to 1.
        customers_count: How many customers bought.
        top_count: How many of them are marked; None for no mark.
        top_share: Their share of the revenue.
    """
    if not points:
        return empty(_LORENZ, _NO_REVENUE)
    rows = [
        {"customers": each["customers_share"], "revenue": each["revenue_share"]} for each in points
    ]
    x = from_0_to_1("customers:Q", title="largest customers, share of all", format=".0%")
    y = share_axis("revenue:Q", title="share of revenue")
    said = tip(customers=("largest customers", ".1%"), revenue=("share of revenue", ".1%"))
    base = alt.Chart(data(rows)).encode(x=x, y=y, tooltip=said)
    layers = diagonal(x, y) + base.mark_area(color=ACCENT, opacity=0.12)
    layers += base.mark_line(color=ACCENT, strokeWidth=2.5)
    layers += base.mark_point(size=90, opacity=0, fill=ACCENT)
    words = f"Lorenz curve of {counted(customers_count, 'customer')} who bought"
    if top_count and customers_count and top_share is not None:
        text = f"{counted(top_count, 'customer')}: {100 * top_share:.0f}% of revenue"
        marked = {"customers": top_count / customers_count, "revenue": top_share, "text": text}
        mark = alt.Chart(data([marked])).encode(x=x, y=y)
        layers += mark.mark_point(color=ACCENT, fill=GROUND, size=70, opacity=1, strokeWidth=2.5)
        layers += mark.mark_text(align="left", dx=12, dy=12, color=INK).encode(text="text:N")
        words = (
            f"{words}: the largest {share(top_count / customers_count)} of them bring "
            f"{share(top_share)} of the revenue"
        )
    return finished(layers, title=_LORENZ, said=f"{words}.", height=280)


def pareto_segments(readings: Reading | Readings | Scores) -> alt.LayerChart:
    """For each segment its share of the customers and of the revenue.

    Args:
        readings: A reading of `ParetoSegment`, or readings or scores with one.

    Raises:
        InvalidValueError: Where they are of another metric.
        MissingColumnError: Where a frame lacks `segment` or `revenue_amount`.

    Example:
        >>> import custloyal
        >>> from custloyal.datasets import cdnow
        >>> pareto_segments(custloyal.read(cdnow(), custloyal.metrics.ParetoSegment())).description
        'Bars by segment: A, 777 customers (33.0%) with 80.0% of the revenue; B, 804 customers \
(34.1%) with 15.0% of the revenue; C, 776 customers (32.9%) with 5.0% of the revenue.'
    """
    given = found(readings, ParetoSegment, "segment", "revenue_amount")
    grouped = (
        given.table.filter(~nw.col("segment").is_null())
        .group_by("segment")
        .agg(nw.len().alias("customers_count"), nw.col("revenue_amount").sum())
    )
    rows = grouped.collect("polars").sort("segment").rows(named=True)
    revenue = sum(row["revenue_amount"] for row in rows)
    return segment_bars(
        [
            {**row, "revenue_share": row["revenue_amount"] / revenue if revenue > 0 else None}
            for row in rows
        ]
    )


def segment_bars(segments: Sequence[Mapping[str, Any]]) -> alt.LayerChart:
    """The same of segments that are added up already.

    Args:
        segments: `segment`, `customers_count` and `revenue_share` of each.
    """
    customers = sum(each["customers_count"] or 0 for each in segments)
    if not customers or segments[0]["revenue_share"] is None:
        return empty(_SEGMENTS, _NO_REVENUE)
    rows: list[dict[str, Any]] = []
    said: list[str] = []
    for each in segments:
        short = shortened(each["segment"], limit=12)
        number, brought = each["customers_count"] or 0, each["revenue_share"] or 0
        said.append(
            f"{short}, {counted(number, 'customer')} ({share(number / customers)}) with "
            f"{share(brought)} of the revenue"
        )
        for what, length in (("customers", number / customers), ("revenue", brought)):
            text = f"{100 * length:.1f}% of {what}"
            rows.append(
                {
                    "name": f"Segment {short}",
                    "what": what,
                    "length": length,
                    "text": text,
                    "customers": count(number),
                }
            )
    base = alt.Chart(data(rows)).encode(
        y=names("name:N", [row["name"] for row in rows]),
        yOffset=alt.YOffset("what:N"),
        x=alt.X("length:Q", axis=None, scale=alt.Scale(domain=[0, 1.65])),
        tooltip=tip(name="", text="share", customers="customers"),
    )
    colour = alt.condition(alt.datum.what == "revenue", alt.value(ACCENT), alt.value(MUTED))
    layers = base.mark_bar().encode(color=colour) + figure_at_end(base)
    height = 2 * LABEL * len(segments) + 8
    words = f"Bars by segment: {'; '.join(said)}."
    return finished(layers, title=_SEGMENTS, said=words, height=height)
