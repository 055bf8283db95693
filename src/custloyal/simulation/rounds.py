"""How the customers live: they buy, they are served, they come to trust or cease to, they leave.

All customers go through the time together, one round a month: within a round trust stands still,
after it trust takes in what happened. What trust adds to the rate of leaving is known, and so is
the reason of each who left: the service, else the price for who buys at a discount only, else
their own.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.random import Generator

from custloyal.simulation.arrays import Floats, Ints, chance, stacked
from custloyal.simulation.cases import Cases, opened
from custloyal.simulation.lives import REASONS, Attempts, Lives, Referrals
from custloyal.simulation.people import REFERRAL, People
from custloyal.simulation.staff import Staff

__all__ = ["lived"]

_ROUND_DAYS = 30
_USUAL_TRUST = 0.60
_EFFECT = 7.0
_ABANDONED, _ABANDONED_BY_DISTRUST = 0.12, 2.5
_ONLINE = 0.75
_CONTACTS_A_DAY = 0.0045
_CONTACT, _CONTACT_IF_LATE, _HABIT_DAYS = 0.55, 0.75, 40
_LATE_IS_BAD, _BAD = 0.25, 0.4
_PURCHASE_IS_GOOD = 0.5
_CLOSES = (2 / 3) ** (1 / 12)
"""What a good experience leaves of what lacks to full trust: twelve lead from a quarter to half."""
_WIN_BACK_AFTER, _WIN_BACK_NEEDS = 45, 25
_ASKED, _BACK, _BACK_FOR_PRICE, _GONE_AGAIN = 0.30, 0.07, 0.40, 0.8
_REFERS_FROM = 0.55
_OWN, _PRICE, _SERVICE = range(len(REASONS))


def lived(rng: Generator, people: People, staff: Staff, *, days: int, effect: float) -> Lives:
    """Let all customers live through the time.

    Args:
        rng: Where chance comes from.
        people: The customers as they come.
        staff: Who serves them.
        days: How long.
        effect: How much trust decides on leaving; 1 is usual, at 0 service drives nothing.
    """
    living = _Living.of(people)
    attempts, cases, referrals = [], [], []
    for start in range(0, days, _ROUND_DAYS):
        end = min(start + _ROUND_DAYS, days)
        months = _Round.begun(rng, people, staff, living, start=start, end=end, effect=effect)
        referrals.append(months.referrals())
        tried = months.attempts()
        served = months.services(tried)
        living.take_in(tried, served)
        attempts += [tried, months.won_back()]
        cases.append(served)
    return Lives(
        attempts=stacked(attempts),
        cases=stacked(cases),
        referrals=stacked(referrals),
        trust=living.trust,
        bad_count=living.bad_count,
        first_bad=living.first_bad,
        first_left=living.first_left,
        left=living.left,
        reason=living.reason,
        asked=living.asked,
        won_back=living.won_back,
    )


@attrs.define(eq=False)
class _Living:
    """The customers' state from round to round."""

    trust: Floats
    here_from: Floats
    bad_count: Ints
    first_bad: Floats
    first_left: Floats
    left: Floats
    reason: Ints
    asked: Floats
    won_back: Floats

    @classmethod
    def of(cls, people: People) -> _Living:
        """As the customers come."""
        count = len(people.entry)
        return cls(
            trust=people.trust.copy(),
            here_from=people.entry.copy(),
            bad_count=np.zeros(count, dtype=np.int64),
            first_bad=np.full(count, np.inf),
            first_left=np.full(count, np.inf),
            left=np.full(count, np.inf),
            reason=np.full(count, -1, dtype=np.int64),
            asked=np.full(count, np.inf),
            won_back=np.full(count, np.inf),
        )

    def take_in(self, tried: Attempts, served: Cases) -> None:
        """Bad experiences halve trust, twelve good ones restore it."""
        size = len(self.trust)
        late = tried.late * _LATE_IS_BAD
        fine = (tried.bought & ~tried.late) * _PURCHASE_IS_GOOD
        customer = np.concatenate([tried.customer, served.customer])
        bad = np.bincount(customer, np.concatenate([late, served.bad]), minlength=size)
        good = np.bincount(customer, np.concatenate([fine, served.good]), minlength=size)
        self.trust = 1 - (1 - self.trust * 0.5**bad) * _CLOSES**good
        worst = served.bad >= _BAD
        self.bad_count += np.bincount(served.customer[worst], minlength=size)
        np.minimum.at(self.first_bad, served.customer[worst], served.at[worst])


