"""What customers bought below the list price."""

from __future__ import annotations

import narwhals as nw

from custloyal.metrics.purchases import is_purchase

__all__ = ["NEEDS", "is_discounted", "is_priced"]

NEEDS = ("amount", "list_amount")

_amount, _list_amount = nw.col("amount"), nw.col("list_amount")

is_priced = (is_purchase & ~_amount.is_null() & (_list_amount > 0)).fill_null(value=False)
"""Whether a row is a purchase of which both prices are known."""


def is_discounted(from_share: float) -> nw.Expr:
    """Whether a purchase was made at a discount of at least some share of the list price."""
    # Prices are in cents: 10 % of 9.99 is no whole number of them.
    below = _amount <= _list_amount * (1 - from_share) + _CENT
    return is_priced & below & (_amount < _list_amount)


_CENT = 0.005
