"""Metrics that need a model: the fits of one run, each made once however many readings use it."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from custloyal.metrics.base import Metric
from custloyal.models import AsOf

if TYPE_CHECKING:
    from collections.abc import Hashable

    import narwhals as nw

    from custloyal.engines import Table

__all__ = ["Fits", "Fitted", "FittedMetric", "Model"]


@attrs.frozen(kw_only=True, eq=False)
class Fitted:
    """A model fitted for a reading.

    Args:
        model: The fitted model; its unit of time is `model.time_unit`.
        as_of: The time up to which the fit saw the rows.
        cautions: What the fit warned of.
        recalibration: How the model's probabilities were recalibrated; None where they were not
            asked to be.
    """

    model: Any
    as_of: AsOf
    cautions: tuple[Warning, ...] = ()
    recalibration: Any = None


class Model(Protocol):
    """A model without parameters, such as `ParetoNbd()`, that is equal to others of its options."""

    def estimate(self, frame: Any) -> tuple[Any, tuple[Warning, ...]]:
        """The fitted model, and what a fit would warn of."""
        ...

    def __hash__(self) -> int: ...


class Fits:
    """The fits of one run. A model asked to fit equal rows twice is fitted once, and warns once."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[Any, tuple[Warning, ...]]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def fitted(self, model: Model, customers: nw.DataFrame[Any], as_of: AsOf) -> Fitted:
        """A model fitted to the `x`, `t_x` and `T` of customers.

        Args:
            model: The model without parameters.
            customers: One row a customer.
            as_of: The time up to which the rows go.

        Warns:
            FitWarning: For each caution, once a fit.
        """
        columns = [name for name in ("x", "t_x", "T", "time_unit") if name in customers.columns]
        rows = customers.select(*columns)
        numbers = rows.select("x", "t_x", "T").to_numpy()
        key = (model, numbers.shape, numbers.tobytes())
        if key not in self._known:
            self._known[key] = model.estimate(rows.to_native())
            for each in self._known[key][1]:
                warnings.warn(each, stacklevel=2)
        found, cautions = self._known[key]
        return Fitted(model=found, as_of=as_of, cautions=cautions)


class FittedMetric(Metric):
    """A metric that is read from a model fitted to its own state.

    Readings show the fit as `reading.fit` and what it warns of as `reading.cautions`.
    """

    @abstractmethod
    def fit(self, state: Table, as_of: AsOf, fits: Fits) -> Fitted | None:
        """The fit, made through `fits` so that equal fits of a run are shared.

        Returns:
            None where there is nothing to fit.
        """

    @abstractmethod
    def fitted_reading(
        self, state: Table, as_of: AsOf, fit: Fitted | None
    ) -> Table | nw.DataFrame[Any]:
        """What the state says by the fit, as `Metric.reading` gives it."""

    def reading(self, state: Table, as_of: AsOf) -> Table | nw.DataFrame[Any]:
        """The reading by a fit of its own."""
        return self.fitted_reading(state, as_of, self.fit(state, as_of, Fits()))
