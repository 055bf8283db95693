"""sBG: how long contracts last that may be ended at each renewal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import narwhals as nw
import numpy as np

from custloyal.btyd.estimation import Fit, Fitted, estimated
from custloyal.btyd.frames import (
    Fault,
    Flags,
    Invalid,
    as_floats,
    as_series,
    check_choice,
    check_new_columns,
    faults_of,
    joined,
    opened_numbers,
    refused_or_counted,
    weight_of,
)
from custloyal.btyd.integrals import Floats, log_beta, summed
from custloyal.btyd.newton import Derivatives
from custloyal.engines import Aggregate, Combine, Home, Table
from custloyal.errors import DataError, InvalidValueError, MissingColumnError, Mistake
from custloyal.models.checks import as_number, check_count, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["FittedShiftedBetaGeometric", "ShiftedBetaGeometric"]

LONGEST = 1_000_000


@attrs.frozen(kw_only=True, repr=False)
class FittedShiftedBetaGeometric(Fitted):
    """A shifted beta-geometric model with parameters, from a fit or given.

    At the end of each period a customer ends the contract with a chance of their own; the chances
    differ between customers as a beta distribution says, so that those who stay get more loyal.

    Args:
        alpha: First shape of the chance of ending.
        beta: Second shape of the chance of ending.
        fit: How the parameters were found; None where they were given.

    Raises:
        InvalidValueError: Where a parameter is not above 0.

    Source:
        P. S. Fader, B. G. S. Hardie, *How to project customer retention*, Journal of Interactive
        Marketing 21 (2007), 76-90.

    Example:
        With alpha = beta = 1 half end at first, then a third, then a quarter.

        >>> model = FittedShiftedBetaGeometric(alpha=1, beta=1)
        >>> model.hazard(1), round(model.survival(3), 12)
        (0.5, 0.25)
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("alpha", "beta")
    alpha: float = attrs.field(converter=as_number)
    beta: float = attrs.field(converter=as_number)
    fit: Fit | None = None

    def __attrs_post_init__(self) -> None:
        self._check()

    def hazard(self, period: int) -> float:
        """The chance that a contract which reached a period ends with it.

        Args:
            period: Its number, from 1.
        """
        refuse(check_count("period", period, low=1))
        return self.alpha / (self.alpha + self.beta + period - 1)

    def survival(self, period: int) -> float:
        """The share of new contracts that are renewed after a period.

        Args:
            period: Its number; 0 is the start.
        """
        refuse(check_count("period", period))
        return float(np.exp(self._log_survival(np.array([float(period)]))[0]))

    def predict(self, frame: Any, *, horizon: int, invalid: Invalid = "refuse") -> Any:
        """Add the chance that each running contract is renewed over some more periods.

        Args:
            frame: One row a contract that runs, of any engine: `periods` (renewals so far);
                where it has `ended` too, an ended contract has `p_active` 0 and no rate.
            horizon: More periods, at least 1.
            invalid: "refuse" rows that no contract can have, or "set_aside": null predictions.

        Returns:
            The frame with `p_active` and `retention_rate` (of the next renewal); null where
            `periods` is null.

        Raises:
            InvalidValueError: Where an option is wrong or a column is there already.
            DataError: Where rows are invalid, counted.
            MissingColumnError: Where `periods` is missing.
        """
        refuse(check_count("horizon", horizon, low=1), _policy(invalid))
        contracts = _Contracts.compressed(frame)
        check_new_columns(contracts.table, ["p_active", "retention_rate"])
        known = [fault for fault in contracts.faults if fault.what != "is null"]
        refused_or_counted(known, invalid, option="invalid")
        usable = contracts.usable
        periods, ended = contracts.periods[usable], contracts.ended[usable]
        kept = np.exp(self._log_survival(periods + horizon) - self._log_survival(periods))
        rate = (self.beta + periods) / (self.alpha + self.beta + periods)
        found = contracts.keys.filter(nw.new_series("u", usable, backend="polars")).with_columns(
            as_series("p_active", np.where(ended, 0.0, kept)),
            as_series("retention_rate", np.where(ended, np.nan, rate)),
        )
        return contracts.home.bring_back(
            joined(contracts.table, contracts.home, found, contracts.keys.columns)
        )

    def _log_survival(self, periods: Floats) -> Floats:
        # The ratio of two beta functions, with beta + t and with beta.
        beta = np.array([self.beta])
        return log_beta(self.alpha, self.beta + periods) - log_beta(self.alpha, beta)


