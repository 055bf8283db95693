"""The product-limit estimate of survival: how many last how long, where some are still there."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

from custloyal.metrics.concentration import ROUNDING
from custloyal.metrics.intervals import Z

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Step", "first_at_most_half", "restricted_mean", "survival_curve"]


@attrs.frozen
class Step:
    """The curve from one time to the next.

    Args:
        time: When it begins.
        at_risk: How many were still there, and seen, just before.
        ended: How many ended then.
        censored: How many were seen no longer after it.
        survival: The share that lasts longer.
        hazard_variance: Greenwood's sum of d / (n (n - d)) up to here; infinite once all ended.
    """

    time: int
    at_risk: int
    ended: int
    censored: int
    survival: float
    hazard_variance: float

    @property
    def low(self) -> float | None:
        """The lower bound of the interval of 95 %; None where there is none."""
        return self._bound(1.0)

    @property
    def high(self) -> float | None:
        """The upper bound."""
        return self._bound(-1.0)

    def _bound(self, side: float) -> float | None:
        """A bound on the scale of log(-log S), which stays between 0 and 1.

        None before the first end and after the last: Greenwood's formula knows no spread there.
        """
        if not 0 < self.survival < 1:
            return None
        log = math.log(self.survival)
        return math.exp(log * math.exp(side * Z * math.sqrt(self.hazard_variance) / -log))


def survival_curve(ends: Mapping[int, int], censored: Mapping[int, int]) -> list[Step]:
    """The product-limit estimate, with a step wherever somebody ended or was seen no longer.

    Who is seen no longer at a time was still there when others ended at that time.

    Args:
        ends: How many ended at each time.
        censored: How many were seen no longer after each time.

    Returns:
        The steps in order of time, from time 0 on; none where there is nobody.

    Source:
        E. L. Kaplan, P. Meier, *Nonparametric estimation from incomplete observations*, Journal
        of the American Statistical Association 53 (1958), 457-481; M. Greenwood, *The natural
        duration of cancer*, 1926, for the variance.

    Example:
        Of four one ends at 2, one is last seen at 3, one ends at 5: 3/4, then half of that.

        >>> [step.survival for step in survival_curve({2: 1, 5: 1}, {3: 1, 6: 1})]
        [1.0, 0.75, 0.75, 0.375, 0.375]
    """
    at_risk = sum(ends.values()) + sum(censored.values())
    survival, variance, steps = 1.0, 0.0, []
    for time in sorted({0, *ends, *censored}) if at_risk else ():
        ended, lost = ends.get(time, 0), censored.get(time, 0)
        left = at_risk - ended
        survival *= left / at_risk
        if ended:
            variance += ended / (at_risk * left) if left else math.inf
        steps.append(Step(time, at_risk, ended, lost, survival, variance))
        at_risk = left - lost
    return steps


def first_at_most_half(steps: Iterable[tuple[int, float | None]]) -> int | None:
    """The first time at which a share is at most a half; None where it never is."""
    reached = (time for time, share in steps if share is not None and share <= 0.5 + ROUNDING)
    return next(reached, None)


def restricted_mean(steps: Sequence[Step], until: int) -> tuple[float, float] | None:
    """The mean time up to a limit, which is the area under the curve, and its standard error.

    Args:
        steps: The curve.
        until: The limit.

    Returns:
        None where the curve is not known that far: it ends before, and not everybody had ended.

    Source:
        P. Royston, M. K. B. Parmar, *Restricted mean survival time*, BMC Medical Research
        Methodology 13 (2013), 152.

    Example:
        >>> restricted_mean(survival_curve({2: 1, 4: 1}, {}), 4)[0]
        3.0
    """
    if not steps or (until > steps[-1].time and steps[-1].survival > 0):
        return None
    times = [*(step.time for step in steps if step.time < until), until]
    area, variance = 0.0, 0.0
    # From the right: at each end the area that is still to come.
    for step, (start, end) in reversed([*zip(steps, pairwise(times), strict=False)]):
        area += step.survival * (end - start)
        left = step.at_risk - step.ended
        if left:
            variance += area * area * step.ended / (step.at_risk * left)
    return area, math.sqrt(variance)
