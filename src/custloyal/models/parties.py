"""The customer: who they are to the business."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

import attrs

from custloyal.errors import Mistake
from custloyal.models.checks import (
    as_frozen,
    as_instant,
    as_number,
    check_id,
    check_instant,
    check_number,
    check_text,
    refuse,
)
from custloyal.models.frozen_mapping import FrozenMapping
from custloyal.typing import Id

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Attribute", "Customer"]

Attribute: TypeAlias = str | int | float | bool
"""What a customer may further be grouped by."""

_NO_ATTRIBUTES: Mapping[str, Attribute] = FrozenMapping({})


def _attributes(value: Mapping[str, Attribute]) -> Mapping[str, Attribute]:
    return as_frozen(value)


@attrs.frozen
class Customer:
    """Somebody who may buy, buys or has bought.

    Args:
        customer_id: The identifier that interactions name.
        tier: The rank that the business gives, such as "gold".
        segment: The group that the business puts the customer in.
        owner_id: The agent who answers for the customer.
        acquired_at: When the customer was won, with a time zone; kept in UTC.
        acquisition_channel: Through what the customer was won.
        acquisition_cost_amount: What that cost, at least 0, in the currency of the history.
        attributes: Whatever else customers are grouped by, by name.

    Raises:
        InvalidValueError: Where a field is not what it must be; all such fields are named.

    Example:
        >>> Customer("anna", tier="gold", attributes={"country": "DE"}).attributes["country"]
        'DE'
        >>> Customer("", acquisition_cost_amount=-5)
        Traceback (most recent call last):
        custloyal.errors.InvalidValueError: 2 mistakes:
          customer_id: is '', must be text that is not empty or a whole number
          acquisition_cost_amount: is -5.0, must be a number of at least 0
    """

    customer_id: Id
    tier: str | None = attrs.field(default=None, kw_only=True)
    segment: str | None = attrs.field(default=None, kw_only=True)
    owner_id: str | None = attrs.field(default=None, kw_only=True)
    acquired_at: datetime | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_instant), kw_only=True
    )
    acquisition_channel: str | None = attrs.field(default=None, kw_only=True)
    acquisition_cost_amount: float | None = attrs.field(
        default=None, converter=as_number, kw_only=True
    )
    attributes: Mapping[str, Attribute] = attrs.field(
        default=_NO_ATTRIBUTES, converter=_attributes, kw_only=True
    )

    def __attrs_post_init__(self) -> None:
        refuse(
            check_id("customer_id", self.customer_id),
            check_text("tier", self.tier),
            check_text("segment", self.segment),
            check_text("owner_id", self.owner_id),
            check_instant("acquired_at", self.acquired_at, optional=True),
            check_text("acquisition_channel", self.acquisition_channel),
            check_number(
                "acquisition_cost_amount", self.acquisition_cost_amount, low=0, optional=True
            ),
            *_check_attributes(self.attributes),
        )


def _check_attributes(attributes: object) -> Iterator[Mistake]:
    if not isinstance(attributes, Mapping):
        yield Mistake("attributes", "must be a mapping from names to values")
        return
    for name, value in attributes.items():
        wrong = check_text("attributes", name, optional=False)
        if not wrong and not isinstance(value, str | bool):
            wrong = check_number(f"attributes.{name}", value)
        if wrong:
            yield wrong
