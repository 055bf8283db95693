"""Reactivation: of those who were quiet for so long, how many came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import narwhals as nw

from custloyal.errors import Mistake
from custloyal.fold import Fold, Source, lowest
from custloyal.metrics.base import Metric
from custloyal.metrics.finished import finished, share_schema
from custloyal.metrics.purchase_gaps import purchase_gaps
from custloyal.metrics.purchases import DAY, days_between
from custloyal.models.checks import check_count, refuse
from custloyal.periods import last_full_day

if TYPE_CHECKING:
    from collections.abc import Iterable

    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["Reactivation"]

_SCHEMA = {
    "dormant_days": nw.Int64(),
    "within_days": nw.Int64(),
    "dormant_count": nw.Int64(),
    "unobserved_count": nw.Int64(),
    "reactivated_count": nw.Int64(),
    **share_schema("reactivation"),
}


def _as_days(days: Iterable[int]) -> tuple[int, ...]:
    return tuple(days)


@attrs.frozen(kw_only=True)
class Reactivation(Metric):
    """Which share of customers comes back after how long a silence.

    Of each customer the first silence that lasted so long is looked at, so that nobody counts
    twice, and only where the time in which they could come back is over.

    Args:
        dormant_days: The lengths of dormancy: for how many full days nothing was bought.
        within_days: In how many days after that a purchase counts as coming back.

    Returns (as a reading, one row for each length of dormancy):
        `dormant_days`, `within_days`, `dormant_count` (customers who were dormant so long and
        whose following `within_days` are over), `unobserved_count` (dormant so long, and the days
        are not over), `reactivated_count` (of the former, who bought in these days),
        `reactivation_share`, `reactivation_low` and `reactivation_high` (Wilson's interval of
        95 %; all null where nobody was observed).

    Raises:
        InvalidValueError: Where lengths are not whole days of at least 1, or do not grow.

    Example:
        Both were quiet for 30 days; one came back 35 days after the purchase.

        >>> import custloyal
        >>> import polars as pl
        >>> sales = pl.DataFrame(
        ...     {
        ...         "customer_id": ["ann", "ann", "bob"],
        ...         "occurred_at": ["2024-01-01", "2024-02-05", "2024-01-01"],
        ...     }
        ... )
        >>> history = custloyal.History.from_native(sales, constants={"kind": "purchase"})
        >>> metric = Reactivation(dormant_days=(30,), within_days=10)
        >>> [row] = custloyal.read(history, metric, as_of="2024-02-29")[metric].to_dicts()
        >>> row["dormant_count"], row["reactivated_count"], row["reactivation_share"]
        (2, 1, 0.5)
    """

    grain: ClassVar[tuple[str, ...]] = ("dormant_days",)

    dormant_days: tuple[int, ...] = attrs.field(default=(30, 60, 90, 180, 365), converter=_as_days)
    within_days: int = 90

    def __attrs_post_init__(self) -> None:
        grows = list(self.dormant_days) == sorted(set(self.dormant_days))
        refuse(
            *(check_count("dormant_days", days, low=1) for days in self.dormant_days),
            check_count("within_days", self.within_days, low=1),
            None if grows else Mistake("dormant_days", f"are {self.dormant_days}, must grow"),
        )

    def state(self, interactions: Source) -> Fold:
        """Of each customer the first silence of each length: the purchases before and after it."""
        columns = {}
        for days in self.dormant_days:
            # The last purchase day begins a silence, too: how long it lasts will be seen.
            lasted = nw.col("gap_days").is_null() | (nw.col("gap_days") > days)
            columns[_quiet(days)] = lowest(DAY, where=lasted)
            columns[_back(days)] = lowest("next_day", where=lasted)
        return purchase_gaps(interactions).by("customer_id", **columns)

    def reading(self, state: Table, as_of: AsOf) -> nw.DataFrame[Any]:
        """How many were dormant, and how many of them came back."""
        full_day = nw.lit(last_full_day(as_of))
        sums: dict[str, nw.Expr] = {}
        for days in self.dormant_days:
            seen_days = days_between(nw.col(_quiet(days)), full_day)
            away_days = days_between(nw.col(_quiet(days)), nw.col(_back(days)))
            until = days + self.within_days
            sums |= {
                f"dormant_{days}": seen_days >= days,
                f"observed_{days}": seen_days >= until,
                f"back_{days}": (seen_days >= until) & (away_days <= until),
            }
        counts = state.select(
            **{name: holds.cast(nw.Int64).sum().cast(nw.Int64) for name, holds in sums.items()}
        ).collect("polars")
        found = counts.rows(named=True)[0]
        rows = []
        for days in self.dormant_days:
            dormant, observed, back = (
                found[f"{name}_{days}"] or 0 for name in ("dormant", "observed", "back")
            )
            rows.append(
                {
                    "dormant_days": days,
                    "within_days": self.within_days,
                    "dormant_count": observed,
                    "unobserved_count": dormant - observed,
                    "reactivated_count": back,
                }
            )
        return finished(
            rows, _SCHEMA, shares={"reactivation": ("reactivated_count", "dormant_count")}
        )


def _quiet(days: int) -> str:
    return f"quiet_{days}_from"


def _back(days: int) -> str:
    return f"quiet_{days}_until"
