"""Gamma-Gamma: what a purchase of a customer is worth on average."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import narwhals as nw
import numpy as np
from scipy.special import gammaln, polygamma, psi

from custloyal.btyd.estimation import Fit, Fitted, estimated
from custloyal.btyd.frames import (
    Invalid,
    as_floats,
    check_choice,
    check_new_columns,
    faults_of,
    opened_numbers,
    refused_or_counted,
    weight_of,
)
from custloyal.btyd.integrals import Floats, chunks, summed
from custloyal.btyd.newton import Derivatives
from custloyal.errors import DataError, Mistake
from custloyal.models.checks import as_number, refuse

__all__ = ["FittedGammaGamma", "GammaGamma"]

KEYS = ("x", "mean_repeat_amount")
AMOUNT = "mean_repeat_amount"
NO_MEAN = "the model has no mean for so few purchases: p x + q is at most 1"
UNKNOWN = "x or mean_repeat_amount is not known"
SAMPLE = 8_000


@attrs.frozen(kw_only=True, repr=False)
class FittedGammaGamma(Fitted):
    """A Gamma-Gamma model with parameters, from a fit or given.

    The amounts of a customer's purchase days vary around a mean of their own as a gamma
    distribution says, and these means differ between customers as another one does. How much is
    spent is taken to have nothing to do with how often.

    Args:
        p: Shape of the amounts.
        q: Shape of the means.
        v: Scale of the means, in the currency.
        fit: How the parameters were found; None where they were given.

    Raises:
        InvalidValueError: Where a parameter is not above 0.

    Source:
        P. S. Fader, B. G. S. Hardie, *The Gamma-Gamma model of monetary value* (2013),
        http://www.brucehardie.com/notes/025/

    Example:
        With p = 2, q = 3, v = 10 and two days of 40 on average: 2 (10 + 80) / (4 + 3 - 1) = 30.

        >>> import polars as pl
        >>> model = FittedGammaGamma(p=2, q=3, v=10)
        >>> frame = pl.DataFrame({"x": [2], "mean_repeat_amount": [40.0]})
        >>> model.predict(frame)["expected_amount"][0]
        30.0
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("p", "q", "v")
    p: float = attrs.field(converter=as_number)
    q: float = attrs.field(converter=as_number)
    v: float = attrs.field(converter=as_number)
    fit: Fit | None = None

    def __attrs_post_init__(self) -> None:
        self._check()

    def predict(self, frame: Any) -> Any:
        """Add the expected amount of a purchase day of each customer.

        Args:
            frame: One row a customer, of any engine: `x` (repeat purchase days) and
                `mean_repeat_amount` (the mean of their daily sums; not looked at where x is 0).

        Returns:
            The frame, in its own engine, with `expected_amount` (in the currency) and
            `expected_amount_reason`: why that is null, or null.

        Raises:
            DataError: Where a column is not numeric.
            InvalidValueError: Where a column is there already.
            MissingColumnError: With every column that is missing.
        """
        table, home = opened_numbers(frame, KEYS)
        check_new_columns(table, ["expected_amount", "expected_amount_reason"])
        return home.bring_back(table.with_columns(**self.expressions()))

    def expressions(self) -> dict[str, nw.Expr]:
        """What `predict` adds, over `x` and `mean_repeat_amount`."""
        x, mean = nw.col("x").cast(nw.Float64), nw.col(AMOUNT).cast(nw.Float64)
        spent = nw.when(x > 0).then(x * mean).otherwise(nw.when(x == 0).then(0.0))
        known = ((x >= 0) & (spent >= 0) & (spent < np.inf)).fill_null(value=False)
        size = self.p * x + self.q - 1
        expected = self.p * (self.v + spent) / size
        return {
            "expected_amount": nw.when(known & (size > 0)).then(expected),
            "expected_amount_reason": nw.when(~known)
            .then(nw.lit(UNKNOWN))
            .otherwise(nw.when(size <= 0).then(nw.lit(NO_MEAN))),
        }


