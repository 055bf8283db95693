"""Business time as columns of a table: from instants to business time, and back.

Both are columns that a source may `let`, so that metrics and rules count in business time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.models import BusinessCalendar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from custloyal.engines import Engine, Table

__all__ = ["BusinessTime", "business_instant", "business_time", "with_business_times"]


@attrs.frozen
class BusinessTime:
    """The business time of an instant, or the instant of a business time.

    Args:
        column: The column that it is made of.
        calendar: When the business is open.
        to_instant: Whether it is the instant of a business time.
    """

    column: str
    calendar: BusinessCalendar
    to_instant: bool


def business_time(column: str, calendar: BusinessCalendar) -> BusinessTime:
    """The business time from 1950 up to an instant, in microseconds.

    The difference of two is the business time between their instants.

    Args:
        column: The column of instants, UTC without a zone.
        calendar: When the business is open.

    Returns:
        Whole numbers; null where the instant is null or not of the years 1950 to 2099.
    """
    return BusinessTime(column, calendar, to_instant=False)


def business_instant(column: str, calendar: BusinessCalendar) -> BusinessTime:
    """The first instant by which so much business time has passed since 1950.

    Args:
        column: The column of business times in microseconds, as `business_time` counts them.
        calendar: When the business is open.

    Returns:
        Instants in UTC without a zone; null where the business time is null, not above 0, or not
        reached by the end of 2099.
    """
    return BusinessTime(column, calendar, to_instant=True)


def with_business_times(rows: Table, engine: Engine, columns: Mapping[str, BusinessTime]) -> Table:
    """Add business times, and instants of business times, to a table.

    Args:
        rows: The table.
        engine: The engine that runs it.
        columns: What is added, by name. Those of one calendar share its table of openings.
    """
    alike: dict[tuple[BusinessCalendar, bool], dict[str, str]] = {}
    for name, each in columns.items():
        alike.setdefault((each.calendar, each.to_instant), {})[name] = each.column
    for (calendar, to_instant), made in alike.items():
        rows = engine.with_business_time(
            rows, columns=made, calendar=calendar, to_instant=to_instant
        )
        if not to_instant:
            rows = rows.with_columns(nw.col(*made).cast(nw.Int64))
    return rows
