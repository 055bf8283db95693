"""The verdict on one promise made to one customer."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import attrs
import narwhals as nw

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Ruling", "Verdict"]


class Verdict(StrEnum):
    """What became of a promise, as of a time.

    Example:
        >>> [verdict.value for verdict in Verdict]
        ['met', 'missed', 'pending', 'unknown', 'excluded']
    """

    MET = "met"
    MISSED = "missed"
    PENDING = "pending"
    """Not kept yet, and not yet due."""
    UNKNOWN = "unknown"
    """The data does not say."""
    EXCLUDED = "excluded"
    """Set aside by the rule itself."""


@attrs.frozen(kw_only=True, eq=False)
class Ruling:
    """How a rule comes to its verdict on each row of a table.

    Args:
        inside: Whether the rule speaks of the row; null where that is not known.
        value: What was measured; null where it is not known.
        kept: Whether it keeps the promise.
        is_ceiling: Whether it must stay low: then what is kept may yet be missed, else what is
            missed may yet be kept.
        excluded: Whether the rule sets the row aside; None where it sets none aside.
        grows: Whether the value may still grow; None where it never does.
    """

    inside: nw.Expr
    value: nw.Expr
    kept: nw.Expr
    is_ceiling: bool
    excluded: nw.Expr | None = None
    grows: nw.Expr | None = None

    def chosen(self, said: Mapping[Verdict, int | str], *, otherwise: int | None = None) -> nw.Expr:
        """For each row what stands for its verdict.

        Args:
            said: What stands for each verdict that this ruling can give.
            otherwise: What stands for rows of which the rule does not speak; None for null.
        """
        words = {each: nw.lit(word) for each, word in said.items()}
        chosen = nw.when(self.kept).then(words[Verdict.MET]).otherwise(words[Verdict.MISSED])
        if self.grows is not None:
            undecided = self.grows & (self.kept if self.is_ceiling else ~self.kept)
            chosen = nw.when(undecided).then(words[Verdict.PENDING]).otherwise(chosen)
        chosen = nw.when(self.value.is_null()).then(words[Verdict.UNKNOWN]).otherwise(chosen)
        if self.excluded is not None:
            chosen = nw.when(self.excluded).then(words[Verdict.EXCLUDED]).otherwise(chosen)
        none = nw.lit(None if otherwise is None else otherwise)
        perhaps = nw.when(self.inside.is_null()).then(words[Verdict.UNKNOWN]).otherwise(none)
        return nw.when(self.inside).then(chosen).otherwise(perhaps)

    @property
    def possible(self) -> tuple[Verdict, ...]:
        """The verdicts that it can give."""
        impossible = set() if self.grows is not None else {Verdict.PENDING}
        if self.excluded is None:
            impossible.add(Verdict.EXCLUDED)
        return tuple(each for each in Verdict if each not in impossible)

    def gives(self, *verdicts: Verdict) -> nw.Expr:
        """Whether it gives one of some verdicts."""
        return self.chosen({each: int(each in verdicts) for each in Verdict}, otherwise=0) == 1
