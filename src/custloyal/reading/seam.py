"""The seam: where two parts of the rows meet within a group, and what is folded around it.

What a row adds depends on a few rows before it. So the states of the whole are those of the parts,
plus those of the rows around the seam, minus those of the rows before and after it alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.columns import DAY, PLACE
from custloyal.engines import Combine, Look, Sight, Table
from custloyal.errors import InvalidValueError, MergeError, Mistake
from custloyal.fold import InOrder, Merging
from custloyal.fold.plan import Pass, Setting
from custloyal.history import History

if TYPE_CHECKING:
    from collections.abc import Iterable


__all__ = ["Part", "Seam", "check_additive"]

_HALO = 3
"""How many rows at each end of a group are kept: enough to look back two stints."""
_SIDE = "_side"
_HEAD, _TAIL = 0, 1


@attrs.frozen
class Part:
    """What is kept of one part of the rows for a pass over rows in order.

    Args:
        states: The states.
        halo: The first and last of the prepared rows of each group.
        edges: What orders the very first and the very last row of each group.
    """

    states: Table
    halo: Table
    edges: Table

    @classmethod
    def of(cls, rows: Table, each: Pass, *, columns: Iterable[str], setting: Setting) -> Part:
        """Fold rows, and keep what their ends need."""
        engine = setting.engine
        kept = each.prepared(rows, setting).select(*_halo_columns(columns, setting.order))
        entering = rows
        for step in each.steps:
            if isinstance(step, InOrder):
                break
            entering = step.apply(entering, engine, setting.order)
        return cls(
            engine.store(each.run(rows, setting)),
            engine.store(_halo_of(kept, each, setting)),
            engine.store(_edges(entering, _group_of(each), setting)),
        )


@attrs.frozen
class Seam:
    """Two parts of the rows that one pass folded apart.

    Args:
        each: The pass.
        setting: Where and as of when.
        columns: The columns of the rows.
        again: The rows of groups in which the parts overlap; None where there are none to give.
    """

    each: Pass
    setting: Setting
    columns: tuple[str, ...]
    again: History | None

    def joined(self, mine: Part, theirs: Part) -> Part:
        """Both parts together.

        Args:
            mine: The part that came first in the input.
            theirs: The other part.

        Raises:
            MergeError: Where groups overlap in time and are not given again.
        """
        engine, group = self.setting.engine, self._group
        theirs = self._placed(mine, theirs)
        my_halo, their_halo = mine.halo, theirs.halo
        meeting = engine.store(self._meeting(mine.edges, theirs.edges))
        overlapping = meeting.filter(~nw.col("mine_first") & ~nw.col("theirs_first")).select(group)
        self._check_overlap(overlapping)
        first, second = (
            meeting.filter(nw.col("mine_first")).select(group),
            meeting.filter(~nw.col("mine_first") & nw.col("theirs_first")).select(group),
        )
        before = nw.concat(
            [self._side(my_halo, _TAIL, first), self._side(their_halo, _TAIL, second)]
        )
        after = nw.concat(
            [self._side(their_halo, _HEAD, first), self._side(my_halo, _HEAD, second)]
        )
        states = self._added(
            [mine.states, theirs.states],
            plus=[self._run(nw.concat([before, after]))],
            minus=[self._run(before), self._run(after)],
            without=overlapping,
        )
        halo = nw.concat([my_halo, their_halo])
        alone = halo.join(meeting.select(group), on=group, how="anti")
        met = nw.concat([first, second])
        heads = self._ends(self._side(halo, _HEAD, met)).filter(nw.col(_SIDE) == _HEAD)
        tails = self._ends(self._side(halo, _TAIL, met)).filter(nw.col(_SIDE) == _TAIL)
        halos = [alone, heads, tails]
        if self.again is not None:
            rows = self.again.rows(self.setting.as_of).join(overlapping, on=group, how="semi")
            states = nw.concat([states, self.each.run(rows, self.setting)])
            halos.append(self._ends(rows.select(*self._kept)))
        names = alone.collect_schema().names()
        edges = nw.concat([mine.edges, theirs.edges]).drop(_SIDE)
        return Part(
            engine.store(states),
            engine.store(nw.concat([part.select(*names) for part in halos])),
            engine.store(_edges(edges, group, self.setting)),
        )

    @property
    def _group(self) -> str:
        return _group_of(self.each)

    @property
    def _kept(self) -> list[str]:
        return _halo_columns(self.columns, self.setting.order)

    def _placed(self, mine: Part, theirs: Part) -> Part:
        """Theirs with places after mine: where only places break a tie, mine came first."""
        if PLACE not in self.setting.order:
            return theirs
        highest = mine.edges.select(nw.col(PLACE).max()).collect("polars").item()
        later = nw.col(PLACE) + (0 if highest is None else highest + 1)
        return attrs.evolve(
            theirs,
            halo=theirs.halo.with_columns(later),
            edges=theirs.edges.with_columns(later),
        )

    def _meeting(self, mine: Table, theirs: Table) -> Table:
        """The groups that both parts have, and which part comes first."""
        bounds = self._bounds(mine, "mine").join(
            self._bounds(theirs, "their"), on=self._group, how="inner"
        )
        return bounds.select(
            self._group,
            mine_first=self._not_after("mine_last", "their_first"),
            theirs_first=self._not_after("their_last", "mine_first"),
        )

    def _bounds(self, edges: Table, whose: str) -> Table:
        first, last = (
            edges.filter(nw.col(_SIDE) == side).select(
                self._group,
                **{
                    f"{whose}_{edge}_{at}": nw.col(name)
                    for at, name in enumerate(self.setting.order)
                },
            )
            for side, edge in ((_HEAD, "first"), (_TAIL, "last"))
        )
        return first.join(last, on=self._group, how="inner")

    def _not_after(self, earlier: str, later: str) -> nw.Expr:
        """Whether one bound is at or before another, by the first order column that differs."""
        said = nw.lit(value=True)
        for place in reversed(range(len(self.setting.order))):
            a, b = nw.col(f"{earlier}_{place}"), nw.col(f"{later}_{place}")
            said = (a < b) | ((a == b) & said)
        return said.fill_null(value=False)

    def _check_overlap(self, overlapping: Table) -> None:
        if self.again is not None:
            return
        found = overlapping.collect("polars")[self._group].to_list()
        if found:
            some = ", ".join(repr(each) for each in sorted(found, key=str)[:10])
            raise MergeError(
                Mistake(
                    self._group,
                    f"overlaps in time in {len(found)} groups: {some}",
                    "give their rows, of both parts, as again=History",
                )
            )

    def _side(self, halo: Table, side: int, groups: Table) -> Table:
        rows = halo.filter(nw.col(_SIDE) == side).join(groups, on=self._group, how="semi")
        return rows.select(*self._kept)

    def _run(self, rows: Table) -> Table:
        return self.each.run(rows, self.setting)

    def _ends(self, rows: Table) -> Table:
        prepared = self.each.prepared(rows, self.setting).select(*self._kept)
        return _halo_of(prepared, self.each, self.setting)

    def _added(
        self, parts: list[Table], *, plus: list[Table], minus: list[Table], without: Table
    ) -> Table:
        names = [*self.each.grain, *self.each.columns]
        negative = {name: 0 - nw.col(name) for name in self.each.columns}
        kept = [part.join(without, on=self._group, how="anti") for part in parts]
        subtracted = [part.with_columns(**negative) for part in minus]
        together = nw.concat([part.select(*names) for part in (*kept, *plus, *subtracted)])
        return self.each.merged(together, self.setting)


def _halo_of(prepared: Table, each: Pass, setting: Setting) -> Table:
    """The first and the last rows of each group, words as plain text."""
    group = _group_of(each)
    ends = {
        "_head": Look(Sight.PREVIOUS, group, _HALO),
        "_tail": Look(Sight.PREVIOUS, group, -_HALO),
    }
    marked = setting.engine.with_looks(
        prepared.with_columns(nw.col("kind").cast(nw.String)),
        within=group,
        order=setting.order,
        looks=ends,
    )
    return _sides(marked, "_head", "_tail")


def _edges(rows: Table, group: str, setting: Setting) -> Table:
    """What orders the very first and the very last row of each group."""
    ends = {"_first": Look(Sight.PREVIOUS, group), "_last": Look(Sight.PREVIOUS, group, -1)}
    known = rows.filter(~nw.col(group).is_null()).select(group, *setting.order)
    marked = setting.engine.with_looks(known, within=group, order=setting.order, looks=ends)
    return _sides(marked, "_first", "_last")


def _sides(marked: Table, head: str, tail: str) -> Table:
    """The rows beyond which there is none in the group, on either side."""
    return nw.concat(
        [
            marked.filter(nw.col(end).is_null()).drop(head, tail).with_columns(_side=nw.lit(side))
            for end, side in ((head, _HEAD), (tail, _TAIL))
        ]
    )


def _group_of(each: Pass) -> str:
    group = each.fold.source.group
    assert group is not None  # a pass in time order has a group
    return group


def _halo_columns(columns: Iterable[str], order: Iterable[str]) -> list[str]:
    """The columns that rows at the ends of groups keep: all from which the steps begin."""
    return list(dict.fromkeys([*columns, *order, DAY]))


def check_additive(each: Pass) -> None:
    """Refuse columns that cannot be subtracted, and looks that reach beyond the halo.

    Raises:
        InvalidValueError: With every such column.
    """
    if each.merging is Merging.REFOLDED:
        names = ", ".join(each.columns)
        message = "cannot be merged: its rows look at others any number of places away"
        raise InvalidValueError(Mistake(names, message, "fold all rows at once"))
    wrong = [
        Mistake(name, "cannot be merged: over rows in order only counts and totals can")
        for name, column in each.columns.items()
        if column.combine not in (Combine.SUM, Combine.COUNT, Combine.ROWS)
        or column.half_life_days is not None
    ]
    if wrong:
        raise InvalidValueError(wrong)
