"""How many points of retention an amount must bring, and how many new customers it would bring."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from custloyal.economics.customer_value import CustomerValue
from custloyal.models.checks import check_count, check_number, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BreakEven", "break_even"]

STEPS = 1_000
HALVINGS = 60


@attrs.frozen(kw_only=True)
class BreakEven:
    """What an amount spent on retention must bring to pay, and what else it could buy.

    Args:
        customer: The customer as it is without that amount.
        retention_cost_amount: What is spent on the whole base in each period.
        customers_count: The customers of the base.
        customer_points: The fewest percentage points less defection at which an acquired customer
            is worth as much as before, its part of the cost taken off; None where no defection is
            low enough.
        base_points: The same for the profit of a base of constant size.
        new_customers_count: How many customers the amount would win in a period at the average cost
            of acquisition; None where that is 0. The next customers tend to cost more.
        new_customers_amount: What these would be worth, cost of acquisition taken off.
    """

    customer: CustomerValue
    retention_cost_amount: float
    customers_count: int
    customer_points: float | None
    base_points: float | None
    new_customers_count: float | None
    new_customers_amount: float | None

    @property
    def sentences(self) -> tuple[str, str, str, str]:
        """What is spent, what must come of it in the two views, and what else it could buy."""
        period = self.customer.period
        each = self.retention_cost_amount / self.customers_count
        won = "No cost of acquisition is known, so nothing can be said of new customers."
        if self.new_customers_count is not None:
            won = (
                f"Spent on acquisition it would win {self.new_customers_count:,.1f} customers a "
                f"{period}, worth {self.new_customers_amount:,.2f}, if they cost what others did."
            )
        spent = (
            f"{self.retention_cost_amount:,.2f} a {period} for {self.customers_count:,} customers "
            f"({each:,.2f} each), at {100 * self.customer.defection_share:g}% defection."
        )
        customer = f"Per acquired customer it pays {_from(self.customer_points)}."
        base = f"For a base of constant size it pays {_from(self.base_points)}."
        return spent, customer, base, won

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def break_even(
    customer: CustomerValue, *, retention_cost_amount: float, customers_count: int
) -> BreakEven:
    """How much retention must rise for an amount spent on it to pay.

    Each customer bears the same part of the amount, at the start of every period that it stays. The
    two views differ as the two gains do: in a base of constant size, keeping customers with a flat
    margin saves nothing but the acquisition of others.

    Args:
        customer: The customer as it is without that amount.
        retention_cost_amount: What is spent on the whole base in each period, at least 0.
        customers_count: The customers of the base, at least 1.

    Returns:
        The points of both views and the new customers that the amount would win. Where margins are
        below the cost in some later period, or fall, more than one stretch of points can pay: it is
        the first one that is given, if it is longer than a thousandth of all the points there are.

    Raises:
        InvalidValueError: Where an amount or a count is out of bounds, or the base has no profit.

    Example:
        10 a customer are a tenth of the margin, so the customer must stay 10/9 as long: defection
        of 18 instead of 20 %. In the base, 10 pay when they save 0.05 acquisitions at 200 each.

        >>> customer = CustomerValue(
        ...     defection_share=0.2, margins=[100], acquisition_cost_amount=200
        ... )
        >>> print(break_even(customer, retention_cost_amount=10_000, customers_count=1_000))
        10,000.00 a year for 1,000 customers (10.00 each), at 20% defection.
        Per acquired customer it pays from 2.00 points less defection.
        For a base of constant size it pays from 5.00 points less defection.
        Spent on acquisition it would win 50.0 customers a year, worth 15,000.00, if they cost what
        others did.
    """
    refuse(
        check_number("retention_cost_amount", retention_cost_amount, low=0),
        check_count("customers_count", customers_count, low=1),
    )
    each = retention_cost_amount / customers_count
    value, profit = customer.value, customer.base_profit_amount

    def customer_gain(defection_share: float) -> float:
        changed = customer.at(defection_share)
        leaving = customer.discount_share + defection_share
        cost = each * (1 + customer.discount_share) / leaving if leaving else math.inf
        return changed.value - cost - value

    def base_gain(defection_share: float) -> float:
        return customer.at(defection_share).base_profit_amount - each - profit

    acquisition = customer.acquisition_cost_amount
    won = None if acquisition == 0 else retention_cost_amount / acquisition
    found = {
        "customer_points": _fewest(customer_gain, customer, customer.discount_share),
        "base_points": _fewest(base_gain, customer, 0.0),
    }
    if each == 0:
        found = dict.fromkeys(found, 0.0)
    return BreakEven(
        customer=customer,
        retention_cost_amount=float(retention_cost_amount),
        customers_count=customers_count,
        new_customers_count=won,
        new_customers_amount=None if won is None else won * value,
        **found,
    )


def _fewest(
    gain_at: Callable[[float], float], customer: CustomerValue, discount_share: float
) -> float | None:
    """The fewest points that gain at least nothing: the first step that does, halved."""
    highest, growth = customer.defection_share, customer.growth_share
    lowest = 0.0 if growth <= discount_share else (growth - discount_share) / (1 + growth)
    # Where margins outgrow defection there may be no end to the sums, so the bound stays outside.
    lowest += max(1e-9 * (highest - lowest), 1e-14)
    if lowest >= highest:
        return None
    step = (highest - lowest) / STEPS
    too_high = highest
    for count in range(1, STEPS + 1):
        pays = lowest if count == STEPS else highest - count * step
        if gain_at(pays) >= 0:
            break
        too_high = pays
    else:
        return None
    for _ in range(HALVINGS):
        middle = (pays + too_high) / 2
        if gain_at(middle) >= 0:
            pays = middle
        else:
            too_high = middle
    return 100 * (highest - pays)


def _from(points: float | None) -> str:
    return (
        "at no lower defection" if points is None else f"from {points:,.2f} points less defection"
    )
