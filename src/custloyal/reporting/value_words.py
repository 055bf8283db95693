"""What the page says of value: what a customer is worth, and what winning one costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custloyal.formats import amount, count, counted, share

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["acquisition", "claimed", "comparable", "curve", "worth"]


def worth(value: Mapping[str, Any]) -> str:
    """What an acquired customer is worth, with its interval and what it rests on."""
    low, high = value["customer_value_low_amount"], value["customer_value_high_amount"]
    between = "" if low is None or high is None else f" ({amount(low)} to {amount(high)})"
    text = (
        f"An acquired customer is worth {amount(value['customer_value_amount'])}{between}: of "
        f"{counted(value['customers_count'], 'customer')} {share(value['defection_share'])} leave "
        f"in a {value['period']}, and later money is discounted by "
        f"{share(value['discount_year_share'])} a year."
    )
    out = value["price_only_left_out_count"]
    return f"{text} {counted(out, 'price-only buyer')} left out." if out else text


def curve(value: Mapping[str, Any]) -> str:
    """What the curves show."""
    if not value["curve"]:
        return "No value is known."
    period, lowest = value["period"], value["curve"][0]
    return (
        f"Today {share(value['defection_share'])} leave in a {period}: a customer is worth "
        f"{amount(value['customer_value_amount'])} when won, and one of a base of constant size "
        f"brings {amount(value['base_profit_amount'])} in a {period}. If "
        f"{share(lowest['defection_share'])} left, it would be {amount(lowest['value_amount'])} "
        f"and {amount(lowest['base_profit_amount'])}."
    )


def acquisition(value: Mapping[str, Any]) -> str:
    """What it costs to win a customer, against what the customer brings."""
    said = value["acquisition"]
    if said is None:
        return f"What a new customer costs is not known: {value['acquisition_reason']}."
    text = (
        f"A new customer cost {amount(said['per_customer_amount'])} (known of "
        f"{count(said['known_count'])}"
    )
    text += f", not known of {count(said['unknown_count'])})" if said["unknown_count"] else ")"
    if said["value_to_cost_ratio"] is not None:
        text += f" and brings {said['value_to_cost_ratio']:.1f} times that before this cost"
    if said["paid_back_periods"] is None:
        return f"{text}; on average that is never paid back."
    return f"{text}; that is paid back after {counted(said['paid_back_periods'], value['period'])}."


def comparable(value: Mapping[str, Any]) -> str:
    """How far published gains and the own ones may be compared."""
    text = "Published gains are of points of defection in a year, and of other customers."
    if value["period"] == "year":
        return text
    return (
        f"{text} The own ones are of as many points in a {value['period']}, which is a larger "
        "step: the figures do not compare as they stand."
    )


def claimed(claim: Mapping[str, Any]) -> str:
    """The figure that was published."""
    low, high = claim["low"], claim["high"]
    return _claim(low) if low == high else f"{_claim(low)} to {_claim(high)}"


def _claim(number: float | None) -> str:
    if number is None:
        return "not known"
    return f"{100 * number:.0f}%" if number < 1.5 else f"{number:g} times"  # noqa: PLR2004
