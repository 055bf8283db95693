"""What is settled before the first row is written: the people, the staff, and what happened."""

from __future__ import annotations

import attrs
import numpy as np

from custloyal.simulation.arrays import Flags, Ints
from custloyal.simulation.lives import Lives
from custloyal.simulation.opening_hours import OpeningHours
from custloyal.simulation.people import People
from custloyal.simulation.staff import Staff

__all__ = ["Presence", "World"]


@attrs.frozen(eq=False)
class Presence:
    """From when to when each customer was there, as instants; far off where that did not end.

    Args:
        left: When they left for good.
        first_left: When they left first.
        back: When they came back.
    """

    left: Ints
    first_left: Ints
    back: Ints

    @classmethod
    def of(cls, lives: Lives, hours: OpeningHours) -> Presence:
        """Leaving is the midnight after the day of leaving, so no purchase comes later."""
        return cls(
            left=hours.midnight(np.ceil(lives.left)),
            first_left=hours.midnight(np.ceil(lives.first_left)),
            back=hours.midnight(np.floor(lives.won_back)),
        )

    def gone(self, customer: Ints, instant: Ints) -> Flags:
        """Whether each customer had left at the time; nobody has not."""
        away = (instant >= self.first_left[customer]) & (instant < self.back[customer])
        gone: Flags = (customer >= 0) & (away | (instant >= self.left[customer]))
        return gone


@attrs.frozen(eq=False, kw_only=True)
class World:
    """The people, who serves them, what happened, and when the business is open.

    Args:
        people: The customers.
        staff: The departments and agents.
        lives: What happened to the customers.
        hours: When the business is open.
        days: The length of time that is simulated.
        presence: When the customers were there.
    """

    people: People
    staff: Staff
    lives: Lives
    hours: OpeningHours
    days: int
    presence: Presence = attrs.field(init=False)

    @presence.default
    def _presence(self) -> Presence:
        return Presence.of(self.lives, self.hours)
