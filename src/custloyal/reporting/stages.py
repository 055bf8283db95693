"""Stages: who knows, likes and trusts the business, and where those are who never bought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custloyal.formats import count, counted, part_of
from custloyal.metrics import Stage
from custloyal.reporting.section import MappedSection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import altair as alt

    from custloyal.metrics import Metric
    from custloyal.reporting.scope import Run, Scope

__all__ = ["Stages"]


class Stages(MappedSection):
    """Who knows, likes and trusts the business."""

    name, title = "stages", "Stages"
    keys = ("customers_count", "stages")

    def metrics(self, scope: Scope) -> Sequence[Metric]:
        """The stage of each customer."""
        return [Stage(trust=scope.trust)]

    def figures(self, run: Run) -> Mapping[str, Any]:
        """How many customers are on each stage, and in each part of the funnel."""
        stages = dict(run.customers["stage"].value_counts().iter_rows())
        funnel = dict(run.customers["funnel"].value_counts().iter_rows())
        found = {
            **{stage: int(stages.get(stage, 0)) for stage in ("know", "like", "trust")},
            "funnel": {part: int(funnel.get(part, 0)) for part in ("top", "middle", "bottom")},
        }
        return {"customers_count": run.customers_count, "stages": found}

    def words(self, figures: Mapping[str, Any]) -> dict[str, str]:
        """A sentence for each chart."""
        return {"stages": stages(figures), "funnel": funnel(figures)}

    def charts(self, figures: Mapping[str, Any]) -> dict[str, alt.TopLevelMixin]:
        """Bars of both."""
        from custloyal.plot.journey import funnel_bars, stage_bars  # noqa: PLC0415 (an extra)

        parts = figures["stages"]["funnel"]
        drawn: dict[str, alt.TopLevelMixin] = {}
        if figures["customers_count"]:
            drawn["stages"] = stage_bars(figures["stages"])
        if any(parts.values()):
            drawn["funnel"] = funnel_bars(parts)
        return drawn

    def lines(self, figures: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The stages."""
        return [("Stages", stages(figures))]


def stages(figures: Mapping[str, Any]) -> str:
    """How many customers are on which stage."""
    said, customers = figures["stages"], figures["customers_count"] or 0
    if not customers:
        return "No customer is known here, so there are no stages to show."
    return (
        f"Of {counted(customers, 'customer')}, {part_of(said['trust'], customers)} trust the "
        f"business, {part_of(said['like'], customers)} like it, and "
        f"{part_of(said['know'], customers)} only know it."
    )


def funnel(figures: Mapping[str, Any]) -> str:
    """Where those are who never bought."""
    parts = figures["stages"]["funnel"]
    total = sum(parts[part] or 0 for part in ("top", "middle", "bottom"))
    if not figures["customers_count"]:
        return "No customer is known here, so there is no funnel."
    if not total:
        return "Every customer here has bought, so there is no funnel of those who never did."
    return (
        f"{counted(total, 'customer')} never bought: {count(parts['top'])} know of the "
        f"business, {count(parts['middle'])} asked or visited, and {count(parts['bottom'])} were "
        "close, with a quote or a cart."
    )
