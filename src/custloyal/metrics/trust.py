"""Trust: how far a customer's experiences let them trust the business."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.fold import Fold, Source, count, decayed
from custloyal.metrics.base import LinearMetric
from custloyal.metrics.evidence import evidence, weight, with_evidence
from custloyal.metrics.intervals import Z, wilson_bounds
from custloyal.models import OutcomePolicy
from custloyal.models.checks import as_number, check_number, refuse

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["Trust"]

good, bad = nw.col("good"), nw.col("bad")
u, size = nw.col("trust_balance"), nw.col("size")


@attrs.frozen(kw_only=True)
class Trust(LinearMetric):
    """How far each customer's experiences let them trust the business, from 0 to 1.

    One bad experience outweighs `ratio` good ones, exactly: a bad one and twelve good ones of
    equal weight at the same time leave every score where it was. Good and bad experiences fade
    with half-lives of their own.

    Args:
        ratio: How many good experiences make up for one bad.
        half_life_good: After how many days a good experience counts half.
        half_life_bad: After how many days a bad one counts half.
        prior_mean: The score of a customer of whom nothing is known, between 0 and 1.
        prior_weight: How many good experiences lead halfway from there to full trust.
        policy: What each interaction says of how it felt.

    Returns (as a reading, one row a customer):
        `trust`, `trust_low`, `trust_high` (from 0 to 1, an interval of 95 % by Wilson's formula),
        `trust_balance` (in good experiences, bad ones subtracted at the ratio), `good_count` and
        `bad_count` (rows).

    Raises:
        InvalidValueError: Where a parameter is out of its range.

    Source:
        12 to 1: Ruby Newell-Legner, *Understanding Customers*. The form: the explanation of trust.

    Example:
        >>> Trust(half_life_good=180).prior_weight
        12.0
    """

    ratio: float = attrs.field(default=12.0, converter=as_number)
    half_life_good: float = attrs.field(default=365.0, converter=as_number)
    half_life_bad: float = attrs.field(default=730.0, converter=as_number)
    prior_mean: float = attrs.field(default=0.5, converter=as_number)
    prior_weight: float = attrs.field(default=12.0, converter=as_number)
    policy: OutcomePolicy = attrs.field(factory=OutcomePolicy)

    def __attrs_post_init__(self) -> None:
        refuse(
            check_number("ratio", self.ratio, above=0),
            check_number("half_life_good", self.half_life_good, above=0),
            check_number("half_life_bad", self.half_life_bad, above=0),
            check_number("prior_mean", self.prior_mean, above=0, below=1),
            check_number("prior_weight", self.prior_weight, above=0),
        )

    def state(self, interactions: Source) -> Fold:
        """G and B, the decayed sums of good and bad experiences."""
        return with_evidence(interactions, self.policy).by(
            "customer_id",
            good=decayed(weight, self.half_life_good, where=evidence > 0),
            bad=decayed(weight, self.half_life_bad, where=evidence < 0),
            good_count=count(evidence > 0),
            bad_count=count(evidence < 0),
        )

    @property
    def balance(self) -> nw.Expr:
        """U = G - ratio * B: of a state the balance, of a row its part of it."""
        return good - self.ratio * bad

    def slope(self, balance: nw.Expr) -> nw.Expr:
        """What one unit of balance contributes to the score: score - prior_mean = U * slope."""
        u, c, m0 = balance, self.prior_weight, self.prior_mean
        return nw.when(u > 0).then((1 - m0) / (c + u)).otherwise(m0 / (c - u))

    def score(self, u: nw.Expr) -> nw.Expr:
        """The score of a balance U, from 0 to 1."""
        c, m0 = self.prior_weight, self.prior_mean
        return (c * m0 + _positive(u)) / (c + u.abs())

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """The score with the interval that its evidence allows."""
        del as_of
        return (
            state.with_columns(trust_balance=self.balance, size=good + self.ratio * bad)
            .with_columns(trust=self.score(u))
            .with_columns(**wilson_bounds("trust", self.prior_weight + size, z=Z))
            .select(
                "customer_id",
                "trust",
                "trust_low",
                "trust_high",
                "trust_balance",
                "good_count",
                "bad_count",
            )
        )


def _positive(u: nw.Expr) -> nw.Expr:
    return nw.when(u > 0).then(u).otherwise(0.0)
