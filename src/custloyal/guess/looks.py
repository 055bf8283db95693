"""What can be seen of each column of an unknown table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.engines import opened

if TYPE_CHECKING:
    from custloyal.engines import Engine

__all__ = ["ColumnLook", "TimeLook", "looked_at"]

_ROWS = 100_000
_FORMATS = (
    *("%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S"),
    *("%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y %H:%M:%S"),
    *("%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y%m%d %H:%M:%S", "%Y%m%d%H%M%S"),
    *("%d/%m/%y %H:%M", "%m/%d/%y %H:%M", "%d/%m/%Y %I:%M %p", "%m/%d/%Y %I:%M %p"),
    *("%m/%d/%Y %I:%M:%S %p", "%d %b %Y %H:%M", "%b %d, %Y %H:%M", "%b %d, %Y %I:%M %p"),
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y"),
)
_FIRST_TRIED = 50
_YEARS = (1900, 2200)
_MOST = 0.9
"""The share of values that must be of a type for a column to count as of it."""
_EXAMPLES = 3
_FEW_WORDS = 60
_OFFSET = r":\d\d\S*([Zz]|[+-]\d\d:?\d\d)\s*$"
_COMMA = r"^-?\d{1,3}(\.?\d{3})*,\d+$"
_CREDIT_NOTE = r"^C\d+$"


@attrs.frozen(kw_only=True)
class TimeLook:
    """How a column writes times.

    Args:
        time_format: In the directives of `strptime`; None for ISO 8601 and real timestamps.
        has_zone: Whether the times bear a zone or an offset.
        other_format: Another format that reads as many; then nobody can tell from the data.
    """

    time_format: str | None
    has_zone: bool
    other_format: str | None = None


@attrs.frozen(kw_only=True)
class ColumnLook:
    """What can be seen of one column, in the first rows.

    Args:
        name: The user's own name.
        holds: What it holds, in words.
        rows_count: How many rows were looked at.
        known_count: How many of them hold a value.
        distinct_count: How many different values they hold.
        examples: A few of the values.
        is_number: Whether the values are numbers, or texts that are.
        has_decimal_comma: Whether the numbers are written with a comma, which is not read.
        negative_count: How many numbers are below 0.
        credit_note_count: How many texts are a C and digits, as credit notes are numbered.
        time: How times are written; None where the column holds none.
        words: The different texts, where they are few.
    """

    name: str
    holds: str
    rows_count: int
    known_count: int
    distinct_count: int
    examples: tuple[str, ...]
    is_number: bool = False
    has_decimal_comma: bool = False
    negative_count: int = 0
    credit_note_count: int = 0
    time: TimeLook | None = None
    words: tuple[str, ...] = ()

    @property
    def repeats(self) -> bool:
        """Whether values occur more than once."""
        return self.distinct_count < self.known_count

    @property
    def is_key(self) -> bool:
        """Whether the values can be ids: text or whole numbers, and no times."""
        return self.time is None and self.holds in {"text", "whole numbers"}


def looked_at(native: Any) -> list[ColumnLook]:
    """Look at the first 100,000 rows of a table.

    Args:
        native: A frame of any supported library.

    Returns:
        What is seen of each column, in the order of the columns.

    Raises:
        DataError: Where it is no table.

    Example:
        >>> import polars as pl
        >>> (look,) = looked_at(pl.DataFrame({"when": ["31/12/2010 8:26", "1/1/2011 9:00"]}))
        >>> look.time.time_format
        '%d/%m/%Y %H:%M'
    """
    table, home = opened(native)
    frame = table.head(_ROWS).collect("polars")
    return [_look(frame[name], home.engine) for name in frame.columns]


def _look(column: nw.Series[Any], engine: Engine) -> ColumnLook:
    dtype, rows = column.dtype, len(column)
    is_text = isinstance(dtype, nw.String | nw.Categorical | nw.Enum)
    if is_text:
        text = column.cast(nw.String).str.strip_chars()
        known = text.filter((text != "").fill_null(value=False))
    else:
        known = column.drop_nulls()
    distinct = known.unique(maintain_order=True) if _is_plain(dtype) else known.head(_EXAMPLES)
    seen: dict[str, Any] = {
        "name": column.name,
        "holds": _holds(dtype),
        "rows_count": rows,
        "known_count": len(known),
        "distinct_count": len(distinct),
        "examples": tuple(map(_written, distinct.head(_EXAMPLES).to_list())),
    }
    if not len(known):
        return ColumnLook(**seen)
    if isinstance(dtype, nw.Datetime | nw.Date):
        zoned = isinstance(dtype, nw.Datetime) and dtype.time_zone is not None
        return ColumnLook(**seen, time=TimeLook(time_format=None, has_zone=zoned))
    if dtype.is_numeric():
        negative = int((known < 0).sum())
        return ColumnLook(**seen, is_number=True, negative_count=negative)
    if not is_text:
        return ColumnLook(**seen)
    return ColumnLook(**seen, **_seen_in_text(known, distinct, engine))


def _written(value: Any) -> str:
    """A value as a file has it: a file's 1001 is read as 1001.0."""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _seen_in_text(
    known: nw.Series[Any], distinct: nw.Series[Any], engine: Engine
) -> dict[str, Any]:
    numbers = _read(known, engine, "with_numbers")
    return {
        "is_number": _are_most(~numbers.is_null()),
        "negative_count": int((numbers < 0).sum() or 0),
        "has_decimal_comma": _are_most(known.str.contains(_COMMA)),
        "credit_note_count": int(known.str.contains(_CREDIT_NOTE).sum()),
        "time": _time_in_text(distinct, engine),
        "words": tuple(distinct.to_list()) if len(distinct) <= _FEW_WORDS else (),
    }


