"""Do customers leave more often after a bad experience than others who are alike?"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import attrs
import narwhals as nw
import numpy as np

from custloyal.btyd.frames import as_floats
from custloyal.defection.experience import BadExperience
from custloyal.defection.horizon import Span, as_days, check_days
from custloyal.defection.matched import MatchedDifference, matched_difference, stratified
from custloyal.defection.outcomes import cut_at, horizon_end, outcomes
from custloyal.errors import DataError, Mistake, nearest
from custloyal.metrics import BtydStatistics
from custloyal.metrics.purchases import days_between
from custloyal.metrics.rfm import Rfm
from custloyal.models.checks import refuse
from custloyal.reading.run import read

if TYPE_CHECKING:
    from custloyal.history import History
    from custloyal.metrics.base import Metric
    from custloyal.models import AsOf
    from custloyal.reading.run import Readings
    from custloyal.typing import AsOfLike

__all__ = ["LeavingAfter", "leaving_after"]

Experience: TypeAlias = Literal["open_complaint", "missed_promise", "any"]

_COLUMNS = {
    "open_complaint": "has_open_complaint",
    "missed_promise": "has_missed_promise",
    "any": "had_bad_experience",
}
_WORDS = {
    "open_complaint": "a complaint that nobody put right",
    "missed_promise": "a promise that was missed",
    "any": "a bad experience",
}
_MONTH, _HALF_MONTH, _QUARTERS = 30.0, 15.0, 4


@attrs.frozen(kw_only=True)
class LeavingAfter:
    """Whether customers left more often after a bad experience than others who were alike.

    An association: alike in tenure, frequency, value and last sign of life, and in nothing else.

    Args:
        experience: What they had experienced.
        cut: The day up to which experiences count.
        until: The last day on which a purchase would have shown that they stayed.
        within: How many days before the cut experiences count.
        unknown_count: Customers of whom it is not known whether they had the experience.
        difference: In the share who bought nothing from the cut to the end.
    """

    experience: str
    cut: date
    until: date
    within: int
    unknown_count: int
    difference: MatchedDifference

    @property
    def sentence(self) -> str:
        """The association in words."""
        found, days = self.difference, (self.until - self.cut).days
        what = _WORDS[self.experience]
        if found.risk_difference is None:
            return f"Nothing can be said of {what}: no customers with and without it are alike."
        between, chance = "how sure that is cannot be told from so few", ""
        if found.interval is not None:
            between = f"{100 * found.interval.low:+.1f} to {100 * found.interval.high:+.1f}"
            chance = " The difference may be chance." if found.interval.contains(0) else ""
        points = 100 * found.risk_difference
        return (
            f"After {what}, the share of customers who bought nothing within {days} days was "
            f"{abs(points):.1f} points {'lower' if points < 0 else 'higher'} ({between}) than of "
            f"others alike in tenure, frequency, value and last sign of life.{chance} This is an "
            "association, not a cause."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "experience": self.experience,
            "cut": self.cut.isoformat(),
            "until": self.until.isoformat(),
            "within_days": self.within,
            "unknown_count": self.unknown_count,
            "sentence": self.sentence,
            **self.difference.to_dict(),
        }


def leaving_after(
    history: History,
    experience: Experience = "open_complaint",
    *,
    cut: AsOfLike | AsOf,
    horizon: Span,
    within: Span = 90,
) -> LeavingAfter:
    """Compare customers who had a bad experience with others who are alike: how many leave?

    Customers are alike where they fall into the same group of tenure (months, doubling), of
    purchase days (doubling), of value (quarters of the mean amount of a day; left out where there
    are no amounts) and of the last day on which they did anything (half months, doubling). The
    last matters most: whoever complains is still there, and a comparison with people who are long
    gone would make complaints look harmless.

    Args:
        history: The interactions; for missed promises those of `verdicts.in_history()`.
        experience: "open_complaint", "missed_promise" or "any" of the two.
        cut: Up to when experiences count; as `as_of` elsewhere.
        horizon: Within what time after it a purchase shows that a customer stayed.
        within: How long before the cut experiences count.

    Returns:
        The difference in the share who left, with its interval.

    Raises:
        DataError: Where the horizon ends after the data, or nobody bought up to the cut.
        InvalidValueError: With the options that are wrong.

    Example:
        Six bought on one day. Of the three who then complained one bought again, of the three who
        only asked two did: 2/3 left and 1/3.

        >>> import polars as pl
        >>> from custloyal import History
        >>> said = ["complaint"] * 3 + ["question"] * 3
        >>> rows = [(who, "2024-03-01", "purchase") for who in range(6)]
        >>> rows += [(who, "2024-03-05", kind) for who, kind in enumerate(said)]
        >>> rows += [(who, "2024-05-30", "purchase") for who in (2, 4, 5)]
        >>> names = ["customer_id", "occurred_at", "kind"]
        >>> history = History.from_native(pl.DataFrame(rows, schema=names, orient="row"))
        >>> found = leaving_after(history, cut="2024-03-31", horizon="60d").difference
        >>> found.exposed, found.unexposed, round(found.risk_difference, 3)
        (Share(numerator=2, denominator=3, unknown=0), Share(numerator=1, denominator=3, \
unknown=0), 0.333)
    """
    days, back = as_days(horizon), as_days(within)
    allowed = get_args(Experience)
    refuse(
        None
        if experience in allowed
        else Mistake("experience", f"is {experience!r}", nearest(str(experience), allowed)),
        check_days("horizon", days),
        check_days("within", back),
    )
    at = cut_at(history, cut)
    until = horizon_end(history, at, days)
    customers = outcomes(history, at, until)
    if not len(customers):
        raise DataError(Mistake("cut", f"is {at.day}, and nobody bought until then", "cut later"))
    bad = BadExperience(within=back)
    readings = read(history, [bad, *metrics_of_alike(history)], as_of=at)
    return compared(customers, readings, experience=experience, until=until.day)


def metrics_of_alike(history: History) -> list[Metric]:
    """What must be read, beside `BadExperience`, to say which customers are alike."""
    return [BtydStatistics(), *([Rfm()] if "amount" in history.columns else [])]


def compared(
    customers: nw.DataFrame[Any], readings: Readings, *, experience: Experience, until: date
) -> LeavingAfter:
    """Compare customers with and without an experience.

    Args:
        customers: `customer_id` and `is_lost`, as `outcomes` gives them.
        readings: Of `BadExperience` and `metrics_of_alike`, as of the cut.
        experience: The experience.
        until: The last day of the horizon.
    """
    names = [name for name in ("bad_experience", "btyd_statistics", "rfm") if name in readings]
    for name in names:
        table = readings[name].table.collect("polars")
        customers = customers.join(table, on="customer_id", how="left")
    cut, bad = readings.as_of.day, readings[BadExperience].metric
    exposed = _COLUMNS[experience]
    known = _grouped(customers.drop_nulls([exposed]), cut, has_amounts="rfm" in readings)
    strata = stratified(known, by=_GROUPS, exposed=exposed, happened="is_lost")
    return LeavingAfter(
        experience=experience,
        cut=cut,
        until=until,
        within=getattr(bad, "within", 0),
        unknown_count=len(customers) - len(known),
        difference=matched_difference(strata),
    )


_GROUPS = ("tenure_group", "frequency_group", "seen_group", "value_group")


def _grouped(customers: nw.DataFrame[Any], day: date, *, has_amounts: bool) -> nw.DataFrame[Any]:
    """The customers with the groups in which they are alike."""
    unseen = days_between(nw.col("seen_on"), nw.lit(day))
    groups = customers.with_columns(
        tenure_group=(nw.col("T") / _MONTH + 1).log(base=2).floor(),
        frequency_group=(nw.col("x") + 1).log(base=2).floor(),
        seen_group=(unseen / _HALF_MONTH + 1).log(base=2).floor(),
        value_group=nw.lit(0.0),
    )
    if not has_amounts or not len(groups):
        return groups
    amount = as_floats(groups, "mean_day_amount")
    edges = (
        np.nanquantile(amount, np.arange(1, _QUARTERS) / _QUARTERS)
        if len(amount[~np.isnan(amount)])
        else np.zeros(0)
    )
    quarter = np.where(np.isnan(amount), -1.0, np.searchsorted(edges, amount))
    return groups.with_columns(nw.new_series("value_group", quarter, backend="polars"))