@attrs.frozen
class ShiftedBetaGeometric:
    """The shifted beta-geometric model without parameters.

    Args:
        invalid: What happens to rows that no contract can have: "refuse", or "set_aside" and count.
    """

    invalid: Invalid = attrs.field(default="refuse", kw_only=True)

    def __attrs_post_init__(self) -> None:
        refuse(_policy(self.invalid))

    def fit(self, frame: Any) -> FittedShiftedBetaGeometric:
        """Estimate the parameters by maximum likelihood.

        Args:
            frame: One row a contract, of any engine: `periods` (renewals so far, whole), `ended`
                (true where the contract was not renewed after those and one more period),
                optionally `weight`. All lengths of time are in periods of the contract.

        Returns:
            The fitted model, with a record of the fit.

        Raises:
            DataError: Where rows are invalid, counted.
            MissingColumnError: With every column that is missing.

        Warns:
            NotIdentifiedWarning: Where the data do not determine the parameters.
            NotConvergedWarning: Where the fit ended before its maximum.
        """
        contracts = _Contracts.compressed(frame, weighted=True)
        aside = refused_or_counted(contracts.faults, self.invalid, option="invalid")
        usable = contracts.usable & (contracts.weight > 0)
        if not usable.any():
            raise DataError(Mistake("frame", "has no contract", "give at least one"))
        periods = contracts.periods[usable].astype(np.int64)
        weight, ended = contracts.weight[usable], contracts.ended[usable]
        length = int(periods.max()) + 1
        lasting = summed(periods, weight, length)
        renewed = lasting[::-1].cumsum()[::-1] - lasting
        return _fitted(renewed, summed(periods, weight * ended, length), aside)

    def fit_survivors(self, survivors: Sequence[float]) -> FittedShiftedBetaGeometric:
        """Estimate the parameters from how many of a cohort are left after each period.

        Args:
            survivors: The size of the cohort, and how many were renewed after 1, 2, ... periods.

        Returns:
            The fitted model, with a record of the fit.

        Raises:
            InvalidValueError: Where there are fewer than two numbers, or they rise or are negative.

        Example:
            The published figures of the high-end segment:

            >>> left = [1000, 869, 743, 653, 593, 551, 517, 491]
            >>> model = ShiftedBetaGeometric().fit_survivors(left)
            >>> {name: round(value, 3) for name, value in model.parameters.items()}
            {'alpha': 0.668, 'beta': 3.806}
        """
        left = np.array([float(count) for count in survivors])
        if (
            len(left) < 2  # noqa: PLR2004 (a rate needs two)
            or not np.isfinite(left).all()
            or left[-1] < 0
            or (np.diff(left) > 0).any()
        ):
            raise InvalidValueError(
                Mistake(
                    "survivors",
                    "must be two numbers or more, none above the one before, none below 0",
                    "begin with the size of the cohort",
                )
            )
        return _fitted(left[1:], -np.diff(left), {})


def _fitted(
    renewed: Floats, ended: Floats, set_aside: Mapping[str, int]
) -> FittedShiftedBetaGeometric:
    """The fit to how many contracts were renewed and ended after 1, 2, ... periods."""
    total = float(renewed[0] + ended[0])
    few = "no contract ended" if not ended.any() else ""
    few = few or ("no contract was ever renewed" if not renewed.any() else "")
    parameters, record = estimated(
        _RenewalLikelihood(renewed, ended),
        names=("alpha", "beta"),
        start=np.array([1.0, 1.0]),
        centre=np.zeros(2),
        customers_count=total,
        few=lambda: few,
        set_aside=set_aside,
        depth=4,
    )
    return FittedShiftedBetaGeometric(**parameters, fit=record)


