"""Contracts: what row ends one, and on which days each customer's began and ended."""

from __future__ import annotations

from typing import TypeAlias

import narwhals as nw

from custloyal.errors import MissingColumnError, Mistake
from custloyal.fold import Fold, Source, count
from custloyal.metrics.kinds import is_kind
from custloyal.metrics.purchases import DAY, is_purchase
from custloyal.models import Kind

__all__ = ["Ends", "check_ends", "contract_days"]

Ends: TypeAlias = Kind | tuple[str, str | bool | float]
"""What rows end a contract: those of a kind, or those that hold a value in a column."""


def check_ends(ends: object) -> Mistake | None:
    """The mistake of what is to end a contract."""
    if isinstance(ends, Kind):
        return None
    if isinstance(ends, tuple) and len(ends) == 2 and ends[0] and isinstance(ends[0], str):  # noqa: PLR2004
        return None
    return Mistake(
        "ends", f"is {ends!r}", "give a Kind, or a column and its value: ('topic', 'cancellation')"
    )


def contract_days(interactions: Source, ends: Ends, *, reader: str) -> Fold:
    """One row for each customer and local day with `bought_count` or `ended_count` above 0.

    Args:
        interactions: The accepted rows.
        ends: What rows end a contract.
        reader: Who needs them, for the error.

    Raises:
        MissingColumnError: Where the history lacks the column that tells the end.
    """
    if isinstance(ends, Kind):
        ended = is_kind(ends)
    else:
        column, value = ends
        if column not in interactions.columns:
            raise MissingColumnError(
                Mistake(column, f"is needed by {reader} and is not in the history")
            )
        ended = nw.col(column) == value
    return interactions.where(is_purchase | ended).by(
        "customer_id", DAY, bought_count=count(is_purchase), ended_count=count(ended)
    )
