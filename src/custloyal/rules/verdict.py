"""The verdict on one promise made to one customer."""

from __future__ import annotations

from enum import StrEnum

import narwhals as nw

__all__ = ["Verdict", "verdict_code"]


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

    @property
    def code(self) -> int:
        """The number by which tables hold it."""
        return list(Verdict).index(self)


def verdict_code(
    *,
    inside: nw.Expr,
    known: nw.Expr,
    kept: nw.Expr,
    excluded: nw.Expr | None = None,
    open_: nw.Expr | None = None,
    is_ceiling: bool = True,
) -> nw.Expr:
    """The verdict on each row as its code; null for rows of whom the rule does not speak.

    Args:
        inside: Whether the rule speaks of the row; null where that is not known.
        known: Whether the number was measured.
        kept: Whether it keeps the promise.
        excluded: Whether the rule sets the row aside.
        open_: Whether the number may still grow; None where it never does.
        is_ceiling: Whether the number must stay low: then what is kept may yet be missed, else
            what is missed may yet be kept.
    """
    met, missed, pending, unknown, aside = (nw.lit(each.code) for each in Verdict)
    said = nw.when(kept).then(met).otherwise(missed)
    if open_ is not None:
        undecided = open_ & (kept if is_ceiling else ~kept)
        said = nw.when(undecided).then(pending).otherwise(said)
    said = nw.when(known).then(said).otherwise(unknown)
    if excluded is not None:
        said = nw.when(excluded).then(aside).otherwise(said)
    within = nw.when(inside).then(said)
    return nw.when(inside.is_null()).then(unknown).otherwise(within).cast(nw.Int8)
