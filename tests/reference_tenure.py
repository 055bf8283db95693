"""The oracle of tenure: how long customers stay, are quiet and come back, in plain Python.

Written from the definitions: silences are looked for day after day, survival is a fraction.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from reference import purchase_days
from reference_retention import contract_ends, full_day, share, start_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from reference_trust import Row

Z = 1.96
DAY = timedelta(days=1)

# By age --------------------------------------------------------------------------------------


def ages(
    rows: Iterable[Row], as_of: datetime, timezone: str, *, period: str, step_days: int
) -> dict[tuple[date, int], dict[str, Any]]:
    bought = purchase_days(rows, as_of, timezone)
    found: dict[tuple[date, int], dict[str, Any]] = {}
    for cohort in {start_of(min(days), period) for days in bought.values()}:
        members = [days for days in bought.values() if start_of(min(days), period) == cohort]
        age = 0
        while True:
            length = timedelta(days=age + step_days)
            over = [m for m in members if min(m) + length - DAY <= full_day(as_of, timezone)]
            if not over:
                break
            active = sum(
                any(timedelta(days=age) <= day - min(days) < length for day in days)
                for days in over
            )
            found[cohort, age] = {
                "customers_count": active,
                "observed_count": len(over),
                "cohort_size": len(members),
                **share("retention", active, len(over)),
                "is_complete": len(over) == len(members),
            }
            age += step_days
    return found


def age_values(
    rows: Iterable[Row], as_of: datetime, timezone: str, *, step_days: int
) -> dict[tuple[Any, int], dict[str, Any]]:
    found: dict[tuple[Any, int], dict[str, Any]] = {}
    for customer, days in purchase_days(rows, as_of, timezone).items():
        for day, own in days.items():
            age = (day - min(days)).days
            step = found.setdefault((customer, age - age % step_days), {"purchases": []})
            step["purchases"] += own
    for step in found.values():
        amounts = [row.get("amount") for row in step.pop("purchases")]
        known = [amount for amount in amounts if amount is not None]
        step["purchase_count"] = len(amounts)
        step["unknown_count"] = len(amounts) - len(known)
        step["amount"] = math.fsum(known) if known else None
        step["margin_amount"] = step["margin_of_amount"] = None
    return found


def repeats(
    rows: Iterable[Row], as_of: datetime, timezone: str, *, within_days: tuple[int, ...]
) -> dict[int | None, dict[str, Any]]:
    bought = purchase_days(rows, as_of, timezone)
    found: dict[int | None, dict[str, Any]] = {}
    for days in (*within_days, None):
        observed, repeated = 0, 0
        for own in bought.values():
            first, *later = sorted(own)
            if days is None:
                observed, repeated = observed + 1, repeated + bool(later)
            elif first + timedelta(days=days) <= full_day(as_of, timezone):
                observed += 1
                repeated += any(day <= first + timedelta(days=days) for day in later)
        found[days] = {
            "customers_count": observed,
            "repeat_count": repeated,
            **share("repeat", repeated, observed),
        }
    return found


def is_quiet(days: Iterable[date], since: date, for_days: int) -> bool:
    own = set(days)
    return not any(since + n * DAY in own for n in range(1, for_days + 1))


def reactivation(
    rows: Iterable[Row],
    as_of: datetime,
    timezone: str,
    *,
    dormant_days: tuple[int, ...],
    within_days: int,
) -> dict[int, dict[str, Any]]:
    bought = purchase_days(rows, as_of, timezone)
    last = full_day(as_of, timezone)
    found = {}
    for length in dormant_days:
        dormant, observed, back = 0, 0, 0
        for days in bought.values():
            since = next(day for day in sorted(days) if is_quiet(days, day, length))
            dormant += since + length * DAY <= last
            if since + (length + within_days) * DAY <= last:
                observed += 1
                back += not is_quiet(days, since, length + within_days)
        found[length] = {
            "within_days": within_days,
            "dormant_count": observed,
            "unobserved_count": dormant - observed,
            "reactivated_count": back,
            **share("reactivation", back, observed),
        }
    return found


# Tenure --------------------------------------------------------------------------------------


def tenures(
    rows: Iterable[Row],
    as_of: datetime,
    timezone: str,
    *,
    inactivity_days: int | None = None,
    ends: Callable[[Row], bool] | None = None,
) -> tuple[list[tuple[int, bool]], int]:
    """For each customer how long they were seen and whether that was an end; how many are new."""
    rows = list(rows)
    last = full_day(as_of, timezone)
    ended = contract_ends(rows, as_of, timezone, ends) if ends else {}
    found, unobserved = [], 0
    for customer, days in purchase_days(rows, as_of, timezone).items():
        first = min(days)
        if inactivity_days is None:
            until = last
            end = next((day for day in ended.get(customer, ()) if day >= first), None)
        else:
            until = last - inactivity_days * DAY
            end = next(day for day in sorted(days) if is_quiet(days, day, inactivity_days))
        if until < first:
            unobserved += 1
        elif end is not None and end <= until:
            found.append(((end - first).days, True))
        else:
            found.append(((until - first).days, False))
    return found, unobserved


def survival(seen_for: list[tuple[int, bool]]) -> dict[int, dict[str, Any]]:
    """Times from 0 with the product-limit estimate as a fraction, and its log-log interval."""
    share_left, greenwood = Fraction(1), Fraction(0)
    curve = {}
    for time in sorted({0, *(time for time, _ in seen_for)}) if seen_for else ():
        at_risk = sum(own >= time for own, _ in seen_for)
        ended = sum(own == time and end for own, end in seen_for)
        share_left *= 1 - Fraction(ended, at_risk)
        if share_left:
            greenwood += Fraction(ended, at_risk * (at_risk - ended))
        low = high = None
        if 0 < share_left < 1:
            log = math.log(share_left)
            spread = Z * math.sqrt(greenwood) / abs(log)
            low = math.exp(-math.exp(math.log(-log) + spread))
            high = math.exp(-math.exp(math.log(-log) - spread))
        curve[time] = {
            "at_risk_count": at_risk,
            "ended_count": ended,
            "censored_count": sum(own == time and not end for own, end in seen_for),
            "survival_share": float(share_left),
            "survival_low": low,
            "survival_high": high,
        }
    return curve


def tenure(seen_for: list[tuple[int, bool]], unobserved: int) -> dict[str, Any]:
    curve = survival(seen_for)

    def reached(column: str) -> int | None:
        known = ((time, row[column]) for time, row in curve.items())
        return next((t for t, s in known if s is not None and s <= 0.5 + 1e-12), None)

    def after(since: int) -> float:
        """The area under the curve from a time on, a day at a time."""
        at = [max(t for t in curve if t <= day) for day in range(since, max(curve))]
        return math.fsum(curve[t]["survival_share"] for t in at)

    found = {
        "customers_count": len(seen_for),
        "ended_count": sum(end for _, end in seen_for),
        "unobserved_count": unobserved,
        "median_days": reached("survival_share"),
        "median_low_days": reached("survival_low"),
        "median_high_days": reached("survival_high"),
        "restricted_to_days": max(curve, default=None),
        "restricted_mean_days": None,
        "restricted_mean_low_days": None,
        "restricted_mean_high_days": None,
    }
    if curve:
        variance = 0.0
        for time, row in curve.items():
            n, d = row["at_risk_count"], row["ended_count"]
            variance += after(time) ** 2 * d / (n * (n - d)) if n > d else 0.0
        mean, spread = after(0), Z * math.sqrt(variance)
        found["restricted_mean_days"] = mean
        if variance:
            found["restricted_mean_low_days"] = max(0.0, mean - spread)
            found["restricted_mean_high_days"] = min(float(max(curve)), mean + spread)
    return found


def next_purchases(
    rows: Iterable[Row], as_of: datetime, timezone: str
) -> dict[Any, dict[str, Any]]:
    found = {}
    for customer, days in purchase_days(rows, as_of, timezone).items():
        own = sorted(days)
        gaps = [(b - a).days for a, b in pairwise(own)]
        quiet = max((full_day(as_of, timezone) - own[-1]).days, 0)
        said: dict[str, Any] = {
            **dict.fromkeys(("mean_gap_days", "expected_on", "earliest_on", "latest_on")),
            **dict.fromkeys(("coverage_share", "is_overdue")),
            "gap_count": len(gaps),
            "quiet_days": quiet,
        }
        if gaps:
            mean = Fraction(sum(gaps), len(gaps))
            said |= {
                "mean_gap_days": float(mean),
                "expected_on": own[-1] + math.floor(mean + Fraction(1, 2)) * DAY,
                "earliest_on": own[-1] + min(gaps) * DAY,
                "latest_on": own[-1] + max(gaps) * DAY,
                "coverage_share": (len(gaps) - 1) / (len(gaps) + 1),
                "is_overdue": quiet > max(gaps),
            }
        found[customer] = said
    return found
