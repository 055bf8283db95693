"""What the page says in sentences: each chart read aloud, each figure with its denominator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

import attrs

from custloyal.formats import (
    amount,
    count,
    counted,
    day,
    month,
    score,
    share,
    shortened,
)
from custloyal.reporting import leaving_words

__all__ = [
    "CohortView",
    "carriers",
    "cohort_view",
    "cohorts",
    "funnel",
    "intake",
    "key_figures",
    "leaves",
    "lorenz",
    "period",
    "segments",
    "stages",
    "trust",
    "unknown",
]

MONTHS_COMPARED = 3
SMALLEST_COHORT = 10
AGES_SHOWN = 24
Z = 1.96


def period(report: Mapping[str, Any]) -> str:
    """Which rows the report rests on."""
    first, last = report["period"]["first"], report["period"]["last"]
    seen = (report["intake"]["accepted"] or 0) - (report["intake"]["unseen"] or 0)
    rows = f"{counted(seen, 'interaction')} of {counted(report['customers_count'], 'customer')}"
    return f"{rows}." if first is None else f"{rows}, {day(first)} to {day(last)}."


def key_figures(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures that come first, each with what it rests on."""
    said, spent, leaving = report["trust"], report["concentration"], report.get("leaving")
    seen = counted(report["intake"]["accepted"], "interaction")
    rows = [("Customers", f"{count(report['customers_count'])}, {seen}")]
    if spent is not None:
        of = counted(spent["customers_count"], "customer")
        rows.append(("Revenue", f"{amount(spent['revenue_amount'])} of {of} who bought"))
    if leaving is not None:
        gone = _of(leaving["newly_gone_count"], leaving["customers_count"])
        of, days = count(leaving["customers_count"]), counted(leaving["horizon_days"], "day")
        rows.append(("Newly gone", f"{gone} of {of} who bought, in the last {days}"))
    mean, median, neutral = (score(said[name]) for name in ("mean", "median", "prior"))
    rows.append(("Trust", f"mean {mean}, median {median}, neutral {neutral}"))
    rows += [
        (f"Call {place}", shortened(one["customer_id"], limit=40))
        for place, one in enumerate(report["attention"][:3], 1)
    ]
    return rows


def trust(report: Mapping[str, Any]) -> str:
    """The distribution of trust."""
    said, customers = report["trust"], report["customers_count"] or 0
    if not customers or said["mean"] is None:
        return "No customer is known here, so there is no trust to show."
    prior, lower = said["prior"], said["below_prior_count"]
    if customers == 1:
        return f"The only customer has a trust of {score(said['mean'])}; neutral is {score(prior)}."
    stand = "stands" if lower == 1 else "stand"
    below = f"{_of(lower, customers)} {stand}" if lower else "Nobody stands"
    text = (
        f"Half of the {counted(customers, 'customer')} have a trust of {score(said['median'])} or "
        f"more; the mean is {score(said['mean'])}. {below} below {score(prior)}, the score of a "
        "customer of whom nothing is known."
    )
    none = said["no_evidence_count"]
    return f"{text} Of {_of(none, customers)} no interaction says how it felt." if none else text


def stages(report: Mapping[str, Any]) -> str:
    """How many customers stand on which rung."""
    said, customers = report["stages"], report["customers_count"] or 0
    if not customers:
        return "No customer is known here, so nobody stands on a rung."
    return (
        f"Of {counted(customers, 'customer')}, {_of(said['trust'], customers)} trust the business, "
        f"{_of(said['like'], customers)} like it, and {_of(said['know'], customers)} only know it."
    )


def funnel(report: Mapping[str, Any]) -> str:
    """Where those stand who never bought."""
    parts = report["stages"]["funnel"]
    total = sum(parts[part] or 0 for part in ("top", "middle", "bottom"))
    if not report["customers_count"]:
        return "No customer is known here, so there is no funnel."
    if not total:
        return "Every customer here has bought, so there is no funnel of those who never did."
    return (
        f"{_sentence(counted(total, 'customer'))} never bought: {count(parts['top'])} know of the "
        f"business, {count(parts['middle'])} asked or visited, and {count(parts['bottom'])} were "
        "close, with a quote or a cart."
    )


def leaves(report: Mapping[str, Any]) -> str:
    """Who leaves."""
    leaving = report["leaving"]
    if leaving is None:
        why = report["leaving_reason"] or "the report does not say"
        return f"Not told: {why}."
    said = leaving_words.kept_or_lost(leaving)
    if not leaving["cautions"]:
        return said
    return f"{said} Caution: {shortened(leaving['cautions'][0], limit=300)}."


