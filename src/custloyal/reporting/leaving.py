"""What a company report says of leaving: who is likely gone, what hangs on it, and how sure."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import narwhals as nw

from custloyal.btyd import FitWarning, NotIdentifiedWarning
from custloyal.defection import PriceOnly, SilentDefection, WonBack
from custloyal.defection.won_back import summed_up
from custloyal.formats import count, day
from custloyal.models import Share

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from custloyal.engines import Table
    from custloyal.metrics import Metric
    from custloyal.reading.run import Readings

__all__ = ["fit_cautions", "leaving", "leaving_metrics", "rings_on"]

_FEW = 10
_FIRST = 10
_OWNERS = 10
_WEEK = timedelta(days=7)
_OPEN = (
    "from these purchases alone it cannot be told how customers differ in leaving; take each "
    "chance of leaving as rough"
)
"""A fit that is not identified, in words for who never met one."""
_PRICED = ("amount", "list_amount")


def leaving_metrics(silent: SilentDefection, columns: Collection[str]) -> list[Metric]:
    """The metrics on which the section rests.

    Args:
        silent: Who is leaving in silence.
        columns: Those of the history.
    """
    priced = [PriceOnly(), WonBack()] if set(_PRICED).issubset(columns) else []
    return [silent, *priced]


rings_on = nw.when(~nw.col("due_on").is_null()).then(nw.max_horizontal("alarm_on", "due_on"))
"""The day on which a customer is first called gone: of a slow buyer the probability of no purchase
may be at the alarm on the very day of one, and only silence past the next is news. Null of whom the
next purchase is due in no known year: no silence is news of them."""


@contextmanager
def fit_cautions() -> Iterator[list[str]]:
    """What fits warn of, as sentences in place of warnings; all other warnings stay warnings."""
    cautions: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", FitWarning)
        yield cautions
    for each in caught:
        if issubclass(each.category, FitWarning):
            caution = (
                _OPEN if issubclass(each.category, NotIdentifiedWarning) else str(each.message)
            )
            if caution not in cautions:
                cautions.append(caution)
        else:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


def leaving(
    readings: Readings, customers: nw.DataFrame[Any], table: Table | None, cautions: list[str]
) -> dict[str, Any]:
    """Sum up who is leaving.

    Args:
        readings: Readings of `leaving_metrics`, of a history with purchases.
        customers: One row a customer with the columns of `SilentDefection`, and of
            `ParetoSegment` where there are amounts.
        table: The second table, one row a customer, in which their owners may stand.
        cautions: What the fit of the model warned of.

    Returns:
        The section as plain values, as `report` describes it, without the look back.
    """
    silent = readings[SilentDefection].metric
    assert isinstance(silent, SilentDefection)
    buyers = customers.filter(~nw.col("p_no_purchase").is_null()).with_columns(
        expected_loss=nw.col("p_no_purchase") * nw.col("value_at_risk_amount")
    )
    today = readings.as_of.day
    gone = buyers.filter(~nw.col("loss").is_null())
    # Who rang before was lost before: nothing is at stake with them any more.
    since = nw.lit(today - _days(silent.horizon))
    newly = gone.filter(rings_on > since, rings_on <= nw.lit(today))
    lost_before = (~nw.col("loss").is_null() & (rings_on <= since)).fill_null(value=False)
    at_stake = buyers.filter(~lost_before)
    soon = buyers.filter(
        nw.col("loss").is_null(), nw.col("alarm_on") <= nw.lit(today + _days(silent.horizon))
    )
    return {
        "horizon_days": silent.horizon,
        "alarm_share": silent.alarm,
        "customers_count": len(buyers),
        "likely_gone_count": len(gone),
        **{
            f"{kind}_{name}": value
            for kind in ("silent", "voiced")
            for name, value in _at_risk(gone.filter(nw.col("loss") == kind)).items()
        },
        **{f"newly_gone_{name}": value for name, value in _at_risk(newly).items()},
        "soon_count": len(soon),
        "soon_value_at_risk_amount": _sum(soon["value_at_risk_amount"]),
        "expected_lost_count": float(buyers["p_no_purchase"].sum()),
        "expected_loss_amount": _sum(buyers["expected_loss"]),
        "value_at_risk_amount": _sum(gone["value_at_risk_amount"]),
        "at_stake": {**_at_stake(at_stake), "owners": _owners(at_stake, table)},
        "alarms": _alarms(soon, today, silent.horizon),
        "is_recalibrated": bool(buyers["is_recalibrated"][0]),
        "calibration": buyers["calibration"][0],
        "cautions": [*_day_in_doubt(buyers, today, silent.horizon), *cautions],
        "first": [_first(row) for row in _most_at_risk(newly).iter_rows(named=True)],
        "price_only": _price_only(readings),
        "won_back": _won_back(readings),
    }


def _days(count: int) -> timedelta:
    return timedelta(days=count)


def _sum(amounts: nw.Series[Any]) -> float | None:
    known = amounts.drop_nulls()
    return float(known.sum()) if len(known) else None


# Who is likely gone --------------------------------------------------------------------------


def _day_in_doubt(buyers: nw.DataFrame[Any], today: date, horizon: int) -> list[str]:
    """A caution where next to nobody bought of late: one row of a mistyped year makes all gone."""
    days = 2 * horizon
    recent = int((buyers["silent_days"] <= days).sum())
    if len(buyers) < _FEW or recent > max(1, len(buyers) // 100):
        return []
    said = f"only {count(recent)} of {count(len(buyers))} customers bought in the last {days} days"
    mend = f"if {day(today.isoformat())} is no day of yours, read as of another (as_of, --as-of)"
    return [f"{said}; {mend}"]


def _at_risk(customers: nw.DataFrame[Any]) -> dict[str, Any]:
    return {
        "count": len(customers),
        "value_at_risk_amount": _sum(customers["value_at_risk_amount"]),
    }


def _at_stake(customers: nw.DataFrame[Any]) -> dict[str, Any]:
    """What may still be lost, and in whose hands it is."""
    losses = customers["expected_loss"].drop_nulls().sort(descending=True)
    whole = _sum(losses)
    half = int((losses.cum_sum() < whole / 2).sum()) + 1 if whole else None
    segments: list[dict[str, Any]] = []
    if "segment" in customers.columns:
        grouped = customers.filter(~nw.col("segment").is_null()).group_by("segment")
        sums = grouped.agg(
            nw.len().alias("customers_count"),
            (~nw.col("loss").is_null()).cast(nw.Int64).sum().alias("newly_gone_count"),
            nw.col("expected_loss").sum().alias("expected_loss_amount"),
        ).sort("segment")
        segments = [
            {**row, "expected_loss_share": row["expected_loss_amount"] / whole if whole else None}
            for row in sums.iter_rows(named=True)
        ]
    return {
        "customers_count": len(customers),
        "value_at_risk_amount": _sum(customers["value_at_risk_amount"]),
        "expected_loss_amount": whole,
        "half_held_by_count": half,
        "half_held_by_share": None if half is None else half / len(losses),
        "segments": segments,
    }


def _owners(customers: nw.DataFrame[Any], table: Table | None) -> list[dict[str, Any]]:
    """Whose accounts they are: at most ten owners, most expected loss first."""
    if table is None or "owner_id" not in table.collect_schema():
        return []
    owned = table.select("customer_id", "owner_id").collect("polars").drop_nulls()
    rows = (
        customers.join(owned, on="customer_id", how="inner")
        .group_by("owner_id")
        .agg(
            nw.len().alias("customers_count"),
            nw.col("expected_loss").sum().alias("expected_loss_amount"),
        )
        .sort("expected_loss_amount", "owner_id", descending=[True, False])
        .head(_OWNERS)
    )
    return [{**row, "owner_id": str(row["owner_id"])} for row in rows.iter_rows(named=True)]


def _alarms(soon: nw.DataFrame[Any], today: date, horizon: int) -> list[dict[str, Any]]:
    """Alarms to come if customers stay silent, by the seven days in which they fall."""
    weeks: list[dict[str, Any]] = []
    start, end = today + _days(1), today + _days(horizon)
    while start <= end:
        last = min(start + _WEEK - _days(1), end)
        rows = soon.filter(nw.col("alarm_on") >= nw.lit(start), nw.col("alarm_on") <= nw.lit(last))
        weeks.append(
            {
                "from_day": start.isoformat(),
                "until_day": last.isoformat(),
                "customers_count": len(rows),
                "value_at_risk_amount": _sum(rows["value_at_risk_amount"]),
            }
        )
        start += _WEEK
    return weeks


def _most_at_risk(customers: nw.DataFrame[Any]) -> nw.DataFrame[Any]:
    """Whose expected loss is largest; where no amount is known, who is expected to buy most."""
    return (
        customers.with_columns(
            purchases=nw.col("p_no_purchase") * nw.col("purchases_at_risk_count")
        )
        .sort(
            "expected_loss",
            "purchases",
            "customer_id",
            descending=[True, True, False],
            nulls_last=True,
        )
        .head(_FIRST)
    )


def _first(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "customer_id": str(row["customer_id"]),
        "reason": row["reason"],
        "loss": row["loss"],
        "p_no_purchase": row["p_no_purchase"],
        "quiet_since": row["quiet_since"].isoformat(),
        "silent_days": row["silent_days"],
        "alarm_on": _iso(row["alarm_on"]),
        "due_on": _iso(row["due_on"]),
        "value_at_risk_amount": row["value_at_risk_amount"],
        "expected_loss_amount": row["expected_loss"],
        "segment": row.get("segment"),
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _price_only(readings: Readings) -> dict[str, Any] | None:
    if "price_only" not in readings:
        return None
    table = readings["price_only"].table.collect("polars")
    known = table["is_price_only"].drop_nulls()
    share = Share(int(known.cast(nw.Int64).sum() or 0), len(known), len(table) - len(known))
    interval = share.interval()
    bargain = nw.col("is_price_only")
    return {
        "customers_count": share.denominator,
        "price_only_count": share.numerator,
        "price_only_share": share.value,
        "price_only_low": interval and interval.low,
        "price_only_high": interval and interval.high,
        "unknown_count": share.unknown,
        "purchases_count": int(table["priced_count"].sum() or 0),
        "discounted_count": int(table["discounted_count"].sum() or 0),
        # Of the mean customer; None where no margin is known.
        "price_only_margin_share": table.filter(bargain)["margin_share"].mean(),
        "others_margin_share": table.filter(~bargain)["margin_share"].mean(),
    }


def _won_back(readings: Readings) -> dict[str, Any] | None:
    if "won_back" not in readings:
        return None
    reading = readings[WonBack]
    metric = reading.metric
    assert isinstance(metric, WonBack)
    return {
        "dormant_days": metric.dormant,
        "gone_within_days": metric.gone_within,
        **summed_up(reading.table).to_dict(),
    }
