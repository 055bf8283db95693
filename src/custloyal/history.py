"""The history: a business's table of interactions, whatever engine it lives in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import attrs
import narwhals as nw

from custloyal.columns import CANONICAL, DAY, PLACE, REQUIRED, ColumnType
from custloyal.engines import Home, Table, from_columns, opened, scanned
from custloyal.errors import InvalidValueError, Mistake, nearest
from custloyal.fold import Source
from custloyal.formats import count, shortened
from custloyal.intake.acceptance import (
    Counts,
    check_currency,
    counted,
    duplicates_of,
    has_duplicates,
    height,
    judged_rows,
    with_negative_returns,
)
from custloyal.intake.columns import REASON
from custloyal.intake.customers import customer_table
from custloyal.intake.mapping import DropWhen, IntakeMapping, KindWhen
from custloyal.models import Interaction
from custloyal.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


__all__ = ["History", "Intake", "Unique"]

_WORDS = 5
"""How many words that are no kind an intake names."""

Unique: TypeAlias = Literal["check", "assume"]


@attrs.frozen(kw_only=True, repr=False)
class Intake(Shown):
    """What became of the rows that were given.

    given = accepted + rejected + duplicates + folded lines, always.

    Args:
        given: The rows of the user's table.
        accepted: The interactions that every reading sees.
        rejected: For each reason the rows that were rejected.
        duplicates: Rows whose interaction_id an earlier row bears.
        folded_lines: Rows that were added to another row of their interaction_id.
        unmapped: For each word that is no kind the accepted rows that became `other`.
        negated_returns: Returns that were given with a positive amount.
        timezone: The zone in which days are counted.
    """

    given: int
    accepted: int
    rejected: Mapping[str, int]
    duplicates: int
    folded_lines: int
    unmapped: Mapping[str, int]
    negated_returns: int
    timezone: str

    @property
    def rejected_count(self) -> int:
        """All rejected rows."""
        return sum(self.rejected.values())

    def __repr__(self) -> str:
        parts = {
            "accepted": self.accepted,
            "rejected": self.rejected_count,
            "duplicates": self.duplicates,
            "lines added to another row": self.folded_lines,
        }
        sums = [f"{count(number)} {what}" for what, number in parts.items() if number]
        lines = [f"Intake: {count(self.given)} given = {' + '.join(sums) or '0'}"]
        lines += [f"  rejected, {why}: {count(n)}" for why, n in self.rejected.items()]
        words = [f"{shortened(word, limit=40)!r} ({count(n)})" for word, n in self.unmapped.items()]
        more = f" and {count(len(words) - _WORDS)} more" if len(words) > _WORDS else ""
        lines += [f"  no kind, taken as other: {', '.join(words[:_WORDS])}{more}"] if words else []
        if self.negated_returns:
            lines.append(f"  returns made negative: {count(self.negated_returns)}")
        return "\n".join([*lines, f"  days are those of {self.timezone}"])


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
    _given: Table = attrs.field(repr=False)
    _mapping: IntakeMapping = attrs.field(repr=False)
    _duplicates: Table | None = attrs.field(repr=False)
    _counts: Counts | None

    def __repr__(self) -> str:
        number = "" if self._counts is None else f" of {count(self._counts.accepted)} interactions"
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
        rows = self.home.engine.presented(self._accepted.select(*self.columns)).collect("polars")
        measures = [n for n, t in rows.schema.items() if n not in CANONICAL and t.is_numeric()]
        for row in rows.iter_rows(named=True):
            known = {name: row[name] for name in (*REQUIRED, *CANONICAL, *measures) if name in row}
            yield Interaction.from_row(_with_usable_rating(known))

    # What became of the rows -------------------------------------------------------------

    @cached_property
    def intake(self) -> Intake:
        """What became of each row; counted on first use where the rows are files."""
        counts = self._counts or self._counted()
        given = height(self._given)
        duplicates = 0 if self._duplicates is None else height(self._duplicates)
        return Intake(
            given=given,
            accepted=counts.accepted,
            rejected=counts.rejected,
            duplicates=duplicates,
            folded_lines=given - counts.accepted - duplicates - sum(counts.rejected.values()),
            unmapped=counts.unmapped,
            negated_returns=counts.negated,
            timezone=self.timezone,
        )

    @property
    def left_out(self) -> tuple[str, ...]:
        """The given columns that nothing reads: named as one of ours but for case, or with _."""
        read = {*self.columns, *self._mapping.sources}
        return tuple(name for name in self._given.collect_schema() if name not in read)

    @property
    def rejected(self) -> Any:
        """The rejected rows with their `reason` and `row` (from 1), in the caller's library."""
        rejected = self._judged(placed=True).filter(~nw.col(REASON).is_null())
        row, reason = (nw.col(PLACE) + 1).alias("row"), nw.col(REASON).alias("reason")
        # Rows that were added later were never judged.
        judged = rejected.collect_schema()
        given = [name for name in self.columns if name in judged]
        return self.home.bring_back(rejected.select(row, reason, *given))

    def _counted(self) -> Counts:
        judged = self._judged(placed=self._duplicates is not None)
        if self._duplicates is not None:
            judged = judged.join(self._duplicates, on=PLACE, how="anti")
        return counted(judged, self.home.engine)

    def _judged(self, *, placed: bool) -> Table:
        return judged_rows(self._given, self.home, self._mapping, placed=placed)[0]

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
        engine = home.engine
        placed = mapping.lines or "interaction_id" not in {*table.collect_schema(), *mapping.names}
        judged, columns = judged_rows(table, home, mapping, placed=placed)
        check_currency(judged, columns)
        duplicates = None
        if (
            unique == "check"
            and "interaction_id" in columns
            and not mapping.lines
            and has_duplicates(judged)
        ):
            placed_rows = engine.store(judged_rows(table, home, mapping, placed=True)[0])
            duplicates = duplicates_of(placed_rows, engine)
            judged = placed_rows.join(duplicates, on=PLACE, how="anti")
        # Files are counted when somebody asks. A step that would change nothing is left out.
        counts = None if home.is_file_like else counted(judged, engine)
        accepted = judged
        if counts is None or counts.rejected:
            accepted = accepted.filter(nw.col(REASON).is_null())
        if counts is None or counts.negated:
            accepted = with_negative_returns(accepted, columns)
        order = _order(mapping, columns)
        kept = dict.fromkeys([*columns, *order])
        accepted = accepted.select(*kept)
        if duplicates is not None or not home.lazy:
            accepted = engine.keep(accepted)
        return cls(
            home=home,
            timezone=mapping.timezone or "UTC",
            order=order,
            columns=columns,
            customers=None if customers is None else customer_table(customers),
            accepted=accepted,
            given=table,
            mapping=mapping,
            duplicates=duplicates,
            counts=counts,
        )


def _order(mapping: IntakeMapping, columns: tuple[str, ...]) -> tuple[str, ...]:
    time = "occurred_at" if mapping.order is None else mapping.order
    return (time, "interaction_id" if "interaction_id" in columns else PLACE)


def _with_usable_rating(row: dict[str, Any]) -> dict[str, Any]:
    low, high, rating = (row.get(name) for name in ("rating_min", "rating_max", "rating"))
    scaled = low is None or high is None or low < high
    on_scale = rating is None or (
        (low is None or low <= rating) and (high is None or rating <= high)
    )
    if scaled and on_scale:
        return row
    return {name: value for name, value in row.items() if not name.startswith("rating")}
