"""What a company report says of value: a customer's, and what fewer leaving would add to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.economics import (
    ACQUISITION_COST_CLAIM,
    CLAIMS,
    CustomerValue,
    GainClaim,
    gain,
    value_curve,
)
from custloyal.errors import InvalidValueError
from custloyal.formats import amount, share
from custloyal.metrics import AgeValue
from custloyal.models import Share
from custloyal.periods import last_full_day
from custloyal.reporting import value_words
from custloyal.reporting.ages import (
    LEAST_CUSTOMERS,
    acquisition_of,
    ages_of,
    basis_of,
    margins_of,
)
from custloyal.reporting.section import MappedSection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import altair as alt

    from custloyal.economics import Claim, Gain
    from custloyal.engines import Table
    from custloyal.history import History
    from custloyal.metrics import Metric
    from custloyal.reading.run import Readings
    from custloyal.reporting.scope import Run, Scope

__all__ = ["Value", "value", "value_period"]

POINTS = 5.0
"""The percentage points of the published claims."""
_PERIODS = {"year": 365, "quarter": 91, "month": 30}
"""How many days a period of age has. Whole days: ages are counted from the first purchase day."""
_LEAST_AGES = 2
_CURVE = 20


class Value(MappedSection):
    """What keeping customers is worth."""

    name, title, nav = "value", "What keeping customers is worth", "Value"
    keys = ("value", "value_reason")

    def metrics(self, scope: Scope) -> Sequence[Metric]:
        """Margins by age, where amounts are known for long enough."""
        period = _period_of(scope)
        return [] if period is None else [value_metric(period)]

    def figures(self, run: Run) -> Mapping[str, Any]:
        """What a customer is worth, and what fewer defections add."""
        return value(
            run.history,
            run.readings,
            run.customers,
            period=_period_of(run.scope),
            inactivity_days=run.scope.inactivity_days,
            discount_share=run.discount_share,
        )

    def words(self, figures: Mapping[str, Any]) -> dict[str, Any]:
        """The sentences on what is told."""
        del figures
        return {"value_words": value_words}

    def charts(self, figures: Mapping[str, Any]) -> dict[str, alt.TopLevelMixin]:
        """Value and profit by the share that leaves."""
        from custloyal.plot.economics import value_lines  # noqa: PLC0415 (needs an extra)

        told = figures["value"]
        if not told or not told["curve"]:
            return {}
        return {"value": value_lines(told["curve"], today=told["defection_share"])}

    def lines(self, figures: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What keeping customers is worth, in the two views that differ most."""
        return [("Keeping", keeping(figures))]


def _period_of(scope: Scope) -> str | None:
    return value_period(scope.seen_days, scope.inactivity_days) if scope.has_amounts else None


def keeping(figures: Mapping[str, Any]) -> str:
    """What keeping customers is worth, in the two views that differ most."""
    told = figures["value"]
    if told is None:
        return f"Nothing can be said: {figures['value_reason']}."
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


def value_period(seen_days: int, inactivity_days: int) -> str | None:
    """The longest period of which at least two ages can be told from the data.

    Args:
        seen_days: Days from the first purchase to the last row.
        inactivity_days: After how long a silence a customer has left.

    Returns:
        "year", "quarter" or "month"; None where there is none.

    Example:
        >>> value_period(1000, 180), value_period(545, 180), value_period(100, 180)
        ('year', 'quarter', None)
    """
    for name, days in _PERIODS.items():
        if seen_days >= inactivity_days + _LEAST_AGES * days:
            return name
    return None


def value_metric(period: str) -> AgeValue:
    """The metric on which margins by age rest."""
    return AgeValue(step_days=_PERIODS[period])


