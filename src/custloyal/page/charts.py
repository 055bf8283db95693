"""The charts of the page: drawn without a network, readable in light and in dark.

Colours are the page's own variables, which vega hands through to the SVG, so one drawing suits
both schemes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custloyal.errors import MissingExtraError
from custloyal.page.formats import count, shortened, visible

try:
    import altair as alt
    import vl_convert
    from markupsafe import Markup
except ModuleNotFoundError as error:
    raise MissingExtraError.of(str(error.name), extra="report", purpose="draw the page") from None

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "bars",
    "cohort_map",
    "drawn",
    "kept_by_window",
    "lorenz_curve",
    "share_bars",
    "trust_histogram",
]

_WIDTH = 400
"""About a phone's width, so that letters there are nearly as large as they are drawn."""
_SMALL_WIDTH = 290
"""A third of the page's, for the same reason."""
_INK, _MUTED, _LINE = "var(--ink)", "var(--muted)", "var(--line)"
_ACCENT, _WARM, _CARD = "var(--accent)", "var(--warm)", "var(--card)"
_CELL = "var(--cell)"
"""Letters can be read on it at any density, which `--accent` does not allow."""
_LABEL = 34
_LETTER, _WIDEST = 7.4, 170


def drawn(chart: alt.TopLevelMixin, *, label: str) -> Markup:
    """A chart as inline SVG.

    Args:
        chart: The chart.
        label: The sentence that reads it, for who cannot see it.

    Returns:
        An SVG element that scales with its container and loads nothing.
    """
    svg = vl_convert.vegalite_to_svg(chart.to_dict(), allowed_base_urls=[])
    for namespace in (
        ' xmlns="http://www.w3.org/2000/svg"',
        ' xmlns:xlink="http://www.w3.org/1999/xlink"',
    ):
        svg = svg.replace(namespace, "", 1)  # HTML needs none
    head = Markup('<svg role="img" aria-label="{}"').format(label)
    # vega escapes all text; what it drew holds no other markup than its own.
    return head + Markup(svg.removeprefix("<svg"))  # noqa: S704


def trust_histogram(bins: Sequence[Mapping[str, Any]], *, prior: float) -> alt.LayerChart:
    """How many customers have which trust; those below neutral in the warm colour."""
    rows = [
        {"low": each["low"], "high": each["high"], "customers": each["customers_count"]}
        for each in bins
        if each["customers_count"]
    ]
    base = alt.Chart(_data(rows))
    columns = base.mark_rect(stroke=_CARD, strokeWidth=1).encode(
        x=_from_0_to_1("low:Q", title="trust", format=".2f"),
        x2="high:Q",
        y=alt.Y(
            "customers:Q", title="customers", axis=alt.Axis(tickCount=4, tickMinStep=1, format=",d")
        ),
        y2=alt.Y2Datum(0),
        color=alt.condition(alt.datum.high <= prior + 1e-9, alt.value(_WARM), alt.value(_ACCENT)),
    )
    neutral = alt.Chart(_data([{"prior": prior, "text": f"nothing known: {prior:.2f}"}]))
    rule = neutral.mark_rule(color=_MUTED, strokeDash=[4, 3]).encode(x="prior:Q")
    text = neutral.mark_text(align="right", dx=-6, y=8, color=_MUTED).encode(
        x="prior:Q", text="text:N"
    )
    return _framed(columns + rule + text, height=220)


def bars(rows: Sequence[tuple[str, float, str]]) -> alt.LayerChart:
    """Horizontal bars, each with its figure at its end.

    Args:
        rows: For each bar its name, its length and its figure in words.
    """
    data = [{"name": name, "length": length, "text": text} for name, length, text in rows]
    longest = max((length for _, length, _ in rows), default=0) or 1
    base = alt.Chart(_data(data)).encode(
        y=_names("name:N", [name for name, _, _ in rows]),
        x=alt.X("length:Q", axis=None, scale=alt.Scale(domain=[0, longest * 1.55])),
    )
    bar = base.mark_bar(color=_ACCENT)
    return _framed(bar + _figure_at_end(base), height=_LABEL * len(data) + 8)


