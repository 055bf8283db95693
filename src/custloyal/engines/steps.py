"""Business time as engines compute it: a function of whole numbers that rises in steps.

Both directions, from an instant to business time and back, are one kind of function: from each
edge on, f(x) = min(x + shift, limit). An engine finds the edge by the slot in which x lies, which
is a division and a look at a table, and much quicker than a search.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeAlias

import attrs
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from custloyal.models import BusinessCalendar

__all__ = ["DAY_US", "END", "FIRST", "Numbers", "Slots", "Steps", "openings_of", "steps_of"]

Numbers: TypeAlias = "NDArray[np.int64]"

FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2099, 12, 31)
"""The days in UTC that the functions know; other instants have no business time in a table."""

DAY_US = 86_400_000_000
FIRST, END = (
    (day.toordinal() - date(1970, 1, 1).toordinal() + after) * DAY_US
    for day, after in ((FIRST_DAY, 0), (LAST_DAY, 1))
)
_MOST_SLOTS = 6_000_000
_FAR = 1 << 60
"""Further than any instant or business time."""


@attrs.frozen(eq=False)
class Slots:
    """A function in slots of equal width, in each of which it is one of two kinds.

    With p the number packed for the slot of x, f(x) = min(x + p, far - p): where the function
    rises p is its shift, which leaves the second far above; where it stands p is far less its
    limit, which leaves the first above.

    Args:
        first: Where the first slot begins.
        width: How wide a slot is.
        packed: A number for each slot.
        far: The number from which limits are taken away.
    """

    first: int
    width: int
    packed: Numbers
    far: int = _FAR


@attrs.frozen(eq=False)
class Steps:
    """A function of whole numbers: f(x) = min(x + shift, limit) from each edge to the next.

    Args:
        edges: Where each part begins, in rising order.
        shifts: What is added in each part.
        limits: What each part does not exceed.
        end: The first number after the last part; there, and before the first edge, f is null.
    """

    edges: Numbers
    shifts: Numbers
    limits: Numbers
    end: int

    @cached_property
    def slots(self) -> Slots | None:
        """The function in slots; None where they would be too many."""
        first = int(self.edges[0])
        # Where a part stops to rise: it stands from there to the next edge.
        tops = self.limits - self.shifts
        nexts = np.append(self.edges[1:], self.end)
        turns = np.unique(np.concatenate([self.edges, np.minimum(tops, nexts), nexts[-1:]])) - first
        width = int(np.gcd.reduce(turns))
        count = (self.end - first) // width
        if count > _MOST_SLOTS:
            return None
        starts = first + np.arange(count, dtype=np.int64) * width
        part = np.searchsorted(self.edges, starts, side="right") - 1
        rises = starts < tops[part]
        packed = np.where(rises, self.shifts[part], _FAR - self.limits[part])
        return Slots(first, width, packed)


@lru_cache(maxsize=16)
def steps_of(calendar: BusinessCalendar, *, to_instant: bool) -> Steps:
    """The function from instants to business time, or the one back; in microseconds.

    Args:
        calendar: When the business is open.
        to_instant: Whether it is the function from business time to the first instant by which
            so much has passed.
    """
    opens, closes, before = openings_of(calendar)
    if not to_instant:
        return Steps(opens, before - opens, before + closes - opens, END)
    # By the end of a stretch its time has passed at closing time: the next one begins a
    # microsecond later.
    total = int(before[-1] + closes[-1] - opens[-1])
    return Steps(before[1:] + 1, (opens - before)[1:], closes[1:], total + 1)


@lru_cache(maxsize=16)
def openings_of(calendar: BusinessCalendar) -> tuple[Numbers, Numbers, Numbers]:
    """Opening and closing instants, and the business time before each."""
    # Local days reach over the days in UTC by less than a day at either end.
    days = (date.fromordinal(FIRST_DAY.toordinal() - 2), date.fromordinal(LAST_DAY.toordinal() + 2))
    found = np.array(calendar.openings(*days), dtype=np.int64).reshape(-1, 2).clip(FIRST, END)
    found = found[found[:, 0] < found[:, 1]]
    # The first part begins with the days, whether or not anything is open then.
    opens, closes = np.vstack([[[FIRST, FIRST]], found]).T.copy()
    return opens, closes, np.append(0, np.cumsum(closes - opens)[:-1])
