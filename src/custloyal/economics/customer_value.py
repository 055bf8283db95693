"""What an acquired customer is worth, and what a customer of a steady base brings."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from custloyal.errors import Mistake, nearest
from custloyal.models.checks import as_number, check_number, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CustomerValue"]

PERIODS = ("day", "week", "month", "quarter", "year")


def _as_margins(value: Iterable[float]) -> Iterable[float | None]:
    """Margins as a tuple of floats; what has no order or no members stays as it is."""
    if not isinstance(value, Iterable) or isinstance(value, str | bytes | Mapping | AbstractSet):
        return value
    return tuple(as_number(margin) for margin in value)


@attrs.frozen(kw_only=True)
class CustomerValue:
    """A customer's value under defection, from margins by age and the share that leaves.

    Of the customers of any age the same share leaves in each period. A margin comes at the start of
    its period: the first one with the acquisition, undiscounted.

    Args:
        defection_share: The share of customers that leaves in a period, from 0 to 1.
        margins: What a customer brings in the first, second, ... period, in money after all costs
            but that of acquisition; at least one. The last one goes on for ever after.
        growth_share: By how much the last margin grows from each period to the next, at least -1;
            0 keeps it flat.
        acquisition_cost_amount: What winning the customer cost, at least 0.
        discount_share: What a period's delay takes from money: after k periods an amount counts
            (1 + share)^-k; at least 0.
        period: What a period is: "day", "week", "month", "quarter" or "year". All arguments are of
            the same period.

    Raises:
        InvalidValueError: With everything that is out of bounds; where late margins grow at least
            as fast as customers leave and money is discounted, so that the value has no end.

    Source:
        F. F. Reichheld, W. E. Sasser, *Zero Defections: Quality Comes to Services*, Harvard
        Business Review 68 (5), 1990, 105-111, for the reasoning and the credit card example.

    Example:
        Where a fifth leaves each year, a customer stays 5 years: 5 times 100, less 80.

        >>> customer = CustomerValue(
        ...     defection_share=0.2, margins=[100], acquisition_cost_amount=80
        ... )
        >>> round(customer.value, 9), round(customer.at(0.1).value, 9)
        (420.0, 920.0)

        In a base of constant size each customer brings 100, and a fifth is replaced at 80 each.

        >>> customer.base_profit_amount
        84.0
    """

    defection_share: float = attrs.field(converter=as_number)
    margins: tuple[float, ...] = attrs.field(converter=_as_margins)
    growth_share: float = attrs.field(default=0.0, converter=as_number)
    acquisition_cost_amount: float = attrs.field(default=0.0, converter=as_number)
    discount_share: float = attrs.field(default=0.0, converter=as_number)
    period: str = "year"

    def __attrs_post_init__(self) -> None:
        refuse(
            check_number("defection_share", self.defection_share, low=0, high=1),
            *_check_margins(self.margins),
            check_number("growth_share", self.growth_share, low=-1),
            check_number("acquisition_cost_amount", self.acquisition_cost_amount, low=0),
            check_number("discount_share", self.discount_share, low=0),
            None
            if self.period in PERIODS
            else Mistake(
                "period",
                f"is {reprlib.repr(self.period)}, must be the name of a period",
                mend=nearest(str(self.period), PERIODS),
            ),
        )
        if self._shrinking(self.discount_share) <= 0:
            refuse(self._endless())
        if not self._is_finite():
            refuse(
                Mistake(
                    "margins",
                    "add up to more than a number can hold",
                    mend="count money in a larger unit, or give a larger defection_share",
                )
            )

    @property
    def value(self) -> float:
        """What an acquired customer is worth in today's money, less the cost of acquisition.

        Source:
            V = -A + sum over k < K of m_k rho^(k-1) + m_K rho^(K-1) / (1 - rho (1 + g)), where
            rho = (1 - defection) / (1 + discount).
        """
        *early, last = self.margins
        rho = (1 - self.defection_share) / (1 + self.discount_share)
        late = (1 + self.discount_share) / self._shrinking(self.discount_share)
        return math.fsum(
            [
                -self.acquisition_cost_amount,
                *(margin * rho**k for k, margin in enumerate(early)),
                last * rho ** len(early) * late,
            ]
        )

    @property
    def base_profit_amount(self) -> float:
        """What a customer of a base of constant size brings in a period, on average of all ages.

        Who leaves is replaced, and the ages have settled: the share (1 - defection)^(k-1) of the
        base is in its k-th period or a later one. Nothing is discounted, since every period is like
        the one before.

        Raises:
            InvalidValueError: Where late margins grow at least as fast as customers leave: the few
                oldest customers would then bring more than any amount.

        Source:
            Sum over all k of defection (1 - defection)^(k-1) m_k, less defection times A.
        """
        if self.growth_share > 0 and self._shrinking(0.0) <= 0:
            refuse(self._growing())
        staying = 1 - self.defection_share
        # Written as what each further period adds to the first margin: for margins that never fall
        # every term is at least 0 and falls with defection, in floating point too.
        rises = (
            (later - earlier) * staying**k
            for k, (earlier, later) in enumerate(pairwise(self.margins), start=1)
        )
        growth = 0.0
        if self.growth_share:
            after = self.margins[-1] * self.growth_share * staying ** len(self.margins)
            growth = after / self._shrinking(0.0)
        replacing = self.defection_share * self.acquisition_cost_amount
        return math.fsum([self.margins[0], *rises, growth, -replacing])

    def at(self, defection_share: float) -> CustomerValue:
        """The same customer where another share leaves in a period.

        Raises:
            InvalidValueError: As on construction.
        """
        return attrs.evolve(self, defection_share=defection_share)

    def _shrinking(self, discount_share: float) -> float:
        """1 - rho (1 + g), times 1 + discount, without the loss of digits near 0."""
        stays = 1 - self.defection_share
        return discount_share + self.defection_share - self.growth_share * stays

    def _is_finite(self) -> bool:
        try:
            return math.isfinite(self.value)
        except (OverflowError, ValueError):  # of a sum: too large, or of both infinities
            return False

    def _endless(self) -> Mistake:
        """Why there is no value, and what would give one."""
        stays = 1 - self.defection_share
        growing = (
            f"the last margin grows by {self.growth_share:g}"
            if self.growth_share
            else "the last margin goes on for ever"
        )
        discount = max(0.0, self.growth_share * stays - self.defection_share)
        mend = f"give a discount_share above {discount:.4g}"
        if self.growth_share > 0 and self.defection_share + self.discount_share > 0:
            highest = (self.defection_share + self.discount_share) / stays
            mend += f", or a growth_share below {highest:.4g}"
        return Mistake(
            "growth_share" if self.growth_share else "discount_share",
            f"gives a value without end: {growing} a {self.period}, while defection of "
            f"{self.defection_share:g} and discount of {self.discount_share:g} do not outweigh it",
            mend=mend,
        )

    def _growing(self) -> Mistake:
        """Why a base of constant size has no profit, and what would give one."""
        growth = self.growth_share
        if self.defection_share > 0:
            lowest = self.defection_share / (1 - self.defection_share)
            mend = f"give a growth_share below {lowest:.4g}"
        else:
            mend = f"give a defection_share above {growth / (1 + growth):.4g}"
        return Mistake(
            "growth_share",
            f"is {growth:g}, and for a base of constant size, which nothing discounts, late "
            f"margins grow faster than defection of {self.defection_share:g} ends them",
            mend=mend,
        )


def _check_margins(margins: object) -> Iterator[Mistake | None]:
    if not isinstance(margins, tuple) or not margins:
        yield Mistake(
            "margins",
            f"is {reprlib.repr(margins)}, must be a list of at least one margin",
            mend="one is enough where it is the same in every period: [40]",
        )
    else:
        yield from (check_number(f"margins[{k}]", margin) for k, margin in enumerate(margins))
