"""What a company report says of retention: who stays, who comes back, whose revenue it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custloyal.formats import counted, day, month, share
from custloyal.metrics import (
    Growth,
    KaplanMeier,
    Lifecycle,
    Reactivation,
    RepeatPurchaseRate,
    RetentionRate,
    RevenueBridge,
    Tenure,
)
from custloyal.periods import Period
from custloyal.reporting import retention_words
from custloyal.reporting.section import MappedSection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import altair as alt

    from custloyal.metrics import Metric
    from custloyal.reading.run import Readings
    from custloyal.reporting.scope import Run, Scope

__all__ = ["Retention", "bridge_period", "retention", "retention_metrics"]

_MONTHS = 24
_BRIDGES = 12
_POINTS = 60
_YEARLY_FROM_DAYS, _QUARTERLY_FROM_DAYS = 3 * 365, 270


class Retention(MappedSection):
    """Who stays, who comes back, and whose revenue growth is."""

    name, title = "retention", "Who stays"
    keys = ("retention", "retention_reason")

    def metrics(self, scope: Scope) -> Sequence[Metric]:
        """Rates, tenure, lifecycle, reactivation and, where amounts are known, the bridge."""
        return retention_metrics(
            seen_days=scope.seen_days,
            inactivity_days=scope.inactivity_days,
            has_amounts=scope.has_amounts,
        )

    def figures(self, run: Run) -> Mapping[str, Any]:
        """Who stays; None and a reason where nobody bought."""
        if run.longest_days is None:
            return {"retention": None, "retention_reason": "nobody bought anything"}
        return {"retention": retention(run.readings), "retention_reason": None}

    def words(self, figures: Mapping[str, Any]) -> dict[str, Any]:
        """The sentences on what is told."""
        del figures
        return {"retention_words": retention_words}

    def charts(self, figures: Mapping[str, Any]) -> dict[str, alt.TopLevelMixin]:
        """Retention, tenure, lifecycle, reactivation and the bridge of the last full period."""
        return dict(_charts(figures["retention"])) if figures["retention"] else {}

    def lines(self, figures: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Who stays, and how growth came."""
        return [("Staying", staying(figures))]


def _charts(told: Mapping[str, Any]) -> Iterator[tuple[str, alt.TopLevelMixin]]:
    from custloyal.plot.growth import bridge_bars  # noqa: PLC0415 (needs an extra)
    from custloyal.plot.lifecycle import (  # noqa: PLC0415 (needs an extra)
        lifecycle_bars,
        reactivation_bars,
    )
    from custloyal.plot.retention import (  # noqa: PLC0415 (needs an extra)
        period_name,
        rate_line,
        survival_line,
    )

    def named(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "name": period_name(row["period_start"], "month")} for row in rows]

    if any(row["retention_share"] is not None for row in told["months"]):
        months = named(told["months"])
        yield "retention", rate_line(months, name="retention", title="Retention by month")
    if told["tenure"] and told["tenure"]["curve"]:
        yield "tenure", survival_line(told["tenure"]["curve"])
    if told["lifecycle"]:
        yield "lifecycle", lifecycle_bars(named(told["lifecycle"]))
    if any(row["reactivation_share"] is not None for row in told["reactivation"]):
        yield "reactivation", reactivation_bars(told["reactivation"])
    bridge = told["bridge"]
    if bridge and told["growth"]:
        start, rows, period = told["growth"]["period_start"], bridge["rows"], bridge["period"]
        place = next(i for i, row in enumerate(rows) if row["period_start"] == start)
        row = {**rows[place], "previous_amount": rows[place]["opening_amount"]}
        earlier = rows[place - 1]["period_start"] if place else None
        before = f"{period} before" if earlier is None else period_name(earlier, period)
        yield "bridge", bridge_bars(row, before=before, after=period_name(start, period))


def staying(figures: Mapping[str, Any]) -> str:
    """Who stays: of a month's customers, how many bought in the next; and how growth came."""
    told = figures["retention"]
    if told is None:
        return f"Nothing can be said: {figures['retention_reason']}."
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


def bridge_period(seen_days: int) -> Period:
    """The periods between which revenue is compared: long ones where there are some of them.

    Args:
        seen_days: Days from the first purchase to the last row.

    Example:
        >>> bridge_period(1200).value, bridge_period(545).value, bridge_period(60).value
        ('year', 'quarter', 'month')
    """
    if seen_days >= _YEARLY_FROM_DAYS:
        return Period.YEAR
    return Period.QUARTER if seen_days >= _QUARTERLY_FROM_DAYS else Period.MONTH


