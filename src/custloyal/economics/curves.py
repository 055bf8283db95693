"""How value and gain depend on defection, as points to look at."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from custloyal.economics.gain import gain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from custloyal.economics.customer_value import CustomerValue

__all__ = ["GainPoint", "ValuePoint", "gain_curve", "value_curve"]


@attrs.frozen(kw_only=True)
class ValuePoint:
    """A customer's value and a base's profit at one share of defection.

    Args:
        defection_share: The share that leaves in a period.
        value_amount: What an acquired customer is worth.
        base_profit_amount: What a customer of a base of constant size brings in a period.
    """

    defection_share: float
    value_amount: float
    base_profit_amount: float


@attrs.frozen(kw_only=True)
class GainPoint:
    """Both gains from some points less defection.

    Args:
        points: Percentage points of defection that are taken away.
        customer_share: The gain per acquired customer, as a share; None where its value before is
            not above 0.
        base_share: The gain of a base of constant size, as a share; None likewise.
    """

    points: float
    customer_share: float | None
    base_share: float | None


def value_curve(
    customer: CustomerValue, *, defection_shares: Iterable[float] | None = None
) -> list[ValuePoint]:
    """Value and profit over the share that leaves.

    Args:
        customer: The customer; its own defection share does not matter.
        defection_shares: Where to look; None for every whole per cent from 1 to 100 at which
            both the value and the profit have an end.

    Returns:
        A point for each share, in the order given.

    Raises:
        InvalidValueError: Where a share is given that allows no value or no profit.

    Example:
        >>> from custloyal.economics import CustomerValue
        >>> customer = CustomerValue(defection_share=0.2, margins=[100])
        >>> [point.value_amount for point in value_curve(customer, defection_shares=[0.25, 0.5])]
        [400.0, 200.0]
    """
    growth = customer.growth_share
    if defection_shares is None:
        # Above growth / (1 + growth) defection outweighs growth.
        outweighed = 100 * max(0.0, growth) / (1 + max(0.0, growth))
        first = min(100, 1 + math.floor(outweighed + 1e-9))
        defection_shares = [percent / 100 for percent in range(first, 101)]
    found = [customer.at(share) for share in defection_shares]
    return [
        ValuePoint(
            defection_share=each.defection_share,
            value_amount=each.value,
            base_profit_amount=each.base_profit_amount,
        )
        for each in found
    ]


def gain_curve(customer: CustomerValue, *, points: Iterable[float]) -> list[GainPoint]:
    """Both gains over the points of defection that are taken away.

    Args:
        customer: The customer as it is today.
        points: Percentage points, each from 0 to the defection there is.

    Returns:
        A point for each, in the order given.

    Raises:
        InvalidValueError: As from `gain`.

    Example:
        >>> from custloyal.economics import CustomerValue
        >>> customer = CustomerValue(
        ...     defection_share=0.2, margins=[100], acquisition_cost_amount=250
        ... )
        >>> for point in gain_curve(customer, points=[0, 10]):
        ...     print(point.points, round(point.customer_share, 9), round(point.base_share, 9))
        0.0 0.0 0.0
        10.0 2.0 0.5
    """
    found = (gain(customer, points=each) for each in points)
    return [
        GainPoint(
            points=each.points, customer_share=each.customer_share, base_share=each.base_share
        )
        for each in found
    ]
