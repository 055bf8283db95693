"""Recalibration: what a model's probability was worth in the last part of what is known.

Models of purchases rank customers well and are too sure of some. The customers' own past says how
far: a model that saw the first part only is held against what was bought in the last.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import attrs
import narwhals as nw
import numpy as np

from custloyal.btyd import ParetoNbd
from custloyal.btyd.integrals import Floats, logistic, softplus
from custloyal.btyd.statistics import Customers, Statistics

if TYPE_CHECKING:
    from custloyal.btyd import FittedPurchaseModel
    from custloyal.defection.purchase_record import Halves

__all__ = ["Recalibration", "no_purchase"]

LEAST_OF_A_CLASS = 200
SAMPLE = 10_000
"""How many customers the model of the first half is fitted to, where there are more."""
_CLIP = 1e-6
_STEPS = 100
_LARGEST = 12.0
"""Odds of e^12 that rest on hundreds of customers: the regression runs off to infinity."""
_ENOUGH = 1e-10


def no_purchase(model: FittedPurchaseModel, rows: Statistics, days: int) -> Floats:
    """The probability that customers buy nothing within some days, as the model says it."""
    process, place = model.processes(rows)
    bought = process.any(np.full(len(process.scale), float(days)))[place]
    chance: Floats = np.clip(1 - model.p_alive(rows) * bought, 0.0, 1.0)
    return chance


@attrs.frozen(kw_only=True)
class Recalibration:
    """How a model's probability of no purchase becomes one that held in the past.

    Args:
        midway: The last day of the half that the model saw; None where there are no halves.
        customers_count: The customers of that half.
        gone_count: How many of them bought nothing in the other half.
        coefficients: Of 1, logit P, ln(1 + x) and x = 0; None where probabilities stay as they are.
        why_not: Why they do; empty where they do not.
    """

    midway: date | None = None
    customers_count: int = 0
    gone_count: int = 0
    coefficients: tuple[float, float, float, float] | None = None
    why_not: str = ""

    @classmethod
    def of(cls, halves: Halves | None) -> Recalibration:
        """Learn from the two halves of a ledger."""
        if halves is None:
            return cls(why_not="there is no day between the first purchase and today")
        gone = halves.customers["is_gone"].to_numpy()
        gone_count = int(gone.sum())
        raw = cls(midway=halves.midway, customers_count=len(gone), gone_count=gone_count)
        if min(gone_count, len(gone) - gone_count) < LEAST_OF_A_CLASS:
            few = f"fewer than {LEAST_OF_A_CLASS} customers left or stayed since {halves.midway}"
            return attrs.evolve(raw, why_not=few)
        summed = {"gone": nw.col("is_gone").cast(nw.Float64)}
        customers = Customers.compressed(
            halves.customers.to_native(), time_unit="day", weighted=False, sums=summed
        )
        rows = customers.for_predictions("refuse")
        # This fit is never reported: it only has to rank as the whole one does, and a sample does.
        sample = rows.sampled(SAMPLE) if len(rows) > SAMPLE else rows
        columns = {name: getattr(sample, name) for name in ("x", "t_x", "T", "weight")}
        frame = nw.from_dict(columns, backend="polars").to_native()
        model, _ = ParetoNbd(time_unit="day").estimate(frame)
        features = _features(no_purchase(model, rows, halves.days), rows.x)
        coefficients = _logistic_regression(features, rows.weight, customers.sums["gone"])
        if coefficients is None:
            none = f"the regression on what came since {halves.midway} has no maximum"
            return attrs.evolve(raw, why_not=none)
        if coefficients[1] <= 0:
            upside_down = f"the model did not rank those who bought since {halves.midway}"
            return attrs.evolve(raw, why_not=upside_down)
        return attrs.evolve(raw, coefficients=coefficients)

    def applied(self, chance: Floats, x: Floats) -> Floats:
        """Recalibrated probabilities.

        Args:
            chance: The model's probabilities of no purchase.
            x: Repeat purchase days.
        """
        if self.coefficients is None:
            return chance
        log_odds: Floats = _features(chance, x) @ np.array(self.coefficients)
        return logistic(log_odds)

    def raw(self, level: float, x: Floats) -> Floats:
        """The model's own probabilities at which the recalibrated ones reach a level."""
        if self.coefficients is None:
            return np.full(len(x), level)
        slope = self.coefficients[1]
        rest = _features(np.full(len(x), 0.5), x) @ np.array(self.coefficients)
        wanted = logistic((np.log(level) - np.log1p(-level) - rest) / slope)
        # Where probabilities were clipped, they are equal: reached always, or never.
        return np.where(wanted <= _CLIP, 0.0, np.where(wanted > 1 - _CLIP, np.inf, wanted))

    def __str__(self) -> str:
        if self.coefficients is None:
            return f"raw: {self.why_not}"
        return (
            f"recalibrated: of {self.customers_count:,} customers known on {self.midway}, "
            f"{self.gone_count:,} bought nothing since"
        )


def _features(chance: Floats, x: Floats) -> Floats:
    clipped = np.clip(chance, _CLIP, 1 - _CLIP)
    log_odds = np.log(clipped) - np.log1p(-clipped)
    return np.stack([np.ones_like(x), log_odds, np.log1p(x), (x == 0).astype(np.float64)], axis=1)


def _logistic_regression(
    features: Floats, weight: Floats, successes: Floats
) -> tuple[float, float, float, float] | None:
    """Maximum likelihood by damped Newton; None where there is no finite maximum.

    Where features depend on each other (no customer bought three times), the smallest of the
    equally good solutions is taken: they predict the same.
    """

    def log_likelihood(at: Floats) -> float:
        log_odds = features @ at
        return float(successes @ log_odds - weight @ softplus(log_odds))

    found = np.zeros(features.shape[1])
    value = log_likelihood(found)
    for _ in range(_STEPS):
        chance = logistic(features @ found)
        gradient = features.T @ (successes - weight * chance)
        curved = features * (weight * chance * (1 - chance))[:, None]
        step = np.linalg.lstsq(features.T @ curved, gradient, rcond=1e-12)[0]
        if np.abs(found).max() > _LARGEST:
            return None
        if gradient @ step < _ENOUGH:
            first, second, third, fourth = found.tolist()
            return first, second, third, fourth
        while (moved := log_likelihood(found + step)) < value and np.abs(step).max() > _CLIP:
            step = step / 2
        found, value = found + step, moved
    return None
