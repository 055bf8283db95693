"""Open stretches: joined where they touch, and some days of them, to be searched."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["StretchBlock", "joined"]


@attrs.frozen(eq=False)
class StretchBlock:
    """The stretches of some days in a row, and the business time before each.

    Business time between two instants far apart is then a sum over blocks and two searches.
    """

    opens: list[int]
    closes: list[int]
    before: list[int]
    total: int

    @classmethod
    def of(cls, stretches: Iterable[tuple[int, int]]) -> StretchBlock:
        """The block of stretches, which are in order."""
        opens, closes = [], []
        for since, until in stretches:
            opens.append(since)
            closes.append(until)
        lengths = (until - since for since, until in zip(opens, closes, strict=True))
        *before, total = accumulate(lengths, initial=0)
        return cls(opens, closes, before, total)

    def passed(self, instant: int) -> int:
        """The business time from the begin of the block up to an instant."""
        place = bisect_right(self.opens, instant) - 1
        if place < 0:
            return 0
        return self.before[place] + min(instant, self.closes[place]) - self.opens[place]

    def reached(self, passed: int) -> int:
        """The first instant by which so much business time has passed, at most all of it."""
        place = bisect_left(self.before, passed) - 1
        return self.opens[place] + passed - self.before[place]


def joined(stretches: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Stretches, of which those that touch, as at midnight, are one."""
    kept: tuple[int, int] | None = None
    for opens, closes in stretches:
        if kept and kept[1] == opens:
            kept = kept[0], closes
            continue
        if kept:
            yield kept
        kept = opens, closes
    if kept:
        yield kept