@attrs.frozen(eq=False)
class _Round:
    """One month of all customers.

    Args:
        rng: Where chance comes from.
        people: The customers.
        staff: Who serves them.
        living: Their state, which the round changes.
        start: The first day.
        end: The day after the last.
        begin: From when each customer is there.
        until: Until when; the same where they are not.
    """

    rng: Generator
    people: People
    staff: Staff
    living: _Living
    start: int
    end: int
    begin: Floats
    until: Floats

    @classmethod
    def begun(
        cls,
        rng: Generator,
        people: People,
        staff: Staff,
        living: _Living,
        *,
        start: int,
        end: int,
        effect: float,
    ) -> _Round:
        """The month, with who is there, who leaves in it, and why."""
        count = len(living.trust)
        begin = np.maximum(living.here_from, start)
        distrust = np.exp(effect * _EFFECT * (_USUAL_TRUST - living.trust))
        gone = begin + rng.exponential(size=count) / (people.leaving * distrust)
        over_service = rng.random(count) < 1 - 1 / distrust
        here = (begin < end) & np.isinf(living.left)
        leaves = here & (gone < end)
        living.left[leaves] = gone[leaves]
        living.first_left[leaves] = np.minimum(living.first_left, gone)[leaves]
        otherwise = np.where(people.price_only, _PRICE, _OWN)
        living.reason[leaves] = np.where(over_service, _SERVICE, otherwise)[leaves]
        begin = np.where(here, begin, start)
        until = np.where(here, np.where(leaves, gone, end), start)
        return cls(rng, people, staff, living, start, end, begin, until)

    def attempts(self) -> Attempts:
        """First purchases, and later attempts at the customer's own rate."""
        rng, span = self.rng, self.until - self.begin
        counts = rng.poisson(self.people.rate * span / (1 - _ABANDONED))
        newcomer = np.flatnonzero((span > 0) & (self.begin == self.people.entry))
        customer = np.concatenate([newcomer, np.repeat(np.arange(len(span)), counts)])
        first = np.arange(len(customer)) < len(newcomer)
        share = np.where(first, 0.0, rng.random(len(customer)))
        trust = self.living.trust[customer]
        abandoned = _ABANDONED * np.exp(_ABANDONED_BY_DISTRUST * (_USUAL_TRUST - trust))
        bought = first | ~chance(rng, abandoned)
        online = (rng.random(len(customer)) < _ONLINE) | ~bought
        return Attempts(
            customer=customer,
            at=self.begin[customer] + share * span[customer],
            first=first,
            bought=bought,
            online=online,
            late=bought & online & (rng.random(len(customer)) < self.staff.late_rate),
            won_back=np.zeros(len(customer), dtype=np.bool_),
            trust=trust,
        )

    def services(self, tried: Attempts) -> Cases:
        """Cases after purchases, cases out of the blue, and the complaints of some who leave."""
        rng, span = self.rng, self.until - self.begin
        # Who buys often knows how, and asks less often.
        asks = _CONTACT / (1 + _HABIT_DAYS * self.people.rate[tried.customer])
        brings = tried.bought & chance(rng, np.where(tried.late, _CONTACT_IF_LATE, asks))
        buyer, bought_at = tried.customer[brings], tried.at[brings]
        after = bought_at + np.minimum(12.0, self.until[buyer] - bought_at) * rng.random(len(buyer))

        caller = np.repeat(np.arange(len(span)), rng.poisson(span * _CONTACTS_A_DAY))
        called = self.begin[caller] + span[caller] * rng.random(len(caller))

        living = self.living
        over_service = (self.until == living.left) & (living.reason == _SERVICE) & (span > 0)
        leaver = np.flatnonzero(over_service & chance(rng, self.people.vocal))
        parting = self.until[leaver] - np.minimum(6.0, span[leaver]) * rng.random(len(leaver))

        sizes = (len(buyer), len(caller), len(leaver))
        return opened(
            rng,
            self.people,
            self.staff,
            np.concatenate([buyer, caller, leaver]),
            at=np.concatenate([after, called, parting]),
            late=np.concatenate([tried.late[brings], np.zeros(sum(sizes[1:]), dtype=np.bool_)]),
            farewell=np.repeat([False, False, True], sizes),
        )

    def won_back(self) -> Attempts:
        """Offers to some who left; a few come back for the price, and most of them go again."""
        rng, living, count = self.rng, self.living, len(self.until)
        asks = (living.left < self.start - _WIN_BACK_AFTER) & np.isinf(living.asked)
        asks &= (rng.random(count) < _ASKED) & (self.end - self.start > _WIN_BACK_NEEDS)
        asked_at = self.start + 8 * rng.random(count)
        living.asked = np.where(asks, asked_at, living.asked)
        back = asks & chance(rng, np.where(self.people.price_only, _BACK_FOR_PRICE, _BACK))
        bought_at = asked_at + 1 + 8 * rng.random(count)
        goes = rng.random(count) < _GONE_AGAIN
        gone_at = bought_at + 0.5 + 6 * rng.random(count)
        living.won_back = np.where(back, bought_at, living.won_back)
        living.left = np.where(back, np.where(goes, gone_at, np.inf), living.left)
        living.reason = np.where(back, np.where(goes, _PRICE, -1), living.reason)
        living.here_from = np.where(back & ~goes, self.end, living.here_from)
        living.trust = np.where(back & ~goes, _USUAL_TRUST, living.trust)
        customer = np.flatnonzero(back)
        yes = np.ones(len(customer), dtype=np.bool_)
        return Attempts(
            customer=customer,
            at=bought_at[customer],
            first=~yes,
            bought=yes,
            online=yes,
            late=~yes,
            won_back=yes,
            trust=living.trust[customer],
        )

    def referrals(self) -> Referrals:
        """Newcomers of the round who came by word of mouth, each with a customer who trusts."""
        living, start, contact = self.living, self.start, self.people.contact
        told = (self.people.channel == REFERRAL) & (contact >= start) & (contact < self.end)
        trusts = (living.here_from < start) & (self.until > start) & (living.trust > _REFERS_FROM)
        teller, newcomer = np.flatnonzero(trusts), np.flatnonzero(told)
        if not len(teller):
            teller = newcomer = newcomer[:0]
        customer = teller[(self.rng.random(len(newcomer)) * len(teller)).astype(np.int64)]
        room = np.minimum(contact[newcomer], self.until[customer]) - start
        at = start + room * self.rng.random(len(newcomer))
        return Referrals(customer=customer, newcomer=newcomer, at=at)
