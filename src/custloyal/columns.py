"""The columns of the table of interactions, by name and kind of value."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CANONICAL", "DAY", "PLACE", "REQUIRED", "ColumnType"]


class ColumnType(StrEnum):
    """What the values of a column are."""

    ID = "text or whole numbers"
    TEXT = "text"
    TIME = "timestamps"
    NUMBER = "numbers"
    FLAG = "true or false"


CANONICAL: Mapping[str, ColumnType] = MappingProxyType(
    {
        "customer_id": ColumnType.ID,
        "occurred_at": ColumnType.TIME,
        "kind": ColumnType.TEXT,
        "interaction_id": ColumnType.ID,
        "case_id": ColumnType.ID,
        "channel": ColumnType.TEXT,
        "department": ColumnType.TEXT,
        "agent_id": ColumnType.ID,
        "touch_point": ColumnType.TEXT,
        "topic": ColumnType.TEXT,
        "category": ColumnType.TEXT,
        "initiated_by": ColumnType.TEXT,
        "phase": ColumnType.TEXT,
        "amount": ColumnType.NUMBER,
        "list_amount": ColumnType.NUMBER,
        "margin_amount": ColumnType.NUMBER,
        "currency": ColumnType.TEXT,
        "outcome": ColumnType.NUMBER,
        "severity": ColumnType.NUMBER,
        "rating": ColumnType.NUMBER,
        "rating_min": ColumnType.NUMBER,
        "rating_max": ColumnType.NUMBER,
        "survey_kind": ColumnType.TEXT,
        "purpose": ColumnType.TEXT,
        "granted": ColumnType.FLAG,
        "referred_customer_id": ColumnType.ID,
        "incentivised": ColumnType.FLAG,
        "rings": ColumnType.NUMBER,
        "wait_s": ColumnType.NUMBER,
        "first_response_s": ColumnType.NUMBER,
        "handle_s": ColumnType.NUMBER,
        "resolution_s": ColumnType.NUMBER,
    }
)
"""Every column that has a meaning of its own; all other numeric columns are measures.

The last five are measures too, under names that service rules know.
"""

REQUIRED = ("customer_id", "occurred_at", "kind")
PLACE = "_row"
"""The internal column that numbers the rows in the order in which they were given, from 0."""

DAY = "_local_day"
"""The internal column of each row's local calendar day."""
