"""The company report: what a history says about loyalty, and whom to look at first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.columns import DAY
from custloyal.company_promises import promises
from custloyal.errors import InvalidValueError, Mistake
from custloyal.judging import judge
from custloyal.metrics import (
    BtydStatistics,
    CohortRetention,
    Concentration,
    EvidenceUse,
    ParetoSegment,
    Stage,
    Trust,
)
from custloyal.page import render
from custloyal.scoring import read, resolved

if TYPE_CHECKING:
    from custloyal.history import History
    from custloyal.metrics import Metric
    from custloyal.models import AsOf
    from custloyal.rules import RuleBook
    from custloyal.scoring import Readings
    from custloyal.typing import AsOfLike

__all__ = ["Report", "report"]

_BINS = 20
_COHORTS = 24
_LORENZ_POINTS = 100
_ATTENTION = 10


@attrs.frozen(eq=False)
class Report:
    """What a history says about loyalty.

    Made by `report`.
    """

    _sections: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON: dates as ISO text, null where not known."""
        return dict(self._sections)

    def to_html(self) -> str:
        """The report as one self-contained page that needs no network.

        Raises:
            MissingExtraError: Where the extra `report` is not installed.
        """
        return render(self._sections)


def report(
    history: History,
    *,
    as_of: AsOfLike | AsOf | None = None,
    rules: RuleBook | None = None,
) -> Report:
    """Sum up a history: intake, trust, stages, concentration, cohorts, and whom to look at first.

    Args:
        history: The interactions. Without amounts there is nothing on revenue.
        as_of: As for `read`.
        rules: Service rules by which the history is judged: the report then says which promises
            are kept, and trust takes each that was kept or missed as evidence. Nothing else
            changes. Without rules nothing is said of promises.

    Returns:
        The report.

    Raises:
        InvalidValueError: Where `as_of` cannot be understood or is before the first row, where no
            row was accepted, or none names a customer.
        MissingColumnError: With every column that some rule needs and the history lacks.
    """
    at = resolved(history, as_of)
    seen = _seen(history, at)
    _check_period(seen, at)
    verdicts = None if rules is None else judge(history, rules, as_of=at)
    trust = Trust()
    feelings: list[Metric] = [trust, EvidenceUse(policy=trust.policy), Stage(trust=trust)]
    metrics: list[Metric] = [BtydStatistics(), CohortRetention()]
    has_amounts = "amount" in history.columns
    if has_amounts:
        metrics += [Concentration(), ParetoSegment()]
    if verdicts is None:
        readings = felt = read(history, [*feelings, *metrics], as_of=at)
        customers = _customers(felt, readings)
    else:
        felt = read(verdicts.in_history(), feelings, as_of=at)
        readings = read(history, [trust, *metrics], as_of=at)
        # Promises may have been made to people who never did anything: those are no rows here.
        known = readings["trust"].table.select("customer_id").collect("polars")
        customers = _customers(felt, readings).join(known, on="customer_id", how="semi")
    _check_customers(customers)
    revenue = customers["revenue_amount"].drop_nulls() if has_amounts else None
    return Report(
        {
            "as_of": at.day.isoformat(),
            "timezone": history.timezone,
            **seen,
            "customers_count": len(customers),
            "trust": _trust(customers, felt, trust),
            "stages": _stages(customers),
            "promises": None if verdicts is None else promises(verdicts),
            "concentration": None if revenue is None else _concentration(readings, revenue),
            "segments": [] if revenue is None else _segments(customers),
            "cohorts": _cohorts(readings),
            "attention": _attention(customers, trust, at, promised=verdicts is not None),
        }
    )


def _customers(felt: Readings, readings: Readings) -> nw.DataFrame[Any]:
    """One row for each known customer, with all that is said of them."""
    table = felt["trust"].table
    for source, name in (
        (felt, "stage"),
        (readings, "btyd_statistics"),
        (readings, "pareto_segment"),
    ):
        if name in source:
            table = table.join(source[name].table, on="customer_id", how="left")
    return table.collect("polars")


# Sections ------------------------------------------------------------------------------------


