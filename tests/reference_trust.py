"""The oracle of trust: time, evidence and the score, in plain Python over a list of rows."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Row = Mapping[str, Any]

# Time ----------------------------------------------------------------------------------------


def local_day(instant: datetime, timezone: str) -> date:
    return instant.astimezone(ZoneInfo(timezone)).date()


def end_of_day(day: date, timezone: str) -> datetime:
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(timezone))
    return midnight.astimezone(UTC) - timedelta(microseconds=1)


def seen(rows: Iterable[Row], as_of: datetime) -> list[Row]:
    return [row for row in rows if row["occurred_at"] <= as_of]


def by_key(rows: Iterable[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    """The rows of each known key, in the order in which they came."""
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        value = key(row)
        if value is not None:
            groups[value].append(row)
    return groups


def by_customer(rows: Iterable[Row]) -> dict[Any, list[Row]]:
    return by_key(rows, lambda row: row["customer_id"])


# Evidence and trust --------------------------------------------------------------------------

EVIDENCE = {
    "complaint": -1.0,
    "reopen": -0.5,
    "return": -0.25,
    "purchase": 0.25,
    "praise": 1.0,
    "testimonial": 1.0,
    "case_study": 1.0,
    "referral": 1.0,
    "review": 1.0,
    "resolution": 0.5,
    "recovery": 0.65 * 12,
}
PRE_SALE = {"exposure", "inquiry", "visit", "consultation", "quote", "cart"}
SALE = {"purchase", "return", "abandonment"}
PHASE_WEIGHT = {"pre_sale": 1.0, "sale": 1.25, "post_sale": 2.0}


def evidence(row: Row) -> float | None:
    """What a row says of how it felt: above 0 good, below 0 bad, None nothing."""
    if row.get("outcome") is not None:
        return row["outcome"]
    rating, low, high = (row.get(name) for name in ("rating", "rating_min", "rating_max"))
    known = rating is not None and low is not None and high is not None
    if known and low < high and low <= rating <= high:
        if (low, high) == (0, 10):
            return 1.0 if rating >= 9 else -1.0 if rating <= 6 else 0.0
        share = 2 * (rating - low) / (high - low) - 1
        return 0.0 if -0.25 < share < 0.25 else share
    return EVIDENCE.get(row["kind"])


def weight(row: Row) -> float:
    said = evidence(row) or 0.0
    severity = 1.0 if row.get("severity") is None else row["severity"]
    kind = row["kind"]
    own = "pre_sale" if kind in PRE_SALE else "sale" if kind in SALE else "post_sale"
    return abs(said) * severity * PHASE_WEIGHT[row.get("phase") or own]


def wilson(share: float, size: float, z: float = 1.96) -> tuple[float, float]:
    centre = share + z * z / (2 * size)
    spread = z * math.sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    scale = 1 + z * z / size
    return (centre - spread) / scale, (centre + spread) / scale


@dataclass(frozen=True, kw_only=True)
class TrustOf:
    """The sums of one customer and what follows from them."""

    good: float
    bad: float
    ratio: float
    m0: float
    c: float
    good_count: int
    bad_count: int

    @property
    def balance(self) -> float:
        return self.good - self.ratio * self.bad

    @property
    def size(self) -> float:
        return self.good + self.ratio * self.bad

    @property
    def score(self) -> float:
        return (self.c * self.m0 + max(self.balance, 0)) / (self.c + abs(self.balance))

    def row(self) -> dict[str, Any]:
        low, high = wilson(self.score, self.c + self.size)
        return {
            "trust": self.score,
            "trust_low": low,
            "trust_high": high,
            "trust_balance": self.balance,
            "good_count": self.good_count,
            "bad_count": self.bad_count,
        }


def trust_of(
    rows: Iterable[Row],
    as_of: datetime,
    *,
    ratio: float = 12,
    half_life_good: float = 365,
    half_life_bad: float = 730,
    prior_mean: float = 0.5,
    prior_weight: float = 12,
) -> TrustOf:
    good, bad = [], []
    for row in seen(rows, as_of):
        said = evidence(row) or 0.0
        age_days = (as_of - row["occurred_at"]) / timedelta(days=1)
        if said > 0:
            good.append(weight(row) * 2 ** (-age_days / half_life_good))
        if said < 0:
            bad.append(weight(row) * 2 ** (-age_days / half_life_bad))
    return TrustOf(
        good=math.fsum(good),
        bad=math.fsum(bad),
        ratio=ratio,
        m0=prior_mean,
        c=prior_weight,
        good_count=len(good),
        bad_count=len(bad),
    )


def trust(rows: Iterable[Row], as_of: datetime, **parameters: float) -> dict[Any, dict[str, Any]]:
    return {
        customer: trust_of(own, as_of, **parameters).row()
        for customer, own in by_customer(seen(rows, as_of)).items()
    }