def _time_in_text(texts: nw.Series[Any], engine: Engine) -> TimeLook | None:
    if _reads(texts.head(_FIRST_TRIED), engine, None) and (_reads(texts, engine, None)):
        return TimeLook(time_format=None, has_zone=_are_most(texts.str.contains(_OFFSET)))
    near = [each for each in _FORMATS if _reads(texts.head(_FIRST_TRIED), engine, each)]
    counts = {each: _count_read(texts, engine, each) for each in near}
    best = max(counts, key=lambda each: counts[each], default=None)
    if best is None or counts[best] < _MOST * len(texts):
        return None
    others = [each for each in near if each != best and counts[each] == counts[best]]
    return TimeLook(time_format=best, has_zone=False, other_format=others[0] if others else None)


def _reads(texts: nw.Series[Any], engine: Engine, time_format: str | None) -> bool:
    return _count_read(texts, engine, time_format) >= _MOST * len(texts)


def _count_read(texts: nw.Series[Any], engine: Engine, time_format: str | None) -> int:
    times = _read(texts, engine, "with_parsed_times", timezone="UTC", time_format=time_format)
    # A year of two digits reads as the year 10 in a format of four.
    return int(times.dt.year().is_between(*_YEARS).sum() or 0)


def _read(texts: nw.Series[Any], engine: Engine, how: str, **options: Any) -> nw.Series[Any]:
    """The texts as the intake would read them."""
    table = texts.alias("text").to_frame().lazy()
    read = getattr(engine, how)(table, column="text", **options)
    series: nw.Series[Any] = read.collect("polars")["text"]
    return series


def _are_most(flags: nw.Series[Any]) -> bool:
    return bool(int(flags.sum() or 0) >= _MOST * len(flags))


def _is_plain(dtype: nw.dtypes.DType) -> bool:
    return not isinstance(dtype, nw.List | nw.Array | nw.Struct | nw.Object | nw.Unknown)


def _holds(dtype: nw.dtypes.DType) -> str:
    if isinstance(dtype, nw.String | nw.Categorical | nw.Enum):
        return "text"
    if dtype.is_integer():
        return "whole numbers"
    if dtype.is_numeric():
        return "numbers"
    if isinstance(dtype, nw.Datetime):
        return "times"
    if isinstance(dtype, nw.Date):
        return "days"
    return "true or false" if isinstance(dtype, nw.Boolean) else str(dtype)
