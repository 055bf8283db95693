"""What fewer defections gain, per acquired customer and for a base of constant size."""

from __future__ import annotations

import attrs

from custloyal.economics.customer_value import CustomerValue
from custloyal.errors import Mistake
from custloyal.models.checks import check_number, refuse

__all__ = ["Gain", "gain"]


@attrs.frozen(kw_only=True)
class Gain:
    """What some points less defection are worth, seen in the two ways that differ most.

    Per acquired customer the gain counts everything that the customer will ever bring. A company
    whose base stays at one size gains less: it needs fewer new customers and has older ones.

    Args:
        points: The percentage points of defection that were taken away.
        before: The customer with the defection share as it was.
        after: The customer with the lower one.
        customer_amount: What it adds to the value of an acquired customer.
        customer_share: The same as a share of the value before; None where that is not above 0.
        base_amount: What it adds in a period to the profit per customer of a base of constant
            size, once the ages of its customers have settled.
        base_share: The same as a share of that profit before; None where that is not above 0.
    """

    points: float
    before: CustomerValue
    after: CustomerValue
    customer_amount: float
    customer_share: float | None
    base_amount: float
    base_share: float | None

    @property
    def sentences(self) -> tuple[str, str, str, str]:
        """What changes, the two gains, and what they assume."""
        before, after = self.before, self.after
        period = before.period
        unit = "point" if self.points == 1 else "points"
        margins = ", ".join(map(_short, before.margins))
        growth = f"{before.growth_share:+.1%} a {period}" if before.growth_share else "flat"
        change = (
            f"{self.points:g} {unit} less defection a {period} "
            f"({100 * before.defection_share:.3g}% to {100 * after.defection_share:.3g}%)."
        )
        customer = (
            f"Per acquired customer: {_change(self.customer_share)} "
            f"({before.value:,.2f} to {after.value:,.2f})."
        )
        base = (
            f"For a base of constant size: {_change(self.base_share)} "
            f"({before.base_profit_amount:,.2f} to {after.base_profit_amount:,.2f} "
            f"a customer and {period})."
        )
        assumed = (
            f"Assumed: margins {margins}, then {growth}; acquisition "
            f"{_short(before.acquisition_cost_amount)}; discount {before.discount_share:.1%} a "
            f"{period}, of the acquired customer only."
        )
        return change, customer, base, assumed

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def _short(amount: float) -> str:
    """To the cent, without the cents where there are none."""
    return f"{round(amount, 2):,.15g}"


def gain(customer: CustomerValue, *, points: float = 5.0) -> Gain:
    """What some points less defection are worth, per acquired customer and for a steady base.

    Neither gain is negative where margins are at least 0 and never fall with age. Where they fall,
    a base of constant size can lose: it then has fewer of its best customers, the new ones.

    Args:
        customer: The customer as it is today.
        points: Percentage points of defection to take away, from 0 to all of it: 5 turns a
            defection share of 0.10 into 0.05.

    Returns:
        Both gains.

    Raises:
        InvalidValueError: Where the points exceed the defection there is, or a value or profit
            after them would have no end.

    Example:
        The credit card customer of 1990, from 10 to 5 % a year.

        >>> customer = CustomerValue(
        ...     defection_share=0.10, margins=[30, 42, 44, 49, 55], acquisition_cost_amount=51
        ... )
        >>> print(gain(customer, points=5))
        5 points less defection a year (10% to 5%).
        Per acquired customer: +121.9% (449.02 to 996.58).
        For a base of constant size: +11.0% (44.90 to 49.83 a customer and year).
        Assumed: margins 30, 42, 44, 49, 55, then flat; acquisition 51; discount 0.0% a year, of the
        acquired customer only.

        A flat margin without cost of acquisition: twice the years make twice the value, and a base
        of constant size gains nothing at all.

        >>> flat = gain(CustomerValue(defection_share=0.10, margins=[40]), points=5)
        >>> round(flat.customer_share, 9), flat.base_share
        (1.0, 0.0)
    """
    refuse(check_number("points", points, low=0))
    share = points / 100
    if share > customer.defection_share:
        most = f"{100 * customer.defection_share:g}"
        refuse(
            Mistake(
                "points",
                f"is {points:g}, more than the defection of {most} points",
                mend=f"give at most {most}",
            )
        )
    after = customer.at(customer.defection_share - share)
    base_before, base_after = customer.base_profit_amount, after.base_profit_amount
    return Gain(
        points=float(points),
        before=customer,
        after=after,
        customer_amount=after.value - customer.value,
        customer_share=_share(customer.value, after.value),
        base_amount=base_after - base_before,
        base_share=_share(base_before, base_after),
    )


def _share(before: float, after: float) -> float | None:
    return (after - before) / before if before > 0 else None


def _change(share: float | None) -> str:
    return "no share, since it was not above 0" if share is None else f"{share:+z.1%}"
