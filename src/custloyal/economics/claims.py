"""Figures that are quoted about loyalty, each with its source, and one's own beside them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

import attrs

from custloyal.economics.cost_ratio import CostRatio
from custloyal.economics.gain import Gain, gain
from custloyal.errors import Mistake
from custloyal.models.checks import (
    as_number,
    as_word,
    check_count,
    check_number,
    check_text,
    check_word,
    refuse,
)

if TYPE_CHECKING:
    from custloyal.economics.customer_value import CustomerValue

__all__ = [
    "Claim",
    "ClaimKind",
    "CostRatioClaim",
    "ExperienceClaim",
    "GainClaim",
    "Reestimate",
]


_Own = TypeVar("_Own", Gain, CostRatio)


class ClaimKind(StrEnum):
    """What a published figure rests on, as far as its source says."""

    CALCULATION = "calculation"
    """A model's result on the figures of some companies."""
    RULE_OF_THUMB = "rule_of_thumb"
    """A number that is passed on; its source shows no data."""


def _as_kind(value: str) -> ClaimKind:
    return as_word(ClaimKind, value)


@attrs.frozen(kw_only=True)
class Claim:
    """A published figure, with what must be known to judge it.

    Args:
        name: What it is called here.
        statement: What is claimed, in one sentence, the figure included.
        low: The figure, or the lowest of a range: a share or a ratio.
        high: The highest of a range; `low` again where it is one figure.
        population: Whom it is about.
        year: The year of the source.
        source: Who published it, and where.
        scope: What the figure counts, and what it leaves open.
        kind: What it rests on.

    Raises:
        InvalidValueError: Where anything is missing; the source and the year above all.

    Example:
        >>> Claim(
        ...     name="rumour",
        ...     statement="Loyal customers are worth ten times as much.",
        ...     low=10,
        ...     high=10,
        ...     population="customers",
        ...     year=2010,
        ...     source="",
        ...     scope="value",
        ...     kind="rule_of_thumb",
        ... )
        Traceback (most recent call last):
        custloyal.errors.InvalidValueError: source: is '', must be text that is not empty
    """

    name: str
    statement: str
    low: float = attrs.field(converter=as_number)
    high: float = attrs.field(converter=as_number)
    population: str
    year: int
    source: str
    scope: str
    kind: ClaimKind = attrs.field(converter=_as_kind)

    def __attrs_post_init__(self) -> None:
        refuse(
            check_text("name", self.name, optional=False),
            check_text("statement", self.statement, optional=False),
            check_number("low", self.low),
            check_number("high", self.high),
            check_text("population", self.population, optional=False),
            check_count("year", self.year, low=1),
            check_text("source", self.source, optional=False),
            check_text("scope", self.scope, optional=False),
            check_word("kind", self.kind, ClaimKind, optional=False),
        )
        refuse(check_number("high", self.high, low=self.low))

    def __str__(self) -> str:
        what = {
            ClaimKind.CALCULATION: "a calculation",
            ClaimKind.RULE_OF_THUMB: "a rule of thumb",
        }
        return f"{self.statement} ({what[self.kind]}; {self.source}, {self.year})"


@attrs.frozen(kw_only=True)
class Reestimate(Generic[_Own]):
    """A claim and a company's own figure, side by side.

    Args:
        claim: What was published.
        own: The company's own figures.
        population: Whom these are about.
        differences: What keeps the two from being compared as they are, a sentence each.
    """

    claim: Claim
    own: _Own
    population: str
    differences: tuple[str, ...]

    def __str__(self) -> str:
        own = str(self.own).replace("\n", "\n  ")
        differences = "".join(f"\n  {each}" for each in self.differences)
        return f"Claimed: {self.claim}\nOwn, {self.population}:\n  {own}\nDiffers:{differences}"


