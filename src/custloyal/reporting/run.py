"""The company report: what a history says about loyalty, and whom to look at first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.columns import DAY
from custloyal.defection import SilentDefection
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
from custloyal.metrics.purchases import is_purchase
from custloyal.models.checks import check_number, refuse
from custloyal.reading.run import read, resolved
from custloyal.reporting.attention import attention
from custloyal.reporting.leaving import fit_cautions, leaving, leaving_metrics
from custloyal.reporting.look_back import looked_back
from custloyal.reporting.page import render
from custloyal.reporting.promises import promises
from custloyal.reporting.retention import retention, retention_metrics
from custloyal.reporting.value import value, value_metric, value_period
from custloyal.reporting.words import key_figures
from custloyal.shown import Shown

if TYPE_CHECKING:
    from custloyal.defection.horizon import Span
    from custloyal.history import History
    from custloyal.metrics import Metric
    from custloyal.models import AsOf
    from custloyal.reading.run import Readings
    from custloyal.rules import RuleBook
    from custloyal.typing import AsOfLike

__all__ = ["Report", "report"]

_BINS = 20
_COHORTS = 24
_LORENZ_POINTS = 100
_STORED = 5_000_000
"""Up to so many rows are held in memory, since a report reads them a dozen times."""
_NOBODY_BOUGHT = "nobody bought anything"


@attrs.frozen(eq=False, repr=False)
class Report(Shown):
    """What a history says about loyalty.

    Made by `report`.
    """

    _sections: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON: dates as ISO text, null where not known."""
        return dict(self._sections)

    def __repr__(self) -> str:
        figures = key_figures(self._sections)
        width = max(len(name) for name, _ in figures)
        return "\n".join(
            [
                f"Report as of {self._sections['as_of']} ({self._sections['timezone']})",
                *(f"  {name:{width}}  {said}" for name, said in figures),
            ]
        )

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
    horizon: Span = "90d",
    discount_share: float = 0.1,
) -> Report:
    """Sum up a history: trust, stages, revenue, who stays and who leaves, and what that is worth.

    Args:
        history: The interactions. Without amounts there is nothing on revenue and value.
        as_of: As for `read`.
        rules: Service rules by which the history is judged: the report then says which promises
            are kept, and trust takes each that was kept or missed as evidence. Nothing else
            changes. Without rules nothing is said of promises.
        horizon: Within what time a purchase is looked for, as for `SilentDefection`. After twice
            as long a silence a customer counts as gone where tenure and value are told.
        discount_share: What a year's delay takes from money: after a year an amount counts
            1 / (1 + share); at least 0. The 0.1 is ours.

    Returns:
        The report. Its sections `retention`, `leaving` and `value` are, as plain values (a section
        that cannot be told is None, and `retention_reason` and so on say why):

        `retention`: `months` (at most 24 rows of `RetentionRate`, of which `latest_month` is the
        last that is over), `repeat` (`RepeatPurchaseRate`), `tenure` (`Tenure`, with at most 60
        points of the `KaplanMeier` curve), `lifecycle` (at most 24 months of `Lifecycle`),
        `reactivation` (`Reactivation`), `bridge` (at most 12 periods of `RevenueBridge`: opening +
        new + resurrected + grown - shrunk - lost = closing, opening - shrunk - lost = kept) and
        `growth` (whether that of the last full period was bought with new customers).

        `leaving`: who is likely gone by `SilentDefection`, the silent and the voiced apart, in
        numbers and in `value_at_risk_amount`, and of these the newly gone: the later of `alarm_on`
        and `due_on` is not older than the horizon; `expected_lost_count` (the sum of all
        probabilities) and `expected_loss_amount` (of probability times value); `at_stake` (the
        same without those who are gone for longer, and in whose hands it is), `alarms` (still to
        come within the horizon, by seven days), `calibration` and `cautions` (sentences), `first`
        (at most ten of the newly gone, by expected loss), `price_only`, `won_back`; `backtest` (a
        `Backtest` of the same score beside days since the last purchase, at the last cut after
        which a horizon is known) and `experience` (`LeavingAfter` at the same cut: an association).

        `value`: margins and defection by period of age, the value of an acquired customer and the
        profit of a base of constant size, with what 5 points less defection add to both (`gain`),
        a curve over defection, what acquisition cost, and the published `claims` beside the own
        figures. Price-only buyers are left out where list prices are known.

    Raises:
        InvalidValueError: Where an option is out of its range, `as_of` cannot be understood or is
            before the first row, where no row was accepted, or none names a customer.
        MissingColumnError: With every column that some rule needs and the history lacks.
    """
    refuse(check_number("discount_share", discount_share, low=0))
    silent = SilentDefection(horizon=horizon)
    at = resolved(history, as_of)
    seen, bought_from = _seen(history, at)
    _check_period(seen, at)
    if seen["intake"]["accepted"] <= _STORED:
        history = history.stored()
    last = date.fromisoformat(seen["period"]["last"])
    # What came before the first purchase tells nothing of how long customers stay.
    seen_days = 0 if bought_from is None else (last - bought_from).days
    verdicts = None if rules is None else judge(history, rules, as_of=at)
    promised = None if verdicts is None else verdicts.in_history()
    trust = Trust()
    feelings: list[Metric] = [trust, EvidenceUse(policy=trust.policy), Stage(trust=trust)]
    has_amounts = "amount" in history.columns
    inactivity_days = 2 * silent.horizon
    period = value_period(seen_days, inactivity_days) if has_amounts else None
    metrics: list[Metric] = [
        BtydStatistics(),
        CohortRetention(),
        *([Concentration(), ParetoSegment()] if has_amounts else []),
        *retention_metrics(
            seen_days=seen_days,
            inactivity_days=inactivity_days,
            has_amounts=has_amounts,
        ),
        *leaving_metrics(silent, history.columns),
        *([] if period is None else [value_metric(period)]),
    ]
    with fit_cautions() as cautions:
        if promised is None:
            readings = felt = read(history, [*feelings, *metrics], as_of=at)
        else:
            felt = read(promised, feelings, as_of=at)
            readings = read(history, [trust, *metrics], as_of=at)
    customers = _customers(felt, readings)
    if promised is not None:
        # Promises may have been made to people who never did anything: those are no rows here.
        known = readings["trust"].table.select("customer_id").collect("polars")
        customers = customers.join(known, on="customer_id", how="semi")
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
            **_leaving(history, readings, customers, promised, cautions, last=last),
            **value(
                history,
                readings,
                customers,
                period=period,
                inactivity_days=inactivity_days,
                discount_share=discount_share,
            ),
            "attention": attention(customers, trust, silent, at, promised=verdicts is not None),
        }
    )


