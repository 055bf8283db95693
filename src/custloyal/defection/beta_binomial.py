"""Shares of few events, drawn towards those of all by as much as they leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from scipy.optimize import minimize
from scipy.special import betainccinv, betaincinv, betaln

if TYPE_CHECKING:
    from custloyal.btyd.integrals import Floats

__all__ = ["BetaPrior"]

_LOG_SIZES = (-6.0, 12.0)
_LOG_ODDS = (-12.0, 12.0)


@attrs.frozen
class BetaPrior:
    """How a share is distributed over a group: Beta(mean * size, (1 - mean) * size).

    Args:
        mean: The mean share.
        size: How many events of one's own weigh as much as what is known of all.
    """

    mean: float
    size: float

    @classmethod
    def of(cls, hits: Floats, tries: Floats) -> BetaPrior:
        """By maximum likelihood over a group.

        Args:
            hits: Of each member, out of its tries.
            tries: Of each member, at least 1.

        Returns:
            The prior; where all shares are equal its size is large, and every share is the mean.
        """
        pairs, counts = np.unique(np.column_stack([hits, tries]), axis=0, return_counts=True)
        k, n = pairs.T

        def loss(at: Floats) -> float:
            size = np.exp(at[1])
            a, b = size / (1 + np.exp(-at[0])), size / (1 + np.exp(at[0]))
            return float(-counts @ (betaln(a + k, b + n - k) - betaln(a, b)))

        share = np.clip((k @ counts) / (n @ counts), 1e-4, 1 - 1e-4)
        start = [np.log(share / (1 - share)), 1.0]
        found = minimize(loss, start, method="L-BFGS-B", bounds=[_LOG_ODDS, _LOG_SIZES])
        return cls(float(1 / (1 + np.exp(-found.x[0]))), float(np.exp(found.x[1])))

    def expected(self, hits: Floats, tries: Floats) -> Floats:
        """The expected share of each member."""
        share: Floats = (self.mean * self.size + hits) / (self.size + tries)
        return share

    def bounds(self, hits: Floats, tries: Floats, level: float) -> tuple[Floats, Floats]:
        """Between what each member's share lies with some probability, as much left above."""
        a = self.mean * self.size + hits
        b = (1 - self.mean) * self.size + tries - hits
        tail = (1 - level) / 2
        low: Floats = np.asarray(betaincinv(a, b, tail), dtype=np.float64)
        high: Floats = np.asarray(betainccinv(a, b, tail), dtype=np.float64)
        return low, high
