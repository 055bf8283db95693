"""The transaction: purchases, deliveries, returns, carts left behind, and rewards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from custloyal.simulation.arrays import Flags, Floats, Ints, chance, lognormal, taken
from custloyal.simulation.staff import DELIVERY
from custloyal.simulation.table import CATEGORIES, Block, block, either, only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

    from custloyal.simulation.lives import Attempts
    from custloyal.simulation.opening_hours import OpeningHours
    from custloyal.simulation.world import World

__all__ = ["Orders", "order_rows"]

_HOUR, _DAY = 3_600.0, 86_400.0
_OPEN_DAY = 12 * _HOUR
_SHARES = (0.44, 0.06, 0.08, 0.18, 0.14, 0.10)
_PRICES = np.array([0.8, 4.0, 2.2, 0.9, 0.7, 1.2])
_MARGINS = np.array([0.52, 0.30, 0.33, 0.48, 0.55, 0.45])
_ON_OFFER, _PRICE_ONLY_ON_OFFER = 0.15, 0.97
_LEAST_PRICE = 4.0
_VISITED = 0.35
_FOLLOWED_UP, _SAID_HOW = 0.40, 0.30
_RETURNED, _RETURNED_IF_LATE = 0.045, 0.12
_REWARD_EVERY = 5


@attrs.frozen(eq=False)
class Orders:
    """One element for each purchase.

    Args:
        customer: Whose, by place.
        number: The order's number, by which its rows belong together.
        at: The instant of the purchase.
        delivered: The instant of delivery, for what was bought online.
        online: On the website, else in the shop.
        late: Delivered late.
        won_back: Bought on the offer to those who had left.
        trust: The customer's trust at the time.
        category: Place in `CATEGORIES`.
        list_amount: The list price.
        amount: What was paid.
        margin_amount: What was left of it after the cost of the goods.
    """

    customer: Ints
    number: Ints
    at: Ints
    delivered: Ints
    online: Flags
    late: Flags
    won_back: Flags
    trust: Floats
    category: Ints
    list_amount: Floats
    amount: Floats
    margin_amount: Floats

    @classmethod
    def drawn(cls, rng: Generator, world: World) -> Orders:
        """What was bought at each attempt that ended in a purchase."""
        people, hours = world.people, world.hours
        bought = taken(world.lives.attempts, world.lives.attempts.bought)
        customer, count = bought.customer, len(bought.customer)
        at = hours.instant(bought.at)
        online = bought.online | ~hours.is_open(at)
        days = lognormal(rng, np.where(bought.late, 6.0, 1.8), 0.3)
        category = rng.choice(len(CATEGORIES), size=count, p=_SHARES)
        price = lognormal(rng, people.spend[customer] * _PRICES[category], 0.45)
        list_amount = np.round(np.maximum(price, _LEAST_PRICE), 2).astype(np.float64)
        price_only = people.price_only[customer]
        offered = chance(rng, np.where(price_only, _PRICE_ONLY_ON_OFFER, _ON_OFFER))
        deep = price_only | bought.won_back
        share = np.where(deep, 0.25, 0.05) + 0.20 * rng.random(count)
        share = np.where(bought.won_back, share + 0.10, share)
        share = np.where(offered | bought.won_back, np.round(share, 2), 0.0)
        amount = np.round(list_amount * (1 - share), 2)
        cost = np.round(list_amount * (1 - _MARGINS[category]), 2)
        return cls(
            customer=customer,
            number=np.arange(count),
            at=at,
            delivered=hours.after(at, days * _OPEN_DAY),
            online=online,
            late=bought.late,
            won_back=bought.won_back,
            trust=bought.trust,
            category=category,
            list_amount=list_amount,
            amount=amount,
            margin_amount=np.round(amount - cost, 2),
        )

    @property
    def received(self) -> Ints:
        """When the customer had the goods."""
        return np.where(self.online, self.delivered, self.at)


def order_rows(rng: Generator, world: World, orders: Orders) -> Iterator[Block]:
    """The rows of purchases and of what surrounds them; an order's rows share its case.

    Args:
        rng: Where chance comes from.
        world: Who delivers, and what customers set out to buy.
        orders: What was bought.
    """
    hours, tried = world.hours, world.lives.attempts
    count = len(orders.customer)
    money = {
        "list_amount": orders.list_amount,
        "amount": orders.amount,
        "margin_amount": orders.margin_amount,
    }
    order: Block = {"customer_id": orders.customer, "case_id": orders.number}
    goods: Block = {**order, "category": orders.category}
    visited = orders.online & (rng.random(count) < _VISITED)
    yield only(
        block(
            customer_id=orders.customer,
            occurred_at=orders.at - 60 - rng.integers(3_000, size=count),
            kind="visit",
            channel="website",
            touch_point="website",
            initiated_by="customer",
        ),
        visited,
    )
    yield block(
        **goods,
        **money,
        occurred_at=orders.at,
        kind="purchase",
        channel=either("channel", orders.online, "website", "shop"),
        touch_point=either("touch_point", orders.online, "website", "counter"),
        initiated_by="customer",
        currency="EUR",
    )
    deliverer = world.staff.somebody(rng, np.full(count, DELIVERY))
    yield only(
        block(
            **goods,
            occurred_at=orders.delivered,
            kind="delivery",
            channel="mail",
            department="Delivery",
            agent_id=deliverer,
            touch_point="parcel",
            initiated_by="business",
        ),
        orders.online,
    )
    felt = np.clip(np.where(orders.late, -0.3, 2 * orders.trust - 0.7), -1, 1)
    yield only(
        block(
            **goods,
            occurred_at=hours.after(orders.delivered, _OPEN_DAY * (1 + 3 * rng.random(count))),
            kind="follow_up",
            channel="phone",
            department="Delivery",
            agent_id=deliverer,
            touch_point="call",
            initiated_by="business",
            outcome=np.where(rng.random(count) < _SAID_HOW, np.round(felt, 1), np.nan),
        ),
        orders.online & (rng.random(count) < _FOLLOWED_UP),
    )
    wait = (_DAY * (1 + 9 * rng.random(count))).astype(np.int64)
    yield only(
        block(
            **goods,
            **{name: -amount for name, amount in money.items()},
            occurred_at=orders.received + wait,
            kind="return",
            channel="website",
            touch_point="parcel",
            initiated_by="customer",
            currency="EUR",
        ),
        chance(rng, np.where(orders.late, _RETURNED_IF_LATE, _RETURNED)),
    )
    yield from _carts(rng, taken(tried, ~tried.bought), hours)
    yield _rewards(orders, hours)


def _carts(rng: Generator, tried: Attempts, hours: OpeningHours) -> Iterator[Block]:
    """What was put into a cart and left there."""
    count, at = len(tried.customer), hours.instant(tried.at)
    category = rng.choice(len(CATEGORIES), size=count, p=_SHARES)
    for kind, later in (("visit", 0), ("cart", 120), ("abandonment", 1_500)):
        yield block(
            customer_id=tried.customer,
            occurred_at=at + later,
            kind=kind,
            channel="website",
            touch_point="website",
            category=category,
            initiated_by="customer",
        )


def _rewards(orders: Orders, hours: OpeningHours) -> Block:
    """A reward the day after every fifth purchase."""
    order = np.lexsort((orders.number, orders.at, orders.customer))
    customer = orders.customer[order]
    begins = np.searchsorted(customer, customer, side="left")
    rank = np.arange(len(order)) - begins + 1
    due = order[rank % _REWARD_EVERY == 0]
    return block(
        customer_id=orders.customer[due],
        occurred_at=hours.after(orders.at[due], np.full(len(due), _OPEN_DAY)),
        kind="reward",
        channel="email",
        touch_point="message",
        topic="loyalty",
        initiated_by="business",
    )
