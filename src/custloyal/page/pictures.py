"""Which charts the page has, of what the report says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custloyal.page import promise_words
from custloyal.page.drawing import drawn
from custloyal.plot.cohorts import cohort_map
from custloyal.plot.concentration import lorenz_line, segment_bars
from custloyal.plot.journey import funnel_bars, stage_bars
from custloyal.plot.promises import promise_line
from custloyal.plot.trust import trust_histogram

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from markupsafe import Markup

    from custloyal.page.promise_words import PromiseView
    from custloyal.page.words import CohortView

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


def promise_charts(view: PromiseView) -> Iterator[tuple[str, Markup, str]]:
    """For each rule of which anything is decided its name, its chart, and what that shows."""
    for rule in view.rules:
        windows = rule["windows"]
        if not any(each["decided_count"] for each in windows):
            continue
        names = [promise_words.axis_name(each["window"], rule["window"]) for each in windows]
        chart = promise_line(windows, names=names, lowest=view.lowest)
        yield rule["name"], drawn(chart), promise_words.over_time(rule)
