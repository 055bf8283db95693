"""What a metric is: a frozen value that says what it folds and how its state is read."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import narwhals as nw

    from custloyal.engines import Table
    from custloyal.fold import Fold, Source
    from custloyal.models import AsOf

__all__ = ["LinearMetric", "Metric"]


class Metric(ABC):
    """A frozen value that says what it folds and how its state is read.

    A metric of your own is an `attrs.frozen` subclass with a `state` and a `reading`; it is then
    fused with all others, runs on every engine, and its states merge.

    Attributes:
        needs: The columns without which there is nothing to read.
        grain: The columns of which the reading has one row each; none for one row of all.
    """

    needs: ClassVar[tuple[str, ...]] = ()
    grain: ClassVar[tuple[str, ...]] = ("customer_id",)

    @property
    def name(self) -> str:
        """The name by which readings are asked for: `CohortRetention` is "cohort_retention"."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    @abstractmethod
    def state(self, interactions: Source) -> Fold | tuple[Fold, ...]:
        """What is folded.

        Args:
            interactions: The accepted rows; its `columns` say which optional ones are there.

        Returns:
            A fold, or several. Several are joined on the grain of the reading: the first says
            which rows the state has, and may be of a finer grain; the others have at most one row
            for each key of the reading, and are null where they have none.
        """

    @abstractmethod
    def reading(self, state: Table, as_of: AsOf) -> Table | nw.DataFrame[Any]:
        """What the state says, as of a time.

        Args:
            state: One row for each key of the fold, the columns under the fold's own names,
                decayed sums brought to `as_of`.
            as_of: The time; no row after it was folded.

        Returns:
            The reading as a lazy table; or, where it was finished outside of the engine, as a
            Polars frame.
        """


class LinearMetric(Metric):
    """A metric whose score is linear in its state up to a factor: its rows have contributions.

    score = prior + balance * slope(balance). The balance is a sum over rows, so a row contributes
    its own part of the balance times the slope, and contributions add up exactly.
    """

    @property
    @abstractmethod
    def balance(self) -> nw.Expr:
        """The linear part: over the columns of a state the balance, over a row's parts its part."""

    @abstractmethod
    def slope(self, balance: nw.Expr) -> nw.Expr:
        """What one unit of balance contributes to the score."""
