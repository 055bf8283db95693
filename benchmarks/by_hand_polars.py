"""The four readings as a good user of Polars writes them: lazy, streaming, each on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from polars import col, lit, when

from benchmarks import definitions as d
from benchmarks.contestants import Contestant

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

__all__ = ["CONTESTANTS", "btyd", "cohorts", "concentration", "load", "save", "trust"]


def load(path: Path) -> pl.DataFrame:
    """Load the history into memory."""
    return pl.read_parquet(path)


def save(result: pl.DataFrame, path: Path) -> None:
    """Write a result to Parquet."""
    result.write_parquet(path)


def trust(table: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Score each customer's trust, with Wilson's interval, balance and counts."""
    good, bad = col("evidence") > 0, col("evidence") < 0
    weight = (
        col("evidence").abs()
        * _phase_weight()
        * (col("age_days") * when(good).then(d.GOOD_DECAY).otherwise(d.BAD_DECAY)).exp()
    )
    age = (lit(d.cutoff(as_of)) - col("occurred_at")).dt.total_microseconds() / d.DAY_US
    sums = (
        _seen(table, as_of)
        .with_columns(evidence=pl.coalesce("outcome", _kind_evidence()), age_days=age)
        .with_columns(weight=weight)
        .group_by("customer_id")
        .agg(
            good=when(good).then("weight").otherwise(0.0).sum(),
            bad=when(bad).then("weight").otherwise(0.0).sum() * d.RATIO,
            good_count=good.sum(),
            bad_count=bad.sum(),
        )
    )
    balance, score, size = col("trust_balance"), col("trust"), col("size")
    centre = (score + d.Z**2 / (2 * size)) / (1 + d.Z**2 / size)
    half = (score * (1 - score) / size + d.Z**2 / (4 * size**2)).sqrt() * d.Z
    return (
        sums.with_columns(trust_balance=col("good") - col("bad"))
        .with_columns(
            trust=(d.PRIOR_WEIGHT * d.PRIOR_MEAN + balance.clip(lower_bound=0))
            / (d.PRIOR_WEIGHT + balance.abs()),
            size=d.PRIOR_WEIGHT + col("good") + col("bad"),
        )
        .select(
            "customer_id",
            "trust",
            trust_low=centre - half / (1 + d.Z**2 / size),
            trust_high=centre + half / (1 + d.Z**2 / size),
            trust_balance="trust_balance",
            good_count="good_count",
            bad_count="bad_count",
        )
        .collect(engine="streaming")
    )


def btyd(table: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Count each buyer's purchase days, ages at the last and now, and mean repeat amount."""
    days = (
        _purchases(table, as_of)
        .group_by("customer_id", day=col("occurred_at").dt.date())
        .agg(col("amount").sum())
    )
    return (
        days.group_by("customer_id")
        .agg(
            x=pl.len().cast(pl.Int64) - 1,
            first=col("day").min(),
            last=col("day").max(),
            total=col("amount").sum(),
            first_amount=col("amount").min_by("day"),
        )
        .select(
            "customer_id",
            "x",
            t_x=(col("last") - col("first")).dt.total_days(),
            T=(lit(as_of) - col("first")).dt.total_days(),
            mean_repeat_amount=when(col("x") > 0).then(
                (col("total") - col("first_amount")) / col("x")
            ),
        )
        .collect(engine="streaming")
    )


def cohorts(table: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Follow each month's new buyers through the months after."""
    active = (
        _purchases(table, as_of)
        .select("customer_id", month=col("occurred_at").dt.month_start().dt.date())
        .unique()
    )
    first = active.group_by("customer_id").agg(cohort_month=col("month").min())
    triangle = (
        active.join(first, on="customer_id")
        .group_by("cohort_month", "month")
        .agg(customers_count=pl.len().cast(pl.Int64))
        .collect(engine="streaming")
    )
    months = [col(name).dt.year() * 12 + col(name).dt.month() for name in ("month", "cohort_month")]
    size = col("customers_count").filter(col("age_months") == 0).first().over("cohort_month")
    return (
        triangle.with_columns(age_months=months[0] - months[1])
        .with_columns(cohort_size=size)
        .select(
            "cohort_month",
            "age_months",
            "customers_count",
            "cohort_size",
            retention_share=col("customers_count") / col("cohort_size"),
        )
        .sort("cohort_month", "age_months")
    )


def concentration(table: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Measure how few customers the gross revenue rests on."""
    amounts = (
        _purchases(table, as_of)
        .group_by("customer_id")
        .agg(col("amount").sum())
        .sort("amount", descending=True)
        .collect(engine="streaming")
    )
    amount, total, count = col("amount"), col("amount").sum(), pl.len().cast(pl.Float64)
    rank = pl.int_range(1, pl.len() + 1).cast(pl.Float64)
    return amounts.select(
        customers_count=pl.len().cast(pl.Int64),
        total_amount=total,
        top_20_share=amount.filter(rank <= (count * d.TOP_SHARE).ceil()).sum() / total,
        gini=(count + 1) / count - 2 * (rank * amount).sum() / (count * total),
        hhi=(amount / total).pow(2).sum(),
        effective_customers=1 / (amount / total).pow(2).sum(),
        customers_for_80_share=(
            (amount.cum_sum() < d.REVENUE_SHARE * total).sum().cast(pl.Float64) + 1
        )
        / count,
    )


def _seen(table: pl.DataFrame, as_of: date) -> pl.LazyFrame:
    return table.lazy().filter(
        col("customer_id").is_not_null(), col("occurred_at") < d.cutoff(as_of)
    )


def _purchases(table: pl.DataFrame, as_of: date) -> pl.LazyFrame:
    return _seen(table, as_of).filter(col("kind") == "purchase")


def _kind_evidence() -> pl.Expr:
    """Evidence by kind; a chain of comparisons is a third faster than a lookup."""
    kinds: dict[float, list[str]] = {}
    for kind, evidence in d.EVIDENCE.items():
        kinds.setdefault(evidence, []).append(kind)
    found = lit(0.0)
    for evidence, names in reversed(kinds.items()):
        found = when(_is_one_of(names)).then(evidence).otherwise(found)
    return found


def _phase_weight() -> pl.Expr:
    found = lit(d.SERVICE_WEIGHT)
    for weight, names in d.PHASE_WEIGHTS.items():
        found = when(_is_one_of(names)).then(weight).otherwise(found)
    return found


def _is_one_of(kinds: list[str] | tuple[str, ...]) -> pl.Expr:
    return col("kind") == kinds[0] if len(kinds) == 1 else col("kind").is_in(list(kinds))


def with_enum(table: pl.DataFrame) -> pl.DataFrame:
    """Turn the kinds into an enumeration, as a user does who knows the vocabulary."""
    return table.with_columns(col("kind").cast(pl.Enum(d.KINDS)))


READINGS = {"trust": trust, "btyd": btyd, "cohorts": cohorts, "concentration": concentration}

CONTESTANTS = {
    "hand-polars": Contestant(load=load, save=save, readings=READINGS),
    "hand-polars-enum": Contestant(load=load, save=save, readings=READINGS, prepare=with_enum),
}
