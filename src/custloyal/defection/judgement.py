"""What became of a score: how it ranked, how far its probabilities held, whom it missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from custloyal.defection.ranking import Cases, Ranks
from custloyal.defection.scores import Score
from custloyal.models import Interval, Share

if TYPE_CHECKING:
    from custloyal.btyd.integrals import Floats

__all__ = ["Band", "Judgement", "Tenth", "interval_dict", "share_dict"]

_BANDS = 10
_TENTHS = 10


@attrs.frozen(kw_only=True)
class Band:
    """Customers of whom about the same was said.

    Args:
        low: The least probability of the band, inside.
        high: The highest, outside (inside of the last).
        said_share: The mean of what was said.
        lost: How many of them were lost.
    """

    low: float
    high: float
    said_share: float
    lost: Share


@attrs.frozen(kw_only=True)
class Tenth:
    """A tenth of the customers, by rank.

    Args:
        number: From 1, the likeliest to leave.
        lost_count: How many of them were lost; not whole where equal scores are spread.
        lift: Their share of lost customers by that of all; None where nobody was lost.
        captured_share: How many of all lost are in this tenth and those before it.
    """

    number: int
    lost_count: float
    lift: float | None
    captured_share: float | None


@attrs.frozen(kw_only=True)
class Judgement:
    """How one score did.

    Args:
        score: The score.
        auc: The chance that a lost customer ranked above a kept one; None where there is only one
            kind of customer.
        auc_interval: Of 95 %, by bootstrap.
        brier: The mean squared distance of probability and outcome; None of other scores.
        bands: What was said beside what came, in bands of a tenth; none for other scores.
        tenths: Lost customers by tenths of rank.
        watermelon: Of the lost, how many were green: outside they looked well. None where no
            threshold is stated.
    """

    score: Score
    auc: float | None
    auc_interval: Interval | None
    brier: float | None
    bands: tuple[Band, ...]
    tenths: tuple[Tenth, ...]
    watermelon: Share | None

    @classmethod
    def of(
        cls, score: Score, values: Floats, cases: Cases, auc_interval: Interval | None
    ) -> Judgement:
        """Judge the values of a score, one for each row of the cases."""
        rising = values if score.leaving == "high" else -values
        ranks, weight = Ranks.of(rising), cases.weight
        gone = np.where(cases.gone, weight, 0.0)
        is_probability = score.is_probability
        return cls(
            score=score,
            auc=ranks.auc(gone, weight - gone),
            auc_interval=auc_interval,
            brier=_brier(values, cases) if is_probability else None,
            bands=_bands(values, cases) if is_probability else (),
            tenths=_tenths(ranks, gone, weight),
            watermelon=_watermelon(score, values, cases),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "score": self.score.title,
            "auc": self.auc,
            **interval_dict("auc", self.auc_interval),
            "brier": self.brier,
            "green": self.score.green,
            "watermelon": share_dict(self.watermelon),
            "bands": [
                {
                    "low": band.low,
                    "high": band.high,
                    "said_share": band.said_share,
                    **share_dict(band.lost),
                }
                for band in self.bands
            ],
            "tenths": [attrs.asdict(tenth) for tenth in self.tenths],
        }


def share_dict(share: Share | None) -> dict[str, Any]:
    """A share as plain values; empty where there is none."""
    if share is None:
        return {}
    return {
        "lost_count": share.numerator,
        "customers_count": share.denominator,
        "lost_share": share.value,
        **interval_dict("lost", share.interval()),
    }


def interval_dict(name: str, interval: Interval | None) -> dict[str, float | None]:
    """An interval as two plain values."""
    low, high = (None, None) if interval is None else (interval.low, interval.high)
    return {f"{name}_low": low, f"{name}_high": high}


def _brier(values: Floats, cases: Cases) -> float | None:
    total = cases.weight.sum()
    return float(cases.weight @ (values - cases.gone) ** 2 / total) if total else None


def _bands(values: Floats, cases: Cases) -> tuple[Band, ...]:
    place = np.minimum((values * _BANDS).astype(np.int64), _BANDS - 1)
    bands = []
    for each in np.unique(place).tolist():
        weight = np.where(place == each, cases.weight, 0.0)
        bands.append(
            Band(
                low=each / _BANDS,
                high=(each + 1) / _BANDS,
                said_share=float(weight @ values / weight.sum()),
                lost=Share(round(float(weight @ cases.gone)), round(float(weight.sum()))),
            )
        )
    return tuple(bands)


def _tenths(ranks: Ranks, gone: Floats, weight: Floats) -> tuple[Tenth, ...]:
    lost = float(gone.sum())
    found = ranks.gains(gone, weight, _TENTHS)
    reached = np.cumsum(found)
    return tuple(
        Tenth(
            number=number,
            lost_count=count,
            lift=count * _TENTHS / lost if lost else None,
            captured_share=min(1.0, so_far / lost) if lost else None,
        )
        for number, (count, so_far) in enumerate(
            zip(found.tolist(), reached.tolist(), strict=True), 1
        )
    )


def _watermelon(score: Score, values: Floats, cases: Cases) -> Share | None:
    if score.green is None:
        return None
    green = values < score.green if score.leaving == "high" else values > score.green
    lost = np.where(cases.gone, cases.weight, 0.0)
    return Share(round(float(lost @ green)), round(float(lost.sum())))
