"""The oracle of retention by period: who is there, stays, leaves and comes back, in plain Python.

Written from the definitions: periods are stepped through on the calendar, a day at a time.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from reference import cents, purchase_days, spent
from reference_trust import Row, by_customer, by_key, end_of_day, local_day, seen, wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DAY = timedelta(days=1)

# Periods -------------------------------------------------------------------------------------


def start_of(day: date, period: str) -> date:
    if period == "week":
        while day.isoweekday() != 1:
            day -= DAY
    if period == "month":
        day = day.replace(day=1)
    if period == "quarter":
        day = day.replace(month={1: 1, 2: 4, 3: 7, 4: 10}[math.ceil(day.month / 3)], day=1)
    if period == "year":
        day = day.replace(month=1, day=1)
    return day


def next_start(start: date, period: str) -> date:
    day = start + DAY
    while start_of(day, period) != day:
        day += DAY
    return day


def full_day(as_of: datetime, timezone: str) -> date:
    """The last local day that is over."""
    day = local_day(as_of, timezone)
    return day if end_of_day(day, timezone) <= as_of else day - DAY


def starts(first: date, as_of: datetime, timezone: str, period: str) -> Iterator[date]:
    start = start_of(first, period)
    while start <= local_day(as_of, timezone):
        yield start
        start = next_start(start, period)


def is_over(start: date, as_of: datetime, timezone: str, period: str) -> bool:
    return next_start(start, period) - DAY <= full_day(as_of, timezone)


def share(name: str, numerator: int, denominator: int) -> dict[str, float | None]:
    if not denominator:
        return dict.fromkeys((f"{name}_share", f"{name}_low", f"{name}_high"))
    low, high = wilson(numerator / denominator, denominator)
    return {f"{name}_share": numerator / denominator, f"{name}_low": low, f"{name}_high": high}


# By period -----------------------------------------------------------------------------------


def bought_in(days: Iterable[date], start: date, period: str) -> bool:
    return any(start <= day < next_start(start, period) for day in days)


def lifecycle(
    rows: Iterable[Row], as_of: datetime, timezone: str, *, period: str
) -> dict[date, dict[str, Any]]:
    bought = purchase_days(rows, as_of, timezone)
    found: dict[date, dict[str, Any]] = {}
    before: date | None = None
    first = min((min(days) for days in bought.values()), default=None)
    for start in starts(first, as_of, timezone, period) if first else ():
        now = {c for c, days in bought.items() if bought_in(days, start, period)}
        old = {c for c, days in bought.items() if min(days) < start}
        just = {c for c, days in bought.items() if before and bought_in(days, before, period)}
        found[start] = {
            "new_count": len(now - old),
            "retained_count": len(now & just),
            "resurrected_count": len((now & old) - just),
            "active_count": len(now),
            "dormant_count": len(old - now),
            "known_count": len(old | now),
            "is_complete": is_over(start, as_of, timezone, period),
        }
        before = start
    return found


def contract_ends(
    rows: Iterable[Row], as_of: datetime, timezone: str, ends: Callable[[Row], bool]
) -> dict[Any, list[date]]:
    ended = [row for row in seen(rows, as_of) if ends(row)]
    return {
        customer: sorted({local_day(row["occurred_at"], timezone) for row in own})
        for customer, own in by_customer(ended).items()
    }


def retention(
    rows: Iterable[Row],
    as_of: datetime,
    timezone: str,
    *,
    period: str,
    ends: Callable[[Row], bool] | None = None,
) -> dict[date, dict[str, Any]]:
    rows = list(rows)
    bought = purchase_days(rows, as_of, timezone)
    ended = contract_ends(rows, as_of, timezone, ends) if ends else {}

    def under_contract(customer: Any, day: date) -> bool:
        """Whether the last thing before a day was a purchase."""
        last = max((d for d in bought[customer] if d < day), default=date.min)
        end = max((d for d in ended.get(customer, ()) if d < day), default=date.min)
        return last > end

    found: dict[date, dict[str, Any]] = {}
    before: date | None = None
    first = min((min(days) for days in bought.values()), default=None)
    for start in starts(first, as_of, timezone, period) if first else ():
        if ends:
            there = {c for c in bought if under_contract(c, start)}
            stayed = {c for c in there if under_contract(c, next_start(start, period))}
        else:
            there = {c for c, days in bought.items() if before and bought_in(days, before, period)}
            stayed = {c for c in there if bought_in(bought[c], start, period)}
        if there or found:
            found[start] = {
                "start_count": len(there),
                "retained_count": len(stayed),
                "churned_count": len(there - stayed),
                **share("retention", len(stayed), len(there)),
                **share("churn", len(there - stayed), len(there)),
                "is_complete": is_over(start, as_of, timezone, period),
            }
        before = start
    return found


def bridge(
    rows: Iterable[Row], as_of: datetime, timezone: str, *, period: str
) -> dict[date, dict[str, Any]]:
    bought = purchase_days(rows, as_of, timezone)
    revenue: dict[date, dict[Any, int]] = {}
    unknown: dict[date, int] = {}
    for customer, days in bought.items():
        by_start = by_key(
            (row for each in days.values() for row in each),
            lambda row: start_of(local_day(row["occurred_at"], timezone), period),
        )
        for start, own_rows in by_start.items():
            revenue.setdefault(start, {})[customer] = cents(spent(own_rows))
            gaps = sum(row.get("amount") is None for row in own_rows)
            unknown[start] = unknown.get(start, 0) + gaps
    found: dict[date, dict[str, Any]] = {}
    before: date | None = None
    first = min((min(days) for days in bought.values()), default=None)
    for start in starts(first, as_of, timezone, period) if first else ():
        if before:
            was, now = revenue.get(before, {}), revenue.get(start, {})
            old = {c for c, days in bought.items() if min(days) < start}
            parts = {
                "new": {c: now[c] for c in now if c not in old},
                "resurrected": {c: now[c] for c in now if c in old and c not in was},
                "grown": {c: now[c] - was[c] for c in now if c in was and now[c] > was[c]},
                "shrunk": {c: was[c] - now[c] for c in now if c in was and now[c] < was[c]},
                "lost": {c: was[c] for c in was if c not in now},
            }
            amounts = {name: sum(part.values()) for name, part in parts.items()}
            amounts |= {"previous": sum(was.values()), "current": sum(now.values())}
            amounts["kept"] = sum(min(was[c], now[c]) for c in was if c in now)
            found[start] = {
                **{f"{name}_amount": amount / 100 for name, amount in amounts.items()},
                **{f"{name}_count": len(part) for name, part in parts.items()},
                "unknown_count": unknown.get(before, 0) + unknown.get(start, 0),
                "is_complete": is_over(start, as_of, timezone, period),
            }
        before = start
    return found


def cohorts(
    rows: Iterable[Row], as_of: datetime, timezone: str, *, period: str
) -> dict[tuple[date, int], dict[str, Any]]:
    bought = purchase_days(rows, as_of, timezone)
    found: dict[tuple[date, int], dict[str, Any]] = {}
    for cohort in {start_of(min(days), period) for days in bought.values()}:
        members = [days for days in bought.values() if start_of(min(days), period) == cohort]
        for age, start in enumerate(starts(cohort, as_of, timezone, period)):
            active = sum(bought_in(days, start, period) for days in members)
            found[cohort, age] = {
                "customers_count": active,
                "cohort_size": len(members),
                **share("retention", active, len(members)),
                "is_complete": is_over(start, as_of, timezone, period),
            }
    return found
