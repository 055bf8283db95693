"""What promises measure, which numbers keep them and which are possible at all."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import attrs

if TYPE_CHECKING:
    import narwhals as nw

    from custloyal.rules.service_rule import ServiceRule

__all__ = ["Comparator", "Key", "Measure", "Range", "as_wait", "measure_of"]

Key: TypeAlias = tuple[object, ...]
"""Equal for two promises that measure the same."""


class Comparator(StrEnum):
    """How the measured number must lie to the threshold."""

    AT_MOST = "at most"
    AT_LEAST = "at least"
    BELOW = "below"
    ABOVE = "above"

    @property
    def is_ceiling(self) -> bool:
        """Whether the number must stay low: one that grows can only get worse."""
        return self in (Comparator.AT_MOST, Comparator.BELOW)

    def holds(self, value: nw.Expr, threshold: float) -> nw.Expr:
        """Whether a number keeps the promise."""
        match self:
            case Comparator.AT_MOST:
                return value <= threshold
            case Comparator.AT_LEAST:
                return value >= threshold
            case Comparator.BELOW:
                return value < threshold
            case Comparator.ABOVE:
                return value > threshold


@attrs.frozen
class Range:
    """Numbers between two bounds.

    Args:
        low: The lower bound.
        high: The upper bound.
        has_low: Whether the lower bound is one of them.
        has_high: Whether the upper bound is one of them.

    Example:
        >>> Range(0, 12, has_high=False).meets(Range(12)), Range(0, 12).meets(Range(12))
        (False, True)
        >>> Range(0, 2) in Range(0, 3)
        True
    """

    low: float = -math.inf
    high: float = math.inf
    has_low: bool = attrs.field(default=True, kw_only=True)
    has_high: bool = attrs.field(default=True, kw_only=True)

    @classmethod
    def that_keeps(cls, comparator: Comparator, threshold: float, *, whole: bool) -> Range:
        """The numbers that keep a promise.

        Args:
            comparator: How they lie to the threshold.
            threshold: The threshold.
            whole: Whether there are whole numbers only: then below 3 is at most 2.
        """
        match comparator:
            case Comparator.AT_MOST:
                return cls(high=math.floor(threshold) if whole else threshold)
            case Comparator.BELOW:
                if whole:
                    return cls(high=math.ceil(threshold) - 1)
                return cls(high=threshold, has_high=False)
            case Comparator.AT_LEAST:
                return cls(low=math.ceil(threshold) if whole else threshold)
            case Comparator.ABOVE:
                if whole:
                    return cls(low=math.floor(threshold) + 1)
                return cls(low=threshold, has_low=False)

    def meets(self, other: Range) -> bool:
        """Whether a number lies in both."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        ends = all(each.has(low) and each.has(high) for each in (self, other))
        return low < high or (low == high and ends)

    def __contains__(self, other: Range) -> bool:
        lower = self.low < other.low or (
            self.low == other.low and (self.has_low or not other.has_low)
        )
        higher = self.high > other.high or (
            self.high == other.high and (self.has_high or not other.has_high)
        )
        return lower and higher

    def has(self, number: float) -> bool:
        """Whether a number between the bounds, or on one, is one of them."""
        return (number != self.low or self.has_low) and (number != self.high or self.has_high)


@attrs.frozen
class Measure:
    """What a promise measures.

    Args:
        key: Equal for two promises that measure the same.
        kept: The numbers that keep it.
        possible: The numbers that there can be.
    """

    key: Key
    kept: Range
    possible: Range


def measure_of(rule: ServiceRule) -> Measure:
    """What a rule measures."""
    promise = rule.kept
    return Measure(promise.key(rule.window), promise.keeping, promise.possible)


def as_wait(rule: ServiceRule) -> Measure | None:
    """What a rule about rings says of the seconds that a caller waits; None of other rules."""
    promise = rule.kept
    kept = promise.as_wait
    return None if kept is None else Measure((type(promise).__name__, "wait_s"), kept, Range(0))
