"""From a log-likelihood to a fit: estimates, their errors, and whether the data say enough."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np

from custloyal.btyd.newton import Prior, maximised
from custloyal.models.checks import as_frozen, as_numbers, check_number, refuse
from custloyal.models.frozen_mapping import FrozenMapping
from custloyal.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from custloyal.btyd.integrals import Floats
    from custloyal.btyd.newton import LogLikelihood, Optimum

__all__ = [
    "FewRepeatersWarning",
    "Fit",
    "FitWarning",
    "Fitted",
    "NotConvergedWarning",
    "NotIdentifiedWarning",
    "estimated",
]

LARGEST_LOG_ERROR = 1.0
FEW_REPEATERS = 0.95


def _as_counts(value: Mapping[str, int]) -> Mapping[str, int]:
    return as_frozen(value)


class FitWarning(UserWarning):
    """What a fit has to say of itself; turn it into an error with `warnings.simplefilter`."""


class NotIdentifiedWarning(FitWarning):
    """The data do not determine the parameters."""


class FewRepeatersWarning(FitWarning):
    """At least 95 % of the customers bought once, so that few tell of all."""


class NotConvergedWarning(FitWarning):
    """The climb to the maximum ended before its top."""


@attrs.frozen(kw_only=True)
class Fit:
    """How parameters were found, and how far they are to be trusted.

    Args:
        customers_count: The customers that the fit saw (the sum of their weights).
        log_likelihood: Of the data at the estimates, without any prior.
        covariance: Of the estimates, in the order of the parameters; None where there is none.
        identified: Whether the data alone determine the parameters.
        converged: Whether the climb ended at a maximum.
        steps_count: Newton steps on all rows.
        newton_decrement: Newton's estimate of the log-likelihood that is still to be gained.
        used_prior: Whether weak priors were needed.
        warnings: What was warned of.
        set_aside: How many rows were left out, by reason.
    """

    customers_count: float
    log_likelihood: float
    covariance: tuple[tuple[float, ...], ...] | None
    identified: bool
    converged: bool
    steps_count: int
    newton_decrement: float
    used_prior: bool = False
    warnings: tuple[str, ...] = ()
    set_aside: Mapping[str, int] = attrs.field(factory=dict, converter=_as_counts)

    @property
    def lines(self) -> list[str]:
        """The record in words."""
        customers = f"{self.customers_count:,.10g} customer{'s' * (self.customers_count != 1)}"
        identified = "identified" if self.identified else "not identified"
        converged = "converged" if self.converged else "not converged"
        return [
            f"log-likelihood {self.log_likelihood:,.1f} of {customers}, {identified}, {converged}",
            *(f"set aside: {count:,} where {reason}" for reason, count in self.set_aside.items()),
            *(f"warning: {said}" for said in self.warnings),
        ]


class Fitted(Shown):
    """What all fitted models tell of themselves."""

    __slots__ = ()
    parameter_names: ClassVar[tuple[str, ...]]
    fit: Fit | None

    @property
    def parameters(self) -> Mapping[str, float]:
        """The parameters by name."""
        return FrozenMapping({name: getattr(self, name) for name in self.parameter_names})

    @property
    def covariance(self) -> tuple[tuple[float, ...], ...] | None:
        """The covariance of the estimates, in the order of `parameters`; None where not known."""
        return self.fit.covariance if self.fit else None

    @property
    def standard_errors(self) -> Mapping[str, float] | None:
        """The standard errors of the estimates by name; None where not known."""
        if self.covariance is None:
            return None
        variances = np.diag(np.array(self.covariance))
        return as_numbers(dict(zip(self.parameter_names, np.sqrt(variances).tolist(), strict=True)))

    @property
    def log_likelihood(self) -> float | None:
        """Of the data of the fit; None where the parameters were given."""
        return self.fit.log_likelihood if self.fit else None

    @property
    def identified(self) -> bool | None:
        """Whether the data determine the parameters; None where these were given."""
        return self.fit.identified if self.fit else None

    @property
    def converged(self) -> bool | None:
        """Whether the fit ended at a maximum; None where the parameters were given."""
        return self.fit.converged if self.fit else None

    def __repr__(self) -> str:
        """What a person wants to know of a model; only of given parameters it is code."""
        unit = getattr(self, "time_unit", None)
        if self.fit is None:
            given = [f"{name}={value!r}" for name, value in self.parameters.items()]
            given += [f"time_unit={unit!r}"] if unit else []
            return f"{type(self).__name__}({', '.join(given)})"
        errors = self.standard_errors or {}
        width = max(len(name) for name in self.parameter_names)
        lines = [f"{type(self).__name__}{f', time in {unit}s' if unit else ''}"]
        for name, value in self.parameters.items():
            error = f" ± {_rounded(errors[name], like=value)}" if errors else ""
            lines.append(f"  {name:{width}}  {_rounded(value, like=value)}{error}")
        return "\n".join([*lines, *self.fit.lines])

    def _check(self) -> None:
        refuse(*(check_number(name, getattr(self, name), above=0) for name in self.parameter_names))


def _rounded(number: float, *, like: float) -> str:
    """A number to the place of the fourth digit of another, so that both stand to one place."""
    place = 3 - math.floor(math.log10(like))
    return f"{number:,.{max(place, 0)}f}" if abs(place) < 10 else f"{number:.4g}"  # noqa: PLR2004


def estimated(
    log_likelihood: LogLikelihood,
    *,
    names: Sequence[str],
    start: Floats,
    centre: Floats,
    customers_count: float,
    few: Callable[[], str],
    set_aside: Mapping[str, int],
    sample: LogLikelihood | None = None,
    cautions: Sequence[FitWarning] = (),
    depth: int = 3,
    raised: Callable[[FitWarning], None] | None = None,
) -> tuple[dict[str, float], Fit]:
    """Estimates by maximum likelihood; with weak priors only where that leaves them open.

    Args:
        log_likelihood: Of all rows.
        names: The parameters.
        start: Where the climb starts.
        centre: The centre of the priors on the log parameters.
        customers_count: The customers.
        few: Says why these data may leave the parameters open; empty where nothing is to be seen.
        set_aside: For the record.
        sample: The log-likelihood of fewer customers, on which the climb starts.
        cautions: Warnings of the data themselves.
        depth: How many calls away the caller is whom a warning should name.
        raised: Takes the warnings of the fit in place of raising any; None to raise them all.

    Returns:
        The estimates by name, and the record of the fit.
    """
    if sample is not None:
        first = maximised(sample, start)
        start = first.parameters if first.converged else start
    found = maximised(log_likelihood, start)
    left_open, why = _left_open(found, names)
    said = list(cautions)
    of_the_fit: list[FitWarning] = []
    if why:
        found = maximised(log_likelihood, np.exp(centre), prior=Prior(centre))
        reasons = "; ".join(reason for reason in (few(), why) if reason)
        of_the_fit.append(
            NotIdentifiedWarning(
                f"the data do not determine {', '.join(left_open)}: {reasons}; "
                "weak priors were added, treat what rests on them as a guess"
            )
        )
    if not found.converged:
        of_the_fit.append(
            NotConvergedWarning(
                f"the fit ended after {found.steps_count} steps with {found.decrement:.2g} "
                "still to be gained in log-likelihood"
            )
        )
    said += of_the_fit
    if raised is None:
        for each in said:
            warnings.warn(each, stacklevel=depth)
    else:
        for each in of_the_fit:
            raised(each)
    record = Fit(
        customers_count=customers_count,
        log_likelihood=found.data.value,
        covariance=_covariance(found),
        identified=not why,
        converged=found.converged,
        steps_count=found.steps_count,
        newton_decrement=found.decrement,
        used_prior=bool(why),
        warnings=tuple(str(each) for each in said),
        set_aside=set_aside,
    )
    return dict(zip(names, found.parameters.tolist(), strict=True)), record


def _left_open(found: Optimum, names: Sequence[str]) -> tuple[Sequence[str], str]:
    """Which parameters the data leave open, and why; none, and no reason, where they fix all."""
    covariance = found.data_covariance()
    if covariance is None or not found.converged:
        return names, "the likelihood has no proper maximum"
    errors = np.sqrt(np.diag(covariance))
    left_open = [
        name for name, error in zip(names, errors, strict=True) if error > LARGEST_LOG_ERROR
    ]
    if not left_open:
        return (), ""
    worst = int(np.argmax(errors))
    return left_open, f"the standard error of ln {names[worst]} is {errors[worst]:.2g}, above 1"


def _covariance(found: Optimum) -> tuple[tuple[float, ...], ...] | None:
    """By the delta method: the error of a parameter is the parameter times that of its log."""
    logarithmic = found.log_covariance()
    if logarithmic is None:
        return None
    natural = np.outer(found.parameters, found.parameters) * logarithmic
    if not np.isfinite(natural).all():
        return None
    return tuple(tuple(row) for row in natural.tolist())
