"""Charts as the page holds them: drawn when it is made, and again where scripts run.

Colours are the page's own variables, which vega hands through to the SVG, so one drawing suits both
schemes. What is drawn when the page is made is what print, screen readers and browsers without
scripts get; beside it stands the chart itself, as data that nothing runs.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import vl_convert
from markupsafe import Markup

from custloyal.plot.look import COLOURS

if TYPE_CHECKING:
    import altair as alt

__all__ = ["drawn", "inert", "vega"]

_ESCAPES = {each: f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}


def drawn(chart: alt.TopLevelMixin, *, interactive: bool = True) -> Markup:
    """A chart as inline SVG, with its data for who can point at it.

    Args:
        chart: The chart, with its words as its description.
        interactive: Whether the chart goes along, to be drawn again where scripts run.

    Returns:
        Elements that scale with their container and load nothing.
    """
    # What is built of valid parts is not checked once more: that takes half of the time.
    spec = chart.to_dict(validate=False)
    own = _of_the_page(spec)
    svg = vl_convert.vegalite_to_svg(own, allowed_base_urls=[])
    for namespace in (
        ' xmlns="http://www.w3.org/2000/svg"',
        ' xmlns:xlink="http://www.w3.org/1999/xlink"',
    ):
        svg = svg.replace(namespace, "", 1)  # HTML needs none
    head = Markup('<svg role="img" aria-label="{}"').format(spec["description"])
    # vega escapes all text; what it drew holds no other markup than its own.
    still = head + Markup(svg.removeprefix("<svg"))  # noqa: S704
    if not interactive:
        return still
    block = Markup('<script type="application/json">{}</script>').format(inert(own))
    return Markup('<div class="chart">{}{}</div>').format(still, block)


def inert(values: Any) -> Markup:
    r"""Plain values as JSON that no parser of HTML or JavaScript takes for anything else.

    Example:
        >>> print(inert(["</script>", "a & b"]))
        ["\u003c/script\u003e","a \u0026 b"]
    """
    text = json.dumps(values, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for each, escaped in _ESCAPES.items():
        text = text.replace(each, escaped)
    return Markup(text)  # noqa: S704 (what could act is escaped)


def vega() -> str:
    """The library that draws charts where scripts run, with an interpreter in place of eval."""
    bundle: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    # A tag within the script would end it, and a browser hashes other line ends than these.
    if "</script" in bundle.lower() or "<!--" in bundle or "\r" in bundle:  # pragma: no cover
        return ""
    return bundle


def _of_the_page(spec: dict[str, Any]) -> dict[str, Any]:
    """A chart without a title, which the page says itself, and in the page's colours."""
    kept = {name: value for name, value in spec.items() if name not in ("title", "description")}
    coloured: dict[str, Any] = _coloured(kept)
    # The address of a schema is of no use to a page that loads nothing.
    coloured.pop("$schema", None)
    return coloured


def _coloured(part: Any) -> Any:
    """A part of a chart with the page's colours; what its data say stays as it is."""
    if isinstance(part, dict):
        return {
            name: each if name in ("data", "datasets") else _coloured(each)
            for name, each in part.items()
        }
    if isinstance(part, list):
        return [_coloured(each) for each in part]
    name = COLOURS.get(part) if isinstance(part, str) else None
    return part if name is None else f"var(--{name})"
