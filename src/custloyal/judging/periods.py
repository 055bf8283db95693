"""Windows: the local calendar periods over which promises are looked at."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import narwhals as nw

from custloyal.rules import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["next_start", "start_of", "starts", "window_start"]

_MONTHS = {Window.MONTH: 1, Window.QUARTER: 3, Window.YEAR: 12}
_TRUNCATED = {Window.MONTH: "1mo", Window.QUARTER: "1q", Window.YEAR: "1y"}


def window_start(day: str, window: Window) -> nw.Expr:
    """The first day of the window in which a day falls; weeks begin on Monday.

    Args:
        day: The column of local days.
        window: The period.
    """
    column = nw.col(day)
    if window is Window.DAY:
        return column
    if window is not Window.WEEK:
        return column.dt.truncate(_TRUNCATED[window]).cast(nw.Date)
    # No engine's own weeks: they begin on different days.
    monday = column
    for weekday in range(2, 8):
        earlier = column.dt.offset_by(f"-{weekday - 1}d").cast(nw.Date)
        monday = nw.when(column.dt.weekday() == weekday).then(earlier).otherwise(monday)
    return monday


def start_of(day: date, window: Window) -> date:
    """The first day of the window in which a day falls."""
    if window is Window.DAY:
        return day
    if window is Window.WEEK:
        return day - timedelta(days=day.weekday())
    months = _MONTHS[window]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def next_start(day: date, window: Window) -> date:
    """The first day of the window after the one in which a day falls."""
    start = start_of(day, window)
    if window in (Window.DAY, Window.WEEK):
        return start + timedelta(days=1 if window is Window.DAY else 7)
    month = start.month - 1 + _MONTHS[window]
    return date(start.year + month // 12, month % 12 + 1, 1)


def starts(first: date, last: date, window: Window) -> Iterator[date]:
    """The first days of the windows that begin from a day on, up to another."""
    start = start_of(first, window)
    start = start if start == first else next_start(first, window)
    while start <= last:
        yield start
        start = next_start(start, window)
