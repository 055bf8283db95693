"""Whom a company report says to look at first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import narwhals as nw

from custloyal.defection.words import spoken
from custloyal.formats import amount, counted, score, share, shortened
from custloyal.metrics import BtydStatistics, ParetoSegment, Stage
from custloyal.metrics.purchases import days_between
from custloyal.reporting.leaving import rings_on
from custloyal.reporting.section import Answer, Listing, MappedSection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from custloyal.defection import SilentDefection
    from custloyal.metrics import Metric, Trust
    from custloyal.models import AsOf
    from custloyal.reporting.scope import Run, Scope

__all__ = ["Attention", "attention"]

_ATTENTION = 10


class Attention(MappedSection):
    """Whom to call first."""

    name, title, anchor = "attention", "Whom to call", "first"
    keys = ("has_amounts", "horizon_days", "attention")

    def metrics(self, scope: Scope) -> Sequence[Metric]:
        """Trust, stage, what is expected of each customer, and who is silent."""
        amounts = [ParetoSegment()] if scope.has_amounts else []
        return [scope.trust, Stage(trust=scope.trust), BtydStatistics(), scope.silent, *amounts]

    def figures(self, run: Run) -> Mapping[str, Any]:
        """The customers with most at stake, each with reasons."""
        scope = run.scope
        most_at_stake = attention(
            run.customers, scope.trust, scope.silent, run.as_of, promised=scope.has_rules
        )
        return {
            "has_amounts": scope.has_amounts,
            "horizon_days": scope.silent.horizon,
            "attention": most_at_stake,
        }

    def answers(self, figures: Mapping[str, Any]) -> list[Answer]:
        """Whom to call today."""
        question, called = "Whom to call today", figures["attention"]
        if not called:
            said = (
                "Nobody: no customer who is expected to bring anything has lost trust or is newly "
                "silent."
            )
            return [Answer(question, said, rank=30)]
        reasons = called[0]["reasons"]
        why = f"first: {shortened(reasons[0], limit=240)}" if reasons else "first"
        others = counted(len(called) - 1, "other")
        then = f" Then {others}, each with the reason." if len(called) > 1 else ""
        return [Answer(question, f"{why}.{then}", rank=30, customer_id=called[0]["customer_id"])]

    def listing(self, figures: Mapping[str, Any]) -> Listing:
        """Whom to call, with the reasons."""
        money = ["revenue"] if figures["has_amounts"] else []
        rows = [
            [
                row["customer_id"],
                score(row["trust"]),
                *([amount(row["revenue_amount"])] if money else []),
                "\n".join(row["reasons"]),
            ]
            for row in figures["attention"]
        ]
        return Listing(
            "Whom to look at first",
            ["customer", "trust", *money, "why"],
            rows,
            numeric=frozenset({"trust", *money}),
            nothing="Nobody stands out as one to look at first.",
        )


def attention(
    customers: nw.DataFrame[Any],
    trust: Trust,
    silent: SilentDefection,
    as_of: AsOf,
    *,
    promised: bool,
) -> list[dict[str, Any]]:
    """Who has most at stake: what they are expected to bring, times trust lost and chance to leave.

    Args:
        customers: One row a customer with the columns of `Trust`, `Stage`, `BtydStatistics`,
            `SilentDefection` and, where there are amounts, `ParetoSegment`.
        trust: The trust score.
        silent: What was asked of silent defection.
        as_of: The time of the report.
        promised: Whether promises are among the experiences.

    Returns:
        At most ten as plain values, the most at stake first, each with reasons in words.
    """
    has_amounts = "revenue_amount" in customers.columns
    stake = nw.col("value_at_risk_amount" if has_amounts else "purchases_at_risk_count")
    usual = customers.select(stake=stake)["stake"].median()
    # Who has not bought yet is looked at as if they were to bring what is usual.
    usual = 1.0 if usual is None or not usual > 0 else usual
    # The longer ago the alarm, the less is left to save: half of it after each horizon.
    since = days_between(rings_on, nw.lit(as_of.day)).cast(nw.Float64)
    distrust = (trust.prior_mean - nw.col("trust")) / trust.prior_mean
    urgent = (
        customers.with_columns(
            distrust=nw.when(distrust > 0).then(distrust).otherwise(0.0),
            leaves=nw.when(~nw.col("loss").is_null(), since >= 0)
            .then(nw.col("p_no_purchase") * (-math.log(2) / silent.horizon * since).exp())
            .otherwise(0.0),
        )
        .with_columns(urgency=stake.fill_null(usual) * (nw.col("distrust") + nw.col("leaves")))
        .filter(nw.col("urgency") > 0)
        .sort("urgency", "customer_id", descending=[True, False])
        .head(_ATTENTION)
    )
    return [_attended(row, trust, promised) for row in urgent.iter_rows(named=True)]


def _attended(
    row: Mapping[str, Any],
    trust: Trust,
    promised: bool,  # noqa: FBT001 (internal)
) -> dict[str, Any]:
    return {
        "customer_id": str(row["customer_id"]),
        "reasons": _reasons(row, trust, promised),
        "trust": row["trust"],
        "stage": row["stage"],
        "revenue_amount": row.get("revenue_amount"),
        "last_purchase_day": None if row["quiet_since"] is None else row["quiet_since"].isoformat(),
        "recency_days": row["silent_days"],
        "segment": row.get("segment"),
        "revenue_rank": row.get("revenue_rank"),
        "loss": row["loss"],
        "p_no_purchase": row["p_no_purchase"],
        "value_at_risk_amount": row["value_at_risk_amount"],
    }


def _reasons(
    row: Mapping[str, Any],
    trust: Trust,
    promised: bool,  # noqa: FBT001
) -> list[str]:
    reasons = []
    if row["distrust"] > 0:
        counting = ", missed promises counted," if promised else ""
        reasons.append(
            f"trust is {row['trust']:.2f}, neutral is {trust.prior_mean:.2f}: "
            f"{counted(row['bad_count'], 'bad experience')}{counting} against "
            f"{row['good_count']:,} good"
        )
    if row["leaves"] > 0:
        voiced = "after a complaint, a return or a bad rating"
        how = "without a word" if row["loss"] == "silent" else voiced
        # Of buying nothing within the horizon, and not of having left.
        sure = f"{share(row['p_no_purchase'])} that nothing comes"
        reasons.append(f"is likely gone {how} ({sure}): {spoken(row['reason'])}")
    return reasons