def value(
    history: History,
    readings: Readings,
    customers: nw.DataFrame[Any],
    *,
    period: str | None,
    inactivity_days: int,
    discount_share: float,
) -> dict[str, Any]:
    """Sum up what customers are worth.

    Args:
        history: The interactions.
        readings: Readings of `value_metric` where there is a period, and of `PriceOnly` where list
            prices are known.
        customers: One row a customer with the columns of `BtydStatistics`.
        period: The period of age, as `value_period` gives it.
        inactivity_days: After how long a silence a customer has left.
        discount_share: What a year's delay takes from money.

    Returns:
        `value`, the section as plain values as `report` describes it, and `value_reason`: why
        there is none.
    """
    found: dict[str, Any] | str
    if "amount" not in history.columns:
        found = "no amounts are known: the table has no column amount"
    elif not len(customers["T"].drop_nulls()):
        found = "nobody bought anything"
    elif period is None:
        found = (
            "the table is too short: there must be two months, and after them "
            f"{inactivity_days} days in which silence can show who left"
        )
    else:
        found = _value(
            readings,
            customers,
            period=period,
            inactivity_days=inactivity_days,
            discount_share=discount_share,
            table=history.customers,
        )
    is_told = not isinstance(found, str)
    return {"value": found if is_told else None, "value_reason": None if is_told else found}


def _value(
    readings: Readings,
    customers: nw.DataFrame[Any],
    *,
    period: str,
    inactivity_days: int,
    discount_share: float,
    table: Table | None,
) -> dict[str, Any] | str:
    buyers = customers.filter(~nw.col("x").is_null())
    price_only = None
    if "price_only" in readings:
        said = readings["price_only"].table.collect("polars")
        bargain = said.filter(nw.col("is_price_only")).select("customer_id")
        price_only = len(bargain)
        buyers = buyers.join(bargain, on="customer_id", how="anti")
    days = _PERIODS[period]
    unseen = inactivity_days + (readings.as_of.day - last_full_day(readings.as_of)).days
    brought = readings[AgeValue].table.collect("polars")
    brought = brought.join(buyers.select("customer_id"), on="customer_id", how="semi")
    if len(brought) and not len(brought["amount"].drop_nulls()):
        return "no purchase bears a known amount"
    basis, note, margin_share = basis_of(brought)
    ages = ages_of(buyers, brought, days=days, unseen_days=unseen)
    if not ages:
        others = ", price-only buyers left out" if price_only else ""
        return (
            f"fewer than {LEAST_CUSTOMERS} customers were seen for a {period} and "
            f"{inactivity_days} days after it{others}"
        )
    left = Share(sum(age.left for age in ages), sum(age.at_risk for age in ages))
    acquisition = acquisition_of(buyers, table)
    cost = 0.0 if isinstance(acquisition, str) else acquisition["per_customer_amount"]
    discount = (1 + discount_share) ** (days / _PERIODS["year"]) - 1
    margins = [margin_share * margin for margin in margins_of(ages)]
    try:
        customer = CustomerValue(
            defection_share=left.value,
            margins=margins,
            acquisition_cost_amount=cost,
            discount_share=discount,
            period=period,
        )
    except InvalidValueError as error:
        nobody = "nobody left while they were seen, so that their value has no end"
        return nobody if not left.numerator else str(error)
    interval = left.interval()
    assert interval is not None
    # Who brings less than nothing is worth the less the longer they stay.
    low, high = sorted(customer.at(share).value for share in (interval.low, interval.high))
    gained, why_not = _gain(customer)
    population = f"customers of this history, in {period}s of their age"
    return {
        "period": period,
        "period_days": days,
        "inactivity_days": inactivity_days,
        "basis": basis,
        "basis_sentence": note,
        "discount_year_share": discount_share,
        "discount_share": discount,
        "acquisition_cost_known": not isinstance(acquisition, str),
        "price_only_left_out_count": price_only,
        "customers_count": ages[0].at_risk,
        "at_risk_count": left.denominator,
        "left_count": left.numerator,
        "defection_share": left.value,
        "defection_low": interval.low,
        "defection_high": interval.high,
        "ages": [
            {
                "age": number,
                "from_day": (number - 1) * days,
                "at_risk_count": age.at_risk,
                "left_count": age.left,
                "defection_share": age.left / age.at_risk,
                "margin_amount": margin_share * age.amount / age.at_risk,
            }
            for number, age in enumerate(ages, 1)
        ],
        "margin_amounts": margins,
        "customer_value_amount": customer.value,
        "customer_value_low_amount": low,
        "customer_value_high_amount": high,
        "base_profit_amount": customer.base_profit_amount,
        "gain": None if gained is None else _gained(gained),
        "gain_reason": why_not,
        "curve": _curve(customer),
        "acquisition": None if isinstance(acquisition, str) else _paid_back(acquisition, customer),
        "acquisition_reason": acquisition if isinstance(acquisition, str) else None,
        "claims": [_claim(claim, customer, gained, population) for claim in CLAIMS.values()],
    }


