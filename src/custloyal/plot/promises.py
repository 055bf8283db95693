"""Promises, drawn: which share was kept in each window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from custloyal.errors import InvalidValueError, Mistake, nearest
from custloyal.formats import counted, share
from custloyal.judging import Attainment
from custloyal.plot.given import rows_of
from custloyal.plot.look import (
    ACCENT,
    GROUND,
    INK,
    MUTED,
    WARM,
    data,
    empty,
    few_names,
    finished,
    share_axis,
    tip,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["promise_line", "promises_by_window"]

_WIDTH = 290
"""A third of a page's, for letters that stay readable."""
_COLUMNS = (
    *("rule", "window", "decided_count", "attainment_share"),
    *("attainment_low", "attainment_high", "target_share"),
)


def promises_by_window(
    attainment: Attainment, *, rule: str | None = None, latest: int = 12
) -> alt.LayerChart:
    """The share of promises kept in each window, against its target.

    Args:
        attainment: What `verdicts.attainment("window")` gives.
        rule: The rule; may be left out where there is only one.
        latest: How many windows are drawn, the last ones.

    Raises:
        InvalidValueError: Where there is no such rule, or several and none is named.
        MissingColumnError: Where it was not asked for by window.
    """
    given = attainment.table.to_native() if isinstance(attainment, Attainment) else attainment
    rows = rows_of(given, 'what verdicts.attainment("window") gives', *_COLUMNS)
    rules = list(dict.fromkeys(row["rule"] for row in rows))
    if rule is None and len(rules) > 1:
        raise InvalidValueError(
            Mistake("rule", "is not named, and there are several", nearest("", rules))
        )
    if rule is not None and rule not in rules:
        raise InvalidValueError(
            Mistake("rule", f"{rule!r} is not among them", nearest(rule, rules))
        )
    own = [row for row in rows if row["rule"] == (rules[0] if rule is None and rules else rule)]
    windows = sorted(own, key=lambda row: row["window"])[-latest:]
    return promise_line(
        windows,
        names=[row["window"].isoformat() for row in windows],
        title=f"Promises kept: {rule or rules[0]}" if rules else "Promises kept",
    )


def promise_line(
    windows: Sequence[Mapping[str, Any]],
    *,
    names: Sequence[str],
    title: str = "Promises kept",
    lowest: float = 0,
    width: int = _WIDTH,
) -> alt.LayerChart:
    """The same of windows that are plain already; where the target was missed, another mark.

    Args:
        windows: The windows in order, each with `decided_count`, `attainment_share`, `_low`,
            `_high` and `target_share`; of those without a share nothing is drawn.
        names: How the axis calls each.
        title: What it shows.
        lowest: Where the axis of shares begins.
        width: In pixels.
    """
    drawn = [
        {
            "name": name,
            "share": each["attainment_share"],
            "low": each["attainment_low"],
            "high": each["attainment_high"],
            "target": each["target_share"],
            "of": each["decided_count"],
            "reached": each["attainment_share"] is not None
            and each["attainment_share"] >= each["target_share"] - 1e-9,
        }
        for name, each in zip(names, windows, strict=True)
    ]
    decided = [row for row in drawn if row["share"] is not None]
    if not decided:
        return empty(title, "Nothing is decided yet.")
    base = alt.Chart(data(drawn)).encode(
        x=few_names("name:N", list(names)),
        tooltip=tip(
            name="window",
            share=("kept", ".1%"),
            low=("at least", ".1%"),
            high=("at most", ".1%"),
            of=("of decided", ",d"),
            target=("target", ".1%"),
        ),
    )
    y = share_axis("share:Q", title=None, lowest=lowest)
    known = base.transform_filter(alt.datum.share != None)  # noqa: E711 (an expression of vega)
    layers = base.mark_line(color=INK, strokeDash=[5, 3], strokeWidth=1.2).encode(y="target:Q")
    layers += known.mark_rule(color=MUTED, strokeWidth=1).encode(y=alt.Y("low:Q"), y2="high:Q")
    layers += base.mark_line(color=ACCENT, strokeWidth=2).encode(y=y)
    reached = alt.datum.reached
    layers += known.mark_point(opacity=1, strokeWidth=2, size=60).encode(
        y=y,
        shape=alt.condition(reached, alt.value("circle"), alt.value("triangle-down")),
        fill=alt.condition(reached, alt.value(ACCENT), alt.value(GROUND)),
        stroke=alt.condition(reached, alt.value(ACCENT), alt.value(WARM)),
    )
    number = sum(row["reached"] for row in decided)
    last = decided[-1]
    said = (
        f"Line of the share kept over {counted(len(decided), 'window')}: the target was reached in "
        f"{number} of them. Last, {last['name']}: {share(last['share'])} of "
        f"{counted(last['of'], 'promise')}, target {share(last['target'])}."
    )
    return finished(layers, title=title, said=said, height=150, width=width)
