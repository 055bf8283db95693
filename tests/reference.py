"""The oracle: what every metric says, in plain Python over a list of rows, slow and obvious.

Written from the definitions, not from the library: no narwhals, no polars, no numpy, no state.
A row is a mapping by column as the intake leaves it: `occurred_at` an instant in UTC, `kind` a
known word, None where nothing is known. `reference_intake` makes such rows of a user's own.
"""

from __future__ import annotations

import math
from collections import Counter
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from reference_trust import (
    Row,
    by_customer,
    by_key,
    end_of_day,
    evidence,
    local_day,
    seen,
    trust,
    trust_of,
    weight,
    wilson,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "btyd",
    "by_customer",
    "by_key",
    "cohorts",
    "concentration",
    "end_of_day",
    "evidence",
    "handoff_matrix",
    "handoffs",
    "hold_out",
    "local_day",
    "pareto",
    "purchase_days",
    "rfm",
    "seen",
    "stages",
    "trust",
    "trust_of",
    "weight",
    "wilson",
]

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


def hold_out(
    rows: Iterable[Row], as_of: datetime, timezone: str, *, learned_until: date, unit: str = "day"
) -> dict[Any, dict[str, Any]]:
    rows, end = list(rows), local_day(as_of, timezone)
    learned = btyd(rows, end_of_day(learned_until, timezone), timezone, unit=unit)
    bought = purchase_days(rows, as_of, timezone)
    long = 7 if unit == "week" else 1
    for customer, said in learned.items():
        said["actual_purchases"] = sum(day > learned_until for day in bought[customer])
        said["horizon"] = (end - learned_until).days / long
    return learned


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


SHARES = (
    *("top_share", "majority_count", "majority_customers_share", "pareto_customers_share"),
    *("gini", "hhi", "effective_count"),
)


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
    found |= dict.fromkeys(SHARES)
    if total <= 0:
        return found
    share = [Fraction(sum(v[:k]), total) for k in range(n + 1)]
    most = next(k for k in range(1, n + 1) if share[k] >= majority)
    point = next(k for k in range(1, n + 1) if Fraction(k, n) + share[k] >= 1)
    hhi = sum(Fraction(each, total) ** 2 for each in v)
    found |= {
        "top_share": float(share[found["top_count"]]),
        "pareto_customers_share": point / n,
        "majority_count": most,
        "majority_customers_share": most / n,
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
