"""What the page says of who stays: each chart read aloud, each figure with its denominator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custloyal.formats import count, counted, month, share

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["lifecycle", "rate", "reactivation", "repeat", "stays", "tenure"]

_SOON = 90
_NO_HANDFUL = 10
"""Of fewer customers at its start no month is called best or worst."""


def stays(retention: Mapping[str, Any]) -> str:
    """How many of the buyers of a month buy again in the next, and how many ever come back."""
    latest = retention["latest_month"]
    if latest is None:
        return "No month after the first purchase is over, so no rate is told yet."
    if latest["retention_share"] is None:
        last = month(_iso(latest["period_start"]))
        return f"Nobody bought in the month before {last}, so nobody could buy again in it."
    return (
        f"Of {counted(latest['start_count'], 'customer')} who bought in the month before, "
        f"{_rate(latest)} bought again in {month(_iso(latest['period_start']))}."
    )


def _rate(row: Mapping[str, Any]) -> str:
    low, high = share(row["retention_low"]), share(row["retention_high"])
    return f"{count(row['retained_count'])} ({share(row['retention_share'])}, {low} to {high})"


def rate(retention: Mapping[str, Any]) -> str:
    """What the line of retention shows."""
    text = stays(retention)
    compared = [
        row
        for row in retention["months"]
        if row["is_complete"]
        and row["retention_share"] is not None
        and (row["start_count"] or 0) >= _NO_HANDFUL
    ]
    if len({row["retention_share"] for row in compared}) <= 1:
        return text
    best, worst = (f(compared, key=lambda row: row["retention_share"]) for f in (max, min))
    return (
        f"{text} The best month was {month(_iso(best['period_start']))} with "
        f"{share(best['retention_share'])}, the worst {month(_iso(worst['period_start']))} with "
        f"{share(worst['retention_share'])}."
    )


def repeat(retention: Mapping[str, Any]) -> str:
    """How many bought a second time, and how soon."""
    known = [row for row in retention["repeat"] if row["repeat_share"] is not None]
    if not known:
        return "Nobody was seen long enough to say who buys a second time."
    ever = next((row for row in known if row["within_days"] is None), None)
    soon = next((row for row in known if row["within_days"] == _SOON), None)
    said = [
        f"{share(row['repeat_share'])} of {counted(row['customers_count'], 'customer')} {when}"
        for row, when in ((soon, f"within {_SOON} days"), (ever, "so far"))
        if row is not None
    ]
    return f"A second purchase came from {' and from '.join(said)}." if said else ""


def tenure(retention: Mapping[str, Any]) -> str:
    """What the tenure curve shows."""
    said = retention["tenure"]
    if said is None or not said["curve"]:
        return "No customer was seen long enough to say how long they stay."
    gone = f"Who buys nothing for {counted(said['inactivity_days'], 'day')} counts as gone"
    of = counted(said["customers_count"], "customer")
    if said["median_days"] is None:
        return f"Of {of} more than half are still there at the end of the curve. {gone}."
    if not said["median_days"]:
        silent = (
            f"buy nothing in the {counted(said['inactivity_days'], 'day')} after their first day"
        )
        return f"By this curve half or more of {of} {silent}, and count as gone from then on."
    low, high = said["median_low_days"], said["median_high_days"]
    between = "" if low is None or high is None else f" ({count(low)} to {count(high)})"
    days = f"{count(said['median_days'])}{between} days"
    return f"By this curve half of {of} are gone after {days}. {gone}."


def lifecycle(retention: Mapping[str, Any]) -> str:
    """Who bought in the last month that is over."""
    over = [row for row in retention["lifecycle"] if row["is_complete"]]
    if not over:
        return "No month with a purchase is over yet."
    last = over[-1]
    return (
        f"In {month(_iso(last['period_start']))} {counted(last['active_count'], 'customer')} "
        f"bought: {count(last['new_count'])} for the first time, {count(last['retained_count'])} "
        f"who had bought in the month before, {count(last['resurrected_count'])} after a pause; "
        f"{count(last['dormant_count'])} who had bought before did not."
    )


def reactivation(retention: Mapping[str, Any]) -> str:
    """Who comes back after a silence."""
    known = [row for row in retention["reactivation"] if row["reactivation_share"] is not None]
    if not known:
        return "Nobody was silent long enough to say who comes back."
    first, last = known[0], known[-1]
    text = (
        f"After {counted(first['dormant_days'], 'day')} of silence "
        f"{share(first['reactivation_share'])} of {counted(first['dormant_count'], 'customer')} "
        f"bought within the next {count(first['within_days'])}"
    )
    if first is last:
        return f"{text}."
    return (
        f"{text}; after {counted(last['dormant_days'], 'day')} {share(last['reactivation_share'])} "
        f"of {count(last['dormant_count'])}: the longer the silence, the fewer come back."
        if last["reactivation_share"] < first["reactivation_share"]
        else f"{text}; after {counted(last['dormant_days'], 'day')} "
        f"{share(last['reactivation_share'])} of {count(last['dormant_count'])}."
    )


def _iso(day: Any) -> str | None:
    return None if day is None else str(day)
