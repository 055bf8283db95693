"""What an engine must be able to say in its own words.

Everything else is said once, in narwhals expressions. A seam stands here only where narwhals has
no word for it, or a word that was measured to be several times slower than the engine's own.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import attrs
import narwhals as nw

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from custloyal.models import BusinessCalendar

__all__ = ["ISO_TIME", "Aggregate", "Combine", "Engine", "Look", "Sight", "Table"]

Table: TypeAlias = nw.LazyFrame[Any]
"""A lazy narwhals frame of any engine."""


ISO_TIME = (
    r"^(\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(:\d\d(?:\.\d+)?)?)?)"
    r"(?:\s*([Zz]|[+-]\d\d(?::?\d\d)?))?$"
)
"""The texts that are read as times: ISO 8601; the bare time, its seconds, its offset."""


class Combine(StrEnum):
    """The closed vocabulary of ways in which values of a group become one."""

    SUM = "sum"
    COUNT = "count"
    """How many are true; counts themselves are combined by `SUM`."""
    ROWS = "rows"
    """How many rows there are, whatever they hold."""
    MIN = "min"
    MAX = "max"
    FIRST = "first"
    """The value of the row in which another column is lowest."""
    LAST = "last"
    """The value of the row in which another column is highest."""


@attrs.frozen
class Aggregate:
    """One aggregate of a grouping: how, of which column, and by which order.

    Args:
        combine: How the values of a group become one.
        column: The column that is aggregated; its nulls are not seen. `ROWS` looks at none.
        order: For `FIRST` and `LAST` the column that orders the rows; not seen where it is null.
    """

    combine: Combine
    column: str
    order: str = ""


class Sight(StrEnum):
    """What a row can see of the other rows of its group, in order."""

    PREVIOUS = "previous"
    """The value of the row some places before; of one after it where `back` is negative."""
    CARRIED = "carried"
    """The last known value of the rows before."""
    FOLLOWING = "following"
    """The first known value of the rows after."""
    ACCUMULATED = "accumulated"
    """The sum of whole numbers over the rows before; 0 where there are none."""


@attrs.frozen
class Look:
    """What a row sees in a column of the other rows of its group, in order.

    Args:
        sight: Which rows it sees, and what of them.
        column: The column.
        back: For `PREVIOUS` how many rows before.
    """

    sight: Sight
    column: str
    back: int = 1


class Engine(Protocol):
    """The seams of one engine. Frames come and go as lazy narwhals frames."""

    @property
    def name(self) -> str:
        """The name of the library."""
        ...

    def group(
        self, frame: Table, keys: Sequence[str], aggregates: Mapping[str, Aggregate]
    ) -> Table:
        """One row a group; without keys one row for all. Sums of nothing are 0."""
        ...

    def store(self, frame: Table) -> Table:
        """Compute the frame now and keep it, so that several readers do not compute it again."""
        ...

    def keep(self, frame: Table) -> Table:
        """As `store`, for a frame most of whose columns are there already: they are not copied."""
        ...

    def with_looks(
        self,
        frame: Table,
        *,
        within: str,
        order: Sequence[str],
        looks: Mapping[str, Look],
        ordered: bool = False,
    ) -> Table:
        """Put the rows of each group in order, and add columns that look at others of the group.

        Args:
            frame: The rows.
            within: The column of the group.
            order: The columns that order the rows of a group.
            looks: The new columns.
            ordered: Whether the rows come from this very seam, with only columns added or rows
                left out since.

        Returns:
            The rows, with the new columns; null where no such row is seen, and for rows whose
            group is null.
        """
        ...

    def with_place(self, frame: Table, name: str) -> Table:
        """Add the place of each row in the input, from 0."""
        ...

    def with_local(self, frame: Table, *, column: str, name: str, timezone: str) -> Table:
        """Add the wall time in a zone of a column in UTC without a zone."""
        ...

    def with_utc(self, frame: Table, *, column: str, timezone: str | None) -> Table:
        """Bring a column of instants or of wall times into UTC without a zone, microseconds.

        Args:
            frame: The rows.
            column: The column; dates are midnights.
            timezone: The zone of wall times. A doubled wall time is its first occurrence, one in
                a clock gap is moved on by the gap. Not used where the column knows its zone.

        Returns:
            The rows with the column replaced.
        """
        ...

    def with_parsed_times(
        self, frame: Table, *, column: str, timezone: str | None, time_format: str | None
    ) -> Table:
        """Read a column of text into UTC without a zone; null where it cannot be read.

        Args:
            frame: The rows.
            column: The column of text: ISO 8601, with an offset or without.
            timezone: The zone of texts without an offset.
            time_format: Another format, in the directives of `strptime`.
        """
        ...

    def with_numbers(self, frame: Table, *, column: str) -> Table:
        """Read a column of text as floats; null where a text is no number."""
        ...

    def with_words(
        self,
        frame: Table,
        *,
        column: str,
        vocabulary: Sequence[str],
        words: Mapping[str, str],
        otherwise: str | None,
        seen: Collection[str | None] | None,
    ) -> Table:
        """Bring a column of text into a closed vocabulary.

        Args:
            frame: The rows.
            column: The column of text.
            vocabulary: All words that the column may then hold.
            words: For each text that is understood the word of the vocabulary.
            otherwise: The word for texts that are not understood, and for nulls.
            seen: The texts that occur, where that is known.

        Returns:
            The rows with the column replaced, in the type in which the engine compares quickest.
        """
        ...

    def with_lookups(
        self, frame: Table, *, column: str, numbers: Mapping[str, Mapping[str, float]]
    ) -> Table:
        """Add columns with a number for each word of a column; null for words that have none.

        Args:
            frame: The rows.
            column: The column of words, as `with_words` leaves it.
            numbers: For each new column the number of each word.
        """
        ...

    def with_business_time(
        self,
        frame: Table,
        *,
        columns: Mapping[str, str],
        calendar: BusinessCalendar,
        to_instant: bool,
    ) -> Table:
        """Add the business time of instants, or the instants of business times.

        Args:
            frame: The rows.
            columns: For each new column the one that it is made of, which is another: instants
                in UTC without a zone, or business times in microseconds.
            calendar: When the business is open.
            to_instant: Whether the new columns are the first instants by which those business
                times have passed; else they are business times, whole microseconds that an
                engine may hold in floats.

        Returns:
            The rows, with the new columns; null where the column is null, or lies outside of the
            years that `custloyal.engines.steps` knows.
        """
        ...

    def fingerprint(self, frame: Table, columns: Sequence[str]) -> str:
        """Some text that tells these rows from any others, in whatever order they stand."""
        ...

    def from_polars(self, frame: Any, near: Table) -> Table:
        """A small Polars frame as a table that can be joined with a table of this engine."""
        ...

    def presented(self, frame: Table, *columns: str) -> Table:
        """The frame as users see it: instants say that they are in UTC, words are plain text.

        Args:
            frame: The frame.
            columns: The columns that are ours; none for all of them.
        """
        ...
