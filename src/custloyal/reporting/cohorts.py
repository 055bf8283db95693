"""Cohorts: which month's new customers came back, and how often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any

import attrs

from custloyal.formats import count, counted, month, share
from custloyal.metrics import CohortRetention
from custloyal.reporting.section import Answer, MappedSection

if TYPE_CHECKING:
    import altair as alt

    from custloyal.metrics import Metric
    from custloyal.reporting.scope import Run, Scope

__all__ = ["Cohorts"]

_COHORTS = 24
MONTHS_COMPARED = 3
SMALLEST_COHORT = 10
AGES_SHOWN = 24
Z = 1.96


class Cohorts(MappedSection):
    """Which month's new customers came back."""

    name, title = "cohorts", "Cohorts"

    def metrics(self, scope: Scope) -> Sequence[Metric]:
        """Cohort retention."""
        del scope
        return [CohortRetention()]

    def figures(self, run: Run) -> Mapping[str, Any]:
        """The rows of the latest cohorts."""
        rows = run.readings["cohort_retention"].to_dicts()
        latest = sorted({row["cohort_month"] for row in rows})[-_COHORTS:]
        found = [
            {**row, "cohort_month": row["cohort_month"].isoformat()}
            for row in rows
            if row["cohort_month"] in latest
        ]
        return {"cohorts": found}

    def words(self, figures: Mapping[str, Any]) -> dict[str, Any]:
        """The comparison in a sentence, and what of the rows is drawn."""
        view = cohort_view(figures["cohorts"])
        return {"view": view, "compared": compared(view), "ages_shown": AGES_SHOWN}

    def charts(self, figures: Mapping[str, Any]) -> dict[str, alt.TopLevelMixin]:
        """A map of cohorts by age."""
        from custloyal.plot.cohorts import cohort_map  # noqa: PLC0415 (needs an extra)

        rows = cohort_view(figures["cohorts"]).rows
        named = [{**row, "cohort": row["cohort_month"], "age": row["age_months"]} for row in rows]
        return {"cohorts": cohort_map(named)} if named else {}

    def answers(self, figures: Mapping[str, Any]) -> list[Answer]:
        """Which month is worst."""
        said = compared(cohort_view(figures["cohorts"]))
        return [Answer("Which month's cohort is worst", said, rank=50)]

    def lines(self, figures: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Which month is worst."""
        return [("Cohorts", compared(cohort_view(figures["cohorts"])))]


@attrs.frozen(kw_only=True)
class CohortView:
    """The cohorts that the page draws, and how they compare.

    Args:
        rows: The rows that are drawn.
        hidden_count: Rows that are older than is drawn.
        months: Over how many first months cohorts are compared.
        best: The cohort month that came back most, its share and size; None where none compare.
        worst: The same of the least. Both are the furthest from the others in standard errors: the
            lowest share of all is most often that of a small cohort, and chance.
        is_beyond_chance: Whether the worst is more than 1.96 of them below the others.
    """

    rows: Sequence[Mapping[str, Any]]
    hidden_count: int
    months: int
    best: tuple[str, float, int] | None
    worst: tuple[str, float, int] | None
    is_beyond_chance: bool


def cohort_view(rows: Sequence[Mapping[str, Any]]) -> CohortView:
    """What of the cohorts is drawn, and which month's customers came back most and least.

    Cohorts are compared over the same first months after the first purchase, all of them over,
    and only where a cohort is no handful.
    """
    drawn = [row for row in rows if row["age_months"] <= AGES_SHOWN]
    for months in range(MONTHS_COMPARED, 0, -1):
        returning = _returning(drawn, months)
        if len(returning) > 1:
            break
    comparable = len({each[1] for each in returning}) > 1
    above = {each: _above_others(each, returning) for each in returning} if comparable else {}
    ranked = sorted(returning, key=lambda each: (above.get(each, 0.0), each[0]))
    return CohortView(
        rows=drawn,
        hidden_count=len(rows) - len(drawn),
        months=months,
        best=ranked[-1] if comparable else None,
        worst=ranked[0] if comparable else None,
        is_beyond_chance=comparable and above[ranked[0]] < -Z,
    )


def compared(view: CohortView) -> str:
    """Which month's new customers came back least."""
    if not view.rows:
        return "Nobody bought here, so there are no cohorts."
    if all(row["age_months"] == 0 for row in view.rows):
        return "All first purchases fall into the last month, so nobody could come back yet."
    if view.best is None or view.worst is None:
        return (
            f"No two months have {SMALLEST_COHORT} new customers or more, a later month that is "
            "over and different results, so none is called best or worst."
        )
    worst, best = view.worst, view.best
    after = "the month" if view.months == 1 else f"an average month of the first {view.months}"
    text = (
        f"The weakest cohort is {month(worst[0])}: in {after} after the first purchase, "
        f"{share(worst[1])} of its {counted(worst[2], 'customer')} bought again; the strongest is "
        f"{month(best[0])}, with {share(best[1])} of {count(best[2])}"
    )
    chance = "" if view.is_beyond_chance else ", a difference that may well be chance"
    return f"{text}{chance}."


def _above_others(
    one: tuple[str, float, int], cohorts_compared: Sequence[tuple[str, float, int]]
) -> float:
    """By how many standard errors a cohort's share is above that of all others together.

    Customers are counted once, though they may come back in several months.
    """
    size = sum(each[2] for each in cohorts_compared)
    came = sum(each[1] * each[2] for each in cohorts_compared)
    others = size - one[2]
    error = sqrt(max(came / size * (1 - came / size), 0.0) * (1 / one[2] + 1 / others))
    return (one[1] - (came - one[1] * one[2]) / others) / error if error > 0 else 0.0


def _returning(rows: Sequence[Mapping[str, Any]], months: int) -> list[tuple[str, float, int]]:
    """For each cohort that is old enough the share that bought in one of its first months."""
    bought: dict[str, list[int]] = {}
    sizes: dict[str, int] = {}
    for row in rows:
        if 1 <= row["age_months"] <= months and row["is_complete"]:
            bought.setdefault(row["cohort_month"], []).append(row["customers_count"] or 0)
            sizes[row["cohort_month"]] = row["cohort_size"] or 0
    return [
        (cohort, sum(counts) / (months * sizes[cohort]), sizes[cohort])
        for cohort, counts in bought.items()
        if len(counts) == months and sizes[cohort] >= SMALLEST_COHORT
    ]
