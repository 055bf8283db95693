"""The customers as they come: how often they would buy, for how much, and what they are like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from custloyal.simulation.arrays import Flags, Floats, Ints, chance

if TYPE_CHECKING:
    from datetime import date

    from numpy.random import Generator

__all__ = ["ACQUISITION_CHANNELS", "KEY", "REFERRAL", "SMALL", "TIERS", "People", "campaign_month"]

ACQUISITION_CHANNELS = ("search", "social", "shop", "partner", "referral")
REFERRAL = ACQUISITION_CHANNELS.index("referral")
_CHANNEL_SHARES = (0.36, 0.24, 0.18, 0.12, 0.10)
_CHANNEL_COSTS = np.array([28.0, 35.0, 12.0, 40.0, 10.0])
TIERS = ("small", "standard", "key")
SMALL, KEY = TIERS.index("small"), TIERS.index("key")

_STRANGERS = 0.20
_PRICE_ONLY, _PRICE_ONLY_IN_CAMPAIGN = 0.06, 0.45
_CAMPAIGN_SHARE = 0.10
_RATE_SHAPE, _RATE_MEAN = 0.9, 1 / 75
_LEAVING_SHAPE, _LEAVING_MEAN = 1.0, 1 / 600
_SPEND_MEDIAN, _SPEND_SIGMA = 32.0, 0.85
_RATE_IN_SPEND = 0.25
_VOCAL = (0.9, 1.3)
_TRUST = (24.0, 15.0)
_POLITE = 0.18
_BUSINESSES = 0.12


@attrs.frozen(eq=False)
class People:
    """One element for each person known; times in days since the start.

    Args:
        contact: The first contact.
        entry: The first purchase; infinite for strangers who never buy.
        rate: Purchases attempted a day while trust is usual.
        leaving: Chance of leaving a day while trust is usual.
        spend: The usual list price of a purchase.
        trust: Trust at the first contact, from 0 to 1.
        vocal: The chance to complain of a bad experience rather than keep silent.
        polite: Who answers surveys kindly, whatever happened.
        price_only: Who buys on discount only.
        in_campaign: Who came with the campaign.
        tier: Place in `TIERS`.
        channel: Place in `ACQUISITION_CHANNELS`.
        cost: What the acquisition cost.
        is_business: Who is a business.
    """

    contact: Floats
    entry: Floats
    rate: Floats
    leaving: Floats
    spend: Floats
    trust: Floats
    vocal: Floats
    polite: Flags
    price_only: Flags
    in_campaign: Flags
    tier: Ints
    channel: Ints
    cost: Floats
    is_business: Flags

    @classmethod
    def drawn(cls, rng: Generator, count: int, *, days: int, campaign: tuple[int, int]) -> People:
        """People as they come, each independent of the others.

        Args:
            rng: Where chance comes from.
            count: How many.
            days: The length of time that is simulated.
            campaign: The first day of the campaign's month, and of the month after.
        """
        entry = days * rng.beta(1.0, 1.35, count)
        in_campaign = rng.random(count) < _CAMPAIGN_SHARE
        campaign_day = campaign[0] + (campaign[1] - campaign[0]) * rng.random(count)
        entry = np.where(in_campaign, campaign_day, entry)
        contact = np.maximum(0.0, entry - rng.gamma(1.5, 12.0, count))
        stranger = (rng.random(count) < _STRANGERS) & ~in_campaign
        bargain = np.where(in_campaign, _PRICE_ONLY_IN_CAMPAIGN, _PRICE_ONLY)
        price_only = chance(rng, bargain)
        rate = rng.gamma(_RATE_SHAPE, _RATE_MEAN / _RATE_SHAPE, count)
        leaving = rng.gamma(_LEAVING_SHAPE, _LEAVING_MEAN / _LEAVING_SHAPE, count)
        leaving = leaving * np.where(in_campaign, 8.0, 1.0) * np.where(price_only, 1.5, 1.0)
        is_business = rng.random(count) < _BUSINESSES
        spend = _SPEND_MEDIAN * np.exp(_SPEND_SIGMA * rng.standard_normal(count))
        spend = spend * (rate / _RATE_MEAN + 0.1) ** _RATE_IN_SPEND * np.where(is_business, 3, 1)
        tier = np.searchsorted(np.array([40.0, 220.0]), spend)
        channel = rng.choice(len(ACQUISITION_CHANNELS), size=count, p=_CHANNEL_SHARES)
        channel = np.where(in_campaign, ACQUISITION_CHANNELS.index("social"), channel)
        cost = _CHANNEL_COSTS[channel] * np.exp(0.3 * rng.standard_normal(count))
        return cls(
            contact=contact,
            entry=np.where(stranger, np.inf, np.maximum(entry, contact)),
            rate=rate,
            leaving=leaving,
            spend=spend,
            trust=rng.beta(*_TRUST, count),
            vocal=rng.beta(*_VOCAL, count),
            polite=rng.random(count) < _POLITE,
            price_only=price_only,
            in_campaign=in_campaign,
            tier=tier,
            channel=channel,
            cost=np.round(cost, 2),
            is_business=is_business,
        )

    def known_by(self, newcomers: Ints) -> People:
        """The people, of whom only these newcomers were referred; the others found a way."""
        channel = np.where(self.channel == REFERRAL, 0, self.channel)
        channel[newcomers] = REFERRAL
        return attrs.evolve(self, channel=channel)


def campaign_month(rng: Generator, start: date, *, days: int) -> tuple[int, int, date]:
    """A calendar month not near either end: its first day, that of the next, and its date."""
    first = np.datetime64(start)
    months = np.arange(first.astype("M8[M]"), (first + days).astype("M8[M]"))
    low = min(3, len(months) - 1)
    month = months[int(rng.integers(low, max(low + 1, len(months) * 2 // 5)))]
    begins = max(0, int((month.astype("M8[D]") - first).astype(np.int64)))
    ends = min(days, int(((month + 1).astype("M8[D]") - first).astype(np.int64)))
    day: date = month.astype("M8[D]").item()
    return begins, ends, day
