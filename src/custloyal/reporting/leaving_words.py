"""What the page says of who leaves: how many, how sure, what hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custloyal.formats import amount, count, counted, day, share

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "alarms",
    "at_stake",
    "calibration",
    "facts",
    "kept_or_lost",
    "lift",
    "price",
    "won_back",
]

_BAND_ROUNDING = 1e-9


def kept_or_lost(leaving: Mapping[str, Any]) -> str:
    """Who leaves: how many only now, how many in all are likely gone, and who is next."""
    buyers, gone = leaving["customers_count"], leaving["likely_gone_count"]
    days = counted(leaving["horizon_days"], "day")
    return (
        f"{_newly(leaving)} Of {counted(buyers, 'customer')} who ever bought, {_of(gone, buyers)} "
        f"are likely gone: {count(leaving['silent_count'])} without a word and "
        f"{count(leaving['voiced_count'])} after a complaint, a return or a bad rating. "
        f"{count(leaving['soon_count'])} of the others follow if they buy nothing in the next "
        f"{days}. Likely gone means that the chance of no purchase within {days} is "
        f"{share(leaving['alarm_share'])} or more: not all of them have left for good."
    )


def _newly(leaving: Mapping[str, Any]) -> str:
    newly, worth = leaving["newly_gone_count"], leaving["newly_gone_value_at_risk_amount"]
    days = counted(leaving["horizon_days"], "day")
    if not newly:
        return f"Nobody became likely gone in the last {days}."
    at_risk = "" if worth is None else f", with {amount(worth)} of purchases to win back"
    return f"{counted(newly, 'customer')} became likely gone in the last {days}{at_risk}."


def facts(leaving: Mapping[str, Any]) -> list[tuple[str, float | None, float | None]]:
    """Groups of customers with their numbers and what they would bring within the horizon."""
    days = counted(leaving["horizon_days"], "day")
    return [
        (
            "Likely gone without a word",
            leaving["silent_count"],
            leaving["silent_value_at_risk_amount"],
        ),
        (
            "Likely gone after a complaint, a return or a bad rating",
            leaving["voiced_count"],
            leaving["voiced_value_at_risk_amount"],
        ),
        (
            f"Of both, only in the last {days}",
            leaving["newly_gone_count"],
            leaving["newly_gone_value_at_risk_amount"],
        ),
        (
            f"Not yet, likely gone if silent for the next {days}",
            leaving["soon_count"],
            leaving["soon_value_at_risk_amount"],
        ),
    ]


def alarms(leaving: Mapping[str, Any]) -> str:
    """When alarms will come."""
    weeks = leaving["alarms"]
    total = sum(week["customers_count"] or 0 for week in weeks)
    if not total:
        return f"Nobody will reach the alarm in the next {counted(leaving['horizon_days'], 'day')}."
    first = weeks[0]
    return (
        f"{counted(total, 'customer')} reach the alarm of {share(leaving['alarm_share'])} within "
        f"{counted(leaving['horizon_days'], 'day')} if they buy nothing; the first "
        f"{count(first['customers_count'])} by {day(first['until_day'])}."
    )


def at_stake(leaving: Mapping[str, Any]) -> str:
    """In whose hands that is which may still be lost."""
    said = leaving["at_stake"]
    if said is None or said["expected_loss_amount"] is None:
        return "No amounts are known, so it is not said what may still be lost."
    text = (
        f"{amount(said['expected_loss_amount'])} of {amount(said['value_at_risk_amount'])} that "
        f"{counted(said['customers_count'], 'customer')} would bring within "
        f"{counted(leaving['horizon_days'], 'day')} may be lost"
    )
    if not said["half_held_by_count"]:
        return f"{text}."
    return (
        f"{text}; half of it is held by {counted(said['half_held_by_count'], 'customer')} "
        f"({share(said['half_held_by_share'])})."
    )


def lift(leaving: Mapping[str, Any]) -> str:
    """How well the same score did in the past."""
    tried = leaving["backtest"]
    if tried is None or tried["auc"] is None:
        return "The score could not be tried on the past."
    text = (
        f"Tried on {day(tried['cut'])}: of {counted(tried['customers_count'], 'customer')} "
        f"{_of(tried['lost_count'], tried['customers_count'])} bought nothing until "
        f"{day(tried['until'])}. Of a lost and a kept customer the score ranked the lost one "
        f"higher in {_interval(tried, 'auc', share)} of all pairs (50% is chance)"
    )
    missed = tried["watermelon"]
    if not missed:
        return f"{text}."
    return (
        f"{text}; {_of(missed['lost_count'], missed['customers_count'])} of the lost had looked "
        "well."
    )


def calibration(leaving: Mapping[str, Any]) -> str:
    """How far what was said came true."""
    tried = leaving["backtest"]
    bands = [] if tried is None else [b for b in tried["bands"] if b["lost_share"] is not None]
    if not bands:
        return "The score could not be tried on the past."
    brier = "not known" if tried is None or tried["brier"] is None else f"{tried['brier']:.3f}"
    inside = sum(
        band["lost_low"] - _BAND_ROUNDING <= band["said_share"] <= band["lost_high"]
        for band in bands
    )
    return (
        f"In {count(inside)} of {counted(len(bands), 'band')} what was said lies within the "
        f"interval of what came. The mean squared distance (Brier score) is {brier}."
    )


def price(leaving: Mapping[str, Any]) -> str | None:
    """How many buy on price only; None where no list prices are known."""
    said = leaving["price_only"]
    if said is None or not said["customers_count"]:
        return None
    return (
        f"{_of(said['price_only_count'], said['customers_count'])} of "
        f"{counted(said['customers_count'], 'customer')} of whom it can be told buy on price only "
        f"({_interval(said, 'price_only', share, bare=True)}); of "
        f"{count(said['unknown_count'])} it cannot."
    )


def won_back(leaving: Mapping[str, Any]) -> str | None:
    """Whether who comes back for a discount goes again; None where that is not known."""
    said = leaving["won_back"]
    if said is None or said["difference"] is None:
        return None
    return (
        f"Of {counted(said['by_discount_count'], 'customer')} who came back for a discount "
        f"{share(said['by_discount_gone_again_share'])} went again within "
        f"{counted(said['gone_within_days'], 'day')}; of {count(said['at_full_price_count'])} who "
        f"came back without one {share(said['at_full_price_gone_again_share'])}. This is an "
        "association, not a cause."
    )


def _interval(said: Mapping[str, Any], name: str, written: Any, *, bare: bool = False) -> str:
    low, high = said[f"{name}_low"], said[f"{name}_high"]
    between = "" if low is None or high is None else f"{written(low)} to {written(high)}"
    if bare:
        return between or "interval not known"
    return f"{written(said[name])} ({between})" if between else str(written(said[name]))


def _of(part: float | None, whole: float | None) -> str:
    return count(part) if part is None or not whole else f"{count(part)} ({share(part / whole)})"
