"""Who leaves: who is likely gone, who is newly so, and how true the same score was before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from custloyal.formats import amount, count, counted, day, share, shortened
from custloyal.reporting import leaving_words
from custloyal.reporting.leaving import leaving, leaving_metrics
from custloyal.reporting.look_back import looked_back
from custloyal.reporting.section import Answer, Headline, MappedSection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import altair as alt

    from custloyal.metrics import Metric
    from custloyal.reporting.scope import Run, Scope

__all__ = ["Leaving"]


class Leaving(MappedSection):
    """Who leaves."""

    name, title = "leaving", "Who leaves"
    keys = ("leaving", "leaving_reason")

    def metrics(self, scope: Scope) -> Sequence[Metric]:
        """Silent defection and, where list prices are known, what discounts have to do with it."""
        return leaving_metrics(scope.silent, scope.columns)

    def figures(self, run: Run) -> Mapping[str, Any]:
        """Who leaves, with a look back; None and a reason where nobody bought."""
        longest = run.longest_days
        if longest is None:
            return {"leaving": None, "leaving_reason": "nobody bought anything"}
        past = looked_back(
            run.history,
            run.scope.silent,
            as_of=run.as_of,
            first=run.as_of.day - timedelta(days=longest),
            last=run.last,
            promised=run.promised,
        )
        now = leaving(run.readings, run.customers, run.history.customers, run.cautions)
        return {"leaving": {**now, **past}, "leaving_reason": None}

    def words(self, figures: Mapping[str, Any]) -> dict[str, Any]:
        """The sentences on what is told."""
        del figures
        return {"leaving_words": leaving_words}

    def charts(self, figures: Mapping[str, Any]) -> dict[str, alt.TopLevelMixin]:
        """Alarms to come, and how true the score was."""
        return dict(_charts(figures["leaving"])) if figures["leaving"] else {}

    def headlines(self, figures: Mapping[str, Any]) -> list[Headline]:
        """The newly gone."""
        told = figures["leaving"]
        if told is None:
            return []
        of = (
            f"in the last {counted(told['horizon_days'], 'day')}, of "
            f"{count(told['customers_count'])} who bought"
        )
        return [
            Headline("Newly gone", count(told["newly_gone_count"]), of, "term-leaving", rank=30)
        ]

    def answers(self, figures: Mapping[str, Any]) -> list[Answer]:
        """Who leaves."""
        told = figures["leaving"]
        if told is None:
            said = f"Not told: {figures['leaving_reason'] or 'the report does not say'}."
        else:
            said = leaving_words.kept_or_lost(told)
            if told["cautions"]:
                said += f" Caution: {shortened(told['cautions'][0], limit=300)}."
        return [Answer("Who leaves", said, rank=10)]

    def lines(self, figures: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Who leaves, what hangs on it, and how well the same score did before."""
        return [("Leaving", in_short(figures))]


def _charts(told: Mapping[str, Any]) -> Iterator[tuple[str, alt.TopLevelMixin]]:
    from custloyal.plot.backtests import band_points, lift_lines  # noqa: PLC0415 (an extra)
    from custloyal.plot.defection import alarm_bars  # noqa: PLC0415 (an extra)

    weeks = [{**week, "period_start": week["from_day"]} for week in told["alarms"]]
    if any(week["customers_count"] for week in weeks):
        yield "alarms", alarm_bars(weeks)
    tried = told["backtest"]
    if tried and tried["lost_count"]:
        yield "lift", lift_lines({**tried, "score": "this score"})
    if tried and any(band["lost_share"] is not None for band in tried["bands"]):
        yield "calibration", band_points(tried["bands"])


def in_short(figures: Mapping[str, Any]) -> str:
    """Who is leaving, what hangs on it, and how well the same score did before."""
    told = figures["leaving"]
    if told is None:
        return f"Nothing can be said: {figures['leaving_reason']}."
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
