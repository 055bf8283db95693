"""Economics, drawn: what fewer defections gain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from custloyal.economics import GainPoint
from custloyal.errors import DataError, Mistake
from custloyal.formats import counted, share
from custloyal.plot.look import ACCENT, WARM, data, empty, finished, tip

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["gain_curve"]

_TITLE = "What fewer defections gain"
_WHAT = {"customer_share": "per acquired customer", "base_share": "for a base of constant size"}


def gain_curve(points: Iterable[GainPoint]) -> alt.LayerChart:
    """Both gains over the points of defection that are taken away; never one without the other.

    Args:
        points: What `economics.gain_curve` gives.

    Raises:
        DataError: Where they are no such points.

    Example:
        >>> from custloyal import economics
        >>> customer = economics.CustomerValue(
        ...     defection_share=0.2, margins=[100], acquisition_cost_amount=250
        ... )
        >>> gain_curve(economics.gain_curve(customer, points=[0, 5, 10])).description
        'Two lines over 3 points. With 10 points less defection an acquired customer is worth \
200.0% more, and a base of constant size brings 50.0% more.'
    """
    given = list(points)
    if not all(isinstance(each, GainPoint) for each in given):
        raise DataError(Mistake("points", "are none", "give what economics.gain_curve gives"))
    known = [
        each for each in given if each.customer_share is not None and each.base_share is not None
    ]
    if not known:
        return empty(_TITLE, "No gain is known: the value of today is not above 0.")
    drawn = [
        {"points": each.points, "what": said, "gain": getattr(each, name)}
        for each in known
        for name, said in _WHAT.items()
    ]
    names = list(_WHAT.values())
    base = alt.Chart(data(drawn)).encode(
        x=alt.X("points:Q", title="percentage points of defection less"),
        y=alt.Y("gain:Q", title="gain", axis=alt.Axis(format=".0%")),
        color=alt.Color("what:N", scale=alt.Scale(domain=names, range=[ACCENT, WARM])),
        tooltip=tip(what="", points=("points less", ".1f"), gain=("gain", ".1%")),
    )
    dashes = alt.StrokeDash("what:N", scale=alt.Scale(domain=names, range=[[1, 0], [5, 3]]))
    layers = base.mark_line(strokeWidth=2.5).encode(strokeDash=dashes)
    layers += base.mark_point(size=60, opacity=0)
    last = max(known, key=lambda each: each.points)
    said = (
        f"Two lines over {counted(len(known), 'point')}. With {last.points:g} points less "
        f"defection an acquired customer is worth {share(last.customer_share)} more, and a base of "
        f"constant size brings {share(last.base_share)} more."
    )
    return finished(layers, title=_TITLE, said=said, height=240)