def _seen(history: History, as_of: AsOf) -> dict[str, Any]:
    intake = history.intake
    rows = history.rows(as_of.utc_wall).select(
        nw.len().alias("rows"),
        nw.col("customer_id").is_null().sum().alias("nobody"),
        nw.col(DAY).min().alias("first"),
        nw.col(DAY).max().alias("last"),
    )
    (found,) = rows.collect("polars").rows(named=True)
    return {
        "period": {"first": _iso(found["first"]), "last": _iso(found["last"])},
        "intake": {
            "given": intake.given,
            "accepted": intake.accepted,
            "rejected": [{"reason": r, "count": n} for r, n in intake.rejected.items()],
            "duplicates": intake.duplicates,
            "folded_lines": intake.folded_lines,
            "unmapped": [{"word": word, "count": n} for word, n in intake.unmapped.items()],
            "negated_returns": intake.negated_returns,
            "unseen": intake.accepted - int(found["rows"]),
            "without_customer": int(found["nobody"] or 0),
        },
    }


def _check_period(seen: Mapping[str, Any], as_of: AsOf) -> None:
    """Refuse to sum up nothing."""
    if seen["period"]["first"] is None:
        raise InvalidValueError(
            Mistake("as_of", f"{as_of.day} is before the first accepted row", "name a later day")
        )


def _check_customers(customers: nw.DataFrame[Any]) -> None:
    """Refuse to sum up nobody."""
    if not len(customers):
        raise InvalidValueError(
            Mistake("customer_id", "is empty in every row that was accepted", "map another column")
        )


def _trust(customers: nw.DataFrame[Any], readings: Readings, trust: Trust) -> dict[str, Any]:
    scores = customers["trust"]
    place = (nw.col("trust") * _BINS).floor().clip(upper_bound=_BINS - 1).cast(nw.Int64)
    binned = customers.select(place.alias("bin"))["bin"].value_counts()
    counts = dict(binned.iter_rows())
    none = (customers["good_count"] == 0) & (customers["bad_count"] == 0)
    return {
        "mean": _number(scores.mean()),
        "median": _number(scores.median()),
        "prior": trust.prior_mean,
        "below_prior_count": int((customers["trust_balance"] < 0).sum()),
        "no_evidence_count": int(none.sum()),
        "bins": [
            {
                "low": each / _BINS,
                "high": (each + 1) / _BINS,
                "customers_count": int(counts.get(each, 0)),
            }
            for each in range(_BINS)
        ],
        "evidence": [
            {
                "rule": row["rule"],
                "count": row["row_count"],
                "good_weight": row["good_weight"],
                "bad_weight": row["bad_weight"],
            }
            for row in readings["evidence_use"].to_dicts()
        ],
    }


def _stages(customers: nw.DataFrame[Any]) -> dict[str, Any]:
    stages = dict(customers["stage"].value_counts().iter_rows())
    funnel = dict(customers["funnel"].value_counts().iter_rows())
    return {
        **{stage: int(stages.get(stage, 0)) for stage in ("know", "like", "trust")},
        "funnel": {part: int(funnel.get(part, 0)) for part in ("top", "middle", "bottom")},
    }


def _concentration(readings: Readings, revenue: nw.Series[Any]) -> dict[str, Any]:
    (said,) = readings["concentration"].to_dicts()
    return {**said, "lorenz": _lorenz(revenue)}


def _lorenz(revenue: nw.Series[Any]) -> list[dict[str, float]]:
    """The share of revenue of the largest customers, by their share among all."""
    cumulative, n = revenue.sort(descending=True).cum_sum(), len(revenue)
    if n == 0 or not cumulative[-1] > 0:
        return []
    counts = sorted(
        {round(n * point / _LORENZ_POINTS) for point in range(1, _LORENZ_POINTS + 1)} - {0}
    )
    return [
        {"customers_share": 0.0, "revenue_share": 0.0},
        *(
            {"customers_share": k / n, "revenue_share": float(cumulative[k - 1] / cumulative[-1])}
            for k in counts
        ),
    ]


