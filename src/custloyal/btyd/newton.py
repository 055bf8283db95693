"""Maximum likelihood over positive parameters, by Newton's method on their logarithms."""

from __future__ import annotations

from typing import Protocol

import attrs
import numpy as np

from custloyal.btyd.integrals import Floats

__all__ = ["Derivatives", "LogLikelihood", "Optimum", "Prior", "maximised"]

DECREMENT = 1e-9
"""Newton's estimate of what is still to be gained in the log-likelihood of all customers."""

_STEPS = 200
_LONGEST = 2.0
"""The longest step of a log parameter; a factor of e^2."""
_FARTHEST = 10.0
"""How far from its start a log parameter may go: further off it follows a ridge that rises for
ever, as where all customers leave at one rate, and the digits end before the ridge does."""


@attrs.frozen(eq=False)
class Derivatives:
    """A log-likelihood with its first and second derivatives at one point.

    Args:
        value: The log-likelihood.
        gradient: By parameter.
        hessian: By pairs of parameters.
    """

    value: float
    gradient: Floats
    hessian: Floats

    def in_logarithms(self, parameters: Floats) -> Derivatives:
        """The derivatives by the logarithms of the parameters."""
        gradient = parameters * self.gradient
        hessian = np.outer(parameters, parameters) * self.hessian + np.diag(gradient)
        return Derivatives(self.value, gradient, hessian)

    @property
    def is_finite(self) -> bool:
        """Whether all numbers are finite."""
        # Not of their sums: infinities of both signs make numpy warn.
        numbers = (self.value, self.gradient, self.hessian)
        return all(bool(np.isfinite(number).all()) for number in numbers)


class LogLikelihood(Protocol):
    """The log-likelihood of some customers as a function of the parameters."""

    def __call__(self, parameters: Floats) -> Derivatives:
        """The log-likelihood and its derivatives by the parameters themselves."""
        ...


@attrs.frozen(eq=False)
class Prior:
    """Independent normal priors on the logarithms of the parameters.

    Args:
        centre: Their means.
        deviation: Their common standard deviation.
    """

    centre: Floats
    deviation: float = 3.0

    def added_to(self, at: Derivatives, log_parameters: Floats) -> Derivatives:
        """A log-likelihood in logarithms with the prior's own."""
        away = (log_parameters - self.centre) / self.deviation
        return Derivatives(
            at.value - float(away @ away) / 2,
            at.gradient - away / self.deviation,
            at.hessian - np.eye(len(away)) / self.deviation**2,
        )


@attrs.frozen(eq=False)
class Optimum:
    """Where the steps ended.

    Args:
        log_parameters: The logarithms of the parameters.
        data: The log-likelihood of the data there, in logarithms, without a prior.
        curvature: The negative Hessian of what was maximised, with the prior where there is one.
        decrement: Newton's estimate of what is still to be gained.
        converged: Whether that is under 1e-9 at a maximum.
        steps_count: The steps taken.
    """

    log_parameters: Floats
    data: Derivatives
    curvature: Floats
    decrement: float
    converged: bool
    steps_count: int

    @property
    def parameters(self) -> Floats:
        """The parameters."""
        result: Floats = np.exp(self.log_parameters)
        return result

    def log_covariance(self) -> Floats | None:
        """The covariance of the log parameters; None where the top is no proper maximum."""
        return _inverse(self.curvature)

    def data_covariance(self) -> Floats | None:
        """The same from the data alone."""
        return _inverse(-self.data.hessian)


def maximised(
    log_likelihood: LogLikelihood, start: Floats, *, prior: Prior | None = None
) -> Optimum:
    """Climb to the maximum by damped Newton steps.

    Args:
        log_likelihood: What is maximised.
        start: The parameters from which the steps start.
        prior: Added to the log-likelihood, where given.

    Returns:
        Where the steps ended, and whether that is a maximum.
    """

    def at(log_parameters: Floats) -> tuple[Derivatives, Derivatives]:
        parameters = np.exp(log_parameters)
        data = log_likelihood(parameters).in_logarithms(parameters)
        return data, prior.added_to(data, log_parameters) if prior else data

    origin = here = np.log(start)
    data, goal = at(here)
    decrement, is_maximum, steps = np.inf, False, 0
    for steps in range(_STEPS + 1):
        step, is_maximum = _newton_step(goal)
        decrement = float(goal.gradient @ step)
        if (is_maximum and decrement < DECREMENT) or steps == _STEPS:
            break
        if prior is None and np.abs(here - origin).max() > _FARTHEST:
            return Optimum(here, data, -goal.hessian, decrement, converged=False, steps_count=steps)
        step *= min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300))
        # Values of large sums are known to some digits only.
        noise = 1e-13 * abs(goal.value)
        for _ in range(40):
            with np.errstate(all="ignore"):  # too long a step may overflow; it is then halved
                tried, trial = at(here + step)
            needed = 1e-4 * float(goal.gradient @ step) - noise
            if trial.is_finite and trial.value >= goal.value + needed:
                break
            step /= 2
        else:
            break  # no step leads upwards
        here, data, goal = here + step, tried, trial
    converged = is_maximum and decrement < DECREMENT
    if converged:
        # The last step costs one more look and squares the error that is left.
        polished, top = at(here + _newton_step(goal)[0])
        if top.is_finite:
            here, data, goal = here + _newton_step(goal)[0], polished, top
    return Optimum(here, data, -goal.hessian, decrement, converged, steps)


def _newton_step(at: Derivatives) -> tuple[Floats, bool]:
    """The step, uphill also where the function is not concave, and whether it is."""
    values, vectors = np.linalg.eigh(-at.hessian)
    least = 1e-12 * max(float(np.abs(values).max()), 1e-300)
    uphill = np.maximum(np.abs(values), least)
    step: Floats = vectors @ ((vectors.T @ at.gradient) / uphill)
    return step, bool(values.min() > 0)


def _inverse(curvature: Floats) -> Floats | None:
    if not np.isfinite(curvature).all():
        return None
    values, vectors = np.linalg.eigh(curvature)
    if values.min() <= 1e-14 * values.max():
        return None
    inverse: Floats = (vectors / values) @ vectors.T
    return inverse
