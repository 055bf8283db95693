"""The days on which customers bought, as a table of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs
import narwhals as nw

from custloyal.metrics.base import Metric
from custloyal.metrics.purchases import DAY, known_amount, ledger

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.fold import Fold, Source
    from custloyal.models import AsOf

__all__ = ["PurchaseDays"]


@attrs.frozen(kw_only=True)
class PurchaseDays(Metric):
    """On which local days each customer bought: what `btyd.tracking` looks at.

    Returns (as a reading, one row for each customer and day with a purchase):
        `customer_id`, `day`, `purchase_count`, `amount` (gross sum of the amounts that are known;
        null where none is).

    Example:
        Two purchases on one day are one purchase day.

        >>> import custloyal
        >>> import polars as pl
        >>> times = ["2024-05-01T09:00", "2024-05-01T17:00", "2024-05-09T09:00"]
        >>> history = custloyal.History.from_native(
        ...     pl.DataFrame({"customer_id": ["ann"] * 3, "occurred_at": times}),
        ...     constants={"kind": "purchase", "amount": 5.0},
        ...     timezone="Europe/Berlin",
        ... )
        >>> rows = custloyal.read(history, PurchaseDays())["purchase_days"].to_dicts()
        >>> sorted((str(row["day"]), row["purchase_count"], row["amount"]) for row in rows)
        [('2024-05-01', 2, 10.0), ('2024-05-09', 1, 5.0)]
    """

    grain: ClassVar[tuple[str, ...]] = ("customer_id", "day")

    def state(self, interactions: Source) -> Fold:
        """The ledger itself."""
        return ledger(interactions)

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """The ledger under names of its own."""
        del as_of
        return state.select("customer_id", "purchase_count", day=nw.col(DAY), amount=known_amount())
