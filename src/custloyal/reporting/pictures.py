"""Which charts the page has, of what the report says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custloyal.plot.backtests import band_points, lift_lines
from custloyal.plot.cohorts import cohort_map
from custloyal.plot.concentration import lorenz_line, segment_bars
from custloyal.plot.defection import alarm_bars
from custloyal.plot.economics import value_lines
from custloyal.plot.growth import bridge_bars
from custloyal.plot.journey import funnel_bars, stage_bars
from custloyal.plot.lifecycle import lifecycle_bars, reactivation_bars
from custloyal.plot.promises import promise_line
from custloyal.plot.retention import period_name, rate_line, survival_line
from custloyal.plot.trust import trust_histogram
from custloyal.reporting import promise_words
from custloyal.reporting.drawing import drawn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from altair import LayerChart
    from markupsafe import Markup

    from custloyal.reporting.promise_words import PromiseView
    from custloyal.reporting.words import CohortView

__all__ = ["charts", "promise_charts"]

_SEGMENTS = 30


def charts(report: Mapping[str, Any], cohorts: CohortView) -> Iterator[tuple[str, Markup]]:
    """The charts that there is something to draw for, by name."""
    if report["customers_count"]:
        trust = report["trust"]
        if trust["bins"]:
            yield "trust", drawn(trust_histogram(trust["bins"], prior=trust["prior"]))
        yield "stages", drawn(stage_bars(report["stages"]))
    funnel = report["stages"]["funnel"]
    if any(funnel.values()):
        yield "funnel", drawn(funnel_bars(funnel))
    spent = report["concentration"]
    if spent is not None and spent["lorenz"]:
        figures = {name: spent[name] for name in ("customers_count", "top_count", "top_share")}
        yield "lorenz", drawn(lorenz_line(spent["lorenz"], **figures))
    segments = report["segments"][:_SEGMENTS]
    if segments and segments[0]["revenue_share"] is not None:
        yield "segments", drawn(segment_bars(segments))
    if cohorts.rows:
        named = [
            {**row, "cohort": row["cohort_month"], "age": row["age_months"]} for row in cohorts.rows
        ]
        yield "cohorts", drawn(cohort_map(named))
    if report["retention"]:
        yield from _retention(report["retention"])
    if report["leaving"]:
        yield from _leaving(report["leaving"])
    value = report["value"]
    if value and value["curve"]:
        today = value["defection_share"]
        yield "value", drawn(value_lines(value["curve"], today=today))


def _retention(retention: Mapping[str, Any]) -> Iterator[tuple[str, Markup]]:
    months = [
        {**row, "name": period_name(row["period_start"], "month")} for row in retention["months"]
    ]
    if any(row["retention_share"] is not None for row in months):
        line = rate_line(months, name="retention", title="Retention by month")
        yield "retention", drawn(line)
    tenure = retention["tenure"]
    if tenure and tenure["curve"]:
        yield "tenure", drawn(survival_line(tenure["curve"]))
    lives = [
        {**row, "name": period_name(row["period_start"], "month")} for row in retention["lifecycle"]
    ]
    if lives:
        yield "lifecycle", drawn(lifecycle_bars(lives))
    if any(row["reactivation_share"] is not None for row in retention["reactivation"]):
        yield "reactivation", drawn(reactivation_bars(retention["reactivation"]))
    bridge, growth = retention["bridge"], retention["growth"]
    if bridge and growth:
        yield "bridge", drawn(_bridge(bridge, growth["period_start"]))


def _bridge(bridge: Mapping[str, Any], start: str) -> LayerChart:
    rows, period = bridge["rows"], bridge["period"]
    place = next(i for i, row in enumerate(rows) if row["period_start"] == start)
    row = {**rows[place], "previous_amount": rows[place]["opening_amount"]}
    before = period_name(rows[place - 1]["period_start"], period) if place else f"{period} before"
    return bridge_bars(row, before=before, after=period_name(start, period))


def _leaving(leaving: Mapping[str, Any]) -> Iterator[tuple[str, Markup]]:
    weeks = [{**week, "period_start": week["from_day"]} for week in leaving["alarms"]]
    if any(week["customers_count"] for week in weeks):
        yield "alarms", drawn(alarm_bars(weeks))
    tried = leaving["backtest"]
    if tried and tried["lost_count"]:
        yield "lift", drawn(lift_lines({**tried, "score": "this score"}))
    if tried and any(band["lost_share"] is not None for band in tried["bands"]):
        yield "calibration", drawn(band_points(tried["bands"]))


def promise_charts(view: PromiseView) -> Iterator[tuple[str, Markup, str]]:
    """For each rule of which anything is decided its name, its chart, and what that shows."""
    for rule in view.rules:
        windows = rule["windows"]
        if not any(each["decided_count"] for each in windows):
            continue
        names = [promise_words.axis_name(each["window"], rule["window"]) for each in windows]
        chart = promise_line(windows, names=names, lowest=view.lowest)
        yield rule["name"], drawn(chart), promise_words.over_time(rule)
