"""Charts as the page holds them: drawn without a network, in the page's own colours.

Colours are the page's variables, which vega hands through to the SVG, so one drawing suits both
schemes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import vl_convert
from markupsafe import Markup

from custloyal.plot.look import COLOURS

if TYPE_CHECKING:
    import altair as alt

__all__ = ["drawn"]


def drawn(chart: alt.TopLevelMixin) -> Markup:
    """A chart as inline SVG.

    Args:
        chart: The chart, with its words as its description.

    Returns:
        An SVG element that scales with its container and loads nothing.
    """
    spec = chart.to_dict()
    svg = vl_convert.vegalite_to_svg(_of_the_page(spec), allowed_base_urls=[])
    for namespace in (
        ' xmlns="http://www.w3.org/2000/svg"',
        ' xmlns:xlink="http://www.w3.org/1999/xlink"',
    ):
        svg = svg.replace(namespace, "", 1)  # HTML needs none
    head = Markup('<svg role="img" aria-label="{}"').format(spec["description"])
    # vega escapes all text; what it drew holds no other markup than its own.
    return head + Markup(svg.removeprefix("<svg"))  # noqa: S704


def _of_the_page(spec: dict[str, Any]) -> dict[str, Any]:
    """A chart without a title, which the page says itself, and in the page's colours."""
    kept = {name: value for name, value in spec.items() if name not in ("title", "description")}
    coloured: dict[str, Any] = _coloured(kept)
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
