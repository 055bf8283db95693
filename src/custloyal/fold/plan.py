"""The planner: the folds of all metrics in as few passes over the data as they need.

Folds of the same source at the same grain become one pass; equal columns of a pass stand in it
once, whoever asked for them. A pass over the states of another runs after it, and a pass that
several read is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.engines import Engine
from custloyal.fold.column import REFERENCE, Column
from custloyal.fold.source import Derived, Fold, Let, Merging, Source, Step, derived_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from custloyal.engines import Aggregate, Table

__all__ = ["Pass", "Plan", "Setting", "View", "known", "prepared"]


@attrs.frozen
class Setting:
    """Where and as of when passes run.

    Args:
        engine: The engine that runs them.
        order: The columns that order the rows of a group.
        as_of: The time to which decayed sums are brought, UTC without a zone.
    """

    engine: Engine
    order: tuple[str, ...]
    as_of: datetime


@attrs.define(eq=False)
class Pass:
    """One grouping of one source, with the columns that all of its folds need.

    Args:
        origin: The view whose rows it reads; None for the interactions.
        steps: The steps that make it a pass of its own: all to the last filter or ordering.
        grain: The columns of the group.
        number: The place among the passes of the plan, from 1.
    """

    origin: View | None
    steps: tuple[Step, ...]
    grain: tuple[str, ...]
    number: int
    lets: list[dict[str, Derived]] = attrs.field(factory=list)
    columns: dict[str, Column] = attrs.field(factory=dict)
    readers: list[str] = attrs.field(factory=list)
    _derived: dict[str, tuple[int, Derived]] = attrs.field(factory=dict)

    @property
    def merging(self) -> Merging:
        """How states of this pass merge."""
        return self.fold.merging

    @property
    def fold(self) -> Fold:
        """The pass as a fold."""
        origin = None if self.origin is None else self.origin.of.fold
        lets = tuple(Let(columns) for columns in self.lets)
        rows = Source(frozenset(), origin, self.steps + lets)
        return rows.by(*self.grain, **self.columns)

    @property
    def decays(self) -> bool:
        """Whether a column is a decayed sum."""
        return any(column.half_life_days is not None for column in self.columns.values())

    def takes(self, lets: Sequence[Mapping[str, Derived]]) -> bool:
        """Add the columns that folds derive first; False where a name has another meaning here."""
        derived = {
            name: (depth, each)
            for depth, columns in enumerate(lets)
            for name, each in columns.items()
        }
        if any(
            name in self._derived and not _same(self._derived[name], derived[name])
            for name in derived
        ):
            return False
        self._derived |= derived
        self.lets += [{} for _ in range(len(lets) - len(self.lets))]
        for mine, theirs in zip(self.lets, lets, strict=False):
            mine.update(theirs)
        return True

    def names(self, columns: Mapping[str, Column]) -> dict[str, str]:
        """Add columns that are not there yet; the name in this pass for each name given."""
        # Keys cost half a millisecond each: the first fold of a pass has nothing to compare with.
        known = {column.key: name for name, column in self.columns.items()}
        return {
            name: (known and known.get(column.key)) or self._add(name, column)
            for name, column in columns.items()
        }

    def _add(self, name: str, column: Column) -> str:
        # DuckDB takes `T` and `t` for one name.
        taken = {each.casefold() for each in (*self.columns, *self.grain)}
        free, number = name, 2
        while free.casefold() in taken:
            free, number = f"{name}_{number}", number + 1
        self.columns[free] = column
        return free

    def prepared(self, rows: Table, setting: Setting) -> Table:
        """The rows as the pass folds them: after its steps and with what it derives first."""
        for step in (*self.steps, *(Let(columns) for columns in self.lets)):
            rows = step.apply(rows, setting.engine, setting.order)
        return rows

    def parts(self, prepared: Table, setting: Setting) -> Table:
        """What each row adds to each column of the state, beside the columns of the group."""
        parts: dict[str, nw.Expr] = {}
        for name, column in self.columns.items():
            parts |= column.parts(name, setting.as_of)
        # Not `select` alone: a literal among others would make a single row.
        held = prepared.with_columns(**parts) if parts else prepared
        return held.select(*self.grain, *parts) if self.grain or parts else held

    def run(self, rows: Table, setting: Setting) -> Table:
        """The states: one row for each group without a null key."""
        parts = self.parts(self.prepared(rows, setting), setting)
        aggregates = self._aggregates()
        states = known(setting.engine.group(parts, self.grain, aggregates), self.grain)
        return self._stamped(states, setting)

    def _aggregates(self) -> dict[str, Aggregate]:
        if self.merging is Merging.ANYWHERE:
            return _together(c.of_rows(name) for name, c in self.columns.items())
        # What orders the first and the last is needed by states that merge, and only there.
        return {n: c.of_rows(n)[n] for n, c in self.columns.items()}

    def _stamped(self, states: Table, setting: Setting) -> Table:
        if not self.decays:
            return states
        return states.with_columns(nw.lit(setting.as_of).alias(REFERENCE))

    def merged(self, states: Table, setting: Setting) -> Table:
        """States of parts of the rows, one below another, as states of all."""
        if self.decays:
            at = {name: c.brought(name, setting.as_of) for name, c in self.columns.items()}
            states = states.with_columns(**at)
        aggregates = _together(c.of_states(name) for name, c in self.columns.items())
        merged = setting.engine.group(states, self.grain, aggregates)
        return self._stamped(merged, setting)


@attrs.frozen(eq=False)
class View:
    """The states of one fold, as the pass that serves it keeps them.

    Args:
        of: The pass.
        names: For each column of the fold its name in the pass.
    """

    of: Pass
    names: Mapping[str, str]

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for two views exactly where they show the same."""
        columns = sorted((name, self.of.columns[kept].key) for name, kept in self.names.items())
        return (self.of.number, *columns)

    def table(self, states: Table, as_of: datetime) -> Table:
        """The states of the fold under its own names, brought to a time."""
        columns = {
            name: self.of.columns[kept].brought(kept, as_of) for name, kept in self.names.items()
        }
        return states.select(*self.of.grain, **columns)


