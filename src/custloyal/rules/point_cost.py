"""What a percentage point of promises kept costs."""

from __future__ import annotations

import attrs

from custloyal.models import Share, difference_interval
from custloyal.models.checks import check_number, refuse

__all__ = ["PointCost", "marginal_point_cost", "point_cost"]

_POINTS = 100


@attrs.frozen
class PointCost:
    """What one percentage point of promises kept costs, or why that cannot be said.

    Args:
        amount: Money a point; None where it cannot be said.
        reason: Why it cannot; empty where it can.
    """

    amount: float | None
    reason: str = ""


def point_cost(amount: float, kept: Share, *, baseline: float) -> PointCost:
    """What each point above a baseline costs.

    Args:
        amount: The money spent in the window, at least 0.
        kept: The promises kept in it.
        baseline: The share that is kept without that money, from 0 to 1.

    Returns:
        The amount divided by the points above the baseline; none where the share kept is not
        above it by more than chance (the baseline lies within Wilson's interval).

    Raises:
        InvalidValueError: With all arguments that are out of range.

    Example:
        900 bring 90 % where 60 % are kept without them: 30 points.

        >>> round(point_cost(900, Share(900, 1000), baseline=0.6).amount, 9)
        30.0
        >>> point_cost(900, Share(9, 10), baseline=0.6).reason
        'what is kept is not above the baseline of 60 % by more than chance'
    """
    refuse(check_number("amount", amount, low=0), check_number("baseline", baseline, low=0, high=1))
    value, interval = kept.value, kept.interval()
    if value is None or interval is None:
        return PointCost(None, "nothing is decided")
    if interval.low <= baseline:
        above = f"is not above the baseline of {_POINTS * baseline:.10g} %"
        return PointCost(None, f"what is kept {above} by more than chance")
    return PointCost(amount / (_POINTS * (value - baseline)))


def marginal_point_cost(
    amount_before: float, before: Share, amount_after: float, after: Share
) -> PointCost:
    """What each further point cost from one window to the next.

    Where less was spent and less was kept, it is what was saved for each point that was lost.

    Args:
        amount_before: The money spent in the earlier window, at least 0.
        before: The promises kept in it.
        amount_after: The money spent in the later window, at least 0.
        after: The promises kept in it.

    Returns:
        The difference in money divided by that in points; none where the difference in points may
        be chance (its interval contains 0), where as much was spent, and where more money went
        with fewer points or less with more.

    Raises:
        InvalidValueError: With all arguments that are out of range.

    Example:
        500 more brought 10 points more.

        >>> cost = marginal_point_cost(1000, Share(800, 1000), 1500, Share(900, 1000))
        >>> round(cost.amount, 9)
        50.0
        >>> marginal_point_cost(1000, Share(8, 10), 1500, Share(9, 10)).reason
        'the difference to the window before may be chance'
    """
    refuse(
        check_number("amount_before", amount_before, low=0),
        check_number("amount_after", amount_after, low=0),
    )
    interval = difference_interval(after, before)
    if interval is None:
        return PointCost(None, "nothing is decided in one of the two windows")
    if interval.contains(0):
        return PointCost(None, "the difference to the window before may be chance")
    more = amount_after - amount_before
    if not more:
        return PointCost(None, "as much was spent in the window before")
    points = _POINTS * (_value(after) - _value(before))
    if more * points < 0:
        said = "more was spent and fewer kept" if more > 0 else "less was spent and more kept"
        return PointCost(None, f"{said} than in the window before")
    return PointCost(more / points)


def _value(share: Share) -> float:
    assert share.value is not None  # asked only of shares that rest on something
    return share.value
