"""How a case comes in, and what all of its rows have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from custloyal.simulation.arrays import Flags, Floats, Ints, lognormal
from custloyal.simulation.table import Block, block, only, whole, words
from custloyal.simulation.world import World

if TYPE_CHECKING:
    from numpy.random import Generator

    from custloyal.simulation.cases import Cases

__all__ = ["Course"]

_CHANNELS = ("phone", "email", "chat", "shop")
_CHANNEL_SHARES = (0.42, 0.33, 0.15, 0.10)
_WAITS = np.array([6.5, np.nan, 40.0, 120.0])
_TOUCH_POINTS = ("call", "message", "website", "counter")


@attrs.frozen(eq=False)
class Course:
    """The cases with the times of what happens in them, as instants.

    Args:
        world: Where it happens.
        numbers: The places of their ids.
        channel: Place in the vocabulary of channels.
        touch_point: Place in the vocabulary of touch points.
        at: When each was opened.
        wait_s: What the customer waited for somebody to answer; null for mail.
    """

    world: World
    numbers: Ints
    channel: Ints
    touch_point: Ints
    at: Ints
    wait_s: Floats

    @classmethod
    def begun(cls, rng: Generator, world: World, *, first_number: int) -> Course:
        """How each case comes in: who comes when nobody is there writes a mail."""
        cases, staff, hours = world.lives.cases, world.staff, world.hours
        count, at = len(cases.customer), hours.instant(cases.at)
        place = rng.choice(len(_CHANNELS), size=count, p=_CHANNEL_SHARES)
        place = np.where(hours.is_open(at), place, _CHANNELS.index("email"))
        slow = staff.slowness[staff.agent_department[cases.agents[:, 0]]]
        return cls(
            world=world,
            numbers=first_number + np.arange(count),
            channel=words("channel", *_CHANNELS)[place],
            touch_point=words("touch_point", *_TOUCH_POINTS)[place],
            at=at,
            wait_s=whole(lognormal(rng, _WAITS[place] * slow, 0.55)),
        )

    @property
    def cases(self) -> Cases:
        """What happens in the cases."""
        return self.world.lives.cases

    def gone(self, at: Ints) -> Flags:
        """Whether the customer of each case had left at the time."""
        return self.world.presence.gone(self.cases.customer, at)

    def slowness(self, agent: Ints) -> Floats:
        """The factor of the answering times where each agent works."""
        return self.world.staff.slowness[self.world.staff.agent_department[agent]]

    def rows(self, which: Flags, *, agent: Ints, at: Ints, kind: Ints | str, **more: Any) -> Block:
        """Rows of some cases: what happened when, at whose hands."""
        rows = block(
            customer_id=self.cases.customer,
            case_id=self.numbers,
            occurred_at=at,
            kind=kind,
            channel=self.channel,
            touch_point=self.touch_point,
            topic=self.cases.topic,
            department=self.world.staff.agent_department[agent],
            agent_id=agent,
            **{"initiated_by": "business", **more},
        )
        return only(rows, which)
