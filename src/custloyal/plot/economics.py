"""Economics, drawn: what fewer defections gain, and what a customer is worth at which defection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from custloyal.economics import GainPoint, ValuePoint
from custloyal.errors import DataError, Mistake
from custloyal.formats import amount, counted, share
from custloyal.plot.look import empty, finished, marked, tip, two_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["gain_curve", "value_curve", "value_lines"]

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
    layers = two_lines(
        drawn,
        list(_WHAT.values()),
        x=alt.X("points:Q", title="percentage points of defection less"),
        y=alt.Y("gain:Q", title="gain", axis=alt.Axis(format=".0%")),
        tooltip=tip(what="", points=("points less", ".1f"), gain=("gain", ".1%")),
    )
    last = max(known, key=lambda each: each.points)
    said = (
        f"Two lines over {counted(len(known), 'point')}. With {last.points:g} points less "
        f"defection an acquired customer is worth {share(last.customer_share)} more, and a base of "
        f"constant size brings {share(last.base_share)} more."
    )
    return finished(layers, title=_TITLE, said=said, height=240)


_VALUE = "Value and profit by defection"
_KINDS = {
    "value_amount": "value of an acquired customer",
    "base_profit_amount": "profit a period of a base of constant size",
}


def value_curve(points: Iterable[ValuePoint], *, today: float | None = None) -> alt.LayerChart:
    """What an acquired customer is worth, and what one of a constant base brings, by defection.

    Args:
        points: What `economics.value_curve` gives.
        today: The share that leaves in a period as it is, to be marked.

    Raises:
        DataError: Where they are no such points.

    Example:
        >>> from custloyal import economics
        >>> customer = economics.CustomerValue(defection_share=0.2, margins=[100])
        >>> shares = [0.1, 0.2, 0.4]
        >>> points = economics.value_curve(customer, defection_shares=shares)
        >>> value_curve(points, today=0.2).description
        'Two lines over 3 shares of defection a period. At 10.0% an acquired customer is worth \
1,000, and one of a base of constant size brings 100.00; at 40.0% it is 250.00 and 100.00.'
    """
    given = list(points)
    if not all(isinstance(each, ValuePoint) for each in given):
        raise DataError(Mistake("points", "are none", "give what economics.value_curve gives"))
    names = ("defection_share", *_KINDS)
    return value_lines(
        [{name: getattr(each, name) for name in names} for each in given], today=today
    )


def value_lines(rows: Sequence[Mapping[str, Any]], *, today: float | None) -> alt.LayerChart:
    """The same of points that are plain already.

    Args:
        rows: `defection_share`, `value_amount` and `base_profit_amount` of each.
        today: As for `value_curve`.
    """
    if not rows:
        return empty(_VALUE, "No value is known.")
    drawn = [
        {"defection": row["defection_share"], "what": said, "amount": row[name]}
        for row in rows
        for name, said in _KINDS.items()
    ]
    layers = two_lines(
        drawn,
        list(_KINDS.values()),
        x=alt.X(
            "defection:Q",
            title="share that leaves in a period",
            axis=alt.Axis(format=".0%", tickCount=6),
            scale=alt.Scale(nice=False),
        ),
        y=alt.Y("amount:Q", title="amount", axis=alt.Axis(format=",.0f", tickCount=5)),
        tooltip=tip(what="", defection=("leave", ".1%"), amount=("amount", ",.2f")),
    )
    if today is not None:
        layers += marked(today, f"today {100 * today:.0f}%")
    low, high = rows[0], rows[-1]
    said = (
        f"Two lines over {counted(len(rows), 'share')} of defection a period. At "
        f"{share(low['defection_share'])} an acquired customer is worth "
        f"{amount(low['value_amount'])}, and one of a base of constant size brings "
        f"{amount(low['base_profit_amount'])}; at {share(high['defection_share'])} it is "
        f"{amount(high['value_amount'])} and {amount(high['base_profit_amount'])}."
    )
    return finished(layers, title=_VALUE, said=said, height=240)
