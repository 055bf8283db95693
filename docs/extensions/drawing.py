"""Tables and pictures of the examples, as text that a page takes in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custloyal.plot.look import ACCENT, INK, LINE, MUTED, WARM
from custloyal.reporting.drawing import drawn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["ACCENT", "INK", "MUTED", "WARM", "picture", "table"]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; columns of numbers stand to the right."""
    cells = [[str(each) for each in row] for row in rows]
    right = [all(row[n][:1] in "-+.0123456789" for row in cells) for n in range(len(head))]
    rule = ["---:" if each else "---" for each in right]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *cells]) + "\n"


def picture(chart: Any, said: str | None = None) -> str:
    """A chart as it stands in the page, in the colours of its scheme.

    Args:
        chart: One of `custloyal.plot`, which has its words; or any chart of altair.
        said: What that shows, in words, for who cannot see it.
    """
    if said is not None:
        chart = _dressed(chart).properties(description=said)
    return f'<div class="chart">{drawn(chart)}</div>'


def _dressed(chart: Any) -> Any:
    sizes = {"labelFontSize": 12.5, "titleFontSize": 12.5}
    return (
        chart.configure(background="transparent", aria=False)
        .configure_axis(
            **sizes,
            labelColor=MUTED,
            titleColor=MUTED,
            titleFontWeight="normal",
            labelLimit=0,
            gridColor=LINE,
            domainColor=LINE,
            tickColor=LINE,
        )
        .configure_legend(**sizes, labelColor=MUTED, orient="top", labelLimit=0, title=None)
        .configure_view(stroke=None)
    )
