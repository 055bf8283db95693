"""Growth, drawn: from the revenue of one period to that of the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from custloyal.errors import InvalidValueError, Mistake
from custloyal.formats import amount
from custloyal.metrics import Growth, RevenueBridge
from custloyal.plot.given import found
from custloyal.plot.look import (
    ACCENT,
    INK,
    LABEL,
    MUTED,
    WARM,
    data,
    empty,
    finished,
    names,
    tip,
)
from custloyal.plot.retention import period_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from custloyal.reading.run import Reading, Readings

__all__ = ["bridge_bars", "revenue_bridge"]

_TITLE = "From one period's revenue to the next"
_STEPS = (("new", 1), ("resurrected", 1), ("grown", 1), ("shrunk", -1), ("lost", -1))
_COLOURS = {"total": MUTED, "more": ACCENT, "less": WARM}
_NAMES = {
    "new": "new customers",
    "resurrected": "came back",
    "grown": "bought more",
    "shrunk": "bought less",
    "lost": "bought nothing",
}
_NEEDED = ("period_start", "is_complete", "previous_amount", "current_amount", "new_amount")


def revenue_bridge(readings: Reading | Readings, *, period: date | None = None) -> alt.LayerChart:
    """The bridge from the revenue of one period to that of the next, as a waterfall.

    Args:
        readings: A reading of `RevenueBridge`, or readings with one.
        period: The first day of the period; None for the last one that is over.

    Raises:
        InvalidValueError: Where they are of another metric, or there is no such period.
    """
    given = found(readings, RevenueBridge, *_NEEDED)
    name = given.metric.period.value if isinstance(given.metric, RevenueBridge) else "month"
    rows = given.table.collect("polars").sort("period_start").rows(named=True)
    over = [row for row in rows if row["is_complete"]] or rows
    if period is not None:
        over = [row for row in rows if row["period_start"] == period]
        if not over:
            raise InvalidValueError(
                Mistake("period", f"{period} begins no period of the reading", "name its first day")
            )
    if not over:
        return bridge_bars(None, before="before", after="after")
    starts = [row["period_start"] for row in rows]
    place = starts.index(over[-1]["period_start"])
    before = period_name(starts[place - 1], name) if place else f"the {name} before"
    return bridge_bars(over[-1], before=before, after=period_name(starts[place], name))


def bridge_bars(row: Mapping[str, Any] | None, *, before: str, after: str) -> alt.LayerChart:
    """The same of one row that is plain already.

    Args:
        row: A row of a `RevenueBridge`; None where there is none.
        before: What the period before is called.
        after: What the period is called.
    """
    if row is None or row["previous_amount"] is None:
        return empty(_TITLE, "There are no two periods with revenue to compare.")
    reached = row["previous_amount"]
    bars = [_bar(before, 0.0, reached, "total", amount(reached))]
    for step, sign in _STEPS:
        change = sign * row[f"{step}_amount"]
        text = f"{'+' if change >= 0 else '−'}{amount(abs(change))}"  # noqa: RUF001 (a minus)
        bars.append(_bar(_NAMES[step], reached, reached + change, _kind(change), text))
        reached += change
    bars.append(_bar(after, 0.0, reached, "total", amount(reached)))
    highest = max(max(each["start"], each["end"]) for each in bars) or 1
    base = alt.Chart(data(bars)).encode(
        y=names("name:N", [each["name"] for each in bars]),
        tooltip=tip(name="", text="amount"),
    )
    scale = alt.Scale(domain=[0, highest * 1.45], nice=False)
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
        legend=None,
    )
    layers = base.mark_bar().encode(
        x=alt.X("start:Q", axis=None, scale=scale), x2=alt.X2("end"), color=colour
    )
    layers += base.mark_text(align="left", dx=6, color=INK).encode(
        x=alt.X("most:Q", axis=None, scale=scale), text="text:N"
    )
    said = f"Waterfall from {before} to {after}. {Growth.of(row).sentence}"
    return finished(layers, title=_TITLE, said=said, height=LABEL * len(bars) + 8)


def _kind(change: float) -> str:
    return "more" if change >= 0 else "less"


def _bar(name: str, start: float, end: float, kind: str, text: str) -> dict[str, Any]:
    most = max(start, end)
    return {"name": name, "start": start, "end": end, "most": most, "kind": kind, "text": text}
