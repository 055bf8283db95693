"""The part of a likelihood that BG/NBD, MBG/NBD and Pareto/NBD share: purchases while alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from custloyal.btyd.integrals import Floats, inner, summed

if TYPE_CHECKING:
    from custloyal.btyd.statistics import Statistics

__all__ = ["Counts"]


@attrs.frozen(eq=False)
class Counts:
    """What the log-likelihood needs of x and T, apart from t_x. They add over disjoint customers.

    Args:
        customers_count: Customers.
        more: The customers with x > j, for j = 0, 1, 2, ...
        T: The distinct ages.
        weight: The customers of each age.
        purchases: The repeat purchases of each age.
    """

    customers_count: float
    more: Floats
    T: Floats
    weight: Floats
    purchases: Floats

    @classmethod
    def of(cls, rows: Statistics) -> Counts:
        """Count rows."""
        by_x = summed(rows.x.astype(np.int64), rows.weight)
        ages, place = np.unique(rows.T, return_inverse=True)
        return cls(
            rows.customers_count,
            np.cumsum(by_x[:0:-1])[::-1].copy(),
            ages,
            summed(place, rows.weight),
            summed(place, rows.weight * rows.x),
        )

    def log_likelihood(self, r: float, alpha: float) -> tuple[float, Floats, Floats]:
        """Of r and alpha, with the derivatives by both: as if all customers were alive till T."""
        n, j = self.customers_count, r + np.arange(len(self.more))
        exposed = alpha + self.T
        log_exposed = np.log(exposed)
        shapes = r * self.weight + self.purchases
        log_alpha = np.log(alpha)
        value = n * r * log_alpha - inner(shapes, log_exposed) + inner(self.more, np.log(j))
        gradient = np.array(
            [
                n * log_alpha - inner(self.weight, log_exposed) + (self.more / j).sum(),
                n * r / alpha - (shapes / exposed).sum(),
            ]
        )
        mixed = n / alpha - (self.weight / exposed).sum()
        hessian = np.array(
            [
                [-(self.more / (j * j)).sum(), mixed],
                [mixed, -n * r / alpha**2 + (shapes / (exposed * exposed)).sum()],
            ]
        )
        return value, gradient, hessian
