"""What it is worth that customers stay: arithmetic on a company's own numbers, without tables.

A customer's value under defection, what fewer defections gain (per acquired customer and for a base
of constant size, always together), what winning costs beside keeping, and the figures that are
quoted about all this, each with its source and year.
"""

from custloyal.economics.break_even import BreakEven, break_even
from custloyal.economics.claims import (
    Claim,
    ClaimKind,
    CostRatioClaim,
    ExperienceClaim,
    GainClaim,
    Reestimate,
)
from custloyal.economics.cost_ratio import CostRatio
from custloyal.economics.curves import GainPoint, ValuePoint, gain_curve, value_curve
from custloyal.economics.customer_value import CustomerValue
from custloyal.economics.gain import Gain, gain
from custloyal.economics.published import (
    ACQUISITION_COST_CLAIM,
    CLAIMS,
    GAIN_CLAIMS,
    TWELVE_TO_ONE_CLAIM,
)

__all__ = [
    "ACQUISITION_COST_CLAIM",
    "CLAIMS",
    "GAIN_CLAIMS",
    "TWELVE_TO_ONE_CLAIM",
    "BreakEven",
    "Claim",
    "ClaimKind",
    "CostRatio",
    "CostRatioClaim",
    "CustomerValue",
    "ExperienceClaim",
    "Gain",
    "GainClaim",
    "GainPoint",
    "Reestimate",
    "ValuePoint",
    "break_even",
    "gain",
    "gain_curve",
    "value_curve",
]