def carriers(report: Mapping[str, Any]) -> str:
    """Who carries the revenue."""
    said = report["concentration"]
    if said is None:
        return "No amounts in this table, so no revenue is shown."
    if said["top_share"] is None:
        return "No purchase bears a known amount above zero, so no revenue is shown."
    if said["customers_count"] == 1:
        return f"One customer brings all of the revenue, {amount(said['revenue_amount'])}."
    one = said["top_count"] == 1
    top = "largest customer" if one else f"{count(said['top_count'])} largest customers"
    text = (
        f"The {top} of {count(said['customers_count'])} who bought {'brings' if one else 'bring'} "
        f"{share(said['top_share'])} of the revenue of {amount(said['revenue_amount'])}"
    )
    if said["majority_count"] is None:
        return f"{text}."
    make = "makes" if said["majority_count"] == 1 else "make"
    return (
        f"{text}; {counted(said['majority_count'], 'customer')} "
        f"({share(said['majority_customers_share'])}) {make} 80% of it."
    )


def lorenz(report: Mapping[str, Any]) -> str:
    """What the Lorenz curve shows."""
    said = report["concentration"]
    if said is None or not said["lorenz"]:
        return carriers(report)
    text = (
        "Customers stand from the largest to the smallest; the further the curve is above the "
        "straight line, the fewer carry the revenue"
    )
    if said["gini"] is None:
        return f"{text}."
    return (
        f"{text}. The Gini coefficient is {score(said['gini'])} (0: all bring the same, 1: one "
        f"brings all), as concentrated as {counted(said['effective_count'], 'customer')} of equal "
        "size."
    )


def segments(report: Mapping[str, Any]) -> str:
    """Which segment brings what."""
    rows = report["segments"]
    if not rows or rows[0]["revenue_share"] is None:
        return "No revenue is known, so there are no segments by revenue."
    total = sum(row["customers_count"] or 0 for row in rows)
    first = rows[0]
    text = (
        f"Segment {_name(first)} is {_of(first['customers_count'], total)} of the customers "
        f"who bought and brings {share(first['revenue_share'])} of the revenue"
    )
    if len(rows) == 1:
        return f"{text}."
    last = rows[-1]
    return (
        f"{text}; segment {_name(last)}, the smallest by revenue, is "
        f"{_of(last['customers_count'], total)} and brings {share(last['revenue_share'])}."
    )


def _name(segment: Mapping[str, Any]) -> str:
    return shortened(segment["segment"], limit=12)


# Cohorts -------------------------------------------------------------------------------------


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


def cohorts(view: CohortView) -> str:
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


# Intake --------------------------------------------------------------------------------------


def intake(report: Mapping[str, Any]) -> str:
    """What became of the rows."""
    said = report["intake"]
    rejected = _rejected(report)
    if not said["given"]:
        return "No row was given."
    if said["given"] == said["accepted"] == 1:
        return "The one row that was given was accepted."
    if said["given"] == said["accepted"]:
        return f"All {counted(said['given'], 'row')} that were given were accepted."
    return (
        f"Of {counted(said['given'], 'row')} that were given, "
        f"{_of(said['accepted'], said['given'])} were accepted; {count(rejected)} were rejected, "
        f"{count(said['duplicates'])} were duplicates and {count(said['folded_lines'])} were lines "
        "added to another row of their purchase."
    )


def unknown(report: Mapping[str, Any]) -> str:
    """What the report does not know."""
    said, customers = report["intake"], report["customers_count"] or 0
    rejected = _rejected(report)
    strange = sum(each["count"] or 0 for each in said["unmapped"])
    silent, amounts = report["trust"]["no_evidence_count"], report["concentration"]
    facts = [
        (said["unseen"], f"{counted(said['unseen'], 'interaction')} later than the report's day"),
        (rejected, f"{counted(rejected, 'row')} that could not be read or were ruled out"),
        (
            said["without_customer"],
            f"{counted(said['without_customer'], 'interaction')} without a customer",
        ),
        (strange, f"what {counted(strange, 'row')} were: {_words(said['unmapped'])}"),
        (silent, f"how anything felt to {_of(silent, customers)} of the customers"),
    ]
    if amounts is None:
        facts.append((1, "all amounts"))
    else:
        missing = amounts["unknown_count"]
        facts.append((missing, f"the amount of {counted(missing, 'purchase')}"))
    known = [text for number, text in facts if number]
    return _sentence("; ".join(known)) + "." if known else "No row and no amount is missing."


_WORDS = 3
_WORD_LENGTH = 40


def _words(unmapped: Sequence[Mapping[str, Any]]) -> str:
    """Words that are no kind, as far as they fit into a sentence."""
    named = [
        f'"{shortened(each["word"], limit=_WORD_LENGTH)}"' if each["word"] else "an empty kind"
        for each in unmapped[:_WORDS]
    ]
    more = len(unmapped) - len(named)
    more_words = f" and {counted(more, 'other word')}" if more > 0 else ""
    verb = "is" if len(unmapped) == 1 else "are"
    return f"{', '.join(named)}{more_words} {verb} no kind (name them under [kinds])"


def _rejected(report: Mapping[str, Any]) -> int:
    return sum(each["count"] or 0 for each in report["intake"]["rejected"])


def _of(part: float | None, whole: float) -> str:
    """A part with its share of the whole."""
    if part is None or not whole:
        return count(part)
    return f"{count(part)} ({share(part / whole)})"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
