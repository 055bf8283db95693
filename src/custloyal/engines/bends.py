"""Business time as engines that join compute it: in a few thousand slots, with what bends there.

A function that rises with the hours of opening and stands between them is, but for a constant, half
the sum of |x - opening| - |x - closing|. Of a day that is a number and its few openings and
closings, so that one row for each day says the whole function, and nothing has to be searched.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import attrs
import numpy as np

from custloyal.engines.steps import DAY_US, END, FIRST, Numbers, openings_of

if TYPE_CHECKING:
    from custloyal.models import BusinessCalendar

__all__ = ["NO_SLOT", "Bends", "bends_of"]

NO_SLOT = 65_535
"""The highest number of 16 bits: the slot of what lies in none."""

_MOST_SLOTS = 65_000


@attrs.frozen(eq=False)
class Bends:
    """A function in wide slots, in each of which it has a few bends.

    From an instant to business time each bend is an opening and a closing, and the function is
    base + half the sum of |x - opening| - |x - closing|. Back from business time each bend is an
    edge and a step, and the function is x + base + the sum of the steps whose edge x has reached.

    Args:
        first: Where the first slot begins.
        width: How wide a slot is.
        end: The first number after the last slot; there, and before the first slot, f is null.
        base: A number for each slot; there are less than 65,535.
        bends: The pairs of numbers for each slot, as many as the fullest slot has; (0, 0), which
            adds nothing, where a slot has less.
    """

    first: int
    width: int
    end: int
    base: Numbers
    bends: tuple[tuple[Numbers, Numbers], ...]

    @classmethod
    def of(
        cls,
        slot: Numbers,
        bends: tuple[Numbers, Numbers],
        *,
        base: Numbers,
        first: int,
        width: int,
        end: int,
    ) -> Bends:
        """Put bends, in rising order, beside each other where they lie in one slot."""
        place = np.arange(len(slot)) - np.searchsorted(slot, slot)
        wide = np.zeros((2, place.max(initial=0) + 1, len(base)), dtype=np.int64)
        wide[:, place, slot] = bends
        return cls(first, width, end, base, tuple(zip(*wide, strict=True)))


@lru_cache(maxsize=16)
def bends_of(calendar: BusinessCalendar, *, to_instant: bool) -> Bends:
    """The function from instants to business time, or the one back; in microseconds.

    Args:
        calendar: When the business is open.
        to_instant: Whether it is the function from business time to the first instant by which
            so much has passed.
    """
    opens, closes, before = openings_of(calendar)
    if not to_instant:
        return _days(opens, closes)
    total = int(before[-1] + closes[-1] - opens[-1])
    width = total // _MOST_SLOTS + 1
    starts = np.arange(1, total + 1, width, dtype=np.int64)
    edges, shifts = before[1:] + 1, (opens - before)[1:]
    slot = (edges - 1) // width
    inside = edges > starts[slot]  # an edge at which a slot begins is in its base
    base = shifts[np.searchsorted(edges, starts, side="right") - 1]
    steps = np.diff(shifts, prepend=0)
    bends = (edges[inside], steps[inside])
    return Bends.of(slot[inside], bends, base=base, first=1, width=width, end=total + 1)


def _days(opens: Numbers, closes: Numbers) -> Bends:
    """Business time by days in UTC, with their openings and closings."""
    opens, closes = opens[1:], closes[1:]  # the first one is empty
    first, last = (opens - FIRST) // DAY_US, (closes - 1 - FIRST) // DAY_US
    # Stretches over midnight are cut there.
    lasts = last - first + 1
    day = np.repeat(first - np.append(0, np.cumsum(lasts)[:-1]), lasts) + np.arange(lasts.sum())
    starts = FIRST + day * DAY_US
    opens = np.maximum(np.repeat(opens, lasts), starts)
    closes = np.minimum(np.repeat(closes, lasts), starts + DAY_US)
    count = (END - FIRST) // DAY_US
    open_us = np.zeros(count, dtype=np.int64)
    np.add.at(open_us, day, closes - opens)
    base = np.cumsum(open_us) - open_us // 2  # business time by the middle of that of the day
    return Bends.of(day, (opens, closes), base=base, first=FIRST, width=DAY_US, end=END)
