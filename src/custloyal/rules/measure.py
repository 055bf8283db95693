"""What promises measure, which numbers keep them and which are possible at all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import attrs

from custloyal.rules.clocked import Clocked
from custloyal.rules.counted import Contacted, Counted, HandedOn
from custloyal.rules.followed import Followed
from custloyal.rules.measured import FEELING, UNSIGNED, LastMeasured, Measured
from custloyal.rules.promise import Comparator

if TYPE_CHECKING:
    from custloyal.rules.promise import Promise
    from custloyal.rules.service_rule import ServiceRule

__all__ = ["Measure", "Range", "as_wait", "measure_of"]

Key: TypeAlias = tuple[object, ...]
"""Equal for two promises that measure the same."""

_RINGS, _WAIT = "rings", "wait_s"


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
    possible = _possible(promise)
    whole = promise.unit in ("times", "handoffs") or _column(promise) == _RINGS
    kept = Range.that_keeps(promise.comparator, promise.bound, whole=whole)
    return Measure(_key(rule), kept, possible)


def as_wait(rule: ServiceRule) -> Measure | None:
    """What a rule about rings says of the seconds that a caller waits; None of other rules.

    At most k rings have begun until the next one starts, and at least k from when the k-th did.
    """
    promise = rule.kept
    if not isinstance(promise, Measured) or promise.column != _RINGS:
        return None
    rings, cadence = measure_of(rule).kept, promise.cadence
    if promise.comparator.is_ceiling:
        kept = Range(high=cadence.starts_at_s(int(rings.high) + 1), has_high=False)
    else:
        kept = Range(low=cadence.starts_at_s(int(rings.low)))
    return Measure((type(promise).__name__, _WAIT), kept, Range(0))


def _column(promise: Promise) -> str:
    return promise.column if isinstance(promise, Measured) else ""


def _possible(promise: Promise) -> Range:
    if _column(promise) == FEELING:
        return Range(-1, 1)
    is_signed = isinstance(promise, Measured) and promise.column not in UNSIGNED
    return Range() if is_signed else Range(0)


def _key(rule: ServiceRule) -> Key:
    promise = rule.kept
    kind = type(promise).__name__
    match promise:
        case LastMeasured() | Measured():
            return (kind, promise.column)
        case HandedOn():
            return (kind, promise.by)
        case Counted():
            return (kind, promise.of)
        case Contacted():
            return (kind, promise.of, rule.window)
        case Clocked():
            clock = (promise.stops, promise.starts, promise.reopens, promise.waits)
            return (kind, *clock, promise.calendar)
        case Followed():
            return (kind, promise.by, promise.same, promise.once, promise.calendar)
        case _:
            return (kind, promise)