# What follows --------------------------------------------------------------------------------


def _gain(customer: CustomerValue) -> tuple[Gain | None, str | None]:
    if 100 * customer.defection_share < POINTS:
        return None, (
            f"{100 * customer.defection_share:.1f} % leave in a {customer.period}: there are no "
            f"{POINTS:g} points to take away"
        )
    try:
        return gain(customer, points=POINTS), None
    except InvalidValueError as error:  # the value after would have no end
        return None, str(error)


def _gained(found: Gain) -> dict[str, Any]:
    before, after = found.before, found.after
    leaving = before.discount_share + after.defection_share
    return {
        "points": found.points,
        "customer_before_amount": before.value,
        "customer_after_amount": after.value,
        "customer_gain_amount": found.customer_amount,
        "customer_gain_share": found.customer_share,
        "base_before_amount": before.base_profit_amount,
        "base_after_amount": after.base_profit_amount,
        "base_gain_amount": found.base_amount,
        "base_gain_share": found.base_share,
        # Of a customer and period: above it, the points cost more than they bring.
        "customer_break_even_amount": found.customer_amount * leaving / (1 + before.discount_share),
        "base_break_even_amount": found.base_amount,
        "sentences": list(found.sentences),
    }


def _curve(customer: CustomerValue) -> list[dict[str, float]]:
    """Value and profit over defection, from a fifth of today's to twice as much."""
    today = customer.defection_share
    low, high = today / 5, min(1.0, 2 * today)
    shares = sorted({low + (high - low) * k / (_CURVE - 1) for k in range(_CURVE)} | {today})
    return [
        attrs.asdict(point)
        for point in value_curve(customer, defection_shares=[each for each in shares if each > 0])
    ]


def _paid_back(acquisition: dict[str, Any], customer: CustomerValue) -> dict[str, Any]:
    """What winning cost, beside what a customer brings, and what keeping may cost."""
    each = acquisition["per_customer_amount"]
    claim = ACQUISITION_COST_CLAIM
    return {
        **acquisition,
        "value_before_cost_amount": customer.value + each,
        "value_to_cost_ratio": (customer.value + each) / each if each else None,
        "paid_back_periods": _paid_back_after(customer),
        # What keeping a customer would cost if the published ratio were true here.
        "claimed_retention_low_amount": each / claim.high,
        "claimed_retention_high_amount": each / claim.low,
    }


def _paid_back_after(customer: CustomerValue) -> int | None:
    """The number of periods after which the mean customer has brought what winning them cost."""
    rho = (1 - customer.defection_share) / (1 + customer.discount_share)
    left, stays = customer.acquisition_cost_amount, 1.0
    if customer.value < 0:
        return None
    margins = [*customer.margins]
    for number in range(1, 10_000):
        left -= margins[min(number, len(margins)) - 1] * stays
        if left <= 0:
            return number
        stays *= rho
    return None


def _claim(
    claim: Claim, customer: CustomerValue, gained: Gain | None, population: str
) -> dict[str, Any]:
    own: dict[str, Any] = dict.fromkeys(
        ("own_customer_gain_share", "own_base_gain_share", "implied_share")
    )
    differences: list[str] = []
    if isinstance(claim, GainClaim):
        own["implied_share"] = claim.implied_share
        if gained is not None and claim.points == gained.points:
            estimate = claim.reestimated(customer, population=population)
            differences = list(estimate.differences)
            own["own_customer_gain_share"] = gained.customer_share
            own["own_base_gain_share"] = gained.base_share
    return {
        "name": claim.name,
        "statement": claim.statement,
        "low": claim.low,
        "high": claim.high,
        "population": claim.population,
        "year": claim.year,
        "source": claim.source,
        "scope": claim.scope,
        "rests_on": claim.kind.value,
        **own,
        "differences": differences,
    }
