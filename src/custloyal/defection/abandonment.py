"""Purchases that are abandoned after bad service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.defection.horizon import Span, as_days, check_days
from custloyal.defection.matched import MatchedDifference, Stratum, matched_difference
from custloyal.fold import Fold, Source, carried, count
from custloyal.metrics.base import Metric
from custloyal.metrics.evidence import evidence, with_evidence
from custloyal.metrics.kinds import is_kind
from custloyal.metrics.purchases import is_purchase
from custloyal.models import Kind, OutcomePolicy, Share
from custloyal.models.checks import refuse
from custloyal.reading.run import read

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.history import History
    from custloyal.models import AsOf
    from custloyal.typing import AsOfLike

__all__ = ["Abandonment", "abandoned_after_bad_service"]

_MICROSECONDS_PER_DAY = 86_400_000_000


@attrs.frozen(kw_only=True)
class Abandonment(Metric):
    """How often each customer gave up a purchase, shortly after bad service and otherwise.

    Bad service is any row whose evidence is bad, other than a return or an abandonment. Tries
    before the first purchase do not count: who gave up then never became a customer.

    Args:
        within: For how long after bad service a purchase counts as coming after it.
        policy: What each row says of how it was.

    Returns (as a reading, one row a customer who bought or gave up):
        `after_bad_count` and `after_bad_abandoned_count` (tries to buy after bad service, and how
        many of them were given up), `other_count` and `other_abandoned_count`.
    """

    within: int = attrs.field(default=90, converter=as_days)
    policy: OutcomePolicy = attrs.field(factory=OutcomePolicy)

    def __attrs_post_init__(self) -> None:
        refuse(check_days("within", self.within))

    def state(self, interactions: Source) -> Fold:
        """The tries to buy, with the last bad service before each."""
        when = nw.col("occurred_at")
        bad = (evidence < 0) & ~is_kind(Kind.RETURN, Kind.ABANDONMENT)
        gone = is_kind(Kind.ABANDONMENT)
        since = (when - nw.col("_bad_before")).dt.total_microseconds()
        after = (since <= self.within * _MICROSECONDS_PER_DAY).fill_null(value=False)
        tries = (
            with_evidence(interactions, self.policy)
            .let(_bad_at=nw.when(bad).then(when), _bought_at=nw.when(is_purchase).then(when))
            .in_order(
                "customer_id", _bad_before=carried("_bad_at"), _bought_before=carried("_bought_at")
            )
            .where(is_kind(Kind.PURCHASE, Kind.ABANDONMENT) & ~nw.col("_bought_before").is_null())
        )
        return tries.by(
            "customer_id",
            after_bad_count=count(after),
            after_bad_abandoned_count=count(after & gone),
            other_count=count(~after),
            other_abandoned_count=count(~after & gone),
        )

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """The counts as they are."""
        del as_of
        return state


def abandoned_after_bad_service(
    history: History, *, as_of: AsOfLike | AsOf | None = None, within: Span = 90
) -> MatchedDifference:
    """How much more often the same customers give up a purchase after bad service.

    Each customer is compared with themselves, so nothing that lasts of a customer decides. What
    changes with time does: it is an association.

    Args:
        history: The interactions.
        as_of: As for `read`.
        within: As for `Abandonment`.

    Example:
        Within a month of the complaint Ann gave up one of two purchases, later none of two. The
        first does not count.

        >>> import polars as pl
        >>> from custloyal import History
        >>> days = ["01-01", "01-08", "01-10", "01-12", "06-01", "07-01"]
        >>> kinds = ["purchase", "complaint", "abandonment", *["purchase"] * 3]
        >>> rows = pl.DataFrame({"occurred_at": [f"2024-{day}" for day in days], "kind": kinds})
        >>> history = History.from_native(rows, constants={"customer_id": "ann"})
        >>> found = abandoned_after_bad_service(history, within="30d")
        >>> found.exposed.value, found.unexposed.value, found.risk_difference
        (0.5, 0.0, 0.5)
    """
    metric = Abandonment(within=as_days(within))
    table = read(history, metric, as_of=as_of)[metric.name].table
    groups = table.group_by(*_COUNTS).agg(nw.len().alias("customers")).collect("polars")
    strata: list[Stratum] = []
    for tries, given_up, others, other_given_up, customers in groups.iter_rows():
        each = Stratum(Share(given_up, tries), Share(other_given_up, others))
        strata += [each] * customers
    return matched_difference(strata)


_COUNTS = ("after_bad_count", "after_bad_abandoned_count", "other_count", "other_abandoned_count")
