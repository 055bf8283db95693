"""Promises about how often something happens: in a case, or to a customer in a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import attrs
import narwhals as nw

from custloyal.fold import count, previous
from custloyal.rules.population import Population
from custloyal.rules.promise import Comparator, Promise, Subject

if TYPE_CHECKING:
    from collections.abc import Callable

    from custloyal.fold import Fold, Source
    from custloyal.periods import Period
    from custloyal.rules.measure import Key

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
    is_whole: ClassVar[bool] = True

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

    @property
    def needed_rows(self) -> list[Population]:
        """What is counted, where it must happen."""
        return [] if self.comparator.is_ceiling else [self.of]

    def key(self, window: Period) -> Key:
        """The rows that are counted."""
        del window
        return (type(self).__name__, self.of)

    def fold(self, rows: Source, *keys: str) -> Fold:
        """The number of each case, and of how many rows more it is not known."""
        return _counted(self.of, rows, keys)

    def outcome(self, of: Callable[[str], str]) -> dict[str, nw.Expr]:
        """The number, where it decides."""
        decided = self.decided(nw.col(of("value")), nw.col(of("perhaps")))
        return {of("value"): decided, **super().outcome(of)}

    def toml_options(self) -> dict[str, object]:
        """The rows that are counted."""
        return {"unit": "times", "of": self.of.to_toml()}

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
    is_whole: ClassVar[bool] = True

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

    def key(self, window: Period) -> Key:
        """What must change."""
        del window
        return (type(self).__name__, self.by)

    def toml_options(self) -> dict[str, object]:
        """What must change."""
        return {"unit": "handoffs", "by": self.by}

    def fold(self, rows: Source, *keys: str) -> Fold:
        """The hand-offs of each case that anybody held."""
        held = rows.where(~nw.col(self.by).is_null()).in_order(
            "case_id", _held_before=previous(self.by)
        )
        return held.by(*keys, _value=count(nw.col("_held_before") != nw.col(self.by)))

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
    is_whole: ClassVar[bool] = True

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

    @property
    def needed_rows(self) -> list[Population]:
        """What is counted, where it must happen."""
        return [] if self.comparator.is_ceiling else [self.of]

    def key(self, window: Period) -> Key:
        """The rows that are counted, and over which time."""
        return (type(self).__name__, self.of, window)

    def fold(self, rows: Source, *keys: str) -> Fold:
        """The number of each customer in each window in which there is any row, as of a case."""
        return _counted(self.of, rows, keys)

    def grows(self, of: Callable[[str], str]) -> nw.Expr | None:
        """Until the window ends."""
        del of
        return nw.col("_is_open")

    def toml_options(self) -> dict[str, object]:
        """The rows that are counted, for each customer."""
        return {"unit": "times", "of": self.of.to_toml(), "per": "customer"}

    def __str__(self) -> str:
        return f"have {_number(self)} {self.of.counted(self.threshold)}"


def _counted(of: Population, rows: Source, keys: tuple[str, ...]) -> Fold:
    counts = nw.col("_counts")
    return rows.let(_counts=of.holds()).by(
        *keys, _value=count(counts), _perhaps=count(counts.is_null())
    )


def _number(promise: Counted | Contacted) -> str:
    if promise.comparator is Comparator.AT_MOST and promise.threshold == 0:
        return "no"
    return f"{promise.comparator} {promise.threshold:g}"