@attrs.frozen(kw_only=True)
class GainClaim(Claim):
    """A published gain from some points less defection in a year.

    Args:
        points: The percentage points of defection that are taken away, above 0.
    """

    points: float = attrs.field(default=5.0, converter=as_number)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        refuse(check_number("points", self.points, above=0), check_number("low", self.low, above=0))

    @property
    def implied_share(self) -> float:
        """Defection and discount, added, at which a flat margin without other costs gives it.

        With a flat margin and no cost of acquisition the gain is points / (share - points), so a
        claim of 25 % means 25 %, and one of 95 % means 10.3 %. Of a range, its low end counts.
        """
        share = self.points / 100
        return share + share / self.low

    def reestimated(self, customer: CustomerValue, *, population: str) -> Reestimate[Gain]:
        """The same points less defection on a company's own customers.

        Args:
            customer: Their value, in periods of any length.
            population: Who they are, in words.

        Returns:
            The claim, both own gains, and what differs.

        Raises:
            InvalidValueError: As from `gain`, and where the population is not named.

        Example:
            >>> from custloyal.economics import GAIN_CLAIMS, CustomerValue
            >>> claim = GAIN_CLAIMS["credit_cards_1996"]
            >>> customer = CustomerValue(defection_share=0.10, margins=[40])
            >>> print(claim.reestimated(customer, population="our subscribers, 2024"))
            Claimed: 5 points less defection raise the value of a customer by 75%. (a calculation;
            F. F. Reichheld, The Loyalty Effect, Harvard Business School Press, p. 36, 1996)
            Own, our subscribers, 2024:
              5 points less defection a year (10% to 5%).
              Per acquired customer: +100.0% (400.00 to 800.00).
              For a base of constant size: +0.0% (40.00 to 40.00 a customer and year).
              Assumed: margins 40, then flat; acquisition 0; discount 0.0% a year, of the acquired
              customer only.
            Differs:
              Population: claimed of credit cards; own are our subscribers, 2024.
              Scope: net present value per customer, not the profit of a company; the margins,
              defection and discount behind it are not known here.
              Defection and discount: a flat margin without cost of acquisition gives the claim
              where they add up to 11.7%; own add up to 10.0%.
        """
        _check_population(population)
        own = gain(customer, points=self.points)
        differences = [
            f"Population: claimed of {self.population}; own are {population}.",
            f"Scope: {self.scope}.",
        ]
        if customer.period != "year":
            differences.append(
                f"Period: the claim's points are of a year, own ones of a {customer.period}."
            )
        together = customer.defection_share + customer.discount_share
        differences.append(
            "Defection and discount: a flat margin without cost of acquisition gives the claim "
            f"where they add up to {self.implied_share:.1%}; own add up to {together:.1%}."
        )
        return Reestimate(
            claim=self, own=own, population=population, differences=tuple(differences)
        )


@attrs.frozen(kw_only=True)
class CostRatioClaim(Claim):
    """A published ratio of the cost of winning a customer to that of keeping one."""

    def reestimated(self, costs: CostRatio, *, population: str) -> Reestimate[CostRatio]:
        """A company's own ratio beside it.

        Args:
            costs: The company's own costs.
            population: Whose they are, in words.

        Returns:
            The claim, the own ratio, and what differs.

        Raises:
            InvalidValueError: Where the population is not named.

        Example:
            >>> from custloyal.economics import ACQUISITION_COST_CLAIM
            >>> costs = CostRatio(
            ...     acquisition_cost_amount=30_000,
            ...     acquired_count=500,
            ...     retention_cost_amount=36_000,
            ...     retained_count=1_800,
            ... )
            >>> own = ACQUISITION_COST_CLAIM.reestimated(costs, population="our shops, 2024")
            >>> own.own.value, own.differences[0]
            (3.0, 'Range: own, 3.0 to 1, lies below the claimed 5 to 25.')
        """
        _check_population(population)
        differences = [
            f"Population: claimed of {self.population}; own are {population}.",
            f"Scope: {self.scope}.",
        ]
        if costs.value is not None:
            where = "within"
            if not self.low <= costs.value <= self.high:
                where = "below" if costs.value < self.low else "above"
            claimed = f"{self.low:g} to {self.high:g}"
            differences.insert(
                0, f"Range: own, {costs.value:,.1f} to 1, lies {where} the claimed {claimed}."
            )
        return Reestimate(
            claim=self, own=costs, population=population, differences=tuple(differences)
        )


@attrs.frozen(kw_only=True)
class ExperienceClaim(Claim):
    """A published ratio of good experiences to a bad one; money cannot check it."""


def _check_population(population: str) -> None:
    mistake = check_text("population", population, optional=False)
    mend = 'say whom the numbers are about: "our subscribers, 2024"'
    refuse(mistake and Mistake(mistake.path, mistake.message, mend=mend))
