"""The lifecycle, drawn: who is new, who stays, who comes back, who sleeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from custloyal.formats import count, counted, share
from custloyal.metrics import Lifecycle, Reactivation
from custloyal.plot.given import found
from custloyal.plot.look import (
    ACCENT,
    DEEP,
    LABEL,
    MUTED,
    WARM,
    count_axis,
    data,
    empty,
    few_names,
    figure_at_end,
    finished,
    names,
    tip,
)
from custloyal.plot.retention import period_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from custloyal.reading.run import Reading, Readings

__all__ = ["lifecycle", "lifecycle_bars", "reactivation", "reactivation_bars"]

_PARTS = {"retained": ACCENT, "resurrected": DEEP, "new": WARM}
_LIFECYCLE, _REACTIVATION = "Customers by period", "Who comes back, by how long they slept"
_OF_LIFECYCLE = (
    *("period_start", "is_complete"),
    *("new_count", "retained_count", "resurrected_count", "dormant_count"),
)
_OF_REACTIVATION = (
    *("dormant_days", "within_days", "dormant_count", "reactivated_count"),
    *("reactivation_share", "reactivation_low", "reactivation_high"),
)


def lifecycle(readings: Reading | Readings, *, latest: int = 24) -> alt.LayerChart:
    """How many customers bought in each period: again, after a pause, or for the first time.

    Args:
        readings: A reading of `Lifecycle`, or readings with one.
        latest: How many periods are drawn, the last ones.

    Raises:
        InvalidValueError: Where they are of another metric.
    """
    given = found(readings, Lifecycle, *_OF_LIFECYCLE)
    period = given.metric.period.value if isinstance(given.metric, Lifecycle) else "month"
    rows = given.table.collect("polars").sort("period_start").rows(named=True)
    return lifecycle_bars(
        [{**row, "name": period_name(row["period_start"], period)} for row in rows[-latest:]]
    )


def lifecycle_bars(rows: Sequence[Mapping[str, Any]]) -> alt.LayerChart:
    """The same of rows that are plain already.

    Args:
        rows: `name` of the period, `retained_count`, `resurrected_count`, `new_count`,
            `dormant_count` and `is_complete` of each.
    """
    if not rows:
        return empty(_LIFECYCLE, "Nobody bought, so there is no lifecycle.")
    drawn = [
        {
            "name": row["name"],
            "what": what,
            "order": place,
            "customers": row[f"{what}_count"],
            "dormant": row["dormant_count"],
            "state": "over" if row["is_complete"] else "not over yet",
        }
        for row in rows
        for place, what in enumerate(_PARTS)
    ]
    layers = (
        alt.Chart(data(drawn))
        .mark_bar()
        .encode(
            x=few_names("name:N", [row["name"] for row in rows]),
            y=count_axis("customers:Q", title="customers who bought"),
            color=alt.Color(
                "what:N", scale=alt.Scale(domain=list(_PARTS), range=list(_PARTS.values()))
            ),
            order="order:Q",
            tooltip=tip(
                name="period",
                what="",
                customers=("customers", ",d"),
                dormant=("did not buy", ",d"),
                state="",
            ),
        )
    )
    last = rows[-1]
    figures = ", ".join(f"{count(last[f'{what}_count'])} {what}" for what in (*_PARTS, "dormant"))
    said = (
        f"Stacked bars over {counted(len(rows), 'period')}. In the last, {last['name']}: {figures}."
    )
    return finished(alt.LayerChart(layer=[layers]), title=_LIFECYCLE, said=said, height=220)


def reactivation(readings: Reading | Readings) -> alt.LayerChart:
    """Which share of those who slept for so long bought again soon after.

    Args:
        readings: A reading of `Reactivation`, or readings with one.

    Raises:
        InvalidValueError: Where they are of another metric.
    """
    given = found(readings, Reactivation, *_OF_REACTIVATION)
    return reactivation_bars(given.table.collect("polars").sort("dormant_days").rows(named=True))


def reactivation_bars(rows: Sequence[Mapping[str, Any]]) -> alt.LayerChart:
    """The same of rows that are plain already.

    Args:
        rows: `dormant_days`, `within_days`, `dormant_count`, `reactivated_count`,
            `reactivation_share`, `reactivation_low` and `reactivation_high` of each.
    """
    drawn = [
        {
            "name": f"{counted(row['dormant_days'], 'day')}",
            "length": row["reactivation_share"],
            "low": row["reactivation_low"],
            "high": row["reactivation_high"],
            "text": f"{share(row['reactivation_share'])} of {count(row['dormant_count'])}",
            "within": row["within_days"],
        }
        for row in rows
        if row["reactivation_share"] is not None
    ]
    if not drawn:
        return empty(_REACTIVATION, "Nobody slept long enough to say who comes back.")
    longest = max(row["high"] for row in drawn) or 1
    base = alt.Chart(data(drawn)).encode(
        y=names("name:N", [row["name"] for row in drawn]),
        x=alt.X("length:Q", axis=None, scale=alt.Scale(domain=[0, longest * 1.6])),
        tooltip=tip(
            name="slept for",
            within=("bought again within days", "d"),
            text="came back",
            low=("at least", ".1%"),
            high=("at most", ".1%"),
        ),
    )
    layers = base.mark_bar(color=ACCENT, height=12)
    layers += base.mark_rule(color=MUTED, strokeWidth=1.5).encode(
        x=alt.X("low:Q"), x2=alt.X2("high")
    )
    layers += figure_at_end(base.encode(x="high:Q"))
    figures = ", ".join(f"{row['text']} after {row['name']}" for row in drawn)
    said = (
        f"Bars of who bought within {counted(drawn[0]['within'], 'day')} after a silence: "
        f"{figures}."
    )
    return finished(layers, title=_REACTIVATION, said=said, height=LABEL * len(drawn) + 8)
