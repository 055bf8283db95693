"""Shares and means that carry what they rest on, so that they merge and say how sure they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

from custloyal.errors import Mistake
from custloyal.models.checks import as_count, as_number, check_count, check_number, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Interval", "Mean", "Share", "difference_interval", "wilson"]


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


@attrs.frozen
class Mean:
    """The mean of a number of values, kept so that means merge without losing digits.

    Sums of squares lose every digit of a small spread around a large mean, so the squared
    deviations from the mean are kept instead.

    Args:
        count: How many values were known.
        mean: Their mean, in their unit; 0 where the count is 0.
        squared_deviations: The sum of the squared distances from the mean, in the unit squared.
        unknown: How many values were not known; they count nowhere else.

    Raises:
        InvalidValueError: Where a count is negative, a number is not finite, or a mean or a spread
            is given of too few values to have one.

    Source:
        Chan, Golub & LeVeque (1983), Algorithms for computing the sample variance, The American
        Statistician 37 (3), 242-247, equation 2.1.

    Example:
        >>> mean = Mean.of([1.0, 2.0]) + Mean.of([6.0, None])
        >>> mean.value, mean.variance, mean.unknown
        (3.0, 7.0, 1)
    """

    count: int = attrs.field(default=0, converter=as_count)
    mean: float = attrs.field(default=0.0, converter=as_number)
    squared_deviations: float = attrs.field(default=0.0, converter=as_number)
    unknown: int = attrs.field(default=0, converter=as_count)

    def __attrs_post_init__(self) -> None:
        refuse(
            check_count("count", self.count),
            check_number("mean", self.mean),
            check_number("squared_deviations", self.squared_deviations, low=0),
            check_count("unknown", self.unknown),
        )
        if self.count == 0 and self.mean:
            refuse(Mistake("mean", f"is {self.mean}, must be 0 where the count is 0"))
        if self.count <= 1 and self.squared_deviations:
            few = f"is {self.squared_deviations}, must be 0 where the count is below 2"
            refuse(Mistake("squared_deviations", few))

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Mean:
        """The mean of values, of which None means not known.

        Raises:
            InvalidValueError: Where a value is not a finite number; all such are named.
        """
        given = list(values)
        refuse(*(check_number(f"values[{i}]", v, optional=True) for i, v in enumerate(given)))
        known = [float(value) for value in given if value is not None]
        mean = math.fsum(value / len(known) for value in known)
        deviations = math.fsum((value - mean) * (value - mean) for value in known)
        return cls(len(known), mean, deviations if len(known) > 1 else 0.0, len(given) - len(known))

    @classmethod
    def from_totals(
        cls, *, count: int, total: float, total_of_squares: float, unknown: int = 0
    ) -> Mean:
        """The mean from the sums that a table keeps.

        Args:
            count: How many values were known.
            total: Their sum.
            total_of_squares: The sum of their squares; a spread below zero by rounding becomes 0.
            unknown: How many were not known.

        Raises:
            InvalidValueError: As on construction.

        Example:
            >>> Mean.from_totals(count=3, total=9.0, total_of_squares=41.0) == Mean.of([1, 2, 6])
            True
        """
        refuse(
            check_count("count", count),
            check_number("total", total),
            check_number("total_of_squares", total_of_squares, low=0),
        )
        mean = total / count if count else total
        deviations = max(0.0, total_of_squares - total * mean) if count > 1 else 0.0
        return cls(count, mean, deviations, unknown)

    @property
    def value(self) -> float | None:
        """The mean, in the unit of the values; None where the count is 0."""
        return self.mean if self.count else None

    @property
    def variance(self) -> float | None:
        """The sample variance, in the unit squared; None where fewer than two values were known."""
        return self.squared_deviations / (self.count - 1) if self.count > 1 else None

    def interval(self, *, z: float = 1.96) -> Interval | None:
        """The normal interval of the mean; None where fewer than two values were known.

        Args:
            z: The normal quantile; 1.96 is 95 % confidence.

        Example:
            Of 0 and 2 the mean is 1, the variance 2 and the standard error 1.

            >>> Mean.of([0.0, 2.0]).interval(z=1.0)
            Interval(low=0.0, high=2.0)
        """
        refuse(check_number("z", z, above=0))
        if self.variance is None:
            return None
        margin = z * math.sqrt(self.variance / self.count)
        return Interval(self.mean - margin, self.mean + margin)

    def merge(self, other: Mean) -> Mean:
        """The mean of both groups together, which must not overlap."""
        count = self.count + other.count
        unknown = self.unknown + other.unknown
        if not self.count or not other.count:
            known = self if self.count else other
            return attrs.evolve(known, unknown=unknown)
        part = other.count / count
        distance = other.mean - self.mean
        return Mean(
            count,
            self.mean + distance * part,
            self.squared_deviations
            + other.squared_deviations
            + distance * distance * self.count * part,
            unknown,
        )

    def __add__(self, other: Mean) -> Mean:
        return self.merge(other)
