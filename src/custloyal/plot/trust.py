"""Trust, drawn: how many customers have how much of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from custloyal.formats import count, counted, score, share
from custloyal.metrics import Trust
from custloyal.plot.given import found, in_bins
from custloyal.plot.look import empty, finished, from_0_to_1, histogram

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from custloyal.reading.run import Reading, Readings, Scores

__all__ = ["trust_distribution", "trust_histogram"]

_TITLE = "Trust"
_ROUNDING = 1e-9


def trust_distribution(readings: Reading | Readings | Scores) -> alt.LayerChart:
    """How many customers have which trust; those below neutral in the warm colour.

    Args:
        readings: A reading of `Trust`, or readings or scores with one.

    Returns:
        A chart of 20 columns, for any number of customers.

    Raises:
        InvalidValueError: Where they are of another metric.
        MissingColumnError: Where a frame without `trust` is given.

    Example:
        >>> import custloyal
        >>> from custloyal.datasets import cdnow
        >>> chart = trust_distribution(custloyal.read(cdnow(), custloyal.Trust()))
        >>> chart.description
        'Histogram of the trust of 2,357 customers: 2,357 (100.0%) stand at or \
above the neutral 0.50. The highest column, 2,185 customers, lies between 0.50 and 0.55.'
    """
    given = found(readings, Trust, "trust")
    metric = given.metric if isinstance(given.metric, Trust) else Trust()
    return trust_histogram(in_bins(given.table, "trust"), prior=metric.prior_mean)


def trust_histogram(bins: Sequence[Mapping[str, Any]], *, prior: float) -> alt.LayerChart:
    """The same of customers that are counted already.

    Args:
        bins: `low`, `high` and `customers_count` of each.
        prior: The score of who is not known.
    """
    rows = [each for each in bins if each["customers_count"]]
    if not rows:
        return empty(_TITLE, "No customer is known, so there is no trust to show.")
    layers = histogram(
        rows,
        x=from_0_to_1("low:Q", title="trust, 0 to 1", format=".2f"),
        name="trust",
        names=[f"{score(row['low'])} to {score(row['high'])}" for row in rows],
        warm=alt.datum.high <= prior + _ROUNDING,
        mark=(prior, f"nothing known: {prior:.2f}"),
    )
    return finished(layers, title=_TITLE, said=_said(rows, prior), height=220)


def _said(rows: Sequence[Mapping[str, Any]], prior: float) -> str:
    total = sum(row["customers_count"] for row in rows)
    below = sum(row["customers_count"] for row in rows if row["high"] <= prior + _ROUNDING)
    above = sum(row["customers_count"] for row in rows if row["low"] >= prior - _ROUNDING)
    most = max(rows, key=lambda row: (row["customers_count"], -row["low"]))
    parts = [
        f"{count(number)} ({share(number / total)}) {'stands' if number == 1 else 'stand'} "
        f"{where} the neutral {score(prior)}"
        for number, where in ((below, "below"), (above, "at or above"))
        if number
    ]
    return (
        f"Histogram of the trust of {counted(total, 'customer')}: {' and '.join(parts)}. The "
        f"highest column, {counted(most['customers_count'], 'customer')}, lies between "
        f"{score(most['low'])} and {score(most['high'])}."
    )
