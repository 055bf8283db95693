"""Business time over columns: how long it was, when it is due, whether it was open.

What `BusinessCalendar` says of an instant these functions say of every row of a table, to the
microsecond, in the engine in which the table lives. They know the years 1950 to 2099 in UTC.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.engines import opened
from custloyal.errors import (
    DataError,
    InvalidValueError,
    MissingColumnError,
    Mistake,
    nearest,
)
from custloyal.models import BusinessCalendar
from custloyal.models.checks import check_number
from custloyal.models.frozen_mapping import FrozenMapping
from custloyal.models.windows import check_timezone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from custloyal.engines import Engine, Table

__all__ = [
    "BusinessTime",
    "business_instant",
    "business_time",
    "with_added",
    "with_business_times",
    "with_elapsed",
    "with_is_open",
    "with_next_open",
]

_SECOND_US = 1_000_000
_MICROSECOND = timedelta(microseconds=1)
_LONGEST_US = 1e16
"""More business time than the years 1950 to 2099 have."""

_MISSING = "is not a column of the table"
_START, _END, _AMOUNT = "_custloyal_start", "_custloyal_end", "_custloyal_amount"
_SINCE, _UNTIL = "_custloyal_since", "_custloyal_until"


def with_elapsed(
    frame: Any,
    calendar: BusinessCalendar,
    *,
    start: str,
    end: str,
    name: str = "elapsed_business_s",
    timezone: str | None = None,
) -> Any:
    """A table with the business time between two of its columns, in seconds.

    Args:
        frame: A table of Polars, DuckDB, pandas or PyArrow; it is not changed.
        calendar: When the business is open.
        start: The column of instants from which is counted.
        end: The column of instants up to which is counted; before the start the time is negative.
        name: The name of the new column.
        timezone: The zone of columns without one, which are refused otherwise.

    Returns:
        The table in the same library, with a column of numbers; each is a whole number of
        microseconds, divided by a million. Null where an instant is null or not of the years 1950
        to 2099.

    Raises:
        CustloyalError: Where a column is not there, holds no times or has no zone, the name is
            taken, or the zone does not exist; all of it at once.

    Example:
        >>> import polars as pl
        >>> from datetime import datetime
        >>> from custloyal.models import BusinessCalendar
        >>> office = BusinessCalendar({"mon-fri": "09:00-17:00"})
        >>> calls = pl.DataFrame(
        ...     {"asked": [datetime(2024, 1, 19, 16)], "answered": [datetime(2024, 1, 22, 10)]}
        ... )
        >>> counted = with_elapsed(calls, office, start="asked", end="answered", timezone="UTC")
        >>> counted["elapsed_business_s"].item()
        7200.0
    """

    def computed(rows: Table, engine: Engine) -> Table:
        both = {_SINCE: _START, _UNTIL: _END}
        rows = engine.with_business_time(rows, columns=both, calendar=calendar, to_instant=False)
        passed = nw.col(_UNTIL) - nw.col(_SINCE)
        # Polars multiplies by the reciprocal of a literal, and 7,200 s come out above 7,200.
        rows = rows.with_columns(passed.alias(_SINCE), (passed * 0 + _SECOND_US).alias(_UNTIL))
        return rows.with_columns((nw.col(_SINCE) / nw.col(_UNTIL)).alias(name))

    return _with_column(
        frame, calendar, {_START: start, _END: end}, computed, name=name, timezone=timezone
    )


def with_added(
    frame: Any,
    calendar: BusinessCalendar,
    *,
    start: str,
    hours: float | str = 0,
    minutes: float | str = 0,
    seconds: float | str = 0,
    name: str = "due_at",
    timezone: str | None = None,
) -> Any:
    """A table with the first instant by which so much business time has passed.

    Args:
        frame: A table of Polars, DuckDB, pandas or PyArrow; it is not changed.
        calendar: When the business is open.
        start: The column of instants from which is counted.
        hours: How many hours, or the column that says it.
        minutes: How many minutes more, or the column that says it.
        seconds: How many seconds more, or the column that says it.
        name: The name of the new column.
        timezone: The zone of a column without one, which is refused otherwise.

    Returns:
        The table in the same library, with a column of instants in UTC. Null where the start or an
        amount is null, all amounts together are below 0, or an instant is not of the years 1950 to
        2099.

    Raises:
        CustloyalError: As `with_elapsed`.

    Example:
        >>> import polars as pl
        >>> from datetime import datetime
        >>> from custloyal.models import BusinessCalendar
        >>> office = BusinessCalendar({"mon-fri": "09:00-17:00"})
        >>> calls = pl.DataFrame({"asked": [datetime(2024, 1, 20, 10)], "allowed_s": [7200]})
        >>> due = with_added(calls, office, start="asked", seconds="allowed_s", timezone="UTC")
        >>> due["due_at"].item().isoformat()
        '2024-01-22T11:00:00+00:00'
    """
    given = {"hours": (hours, 3600), "minutes": (minutes, 60), "seconds": (seconds, 1)}
    wrong = [
        check_number(option, amount, low=0)
        for option, (amount, _) in given.items()
        if not isinstance(amount, str)
    ]
    amounts = {option: each for option, (each, _) in given.items() if isinstance(each, str)}

    def computed(rows: Table, engine: Engine) -> Table:
        # Whole numbers where they are: a number of seconds with a fraction is rounded once.
        fixed = sum(
            round(each * unit * _SECOND_US)
            for each, unit in given.values()
            if not isinstance(each, str)
        )
        amount = nw.lit(float(fixed))
        for option in amounts:
            amount = amount + nw.col(f"{_AMOUNT}_{option}") * (given[option][1] * _SECOND_US)
        rows = rows.with_columns(amount.alias(_AMOUNT))
        inside = (nw.col(_AMOUNT) >= 0) & (nw.col(_AMOUNT) < _LONGEST_US)  # a NaN is not
        rows = rows.with_columns(nw.when(inside).then(nw.col(_AMOUNT)).alias(_AMOUNT))
        rows = rows.with_columns(nw.col(_AMOUNT).round(0).cast(nw.Int64).alias(_AMOUNT))
        rows = with_business_times(rows, engine, {_SINCE: business_time(_START, calendar)})
        rows = rows.with_columns((nw.col(_SINCE) + nw.col(_AMOUNT)).alias(_UNTIL))
        rows = with_business_times(rows, engine, {name: business_instant(_UNTIL, calendar)})
        at_once = nw.when(nw.col(_AMOUNT) == 0).then(nw.col(_START)).otherwise(nw.col(name))
        return rows.with_columns(at_once.alias(name))

    return _with_column(
        frame,
        calendar,
        {_START: start},
        computed,
        name=name,
        timezone=timezone,
        numbers={f"{_AMOUNT}_{option}": column for option, column in amounts.items()},
        mistakes=wrong,
    )


def with_is_open(
    frame: Any,
    calendar: BusinessCalendar,
    *,
    instant: str,
    name: str = "is_open",
    timezone: str | None = None,
) -> Any:
    """A table with whether the business was open at the instants of a column.

    Args:
        frame: A table of Polars, DuckDB, pandas or PyArrow; it is not changed.
        calendar: When the business is open.
        instant: The column of instants.
        name: The name of the new column.
        timezone: The zone of a column without one, which is refused otherwise.

    Returns:
        The table in the same library, with a column of True and False. Null where the instant is
        null or not of the years 1950 to 2099.

    Raises:
        CustloyalError: As `with_elapsed`.
    """

    def computed(rows: Table, engine: Engine) -> Table:
        # Open is where the next microsecond is business time.
        rows = rows.with_columns((nw.col(_START) + nw.lit(_MICROSECOND)).alias(_END))
        both = {_SINCE: business_time(_START, calendar), _UNTIL: business_time(_END, calendar)}
        rows = with_business_times(rows, engine, both)
        return rows.with_columns((nw.col(_UNTIL) > nw.col(_SINCE)).alias(name))

    return _with_column(frame, calendar, {_START: instant}, computed, name=name, timezone=timezone)


def with_next_open(
    frame: Any,
    calendar: BusinessCalendar,
    *,
    instant: str,
    name: str = "next_open_at",
    timezone: str | None = None,
) -> Any:
    """A table with the first instant, from those of a column on, at which the business is open.

    Args:
        frame: A table of Polars, DuckDB, pandas or PyArrow; it is not changed.
        calendar: When the business is open.
        instant: The column of instants.
        name: The name of the new column.
        timezone: The zone of a column without one, which is refused otherwise.

    Returns:
        The table in the same library, with a column of instants in UTC; the instant itself where
        the business is open. Null where the instant is null, or one of the two is not of the
        years 1950 to 2099.

    Raises:
        CustloyalError: As `with_elapsed`.
    """

    def computed(rows: Table, engine: Engine) -> Table:
        # The next microsecond of business time is over a microsecond after it begins.
        rows = with_business_times(rows, engine, {_SINCE: business_time(_START, calendar)})
        rows = rows.with_columns((nw.col(_SINCE) + 1).alias(_UNTIL))
        rows = with_business_times(rows, engine, {name: business_instant(_UNTIL, calendar)})
        return rows.with_columns((nw.col(name) - nw.lit(_MICROSECOND)).alias(name))

    return _with_column(frame, calendar, {_START: instant}, computed, name=name, timezone=timezone)


def _with_column(
    frame: Any,
    calendar: BusinessCalendar,
    times: Mapping[str, str],
    computed: Callable[[Table, Engine], Table],
    *,
    name: str,
    timezone: str | None,
    numbers: Mapping[str, str] = FrozenMapping({}),
    mistakes: Iterable[Mistake | None] = (),
) -> Any:
    """A frame with a column that is computed from copies of some of its columns.

    Args:
        frame: The user's frame.
        calendar: What must be a calendar.
        times: The names of copies of columns of instants, each with its column.
        computed: Adds the new column to a table with the copies, its instants in UTC.
        name: The name of the new column.
        timezone: The zone of columns without one.
        numbers: The names of copies of columns of numbers, each with its column.
        mistakes: What is wrong already.
    """
    table, home = opened(frame)
    schema = table.collect_schema()
    _refuse(
        *mistakes,
        _calendar_mistake(calendar),
        *(_time_mistake(schema, column, timezone) for column in dict.fromkeys(times.values())),
        *(_number_mistake(schema, column) for column in dict.fromkeys(numbers.values())),
        *_option_mistakes(schema, name, timezone),
    )
    copies = {copy: nw.col(column) for copy, column in {**times, **numbers}.items()}
    rows = table.with_columns(**copies)
    for copy in times:
        rows = home.engine.with_utc(rows, column=copy, timezone=timezone)
    rows = computed(rows, home.engine)
    return home.with_column(frame, rows.select(*schema, name), name)


def _refuse(*found: Mistake | None) -> None:
    mistakes = [mistake for mistake in found if mistake]
    if mistakes:
        missing = all(mistake.message == _MISSING for mistake in mistakes)
        raise (MissingColumnError if missing else DataError)(mistakes)


def _calendar_mistake(calendar: object) -> Mistake | None:
    if isinstance(calendar, BusinessCalendar):
        return None
    mend = 'give BusinessCalendar({"mon-fri": "08:00-20:00"})'
    return Mistake("calendar", f"is {calendar!r}, no calendar", mend)


def _time_mistake(schema: nw.Schema, column: str, timezone: str | None) -> Mistake | None:
    dtype = schema.get(column)
    if dtype is None:
        return Mistake(column, _MISSING, nearest(column, schema))
    if not isinstance(dtype, nw.Datetime | nw.Date):
        mend = "convert them to timestamps first"
        return Mistake(column, f"holds {dtype}, must hold times", mend)
    if timezone is None and (isinstance(dtype, nw.Date) or dtype.time_zone is None):
        mend = "name the zone: timezone='Europe/London', or 'UTC'"
        return Mistake(column, "has no time zone", mend)
    return None


def _number_mistake(schema: nw.Schema, column: str) -> Mistake | None:
    dtype = schema.get(column)
    if dtype is None:
        return Mistake(column, _MISSING, nearest(column, schema))
    return None if dtype.is_numeric() else Mistake(column, f"holds {dtype}, must hold numbers")


def _option_mistakes(schema: nw.Schema, name: str, timezone: str | None) -> Iterator[Mistake]:
    if not isinstance(name, str) or not name:
        yield Mistake("name", f"is {name!r}", "name the new column")
    # DuckDB takes `T` and `t` for one name.
    elif name.casefold() in {column.casefold() for column in schema}:
        yield Mistake("name", f"{name!r} is a column already", "choose another name")
    if timezone is not None:
        try:
            check_timezone(timezone)
        except InvalidValueError as error:
            yield from error.mistakes


# For a fold: business time as columns that a source may let --------------------------------


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
