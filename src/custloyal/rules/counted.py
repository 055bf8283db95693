"""Promises about how often something happens: in a case, or to a customer in a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import attrs
import narwhals as nw

from custloyal.fold import count, previous
from custloyal.rules.population import Population
from custloyal.rules.promise import Comparator, Promise, Subject

if TYPE_CHECKING:
    from custloyal.fold import Fold, Source

__all__ = ["Contacted", "Counted", "HandedOn"]


@attrs.frozen(kw_only=True)
class Counted(Promise):
    """How many rows of a kind a case has.

    Args:
        of: The rows that are counted.
        comparator: How their number must lie to the threshold.
        threshold: A number of rows.
        words: How the sentence calls them; their own words where empty.
    """

    subject: ClassVar[Subject] = Subject.CASE

    of: Population
    comparator: Comparator
    threshold: float
    words: str = ""

    @property
    def unit(self) -> str:
        """A number of rows."""
        return "times"

    @property
    def columns(self) -> tuple[str, ...]:
        """The case, and what says which rows are counted."""
        return ("case_id", *self.of.columns)

    def counted(self, ordered: Source) -> Fold:
        """The number of each case, and of how many rows more it is not known."""
        counts = nw.col("_counts")
        return ordered.let(_counts=self.of.holds()).by(
            "case_id", _value=count(counts), _perhaps=count(counts.is_null())
        )

    def __str__(self) -> str:
        return f"have {_number(self)} {self.words or self.of.counted(self.threshold)}"


@attrs.frozen(kw_only=True)
class HandedOn(Promise):
    """How often a case is handed on.

    Args:
        by: What must change for a hand-off: "department" or "agent_id".
        comparator: How the number of hand-offs must lie to the threshold.
        threshold: A number of hand-offs.
    """

    subject: ClassVar[Subject] = Subject.CASE

    by: Literal["department", "agent_id"] = "department"
    comparator: Comparator
    threshold: float

    @property
    def unit(self) -> str:
        """A number of hand-offs."""
        return "handoffs"

    @property
    def columns(self) -> tuple[str, ...]:
        """The case, and who holds it."""
        return ("case_id", self.by)

    def counted(self, ordered: Source) -> Fold:
        """The hand-offs of each case that anybody held."""
        held = ordered.where(~nw.col(self.by).is_null()).in_order(
            "case_id", _held_before=previous(self.by)
        )
        return held.by("case_id", _value=count(nw.col("_held_before") != nw.col(self.by)))

    def __str__(self) -> str:
        if self.comparator is Comparator.AT_MOST and self.threshold == 0:
            return f"stay with their first {'agent' if self.by == 'agent_id' else 'department'}"
        said = "hand-off" if self.threshold == 1 else "hand-offs"
        return f"have {self.comparator} {self.threshold:g} {said}"


@attrs.frozen(kw_only=True)
class Contacted(Promise):
    """How often something happens to each customer in a window.

    Args:
        of: What must happen.
        comparator: How its number must lie to the threshold.
        threshold: A number of rows in a window.
    """

    subject: ClassVar[Subject] = Subject.CUSTOMER
    pends: ClassVar[bool] = True

    of: Population
    comparator: Comparator
    threshold: float

    @property
    def unit(self) -> str:
        """A number of rows."""
        return "times"

    @property
    def columns(self) -> tuple[str, ...]:
        """What says what happened."""
        return self.of.columns

    def counted(self, interactions: Source, window: str) -> Fold:
        """The number of each customer in each window in which there is any row, as of a case."""
        counts = nw.col("_counts")
        return interactions.let(_counts=self.of.holds()).by(
            "customer_id", window, _value=count(counts), _perhaps=count(counts.is_null())
        )

    def __str__(self) -> str:
        return f"have {_number(self)} {self.of.counted(self.threshold)}"


def _number(promise: Counted | Contacted) -> str:
    if promise.comparator is Comparator.AT_MOST and promise.threshold == 0:
        return "no"
    return f"{promise.comparator} {promise.threshold:g}"
