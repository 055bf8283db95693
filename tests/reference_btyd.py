"""The oracle of the models: likelihoods as the papers print them, and lives drawn one by one.

Gamma, beta and hypergeometric functions of scipy, a customer a term, no derivatives. They lose
digits and overflow where the data are difficult: for those there are the golden rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import betaln, gammaln, hyp2f1

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def bg_nbd(parameters: Sequence[float], x: Floats, t_x: Floats, T: Floats) -> Floats:  # noqa: N803
    """Fader, Hardie & Lee 2005, Marketing Science 24."""
    r, alpha, a, b = parameters
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + T)
    some = np.maximum(x, 1)
    left = betaln(a + 1, b + some - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return common + np.log(np.exp(alive) + np.where(x > 0, np.exp(left), 0.0))


def mbg_nbd(parameters: Sequence[float], x: Floats, t_x: Floats, T: Floats) -> Floats:  # noqa: N803
    """Batislam, Denizel & Filiztekin 2007, with one more chance of leaving, at the start."""
    r, alpha, a, b = parameters
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    alive = betaln(a, b + x + 1) - betaln(a, b) - (r + x) * np.log(alpha + T)
    left = betaln(a + 1, b + x) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return common + np.log(np.exp(alive) + np.exp(left))


def pareto_nbd(parameters: Sequence[float], x: Floats, t_x: Floats, T: Floats) -> Floats:  # noqa: N803
    """Fader & Hardie 2005, *A note on deriving the Pareto/NBD model*."""
    r, alpha, s, beta = parameters
    total, larger = r + s + x, max(alpha, beta)
    second = s + 1 if alpha >= beta else r + x

    def part(time: Floats) -> Floats:
        z = abs(alpha - beta) / (larger + time)
        return hyp2f1(total, second, total + 1, z) / (larger + time) ** total

    alive = 1 / ((alpha + T) ** (r + x) * (beta + T) ** s)
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    return common + np.log(alive + s / total * (part(t_x) - part(T)))


def gamma_gamma(parameters: Sequence[float], x: Floats, m: Floats) -> Floats:
    """Fader & Hardie 2013, *The Gamma-Gamma model of monetary value*."""
    p, q, v = parameters
    return (
        gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(v)
        + (p * x - 1) * np.log(m) + p * x * np.log(x) - (p * x + q) * np.log(v + x * m)
    )  # fmt: skip


def shifted_beta_geometric(parameters: Sequence[float], survivors: Floats) -> Floats:
    """Fader & Hardie 2007: who ended in each period, and who is left."""
    alpha, beta = parameters
    periods = np.arange(1, len(survivors))
    ended = betaln(alpha + 1, beta + periods - 1) - betaln(alpha, beta)
    left = betaln(alpha, beta + periods[-1]) - betaln(alpha, beta)
    return np.append(-np.diff(survivors) * ended, survivors[-1] * left)


def standard_errors(value: Callable[[Floats], float], at: Floats) -> Floats:
    """From the second differences of a log-likelihood at its maximum."""
    steps = np.diag(at * 1e-3)
    hessian = np.array(
        [
            [
                value(at + i + j) - value(at + i - j) - value(at - i + j) + value(at - i - j)
                for j in steps
            ]
            for i in steps
        ]
    ) / (4 * np.outer(np.diag(steps), np.diag(steps)))
    errors: Floats = np.sqrt(np.diag(np.linalg.inv(-hessian)))
    return errors


def purchases_to_come(
    model: str,
    parameters: Sequence[float],
    customer: tuple[float, float, float],
    horizon: float,
    *,
    draws: int,
    seed: int,
) -> Floats:
    """How many purchases a customer makes, who is alive now, in each of many drawn futures.

    Given x, T and being alive, the rate of purchases and the chance or rate of leaving are gamma
    and beta again: their distributions are conjugate.
    """
    rng = np.random.default_rng(seed)
    x, _, T = customer  # noqa: N806 (as the column)
    r, alpha, third, fourth = parameters
    rate = rng.gamma(r + x, 1 / (alpha + T), draws)
    end, leaving = np.full(draws, horizon), np.zeros(draws)
    if model == "PN":
        end = np.minimum(end, rng.exponential(1 / rng.gamma(third, 1 / (fourth + T), draws)))
    else:
        leaving = rng.beta(third, fourth + x + (model == "MBG"), draws)
    made, now, alive = np.zeros(draws), np.zeros(draws), np.ones(draws, dtype=bool)
    while alive.any():
        now = now + rng.exponential(1 / rate)
        alive &= now < end
        made += alive
        alive &= rng.random(draws) > leaving
    return made
