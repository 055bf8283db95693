"""Verdicts: what became of every promise, and the share of them that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw
from narwhals.dtypes import DType

from custloyal.columns import CANONICAL, DAY, ColumnType
from custloyal.engines import Home, Table
from custloyal.errors import InvalidValueError, Mistake, nearest
from custloyal.formats import counted
from custloyal.history import History
from custloyal.judging.docket import ATTRIBUTES, Clause, Docket
from custloyal.judging.tally import over_us, tallied, target_of
from custloyal.metrics.evidence import PROMISE_VERDICT
from custloyal.metrics.intervals import wilson_bounds
from custloyal.models import AsOf, Kind
from custloyal.periods import Period
from custloyal.rules import RuleBook, Subject, Verdict
from custloyal.shown import Rows

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Attainment", "Verdicts"]

_MICROSECONDS_PER_MINUTE = 60_000_000
_WINDOW = "window"
_OWN = {"rule", "decided_count", "target_share", "is_reached", "over_minutes"} | {
    *(f"attainment_{each}" for each in ("share", "low", "high")),
    *(f"{each.value}_count" for each in Verdict),
}
"""The columns of an attainment itself."""


@attrs.frozen(eq=False, repr=False)
class Attainment(Rows):
    """The share of promises kept, one row a rule and group.

    Columns: `rule`; the columns by which it was asked; `met_count`, `missed_count`,
    `pending_count`, `unknown_count`, `excluded_count`; `decided_count`, which is met and missed;
    `attainment_share`, of the decided, with `attainment_low` and `attainment_high` (Wilson, 95 %),
    null where nothing is decided; `target_share`; `is_reached`; `over_minutes`, by how many minutes
    promises about time were missed in all, null for other promises.

    Args:
        table: The rows.
        home: Where they go back to.
    """

    table: Table = attrs.field(repr=False)
    home: Home = attrs.field(repr=False)


@attrs.frozen(eq=False, repr=False)
class Verdicts(Rows):
    """What became of every promise of a rule book, as of a time.

    Made by `judge`.

    Args:
        book: The rules.
        as_of: The time of judgement.
        history: What was judged.
        dockets: Its rows, cases and customers, with their verdicts.
        types: The types of the columns that can be told of subjects.
    """

    book: RuleBook
    as_of: AsOf
    history: History = attrs.field(repr=False)
    dockets: tuple[Docket, ...] = attrs.field(repr=False)
    types: Mapping[str, DType] = attrs.field(repr=False)

    @property
    def home(self) -> Home:
        """Where tables go back to."""
        return self.history.home

    @property
    def table(self) -> Table:
        """The rows of `to_native`, not yet brought back."""
        return nw.concat([self._of(docket, clause) for docket, clause in self._by_place()])

    def to_native(self) -> Any:
        """One row for each rule and each interaction, case or customer of whom it speaks.

        Columns: `rule`; `subject` ("interaction", "case", "customer"); `customer_id`,
        `interaction_id`, `case_id`, `kind`, `phase`, `channel`, `department`, `agent_id`, those
        that the history has; `occurred_at`, when the promise was made; `window`, the first day of
        the rule's period; `verdict`; `value`, what was measured, in `unit`; `threshold`; `target`;
        `due_at`, null where no time runs; `ended_at`, when what was promised within a time
        happened, null while its clock runs or waits; `decided_at`, null while pending or unknown,
        and of a customer's window until it is over; `over_minutes`, by which a promise about time
        was missed.
        """
        return self.home.bring_back(self.table)

    @property
    def _title(self) -> str:
        rules = counted(len(self.book.rules), "rule")
        return f"Verdicts of {rules} as of {self.as_of.day} ({self.as_of.timezone})"

    def attainment(self, *by: str) -> Attainment:
        """The share of promises kept, by rule and any columns.

        Args:
            by: Columns of the history or of the second table ("department", "customer_id", "tier");
                "window" for the period of each rule, or "day", "week", "month", "quarter", "year".
                A group that is not known is a group of its own, with null.

        Raises:
            InvalidValueError: Where there is no such column.
        """
        periods = [each.value for each in Period]
        told = {name for name in self.types if not name.startswith("_")}
        allowed = sorted({*told, _WINDOW, *periods} - _OWN)
        wrong = [
            Mistake("by", f"{name!r} is no column of what was judged", nearest(str(name), allowed))
            if isinstance(name, str)
            else Mistake("by", f"is {name!r}", 'name columns: attainment("department", "month")')
            for name in by
            if name not in allowed
        ]
        if wrong:
            raise InvalidValueError(wrong)
        by = tuple(dict.fromkeys(by))
        tables: dict[Clause, Table] = {}
        for docket in self._parted(by):
            window = next(iter(docket.rulings)).rule.window
            days = {name: Period(name).start(nw.col(DAY)) for name in by if name in periods}
            if _WINDOW in by:
                days[_WINDOW] = window.start(nw.col(DAY))
            others = [name for name in by if name not in days]
            keys = days | self._alike(others, docket.table.collect_schema().names())
            keyed = docket.table.with_columns(**keys) if keys else docket.table
            tables |= tallied(attrs.evolve(docket, table=keyed), by, self.home.engine)
        counts = nw.concat([tables[c] for c in sorted(tables, key=lambda clause: clause.place)])
        attained = _attained(counts, by).collect("polars").to_native()
        table = self.home.engine.from_polars(attained, self.dockets[0].table)
        return Attainment(table, self.home)

    def in_history(self) -> History:
        """The history with one more row for each promise to a known customer, kept or missed.

        The row is of kind `other`, at the time at which the promise was decided, and bears the
        name of the rule as `promise` and "met" or "missed" as `promise_verdict`: so `Trust` takes
        it as evidence by its outcome policy, and `contributions` names each broken promise. It
        stands in no case and in no department, since nobody acted.

        Raises:
            InvalidValueError: Where the history bears judged promises already: each would count
                twice.
        """
        if PROMISE_VERDICT in self.history.columns:
            said = "is a column of the history, whose promises were judged already"
            mend = "judge the history as it was before in_history()"
            raise InvalidValueError(Mistake(PROMISE_VERDICT, said, mend))
        decided = self.table.filter(
            (nw.col("verdict") == Verdict.MET.value) | (nw.col("verdict") == Verdict.MISSED.value),
            ~nw.col("customer_id").is_null(),
            ~nw.col("decided_at").is_null(),
        )
        rows = decided.select(
            "customer_id",
            "phase",
            occurred_at=nw.col("decided_at"),
            promise=nw.col("rule"),
            promise_verdict=nw.col("verdict"),
        )
        # Several passes read them, and each would judge anew.
        stored = self.home.engine.store(rows.with_columns(kind=nw.lit(Kind.OTHER.value)))
        return self.history.and_rows(stored)

    def _parted(self, by: Collection[str]) -> list[Docket]:
        """The dockets; parted by window where that is asked for."""
        if _WINDOW not in by:
            return list(self.dockets)
        return [
            attrs.evolve(
                docket, rulings={c: r for c, r in docket.rulings.items() if c.rule.window is each}
            )
            for docket in self.dockets
            for each in dict.fromkeys(clause.rule.window for clause in docket.rulings)
        ]

    def _by_place(self) -> list[tuple[Docket, Clause]]:
        found = [(docket, clause) for docket in self.dockets for clause in docket.rulings]
        return sorted(found, key=lambda pair: pair[1].place)

    def _alike(self, names: Collection[str], there: Collection[str]) -> dict[str, nw.Expr]:
        """Columns of the same type in every docket; null where one does not tell of them."""
        return {
            name: _plain(nw.col(name) if name in there else nw.lit(None), name, self.types[name])
            for name in names
        }

    def _of(self, docket: Docket, clause: Clause) -> Table:
        """The verdicts of one rule."""
        rule, promise, ruling = clause.rule, clause.rule.kept, docket.rulings[clause]
        is_timed = promise.is_timed
        runs = is_timed or promise.subject is Subject.CUSTOMER
        ends = runs or promise.subject is Subject.CASE
        no_time, no_number = nw.lit(None).cast(nw.Datetime("us")), nw.lit(None).cast(nw.Float64)
        due = clause.col("due") if runs else no_time
        decided_at = clause.col("ended") if ends else nw.col("occurred_at")
        if is_timed:
            late = nw.coalesce(due, decided_at)
            decided_at = nw.when(ruling.gives(Verdict.MISSED)).then(late).otherwise(decided_at)
        over = over_us(clause, ruling) / _MICROSECONDS_PER_MINUTE if is_timed else no_number
        told = self._alike([n for n in ATTRIBUTES if n in self.types and n != DAY], docket.columns)
        said = {
            _WINDOW: rule.window.start(nw.col(DAY)),
            "verdict": ruling.chosen({each: each.value for each in Verdict}).cast(nw.String),
            "value": promise.in_unit(clause.col("value")),
            "unit": nw.lit(promise.unit),
            "threshold": nw.lit(float(promise.threshold)),
            "target": target_of(clause).cast(nw.Float64),
            "due_at": due,
            "ended_at": clause.col("ended") if is_timed else no_time,
            "decided_at": nw.when(ruling.gives(Verdict.MET, Verdict.MISSED)).then(decided_at),
            "over_minutes": over,
        }
        head = {"rule": nw.lit(rule.name), "subject": nw.lit(promise.subject.value)}
        rows = docket.table.filter(ruling.inside.fill_null(value=True))
        # Not `select` alone: of literals alone it would make a single row.
        names = [*head, *told, *said]
        return rows.with_columns(**head, **told, **said).select(*names)


def _plain(column: nw.Expr, name: str, dtype: DType) -> nw.Expr:
    """A column in a type that tables of all dockets share: words as plain text."""
    is_text = CANONICAL.get(name) is ColumnType.TEXT or isinstance(dtype, nw.Enum | nw.Categorical)
    return column.cast(nw.String if is_text else dtype)


def _attained(counts: Table, by: Collection[str]) -> Table:
    """The shares of tallies, with their intervals."""
    decided, met = nw.col("decided_count"), nw.col("met_count")
    some = decided > 0
    # So many are met that the target is reached; sums of targets round.
    reached = met >= nw.col("target_sum") * (1 - _ROUNDING)
    shares = counts.with_columns(
        attainment=nw.when(some).then(met / decided),
        target_share=nw.when(some).then(nw.col("target_sum") / decided),
        is_reached=nw.when(some).then(reached),
        over_minutes=nw.col("over_us") / _MICROSECONDS_PER_MINUTE,
    ).with_columns(**wilson_bounds("attainment", decided))
    return shares.rename({"attainment": "attainment_share"}).select(
        "rule",
        *by,
        *(f"{each.value}_count" for each in Verdict),
        "decided_count",
        "attainment_share",
        "attainment_low",
        "attainment_high",
        "target_share",
        "is_reached",
        "over_minutes",
    )


_ROUNDING = 1e-12
