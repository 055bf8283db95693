"""The four readings as a good user of pandas writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks import definitions as d
from benchmarks.contestants import Contestant

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

__all__ = ["CONTESTANTS", "btyd", "cohorts", "concentration", "load", "save", "trust"]


def load(path: Path) -> pd.DataFrame:
    """Load the history into memory."""
    return pd.read_parquet(path)


def save(result: pd.DataFrame, path: Path) -> None:
    """Write a result to Parquet."""
    result.to_parquet(path, index=False)


def trust(table: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Score each customer's trust, with Wilson's interval, balance and counts."""
    seen = table["customer_id"].notna() & (table["occurred_at"] < d.cutoff(as_of))
    rows = table.loc[seen, ["customer_id", "occurred_at", "kind", "outcome"]]
    kind = rows["kind"].astype("category")  # look each kind up once, not each row
    evidence = rows["outcome"].fillna(_by_kind(kind, d.EVIDENCE, 0.0))
    phases = {name: weight for weight, names in d.PHASE_WEIGHTS.items() for name in names}
    age_days = (d.cutoff(as_of) - rows["occurred_at"]).dt.total_seconds() / 86_400
    rate = np.where(evidence > 0, d.GOOD_DECAY, d.BAD_DECAY)
    weight = evidence.abs() * _by_kind(kind, phases, d.SERVICE_WEIGHT) * np.exp(age_days * rate)
    good, bad = evidence > 0, evidence < 0
    sums = (
        pd.DataFrame(
            {
                "customer_id": rows["customer_id"].astype("int64"),
                "good": weight.where(good, 0.0),
                "bad": weight.where(bad, 0.0) * d.RATIO,
                "good_count": good.astype("int64"),
                "bad_count": bad.astype("int64"),
            }
        )
        .groupby("customer_id", sort=False)
        .sum()
    )
    balance = sums["good"] - sums["bad"]
    score = (d.PRIOR_WEIGHT * d.PRIOR_MEAN + balance.clip(lower=0)) / (
        d.PRIOR_WEIGHT + balance.abs()
    )
    size = d.PRIOR_WEIGHT + sums["good"] + sums["bad"]
    scale = 1 + d.Z**2 / size
    centre = (score + d.Z**2 / (2 * size)) / scale
    half = np.sqrt(score * (1 - score) / size + d.Z**2 / (4 * size**2)) * d.Z / scale
    return pd.DataFrame(
        {
            "trust": score,
            "trust_low": centre - half,
            "trust_high": centre + half,
            "trust_balance": balance,
            "good_count": sums["good_count"],
            "bad_count": sums["bad_count"],
        }
    ).reset_index()


def btyd(table: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Count each buyer's purchase days, ages at the last and now, and mean repeat amount."""
    rows = _purchases(table, as_of)
    rows["day"] = rows["occurred_at"].dt.normalize()
    days = rows.groupby(["customer_id", "day"], sort=True)["amount"].sum().reset_index()
    customers = days.groupby("customer_id", sort=False).agg(
        count=("day", "size"),
        first=("day", "first"),
        last=("day", "last"),
        total=("amount", "sum"),
        first_amount=("amount", "first"),
    )
    x = customers["count"] - 1
    repeats = (customers["total"] - customers["first_amount"]) / x.where(x > 0)
    return pd.DataFrame(
        {
            "x": x,
            "t_x": (customers["last"] - customers["first"]).dt.days,
            "T": (pd.Timestamp(as_of) - customers["first"]).dt.days,
            "mean_repeat_amount": repeats,
        }
    ).reset_index()


def cohorts(table: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Follow each month's new buyers through the months after."""
    rows = _purchases(table, as_of)
    month = rows["occurred_at"].dt.year * 12 + rows["occurred_at"].dt.month - 1
    active = pd.DataFrame({"customer_id": rows["customer_id"], "month": month}).drop_duplicates()
    active["cohort"] = active.groupby("customer_id", sort=False)["month"].transform("min")
    triangle = active.groupby(["cohort", "month"]).size().rename("customers_count").reset_index()
    age = triangle["month"] - triangle["cohort"]
    size = triangle["customers_count"].where(age == 0).groupby(triangle["cohort"]).transform("max")
    parts = {"year": triangle["cohort"] // 12, "month": triangle["cohort"] % 12 + 1, "day": 1}
    return pd.DataFrame(
        {
            "cohort_month": pd.to_datetime(pd.DataFrame(parts)),
            "age_months": age,
            "customers_count": triangle["customers_count"],
            "cohort_size": size.astype("int64"),
            "retention_share": triangle["customers_count"] / size,
        }
    )


def concentration(table: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Measure how few customers the gross revenue rests on."""
    rows = _purchases(table, as_of)
    sums = rows.groupby("customer_id", sort=False)["amount"].sum()
    amounts = np.sort(sums.to_numpy())[::-1]
    count, total = len(amounts), amounts.sum()
    running = amounts.cumsum()
    before = int((running < d.REVENUE_SHARE * total).sum())
    hhi = float(((amounts / total) ** 2).sum())
    ranked = float((np.arange(1, count + 1) * amounts).sum())
    return pd.DataFrame(
        {
            "customers_count": [count],
            "total_amount": [total],
            "top_20_share": [running[int(np.ceil(d.TOP_SHARE * count)) - 1] / total],
            "gini": [(count + 1) / count - 2 * ranked / (count * total)],
            "hhi": [hhi],
            "effective_customers": [1 / hhi],
            "customers_for_80_share": [(before + 1) / count],
        }
    )


def _purchases(table: pd.DataFrame, as_of: date) -> pd.DataFrame:
    seen = (
        (table["kind"] == "purchase")
        & table["customer_id"].notna()
        & (table["occurred_at"] < d.cutoff(as_of))
    )
    rows = table.loc[seen, ["customer_id", "occurred_at", "amount"]]
    return rows.assign(customer_id=rows["customer_id"].astype("int64"))


def _by_kind(
    kind: pd.Series[pd.CategoricalDtype], values: dict[str, float], other: float
) -> pd.Series[float]:
    found = np.array([values.get(name, other) for name in kind.cat.categories])
    return pd.Series(found[kind.cat.codes.to_numpy()], index=kind.index)


READINGS = {"trust": trust, "btyd": btyd, "cohorts": cohorts, "concentration": concentration}

CONTESTANTS = {"pandas": Contestant(load=load, save=save, readings=READINGS)}
