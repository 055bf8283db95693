"""Tenure: how long customers stay, with those who are still there counted for what is known."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import narwhals as nw

from custloyal.errors import Mistake
from custloyal.fold import Fold, Source, count, highest, lowest
from custloyal.metrics.base import Metric
from custloyal.metrics.contracts import Ends, check_ends, contract_days
from custloyal.metrics.finished import finished
from custloyal.metrics.intervals import Z
from custloyal.metrics.purchase_gaps import purchase_gaps
from custloyal.metrics.purchases import DAY, days_between
from custloyal.metrics.survival import first_at_most_half, restricted_mean, survival_curve
from custloyal.models.checks import check_count, refuse
from custloyal.periods import last_full_day

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.metrics.survival import Step
    from custloyal.models import AsOf

__all__ = ["KaplanMeier", "Tenure"]

_CURVE = {
    "tenure_days": nw.Int64(),
    "at_risk_count": nw.Int64(),
    "ended_count": nw.Int64(),
    "censored_count": nw.Int64(),
    "survival_share": nw.Float64(),
    "survival_low": nw.Float64(),
    "survival_high": nw.Float64(),
}
_TENURE = {
    "customers_count": nw.Int64(),
    "ended_count": nw.Int64(),
    "unobserved_count": nw.Int64(),
    "median_days": nw.Int64(),
    "median_low_days": nw.Int64(),
    "median_high_days": nw.Int64(),
    "restricted_to_days": nw.Int64(),
    "restricted_mean_days": nw.Float64(),
    "restricted_mean_low_days": nw.Float64(),
    "restricted_mean_high_days": nw.Float64(),
}


@attrs.frozen(kw_only=True)
class _TenureMetric(Metric):
    """What the curve and its summary look at: how long each customer was there, and was seen."""

    inactivity_days: int | None = None
    ends: Ends | None = None

    def __attrs_post_init__(self) -> None:
        if (self.inactivity_days is None) == (self.ends is None):
            mend = 'give inactivity_days=180, or ends=("topic", "cancellation")'
            refuse(Mistake("inactivity_days, ends", "must be one of the two", mend))
        refuse(
            None
            if self.inactivity_days is None
            else check_count("inactivity_days", self.inactivity_days, low=1),
            None if self.ends is None else check_ends(self.ends),
        )

    def state(self, interactions: Source) -> Fold:
        """Customers by the day of their first purchase and the tenure at which they end.

        Without contracts that is the tenure at which they end if they stay quiet.
        """
        if self.ends is None:
            stopped = nw.col("gap_days") > self.inactivity_days
            lives = purchase_gaps(interactions).by(
                "customer_id",
                first_day=lowest(DAY),
                last_day=highest(DAY),
                quiet_from=lowest(DAY, where=stopped),
            )
            end = nw.coalesce("quiet_from", "last_day")
        else:
            days = contract_days(interactions, self.ends, reader=self.name)
            ended = (nw.col("ended_count") > 0) & (nw.col(DAY) >= nw.col("first_day"))
            lives = (
                days.let(bought_on=nw.when(nw.col("bought_count") > 0).then(nw.col(DAY)))
                .within("customer_id", first_day=lowest("bought_on"))
                .by("customer_id", first_day=lowest("first_day"), end_day=lowest(DAY, where=ended))
            )
            end = nw.col("end_day")
        has_end = ~nw.col("tenure_days").is_null()
        return (
            lives.let(tenure_days=days_between(nw.col("first_day"), end))
            .let(
                has_end=has_end,
                end_after_days=nw.when(has_end).then(nw.col("tenure_days")).otherwise(0),
            )
            .by("first_day", "has_end", "end_after_days", customers_count=count())
        )

    def curve(self, state: Table, as_of: AsOf) -> tuple[list[Step], int]:
        """The curve, and how many customers are too new to be on it."""
        known_after, full_day = self.inactivity_days or 0, last_full_day(as_of)
        ends: Counter[int] = Counter()
        censored: Counter[int] = Counter()
        unobserved = 0
        for row in state.collect("polars").iter_rows(named=True):
            # An end is known only when the silence has lasted: so long ago is seen to its end.
            seen_days = (full_day - row["first_day"]).days - known_after
            if seen_days < 0:
                unobserved += row["customers_count"]
            elif row["has_end"] and row["end_after_days"] <= seen_days:
                ends[row["end_after_days"]] += row["customers_count"]
            else:
                censored[seen_days] += row["customers_count"]
        return survival_curve(ends, censored), unobserved


@attrs.frozen(kw_only=True)
class KaplanMeier(_TenureMetric):
    """The curve of tenure: which share of customers stays how many days after the first purchase.

    With contracts (`ends`) tenure runs to the first row that ends one, and who has none is still
    there. Without, a customer has left who buys nothing for `inactivity_days`: the end is dated at
    the purchase before the silence, and who comes back after it has left nevertheless (see
    `Reactivation`). It is known only when the silence has lasted, so each customer is followed up
    to `inactivity_days` before `as_of` and no further: to count the days since as survived, in
    which nobody can be seen to leave, would make everybody look loyal.

    Days count when they are over. Who is seen no longer (censored) is taken to stay as long as the
    others do.

    Args:
        inactivity_days: For how many days nothing is bought by a customer who has left.
        ends: What rows end a contract: a `Kind`, or a column and its value such as
            ("topic", "cancellation"). Give one of the two.

    Returns (as a reading, one row for each tenure at which somebody ends or is seen no longer):
        `tenure_days` (from 0), `at_risk_count` (still there and seen, just before), `ended_count`,
        `censored_count`, `survival_share` (who stays longer), `survival_low` and `survival_high`
        (interval of 95 % by Greenwood's variance, on the scale of log(-log S); null where the
        share is 1 or 0).

    Raises:
        InvalidValueError: Where not exactly one of the two is given, or it is out of its range.
        MissingColumnError: Where the history lacks the column of `ends`.

    Source:
        E. L. Kaplan, P. Meier, *Nonparametric estimation from incomplete observations*, Journal
        of the American Statistical Association 53 (1958), 457-481.

    Example:
        One of two left after 10 days; of the other it is known that they stayed 45.

        >>> import custloyal
        >>> import polars as pl
        >>> sales = pl.DataFrame(
        ...     {
        ...         "customer_id": ["ann", "ann", "bob", "bob"],
        ...         "occurred_at": ["2024-01-01", "2024-01-11", "2024-01-01", "2024-02-25"],
        ...     }
        ... )
        >>> history = custloyal.History.from_native(sales, constants={"kind": "purchase"})
        >>> metric = KaplanMeier(inactivity_days=60)
        >>> rows = custloyal.read(history, metric, as_of="2024-04-15")[metric].to_dicts()
        >>> [(row["tenure_days"], row["ended_count"], row["survival_share"]) for row in rows]
        [(0, 0, 1.0), (10, 1, 0.5), (45, 0, 0.5)]
    """

    grain: ClassVar[tuple[str, ...]] = ("tenure_days",)

    def reading(self, state: Table, as_of: AsOf) -> nw.DataFrame[Any]:
        """The steps of the curve."""
        steps, _ = self.curve(state, as_of)
        rows = [
            {
                "tenure_days": step.time,
                "at_risk_count": step.at_risk,
                "ended_count": step.ended,
                "censored_count": step.censored,
                "survival_share": step.survival,
                "survival_low": step.low,
                "survival_high": step.high,
            }
            for step in steps
        ]
        return finished(rows, _CURVE)


@attrs.frozen(kw_only=True)
class Tenure(_TenureMetric):
    """How long customers stay, in few numbers: the median and the mean of the curve of tenure.

    Args:
        inactivity_days: As for `KaplanMeier`.
        ends: As for `KaplanMeier`.
        restricted_to_days: The tenure up to which the mean is taken; None for the longest seen.
            The mean of all tenure is not known while somebody stays.

    Returns (as a reading, one row):
        `customers_count` (on the curve), `ended_count`, `unobserved_count` (customers who are too
        new to be on it), `median_days` (the first tenure beyond which at most half stay; null
        where more do), `median_low_days` and `median_high_days` (where the bounds of the curve
        pass a half; null where they do not), `restricted_to_days`, `restricted_mean_days` (the
        mean of the days up to there; null where nobody was seen so long and somebody stays) with
        `restricted_mean_low_days` and `restricted_mean_high_days` (interval of 95 %; null where
        nobody ended, of which no spread follows).

    Raises:
        InvalidValueError: As for `KaplanMeier`.
        MissingColumnError: As for `KaplanMeier`.

    Source:
        R. Brookmeyer, J. Crowley, *A confidence interval for the median survival time*, Biometrics
        38 (1982), 29-41, for the interval of the median.

    Example:
        Of four one left after 0 days and three after 10.

        >>> import custloyal
        >>> import polars as pl
        >>> sales = pl.DataFrame(
        ...     {
        ...         "customer_id": ["ann", "ann", "bob", "bob", "cem", "cem", "dee"],
        ...         "occurred_at": [*3 * ["2024-01-01", "2024-01-11"], "2024-01-01"],
        ...     }
        ... )
        >>> history = custloyal.History.from_native(sales, constants={"kind": "purchase"})
        >>> metric = Tenure(inactivity_days=60)
        >>> [row] = custloyal.read(history, metric, as_of="2024-12-31")[metric].to_dicts()
        >>> row["median_days"], row["restricted_mean_days"]
        (10, 7.5)
    """

    grain: ClassVar[tuple[str, ...]] = ()

    restricted_to_days: int | None = None

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.restricted_to_days is not None:
            refuse(check_count("restricted_to_days", self.restricted_to_days, low=1))

    def reading(self, state: Table, as_of: AsOf) -> nw.DataFrame[Any]:
        """Median and restricted mean."""
        steps, unobserved = self.curve(state, as_of)
        longest = steps[-1].time if steps else None
        until = longest if self.restricted_to_days is None else self.restricted_to_days
        mean = None if until is None else restricted_mean(steps, until)
        row: dict[str, Any] = {
            **dict.fromkeys(_TENURE),
            "customers_count": steps[0].at_risk if steps else 0,
            "ended_count": sum(step.ended for step in steps),
            "unobserved_count": unobserved,
            "median_days": first_at_most_half((step.time, step.survival) for step in steps),
            "median_low_days": first_at_most_half((step.time, step.low) for step in steps),
            "median_high_days": first_at_most_half((step.time, step.high) for step in steps),
            "restricted_to_days": until,
        }
        if mean is not None and until is not None:
            days, error = mean
            row["restricted_mean_days"] = days
            if error:
                row["restricted_mean_low_days"] = max(0.0, days - Z * error)
                row["restricted_mean_high_days"] = min(float(until), days + Z * error)
        return finished([row], _TENURE)
