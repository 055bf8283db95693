"""What customers say and allow, and what the business does of its own accord."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from custloyal.simulation.arrays import chance
from custloyal.simulation.people import SMALL
from custloyal.simulation.table import Block, block, only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

    from custloyal.simulation.lives import Lives
    from custloyal.simulation.opening_hours import OpeningHours
    from custloyal.simulation.orders import Orders
    from custloyal.simulation.people import People
    from custloyal.simulation.world import World

__all__ = ["voice_rows"]

_OPEN_DAY = 12 * 3_600.0
_DAY = 86_400
_INVOICED_WITH_SURVEY = 0.80
_RESPONDED, _MOVED = 0.15, 0.30
_PASSIVE, _PASSIVE_FROM = 8.5, 6.5
_REVIEWED, _INCENTIVISED = 0.05, 0.25
_TESTIFIED, _STUDIED, _TRUSTING = 0.05, 0.20, 0.55
_GRANTED, _WITHDRAWN = 0.62, 0.12
_NEWSLETTER_DAYS = 120


def voice_rows(rng: Generator, world: World, orders: Orders) -> Iterator[Block]:
    """Surveys, reviews, references, referrals, consents, newsletters and offers to come back.

    Args:
        rng: Where chance comes from.
        world: All customers, and what happened to them.
        orders: What they bought.
    """
    people, lives, hours = world.people, world.lives, world.hours
    yield _net_promoter(rng, world, orders)
    yield _reviews(rng, people, orders)
    yield from _references(rng, world)
    yield block(
        customer_id=lives.referrals.customer,
        occurred_at=hours.instant(lives.referrals.at),
        kind="referral",
        topic="recommendation",
        initiated_by="customer",
        referred_customer_id=lives.referrals.newcomer,
        incentivised=(rng.random(len(lives.referrals.at)) < _INCENTIVISED).astype(np.int64),
    )
    yield from _consents(rng, people, hours, world.days)
    yield _offers(lives, hours)


def _net_promoter(rng: Generator, world: World, orders: Orders) -> Block:
    """A survey with most invoices, from 0 to 10; few answer, and rather those who were moved."""
    people, hours, presence = world.people, world.hours, world.presence
    count = len(orders.customer)
    asked_at = hours.after(orders.received, _OPEN_DAY * (0.5 + 3 * rng.random(count)))
    said = 3.9 + 6.2 * orders.trust - 2.0 * orders.late + 1.1 * rng.standard_normal(count)
    polite = people.polite[orders.customer]
    said = np.clip(np.round(np.where(polite, np.maximum(said, 9.0), said)), 0, 10)
    moved = (said > _PASSIVE) | (said < _PASSIVE_FROM - 1)
    answers = chance(rng, np.where(moved, _MOVED, _RESPONDED))
    answers &= ~presence.gone(orders.customer, asked_at)
    rows = block(
        customer_id=orders.customer,
        case_id=orders.number,
        occurred_at=asked_at,
        kind="survey",
        channel="email",
        touch_point="invoice",
        category=orders.category,
        initiated_by="business",
        rating=np.where(answers, said, np.nan),
        rating_min=0.0,
        rating_max=10.0,
        survey_kind="nps",
    )
    return only(rows, rng.random(count) < _INVOICED_WITH_SURVEY)


def _reviews(rng: Generator, people: People, orders: Orders) -> Block:
    """Reviews from 1 to 5 stars of some purchases."""
    count = len(orders.customer)
    incentivised = rng.random(count) < _INCENTIVISED
    stars = 1.4 + 4.0 * orders.trust - 0.8 * orders.late + 0.4 * incentivised
    stars = stars + 0.4 * people.polite[orders.customer] + 0.8 * rng.standard_normal(count)
    rows = block(
        customer_id=orders.customer,
        case_id=orders.number,
        occurred_at=orders.received + _DAY + rng.integers(10 * _DAY, size=count),
        kind="review",
        channel="website",
        touch_point="website",
        category=orders.category,
        initiated_by="customer",
        rating=np.clip(np.round(stars), 1, 5),
        rating_min=1.0,
        rating_max=5.0,
        incentivised=incentivised.astype(np.int64),
    )
    return only(rows, rng.random(count) < _REVIEWED)


def _references(rng: Generator, world: World) -> Iterator[Block]:
    """Testimonials of customers who trust, case studies of large businesses among them."""
    people, lives, hours, days = world.people, world.lives, world.hours, world.days
    stays = np.isfinite(people.entry) & np.isinf(lives.left) & (lives.trust > _TRUSTING)
    entry = np.where(stays, people.entry, 0.0)
    large = (people.tier > SMALL) & people.is_business
    for kind, share in (
        ("testimonial", np.full(len(entry), _TESTIFIED)),
        ("case_study", np.where(large, _STUDIED, 0.0)),
    ):
        at = days - (days - entry) * rng.random(len(entry)) / 2
        customer = np.flatnonzero(stays & chance(rng, share))
        yield block(
            customer_id=customer,
            occurred_at=hours.instant(at[customer]),
            kind=kind,
            initiated_by="business" if kind == "case_study" else "customer",
            incentivised=0,
        )


def _consents(rng: Generator, people: People, hours: OpeningHours, days: int) -> Iterator[Block]:
    """Consent to the newsletter at the first purchase, its withdrawal, and the newsletters."""
    customer = np.flatnonzero(np.isfinite(people.entry))
    entry = people.entry[customer]
    granted = rng.random(len(customer)) < _GRANTED
    withdraws = granted & (rng.random(len(customer)) < _WITHDRAWN)
    until = np.where(withdraws, entry + 5 + (days - entry) * rng.random(len(customer)), np.inf)
    choice = {"kind": "consent", "channel": "website", "purpose": "newsletter"}
    yield block(
        customer_id=customer,
        occurred_at=hours.instant(entry) + 30,
        initiated_by="customer",
        granted=granted.astype(np.int64),
        **choice,
    )
    # Who has left may withdraw too: by a link in a newsletter that still comes.
    yield block(
        customer_id=customer[withdraws],
        occurred_at=hours.instant(until[withdraws]),
        initiated_by="customer",
        granted=0,
        **choice,
    )
    for sent in range(_NEWSLETTER_DAYS, days, _NEWSLETTER_DAYS):
        reader = customer[granted & (entry < sent) & (until > sent + 1)]
        yield block(
            customer_id=reader,
            occurred_at=hours.midnight(np.full(len(reader), float(sent))) + 10 * 3_600,
            kind="outreach",
            channel="email",
            touch_point="message",
            topic="newsletter",
            initiated_by="business",
        )


def _offers(lives: Lives, hours: OpeningHours) -> Block:
    """A discount offered to some of those who left."""
    customer = np.flatnonzero(np.isfinite(lives.asked))
    instant = hours.instant(lives.asked[customer])
    return block(
        customer_id=customer,
        occurred_at=hours.after(instant, np.ones(len(customer))),
        kind="outreach",
        channel="email",
        touch_point="message",
        topic="win-back",
        initiated_by="business",
    )