def _segments(customers: nw.DataFrame[Any]) -> list[dict[str, Any]]:
    buyers = customers.filter(~nw.col("segment").is_null())
    revenue = float(buyers["revenue_amount"].sum())
    grouped = buyers.group_by("segment").agg(
        nw.len().alias("customers_count"), nw.col("revenue_amount").sum()
    )
    return [
        {**row, "revenue_share": row["revenue_amount"] / revenue if revenue > 0 else None}
        for row in grouped.sort("segment").iter_rows(named=True)
    ]


def _cohorts(readings: Readings) -> list[dict[str, Any]]:
    rows = readings["cohort_retention"].to_dicts()
    latest = sorted({row["cohort_month"] for row in rows})[-_COHORTS:]
    return [
        {**row, "cohort_month": _iso(row["cohort_month"])}
        for row in rows
        if row["cohort_month"] in latest
    ]


# Whom to look at first -----------------------------------------------------------------------


def _attention(
    customers: nw.DataFrame[Any], trust: Trust, as_of: AsOf, *, promised: bool
) -> list[dict[str, Any]]:
    """Who has most at stake: what they brought, times how far trust fell and how late they are."""
    x, silence = nw.col("x"), nw.col("T") - nw.col("t_x")
    stake = nw.lit(1.0)
    if "revenue_amount" in customers.columns:
        # Who has not bought yet is looked at as if they were to bring what is usual.
        usual_amount = customers["revenue_amount"].median()
        stake = nw.col("revenue_amount").fill_null(1.0 if usual_amount is None else usual_amount)
    distrust = (trust.prior_mean - nw.col("trust")) / trust.prior_mean
    usual = nw.col("t_x") / x
    urgent = (
        customers.with_columns(silence_days=silence, usual_days=nw.when(x > 0).then(usual))
        .with_columns(
            distrust=nw.when(distrust > 0).then(distrust).otherwise(0.0),
            late=nw.when(nw.col("silence_days") > 2 * nw.col("usual_days"))
            .then(1 - 2 * nw.col("usual_days") / nw.col("silence_days"))
            .otherwise(0.0),
        )
        .with_columns(urgency=stake * (nw.col("distrust") + nw.col("late")))
        .filter(nw.col("urgency") > 0)
        .sort("urgency", "customer_id", descending=[True, False])
        .head(_ATTENTION)
    )
    return [_attended(row, trust, as_of, promised) for row in urgent.iter_rows(named=True)]


def _attended(
    row: Mapping[str, Any],
    trust: Trust,
    as_of: AsOf,
    promised: bool,  # noqa: FBT001 (internal)
) -> dict[str, Any]:
    silence = row["silence_days"]
    last = None if silence is None else as_of.day - timedelta(days=int(silence))
    return {
        "customer_id": str(row["customer_id"]),
        "reasons": _reasons(row, trust, promised),
        "trust": row["trust"],
        "stage": row["stage"],
        "revenue_amount": row.get("revenue_amount"),
        "last_purchase_day": _iso(last),
        "recency_days": silence,
        "segment": row.get("segment"),
    }


def _reasons(row: Mapping[str, Any], trust: Trust, promised: bool) -> list[str]:  # noqa: FBT001
    reasons = []
    if row["distrust"] > 0:
        needed = math.ceil(-row["trust_balance"])
        among = " (missed promises among them)" if promised else ""
        reasons.append(
            f"trust is {row['trust']:.2f}, below the neutral {trust.prior_mean:.2f}: "
            f"{_counted(row['bad_count'], 'bad experience')}{among} against "
            f"{row['good_count']} good; {_counted(needed, 'good experience')} of plain weight "
            "would bring it back"
        )
    if row["late"] > 0:
        reasons.append(
            f"bought every {_counted(max(1, round(row['usual_days'])), 'day')} on average and has "
            f"been silent for {_counted(row['silence_days'], 'day')}"
        )
    if row.get("segment") is not None:
        reasons.append(f"is number {row['revenue_rank']} by revenue, in segment {row['segment']}")
    return reasons


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _iso(day: Any) -> str | None:
    return None if day is None else day.isoformat()
