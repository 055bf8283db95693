"""Shares that carry what they rest on, so that they merge and say how sure they are."""

from __future__ import annotations

import math

import attrs

from custloyal.errors import Mistake
from custloyal.models.checks import as_count, as_number, check_count, check_number, refuse

__all__ = ["Interval", "Share", "difference_interval", "wilson"]


@attrs.frozen
class Interval:
    """The bounds between which an estimate lies with some confidence, both inside.

    Args:
        low: The lower bound, in the unit of the estimate.
        high: The upper bound, not below `low`.

    Raises:
        InvalidValueError: Where a bound is not a finite number or `high` is below `low`.

    Example:
        >>> interval = Interval(0.25, 0.75)
        >>> interval.width, interval.contains(0.75), interval.contains(0.8)
        (0.5, True, False)
    """

    low: float = attrs.field(converter=as_number)
    high: float = attrs.field(converter=as_number)

    def __attrs_post_init__(self) -> None:
        refuse(check_number("low", self.low), check_number("high", self.high))
        refuse(check_number("high", self.high, low=self.low))

    @property
    def width(self) -> float:
        """The distance from the lower to the upper bound."""
        return self.high - self.low

    def contains(self, value: float) -> bool:
        """Whether a value lies between the bounds or on one of them."""
        return self.low <= value <= self.high


def wilson(mean: float, size: float, *, z: float = 1.96) -> Interval:
    """Wilson's score interval of a share, which always contains the share.

    Args:
        mean: The share, from 0 to 1.
        size: How many observations it rests on, not necessarily a whole number; 0 means none.
        z: The normal quantile; 1.96 is 95 % confidence.

    Returns:
        The bounds, within 0 and 1; both ends of that range where nothing was observed.

    Raises:
        InvalidValueError: Where an argument lies outside its range.

    Source:
        Wilson (1927), Probable inference, the law of succession, and statistical inference,
        Journal of the American Statistical Association 22 (158), 209-212.

    Example:
        With size = z = 1 and mean = 0 the roots of (p - 0)**2 = p * (1 - p) are 0 and 1/2.

        >>> wilson(0.0, 1.0, z=1.0)
        Interval(low=0.0, high=0.5)
    """
    refuse(
        check_number("mean", mean, low=0, high=1),
        check_number("size", size, low=0),
        check_number("z", z, above=0),
    )
    square = z * z
    centre = size * mean + square / 2
    spread = z * math.sqrt(size * mean * (1 - mean) + square / 4)
    low = (centre - spread) / (size + square)
    high = (centre + spread) / (size + square)
    return Interval(max(0.0, min(low, mean)), min(1.0, max(high, mean)))


@attrs.frozen
class Share:
    """How many of how many, with how many more of which it is not known.

    Args:
        numerator: The count that has the property.
        denominator: The count of which it is known whether they have it.
        unknown: The count of which it is not known; in neither of the two others.

    Raises:
        InvalidValueError: Where a count is negative or not whole, or the numerator exceeds the
            denominator.

    Example:
        >>> may, june = Share(1, 4), Share(3, 4, unknown=2)
        >>> may + june, (may + june).value
        (Share(numerator=4, denominator=8, unknown=2), 0.5)
    """

    numerator: int = attrs.field(converter=as_count)
    denominator: int = attrs.field(converter=as_count)
    unknown: int = attrs.field(default=0, converter=as_count)

    def __attrs_post_init__(self) -> None:
        refuse(
            check_count("numerator", self.numerator),
            check_count("denominator", self.denominator),
            check_count("unknown", self.unknown),
        )
        if self.numerator > self.denominator:
            refuse(Mistake("numerator", f"{self.numerator} exceeds {self.denominator} in all"))

    @property
    def value(self) -> float | None:
        """The share, from 0 to 1; None where the denominator is 0."""
        return self.numerator / self.denominator if self.denominator else None

    def interval(self, *, z: float = 1.96) -> Interval | None:
        """Wilson's interval of the share; None where the denominator is 0.

        Args:
            z: The normal quantile; 1.96 is 95 % confidence.

        Example:
            >>> interval = Share(10, 100).interval()
            >>> round(interval.low, 9), round(interval.high, 9)
            (0.055228542, 0.174367304)
        """
        value = self.value
        return None if value is None else wilson(value, self.denominator, z=z)

    def merge(self, other: Share) -> Share:
        """The share of both groups together, which must not overlap."""
        return Share(
            self.numerator + other.numerator,
            self.denominator + other.denominator,
            self.unknown + other.unknown,
        )

    def __add__(self, other: Share) -> Share:
        return self.merge(other)


def difference_interval(one: Share, other: Share, *, z: float = 1.96) -> Interval | None:
    """The interval of the difference of two independent shares, from Wilson's of each.

    Args:
        one: The share from which the other is taken.
        other: The share that is taken from it.
        z: The normal quantile; 1.96 is 95 % confidence.

    Returns:
        The bounds, within -1 and 1; None where one of the two rests on nothing.

    Source:
        Newcombe (1998), Interval estimation for the difference between independent proportions,
        Statistics in Medicine 17, 873-890, method 10.

    Example:
        The paper's first case, 56 of 70 less 48 of 80.

        >>> interval = difference_interval(Share(56, 70), Share(48, 80))
        >>> round(interval.low, 4), round(interval.high, 4)
        (0.0524, 0.3339)
    """
    p, q = one.value, other.value
    if p is None or q is None:
        return None
    of_p, of_q = wilson(p, one.denominator, z=z), wilson(q, other.denominator, z=z)
    below = math.hypot(p - of_p.low, of_q.high - q)
    above = math.hypot(of_p.high - p, q - of_q.low)
    return Interval(p - q - below, p - q + above)
