"""Hand-offs: how often a matter was passed on, and how often it came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import attrs
import narwhals as nw

from custloyal.errors import InvalidValueError, MissingColumnError, Mistake, nearest
from custloyal.fold import Fold, Source, count, previous, total
from custloyal.metrics.base import Metric

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["HandOffMatrix", "HandOffs"]

_HOLDERS = ("department", "agent_id")


def _check_holder(instance: object, field: object, value: str) -> None:
    del instance, field
    if value not in _HOLDERS:
        raise InvalidValueError(Mistake("by", f"is {value!r}", nearest(str(value), _HOLDERS)))


@attrs.frozen(kw_only=True)
class _HandOffMetric(Metric):
    """What both readings of hand-offs look at: the stints of a case, one after another."""

    by: Literal["department", "agent_id"] = attrs.field(
        default="department", validator=_check_holder
    )

    def stints(self, interactions: Source) -> Source:
        """One row for each stint of a case with one holder: its first row, in order.

        Rows without a holder are skipped. `_before` is the holder of the stint before, `_twice`
        of the one before that, `_before_at` the time at which the stint before began.
        """
        lacking = [name for name in ("case_id", self.by) if name not in interactions.columns]
        if lacking:
            raise MissingColumnError(
                Mistake(name, f"is needed by {self.name} and is not in the history")
                for name in lacking
            )
        rows = interactions.where(~nw.col(self.by).is_null()).in_order(
            "case_id", _held_before=previous(self.by)
        )
        held_before = nw.col("_held_before")
        starts = rows.where(held_before.is_null() | (held_before != nw.col(self.by)))
        return starts.in_order(
            "case_id",
            _before=previous(self.by),
            _twice=previous(self.by, 2),
            _before_at=previous("occurred_at"),
        )


@attrs.frozen(kw_only=True)
class HandOffs(_HandOffMetric):
    """How often each case was handed on, and how often it came straight back.

    Args:
        by: What must change for a hand-off: "department" or "agent_id".

    Returns (as a reading, one row a case that anybody held):
        `handoff_count` (changes of holder between consecutive rows), `ping_pong_count` (returns
        A, B, A, with stints compressed), `tie_count` (hand-offs at the very time at which the
        stint before began: their order rests on ids or places).
    """

    grain: ClassVar[tuple[str, ...]] = ("case_id",)

    def state(self, interactions: Source) -> Fold:
        """The changes, and the changes back."""
        changed = ~nw.col("_before").is_null()
        tied = nw.col("_before_at") == nw.col("occurred_at")
        return self.stints(interactions).by(
            "case_id",
            handoff_count=count(changed),
            ping_pong_count=count(nw.col(self.by) == nw.col("_twice")),
            tie_count=count(tied),
        )

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """The counts as they are."""
        del as_of
        return state.select("case_id", "handoff_count", "ping_pong_count", "tie_count")


@attrs.frozen(kw_only=True)
class HandOffMatrix(_HandOffMetric):
    """Who hands on to whom.

    Args:
        by: What must change for a hand-off: "department" or "agent_id".

    Returns (as a reading, one row for each pair of holders between whom a case went):
        `from_holder`, `to_holder`, `handoff_count`, `case_count` (cases in which it happened).
    """

    grain: ClassVar[tuple[str, ...]] = ("from_holder", "to_holder")

    def state(self, interactions: Source) -> Fold:
        """The changes of each case by pair, added up over cases."""
        pairs = self.stints(interactions).let(_to=nw.col(self.by), _from=nw.col("_before"))
        by_case = pairs.by("case_id", "_from", "_to", handoff_count=count())
        return by_case.by("_from", "_to", handoff_count=total("handoff_count"), case_count=count())

    def reading(self, state: Table, as_of: AsOf) -> Table:
        """The counts as they are."""
        del as_of
        return state.select(
            "handoff_count",
            "case_count",
            from_holder=nw.col("_from"),
            to_holder=nw.col("_to"),
        )
