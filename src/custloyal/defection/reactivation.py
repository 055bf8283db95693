"""Whether customers come back after a long silence, by the trust with which they went."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.defection.horizon import Span, as_days, check_days
from custloyal.defection.outcomes import cut_at, horizon_end, outcomes
from custloyal.metrics import BtydStatistics, Trust
from custloyal.models import Share
from custloyal.models.checks import refuse
from custloyal.reading.run import read

if TYPE_CHECKING:
    from custloyal.history import History
    from custloyal.models import AsOf
    from custloyal.typing import AsOfLike

__all__ = ["ReactivationByTrust", "TrustBand", "reactivation_by_trust"]


@attrs.frozen(kw_only=True)
class TrustBand:
    """Customers who had gone silent with about the same trust.

    Args:
        low: The least trust of the band, inside.
        high: The highest, outside.
        came_back: How many of them bought again.
    """

    low: float
    high: float
    came_back: Share


@attrs.frozen(kw_only=True)
class ReactivationByTrust:
    """How many customers came back after a long silence, by their trust. An association.

    Args:
        cut: The day on which they had been silent for long.
        until: The last day on which they could come back.
        dormant: For how many days at least they had bought nothing.
        bands: Under half the prior trust, under the prior, and from there on.
    """

    cut: date
    until: date
    dormant: int
    bands: tuple[TrustBand, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        bands = []
        for band in self.bands:
            interval = band.came_back.interval()
            bands.append(
                {
                    "low": band.low,
                    "high": band.high,
                    "customers_count": band.came_back.denominator,
                    "reactivated_count": band.came_back.numerator,
                    "reactivation_share": band.came_back.value,
                    "reactivation_low": interval and interval.low,
                    "reactivation_high": interval and interval.high,
                }
            )
        return {
            "reads_as": "association",
            "cut": self.cut.isoformat(),
            "until": self.until.isoformat(),
            "dormant_days": self.dormant,
            "bands": bands,
        }


def reactivation_by_trust(
    history: History,
    *,
    cut: AsOfLike | AsOf,
    horizon: Span,
    dormant: Span = 90,
    trust: Trust | None = None,
) -> ReactivationByTrust:
    """Whether customers who had gone silent came back, by their trust at the cut.

    Trust is read at the cut, so nothing that came later decides in which band a customer is; what
    it lost by time alone since the customer went is in it.

    Args:
        history: The interactions.
        cut: Up to when trust and silence are read; as `as_of` elsewhere.
        horizon: Within what time after it they could come back.
        dormant: From how long a silence on.
        trust: The score; None for `Trust()`.

    Raises:
        DataError: Where the horizon ends after the data.
        InvalidValueError: With the options that are wrong.

    Example:
        Four bought in January. Bob then complained and stayed away; of the three others, whose
        trust stands over the prior of 0.5, Ann and Cem came back in July. Eve shows that the data
        reach the end of August.

        >>> import polars as pl
        >>> from custloyal import History
        >>> rows = [(who, "2024-01-01", "purchase") for who in ("ann", "bob", "cem", "dan")]
        >>> rows += [("bob", "2024-01-05", "complaint"), ("bob", "2024-01-06", "complaint")]
        >>> rows += [("ann", "2024-07-15", "purchase"), ("cem", "2024-07-15", "purchase")]
        >>> rows += [("eve", "2024-08-30", "purchase")]
        >>> names = ["customer_id", "occurred_at", "kind"]
        >>> history = History.from_native(pl.DataFrame(rows, schema=names, orient="row"))
        >>> found = reactivation_by_trust(history, cut="2024-06-30", horizon="60d")
        >>> [(band.came_back.numerator, band.came_back.denominator) for band in found.bands]
        [(0, 1), (0, 0), (2, 3)]
    """
    days, quiet = as_days(horizon), as_days(dormant)
    refuse(check_days("horizon", days), check_days("dormant", quiet))
    metric, statistics = trust or Trust(), BtydStatistics()
    at = cut_at(history, cut)
    until = horizon_end(history, at, days)
    customers = outcomes(history, at, until)
    readings = read(history, [metric, statistics], as_of=at)
    for each in (metric, statistics):
        customers = customers.join(
            readings[each].table.collect("polars"), on="customer_id", how="left"
        )
    silent = customers.filter(nw.col("T") - nw.col("t_x") >= quiet)
    edges = (0.0, metric.prior_mean / 2, metric.prior_mean, 1.0)
    return ReactivationByTrust(
        cut=at.day,
        until=until.day,
        dormant=quiet,
        bands=tuple(_band(silent, low, high) for low, high in pairwise(edges)),
    )


def _band(silent: nw.DataFrame[Any], low: float, high: float) -> TrustBand:
    inside = silent.filter(nw.col("trust") >= low, nw.col("trust") < high)
    stayed_away = int(inside["is_lost"].cast(nw.Int64).sum() or 0)
    return TrustBand(low=low, high=high, came_back=Share(len(inside) - stayed_away, len(inside)))
