"""Tables and pictures of the examples, as text that a page takes in."""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TEAL, AMBER, GREY = "#00897b", "#c77700", "#8a8a8a"
_TEXT = {"labelColor": "currentColor", "titleColor": "currentColor"}
_SIZES = {"labelFontSize": 14, "titleFontSize": 14}


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; columns of numbers stand to the right."""
    cells = [[str(each) for each in row] for row in rows]
    right = [all(row[n][:1] in "-+.0123456789" for row in cells) for n in range(len(head))]
    rule = ["---:" if each else "---" for each in right]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *cells]) + "\n"


def picture(chart: Any, label: str) -> str:
    """A chart as it stands in the page, in the colours of its scheme.

    Args:
        chart: An altair chart.
        label: What it shows, in words, for who cannot see it.
    """
    chart = (
        chart.properties(background="transparent")
        .configure(font="inherit")
        .configure_axis(
            **_TEXT,
            **_SIZES,
            titleFontWeight="normal",
            labelLimit=0,
            gridColor="#80808033",
            domainColor="#808080",
            tickColor="#808080",
        )
        .configure_legend(**_TEXT, **_SIZES, orient="top", labelLimit=0, title=None)
        .configure_header(**_TEXT, **_SIZES)
        .configure_title(color="currentColor", fontSize=14, anchor="start")
        .configure_view(stroke=None)
    )
    drawn = io.StringIO()
    chart.save(drawn, format="svg")
    # On a phone the picture shrinks as far as its words can be read, and then scrolls.
    least = 0.7 * float(re.search(r'width="([\d.]+)"', drawn.getvalue())[1])  # type: ignore[index]
    style = f"max-width:100%;height:auto;min-width:{least:.0f}px"
    named = f'<svg role="img" aria-label="{escape(label)}" style="{style}" '
    return f'<div style="overflow-x:auto">{drawn.getvalue().replace("<svg ", named, 1)}</div>'
