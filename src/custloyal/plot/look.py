"""How charts look: colours, letters and axes, the same in all of them.

Every mark can be told from the ground in light and in dark: 3:1 and more on white and on #1e1e1e.
Blue and orange differ for the colour-blind too, and nothing is said by colour alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import altair as alt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "ACCENT",
    "CELL",
    "COLOURS",
    "DEEP",
    "GROUND",
    "INK",
    "LABEL",
    "LINE",
    "MUTED",
    "TILE",
    "TILE_INK",
    "WARM",
    "WIDTH",
    "band",
    "bars",
    "count_axis",
    "data",
    "diagonal",
    "empty",
    "few_names",
    "figure_at_end",
    "finished",
    "from_0_to_1",
    "histogram",
    "line_legend",
    "marked",
    "names",
    "share_axis",
    "tip",
    "two_lines",
]

INK, MUTED, LINE = "#767f86", "#78828a", "#8a939a80"
ACCENT, WARM, CELL, DEEP = "#3484ab", "#c8683c", "#5a9fc0", "#6f7fc4"
GROUND = "#fefefe00"
"""What lies between and under marks: nothing, where the ground of the chart is not known."""
TILE, TILE_INK = "#f3f6f8", "#1c2328"
"""The ground of tiles that bear letters, which must be told from all of their shades."""
COLOURS = {
    INK: "ink",
    MUTED: "muted",
    LINE: "line",
    ACCENT: "accent",
    WARM: "warm",
    CELL: "cell",
    DEEP: "deep",
    GROUND: "card",
    TILE: "card",
    TILE_INK: "ink",
}
"""What each colour is for, so that a page with colours of its own can put them in their place."""
WIDTH = 400
"""About a phone's width, so that letters there are nearly as large as they are drawn."""
LABEL = 34
"""The height of a bar with its name."""
_LETTER, _WIDEST, _SIZE = 7.4, 170, 12.5
_QUARTERS = (0, 0.25, 0.5, 0.75, 1)


def data(rows: Sequence[Mapping[str, Any]]) -> alt.InlineData:
    """Rows as they stand in the chart, once for all of its layers."""
    return alt.InlineData(values=[dict(row) for row in rows])


def tip(**fields: str | tuple[str, str]) -> list[alt.Tooltip]:
    """What is shown where somebody points: for each field its name, or its name and format."""
    named = {
        field: each if isinstance(each, tuple) else (each, "") for field, each in fields.items()
    }
    return [
        alt.Tooltip(field, type="quantitative", title=title, format=said)
        if said
        else alt.Tooltip(field, type="nominal", title=title)
        for field, (title, said) in named.items()
    ]


def from_0_to_1(field: str, *, title: str | None, format: str) -> alt.X:  # noqa: A002 (vega's name)
    """A horizontal axis of shares or scores."""
    return alt.X(
        field,
        title=title,
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(values=list(_QUARTERS), format=format),
    )


def share_axis(field: str, *, title: str | None, lowest: float = 0) -> alt.Y:
    """A vertical axis of shares."""
    return alt.Y(
        field,
        title=title,
        scale=alt.Scale(domain=[lowest, 1], nice=False, clamp=True),
        axis=alt.Axis(values=list(_QUARTERS), format=".0%"),
    )


def count_axis(field: str, *, title: str) -> alt.Y:
    """A vertical axis of counts."""
    return alt.Y(field, title=title, axis=alt.Axis(tickCount=4, tickMinStep=1, format=",d"))


def names(field: str, said: Sequence[str]) -> alt.Y:
    """An axis of names, with room for fonts that are wider than the one they were measured in."""
    room = min(_WIDEST, _LETTER * max(map(len, said), default=0) + 10)
    return alt.Y(field, sort=None, title=None, axis=alt.Axis(labelLimit=_WIDEST, minExtent=room))


def few_names(field: str, said: Sequence[str], *, title: str | None = None) -> alt.X:
    """An axis of periods of which only the first and the last are named."""
    few = [said[0], said[-1]] if len(said) > 1 else list(said)
    axis = alt.Axis(values=few, labelAngle=0, labelOverlap=False, labelLimit=_WIDEST)
    return alt.X(field, sort=None, title=title, scale=alt.Scale(padding=0.4), axis=axis)


def bars(rows: Sequence[Mapping[str, Any]], *, title: str, said: str) -> alt.LayerChart:
    """Horizontal bars, each with its figure at its end.

    Args:
        rows: For each bar its `name`, its `length` and its figure in words, `text`.
        title: What they show.
        said: The chart in words.
    """
    longest = max((row["length"] for row in rows), default=0) or 1
    base = alt.Chart(data(rows)).encode(
        y=names("name:N", [row["name"] for row in rows]),
        x=alt.X("length:Q", axis=None, scale=alt.Scale(domain=[0, longest * 1.55])),
        tooltip=tip(name="", text="customers"),
    )
    layers = base.mark_bar(color=ACCENT) + figure_at_end(base)
    return finished(layers, title=title, said=said, height=LABEL * len(rows) + 8)


def figure_at_end(base: alt.Chart) -> alt.Chart:
    """The words of each bar, beside it."""
    text: alt.Chart = base.mark_text(align="left", dx=6, color=INK).encode(text="text:N")
    return text


