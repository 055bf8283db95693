"""States that outlive a call: written, read again, and merged with those of other rows.

Only states of the interactions themselves are kept. Folds over folds are folded again from them,
since a purchase day may stand on both sides of a cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.columns import DAY
from custloyal.engines import Home, Table, opened
from custloyal.errors import DataError, InvalidValueError, MergeError, Mistake
from custloyal.fold import Merging
from custloyal.fold.plan import Pass, Setting
from custloyal.metrics import Metric
from custloyal.models import AsOf
from custloyal.reading.run import Planned, Readings, named, planned, readings_of, resolved
from custloyal.reading.seam import Part, Seam, check_additive
from custloyal.reading.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from custloyal.history import History
    from custloyal.typing import AsOfLike

__all__ = ["States"]


@attrs.frozen(eq=False, kw_only=True)
class States:
    """The states of some metrics: what has to be kept of the rows to go on without them.

    Made by `States.of` or `States.load`; two that were made of different rows `merge`.

    Args:
        metrics: The metrics.
        as_of: No row after it was folded.
        timezone: The zone in which days were counted.
        columns: The columns of the rows.
        order: The columns that ordered the rows of a group.
        complete: Whether no row after `as_of` was left out, so that a later time can be read.
        batches: The batches of rows that were folded, each by its name.
        home: The engine of the tables.
    """

    metrics: tuple[Metric, ...]
    as_of: AsOf
    timezone: str
    columns: tuple[str, ...]
    order: tuple[str, ...]
    complete: bool
    batches: frozenset[str]
    home: Home
    _tables: Mapping[int, Table] = attrs.field(repr=False)
    _halos: Mapping[int, Table] = attrs.field(repr=False)
    _edges: Mapping[int, Table] = attrs.field(repr=False)

    @classmethod
    def of(
        cls,
        history: History,
        metrics: Metric | Iterable[Metric],
        *,
        as_of: AsOfLike | AsOf | None = None,
        batch: str | None = None,
    ) -> States:
        """Fold a history into the states of some metrics.

        Args:
            history: The interactions.
            metrics: The metrics.
            as_of: As for `read`.
            batch: The name of this batch of rows, such as its day, so that `merge` counts it once.
                None tells batches by their rows: the same rows on the same engine are the same.

        Raises:
            MissingColumnError: With every column that some metric needs and the history lacks.
        """
        wanted = named(metrics)
        at = resolved(history, as_of)
        plan = planned(history.interactions.columns, wanted).plan
        engine = history.home.engine
        setting = Setting(engine, history.order, at.utc_wall)
        rows = history.rows(setting.as_of)
        tables, halos, edges = {}, {}, {}
        for each in plan.passes:
            if each.origin is not None:
                continue
            if each.merging is not Merging.ANYWHERE:
                check_additive(each)
                part = Part.of(rows, each, columns=history.columns, setting=setting)
                tables[each.number], halos[each.number] = part.states, part.halo
                edges[each.number] = part.edges
            else:
                tables[each.number] = engine.store(each.run(rows, setting))
        last = history.last_occurred_at
        name = engine.fingerprint(rows, history.columns) if batch is None else batch
        return cls(
            metrics=tuple(wanted.values()),
            as_of=at,
            timezone=history.timezone,
            columns=history.columns,
            order=history.order,
            home=history.home,
            complete=last is None or last <= at.instant,
            batches=frozenset([name]),
            tables=tables,
            halos=halos,
            edges=edges,
        )

    def read(self, *, as_of: AsOfLike | AsOf | None = None) -> Readings:
        """Read all metrics from their states, as `read` does from the rows.

        Args:
            as_of: Not before that of the states; None for theirs.

        Raises:
            InvalidValueError: Where it is before: later rows cannot be taken out of a sum.
        """
        at = self.as_of if as_of is None else AsOf.parse(as_of, timezone=self.timezone)
        if at.instant < self.as_of.instant:
            raise InvalidValueError(
                Mistake("as_of", f"is {at}, before that of the states, {self.as_of}", "read rows")
            )
        if at.instant > self.as_of.instant:
            self._check_complete(at)
        given = {each: self._tables[each.number] for each in self._first_level}
        near = next(iter(self._tables.values()))
        return readings_of(self._planned, near, self.home, order=self.order, as_of=at, given=given)

    def merge(self, other: States, *, again: History | None = None) -> States:
        """The states of the rows of both.

        The parts may be any rows, split at any time or at random. Only folds over rows in order
        (hand-offs) ask that in each group the one part ends where the other begins. A batch that
        was merged already changes nothing.

        Args:
            other: The states of other rows, folded for the same metrics.
            again: The rows of the groups in which the parts overlap in time, of both parts; these
                groups are folded again from them.

        Returns:
            The states of all rows, as of the later of the two times.

        Raises:
            MergeError: Where the two do not belong together, share some batches and not others,
                or groups overlap and are not given again; they are named.
        """
        other = other._brought_to(self)
        self._check_kin(other)
        at = max(self.as_of, other.as_of, key=lambda each: each.instant)
        setting = Setting(self.home.engine, self.order, at.utc_wall)
        for part in (self, other):
            if part.as_of.instant < at.instant:
                part._check_complete(at)
        complete = self.complete and other.complete
        if self.batches <= other.batches or other.batches <= self.batches:
            fuller = self if other.batches <= self.batches else other
            return attrs.evolve(fuller, as_of=at, complete=complete)
        self._check_batches(other)
        tables, halos, edges = {}, {}, {}
        for each in self._first_level:
            mine, theirs = self._tables[each.number], other._tables[each.number]
            if each.merging is Merging.ANYWHERE:
                tables[each.number] = setting.engine.store(_upserted(each, mine, theirs, setting))
                continue
            seam = Seam(each, setting, self.columns, again)
            joined = seam.joined(
                Part(mine, self._halos[each.number], self._edges[each.number]),
                Part(theirs, other._halos[each.number], other._edges[each.number]),
            )
            tables[each.number], halos[each.number] = joined.states, joined.halo
            edges[each.number] = joined.edges
        return attrs.evolve(
            self,
            as_of=at,
            complete=complete,
            batches=self.batches | other.batches,
            tables=tables,
            halos=halos,
            edges=edges,
        )

    # On disk -----------------------------------------------------------------------------

    def write(self, folder: str | Path, *, wait_s: float = 30.0) -> None:
        """Write the states into a folder, whole or not at all, in the place of older states.

        Nothing else is ever removed or replaced. Whoever reads meanwhile reads the older ones.

        Args:
            folder: A new or empty folder, or one of states; a link to it stays a link.
            wait_s: How many seconds to wait where another writes into it.

        Raises:
            DataError: Where anything else is there, another does not finish in time, or the file
                system refuses; what was there is unchanged.
            InvalidValueError: Where no folder is named.
        """
        said = {
            "metrics": [repr(each) for each in self.metrics],
            "as_of": self.as_of.instant.isoformat(),
            "timezone": self.timezone,
            "columns": list(self.columns),
            "order": list(self.order),
            "complete": self.complete,
            "batches": sorted(self.batches),
        }
        tables = {"pass": self._tables, "halo": self._halos, "edges": self._edges}
        Store.at(folder).write(said, tables, wait_s=wait_s)

    @classmethod
    def load(cls, folder: str | Path, metrics: Metric | Iterable[Metric]) -> States:
        """Load states that were written, into Polars tables.

        They are read whole, so that they stay as they are when the folder is written anew.

        Args:
            folder: The folder.
            metrics: The metrics for which they were folded, with equal parameters.

        Raises:
            DataError: Where the folder holds no states, or those of other metrics, or a table is
                not as it was written.
        """
        wanted = tuple(named(metrics).values())
        said, tables = Store.at(folder).read()
        if [repr(each) for each in wanted] != said["metrics"]:
            raise DataError(
                Mistake(
                    str(folder), f"holds the states of {', '.join(said['metrics'])}", "name these"
                )
            )
        _, home = opened(next(iter(tables["pass"].values())).to_native())
        return cls(
            metrics=wanted,
            as_of=AsOf.parse(said["as_of"], timezone=said["timezone"]),
            timezone=said["timezone"],
            columns=tuple(said["columns"]),
            order=tuple(said["order"]),
            complete=said["complete"],
            batches=frozenset(said["batches"]),
            home=home,
            tables=tables["pass"],
            halos=tables["halo"],
            edges=tables["edges"],
        )

    # -------------------------------------------------------------------------------------

    @cached_property
    def _planned(self) -> Planned:
        return planned(frozenset(self.columns) | {DAY}, named(self.metrics))

    @property
    def _first_level(self) -> list[Pass]:
        return [each for each in self._planned.plan.passes if each.origin is None]

    def _brought_to(self, kin: States) -> States:
        """These states on the engine of others: loaded states are on Polars."""
        engine, near = kin.home.engine, next(iter(kin._tables.values()))
        if engine.name == self.home.engine.name:
            return self

        def brought(tables: Mapping[int, Table]) -> dict[int, Table]:
            return {
                number: engine.from_polars(table.collect("polars").to_native(), near)
                for number, table in tables.items()
            }

        return attrs.evolve(
            self,
            home=kin.home,
            tables=brought(self._tables),
            halos=brought(self._halos),
            edges=brought(self._edges),
        )

    def _check_complete(self, at: AsOf) -> None:
        if not self.complete:
            raise MergeError(
                Mistake("as_of", f"rows after {self.as_of} were left out", f"fold as of {at}")
            )

    def _check_batches(self, other: States) -> None:
        shared = sorted(self.batches & other.batches)
        if shared:
            some = ", ".join(map(repr, shared[:10]))
            raise MergeError(
                Mistake("batches", f"{some} would be counted twice", "merge each batch by itself")
            )

    def _check_kin(self, other: States) -> None:
        parts = {
            "metrics": (self.metrics, other.metrics),
            "timezone": (self.timezone, other.timezone),
            "columns": (
                sorted(set(self.columns) - set(other.columns)),
                sorted(set(other.columns) - set(self.columns)),
            ),
            "order": (self.order, other.order),
            **{
                f"types of pass {number}": (_types(table), _types(other._tables[number]))
                for number, table in self._tables.items()
                if number in other._tables
            },
        }
        mistakes = [
            Mistake(name, f"differ: {mine} and {theirs}", "fold both in the same way")
            for name, (mine, theirs) in parts.items()
            if mine != theirs
        ]
        if mistakes:
            raise MergeError(mistakes)


# Anywhere ------------------------------------------------------------------------------------


def _upserted(each: Pass, mine: Table, theirs: Table, setting: Setting) -> Table:
    """States of which only the touched keys are written anew."""
    if not each.grain:
        return each.merged(nw.concat([mine, theirs]), setting)
    keys = list(each.grain)
    untouched = mine.join(theirs.select(*keys), on=keys, how="anti")
    touched = mine.join(theirs.select(*keys), on=keys, how="semi")
    merged = each.merged(nw.concat([touched, theirs]), setting)
    return nw.concat([untouched, merged.select(*untouched.collect_schema().names())])


def _types(table: Table) -> dict[str, str]:
    return {name: str(dtype) for name, dtype in table.collect_schema().items()}
