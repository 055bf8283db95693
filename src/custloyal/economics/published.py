"""The registry of claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from custloyal.economics.claims import (
    Claim,
    ClaimKind,
    CostRatioClaim,
    ExperienceClaim,
    GainClaim,
)
from custloyal.models.frozen_mapping import FrozenMapping

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ACQUISITION_COST_CLAIM", "CLAIMS", "GAIN_CLAIMS", "TWELVE_TO_ONE_CLAIM"]

_REICHHELD_1996 = {
    "advertising agency": 0.95,
    "bank branch deposits": 0.85,
    "publishing": 0.85,
    "auto and home insurance": 0.84,
    "auto service": 0.81,
    "credit cards": 0.75,
    "industrial distribution": 0.45,
    "software": 0.35,
}


def _reichheld_1996(population: str, share: float) -> GainClaim:
    return GainClaim(
        name=f"{population.replace(' ', '_')}_1996",
        statement=f"5 points less defection raise the value of a customer by {share:.0%}.",
        low=share,
        high=share,
        population=population,
        year=1996,
        source="F. F. Reichheld, The Loyalty Effect, Harvard Business School Press, p. 36",
        scope=(
            "net present value per customer, not the profit of a company; the margins, defection "
            "and discount behind it are not known here"
        ),
        kind=ClaimKind.CALCULATION,
    )


_AUTO_SERVICE_1990 = GainClaim(
    name="auto_service_1990",
    statement="5% less defection raises the profits of an auto service chain by 30%.",
    low=0.30,
    high=0.30,
    population="one auto service chain",
    year=1990,
    source=(
        "F. F. Reichheld, W. E. Sasser, Zero Defections: Quality Comes to Services, Harvard "
        "Business Review 68 (5), 105-111"
    ),
    scope=(
        "said of profits; 5% is read as 5 points of defection; the book of 1996 gives 81% for "
        "auto service"
    ),
    kind=ClaimKind.CALCULATION,
)

ACQUISITION_COST_CLAIM = CostRatioClaim(
    name="acquisition_cost_2014",
    statement="Winning a customer costs 5 to 25 times as much as keeping one.",
    low=5,
    high=25,
    population="companies, industries not told apart",
    year=2014,
    source="A. Gallo, The Value of Keeping the Right Customers, Harvard Business Review, October",
    scope=(
        "depends on the study and the industry, says the article; what counts as a cost of "
        "keeping is left open"
    ),
    kind=ClaimKind.RULE_OF_THUMB,
)
"""What winning a customer costs beside keeping one."""

TWELVE_TO_ONE_CLAIM = ExperienceClaim(
    name="twelve_to_one_2012",
    statement="It takes 12 good experiences to make up for one bad one that was not put right.",
    low=12,
    high=12,
    population="customers, not further described",
    year=2012,
    source="R. Newell-Legner, Understanding Customers",
    scope=(
        "the original bears no date that could be found: the year is that of the earliest dated "
        "quotation seen; no data are shown"
    ),
    kind=ClaimKind.RULE_OF_THUMB,
)
"""The ratio on which the trust score is built, as a convention."""

GAIN_CLAIMS: Mapping[str, GainClaim] = FrozenMapping(
    {
        claim.name: claim
        for claim in (
            *(_reichheld_1996(*row) for row in _REICHHELD_1996.items()),
            _AUTO_SERVICE_1990,
        )
    }
)
"""What 5 points less defection gain, by industry and year: "credit_cards_1996"."""

CLAIMS: Mapping[str, Claim] = FrozenMapping(
    {
        **GAIN_CLAIMS,
        ACQUISITION_COST_CLAIM.name: ACQUISITION_COST_CLAIM,
        TWELVE_TO_ONE_CLAIM.name: TWELVE_TO_ONE_CLAIM,
    }
)
"""Every claim, by its name."""
