"""Data to try everything on: a real shop's, and a simulated company's with its truth."""

from __future__ import annotations

from pathlib import Path

import narwhals as nw

from custloyal.history import History
from custloyal.simulation import simulate

__all__ = ["cdnow", "cdnow_path", "simulate"]


def cdnow_path() -> Path:
    """The path of the bundled CDNOW sample, a Parquet file as its publishers shape it.

    Returns:
        The file: `master_id`, `sample_id`, `date`, `n_cds`, `dollars`; one row a purchase.

    Example:
        >>> cdnow_path().name
        'cdnow_sample.parquet'
    """
    return Path(__file__).parent / "data" / "cdnow_sample.parquet"


def cdnow() -> History:
    """The purchases of 2,357 customers of the online music shop CDNOW in 1997 and 1998.

    Eight of the purchases bear 0 dollars; the published figures count them, and so does this.

    Returns:
        6,919 purchases from 1997-01-01 to 1998-06-30: `customer_id` (the number in the sample),
        `occurred_at` (a day; days are counted in UTC), `amount` (US dollars) and the measure
        `n_cds` (how many CDs).

    Source:
        P. S. Fader and B. G. S. Hardie, *Forecasting Repeat Sales at CDNOW: A Case Study*,
        Interfaces 31 (2001); MIT licence, from the distribution of `lifetimes`.

    Example:
        >>> cdnow().intake.accepted
        6919
    """
    sample = nw.read_parquet(str(cdnow_path()), backend="polars").drop("master_id")
    return History.from_native(
        sample.to_native(),
        columns={"customer_id": "sample_id", "occurred_at": "date", "amount": "dollars"},
        constants={"kind": "purchase"},
        timezone="UTC",
    )
