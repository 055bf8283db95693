"""Revenue: on how few customers it rests, and which segment brings what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from custloyal.formats import amount, count, counted, part_of, score, share, shortened
from custloyal.metrics import Concentration, ParetoSegment
from custloyal.reporting.section import Answer, Headline, MappedSection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import altair as alt

    from custloyal.metrics import Metric
    from custloyal.reporting.scope import Run, Scope

__all__ = ["Revenue"]

_LORENZ_POINTS = 100
_SEGMENTS = 30


class Revenue(MappedSection):
    """On how few customers revenue rests."""

    name, title = "revenue", "Revenue"
    keys = ("concentration", "segments")

    def metrics(self, scope: Scope) -> Sequence[Metric]:
        """Concentration and segments, where amounts are known."""
        return [Concentration(), ParetoSegment()] if scope.has_amounts else []

    def figures(self, run: Run) -> Mapping[str, Any]:
        """The concentration with its Lorenz curve, and the segments; None without amounts."""
        if not run.scope.has_amounts:
            return {"concentration": None, "segments": []}
        (said,) = run.readings["concentration"].to_dicts()
        revenue = run.customers["revenue_amount"].drop_nulls()
        return {
            "concentration": {**said, "lorenz": _lorenz(revenue)},
            "segments": _segments(run.customers),
        }

    def words(self, figures: Mapping[str, Any]) -> dict[str, str]:
        """A sentence for each chart."""
        return {"lorenz": lorenz(figures), "by_segment": segments(figures)}

    def charts(self, figures: Mapping[str, Any]) -> dict[str, alt.TopLevelMixin]:
        """The Lorenz curve, and bars of the segments."""
        from custloyal.plot.concentration import (  # noqa: PLC0415 (needs an extra)
            lorenz_line,
            segment_bars,
        )

        drawn: dict[str, alt.TopLevelMixin] = {}
        spent = figures["concentration"]
        if spent is not None and spent["lorenz"]:
            of = {name: spent[name] for name in ("customers_count", "top_count", "top_share")}
            drawn["lorenz"] = lorenz_line(spent["lorenz"], **of)
        rows = figures["segments"][:_SEGMENTS]
        if rows and rows[0]["revenue_share"] is not None:
            drawn["segments"] = segment_bars(rows)
        return drawn

    def headlines(self, figures: Mapping[str, Any]) -> list[Headline]:
        """The revenue."""
        spent = figures["concentration"]
        if spent is None:
            return []
        of = f"of {counted(spent['customers_count'], 'customer')} who bought"
        return [Headline("Revenue", amount(spent["revenue_amount"]), of, "revenue", rank=20)]

    def answers(self, figures: Mapping[str, Any]) -> list[Answer]:
        """Who carries the revenue."""
        return [Answer("Who carries the revenue", carriers(figures), rank=20)]

    def lines(self, figures: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Who carries the revenue."""
        return [("Revenue", carriers(figures))]


def _lorenz(revenue: nw.Series[Any]) -> list[dict[str, float]]:
    """The share of revenue of the largest customers, by their share among all."""
    cumulative, n = revenue.sort(descending=True).cum_sum(), len(revenue)
    if n == 0 or not cumulative[-1] > 0:
        return []
    counts = sorted(
        {round(n * point / _LORENZ_POINTS) for point in range(1, _LORENZ_POINTS + 1)} - {0}
    )
    return [
        {"customers_share": 0.0, "revenue_share": 0.0},
        *(
            {"customers_share": k / n, "revenue_share": float(cumulative[k - 1] / cumulative[-1])}
            for k in counts
        ),
    ]


def _segments(customers: nw.DataFrame[Any]) -> list[dict[str, Any]]:
    buyers = customers.filter(~nw.col("segment").is_null())
    revenue = float(buyers["revenue_amount"].sum())
    grouped = buyers.group_by("segment").agg(
        nw.len().alias("customers_count"), nw.col("revenue_amount").sum()
    )
    return [
        {**row, "revenue_share": row["revenue_amount"] / revenue if revenue > 0 else None}
        for row in grouped.sort("segment").iter_rows(named=True)
    ]


def carriers(figures: Mapping[str, Any]) -> str:
    """Who carries the revenue."""
    said = figures["concentration"]
    if said is None:
        return "No amounts in this table, so no revenue is shown."
    if said["top_share"] is None:
        return "No purchase bears a known amount above zero, so no revenue is shown."
    if said["customers_count"] == 1:
        return f"One customer brings all of the revenue, {amount(said['revenue_amount'])}."
    one = said["top_count"] == 1
    top = "largest customer" if one else f"{count(said['top_count'])} largest customers"
    text = (
        f"The {top} of {count(said['customers_count'])} who bought {'brings' if one else 'bring'} "
        f"{share(said['top_share'])} of the revenue of {amount(said['revenue_amount'])}"
    )
    if said["majority_count"] is None:
        return f"{text}."
    make = "makes" if said["majority_count"] == 1 else "make"
    return (
        f"{text}; {counted(said['majority_count'], 'customer')} "
        f"({share(said['majority_customers_share'])}) {make} 80% of it."
    )


def lorenz(figures: Mapping[str, Any]) -> str:
    """What the Lorenz curve shows."""
    said = figures["concentration"]
    if said is None or not said["lorenz"]:
        return carriers(figures)
    text = (
        "Customers stand from the largest to the smallest; the further the curve is above the "
        "straight line, the fewer carry the revenue"
    )
    if said["gini"] is None:
        return f"{text}."
    return (
        f"{text}. The Gini coefficient is {score(said['gini'])} (0: all bring the same, 1: one "
        f"brings all), as concentrated as {counted(said['effective_count'], 'customer')} of equal "
        "size."
    )


def segments(figures: Mapping[str, Any]) -> str:
    """Which segment brings what."""
    rows = figures["segments"]
    if not rows or rows[0]["revenue_share"] is None:
        return "No revenue is known, so there are no segments by revenue."
    total = sum(row["customers_count"] or 0 for row in rows)
    first = rows[0]
    text = (
        f"Segment {_named(first)} is {part_of(first['customers_count'], total)} of the customers "
        f"who bought and brings {share(first['revenue_share'])} of the revenue"
    )
    if len(rows) == 1:
        return f"{text}."
    last = rows[-1]
    return (
        f"{text}; segment {_named(last)}, the smallest by revenue, is "
        f"{part_of(last['customers_count'], total)} and brings {share(last['revenue_share'])}."
    )


def _named(segment: Mapping[str, Any]) -> str:
    return shortened(segment["segment"], limit=12)
