"""Pareto/NBD: a customer may leave at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np
from scipy.special import gammaln

from custloyal.btyd.estimation import Fit
from custloyal.btyd.frames import Invalid
from custloyal.btyd.integrals import (
    CUT,
    Floats,
    chunks,
    inner,
    legendre,
    logistic,
    power_nodes,
    softplus,
)
from custloyal.btyd.nbd import Counts
from custloyal.btyd.newton import Derivatives
from custloyal.btyd.purchase_model import FittedPurchaseModel, PurchaseModel, typical_scale
from custloyal.btyd.statistics import Statistics, distinct_pairs
from custloyal.models.checks import as_number

if TYPE_CHECKING:
    from custloyal.btyd.newton import LogLikelihood

__all__ = ["FittedParetoNbd", "ParetoNbd"]

FIT_NODES = 24
PREDICTION_NODES = 64
COUNT_NODES = 96
GRID = 43


@attrs.frozen(eq=False)
class ParetoProcess:
    """Customers who are alive: gamma rates of purchase, and gamma rates of leaving."""

    shape: Floats
    scale: Floats
    s: float
    beta: Floats

    def expected(self, horizon: Floats) -> Floats:
        """Expected purchases within a horizon for each."""
        grown = np.log1p(horizon / self.beta)
        away = self.s - 1
        # -expm1(-z g) / z, which is g at z = 0
        lived = grown if away == 0 else -np.expm1(-away * grown) / away
        expected: Floats = self.shape * self.beta / self.scale * lived
        return expected

    def any(self, horizon: Floats) -> Floats:
        """The probability of any purchase within it."""
        shape = np.broadcast_to(self.shape + 1, horizon.shape)
        s = np.full_like(horizon, self.s)
        chance = np.empty_like(horizon)
        for rows in chunks(len(horizon)):
            _, terms = power_nodes(
                shape[rows],
                self.scale[rows],
                s[rows],
                self.beta[rows],
                span=horizon[rows],
                nodes=PREDICTION_NODES,
            )
            chance[rows] = np.exp(terms).sum(axis=1)
        whole: Floats = np.minimum(self.shape / self.scale * chance, 1.0)
        return whole

    def counts(self, horizon: Floats, most: int) -> Floats:
        """The probabilities of 0, 1, ..., most purchases within it, a column each."""
        found = np.empty((len(horizon), most + 1))
        found[:, 0] = 1 - self.any(horizon)
        for rows in chunks(len(horizon)):
            part = ParetoProcess(self.shape[rows], self.scale[rows], self.s, self.beta[rows])
            found[rows, 1:] = part._some(horizon[rows], most)
        return found

    def _some(self, horizon: Floats, most: int) -> Floats:
        """The probabilities of 1, ..., most purchases."""
        alive = np.exp(-self.s * np.log1p(horizon / self.beta))
        columns = [
            np.exp(self._log_made(horizon, n)) * alive + self._made_before_leaving(horizon, n)
            for n in range(1, most + 1)
        ]
        return np.stack(columns, axis=1) if columns else np.empty((len(horizon), 0))

    def _log_made(self, time: Floats, n: int) -> Floats:
        """The log probability of n > 0 purchases in a time, of a customer who never leaves."""
        k = self.shape if time.ndim == 1 else self.shape[:, None]
        scale = self.scale if time.ndim == 1 else self.scale[:, None]
        ways = gammaln(k + n) - gammaln(k) - gammaln(n + 1)
        made: Floats = ways - k * np.log1p(time / scale) - n * np.log1p(scale / time)
        return made

    def _made_before_leaving(self, horizon: Floats, n: int) -> Floats:
        """The integral over the time of leaving, in ln(time), where it is log-concave."""

        def log_term(v: Floats) -> Floats:
            time = np.exp(v)
            beta = self.beta if v.ndim == 1 else self.beta[:, None]
            density = np.log(self.s / beta) - (self.s + 1) * np.log1p(time / beta)
            return self._log_made(time, n) + density + v

        end = np.log(horizon)
        # Rising at most as e^((n+1) v) on the left; the top is found well enough on a grid.
        grid = end[:, None] - np.linspace(0, 2 * CUT, GRID)
        heights = log_term(grid)
        top = heights.max(axis=1, keepdims=True)
        seen = heights > top - CUT
        first = np.argmax(seen, axis=1)
        last = seen.shape[1] - 1 - np.argmax(seen[:, ::-1], axis=1)
        places = np.arange(len(end))
        high, low = (
            grid[places, np.maximum(first - 1, 0)],
            grid[places, np.minimum(last + 1, GRID - 1)],
        )
        nodes, weights = legendre(COUNT_NODES)
        v = low[:, None] + (high - low)[:, None] * nodes
        integral: Floats = (np.exp(log_term(v)) @ weights) * (high - low)
        return integral


@attrs.frozen(kw_only=True, repr=False)
class FittedParetoNbd(FittedPurchaseModel):
    """A Pareto/NBD model with parameters, from a fit or given.

    While alive a customer buys at a constant rate and leaves at a constant rate, whether buying or
    not; both rates differ between customers as gamma distributions say.

    Args:
        r: Shape of the rates of purchase.
        alpha: Scale of the rates of purchase, in units of time.
        s: Shape of the rates of leaving.
        beta: Scale of the rates of leaving, in units of time.
        time_unit: The unit of time ("day", "week"); None where it is not stated.
        fit: How the parameters were found; None where they were given.

    Raises:
        InvalidValueError: Where a parameter is not above 0.

    Source:
        D. C. Schmittlein, D. G. Morrison, R. Colombo, *Counting your customers: who are they and
        what will they do next?*, Management Science 33 (1987), 1-24.

    Example:
        >>> import polars as pl
        >>> model = FittedParetoNbd(r=0.5534, alpha=10.5802, s=0.6061, beta=11.6562)
        >>> customer = pl.DataFrame({"x": [26], "t_x": [30.86], "T": [31.0]})
        >>> row = model.predict(customer, horizon=52).row(0, named=True)
        >>> round(row["p_alive"], 4), round(row["expected_purchases"], 4)
        (0.9979, 25.4549)
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    r: float = attrs.field(converter=as_number)
    alpha: float = attrs.field(converter=as_number)
    s: float = attrs.field(converter=as_number)
    beta: float = attrs.field(converter=as_number)
    time_unit: str | None = None
    fit: Fit | None = None

    def __attrs_post_init__(self) -> None:
        self._check()

    @classmethod
    def likelihood(cls, rows: Statistics) -> LogLikelihood:
        """The log-likelihood of customers as a function of the parameters."""
        return _ParetoLikelihood(Counts.of(rows), rows)

    @classmethod
    def start(cls, rows: Statistics, time_unit: str | None) -> tuple[Floats, Floats]:
        """Where a fit starts, and the centre of its priors on the log parameters."""
        scale, centre = typical_scale(rows, time_unit)
        start = np.array([0.5, scale, 0.5, np.exp(centre)])
        return start, np.array([0.0, centre, 0.0, centre])

    def p_alive(self, rows: Statistics) -> Floats:
        """The probability that customers have not left."""
        parameters = (self.r, self.alpha, self.s, self.beta)
        log_odds = np.empty(len(rows))
        for part in chunks(len(rows)):
            log_odds[part] = _Terms.of(
                rows.where(part), parameters, nodes=PREDICTION_NODES
            ).log_odds
        alive: Floats = logistic(-log_odds)
        return alive

    def _alive(self, x: Floats, T: Floats) -> ParetoProcess:  # noqa: N803
        return ParetoProcess(self.r + x, self.alpha + T, self.s, self.beta + T)

    def _new(self, count: int) -> tuple[float, ParetoProcess]:
        nothing = np.zeros(count)
        return 1.0, self._alive(nothing, nothing)

    def _age_at(self, rows: Statistics, p_alive: float) -> Floats:
        # It depends on x and t_x only, not on the age of today.
        x, t_x, place = distinct_pairs(rows.x, rows.t_x)
        unique = Statistics(x, t_x, t_x, np.ones(len(x)))
        return self._falls_to(unique, np.full(len(x), p_alive), self.p_alive)[place]


