"""What the terminal shows of staying and leaving: a line or two for each section of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custloyal.formats import amount, count, counted, day, month, share

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["keeping", "leaving", "staying"]


def staying(report: Mapping[str, Any]) -> str:
    """Who stays: of a month's customers, how many bought in the next; and how growth came."""
    told = report["retention"]
    if told is None:
        return f"Nothing can be said: {report['retention_reason']}."
    said = []
    latest, tenure = told["latest_month"], told["tenure"]
    if latest is not None and latest["retention_share"] is not None:
        said.append(
            f"Of {counted(latest['start_count'], 'customer')} of the month before, "
            f"{share(latest['retention_share'])} bought in {month(latest['period_start'])} too."
        )
    so_far = told["repeat"][-1]
    said.append(f"{share(so_far['repeat_share'])} of all buyers came back on a second day.")
    if tenure["median_days"]:
        said.append(
            f"By the curve of tenure half stay longer than {counted(tenure['median_days'], 'day')} "
            f"({counted(tenure['inactivity_days'], 'day')} of silence end a stay)."
        )
    if told["growth"] is not None:
        said.append(told["growth"]["sentence"])
    return " ".join(said)


def leaving(report: Mapping[str, Any]) -> str:
    """Who is leaving, what hangs on it, and how well the same score did before."""
    told = report["leaving"]
    if told is None:
        return f"Nothing can be said: {report['leaving_reason']}."
    days = counted(told["horizon_days"], "day")
    newly, worth = told["newly_gone_count"], told["newly_gone_value_at_risk_amount"]
    costs = "" if worth is None else f", who would bring {amount(worth)} in {days}"
    gone, silent = count(told["likely_gone_count"]), count(told["silent_count"])
    buyers = counted(told["customers_count"], "buyer")
    alarm = share(told["alarm_share"])
    said = [
        f"Of {buyers}, {gone} are likely gone, {silent} in silence; {count(newly)} newly{costs}.",
        f"That is, the chance that they buy nothing in {days} is {alarm} or more.",
        f"{count(told['soon_count'])} more follow within {days} if they stay silent.",
    ]
    said += [f"Caution: {caution}." for caution in told["cautions"]]
    tried = told["backtest"]
    if tried is None:
        said.append(f"How true that is was not tried: {told['backtest_reason']}.")
    elif tried["auc"] is not None:
        said.append(
            f"The same on {day(tried['cut'])}: a lost customer was ranked above a kept one "
            f"{share(tried['auc'])} of the time, and {share(tried['watermelon']['lost_share'])} of "
            "the lost had given no alarm."
        )
    return " ".join(said)


def keeping(report: Mapping[str, Any]) -> str:
    """What keeping customers is worth, in the two views that differ most."""
    told = report["value"]
    if told is None:
        return f"Nothing can be said: {report['value_reason']}."
    period = told["period"]
    leave, worth = share(told["defection_share"]), amount(told["customer_value_amount"])
    said = [
        f"{leave} leave in a {period}; an acquired customer is worth {worth} of {told['basis']}."
    ]
    gain = told["gain"]
    if gain is None:
        said.append(f"What fewer leaving would add is not told: {told['gain_reason']}.")
    else:
        said.append(
            f"{gain['points']:g} points less defection a {period} add "
            f"{_added(gain, 'customer')} to that, and {_added(gain, 'base')} a {period} to what "
            "each customer of a base of constant size brings."
        )
    return " ".join(said)


def _added(gain: Mapping[str, Any], view: str) -> str:
    added, part = gain[f"{view}_gain_amount"], gain[f"{view}_gain_share"]
    return amount(added) if part is None else f"{amount(added)} ({part:+.1%})"
