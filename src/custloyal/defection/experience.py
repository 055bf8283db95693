"""Bad experiences: an unresolved complaint, a missed promise; and the last sign of life."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.defection.horizon import as_days, check_days
from custloyal.fold import Fold, Source, highest
from custloyal.metrics.base import Metric
from custloyal.metrics.evidence import PROMISE_VERDICT
from custloyal.metrics.kinds import is_kind
from custloyal.metrics.purchases import DAY
from custloyal.models import Initiator, Kind
from custloyal.models.checks import refuse

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["BadExperience"]

_BY_CUSTOMER = (
    *(Kind.INQUIRY, Kind.VISIT, Kind.CART, Kind.PURCHASE, Kind.RETURN, Kind.ABANDONMENT),
    *(Kind.QUESTION, Kind.PROBLEM, Kind.COMPLAINT, Kind.REOPEN),
    *(Kind.SURVEY, Kind.REVIEW, Kind.TESTIMONIAL, Kind.REFERRAL, Kind.PRAISE),
)


@attrs.frozen(kw_only=True)
class BadExperience(Metric):
    """Which customers had a bad experience of late that nobody put right.

    Args:
        within: How far back is looked: "90d", "13w", a timedelta or a number of days.

    Returns (as a reading, one row a customer):
        `has_open_complaint` (a complaint of that time without a recovery after the last one),
        `has_missed_promise` (a promise that was missed in that time; null where none came due:
        promises are in `verdicts.in_history()`), `had_bad_experience` (one of the two), `seen_on`
        (the last day on which the customer did anything).

    Example:
        >>> BadExperience(within="13w").within
        91
    """

    within: int = attrs.field(default=90, converter=as_days)

    def __attrs_post_init__(self) -> None:
        refuse(check_days("within", self.within))

    def state(self, interactions: Source) -> Fold:
        """When each last complained, was last compensated, last let down and last seen."""
        when, columns = nw.col("occurred_at"), interactions.columns
        complaint, recovery = is_kind(Kind.COMPLAINT), is_kind(Kind.RECOVERY)
        missed = nw.col(PROMISE_VERDICT) == "missed"
        return interactions.by(
            "customer_id",
            complained_at=highest(when, where=complaint),
            complained_on=highest(DAY, where=complaint),
            recovered_at=highest(when, where=recovery),
            missed_on=highest(
                DAY, where=missed if PROMISE_VERDICT in columns else nw.lit(value=False)
            ),
            judged_on=highest(
                DAY,
                where=~nw.col(PROMISE_VERDICT).is_null()
                if PROMISE_VERDICT in columns
                else nw.lit(value=False),
            ),
            seen_on=highest(DAY, where=_by_customer("initiated_by" in columns)),
        )

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """What was bad within the time."""
        since = nw.lit(as_of.day - timedelta(days=self.within))
        recovered = (nw.col("recovered_at") >= nw.col("complained_at")).fill_null(value=False)
        complained = (nw.col("complained_on") > since).fill_null(value=False)
        missed = (nw.col("missed_on") > since).fill_null(value=False)
        is_judged = (nw.col("judged_on") > since).fill_null(value=False)
        return state.select(
            "customer_id",
            has_open_complaint=complained & ~recovered,
            has_missed_promise=nw.when(is_judged).then(missed),
            had_bad_experience=(complained & ~recovered) | missed,
            seen_on=nw.col("seen_on"),
        )


def _by_customer(is_said: bool) -> nw.Expr:  # noqa: FBT001 (whether the history has the column)
    """The rows in which the customer did something, and not the business."""
    usual = is_kind(*_BY_CUSTOMER)
    if not is_said:
        return usual
    initiator = nw.col("initiated_by")
    said = initiator == Initiator.CUSTOMER.value
    return nw.when(initiator.is_null()).then(usual).otherwise(said)
