"""Retention, drawn: who stays from period to period, and how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from custloyal.formats import counted, share
from custloyal.metrics import KaplanMeier, RetentionRate
from custloyal.plot.given import found
from custloyal.plot.look import (
    ACCENT,
    GROUND,
    MUTED,
    band,
    data,
    empty,
    few_names,
    finished,
    share_axis,
    tip,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from custloyal.reading.run import Reading, Readings

__all__ = [
    "churn",
    "period_name",
    "rate_line",
    "retention",
    "survival_line",
    "tenure_curve",
]

_POINTS = 200
"""Steps of a tenure curve: more than a chart of this width could show."""
_RATE = ("period_start", "start_count", "is_complete", "retention_share", "churn_share")
_CURVE = ("tenure_days", "at_risk_count", "survival_share", "survival_low", "survival_high")


def retention(readings: Reading | Readings, *, latest: int = 36) -> alt.LayerChart:
    """Of the customers at the start of each period, which share stayed; with its interval.

    Args:
        readings: A reading of `RetentionRate`, or readings with one.
        latest: How many periods are drawn, the last ones.

    Raises:
        InvalidValueError: Where they are of another metric.
    """
    return rate_line(_periods(readings, latest), name="retention", title="Retention by period")


def churn(readings: Reading | Readings, *, latest: int = 36) -> alt.LayerChart:
    """Of the customers at the start of each period, which share left; with its interval.

    Args:
        readings: A reading of `RetentionRate`, or readings with one.
        latest: How many periods are drawn, the last ones.

    Raises:
        InvalidValueError: Where they are of another metric.
    """
    return rate_line(_periods(readings, latest), name="churn", title="Churn by period")


def _periods(readings: Any, latest: int) -> list[dict[str, Any]]:
    given = found(readings, RetentionRate, *_RATE)
    rows = given.table.collect("polars").sort("period_start").rows(named=True)
    period = given.metric.period.value if isinstance(given.metric, RetentionRate) else "month"
    return [{**row, "name": period_name(row["period_start"], period)} for row in rows[-latest:]]


def period_name(start: Any, period: str) -> str:
    """A period as it is called on an axis: "2024-03", "2024 Q1", "2024", or its first day."""
    iso = start if isinstance(start, str) else start.isoformat()
    match period:
        case "month":
            return iso[:7]
        case "quarter":
            return f"{iso[:4]} Q{(int(iso[5:7]) + 2) // 3}"
        case "year":
            return iso[:4]
        case _:
            return iso


def rate_line(rows: Sequence[Mapping[str, Any]], *, name: str, title: str) -> alt.LayerChart:
    """A share by period with its interval; a period that is not over is an open mark.

    Args:
        rows: `name` of the period, `start_count`, `is_complete`, and `<name>_share`, `_low` and
            `_high` of each.
        name: "retention" or "churn".
        title: What it shows.
    """
    drawn = [
        {
            "name": row["name"],
            "share": row[f"{name}_share"],
            "low": row[f"{name}_low"],
            "high": row[f"{name}_high"],
            "of": row["start_count"],
            "over": bool(row["is_complete"]),
            "state": "over" if row["is_complete"] else "not over yet",
        }
        for row in rows
        if row[f"{name}_share"] is not None
    ]
    if not drawn:
        return empty(title, "Nobody was there at the start of a period.")
    base = alt.Chart(data(drawn)).encode(
        x=few_names("name:N", [row["name"] for row in drawn]),
        tooltip=tip(
            name="period",
            share=(name, ".1%"),
            low=("at least", ".1%"),
            high=("at most", ".1%"),
            of=("of customers", ",d"),
            state="",
        ),
    )
    y = share_axis("share:Q", title=name)
    layers = base.encode(y=y).mark_line(color=ACCENT, strokeWidth=2)
    layers = band(base, low="low", high="high") + layers
    layers += base.mark_point(opacity=1, size=40, stroke=ACCENT, strokeWidth=2).encode(
        y=y, fill=alt.condition(alt.datum.over, alt.value(ACCENT), alt.value(GROUND))
    )
    return finished(layers, title=title, said=_rates_said(drawn, name), height=200)


def _rates_said(rows: Sequence[Mapping[str, Any]], name: str) -> str:
    over = [row for row in rows if row["over"]]
    text = f"Line of {name} over {counted(len(rows), 'period')}, with an interval of 95%"
    if not over:
        return f"{text}; none is over yet."
    low, high = (f(over, key=lambda row: row["share"]) for f in (min, max))
    last = over[-1]
    return (
        f"{text}. Lowest {share(low['share'])} in {low['name']}, highest {share(high['share'])} "
        f"in {high['name']}, last {share(last['share'])} of {counted(last['of'], 'customer')} in "
        f"{last['name']}."
    )


def tenure_curve(readings: Reading | Readings) -> alt.LayerChart:
    """Which share of customers stays longer than how many days, with its interval.

    Args:
        readings: A reading of `KaplanMeier`, or readings with one.

    Returns:
        A chart of at most 200 steps.

    Raises:
        InvalidValueError: Where they are of another metric.
    """
    given = found(readings, KaplanMeier, *_CURVE)
    rows = given.table.collect("polars").sort("tenure_days").rows(named=True)
    return survival_line(rows)


def survival_line(rows: Sequence[Mapping[str, Any]]) -> alt.LayerChart:
    """The same of rows that are plain already.

    Args:
        rows: `tenure_days`, `at_risk_count`, `survival_share`, `survival_low` and
            `survival_high` of each, the shortest tenure first.
    """
    title = "How long customers stay"
    if not rows:
        return empty(title, "No customer was seen long enough to say how long they stay.")
    each = max(1, -(-len(rows) // _POINTS))
    # Of steps that fall together the last one stays: the curve never rises.
    kept = [row for place, row in enumerate(rows, 1) if place % each == 0 or place == len(rows)]
    start = {"days": 0, "share": 1.0, "low": 1.0, "high": 1.0, "of": rows[0]["at_risk_count"]}
    drawn = [start] + [
        {
            "days": row["tenure_days"],
            "share": row["survival_share"],
            "low": row["survival_share"] if row["survival_low"] is None else row["survival_low"],
            "high": row["survival_share"] if row["survival_high"] is None else row["survival_high"],
            "of": row["at_risk_count"],
        }
        for row in kept
    ]
    x = alt.X("days:Q", title="days since the start", scale=alt.Scale(nice=False))
    y = share_axis("share:Q", title="still there")
    base = alt.Chart(data(drawn)).encode(
        x=x,
        tooltip=tip(
            days=("days", ",d"),
            share=("still there", ".1%"),
            low=("at least", ".1%"),
            high=("at most", ".1%"),
            of=("seen so long", ",d"),
        ),
    )
    layers = base.mark_area(color=ACCENT, opacity=0.18, interpolate="step-after").encode(
        y=alt.Y("low:Q"), y2=alt.Y2("high")
    )
    layers += base.mark_line(color=ACCENT, strokeWidth=2, interpolate="step-after").encode(y=y)
    half = alt.Chart(data([{"half": 0.5}])).mark_rule(color=MUTED, strokeDash=[4, 3])
    layers += half.encode(y="half:Q")
    layers += base.mark_point(size=60, opacity=0, fill=ACCENT).encode(y=y)
    return finished(layers, title=title, said=_tenure_said(rows), height=240)


def _tenure_said(rows: Sequence[Mapping[str, Any]]) -> str:
    text = f"Curve of how many of {counted(rows[0]['at_risk_count'], 'customer')} stay how long"
    gone = next((row for row in rows if row["survival_share"] <= 0.5), None)  # noqa: PLR2004
    last = rows[-1]
    end = f"{share(last['survival_share'])} stay beyond {counted(last['tenure_days'], 'day')}"
    if gone is None:
        return f"{text}. More than half stay to its end: {end}."
    return f"{text}. Half are gone after {counted(gone['tenure_days'], 'day')}; {end}."