def share_bars(segments: Sequence[Mapping[str, Any]]) -> alt.LayerChart:
    """For each segment its share of the customers and of the revenue."""
    customers = sum(each["customers_count"] or 0 for each in segments) or 1
    data: list[dict[str, Any]] = []
    for each in segments:
        name = f"Segment {shortened(each['segment'], limit=12)}"
        of_customers = (each["customers_count"] or 0) / customers
        for what, length in (("customers", of_customers), ("revenue", each["revenue_share"] or 0)):
            text = f"{100 * length:.1f}% of {what}"
            data.append({"name": name, "what": what, "length": length, "text": text})
    base = alt.Chart(_data(data)).encode(
        y=_names("name:N", [each["name"] for each in data]),
        yOffset=alt.YOffset("what:N"),
        x=alt.X("length:Q", axis=None, scale=alt.Scale(domain=[0, 1.65])),
    )
    colour = alt.condition(alt.datum.what == "revenue", alt.value(_ACCENT), alt.value(_MUTED))
    bar = base.mark_bar().encode(color=colour)
    return _framed(bar + _figure_at_end(base), height=2 * _LABEL * len(segments) + 8)


def lorenz_curve(concentration: Mapping[str, Any]) -> alt.LayerChart:
    """The share of the revenue that the largest customers bring, by their share of all."""
    points = [
        {"customers": each["customers_share"], "revenue": each["revenue_share"]}
        for each in concentration["lorenz"]
    ]
    x = _from_0_to_1("customers:Q", title="largest customers, share of all", format=".0%")
    y = alt.Y(
        "revenue:Q",
        title="share of revenue",
        scale=alt.Scale(domain=[0, 1], nice=False, clamp=True),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".0%"),
    )
    base = alt.Chart(_data(points)).encode(x=x, y=y)
    corners = [{"customers": 0, "revenue": 0}, {"customers": 1, "revenue": 1}]
    equal = alt.Chart(_data(corners)).mark_line(color=_MUTED, strokeDash=[4, 3], strokeWidth=1)
    layers = equal.encode(x=x, y=y)
    layers += base.mark_area(color=_ACCENT, opacity=0.12)
    layers += base.mark_line(color=_ACCENT, strokeWidth=2.5)
    top, of = concentration["top_count"], concentration["customers_count"]
    if top and of and concentration["top_share"] is not None:
        text = f"{count(top)} customers: {100 * concentration['top_share']:.0f}% of revenue"
        marked = {"customers": top / of, "revenue": concentration["top_share"], "text": text}
        mark = alt.Chart(_data([marked])).encode(x=x, y=y)
        layers += mark.mark_point(color=_ACCENT, fill=_CARD, size=70, opacity=1, strokeWidth=2.5)
        layers += mark.mark_text(align="left", dx=12, dy=12, color=_INK).encode(text="text:N")
    return _framed(layers, height=280)


def cohort_map(rows: Sequence[Mapping[str, Any]]) -> alt.LayerChart:
    """The monthly triangle: each row a month's new customers, each cell how many came back."""
    data: list[dict[str, Any]] = []
    for each in rows:
        known = each["retention_share"] is not None
        rate = each["retention_share"] if known else 0.0
        mark = "" if each["is_complete"] else "*"
        size = count(each["cohort_size"])
        data.append(
            {
                "cohort": f"{visible(each['cohort_month'])[:7]}  ({size})",
                "age": each["age_months"],
                "share": rate,
                "text": f"{100 * rate:.0f}{mark}" if known else "?",
            }
        )
    later = [each["share"] for each in data if each["age"] > 0]
    highest = max(later, default=0) or 1
    for each in data:
        # Month 0 is 100 % by definition: outside the scale, so that the others can be told apart.
        each["shade"] = 0.0 if each["age"] == 0 else 0.06 + 0.94 * each["share"] / highest
    base = alt.Chart(_data(data)).encode(
        x=alt.X(
            "age:O",
            title="months after the first purchase",
            axis=alt.Axis(orient="top", labelAngle=0),
        ),
        y=_names("cohort:N", [each["cohort"] for each in data]),
    )
    cells = base.mark_rect(color=_CELL, stroke=_CARD, strokeWidth=2, cornerRadius=3).encode(
        fillOpacity=alt.FillOpacity("shade:Q", scale=None)
    )
    figures = base.mark_text(fontSize=12, color=_INK).encode(text="text:N")
    ages = len({each["age"] for each in data})
    return _configured((cells + figures).properties(width=34 * max(ages, 8), height=alt.Step(28)))


