"""BG/NBD and MBG/NBD: a customer may leave after each purchase."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np
from scipy.special import betainc

from custloyal.btyd.estimation import Fit
from custloyal.btyd.frames import Invalid
from custloyal.btyd.integrals import Floats, beta_mean, chunks, inner, logistic, softplus
from custloyal.btyd.nbd import Counts
from custloyal.btyd.newton import Derivatives
from custloyal.btyd.purchase_model import FittedPurchaseModel, PurchaseModel, typical_scale
from custloyal.btyd.statistics import Statistics
from custloyal.models.checks import as_number

if TYPE_CHECKING:
    from custloyal.btyd.newton import LogLikelihood

__all__ = ["BgNbd", "FittedBgNbd", "FittedMbgNbd", "MbgNbd"]


@attrs.frozen(eq=False)
class GeometricProcess:
    """Customers who are alive: gamma rates, and a beta chance to leave after each purchase."""

    shape: Floats
    scale: Floats
    a: float
    b: Floats

    def expected(self, horizon: Floats) -> Floats:
        """Expected purchases within a horizon for each."""
        return beta_mean(self.a, self.b, self.shape, horizon / self.scale)

    def any(self, horizon: Floats) -> Floats:
        """The probability of any purchase within it."""
        chance: Floats = -np.expm1(-self.shape * np.log1p(horizon / self.scale))
        return chance

    def counts(self, horizon: Floats, most: int) -> Floats:
        """The probabilities of 0, 1, ..., most purchases within it, a column each."""
        reached = horizon / (self.scale + horizon)
        # Of a customer who never leaves: the probability of n purchases (negative binomial).
        made = np.exp(-self.shape * np.log1p(horizon / self.scale))
        stayed = np.ones_like(made)  # after n chances to leave
        columns = [made]
        for n in range(1, most + 1):
            made = made * reached * (self.shape + n - 1) / n
            left_now = stayed * self.a / (self.a + self.b + n - 1)
            stayed = stayed * (self.b + n - 1) / (self.a + self.b + n - 1)
            columns.append(stayed * made + left_now * betainc(n, self.shape, reached))
        return np.stack(columns, axis=1)


class _FittedGeometric(FittedPurchaseModel):
    """Both models; in the modified one a customer may also leave after the first purchase."""

    __slots__ = ()
    parameter_names: ClassVar[tuple[str, ...]] = ("r", "alpha", "a", "b")
    _shift: ClassVar[int]
    r: float
    alpha: float
    a: float
    b: float

    @classmethod
    def likelihood(cls, rows: Statistics) -> LogLikelihood:
        """The log-likelihood of customers as a function of the parameters."""
        return _GeometricLikelihood.of(rows, shift=cls._shift)

    @classmethod
    def start(cls, rows: Statistics, time_unit: str | None) -> tuple[Floats, Floats]:
        """Where a fit starts, and the centre of its priors on the log parameters."""
        scale, centre = typical_scale(rows, time_unit)
        return np.array([0.5, scale, 0.7, 2.0]), np.array([0.0, centre, 0.0, 0.0])

    def p_alive(self, rows: Statistics) -> Floats:
        """The probability that customers have not left."""
        left = np.maximum(self.b + rows.x - 1 + self._shift, 1e-300)
        grown = np.log1p((rows.T - rows.t_x) / (self.alpha + rows.t_x))
        odds = np.log(self.a) - np.log(left) + (self.r + rows.x) * grown
        alive: Floats = logistic(-odds)
        return alive if self._shift else np.where(rows.x == 0, 1.0, alive)

    def _alive(self, x: Floats, T: Floats) -> GeometricProcess:  # noqa: N803
        return GeometricProcess(self.r + x, self.alpha + T, self.a, self.b + x + self._shift)

    def _new(self, count: int) -> tuple[float, GeometricProcess]:
        nothing = np.zeros(count)
        start = self.b / (self.a + self.b) if self._shift else 1.0
        return start, self._alive(nothing, nothing)

    def _age_at(self, rows: Statistics, p_alive: float) -> Floats:
        never = (rows.x == 0) & (self._shift == 0)
        left = np.where(never, 1.0, self.b + rows.x - 1 + self._shift)
        odds = np.log(1 / p_alive - 1) + np.log(left) - np.log(self.a)
        with np.errstate(over="ignore"):  # past all time is never
            age = (self.alpha + rows.t_x) * np.exp(odds / (self.r + rows.x)) - self.alpha
        return np.where(never, np.nan, np.maximum(rows.t_x, age))


@attrs.frozen(kw_only=True, repr=False)
class FittedBgNbd(_FittedGeometric):
    """A BG/NBD model with parameters, from a fit or given.

    While alive a customer buys at a constant rate; rates differ between customers as a gamma
    distribution says. After each repeat purchase the customer leaves with a chance of their own,
    from a beta distribution; nobody is known to have left before a second purchase.

    Args:
        r: Shape of the rates.
        alpha: Scale of the rates, in units of time.
        a: First shape of the chance of leaving.
        b: Second shape of the chance of leaving.
        time_unit: The unit of time ("day", "week"); None where it is not stated.
        fit: How the parameters were found; None where they were given.

    Raises:
        InvalidValueError: Where a parameter is not above 0.

    Source:
        P. S. Fader, B. G. S. Hardie, K. L. Lee, *"Counting your customers" the easy way*,
        Marketing Science 24 (2005), 275-284.

    Example:
        The published estimates, and a customer with two repeat purchases:

        >>> import polars as pl
        >>> model = FittedBgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426, time_unit="week")
        >>> customer = pl.DataFrame({"x": [2], "t_x": [30.43], "T": [38.86]})
        >>> round(model.predict(customer, horizon=39)["expected_purchases"][0], 3)
        1.226
    """

    _shift: ClassVar[int] = 0
    r: float = attrs.field(converter=as_number)
    alpha: float = attrs.field(converter=as_number)
    a: float = attrs.field(converter=as_number)
    b: float = attrs.field(converter=as_number)
    time_unit: str | None = None
    fit: Fit | None = None

    def __attrs_post_init__(self) -> None:
        self._check()


@attrs.frozen(kw_only=True, repr=False)
class FittedMbgNbd(_FittedGeometric):
    """An MBG/NBD model with parameters: as BG/NBD, and one may leave after the first purchase too.

    Args:
        r: Shape of the rates.
        alpha: Scale of the rates, in units of time.
        a: First shape of the chance of leaving.
        b: Second shape of the chance of leaving.
        time_unit: The unit of time ("day", "week"); None where it is not stated.
        fit: How the parameters were found; None where they were given.

    Raises:
        InvalidValueError: Where a parameter is not above 0.

    Source:
        E. P. Batislam, M. Denizel, A. Filiztekin, *Empirical validation and comparison of models
        for customer base analysis*, International Journal of Research in Marketing 24 (2007),
        201-209.

    Example:
        A customer who bought just now, once, stays with probability b / (a + b).

        >>> import polars as pl
        >>> model = FittedMbgNbd(r=0.5, alpha=5.0, a=1.0, b=3.0)
        >>> new = pl.DataFrame({"x": [0], "t_x": [0], "T": [0]})
        >>> model.predict(new, horizon=10)["p_alive"][0]
        0.75
    """

    _shift: ClassVar[int] = 1
    r: float = attrs.field(converter=as_number)
    alpha: float = attrs.field(converter=as_number)
    a: float = attrs.field(converter=as_number)
    b: float = attrs.field(converter=as_number)
    time_unit: str | None = None
    fit: Fit | None = None

    def __attrs_post_init__(self) -> None:
        self._check()


@attrs.frozen
class BgNbd(PurchaseModel[FittedBgNbd]):
    """The BG/NBD model without parameters.

    Args:
        time_unit: The unit of time of the frames, where they do not state it themselves.
        invalid: What happens to rows that no customer can have: "refuse", or "set_aside" and count.

    Example:
        The published estimates of the online shop CDNOW:

        >>> import custloyal
        >>> from custloyal.datasets import cdnow
        >>> statistics = custloyal.metrics.BtydStatistics(unit="week")
        >>> reading = custloyal.read(cdnow(), statistics, as_of="1997-09-30")[statistics]
        >>> model = BgNbd().fit(reading.to_native())
        >>> {name: round(value, 3) for name, value in model.parameters.items()}
        {'r': 0.243, 'alpha': 4.414, 'a': 0.793, 'b': 2.426}
    """

    time_unit: str | None = attrs.field(default=None, kw_only=True)
    invalid: Invalid = attrs.field(default="refuse", kw_only=True)
    _fitted: ClassVar[type[FittedBgNbd]] = FittedBgNbd

    def __attrs_post_init__(self) -> None:
        self._check()


@attrs.frozen
class MbgNbd(PurchaseModel[FittedMbgNbd]):
    """The MBG/NBD model without parameters.

    Args:
        time_unit: The unit of time of the frames, where they do not state it themselves.
        invalid: What happens to rows that no customer can have: "refuse", or "set_aside" and count.

    Example:
        The estimates of the online shop CDNOW:

        >>> import custloyal
        >>> from custloyal.datasets import cdnow
        >>> statistics = custloyal.metrics.BtydStatistics(unit="week")
        >>> reading = custloyal.read(cdnow(), statistics, as_of="1997-09-30")[statistics]
        >>> model = MbgNbd().fit(reading.to_native())
        >>> {name: round(value, 3) for name, value in model.parameters.items()}
        {'r': 0.525, 'alpha': 6.183, 'a': 0.891, 'b': 1.614}
    """

    time_unit: str | None = attrs.field(default=None, kw_only=True)
    invalid: Invalid = attrs.field(default="refuse", kw_only=True)
    _fitted: ClassVar[type[FittedMbgNbd]] = FittedMbgNbd

    def __attrs_post_init__(self) -> None:
        self._check()


@attrs.frozen(eq=False)
class _GeometricLikelihood:
    """The log-likelihood of both models, fused with its derivatives."""

    shift: int
    counts: Counts
    chances: Floats  # customers with x > j; in the modified model all of them come first
    rows: Statistics  # those who may have left

    @classmethod
    def of(cls, rows: Statistics, *, shift: int) -> _GeometricLikelihood:
        counts = Counts.of(rows)
        chances = np.concatenate([[counts.customers_count], counts.more]) if shift else counts.more
        return cls(shift, counts, chances, rows if shift else rows.where(rows.x > 0))

    def __call__(self, parameters: Floats) -> Derivatives:
        r, alpha, a, b = parameters.tolist()
        gradient, hessian = np.zeros(4), np.zeros((4, 4))
        nbd, gradient[:2], hessian[:2, :2] = self.counts.log_likelihood(r, alpha)
        j = np.arange(len(self.chances))
        stays, either = 1 / (b + j), 1 / (a + b + j)
        value = nbd + inner(self.chances, np.log((b + j) * either))
        gradient[2] -= inner(self.chances, either)
        gradient[3] += inner(self.chances, stays - either)
        hessian[2:, 2:] += inner(self.chances, either * either)
        hessian[3, 3] -= inner(self.chances, stays * stays)
        for part in chunks(len(self.rows), 8 * 1024):
            left = self._left(self.rows.where(part), r, alpha, a, b)
            value += left.value
            gradient += left.gradient
            hessian += left.hessian
        return Derivatives(float(value), gradient, hessian)

    def _left(self, rows: Statistics, r: float, alpha: float, a: float, b: float) -> Derivatives:
        """Of having left after the last purchase: the softplus of the log-odds d."""
        gone, since = alpha + rows.T, alpha + rows.t_x
        shape, other = r + rows.x, b + rows.x - 1 + self.shift
        silent = rows.T - rows.t_x
        waited = np.log1p(silent / since)
        odds = shape * waited - np.log(other / a)
        gain, p = softplus(odds), logistic(odds)
        # The derivatives of d by r, alpha, a and b.
        by_alpha = -silent / (gone * since)  # 1/gone - 1/since
        by = np.stack([waited, shape * by_alpha, np.full_like(waited, 1 / a), -1 / other])
        weighted = rows.weight * p
        hessian = (by * (weighted * (1 - p))) @ by.T
        # And the second derivatives of d.
        by_r_alpha = weighted @ by_alpha
        hessian[0, 1] += by_r_alpha
        hessian[1, 0] += by_r_alpha
        hessian[1, 1] -= (weighted * by[1]) @ (1 / gone + 1 / since)
        hessian[2, 2] -= weighted.sum() / (a * a)
        hessian[3, 3] += weighted @ (by[3] * by[3])
        return Derivatives(float(rows.weight @ gain), by @ weighted, hessian)
