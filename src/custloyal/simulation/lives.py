"""What happens to the customers, as arrays: what they set out to buy, whom they told, who left."""

from __future__ import annotations

import attrs

from custloyal.simulation.arrays import Flags, Floats, Ints
from custloyal.simulation.cases import Cases

__all__ = ["REASONS", "Attempts", "Lives", "Referrals"]

REASONS = ("own", "price", "service")
"""Why customers leave."""


@attrs.frozen(eq=False)
class Attempts:
    """One element for each time that a customer set out to buy.

    Args:
        customer: Who, by place.
        at: When, in days.
        first: The first purchase.
        bought: Whether it was bought; else the cart was left behind.
        online: On the website, else in the shop.
        late: Bought, and delivered late.
        won_back: Bought on the offer made to those who had left.
        trust: The customer's trust at the time.
    """

    customer: Ints
    at: Floats
    first: Flags
    bought: Flags
    online: Flags
    late: Flags
    won_back: Flags
    trust: Floats


@attrs.frozen(eq=False)
class Referrals:
    """Who told whom of the business, and when (in days)."""

    customer: Ints
    newcomer: Ints
    at: Floats


@attrs.frozen(eq=False)
class Lives:
    """What happened to all customers; times in days, infinite where a thing did not happen."""

    attempts: Attempts
    cases: Cases
    referrals: Referrals
    trust: Floats
    bad_count: Ints
    first_bad: Floats
    first_left: Floats
    left: Floats
    reason: Ints
    asked: Floats
    won_back: Floats