def kept_by_window(
    windows: Sequence[Mapping[str, Any]], *, names: Sequence[str], lowest: float
) -> alt.LayerChart:
    """The share of promises kept in each window against its target, missed ones as other marks.

    Args:
        windows: The windows in order; of those without a share nothing is drawn.
        names: How the axis calls each.
        lowest: Where the axis of shares begins.
    """
    data = [
        {
            "name": name,
            "share": each["attainment_share"],
            "low": each["attainment_low"],
            "high": each["attainment_high"],
            "target": each["target_share"],
            "reached": each["attainment_share"] is not None
            and each["attainment_share"] >= each["target_share"] - 1e-9,
        }
        for name, each in zip(names, windows, strict=True)
    ]
    few = [names[0], names[-1]] if len(names) > 1 else list(names)
    base = alt.Chart(_data(data)).encode(
        x=alt.X(
            "name:N",
            sort=None,
            title=None,
            scale=alt.Scale(padding=0.4),
            axis=alt.Axis(values=few, labelAngle=0, labelOverlap=False, labelLimit=_WIDEST),
        )
    )
    y = alt.Y(
        "share:Q",
        title=None,
        scale=alt.Scale(domain=[lowest, 1], nice=False, clamp=True),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".0%"),
    )
    known = base.transform_filter(alt.datum.share != None)  # noqa: E711 (an expression of vega)
    layers = base.mark_line(color=_INK, strokeDash=[5, 3], strokeWidth=1.2).encode(y="target:Q")
    layers += known.mark_rule(color=_MUTED, strokeWidth=1).encode(y=alt.Y("low:Q"), y2="high:Q")
    layers += base.mark_line(color=_ACCENT, strokeWidth=2).encode(y=y)
    reached = alt.datum.reached
    layers += known.mark_point(opacity=1, strokeWidth=2, size=60).encode(
        y=y,
        shape=alt.condition(reached, alt.value("circle"), alt.value("triangle-down")),
        fill=alt.condition(reached, alt.value(_ACCENT), alt.value(_CARD)),
        stroke=alt.condition(reached, alt.value(_ACCENT), alt.value(_WARM)),
    )
    return _framed(layers, height=150, width=_SMALL_WIDTH)


# What charts share ---------------------------------------------------------------------------


def _data(rows: list[dict[str, Any]]) -> alt.Data:
    return alt.Data(values=rows)  # type: ignore[no-untyped-call]


def _from_0_to_1(field: str, *, title: str, format: str) -> alt.X:  # noqa: A002 (vega's name)
    return alt.X(
        field,
        title=title,
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=format),
    )


def _names(field: str, names: list[str]) -> alt.Y:
    """An axis of names, with room for fonts that are wider than the one they were measured in."""
    room = min(_WIDEST, _LETTER * max(map(len, names), default=0) + 10)
    return alt.Y(field, sort=None, title=None, axis=alt.Axis(labelLimit=_WIDEST, minExtent=room))


def _figure_at_end(base: alt.Chart) -> alt.Chart:
    text: alt.Chart = base.mark_text(align="left", dx=6, color=_INK).encode(text="text:N")
    return text


def _framed(chart: alt.LayerChart, *, height: int, width: int = _WIDTH) -> alt.LayerChart:
    fit = alt.AutoSizeParams(type="fit", contains="padding")
    return _configured(chart.properties(width=width, height=height, autosize=fit))


def _configured(chart: alt.LayerChart) -> alt.LayerChart:
    configured: alt.LayerChart = (
        chart.configure(background="transparent", aria=False, padding=4)
        .configure_view(stroke=None)
        .configure_text(fontSize=12.5)
        .configure_axis(
            domainColor=_LINE,
            gridColor=_LINE,
            tickColor=_LINE,
            labelColor=_MUTED,
            titleColor=_MUTED,
            labelFontSize=12.5,
            titleFontSize=12.5,
            titleFontWeight="normal",
            titlePadding=9,
        )
        .configure_axisX(grid=False)
        .configure_axisBand(labelPadding=6, domain=False, ticks=False, labelColor=_INK, grid=False)
    )
    return configured
