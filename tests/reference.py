"""The oracle: what every metric says, in plain Python over a list of rows, slow and obvious.

Written from the definitions, not from the library: no narwhals, no polars, no numpy, no state.
A row is a mapping by column as the intake leaves it: `occurred_at` an instant in UTC, `kind` a
known word, None where nothing is known. `reference_intake` makes such rows of a user's own.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

Row = Mapping[str, Any]
K = TypeVar("K", bound=Hashable)

# Time ----------------------------------------------------------------------------------------


def local_day(instant: datetime, timezone: str) -> date:
    return instant.astimezone(ZoneInfo(timezone)).date()


def end_of_day(day: date, timezone: str) -> datetime:
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(timezone))
    return midnight.astimezone(UTC) - timedelta(microseconds=1)


def seen(rows: Iterable[Row], as_of: datetime) -> list[Row]:
    return [row for row in rows if row["occurred_at"] <= as_of]


def by_key(rows: Iterable[Row], key: Callable[[Row], K | None]) -> dict[K, list[Row]]:
    """The rows of each known key, in the order in which they came."""
    groups: dict[K, list[Row]] = defaultdict(list)
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
        said = evidence(row)
        age_days = (as_of - row["occurred_at"]) / timedelta(days=1)
        if said is not None and said > 0:
            good.append(weight(row) * 2 ** (-age_days / half_life_good))
        if said is not None and said < 0:
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


# Purchases -----------------------------------------------------------------------------------


def purchase_days(
    rows: Iterable[Row], as_of: datetime, timezone: str
) -> dict[Any, dict[date, list]]:
    """For each customer the purchases of each local day that has some, the days in order."""
    bought = [row for row in seen(rows, as_of) if row["kind"] == "purchase"]
    return {
        customer: dict(
            sorted(by_key(own, lambda row: local_day(row["occurred_at"], timezone)).items())
        )
        for customer, own in by_customer(bought).items()
    }


def spent(rows: Iterable[Row]) -> float:
    return math.fsum(row["amount"] for row in rows if row.get("amount") is not None)


def rfm(rows: Iterable[Row], as_of: datetime, timezone: str) -> dict[Any, dict[str, Any]]:
    found = {}
    for customer, days in purchase_days(rows, as_of, timezone).items():
        amount = spent(row for own in days.values() for row in own)
        found[customer] = {
            "recency_days": (local_day(as_of, timezone) - max(days)).days,
            "frequency": len(days),
            "monetary_amount": amount,
            "mean_day_amount": amount / len(days),
        }
    return found


def btyd(
    rows: Iterable[Row], as_of: datetime, timezone: str, *, unit: str = "day"
) -> dict[Any, dict[str, Any]]:
    long = 7 if unit == "week" else 1
    found = {}
    for customer, days in purchase_days(rows, as_of, timezone).items():
        first, last, x = min(days), max(days), len(days) - 1
        known = all(row.get("amount") is not None for own in days.values() for row in own)
        repeats = [spent(own) for day, own in days.items() if day != first]
        found[customer] = {
            "x": x,
            "t_x": (last - first).days / long,
            "T": (local_day(as_of, timezone) - first).days / long,
            "mean_repeat_amount": math.fsum(repeats) / x if x and known else None,
            "time_unit": unit,
        }
    return found


def cohorts(rows: Iterable[Row], as_of: datetime, timezone: str) -> list[dict[str, Any]]:
    months = {
        customer: sorted({day.replace(day=1) for day in days})
        for customer, days in purchase_days(rows, as_of, timezone).items()
    }
    triangle = []
    for cohort in sorted({own[0] for own in months.values()}):
        members = [own for own in months.values() if own[0] == cohort]
        month, age = cohort, 0
        while month <= local_day(as_of, timezone):
            active = sum(month in own for own in members)
            following = (month + timedelta(days=31)).replace(day=1)
            share = active / len(members)
            low, high = wilson(share, len(members))
            triangle.append(
                {
                    "cohort_month": cohort,
                    "age_months": age,
                    "customers_count": active,
                    "cohort_size": len(members),
                    "retention_share": share,
                    "retention_low": low,
                    "retention_high": high,
                    "is_complete": as_of >= end_of_day(following - timedelta(days=1), timezone),
                }
            )
            month, age = following, age + 1
    return triangle


# Revenue -------------------------------------------------------------------------------------


def cents(amount: float) -> int:
    return round(amount * 100)


def revenues(rows: Iterable[Row], as_of: datetime, *, net: bool = False) -> dict[Any, list[Row]]:
    """The rows that make each customer's revenue."""
    kinds = {"purchase", "return"} if net else {"purchase"}
    return by_customer(row for row in seen(rows, as_of) if row["kind"] in kinds)