def _customers(felt: Readings, readings: Readings) -> nw.DataFrame[Any]:
    """One row for each known customer, with all that is said of them."""
    table = felt["trust"].table
    for source, name in (
        (felt, "stage"),
        (readings, "btyd_statistics"),
        (readings, "pareto_segment"),
        (readings, "silent_defection"),
    ):
        if name in source:
            table = table.join(source[name].table, on="customer_id", how="left")
    return table.collect("polars")


# Sections ------------------------------------------------------------------------------------


def _leaving(
    history: History,
    readings: Readings,
    customers: nw.DataFrame[Any],
    promised: History | None,
    cautions: list[str],
    *,
    last: date,
) -> dict[str, Any]:
    """Who stays and who leaves; nothing where nobody bought."""
    longest = customers["T"].drop_nulls().max()
    if longest is None:
        return {
            "retention": None,
            "retention_reason": _NOBODY_BOUGHT,
            "leaving": None,
            "leaving_reason": _NOBODY_BOUGHT,
        }
    silent = readings[SilentDefection].metric
    assert isinstance(silent, SilentDefection)
    past = looked_back(
        history,
        silent,
        as_of=readings.as_of,
        first=readings.as_of.day - timedelta(days=int(longest)),
        last=last,
        promised=promised,
    )
    return {
        "retention": retention(readings),
        "retention_reason": None,
        "leaving": {**leaving(readings, customers, history.customers, cautions), **past},
        "leaving_reason": None,
    }


def _seen(history: History, as_of: AsOf) -> tuple[dict[str, Any], date | None]:
    """What the report rests on, and the day of the first purchase."""
    intake = history.intake
    bought = is_purchase & ~nw.col("customer_id").is_null()
    rows = history.rows(as_of.utc_wall).select(
        nw.len().alias("rows"),
        nw.col("customer_id").is_null().sum().alias("nobody"),
        nw.col(DAY).min().alias("first"),
        nw.col(DAY).max().alias("last"),
        nw.when(bought).then(nw.col(DAY)).min().alias("bought_from"),
    )
    (found,) = rows.collect("polars").rows(named=True)
    seen = {
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
    return seen, found["bought_from"]


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


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _iso(day: Any) -> str | None:
    return None if day is None else day.isoformat()
