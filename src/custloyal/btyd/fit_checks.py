"""Whether a model fits: what it expects beside what happened, as tables."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from custloyal.btyd.frames import as_floats, faults_of, opened_numbers, refused_or_counted
from custloyal.btyd.frames import sent_home as table_home
from custloyal.btyd.integrals import summed
from custloyal.btyd.purchase_model import DAYS
from custloyal.btyd.statistics import KEYS, Customers
from custloyal.engines import Aggregate, Combine, opened
from custloyal.errors import DataError, InvalidValueError, MissingColumnError, Mistake, nearest
from custloyal.models.checks import check_count, check_number, refuse

if TYPE_CHECKING:
    from custloyal.btyd.purchase_model import FittedPurchaseModel
    from custloyal.engines import Table

__all__ = ["calibration", "frequencies", "tracking"]

SAME_TIME = 1e-9


def frequencies(frame: Any, model: FittedPurchaseModel, *, most: int = 7) -> Any:
    """How many customers made 0, 1, 2, ... repeat purchases, and how many the model expects.

    Args:
        frame: The customers, as for `fit`.
        model: The model.
        most: The last row stands for this number and more.

    Returns:
        A frame of the caller's library: `x`, `or_more` (true in the last row), `actual_count`,
        `expected_count`, which have equal sums.

    Raises:
        DataError: Where rows are invalid or in another unit of time.
        InvalidValueError: Where `most` is not a whole number above 0.

    Source:
        P. S. Fader, B. G. S. Hardie, *Creating a fit histogram for the BG/NBD model* (2007),
        http://www.brucehardie.com/notes/014/

    Example:
        All four are new, so nobody can have bought again yet:

        >>> import polars as pl
        >>> from custloyal.btyd import FittedBgNbd
        >>> model = FittedBgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
        >>> new = pl.DataFrame({"x": [0] * 4, "t_x": [0] * 4, "T": [0] * 4})
        >>> frequencies(new, model, most=1).rows()
        [(0, False, 4.0, 4.0), (1, True, 0.0, 0.0)]
    """
    refuse(check_count("most", most, low=1))
    customers = Customers.compressed(frame, time_unit=model.time_unit, weighted=True)
    rows, _ = customers.for_a_fit("refuse")
    actual = summed(np.minimum(rows.x, most).astype(np.int64), rows.weight, most + 1)
    ages, place = np.unique(rows.T, return_inverse=True)
    at_age = summed(place, rows.weight)
    counts = np.zeros((len(ages), most))
    counts[ages == 0, 0] = 1.0
    if (ages > 0).any():
        counts[ages > 0] = model.counts_at(ages[ages > 0], most - 1)
    expected = at_age @ counts
    more = max(0.0, float(at_age.sum() - expected.sum()))
    return table_home(
        {
            "x": np.arange(most + 1),
            "or_more": np.arange(most + 1) == most,
            "actual_count": actual,
            "expected_count": np.append(expected, more),
        },
        customers.table,
        customers.home,
    )


def calibration(
    frame: Any,
    model: FittedPurchaseModel,
    *,
    horizon: float | None = None,
    actual: str = "actual_purchases",
    most: int = 7,
) -> Any:
    """What customers bought in a time that the fit did not see, beside what was expected.

    Args:
        frame: One row a customer, of any engine, as the metric `HoldOut` gives it: `x`, `t_x`, `T`
            as the fit saw them, and the purchase days in the time after.
        model: The model, fitted to what came before.
        horizon: How long that time was, in the model's unit; None where a column `horizon` says.
        actual: The column of the purchase days in that time.
        most: The last row stands for customers with this x and more.

    Returns:
        A frame of the caller's library, one row for each x up to `most` that occurs: `x`,
        `or_more`, `customers_count`, the means `actual_mean` and `expected_mean` of purchases, the
        share `actual_any_share` with any purchase, and the mean `expected_any_share` of `p_any`.

    Raises:
        DataError: Where rows are invalid, in another unit of time, or of another horizon.
        InvalidValueError: Where an option is out of bounds.
        MissingColumnError: With every column that is missing.

    Example:
        Nine months of CDNOW to learn, nine to see whether that was enough:

        >>> import custloyal
        >>> from custloyal.datasets import cdnow
        >>> split = custloyal.metrics.HoldOut(learned_until="1997-09-30", unit="week")
        >>> customers = custloyal.read(cdnow(), split)[split].to_native()
        >>> once, *_ = calibration(customers, custloyal.btyd.ParetoNbd().fit(customers)).to_dicts()
        >>> once["customers_count"], round(once["actual_mean"], 2), round(once["expected_mean"], 2)
        (1411, 0.24, 0.14)
    """
    refuse(check_number("horizon", horizon, above=0, optional=True))
    refuse(check_count("most", most, low=1))
    table, _ = opened_numbers(frame, [*KEYS, actual], optional=["horizon"])
    span = _horizon(table, horizon)
    value = nw.col(actual).cast(nw.Float64)
    known = ((value >= 0) & value.is_finite()).fill_null(value=False)
    bought = nw.when(known).then(value).otherwise(0.0)
    customers = Customers.compressed(
        frame,
        time_unit=model.time_unit,
        weighted=False,
        sums={
            "bought": bought,
            "buyers": (bought > 0).cast(nw.Int64),
            "unknown": (~known).cast(nw.Int64),
        },
    )
    rows = customers.for_predictions("refuse")
    unknown = customers.sums["unknown"]
    faults, _ = faults_of([(actual, "is null, negative or infinite", unknown > 0)], unknown, {})
    refused_or_counted(faults, "refuse", option="invalid")
    count = rows.weight
    bought_sum, buyers = (customers.sums[name][customers.usable] for name in ("bought", "buyers"))
    process, place = model.processes(rows)
    spans = np.full(len(process.scale), span)
    alive = model.p_alive(rows)
    bins, group = np.unique(np.minimum(rows.x, most), return_inverse=True)

    def per_customer(values: Any) -> Any:
        return summed(group, values, len(bins)) / summed(group, count, len(bins))

    return table_home(
        {
            "x": bins.astype(np.int64),
            "or_more": bins == most,
            "customers_count": summed(group, count, len(bins)).astype(np.int64),
            "actual_mean": per_customer(bought_sum),
            "expected_mean": per_customer(count * alive * process.expected(spans)[place]),
            "actual_any_share": per_customer(buyers),
            "expected_any_share": per_customer(count * alive * process.any(spans)[place]),
        },
        customers.table,
        customers.home,
    )


def _horizon(table: Table, horizon: float | None) -> float:
    """The horizon over which purchases were counted: what the frame says and what was given."""
    if "horizon" not in table.collect_schema():
        if horizon is None:
            refuse(
                Mistake("horizon", "stands neither in the frame nor in the call", "add horizon=")
            )
        return float(horizon or 0)
    column = nw.col("horizon").cast(nw.Float64)
    [found] = table.select(low=column.min(), high=column.max()).collect("polars").rows(named=True)
    said = {value for value in (found["low"], found["high"], horizon) if value is not None}
    if not said or max(said) - min(said) > SAME_TIME * max(said):
        counted = " and ".join(f"{value:g}" for value in sorted(said)) or "null"
        raise DataError(
            Mistake("horizon", f"is {counted}", "count the purchases of all over one time")
        )
    return float(max(said))


def tracking(
    purchase_days: Any,
    model: FittedPurchaseModel,
    *,
    learned_until: date | None = None,
    until: date | None = None,
    period_days: int = 7,
) -> Any:
    """Repeat purchases week by week, and how many the model expects of these customers.

    Args:
        purchase_days: One row a customer and day with a purchase, of any engine, as the metric
            `PurchaseDays` gives it: `customer_id` and `day`; rows without a customer are left out,
            double rows count once.
        model: The model, in days or weeks.
        learned_until: The last day that the fit saw: customers who came later are left out.
            None: all.
        until: The last day to look at; None: the last one with a purchase.
        period_days: Days of a period.

    Returns:
        A frame of the caller's library, one row for each whole period since the first purchase:
        `period` (from 1), `start_day`, `learned` (whether it ended by `learned_until`),
        `actual_count` and `expected_count` of repeat purchases in it, `actual_total` and
        `expected_total` till its end.

    Raises:
        DataError: Where no row is left.
        InvalidValueError: Where the model's unit is neither day nor week, or `until` lies past the
            data.
        MissingColumnError: With every column that is missing.

    Example:
        >>> from custloyal import datasets, read
        >>> from custloyal.btyd import FittedParetoNbd
        >>> from custloyal.metrics import PurchaseDays
        >>> days = read(datasets.cdnow(), PurchaseDays())["purchase_days"].to_native()
        >>> model = FittedParetoNbd(
        ...     r=0.553, alpha=10.578, s=0.606, beta=11.669, time_unit="week"
        ... )
        >>> weeks = tracking(days, model, learned_until=date(1997, 9, 30)).filter("learned")
        >>> week_39 = weeks.row(-1, named=True)
        >>> week_39["actual_total"], round(week_39["expected_total"])
        (2457.0, 2524)
    """
    if model.time_unit not in DAYS:
        raise InvalidValueError(
            Mistake("model", f"is in the unit {model.time_unit!r}", "fit it in days or weeks")
        )
    refuse(check_count("period_days", period_days, low=1))
    table, home = opened(purchase_days)
    schema = table.collect_schema()
    missing = [name for name in ("customer_id", "day") if name not in schema]
    if missing:
        raise MissingColumnError(
            Mistake(name, "is not in the frame", nearest(name, schema.names())) for name in missing
        )
    if schema["day"] != nw.Date and schema["day"] != nw.Datetime:
        raise DataError(Mistake("day", f"is {schema['day']}, must be dates"))
    day = nw.col("day") if schema["day"] == nw.Date else nw.col("day").dt.date()
    rows = table.select("customer_id", day=day).drop_nulls()
    engine = home.engine
    each = engine.store(
        engine.group(rows, ["customer_id", "day"], {"_n": Aggregate(Combine.ROWS, "day")})
    )
    first = engine.group(each, ["customer_id"], {"_first": Aggregate(Combine.MIN, "day")})
    known = each.join(first, on="customer_id", how="left")
    if learned_until is not None:
        known = known.filter(nw.col("_first") <= nw.lit(learned_until))
    pairs = engine.store(
        engine.group(known, ["_first", "day"], {"_n": Aggregate(Combine.ROWS, "day")})
    ).collect("polars")
    if not len(pairs):
        raise DataError(Mistake("purchase_days", "has no purchase of a known customer"))
    came = pairs["_first"].to_numpy().astype("datetime64[D]").astype(np.int64)
    bought = pairs["day"].to_numpy().astype("datetime64[D]").astype(np.int64)
    count = as_floats(pairs, "_n")
    start, last = int(came.min()), int(bought.max())
    if until is not None:
        asked = (until - date(1970, 1, 1)).days
        if asked > last:
            there = date(1970, 1, 1) + timedelta(days=last)
            raise InvalidValueError(
                Mistake("until", f"is {until}, past the last purchase on {there}", "name that day")
            )
        last = asked
    periods = (last - start + 1) // period_days
    if periods < 1:
        raise DataError(Mistake("purchase_days", "span less than one period", "lower period_days"))
    ends = start + period_days * np.arange(1, periods + 1) - 1
    repeat = bought > came
    actual = np.array([count[repeat & (bought <= end)].sum() for end in ends])
    new_days, new = came[~repeat], count[~repeat]
    # Ages are whole days, so that few different expectations serve all customers and weeks.
    ages = np.arange(1, int(ends[-1]) - start + 1)
    by_age = np.concatenate([[0.0], model.expected_at(ages / DAYS[model.time_unit])])
    expected = np.array([new @ by_age[np.maximum(end - new_days, 0)] for end in ends])
    learned = (
        np.ones(periods, dtype=bool)
        if learned_until is None
        else ends <= (learned_until - date(1970, 1, 1)).days
    )
    return table_home(
        {
            "period": np.arange(1, periods + 1),
            "start_day": (ends - period_days + 1).astype("datetime64[D]"),
            "learned": learned,
            "actual_count": np.diff(actual, prepend=0.0),
            "expected_count": np.diff(expected, prepend=0.0),
            "actual_total": actual,
            "expected_total": expected,
        },
        table,
        home,
    )
