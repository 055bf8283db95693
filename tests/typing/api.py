"""The API as its users write it; mypy reads this file, nothing runs it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw
import polars as pl

from custloyal import (
    CohortRetention,
    Concentration,
    History,
    IntakeMapping,
    Metric,
    Rfm,
    SilentDefection,
    Stage,
    Trust,
    backtest,
    read,
    report,
    score,
)
from custloyal.btyd import (
    BgNbd,
    FittedBgNbd,
    FittedParetoNbd,
    GammaGamma,
    calibration,
    residual_value,
    total_purchases,
)
from custloyal.defection import PurchaseChance
from custloyal.fold import Fold, Source, count
from custloyal.intake import DropWhen, KindWhen
from custloyal.metrics import BtydStatistics, HoldOut, ParetoSegment
from custloyal.models import AsOf, Interaction, Interval, Kind
from custloyal.reading import explain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from custloyal.engines import Table

frame = pl.DataFrame({"who": ["ann"], "when": ["2024-05-01"], "amount": [9.5]})
history = History.from_native(
    frame,
    columns={"customer_id": "who", "occurred_at": "when"},
    constants={"kind": "purchase"},
    kind_when=[KindWhen(column="amount", below=0, kind=Kind.RETURN)],
    drop_when=[DropWhen(column="who", null=True, reason="nobody")],
    timezone="Europe/London",
)
visit = Interaction(customer_id=7, occurred_at=datetime(2024, 5, 1, tzinfo=UTC), kind=Kind.VISIT)
also = History.from_interactions([visit], unique="assume")
files = History.scan(["one.csv", "two.csv"], mapping=IntakeMapping(timezone="UTC"))

scores: list[dict[str, Any]] = score(
    history, [Trust(ratio=12, half_life_bad=365), Rfm(), Stage()], as_of="2024-12-31"
).to_dicts()
readings = read(
    history,
    [Concentration(top=0.1), CohortRetention(), ParetoSegment(cuts=(0.5,)), BtydStatistics()],
    as_of=date(2024, 12, 31),
)
by_name: list[str] = readings["concentration"].columns
by_class: Any = readings[Concentration].to_native()
passes: str = explain(history, Trust())

split = HoldOut(learned_until="2024-06-30", unit="week")
customers: Any = read(history, split)[split].to_native()
model: FittedBgNbd = BgNbd(time_unit="week", invalid="set_aside").fit(customers)
errors: Mapping[str, float] | None = model.standard_errors
sure: bool | None = model.identified
predicted: Any = model.predict(customers, horizon=39)
alive: float = model.predict_one(x=2, t_x=30.43, T=38.86, horizon=39).p_alive
given = FittedParetoNbd(r=0.553, alpha=10.578, s=0.606, beta=11.669, time_unit="week")
amounts = GammaGamma(nonpositive="set_aside").fit(customers)
worth: Any = residual_value(customers, purchases=given, amounts=amounts, discount_rate=0.003)
interval: Interval = total_purchases(customers, model, horizon=39, seed=1).interval
unseen: Any = calibration(customers, model)
sections: dict[str, Any] = report(history, horizon="13w", discount_share=0.08).to_dict()
tried: tuple[str, ...] = backtest(
    history, SilentDefection(horizon="90d"), horizon="90d", against=PurchaseChance(horizon="90d")
).sentences


@attrs.frozen(kw_only=True)
class Complaints(Metric):
    """A metric of a user's own."""

    def state(self, interactions: Source) -> Fold:
        """How many."""
        return interactions.by("customer_id", complaints=count(nw.col("kind") == "complaint"))

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """As they are."""
        del as_of
        return state.select("customer_id", complaints_count="complaints")