class Plan:
    """The passes that serve some folds."""

    def __init__(self) -> None:
        self.passes: list[Pass] = []
        self._by_key: dict[tuple[object, ...], list[Pass]] = {}

    def add(self, fold: Fold, reader: str) -> View:
        """Find or make the pass that serves a fold.

        Args:
            fold: The fold.
            reader: Who needs it, for `explain`.
        """
        source = fold.source
        origin = None if source.origin is None else self.add(source.origin, reader)
        steps, lets = _parted(source.steps)
        key = (origin and origin.key, tuple(step.key for step in steps), fold.grain)
        candidates = self._by_key.setdefault(key, [])
        serving = next((each for each in candidates if each.takes(lets)), None)
        if serving is None:
            serving = Pass(origin, steps, fold.grain, number=len(self.passes) + 1)
            serving.takes(lets)
            self.passes.append(serving)
            candidates.append(serving)
        if reader not in serving.readers:
            serving.readers.append(reader)
        return View(serving, serving.names(fold.state))

    def run(
        self, rows: Table, setting: Setting, given: Mapping[Pass, Table] = MappingProxyType({})
    ) -> dict[Pass, Table]:
        """The states of all passes.

        Args:
            rows: The interactions up to `setting.as_of`.
            setting: Where and as of when.
            given: States that are there already, by pass.
        """
        states = dict(given)
        for each in self.passes:
            if each in states:
                continue
            source = rows
            if each.origin is not None:
                source = each.origin.table(states[each.origin.of], setting.as_of)
            ran = each.run(source, setting)
            states[each] = setting.engine.store(ran) if self._shared(each) else ran
        return states

    def explain(self) -> str:
        """The passes in the order in which they run, with what each is for."""
        return "\n".join(self._line(each) for each in self.passes)

    def _shared(self, each: Pass) -> bool:
        passes = sum(other.origin is not None and other.origin.of is each for other in self.passes)
        return passes + len(each.readers) > 1

    def _line(self, each: Pass) -> str:
        source = (
            "interactions" if each.origin is None else f"states of pass {each.origin.of.number}"
        )
        kept = ", ".join(each.columns) or "no columns"
        grain = ", ".join(each.grain) or "all rows"
        return (
            f"pass {each.number}: {source}"
            + "".join(f", {step.key.split('|')[0]}" for step in each.steps)
            + f" by {grain}: {kept} (for {', '.join(each.readers)}; merges {each.merging})"
        )


def prepared(source: Source, rows: Table, setting: Setting) -> Table:
    """The rows of a source whose origin they are, after its steps."""
    for step in source.steps:
        rows = step.apply(rows, setting.engine, setting.order)
    return rows


def known(states: Table, grain: Iterable[str]) -> Table:
    """The states of groups that are known: null is nobody, and has no state."""
    keys = [~nw.col(key).is_null() for key in grain]
    return states.filter(*keys) if keys else states


def _parted(steps: tuple[Step, ...]) -> tuple[tuple[Step, ...], list[Mapping[str, Derived]]]:
    """Steps up to the last filter or ordering, and the columns that are derived after it."""
    own = max(
        (place for place, step in enumerate(steps, 1) if not isinstance(step, Let)), default=0
    )
    return steps[:own], [step.columns for step in steps[own:] if isinstance(step, Let)]


def _same(mine: tuple[int, Derived], other: tuple[int, Derived]) -> bool:
    return mine[0] == other[0] and derived_key(mine[1]) == derived_key(other[1])


def _together(parts: Iterable[dict[str, Aggregate]]) -> dict[str, Aggregate]:
    return {name: aggregate for part in parts for name, aggregate in part.items()}
