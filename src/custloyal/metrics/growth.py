"""Growth: whether it was bought with new customers, or came from those who were there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from custloyal.models.checks import as_number, check_number, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Growth"]

_DIGITS = 9
_FIELDS = ("previous", "new", "resurrected", "grown", "shrunk", "lost")


@attrs.frozen(kw_only=True)
class Growth:
    """Where the difference between the revenue of two periods came from.

    Args:
        previous_amount: The revenue of the period before.
        new_amount: What new customers brought.
        resurrected_amount: What those brought who had paused.
        grown_amount: By how much others brought more.
        shrunk_amount: By how much others brought less, at least 0.
        lost_amount: What those had brought who now bought nothing, at least 0.

    Raises:
        InvalidValueError: Where an amount is not a finite number of at least 0.

    Example:
        New customers brought 30, and the others 20 less than before.

        >>> growth = Growth.of(
        ...     {"previous_amount": 100, "new_amount": 30, "resurrected_amount": 5,
        ...      "grown_amount": 5, "shrunk_amount": 10, "lost_amount": 20}
        ... )
        >>> growth.change_amount, growth.existing_change_amount, growth.is_bought
        (10.0, -20.0, True)
        >>> print(growth.sentence)
        Revenue rose by 10.00, from 100.00 to 110.00: new customers brought 30.00, and customers \
of before 20.00 less (came back 5.00, grew 5.00, shrank 10.00, left 20.00). The growth was bought \
with new customers: without them revenue would have fallen by 20.00.
    """

    previous_amount: float = attrs.field(converter=as_number)
    new_amount: float = attrs.field(converter=as_number)
    resurrected_amount: float = attrs.field(converter=as_number)
    grown_amount: float = attrs.field(converter=as_number)
    shrunk_amount: float = attrs.field(converter=as_number)
    lost_amount: float = attrs.field(converter=as_number)

    def __attrs_post_init__(self) -> None:
        fields = attrs.asdict(self)
        refuse(*(check_number(name, value, low=0) for name, value in fields.items()))

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Growth:
        """The growth in a row of a `RevenueBridge`."""
        return cls(**{f"{name}_amount": row[f"{name}_amount"] for name in _FIELDS})

    @property
    def existing_change_amount(self) -> float:
        """By how much the customers of before brought more; below 0 where they brought less."""
        more = self.resurrected_amount + self.grown_amount
        # 0.1 + 0.2 - 0.3 must be no growth at all.
        return round(more - self.shrunk_amount - self.lost_amount, _DIGITS)

    @property
    def change_amount(self) -> float:
        """By how much revenue rose; below 0 where it fell."""
        return self.new_amount + self.existing_change_amount

    @property
    def new_share(self) -> float | None:
        """Which share of the growth new customers brought: above 1 where others brought less.

        None where revenue did not grow.
        """
        return self.new_amount / self.change_amount if self.change_amount > 0 else None

    @property
    def is_bought(self) -> bool | None:
        """Whether revenue would not have grown without new customers; None where it did not."""
        return self.existing_change_amount <= 0 if self.change_amount > 0 else None

    @property
    def sentence(self) -> str:
        """The answer in words: is the growth bought with new customers?"""
        change, existing = self.change_amount, self.existing_change_amount
        before, now = _money(self.previous_amount), _money(self.previous_amount + change)
        moved = f"stayed at {before}"
        if change:
            word = "rose" if change > 0 else "fell"
            moved = f"{word} by {_money(abs(change))}, from {before} to {now}"
        more = "more" if existing >= 0 else "less"
        parts = (
            f"came back {_money(self.resurrected_amount)}, grew {_money(self.grown_amount)}, "
            f"shrank {_money(self.shrunk_amount)}, left {_money(self.lost_amount)}"
        )
        answer = "There is no growth."
        if self.is_bought:
            without = f"fallen by {_money(-existing)}" if existing else "stayed the same"
            answer = (
                "The growth was bought with new customers: without them revenue would have "
                f"{without}."
            )
        elif self.new_share is not None:
            answer = f"New customers brought {self.new_share:.0%} of the growth."
        return (
            f"Revenue {moved}: new customers "
            f"brought {_money(self.new_amount)}, and customers of before {_money(abs(existing))} "
            f"{more} ({parts}). {answer}"
        )


def _money(amount: float) -> str:
    return f"{amount:,.2f}"