@attrs.frozen
class ParetoNbd(PurchaseModel[FittedParetoNbd]):
    """The Pareto/NBD model without parameters.

    Args:
        time_unit: The unit of time of the frames, where they do not state it themselves.
        invalid: What happens to rows that no customer can have: "refuse", or "set_aside" and count.

    Example:
        The published estimates of the online shop CDNOW:

        >>> import custloyal
        >>> from custloyal.datasets import cdnow
        >>> statistics = custloyal.metrics.BtydStatistics(unit="week")
        >>> reading = custloyal.read(cdnow(), statistics, as_of="1997-09-30")[statistics]
        >>> model = ParetoNbd().fit(reading.to_native())
        >>> {name: round(value, 3) for name, value in model.parameters.items()}
        {'r': 0.553, 'alpha': 10.578, 's': 0.606, 'beta': 11.669}
    """

    time_unit: str | None = attrs.field(default=None, kw_only=True)
    invalid: Invalid = attrs.field(default="refuse", kw_only=True)
    _fitted: ClassVar[type[FittedParetoNbd]] = FittedParetoNbd

    def __attrs_post_init__(self) -> None:
        self._check()


@attrs.frozen(eq=False)
class _Terms:
    """The log-odds of having left, as an integral over the time since the last purchase.

    Args:
        log_odds: ln D.
        share: The weights of the nodes, which sum to 1 in each row.
        bought: alpha + t_x + u at the nodes u.
        lived: beta + t_x + u at the nodes u.
    """

    log_odds: Floats
    share: Floats
    bought: Floats
    lived: Floats

    @classmethod
    def of(
        cls, rows: Statistics, parameters: tuple[float, float, float, float], *, nodes: int
    ) -> _Terms:
        r, alpha, s, beta = parameters
        shape, since, lived_since = r + rows.x, alpha + rows.t_x, beta + rows.t_x
        silent = rows.T - rows.t_x
        ones = np.ones_like(silent)
        u, terms = power_nodes(shape, since, ones * (s + 1), lived_since, span=silent, nodes=nodes)
        top = terms.max(axis=1)
        with np.errstate(invalid="ignore"):  # no silence, no terms: -inf - -inf
            share = np.exp(terms - top[:, None])
        share = np.where(silent[:, None] > 0, share, 1 / u.shape[1])
        total = share.sum(axis=1)
        log_integral = top + np.log(total)
        grown = shape * np.log1p(silent / since) + s * np.log1p(silent / lived_since)
        log_odds = np.log(s / lived_since) + grown + log_integral
        return cls(log_odds, share / total[:, None], since[:, None] + u, lived_since[:, None] + u)


