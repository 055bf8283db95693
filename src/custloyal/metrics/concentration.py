"""Concentration: who carries the revenue."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import narwhals as nw

from custloyal.errors import InvalidValueError, Mistake
from custloyal.fold import Fold, Source, count, total
from custloyal.metrics.base import Metric
from custloyal.metrics.kinds import is_kind
from custloyal.metrics.purchases import known_amount, spending
from custloyal.models import Kind
from custloyal.models.checks import as_number, check_number, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["Concentration", "ParetoSegment"]

_SCHEMA = {
    "customers_count": nw.Int64(),
    "revenue_amount": nw.Float64(),
    "unknown_count": nw.Int64(),
    "negative_count": nw.Int64(),
    "top_count": nw.Int64(),
    "top_share": nw.Float64(),
    "majority_count": nw.Int64(),
    "majority_customers_share": nw.Float64(),
    "pareto_customers_share": nw.Float64(),
    "gini": nw.Float64(),
    "hhi": nw.Float64(),
    "effective_count": nw.Float64(),
}
_CENTS = 100
ROUNDING = 1e-12
"""How far sums of shares may miss a line by rounding alone."""
_SEGMENTS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@attrs.frozen(kw_only=True)
class Concentration(Metric):
    """How far the revenue rests on few customers.

    Args:
        top: The share of customers whose share of revenue is asked for, above 0 and at most 1.
        majority: The share of revenue of which is asked how few customers make it.
        net: Whether returns are subtracted; then no Gini is given where a customer is negative.

    Returns (as a reading, one row):
        `customers_count` (who bought, as far as amounts are known), `revenue_amount`,
        `unknown_count` (purchases whose amount is not known), `negative_count` (customers under
        0), `top_count` (k = ceil(top * n)), `top_share` (their share of revenue),
        `majority_count` and `majority_customers_share` (the fewest customers that make the
        majority), `pareto_customers_share` (p of the p : 1 - p point: 0.2 for 80:20), `gini`,
        `hhi`, `effective_count` (1 / HHI). Shares are null where there is no revenue.

    Source:
        O. C. Herfindahl and A. O. Hirschman for the HHI; C. Gini, *Variabilita e mutabilita* 1912.

    Example:
        >>> Concentration(top=20)
        Traceback (most recent call last):
        custloyal.errors.InvalidValueError: top: is 20.0, must be a number above 0 and of at most 1
    """

    needs: ClassVar[tuple[str, ...]] = ("amount",)
    grain: ClassVar[tuple[str, ...]] = ()

    top: float = attrs.field(default=0.2, converter=as_number)
    majority: float = attrs.field(default=0.8, converter=as_number)
    net: bool = False

    def __attrs_post_init__(self) -> None:
        refuse(
            check_number("top", self.top, above=0, high=1),
            check_number("majority", self.majority, above=0, high=1),
        )

    def state(self, interactions: Source) -> Fold:
        """What each customer who bought brought."""
        return revenue(interactions, net=self.net)

    def reading(self, state: Table, as_of: AsOf) -> nw.DataFrame[Any]:
        """The shape of the Lorenz curve, in numbers."""
        del as_of
        # Engines add in different orders, so equal sums differ in their last bits: rank on cents.
        spent = state.select("unknown_count", amount=known_amount()).collect("polars")
        falling = (
            spent.filter(~nw.col("amount").is_null())
            .with_columns(cents=_cents(nw.col("amount")))
            .sort("cents", descending=True)
        )
        v, n = falling["amount"], len(falling)
        k = min(n, max(1, _ceil(self.top * n)))
        negative, revenue_amount = int((falling["cents"] < 0).sum()), float(v.sum())
        reading: dict[str, float | None] = {
            **dict.fromkeys(_SCHEMA),
            "customers_count": n,
            "revenue_amount": revenue_amount,
            "unknown_count": int(spent["unknown_count"].sum()),
            "negative_count": negative,
            "top_count": k,
        }
        if revenue_amount > 0:
            share = (v / revenue_amount).cum_sum()
            rank = falling.with_row_index("rank")["rank"] + 1
            majority = _first(share >= self.majority - ROUNDING)
            hhi = float(((v / revenue_amount) ** 2).sum())
            reading |= {
                "top_share": float(share[k - 1]),
                "majority_count": majority,
                "majority_customers_share": majority / n,
                "pareto_customers_share": _first(rank / n + share >= 1 - ROUNDING) / n,
                "gini": None if negative else gini(v),
                "hhi": hhi,
                "effective_count": 1 / hhi,
            }
        columns = {name: [value] for name, value in reading.items()}
        return nw.from_dict(columns, schema=_SCHEMA, backend="polars")


def _as_cuts(cuts: Iterable[float]) -> tuple[float, ...]:
    return tuple(cuts)


@attrs.frozen(kw_only=True)
class ParetoSegment(Metric):
    """Into which segment each customer's revenue puts them: A makes the first 80 %, and so on.

    A segment is the fewest customers that make its share, so the one who crosses the line is in.
    Customers whose revenue is equal to the cent share rank and segment.

    Args:
        cuts: The cumulative shares of revenue at which a segment ends, growing, in (0, 1).

    Returns (as a reading, one row a customer who bought):
        `revenue_amount` (gross), `revenue_rank` (1 is highest), `cumulative_share` (of revenue, of
        all customers of this rank or before), `segment` ("A", "B", ...). All are null where no
        amount is known; share and segment also where nobody brought any revenue.

    Example:
        >>> ParetoSegment(cuts=(0.95, 0.8))
        Traceback (most recent call last):
        custloyal.errors.InvalidValueError: cuts: are (0.95, 0.8), must grow, between 0 and 1
    """

    needs: ClassVar[tuple[str, ...]] = ("amount",)

    cuts: tuple[float, ...] = attrs.field(default=(0.8, 0.95), converter=_as_cuts)

    def __attrs_post_init__(self) -> None:
        bounds = (0.0, *self.cuts, 1.0)
        grows = all(low < high for low, high in pairwise(bounds))
        if not grows or not 0 < len(self.cuts) < len(_SEGMENTS):
            raise InvalidValueError(Mistake("cuts", f"are {self.cuts}, must grow, between 0 and 1"))

    def state(self, interactions: Source) -> Fold:
        """What each customer who bought brought."""
        return revenue(interactions)

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """Rank, cumulative share and segment."""
        del as_of
        cents, before = nw.col("cents"), nw.col("share_before")
        segment = nw.lit(_SEGMENTS[len(self.cuts)])
        for letter, cut in reversed([*zip(_SEGMENTS, self.cuts, strict=False)]):
            segment = nw.when(before < cut - ROUNDING).then(nw.lit(letter)).otherwise(segment)
        spent = state.select("customer_id", amount=known_amount())
        ranked = (
            spent.filter(~nw.col("amount").is_null())
            .with_columns(cents=_cents(nw.col("amount")))
            .with_columns(lowest_first=0 - cents)
            .with_columns(
                cumulative=nw.col("cents").cum_sum().over(order_by=["lowest_first", "customer_id"]),
                revenue_rank=nw.col("lowest_first").rank("min").cast(nw.Int64),
                all_cents=cents.sum(),
            )
            .with_columns(all_cents=nw.when(nw.col("all_cents") > 0).then(nw.col("all_cents")))
            .with_columns(reached=nw.col("cumulative").max().over("cents"))
            .with_columns(tied=cents.sum().over("cents"))
            .with_columns(
                cumulative_share=nw.col("reached") / nw.col("all_cents"),
                share_before=(nw.col("reached") - nw.col("tied")) / nw.col("all_cents"),
            )
            .select(
                "customer_id",
                "revenue_rank",
                "cumulative_share",
                segment=nw.when(~before.is_null()).then(segment),
            )
        )
        shown = spent.select("customer_id", revenue_amount=nw.col("amount"))
        return shown.join(ranked, on="customer_id", how="left")


def revenue(interactions: Source, *, net: bool = False) -> Fold:
    """What each customer who bought brought: gross purchases, or with returns subtracted."""
    if not net:
        return spending(interactions)
    money = is_kind(Kind.PURCHASE, Kind.RETURN)
    return interactions.where(money).by(
        "customer_id",
        amount=total("amount"),
        purchase_count=count(),
        unknown_count=count(nw.col("amount").is_null()),
    )


def gini(falling: nw.Series[Any]) -> float:
    """The Gini coefficient: 0 where all have alike, towards 1 where one has all.

    Args:
        falling: Amounts of at least 0 with a sum above 0, highest first.

    Example:
        >>> import polars as pl
        >>> gini(nw.from_native(pl.Series([4.0, 0.0, 0.0, 0.0]), series_only=True))
        0.75
    """
    n = len(falling)
    rank = falling.to_frame().with_row_index("place")["place"].cast(nw.Float64)
    weighted = float(((n - rank) * falling).sum())
    return 2 * weighted / (n * float(falling.sum())) - (n + 1) / n


def _cents(amount: nw.Expr) -> nw.Expr:
    # Whole cents as floats: exact to 9e15, and larger amounts do not overflow.
    return (amount * _CENTS).round()


def _ceil(number: float) -> int:
    return math.ceil(number - ROUNDING)


def _first(holds: nw.Series[Any]) -> int:
    """The place, from 1, of the first that holds; the last where rounding leaves none."""
    place = holds.arg_max() if holds.any() else None
    return len(holds) if place is None else int(place) + 1
