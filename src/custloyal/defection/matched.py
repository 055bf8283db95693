"""The difference in a share between customers who are alike but for one thing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.models import Interval, Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["MatchedDifference", "Stratum", "matched_difference", "stratified"]

Z = 1.96
_ROUNDING = 1e-12


@attrs.frozen
class Stratum:
    """Customers who are alike: how many with the thing and without it, and whom it befell.

    Args:
        exposed: With the thing, and how many of them it befell.
        unexposed: Without it.
    """

    exposed: Share
    unexposed: Share


@attrs.frozen(kw_only=True)
class MatchedDifference:
    """A difference in shares between alike customers. An association, never by itself a cause.

    Args:
        exposed: All with the thing, matched or not.
        unexposed: All without it.
        exposed_matched_count: How many of those with it had somebody alike without it.
        strata_count: Groups of alike customers of both kinds.
        crude_difference: The difference without matching; None where one side is empty.
        risk_difference: The difference within groups, by Mantel and Haenszel; None where no group
            has both kinds.
        interval: Its interval of 95 %, by Sato's variance; None where that is 0, as where so few
            are compared that all of a side fared alike: no spread follows from them.
    """

    exposed: Share
    unexposed: Share
    exposed_matched_count: int
    strata_count: int
    crude_difference: float | None
    risk_difference: float | None
    interval: Interval | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        low, high = (
            (None, None) if self.interval is None else (self.interval.low, self.interval.high)
        )
        return {
            "reads_as": "association",
            "exposed_count": self.exposed.denominator,
            "exposed_share": self.exposed.value,
            "unexposed_count": self.unexposed.denominator,
            "unexposed_share": self.unexposed.value,
            "exposed_matched_count": self.exposed_matched_count,
            "strata_count": self.strata_count,
            "crude_difference": self.crude_difference,
            "risk_difference": self.risk_difference,
            "risk_difference_low": low,
            "risk_difference_high": high,
        }


def matched_difference(strata: Iterable[Stratum]) -> MatchedDifference:
    """The difference in shares within groups of alike customers, all groups together.

    Source:
        N. Mantel, W. Haenszel (1959) for the weights; T. Sato, *On the variance estimator for the
        Mantel-Haenszel risk difference*, Biometrics 45 (1989), 1323-1324: it holds for few large
        groups and for many small ones.

    Example:
        In both groups the share is 1/2 higher with the thing, and so it is together. Unmatched it
        seems to be lower, since those with it are mostly in the group where nothing happens.

        >>> calm = Stratum(Share(4, 8), Share(0, 2))
        >>> wild = Stratum(Share(2, 2), Share(4, 8))
        >>> found = matched_difference([calm, wild])
        >>> found.risk_difference, round(found.crude_difference, 3)
        (0.5, 0.2)
    """
    given = list(strata)
    exposed = sum((each.exposed for each in given), Share(0, 0))
    unexposed = sum((each.unexposed for each in given), Share(0, 0))
    weight = total = p = q = 0.0
    matched = strata_count = 0
    for each in given:
        a, n1 = each.exposed.numerator, each.exposed.denominator
        c, n0 = each.unexposed.numerator, each.unexposed.denominator
        if not n1 or not n0:
            continue
        n = n1 + n0
        matched, strata_count = matched + n1, strata_count + 1
        weight += n1 * n0 / n
        total += (a * n0 - c * n1) / n
        p += (n1 * n1 * c - n0 * n0 * a + n1 * n0 * (n0 - n1) / 2) / (n * n)
        q += (a * (n0 - c) + c * (n1 - a)) / (2 * n)
    crude = None
    if exposed.value is not None and unexposed.value is not None:
        crude = exposed.value - unexposed.value
    difference = interval = None
    if weight:
        difference = total / weight
        variance = (difference * p + q) / weight**2
        if variance > _ROUNDING:
            margin = Z * math.sqrt(variance)
            low, high = max(-1.0, difference - margin), min(1.0, difference + margin)
            interval = Interval(min(low, difference), max(high, difference))
    return MatchedDifference(
        exposed=exposed,
        unexposed=unexposed,
        exposed_matched_count=matched,
        strata_count=strata_count,
        crude_difference=crude,
        risk_difference=difference,
        interval=interval,
    )


def stratified(
    customers: nw.DataFrame[Any], *, by: Sequence[str], exposed: str, happened: str
) -> list[Stratum]:
    """Customers as groups of those who are alike in some columns.

    Args:
        customers: One row a customer.
        by: The columns in which they must be alike; null is alike to null.
        exposed: Who has the thing, true or false.
        happened: Whom it befell, true or false.
    """
    counts = customers.group_by(*by, exposed).agg(
        nw.len().alias("all_count"), nw.col(happened).cast(nw.Int64).sum().alias("hit_count")
    )
    found: dict[tuple[Any, ...], dict[bool, Share]] = {}
    for row in counts.iter_rows(named=True):
        key = tuple(row[name] for name in by)
        found.setdefault(key, {})[row[exposed]] = Share(row["hit_count"], row["all_count"])
    none = Share(0, 0)
    return [Stratum(each.get(True, none), each.get(False, none)) for each in found.values()]
