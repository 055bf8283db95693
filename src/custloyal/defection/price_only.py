"""Buyers for whom only the price counts: they are not loyal, and no service keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import narwhals as nw

from custloyal.btyd.frames import as_floats, as_series
from custloyal.defection.beta_binomial import BetaPrior
from custloyal.defection.discounts import NEEDS, is_discounted, is_priced
from custloyal.fold import Fold, Source, count, total
from custloyal.metrics.base import Metric
from custloyal.metrics.purchases import is_purchase
from custloyal.models.checks import as_number, check_count, check_number, refuse

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["PriceOnly"]

_SCHEMA = {
    "priced_count": nw.Int64(),
    "discounted_count": nw.Int64(),
    "discounted_share": nw.Float64(),
    "discounted_low": nw.Float64(),
    "discounted_high": nw.Float64(),
    "is_price_only": nw.Boolean(),
    "margin_share": nw.Float64(),
}


@attrs.frozen(kw_only=True)
class PriceOnly(Metric):
    """Which customers buy on discount only, for leaving them out where retention is valued.

    The share of purchases on discount is drawn towards that of all customers by empirical Bayes
    (beta-binomial), since one purchase on discount says little. A customer is called price-only
    where even the lower bound of the share is above a threshold.

    Args:
        discount_from: From which share of the list price on a discount counts.
        share_from: The threshold.
        level: How likely the share lies between its bounds, in (0, 1).
        least_count: Under how many purchases nothing is said of a customer.

    Returns (as a reading, one row a customer with a purchase of which both prices are known):
        `priced_count` (such purchases), `discounted_count`, `discounted_share` (the expected
        share), `discounted_low` and `discounted_high`, `is_price_only` (null under `least_count`),
        `margin_share` (margin by revenue of the purchases whose margin is known; null where none
        is).

    Source:
        J. O. Berger, *Statistical Decision Theory and Bayesian Analysis*, 2nd edition 1985, 4.5,
        for empirical Bayes.

    Example:
        >>> PriceOnly(share_from=0.6).least_count
        3
    """

    needs: ClassVar[tuple[str, ...]] = NEEDS

    discount_from: float = attrs.field(default=0.1, converter=as_number)
    share_from: float = attrs.field(default=0.5, converter=as_number)
    level: float = attrs.field(default=0.8, converter=as_number)
    least_count: int = 3

    def __attrs_post_init__(self) -> None:
        refuse(
            check_number("discount_from", self.discount_from, above=0, below=1),
            check_number("share_from", self.share_from, above=0, below=1),
            check_number("level", self.level, above=0, below=1),
            check_count("least_count", self.least_count, low=1),
        )

    def state(self, interactions: Source) -> Fold:
        """How many purchases there were, how many on discount, and what they left."""
        has_margin = "margin_amount" in interactions.columns
        margin = nw.col("margin_amount") if has_margin else nw.lit(None, dtype=nw.Float64)
        known = is_purchase & ~margin.is_null() & ~nw.col("amount").is_null()
        return interactions.by(
            "customer_id",
            priced_count=count(is_priced),
            discounted_count=count(is_discounted(self.discount_from)),
            margin_amount=total(margin, where=known),
            margin_of_amount=total("amount", where=known),
        )

    def reading(self, state: Table, as_of: AsOf) -> nw.DataFrame[Any]:
        """The shares, drawn towards that of all."""
        del as_of
        customers = state.filter(nw.col("priced_count") > 0).collect("polars").sort("customer_id")
        if not len(customers):
            nothing = {name: nw.lit(None).cast(dtype) for name, dtype in _SCHEMA.items()}
            return customers.select("customer_id", **nothing)
        hits, tries = (as_floats(customers, f"{name}_count") for name in ("discounted", "priced"))
        prior = BetaPrior.of(hits, tries)
        low, high = prior.bounds(hits, tries, self.level)
        revenue = nw.col("margin_of_amount")
        return (
            customers.with_columns(
                as_series("discounted_share", prior.expected(hits, tries)),
                as_series("discounted_low", low),
                as_series("discounted_high", high),
            )
            .with_columns(
                is_price_only=nw.when(nw.col("priced_count") >= self.least_count).then(
                    nw.col("discounted_low") > self.share_from
                ),
                margin_share=nw.when(revenue > 0).then(nw.col("margin_amount") / revenue),
            )
            .select("customer_id", *(nw.col(n).cast(t) for n, t in _SCHEMA.items()))
        )
