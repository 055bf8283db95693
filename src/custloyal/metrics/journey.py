"""The journey: whether a customer knows, likes or trusts the business."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.fold import Fold, Source, count, lowest
from custloyal.metrics.base import Metric
from custloyal.metrics.kinds import is_kind
from custloyal.metrics.purchases import DAY, is_purchase, purchase_days
from custloyal.metrics.trust import Trust
from custloyal.models import Kind

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["Stage"]

_LIKES = (Kind.VISIT, Kind.CONSULTATION, Kind.QUOTE, Kind.CART, Kind.PURCHASE)
_ADVOCATES = (Kind.REFERRAL, Kind.TESTIMONIAL, Kind.CASE_STUDY)
_MIDDLE = (Kind.INQUIRY, Kind.VISIT, Kind.CONSULTATION)
_BOTTOM = (Kind.QUOTE, Kind.CART)


@attrs.frozen(kw_only=True)
class Stage(Metric):
    """On which rung each customer stands: know, like or trust, and where the others are held up.

    Know: any row. Like: a visit, consultation, quote, cart or purchase, and trust not under half
    the prior. Trust: purchases on two days or more, or a referral, testimonial or case study, and
    trust at least the prior. The highest rung whose own condition holds counts, so who loses trust
    falls without a rule of its own.

    Args:
        trust: The trust that the conditions ask for.

    Returns (as a reading, one row a customer):
        `stage` ("know", "like" or "trust"), `entered_at` (the time of the first row of the rung's
        evidence), `funnel` (of who never bought, how far they came: "top", "middle" with an
        inquiry, visit or consultation, "bottom" with a quote or cart; null of buyers).
    """

    trust: Trust = attrs.field(factory=Trust)

    def state(self, interactions: Source) -> tuple[Fold, Fold]:
        """The first row of each rung's evidence, beside the state of trust."""
        trust = self.trust.state(interactions)
        rungs = trust.source.by(
            "customer_id",
            good=trust.state["good"],
            bad=trust.state["bad"],
            known_at=lowest("occurred_at"),
            liked_at=lowest("occurred_at", where=is_kind(*_LIKES)),
            advocated_at=lowest("occurred_at", where=is_kind(*_ADVOCATES)),
            purchase_count=count(is_purchase),
            middle_count=count(is_kind(*_MIDDLE)),
            bottom_count=count(is_kind(*_BOTTOM)),
        )
        again = (
            purchase_days(interactions, first_at=lowest("occurred_at"))
            .within("customer_id", first_day=lowest(DAY))
            .by("customer_id", again_at=lowest("first_at", where=nw.col(DAY) > nw.col("first_day")))
        )
        return rungs, again

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """The highest rung whose own condition holds."""
        del as_of
        # By the balance, since scores round: s >= m0 where U >= 0, s >= m0 / 2 where U >= -c.
        u, c = nw.col("trust_balance"), self.trust.prior_weight
        trusted_at = nw.min_horizontal("again_at", "advocated_at")
        trusts = ~nw.col("trusted_at").is_null() & (u >= 0)
        likes = ~nw.col("liked_at").is_null() & (u >= -c)
        bought = nw.col("purchase_count") > 0
        reached = _chosen(
            (nw.col("bottom_count") > 0, nw.lit("bottom")),
            (nw.col("middle_count") > 0, nw.lit("middle")),
            otherwise=nw.lit("top"),
        )
        return state.with_columns(trust_balance=self.trust.balance, trusted_at=trusted_at).select(
            "customer_id",
            stage=_chosen(
                (trusts, nw.lit("trust")), (likes, nw.lit("like")), otherwise=nw.lit("know")
            ),
            entered_at=_chosen(
                (trusts, nw.col("trusted_at")),
                (likes, nw.col("liked_at")),
                otherwise=nw.col("known_at"),
            ),
            funnel=nw.when(~bought).then(reached),
        )


def _chosen(*cases: tuple[nw.Expr, nw.Expr], otherwise: nw.Expr) -> nw.Expr:
    """The value of the first condition that holds; a condition that is unknown does not."""
    said = otherwise
    for condition, value in reversed(cases):
        said = nw.when(condition).then(value).otherwise(said)
    return said
