"""The history: a business's table of interactions, whatever engine it lives in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import attrs
import narwhals as nw

from custloyal.columns import CANONICAL, DAY, REQUIRED, ColumnType
from custloyal.engines import Home, Table, from_columns, opened, scanned
from custloyal.errors import InvalidValueError, Mistake, nearest
from custloyal.fold import Source
from custloyal.formats import count
from custloyal.intake.acceptance import Intake, Judged, customer_table, judged
from custloyal.intake.mapping import DropWhen, IntakeMapping, KindWhen
from custloyal.models import Interaction
from custloyal.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


__all__ = ["History", "Unique"]

Unique: TypeAlias = Literal["check", "assume"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class History(Shown):
    """A table of interactions: one row for each thing that happened with a customer.

    Made by `from_native`, `from_interactions` or `scan`. The caller's frame is never changed, and
    every table that comes out is of the library that went in.

    Args:
        home: Where the rows came from, and where results go back to.
        timezone: The IANA name of the zone in which days are counted.
        order: The columns that order the rows of a group.
        columns: The columns of the accepted rows.
        customers: The second table, one row for each customer; None where none was given.
    """

    home: Home
    timezone: str
    order: tuple[str, ...]
    columns: tuple[str, ...]
    customers: Table | None = attrs.field(repr=False)
    _accepted: Table = attrs.field(repr=False)
    _judged: Judged = attrs.field(repr=False)

    def __repr__(self) -> str:
        known = not self.home.is_file_like
        number = f" of {count(self._judged.counts.accepted)} interactions" if known else ""
        return "\n".join(
            [
                f"History{number} on {self.home.implementation.value}, days of {self.timezone}",
                f"  columns: {', '.join(self.columns)}",
            ]
        )

    # In and out --------------------------------------------------------------------------

    @classmethod
    def from_native(
        cls,
        frame: Any,
        *,
        columns: Mapping[str, str] | None = None,
        constants: Mapping[str, str | float | bool] | None = None,
        derive: Mapping[str, str] | None = None,
        kinds: Mapping[str, str] | None = None,
        kind_when: Iterable[KindWhen] = (),
        drop_when: Iterable[DropWhen] = (),
        timezone: str | None = None,
        time_format: str | None = None,
        lines: bool = False,
        order: str | None = None,
        unique: Unique = "check",
        customers: Any = None,
    ) -> History:
        """Take a table of interactions from a frame of any supported library.

        Args:
            frame: One row an interaction: Polars (eager or lazy), pandas, PyArrow, or a DuckDB
                relation. A relation or lazy frame is looked at now and read again by each
                reading: what lies behind it must not change in between. Columns whose names begin
                with an underscore are left out.
            columns: For our column names the names in the frame, where they differ.
            constants: Columns that hold one value for all rows: {"kind": "purchase"}.
            derive: Columns that are computed: {"amount": "Quantity * UnitPrice"}.
            kinds: For the frame's own words the kind that each means.
            kind_when: Conditions that set the kind; the first that holds wins.
            drop_when: Conditions under which rows are rejected.
            timezone: The zone of timestamps that bear none and in which days are counted. None
                refuses such timestamps, and counts days in UTC.
            time_format: How timestamps that are text are written (strptime); None for ISO 8601.
            lines: Whether rows of one interaction_id are lines of one purchase, to be added up.
            order: A column that orders rows in place of their time.
            unique: "check" finds rows whose interaction_id an earlier row bears; "assume" trusts
                that there are none. With `lines`, rows of one id are lines and no duplicates.
            customers: A second frame with one row for each customer_id.

        Returns:
            The history. Its `intake` says what became of each row.

        Raises:
            DataError: With all mistakes of structure: missing columns, types, time zones.
            ConfigurationError: With all mistakes of the mapping.

        Example:
            >>> import polars as pl
            >>> sales = pl.DataFrame({"who": ["ann"], "when": ["2024-05-01"], "amount": [9.5]})
            >>> history = History.from_native(
            ...     sales,
            ...     columns={"customer_id": "who", "occurred_at": "when"},
            ...     constants={"kind": "purchase"},
            ... )
            >>> history.intake.accepted
            1
        """
        mapping = IntakeMapping(
            columns=columns or {},
            constants=constants or {},
            derive=derive or {},
            kinds=kinds or {},
            kind_when=tuple(kind_when),
            drop_when=tuple(drop_when),
            timezone=timezone,
            time_format=time_format,
            lines=lines,
            order=order,
        )
        return cls._taken(*opened(frame), mapping, unique=unique, customers=customers)

    @classmethod
    def from_interactions(
        cls,
        interactions: Iterable[Interaction],
        *,
        timezone: str | None = None,
        unique: Unique = "check",
        customers: Any = None,
    ) -> History:
        """Take `Interaction` objects; results come back as Polars frames.

        Example:
            >>> from datetime import datetime, UTC
            >>> visit = Interaction(
            ...     customer_id="ann", occurred_at=datetime(2024, 5, 1, tzinfo=UTC), kind="visit"
            ... )
            >>> list(History.from_interactions([visit]).to_interactions()) == [visit]
            True
        """
        rows = [interaction.to_row() for interaction in interactions]
        names = dict.fromkeys(["customer_id", "occurred_at", "kind", *(n for r in rows for n in r)])
        columns = {name: [row.get(name) for row in rows] for name in names}
        ids = [name for name, type_ in CANONICAL.items() if type_ is ColumnType.ID]
        frame = from_columns(columns, ids=ids, times=["occurred_at"])
        return cls._taken(
            *opened(frame), IntakeMapping(timezone=timezone), unique=unique, customers=customers
        )

    @classmethod
    def scan(
        cls,
        paths: str | Path | Iterable[str | Path],
        *,
        mapping: IntakeMapping | str | Path | None = None,
        unique: Unique = "check",
        customers: Any = None,
    ) -> History:
        """Take CSV or Parquet files, lazily: rows are read when a reading needs them.

        Args:
            paths: A file, a pattern, or several.
            mapping: What the columns mean: an `IntakeMapping` or the path of a TOML file.
            unique: As for `from_native`.
            customers: As for `from_native`.

        Returns:
            The history; its tables come out as lazy Polars frames.

        Raises:
            DataError: With the files that cannot be read, or all mistakes of structure.
            ConfigurationError: With all mistakes of the mapping file.
        """
        if mapping is None:
            mapping = IntakeMapping()
        elif not isinstance(mapping, IntakeMapping):
            mapping = IntakeMapping.from_toml(mapping)
        return cls._taken(
            *opened(scanned(paths, texts={*CANONICAL, *mapping.sources})),
            mapping,
            unique=unique,
            customers=customers,
        )

    def to_native(self) -> Any:
        """The accepted rows under our names, as a frame of the library they came from.

        `occurred_at` is in UTC and says so.
        """
        return self.home.bring_back(self._accepted.select(*self.columns))

    def to_interactions(self) -> Iterator[Interaction]:
        """The accepted rows as objects; other numeric columns are in their `measures`.

        A rating that is not on its scale, which no reading uses, is left out.
        """
        rows = self.home.collected(self._accepted.select(*self.columns))
        measures = [n for n, t in rows.schema.items() if n not in CANONICAL and t.is_numeric()]
        for row in rows.iter_rows(named=True):
            known = {name: row[name] for name in (*REQUIRED, *CANONICAL, *measures) if name in row}
            yield Interaction.from_row(_with_usable_rating(known))

    # What became of the rows -------------------------------------------------------------

    @property
    def intake(self) -> Intake:
        """What became of each row; counted on first use where the rows are files."""
        return self._judged.intake

    @property
    def left_out(self) -> tuple[str, ...]:
        """The given columns that nothing reads: named as one of ours but for case, or with _."""
        return self._judged.left_out

    @property
    def rejected(self) -> Any:
        """The rejected rows with their `reason` and `row` (from 1), in the caller's library."""
        return self.home.bring_back(self._judged.rejected)

    # For the plan ------------------------------------------------------------------------

    @property
    def interactions(self) -> Source:
        """The accepted rows as the source of folds."""
        return Source(frozenset(self.columns) | {DAY})

    def rows(self, until: datetime) -> Table:
        """The accepted rows up to an instant (UTC without a zone), each with its local day."""
        seen = self._accepted.filter(nw.col("occurred_at") <= nw.lit(until))
        local = self.home.engine.with_local(
            seen, column="occurred_at", name=DAY, timezone=self.timezone
        )
        return local.with_columns(nw.col(DAY).dt.date())

    def and_rows(self, rows: Table) -> History:
        """The history with more accepted rows, such as promises that were judged.

        Its `intake` and `rejected` still speak of the rows that were given.

        Args:
            rows: Rows of the same engine, in columns of the same types; columns that the history
                does not have yet are null in its own rows.
        """
        mine, theirs = self._accepted.collect_schema(), rows.collect_schema()
        new = {name: theirs[name] for name in theirs if name not in mine}
        nulls = {name: nw.lit(None).cast(dtype) for name, dtype in new.items()}
        own = self._accepted.with_columns(**nulls) if nulls else self._accepted
        more = rows.with_columns(
            *(nw.col(name).cast(dtype) for name, dtype in mine.items() if name in theirs),
            **{n: nw.lit(None).cast(dtype) for n, dtype in mine.items() if n not in theirs},
        )
        names = [*mine, *new]
        return attrs.evolve(
            self,
            accepted=nw.concat([own, more.select(*names)]).select(*names),
            columns=(*self.columns, *new),
        )

    def stored(self) -> History:
        """The same history with its accepted rows in memory, or in the connection of its engine.

        Files, lazy frames and relations are otherwise read again by each reading.
        """
        return attrs.evolve(self, accepted=self.home.engine.keep(self._accepted))

    @property
    def last_occurred_at(self) -> datetime | None:
        """The time of the last accepted row, in UTC; None where there is no row."""
        found = self._accepted.select(nw.col("occurred_at").max()).collect("polars").item()
        return None if found is None else found.replace(tzinfo=UTC)

    @classmethod
    def _taken(
        cls, table: Table, home: Home, mapping: IntakeMapping, *, unique: Unique, customers: Any
    ) -> History:
        if unique not in get_args(Unique):
            raise InvalidValueError(
                Mistake("unique", f"is {unique!r}", nearest(str(unique), get_args(Unique)))
            )
        rows = judged(table, home, mapping, find_duplicates=unique == "check")
        return cls(
            home=home,
            timezone=mapping.timezone or "UTC",
            order=rows.order,
            columns=rows.columns,
            customers=None if customers is None else customer_table(customers),
            accepted=rows.accepted,
            judged=rows,
        )


def _with_usable_rating(row: dict[str, Any]) -> dict[str, Any]:
    low, high, rating = (row.get(name) for name in ("rating_min", "rating_max", "rating"))
    scaled = low is None or high is None or low < high
    on_scale = rating is None or (
        (low is None or low <= rating) and (high is None or rating <= high)
    )
    if scaled and on_scale:
        return row
    return {name: value for name, value in row.items() if not name.startswith("rating")}