@attrs.frozen(eq=False)
class _ParetoLikelihood:
    """The log-likelihood, fused with its derivatives."""

    counts: Counts
    rows: Statistics

    def __call__(self, parameters: Floats) -> Derivatives:
        r, alpha, s, beta = parameters.tolist()
        value, gradient, hessian = 0.0, np.zeros(4), np.zeros((4, 4))
        value, gradient[:2], hessian[:2, :2] = self.counts.log_likelihood(r, alpha)
        n, weight, lived = self.counts.customers_count, self.counts.weight, beta + self.counts.T
        log_lived = inner(weight, np.log(lived))
        value += s * (n * np.log(beta) - log_lived)
        gradient[2] = n * np.log(beta) - log_lived
        gradient[3] = s * (n / beta - (weight / lived).sum())
        hessian[2, 3] = hessian[3, 2] = n / beta - (weight / lived).sum()
        hessian[3, 3] = s * ((weight / lived**2).sum() - n / beta**2)
        for part in chunks(len(self.rows)):
            left = self._left(self.rows.where(part), r, alpha, s, beta)
            value += left.value
            gradient += left.gradient
            hessian += left.hessian
        return Derivatives(float(value), gradient, hessian)

    @staticmethod
    def _left(rows: Statistics, r: float, alpha: float, s: float, beta: float) -> Derivatives:
        """Of having left since the last purchase, by the derivatives of ln D under its integral."""
        terms = _Terms.of(rows, (r, alpha, s, beta), nodes=FIT_NODES)
        now, lived_now, shape = alpha + rows.T, beta + rows.T, r + rows.x
        inverse, lived_inverse = 1 / terms.bought, 1 / terms.lived
        # At each node the derivatives of the logarithm of the integrand by r, alpha, s and beta.
        by = np.stack(
            [
                np.log(now[:, None] * inverse),
                shape[:, None] * (1 / now[:, None] - inverse),
                1 / s + np.log(lived_now[:, None] * lived_inverse),
                s / lived_now[:, None] - (s + 1) * lived_inverse,
            ]
        )
        share = terms.share
        mean = np.einsum("irn,rn->ri", by, share)
        spread = np.einsum(
            "irn,krn,rn->rik", by - mean.T[:, :, None], by - mean.T[:, :, None], share
        )
        gain, gone = softplus(terms.log_odds), logistic(terms.log_odds)
        w = rows.weight * gone
        second = np.zeros((4, 4))
        second[0, 1] = second[1, 0] = w @ (mean[:, 1] / shape)
        squares = (share * inverse**2).sum(axis=1)
        second[1, 1] = w @ (shape * (squares - 1 / now**2))
        second[2, 2] = -w.sum() / s**2
        second[2, 3] = second[3, 2] = w @ (1 / lived_now - (share * lived_inverse).sum(axis=1))
        lived_squares = (share * lived_inverse**2).sum(axis=1)
        second[3, 3] = w @ ((s + 1) * lived_squares - s / lived_now**2)
        outer = np.einsum("ri,rk,r->ik", mean, mean, w * (1 - gone))
        hessian = np.einsum("rik,r->ik", spread, w) + second + outer
        return Derivatives(float(rows.weight @ gain), w @ mean, hessian)