def histogram(
    bins: Sequence[Mapping[str, Any]],
    *,
    x: alt.X,
    name: str,
    names: Sequence[str],
    warm: Any,
    mark: tuple[float, str],
) -> alt.LayerChart:
    """Columns of customers between 0 and 1, with a mark at one place.

    Args:
        bins: `low`, `high` and `customers_count` of each, none of them empty.
        x: The axis, of `low`.
        name: What is counted by, for who points at a column.
        names: Each bin in words.
        warm: Which columns are in the warm colour: a condition on `low` and `high`.
        mark: The place and what is written there.
    """
    total = sum(each["customers_count"] for each in bins)
    rows = [
        {
            "low": each["low"],
            "high": each["high"],
            "customers": each["customers_count"],
            "range": said,
            "share": each["customers_count"] / total,
        }
        for each, said in zip(bins, names, strict=True)
    ]
    columns = (
        alt.Chart(data(rows))
        .mark_rect(stroke=GROUND, strokeWidth=1)
        .encode(
            x=x,
            x2="high:Q",
            y=count_axis("customers:Q", title="customers"),
            y2=alt.Y2Datum(0),
            color=alt.condition(warm, alt.value(WARM), alt.value(ACCENT)),
            tooltip=tip(range=name, customers=("customers", ",d"), share=("of all", ".1%")),
        )
    )
    layers: alt.LayerChart = columns + marked(*mark, align="right")
    return layers


def marked(place: float, text: str, *, align: Literal["left", "right"] = "left") -> alt.LayerChart:
    """A dashed line across the chart at a place of its horizontal axis, with words beside it."""
    one = alt.Chart(data([{"place": place, "text": text}]))
    rule = one.mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x="place:Q")
    written = one.mark_text(align=align, dx=-6 if align == "right" else 6, y=8, color=MUTED)
    layers: alt.LayerChart = rule + written.encode(x="place:Q", text="text:N")
    return layers


def two_lines(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str], *, width: float = 2.5, **encoding: Any
) -> alt.LayerChart:
    """Two lines by `what`, told apart by colour and by dashes.

    Args:
        rows: What is drawn, each row with `what`, one of the names.
        names: The two names, the first drawn through.
        width: How thick they are.
        encoding: The axes and what is shown where somebody points.
    """
    legend = line_legend()
    colours, dashes = (
        alt.Scale(domain=list(names), range=each) for each in ([ACCENT, WARM], [[1, 0], [5, 3]])
    )
    base = alt.Chart(data(rows)).encode(**encoding)
    lines = base.mark_line(strokeWidth=width).encode(
        color=alt.Color("what:N", scale=colours, legend=legend),
        strokeDash=alt.StrokeDash("what:N", scale=dashes, legend=legend),
    )
    layers: alt.LayerChart = lines + base.mark_point(size=60, opacity=0, fill=ACCENT)
    return layers


def diagonal(x: alt.X, y: alt.Y) -> alt.Chart:
    """The straight line from nothing to all, under a chart of shares."""
    corners = data([{name.shorthand.partition(":")[0]: end for name in (x, y)} for end in (0, 1)])
    line: alt.Chart = (
        alt.Chart(corners).mark_line(color=MUTED, strokeDash=[4, 3], strokeWidth=1).encode(x=x, y=y)
    )
    return line


def line_legend(*, width: int = 300) -> alt.Legend:
    """The names of lines, one below the other, each beside its stroke."""
    return alt.Legend(direction="vertical", labelLimit=width, symbolType="stroke", symbolSize=300)


def band(base: alt.Chart, *, low: str, high: str) -> alt.Chart:
    """The interval of a line, as a ground under it."""
    area: alt.Chart = base.mark_area(color=ACCENT, opacity=0.18).encode(
        y=alt.Y(f"{low}:Q"), y2=alt.Y2(high)
    )
    return area


def empty(title: str, said: str) -> alt.LayerChart:
    """A chart of nothing, which says so."""
    text = alt.Chart(data([{"text": said}])).mark_text(color=INK, limit=WIDTH).encode(text="text:N")
    return finished(alt.LayerChart(layer=[text]), title=title, said=said, height=LABEL * 2)


def finished(
    chart: alt.LayerChart,
    *,
    title: str,
    said: str,
    height: Any = None,
    width: Any = WIDTH,
) -> alt.LayerChart:
    """A chart with its title, its words, and the look that all share.

    Args:
        chart: The chart.
        title: What it shows.
        said: The chart in words, for who cannot see it.
        height: In pixels, or a step for each row; None where the chart has its own.
        width: In pixels, or a step for each column.
    """
    if height is not None:
        fit = alt.AutoSizeParams(type="fit", contains="padding")
        fixed = isinstance(width, int) and isinstance(height, int)
        chart = chart.properties(width=width, height=height, autosize=fit if fixed else "pad")
    looks: alt.LayerChart = (
        chart.properties(title=title, description=said)
        .configure(background="transparent", aria=False, padding=4)
        .configure_title(color=INK, fontSize=14, fontWeight=600, anchor="start", offset=12)
        .configure_view(stroke=None)
        .configure_text(fontSize=_SIZE)
        .configure_legend(
            labelColor=MUTED,
            labelFontSize=_SIZE,
            orient="top",
            symbolType="square",
            columnPadding=16,
            title=None,
        )
        .configure_header(labelColor=INK, labelFontSize=_SIZE, title=None)
        .configure_axis(
            domainColor=LINE,
            gridColor=LINE,
            tickColor=LINE,
            labelColor=MUTED,
            titleColor=MUTED,
            labelFontSize=_SIZE,
            titleFontSize=_SIZE,
            titleFontWeight="normal",
            titlePadding=9,
        )
        .configure_axisX(grid=False)
        .configure_axisBand(labelPadding=6, domain=False, ticks=False, labelColor=INK, grid=False)
    )
    return looks