@attrs.frozen(eq=False)
class _RenewalLikelihood:
    """The log-likelihood, fused with its derivatives."""

    renewed: Floats
    ended: Floats

    def __call__(self, parameters: Floats) -> Derivatives:
        alpha, beta = parameters.tolist()
        i = np.arange(len(self.renewed))
        both = self.renewed + self.ended
        kept, either = beta + i, alpha + beta + i
        ended = float(self.ended.sum())
        value = ended * np.log(alpha) + self.renewed @ np.log(kept) - both @ np.log(either)
        shared = (both / either).sum()
        gradient = np.array([ended / alpha - shared, (self.renewed / kept).sum() - shared])
        shared = (both / either**2).sum()
        hessian = np.full((2, 2), shared)
        hessian[0, 0] -= ended / alpha**2
        hessian[1, 1] -= (self.renewed / kept**2).sum()
        return Derivatives(float(value), gradient, hessian)


@attrs.frozen(eq=False)
class _Contracts:
    """A frame of contracts, opened and compressed to unique rows."""

    table: Table
    home: Home
    keys: nw.DataFrame[Any]
    periods: Floats
    ended: Flags
    weight: Floats
    faults: list[Fault]
    usable: Flags

    @classmethod
    def compressed(cls, frame: Any, *, weighted: bool = False) -> _Contracts:
        """With `weighted`, as a fit needs it: `ended` must be there and known."""
        optional = ("weight",) if weighted else ()
        table, home = opened_numbers(frame, ["periods"], optional=optional)
        schema = table.collect_schema()
        if weighted and "ended" not in schema:
            raise MissingColumnError(Mistake("ended", "is not in the frame", "add true or false"))
        if "ended" in schema and schema["ended"] != nw.Boolean:
            raise DataError(Mistake("ended", f"is {schema['ended']}, must be true or false"))
        keys = [name for name in ("periods", "ended") if name in schema]
        rows, groups = table.select(*keys), keys
        aggregates = {"_rows": Aggregate(Combine.ROWS, "periods")}
        weighted = weighted and "weight" in schema
        if weighted:
            rows = table.select(*keys, "weight").with_columns(**weight_of())
            groups = [*keys, "_unfit"]
            aggregates["_weight"] = Aggregate(Combine.SUM, "weight")
        unique = home.engine.store(home.engine.group(rows, groups, aggregates)).collect("polars")
        periods, rows_count = as_floats(unique, "periods"), as_floats(unique, "_rows")
        nothing = np.zeros(len(periods), dtype=bool)
        unknown = unique["ended"].is_null().to_numpy() if "ended" in keys else nothing
        ended = unique["ended"].fill_null(value=False).to_numpy() if "ended" in keys else nothing
        unfit = unique["_unfit"].to_numpy() if weighted else nothing
        with np.errstate(invalid="ignore"):  # infinite values are named by their own check
            checks = [
                ("periods", "is null", np.isnan(periods)),
                ("periods", "is negative", periods < 0),
                ("periods", f"exceeds {LONGEST:,}", periods > LONGEST),
                ("periods", "is no whole number", periods != np.floor(periods)),
                ("ended", "is null", unknown),
                ("weight", "is null, negative or infinite", unfit),
            ]
        faults, usable = faults_of(checks, rows_count, {"periods": periods})
        weight = as_floats(unique, "_weight") if weighted else rows_count
        return cls(table, home, unique.select(*keys), periods, ended, weight, faults, usable)


def _policy(invalid: str) -> Mistake | None:
    return check_choice("invalid", invalid, ("refuse", "set_aside"))
