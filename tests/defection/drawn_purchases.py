"""Customers drawn from Pareto/NBD, and small histories written by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from custloyal import History

START = date(2023, 1, 1)


def at(days):
    """Noon of a day after the start."""
    return datetime(2023, 1, 1, 12, tzinfo=UTC) + timedelta(days=days)


def row(customer, day, kind="purchase", **more):
    return {"customer_id": customer, "occurred_at": at(day), "kind": kind, **more}


def history_of(rows):
    return History.from_native(pl.DataFrame(rows, infer_schema_length=None), timezone="UTC")


def drawn(count, *, seed, days=500, parameters=(1.0, 15.0, 1.0, 150.0), stay=False):
    """Purchases of customers who come within the first 200 days; by day, in a Polars frame."""
    rng = np.random.default_rng(seed)
    r, alpha, s, beta = parameters
    entry = rng.integers(0, 200, count)
    life = np.full(count, 1e9) if stay else rng.exponential(1 / rng.gamma(s, 1 / beta, count))
    seen = np.minimum(life, days - entry)
    bought = rng.poisson(rng.gamma(r, 1 / alpha, count) * seen)
    customer = np.concatenate([np.arange(count), np.repeat(np.arange(count), bought)])
    later = np.repeat(entry, bought) + np.repeat(seen, bought) * rng.random(bought.sum())
    day = np.concatenate([entry, later.astype(np.int64)])
    return pl.DataFrame({"customer_id": customer, "day": day}).select(
        "customer_id",
        pl.lit("purchase").alias("kind"),
        pl.lit(10.0).alias("amount"),
        occurred_at=pl.lit(at(0)) + pl.duration(days=pl.col("day")),
    )