def concentration(
    rows: Iterable[Row],
    as_of: datetime,
    *,
    top: Fraction = Fraction(1, 5),
    majority: Fraction = Fraction(4, 5),
    net: bool = False,
) -> dict[str, Any]:
    """By whole cents and fractions, so without rounding; amounts must be known."""
    v = sorted((cents(spent(own)) for own in revenues(rows, as_of, net=net).values()), reverse=True)
    n, total = len(v), sum(v)
    found: dict[str, Any] = {
        "customers_count": n,
        "revenue_amount": total / 100,
        "unknown_count": 0,
        "negative_count": sum(each < 0 for each in v),
        "top_count": math.ceil(top * n),
    }
    names = ("top_share", "majority_count", "majority_customers_share", "pareto_customers_share")
    found |= dict.fromkeys((*names, "gini", "hhi", "effective_count"))
    if total <= 0:
        return found
    share = [Fraction(sum(v[:k]), total) for k in range(n + 1)]
    most = next(k for k in range(1, n + 1) if share[k] >= majority)
    point = next(k for k in range(1, n + 1) if Fraction(k, n) + share[k] >= 1)
    hhi = sum(Fraction(each, total) ** 2 for each in v)
    found |= {
        "top_share": float(share[found["top_count"]]),
        "majority_count": most,
        "majority_customers_share": most / n,
        "pareto_customers_share": point / n,
        "hhi": float(hhi),
        "effective_count": float(1 / hhi),
    }
    if not found["negative_count"]:
        ranked = sum(i * each for i, each in enumerate(sorted(v), start=1))
        found["gini"] = float(Fraction(2 * ranked, n * total) - Fraction(n + 1, n))
    return found


def pareto(
    rows: Iterable[Row],
    as_of: datetime,
    *,
    cuts: Sequence[Fraction] = (Fraction(4, 5), Fraction(19, 20)),
) -> dict[Any, dict[str, Any]]:
    revenue = {customer: cents(spent(own)) for customer, own in revenues(rows, as_of).items()}
    total = sum(revenue.values())
    found = {}
    for customer, own in revenue.items():
        better = [each for each in revenue.values() if each > own]
        tied = [each for each in revenue.values() if each == own]
        # A segment is the fewest who make its share: who comes when it is not yet made is in it.
        passed = sum(Fraction(sum(better), total) >= cut for cut in cuts)
        found[customer] = {
            "revenue_amount": own / 100,
            "revenue_rank": len(better) + 1,
            "cumulative_share": float(Fraction(sum(better) + sum(tied), total)),
            "segment": "ABCDEFG"[passed],
        }
    return found


# Journey -------------------------------------------------------------------------------------

LIKES = {"visit", "consultation", "quote", "cart", "purchase"}
ADVOCATES = {"referral", "testimonial", "case_study"}


def stages(rows: Iterable[Row], as_of: datetime, timezone: str) -> dict[Any, dict[str, Any]]:
    days = purchase_days(rows, as_of, timezone)
    found = {}
    for customer, own in by_customer(seen(rows, as_of)).items():
        score = trust_of(own, as_of).score
        kinds = {row["kind"] for row in own}
        liked = [row["occurred_at"] for row in own if row["kind"] in LIKES]
        trusted = [row["occurred_at"] for row in own if row["kind"] in ADVOCATES]
        again = [*days.get(customer, {}).values()][1:2]
        trusted += [row["occurred_at"] for second in again for row in second]
        if trusted and score >= 0.5:
            stage, since = "trust", min(trusted)
        elif liked and score >= 0.25:
            stage, since = "like", min(liked)
        else:
            stage, since = "know", min(row["occurred_at"] for row in own)
        funnel = "top"
        if kinds & {"inquiry", "visit", "consultation"}:
            funnel = "middle"
        if kinds & {"quote", "cart"}:
            funnel = "bottom"
        funnel = None if "purchase" in kinds else funnel
        found[customer] = {"stage": stage, "entered_at": since, "funnel": funnel}
    return found


# Hand-offs -----------------------------------------------------------------------------------


def stints(
    rows: Iterable[Row], as_of: datetime, by: str, order: str = "occurred_at"
) -> dict[Any, list[Any]]:
    """For each case its holders one after another, equal neighbours once."""
    held = [row for row in seen(rows, as_of) if row.get(by) is not None]

    def place(row: Row) -> tuple[Any, ...]:
        # Python sorts stably, so places in the input break what ties are left.
        own = row.get("interaction_id")
        return (row[order], own is not None, own if own is not None else 0)

    return {
        case: [holder for holder, _ in groupby(row[by] for row in sorted(own, key=place))]
        for case, own in by_key(held, lambda row: row.get("case_id")).items()
    }


def handoffs(
    rows: Iterable[Row], as_of: datetime, by: str = "department"
) -> dict[Any, dict[str, int]]:
    return {
        case: {
            "handoff_count": len(own) - 1,
            "ping_pong_count": sum(a == c for a, c in zip(own, own[2:], strict=False)),
        }
        for case, own in stints(rows, as_of, by).items()
    }


def handoff_matrix(
    rows: Iterable[Row], as_of: datetime, by: str = "department"
) -> dict[tuple[Any, Any], dict[str, int]]:
    passed: Counter[tuple[Any, Any]] = Counter()
    cases: Counter[tuple[Any, Any]] = Counter()
    for own in stints(rows, as_of, by).values():
        pairs = [*pairwise(own)]
        passed.update(pairs)
        cases.update(set(pairs))
    return {
        pair: {"handoff_count": times, "case_count": cases[pair]} for pair, times in passed.items()
    }
