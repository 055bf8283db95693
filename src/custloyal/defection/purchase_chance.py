"""What a model of purchases says by itself, as a metric, to be held against others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.btyd import BgNbd, MbgNbd, ParetoNbd
from custloyal.defection.horizon import as_days, check_days
from custloyal.errors import Mistake
from custloyal.metrics.btyd_statistics import BtydStatistics
from custloyal.metrics.fits import Fits, Fitted, FittedMetric
from custloyal.models.checks import refuse

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.fold import Fold, Source
    from custloyal.models import AsOf

__all__ = ["PurchaseChance"]

_MODELS = (BgNbd, MbgNbd, ParetoNbd)
_STATISTICS = BtydStatistics(unit="day")


@attrs.frozen(kw_only=True)
class PurchaseChance(FittedMetric):
    """What a model fitted to all customers says of each: of buying nothing, and of having left.

    Args:
        model: `BgNbd()`, `MbgNbd()` or `ParetoNbd()`.
        horizon: Within what time a purchase is looked for, as for `SilentDefection`.

    Returns (as a reading, one row a customer with a purchase):
        `p_none` (of no purchase within the horizon), `p_left` (1 - P(alive): of BG/NBD it is 0
        for everybody who bought once).

    Example:
        >>> PurchaseChance(model=BgNbd(), horizon="39w").name
        'purchase_chance_bg_nbd'
    """

    horizon: int = attrs.field(converter=as_days)
    model: BgNbd | MbgNbd | ParetoNbd = attrs.field(factory=ParetoNbd)

    def __attrs_post_init__(self) -> None:
        known = isinstance(self.model, _MODELS)
        refuse(
            check_days("horizon", self.horizon),
            None
            if known
            else Mistake(
                "model",
                f"is {self.model!r}, must be a model without parameters",
                "write BgNbd(), MbgNbd() or ParetoNbd()",
            ),
        )

    @property
    def name(self) -> str:
        """The name, which says the model."""
        words = {BgNbd: "bg_nbd", MbgNbd: "mbg_nbd", ParetoNbd: "pareto_nbd"}
        return f"purchase_chance_{words[type(self.model)]}"

    def state(self, interactions: Source) -> Fold:
        """That of `BtydStatistics`."""
        return _STATISTICS.state(interactions)

    def fit(self, state: Table, as_of: AsOf, fits: Fits) -> Fitted | None:
        """The model fitted to everybody."""
        customers = _STATISTICS.reading(state, as_of).collect("polars").sort("customer_id")
        # The rows are in days: said so, the fit is shared with those of other metrics.
        model = attrs.evolve(self.model, time_unit=self.model.time_unit or "day")
        return fits.fitted(model, customers, as_of) if len(customers) else None

    def fitted_reading(self, state: Table, as_of: AsOf, fit: Fitted | None) -> nw.DataFrame[Any]:
        """The probabilities of a fit to everybody."""
        customers = _STATISTICS.reading(state, as_of).collect("polars").sort("customer_id")
        if fit is None:
            no = nw.lit(None).cast(nw.Float64)
            return customers.select("customer_id", p_none=no, p_left=no)
        said: nw.DataFrame[Any] = nw.from_native(
            fit.model.predict(customers.to_native(), horizon=self.horizon)
        )
        return said.select("customer_id", p_none=1 - nw.col("p_any"), p_left=1 - nw.col("p_alive"))