def retention_metrics(*, seen_days: int, inactivity_days: int, has_amounts: bool) -> list[Metric]:
    """The metrics on which the section rests.

    Args:
        seen_days: Days from the first purchase to the last row.
        inactivity_days: After how long a silence tenure has ended.
        has_amounts: Whether the history knows amounts.
    """
    metrics: list[Metric] = [
        RetentionRate(),
        RepeatPurchaseRate(),
        Lifecycle(),
        Reactivation(),
        KaplanMeier(inactivity_days=inactivity_days),
        Tenure(inactivity_days=inactivity_days),
    ]
    return [*metrics, RevenueBridge(period=bridge_period(seen_days))] if has_amounts else metrics


def retention(readings: Readings) -> dict[str, Any]:
    """Sum up who stays.

    Args:
        readings: Readings of `retention_metrics`, of a history with purchases.

    Returns:
        The section as plain values, as `report` describes it.
    """
    months = _plain(readings["retention_rate"].to_dicts())
    return {
        "months": months[-_MONTHS:],
        "latest_month": _latest(months),
        "repeat": readings["repeat_purchase_rate"].to_dicts(),
        "tenure": _tenure(readings),
        "lifecycle": _plain(readings["lifecycle"].to_dicts())[-_MONTHS:],
        "reactivation": readings["reactivation"].to_dicts(),
        **_revenue(readings),
    }


def _tenure(readings: Readings) -> dict[str, Any]:
    curve = readings[KaplanMeier]
    metric = curve.metric
    (summed,) = readings[Tenure].to_dicts()
    names = ("tenure_days", "at_risk_count", "survival_share", "survival_low", "survival_high")
    return {
        "inactivity_days": getattr(metric, "inactivity_days", None),
        **summed,
        "curve": [{name: row[name] for name in names} for row in _thinned(curve.to_dicts())],
    }


def _thinned(steps: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Some steps of a curve, the first and the last among them, evenly spread over time."""
    if len(steps) <= _POINTS:
        return list(steps)
    longest = steps[-1]["tenure_days"]
    shown, wanted = [], 0
    for step in steps[:-1]:
        if step["tenure_days"] * (_POINTS - 1) >= wanted * longest:
            shown.append(step)
            wanted = step["tenure_days"] * (_POINTS - 1) // longest + 1
    return [*shown, steps[-1]]


def _revenue(readings: Readings) -> dict[str, Any]:
    if "revenue_bridge" not in readings:
        reason = "no amounts are known: the table has no column amount"
        return dict.fromkeys(("bridge", "growth")) | {
            "bridge_reason": reason,
            "growth_reason": reason,
        }
    reading = readings["revenue_bridge"]
    rows = _plain(reading.to_dicts())
    period = getattr(reading.metric, "period", Period.MONTH).value
    latest = _latest(rows)
    no_rows = f"there is no {period} after that of the first purchase"
    growth_reason = f"no {period} after that of the first purchase is over"
    if latest is not None and _knows_nothing(latest):
        growth_reason, latest = f"of the last two {period}s no amount is known", None
    return {
        "bridge": {"period": period, "rows": [_bridge(row) for row in rows[-_BRIDGES:]]}
        if rows
        else None,
        "bridge_reason": None if rows else no_rows,
        "growth": None if latest is None else _growth(latest, period),
        "growth_reason": growth_reason if latest is None else None,
    }


def _bridge(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the bridge, with revenue as it was before and is after."""
    named = dict(row)
    return {
        "period_start": named.pop("period_start"),
        "opening_amount": named.pop("previous_amount"),
        "closing_amount": named.pop("current_amount"),
        **named,
    }


def _knows_nothing(row: Mapping[str, Any]) -> bool:
    """Whether revenue is 0 in both periods only because no amount is known."""
    revenue = row["previous_amount"], row["current_amount"]
    return bool(row["unknown_count"]) and not any(revenue)


def _growth(row: Mapping[str, Any], period: str) -> dict[str, Any]:
    growth, unknown = Growth.of(row), row["unknown_count"]
    when = f"In the {period} from {day(row['period_start'])}, beside the one before"
    left_out = f" The amount of {counted(unknown, 'purchase')} is not known: they add nothing."
    return {
        "period": period,
        "period_start": row["period_start"],
        "change_amount": growth.change_amount,
        "new_amount": growth.new_amount,
        "existing_change_amount": growth.existing_change_amount,
        "new_share": growth.new_share,
        "is_bought": growth.is_bought,
        "sentence": f"{when}, r{growth.sentence.removeprefix('R')}{left_out if unknown else ''}",
    }


def _latest(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The last row whose period is over."""
    return next((row for row in reversed(rows) if row["is_complete"]), None)


def _plain(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "period_start": row["period_start"].isoformat()} for row in rows]