@attrs.frozen
class GammaGamma:
    """The Gamma-Gamma model without parameters.

    Args:
        invalid: What happens to rows with null, infinite or impossible values: "refuse", or
            "set_aside" and count.
        nonpositive: The same for means of zero or below (days on which as much was returned), for
            which the model has no place.

    Example:
        The published estimates of the online shop CDNOW:

        >>> import custloyal
        >>> from custloyal.datasets import cdnow
        >>> statistics = custloyal.metrics.BtydStatistics(unit="week")
        >>> reading = custloyal.read(cdnow(), statistics, as_of="1997-09-30")[statistics]
        >>> model = GammaGamma().fit(reading.to_native())
        >>> {name: round(value, 3) for name, value in model.parameters.items()}
        {'p': 6.25, 'q': 3.744, 'v': 15.444}
    """

    invalid: Invalid = attrs.field(default="refuse", kw_only=True)
    nonpositive: Invalid = attrs.field(default="refuse", kw_only=True)

    def __attrs_post_init__(self) -> None:
        allowed = ("refuse", "set_aside")
        refuse(
            check_choice("invalid", self.invalid, allowed),
            check_choice("nonpositive", self.nonpositive, allowed),
        )

    def fit(self, frame: Any) -> FittedGammaGamma:
        """Estimate the parameters by maximum likelihood, from the customers with x > 0.

        Args:
            frame: One row a customer, of any engine: `x` (repeat purchase days) and
                `mean_repeat_amount` (the mean of their daily sums), optionally `weight`.

        Returns:
            The fitted model, with a record of the fit.

        Raises:
            DataError: Where rows are invalid, counted, or nobody bought again.
            MissingColumnError: With every column that is missing.

        Warns:
            NotIdentifiedWarning: Where the data do not determine the parameters.
            NotConvergedWarning: Where the fit ended before its maximum.
        """
        x, mean, weight, aside = self._read(frame)
        if not len(x):
            raise DataError(
                Mistake("frame", "has no customer who bought again", "the model needs x > 0")
            )
        likelihood = _AmountLikelihood.of(x, mean, weight)
        typical = float(np.exp(likelihood.log_means / weight.sum()))
        sample = None
        if len(x) > 2 * SAMPLE:
            some = slice(None, None, -(-len(x) // SAMPLE))
            sample = _AmountLikelihood.of(x[some], mean[some], weight[some])
        few = "there is one customer" if weight.sum() <= 1 else ""
        few = few or ("all amounts are equal" if mean.min() == mean.max() else "")
        parameters, record = estimated(
            likelihood,
            names=("p", "q", "v"),
            start=np.array([3.0, 3.0, typical]),
            centre=np.array([0.0, 0.0, np.log(typical)]),
            customers_count=float(weight.sum()),
            few=lambda: few,
            set_aside=aside,
            sample=sample,
        )
        return FittedGammaGamma(**parameters, fit=record)

    def _read(self, frame: Any) -> tuple[Floats, Floats, Floats, dict[str, int]]:
        """x, mean and weight of the customers with x > 0, and what was set aside."""
        table, home = opened_numbers(frame, KEYS, optional=("weight",))
        weighted = "weight" in table.collect_schema()
        # Null or negative x must come along to be named; 0 has no repeat purchase to tell of.
        rows = table.select(*KEYS, *(["weight"] if weighted else []))
        rows = rows.filter(~(nw.col("x") == 0).fill_null(value=False))
        rows = rows.with_columns(**weight_of()) if weighted else rows
        found = home.engine.store(rows).collect("polars")
        x, mean = as_floats(found, "x"), as_floats(found, AMOUNT)
        ones = np.ones(len(x))
        weight = as_floats(found, "weight") if weighted else ones
        unfit = found["_unfit"].to_numpy() if weighted else np.zeros(len(x), dtype=bool)
        shown = {"x": x, AMOUNT: mean}
        with np.errstate(invalid="ignore"):  # infinite values are named by their own check
            invalid, possible = faults_of(
                [
                    ("x", "is null", np.isnan(x)),
                    ("x", "is infinite", np.isinf(x)),
                    ("x", "is negative", x < 0),
                    ("x", "is no whole number", x != np.floor(x)),
                    (AMOUNT, "is null where x is above 0", np.isnan(mean)),
                    (AMOUNT, "is infinite", np.isinf(mean)),
                    ("weight", "is null, negative or infinite", unfit),
                ],
                ones,
                shown,
            )
            returned, positive = faults_of(
                [(AMOUNT, "is zero or negative", possible & (mean <= 0))], ones, shown
            )
        aside: dict[str, int] = {}
        refusals: list[Mistake] = []
        for faults, policy, option in (
            (invalid, self.invalid, "invalid"),
            (returned, self.nonpositive, "nonpositive"),
        ):
            try:
                aside |= refused_or_counted(faults, policy, option=option)
            except DataError as error:
                refusals.extend(error.mistakes)
        if refusals:
            raise DataError(refusals)
        usable = possible & positive & (weight > 0)
        return x[usable], mean[usable], weight[usable], aside


@attrs.frozen(eq=False)
class _AmountLikelihood:
    """The log-likelihood, fused with its derivatives; special functions once for each x."""

    x: Floats
    weight: Floats
    spent: Floats
    purchases: Floats  # the distinct x
    customers: Floats  # how many have each
    log_means: float  # sum of ln m
    log_totals: float  # sum of x ln (x m)

    @classmethod
    def of(cls, x: Floats, mean: Floats, weight: Floats) -> _AmountLikelihood:
        by_x = summed(x.astype(np.int64), weight)
        log_mean = np.log(mean)
        return cls(
            x,
            weight,
            x * mean,
            np.flatnonzero(by_x).astype(np.float64),
            by_x[by_x > 0],
            float((weight * log_mean).sum()),
            float((weight * x * np.log(x * mean)).sum()),
        )

    def __call__(self, parameters: Floats) -> Derivatives:
        p, q, v = parameters.tolist()
        # Sums over customers of ln(v + xm) and of its derivatives by v, plain and times x.
        sums = np.zeros((2, 3))
        for part in chunks(len(self.x), 32 * 1024):
            inverse = 1 / (v + self.spent[part])
            weight = self.weight[part]
            terms = np.stack([np.log(inverse), inverse, inverse * inverse])
            sums += np.stack([weight, weight * self.x[part]]) @ terms.T
        (logs, firsts, seconds), (x_logs, x_firsts, x_seconds) = (sums * [-1, 1, 1]).tolist()
        k, of_k = self.purchases, self.customers
        n = float(of_k.sum())
        shape = p * k + q
        value = (
            of_k @ (gammaln(shape) - gammaln(p * k))
            + n * (q * np.log(v) - gammaln(q))
            + p * self.log_totals
            - self.log_means
            - p * x_logs
            - q * logs
        )
        psi_shape, psi_pk = psi(shape), psi(p * k)
        gradient = np.array(
            [
                (of_k * k) @ (psi_shape - psi_pk) + self.log_totals - x_logs,
                of_k @ psi_shape + n * (np.log(v) - psi(q)) - logs,
                n * q / v - p * x_firsts - q * firsts,
            ]
        )
        tri_shape, tri_pk = polygamma(1, shape), polygamma(1, p * k)
        pq = (of_k * k) @ tri_shape
        hessian = np.array(
            [
                [(of_k * k * k) @ (tri_shape - tri_pk), pq, -x_firsts],
                [pq, of_k @ tri_shape - n * polygamma(1, q), n / v - firsts],
                [-x_firsts, n / v - firsts, -n * q / v**2 + p * x_seconds + q * seconds],
            ]
        )
        return Derivatives(float(value), gradient, hessian)
