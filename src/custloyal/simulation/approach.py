"""Before the first purchase: strangers see, visit, ask, and some of them buy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from custloyal.simulation.arrays import Floats, chance
from custloyal.simulation.people import REFERRAL
from custloyal.simulation.staff import DEPARTMENTS
from custloyal.simulation.table import Block, block, either, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

    from custloyal.simulation.opening_hours import OpeningHours
    from custloyal.simulation.people import People
    from custloyal.simulation.world import World

__all__ = ["approach_rows"]

_LOOKS = 20.0
"""Days for which somebody who never buys keeps looking, on average."""
_NAMELESS = 0.6
_TIMES = (
    # Kind, times for who will buy, times for who will not, channel, touch point.
    ("exposure", 1.0, 1.2, "advertisement", "advertisement"),
    ("visit", 1.4, 1.2, "website", "website"),
    ("inquiry", 0.25, 0.25, "email", "message"),
    ("consultation", 0.12, 0.05, "shop", "counter"),
    ("quote", 0.12, 0.06, "email", "message"),
    ("cart", 0.30, 0.10, "website", "website"),
)
_BY_STAFF = ("consultation", "quote")


def approach_rows(rng: Generator, world: World) -> Iterator[Block]:
    """The rows of those who come to know the business, with and without a name.

    Args:
        rng: Where chance comes from.
        world: Who they are, and who advises them.
    """
    people, staff, hours, days = world.people, world.staff, world.hours, world.days
    count = len(people.contact)
    buys = np.isfinite(people.entry)
    looks = people.contact + rng.exponential(_LOOKS, count)
    until = np.where(buys, people.entry, np.maximum(looks, people.contact + 1))
    yield _first_contact(people, hours)
    sales = DEPARTMENTS.index("Sales")
    for kind, if_buys, if_not, channel, touch_point in _TIMES:
        who = np.repeat(np.arange(count), rng.poisson(np.where(buys, if_buys, if_not)))
        at = people.contact[who] + (until - people.contact)[who] * rng.random(len(who))
        by_staff = kind in _BY_STAFF
        agent = staff.somebody(rng, np.full(len(who), sales))
        instant = hours.instant(at)
        yield block(
            customer_id=who,
            occurred_at=hours.after(instant, np.ones(len(who))) if by_staff else instant,
            kind=kind,
            channel=channel,
            touch_point=touch_point,
            initiated_by="business" if kind in ("exposure", "quote") else "customer",
            **({"department": "Sales", "agent_id": agent} if by_staff else {}),
        )
    yield _nameless(rng, hours, round(_NAMELESS * count) * days / 730, days)


def _first_contact(people: People, hours: OpeningHours) -> Block:
    """How each came to know the business; by word of mouth for those who were referred."""
    referred = people.channel == REFERRAL
    return block(
        customer_id=np.arange(len(people.contact)),
        occurred_at=hours.instant(people.contact),
        kind="exposure",
        channel=np.where(referred, -1, words("channel", "advertisement")),
        touch_point=np.where(referred, -1, words("touch_point", "advertisement")),
        topic=np.where(referred, words("topic", "recommendation"), -1),
        initiated_by=either("initiated_by", referred, "partner", "business"),
    )


def _nameless(rng: Generator, hours: OpeningHours, expected: float, days: int) -> Block:
    """Visits of people whose name is not known."""
    at: Floats = days * rng.random(int(expected))
    saw = chance(rng, np.full(len(at), 0.4))
    return block(
        customer_id=np.full(len(at), -1),
        occurred_at=hours.instant(at),
        kind=either("kind", saw, "exposure", "visit"),
        channel=either("channel", saw, "advertisement", "website"),
        initiated_by=either("initiated_by", saw, "business", "customer"),
    )
