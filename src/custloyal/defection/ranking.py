"""How well a score ranks those who leave before those who stay, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from numpy.typing import NDArray

from custloyal.btyd.integrals import Floats
from custloyal.models import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Cases", "Ranks", "resampled"]


@attrs.frozen(eq=False)
class Cases:
    """Customers with equal scores and outcome, as rows with weights.

    Args:
        scores: The scores, a column each: the higher, the likelier to leave.
        gone: Who left.
        weight: How many customers share the row.
    """

    scores: tuple[Floats, ...]
    gone: NDArray[np.bool_]
    weight: Floats

    @classmethod
    def of(cls, scores: Sequence[Floats], gone: NDArray[np.bool_]) -> Cases:
        """Compress customers."""
        rows = np.column_stack([*scores, gone.astype(np.float64)])
        unique, counts = np.unique(rows, axis=0, return_counts=True)
        columns = tuple(unique[:, place] for place in range(len(scores)))
        return cls(columns, unique[:, -1] > 0, counts.astype(np.float64))


@attrs.frozen(eq=False)
class Ranks:
    """The places of rows in the order of one score; equal scores share a place.

    Args:
        order: The rows, from the lowest score on.
        starts: Where in that order each place begins.
    """

    order: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, score: Floats) -> Ranks:
        """Rank rows."""
        order = np.argsort(score, kind="stable")
        is_new = np.diff(score[order], prepend=np.nan) != 0
        return cls(order, np.flatnonzero(is_new))

    def _by_place(self, values: Floats) -> Floats:
        """The sums over rows of one place, from the lowest score on."""
        ordered = values[self.order]
        if len(self.starts) == len(ordered):
            return ordered
        sums: Floats = np.add.reduceat(ordered, self.starts)
        return sums

    def auc(self, gone: Floats, stayed: Floats) -> float | None:
        """The chance that who left ranks above who stayed, a tie counting half.

        Args:
            gone: How many customers of each row left.
            stayed: How many stayed.

        Returns:
            None where nobody left or nobody stayed.
        """
        left, kept = self._by_place(gone), self._by_place(stayed)
        pairs = left.sum() * kept.sum()
        if not pairs:
            return None
        below = np.cumsum(kept) - kept / 2
        # Not a product of matrices: its threads cost more than the sum, and its digits vary.
        return float((left * below).sum() / pairs)

    def gains(self, gone: Floats, weight: Floats, parts: int) -> Floats:
        """How many of those who left are among each equal part of all, from the likeliest on.

        Customers of equal score are spread evenly, so that no order of theirs decides.
        """
        left, all_ = self._by_place(gone)[::-1], self._by_place(weight)[::-1]
        reached = np.concatenate([[0.0], np.cumsum(all_)])
        found = np.concatenate([[0.0], np.cumsum(left)])
        edges = np.interp(np.linspace(0, reached[-1], parts + 1), reached, found)
        return np.diff(edges)


def resampled(
    cases: Cases, *, seed: int, draws_count: int, level: float
) -> tuple[list[Interval | None], list[Interval | None]]:
    """Intervals by the bootstrap over customers: of each AUC, and of the first less each.

    All scores are judged on the same resamples, so what is common to them cancels.

    Args:
        cases: The customers.
        seed: Where the random numbers start.
        draws_count: How many resamples.
        level: The confidence of the intervals.
    """
    rng = np.random.default_rng(seed)
    ranks = [Ranks.of(score) for score in cases.scores]
    row_of = np.repeat(np.arange(len(cases.weight)), np.rint(cases.weight).astype(np.int64))
    drawn: list[list[float]] = []
    for _ in range(draws_count):
        # Whom a draw holds how often: many times as fast as one multinomial over the rows.
        drawn_rows = row_of[rng.integers(len(row_of), size=len(row_of))]
        weight = np.bincount(drawn_rows, minlength=len(cases.weight)).astype(np.float64)
        gone = np.where(cases.gone, weight, 0.0)
        found = [each.auc(gone, weight - gone) for each in ranks]
        drawn.append([value for value in found if value is not None])
    draws = np.array([each for each in drawn if each])
    if len(draws) < draws_count:  # resamples without anybody who left, or who stayed
        return [None] * len(ranks), [None] * len(ranks)
    ends = [(1 - level) / 2, (1 + level) / 2]

    def interval(values: Floats) -> Interval:
        low, high = np.quantile(values, ends).tolist()
        return Interval(low, high)

    return (
        [interval(column) for column in draws.T],
        [interval(draws[:, 0] - column) for column in draws.T],
    )
