"""Promises about the clock of a case: how long until it was answered, or put right."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs
import narwhals as nw

from custloyal.fold import (
    accumulated,
    business_instant,
    business_time,
    carried,
    count,
    following,
    highest,
    lowest,
    previous,
    total,
)
from custloyal.models import Kind
from custloyal.rules.population import Population, where
from custloyal.rules.promise import Subject, Timed, later

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from custloyal.fold import Fold, Source
    from custloyal.periods import Period
    from custloyal.rules.measure import Key

__all__ = ["ANSWERS", "REOPENS", "SOLVES", "Clocked"]

ANSWERS = Population(
    {"kind": (Kind.REPLY.value, Kind.RESOLUTION.value, Kind.RECOVERY.value)},
    unless={"initiated_by": ("customer",)},
)
SOLVES = where(kind=[Kind.RESOLUTION.value, Kind.RECOVERY.value])
REOPENS = where(kind=Kind.REOPEN.value)

now, f, f_before = nw.col("occurred_at"), nw.col("_f"), nw.col("_f_before")


@attrs.frozen(kw_only=True)
class Clocked(Timed):
    """The clock of each case: it starts, stands while the customer is waited for, and stops.

    The clock runs from the row that starts it to the first row that stops it. It stands from a row
    that waits for the customer to the next row of the case that does not, and starts anew with a
    row that reopens the case. What stops it before it has started is not seen.

    Args:
        stops: The rows that stop it.
        starts: The rows of which the first starts it; None for the first row of the case.
        reopens: The rows that start it again after it stopped; None where nothing does.
        waits: The rows after which the customer is waited for; None where that is not said.
        words: How the sentence calls the stopping.
    """

    subject: ClassVar[Subject] = Subject.CASE

    stops: Population
    starts: Population | None = None
    reopens: Population | None = None
    waits: Population | None = None
    words: str = "are answered"

    @property
    def columns(self) -> tuple[str, ...]:
        """The case, and what says what a row does to its clock."""
        said = [p.columns for p in (self.stops, self.starts, self.reopens, self.waits) if p]
        return tuple(dict.fromkeys(["case_id", *(name for names in said for name in names)]))

    @property
    def needed_rows(self) -> list[Population]:
        """All but what reopens a case."""
        return [each for each in self.populations if each is not self.reopens]

    def key(self, window: Period) -> Key:
        """What starts and stops the clock, and when it counts."""
        del window
        clock = (self.stops, self.starts, self.reopens, self.waits)
        return (type(self).__name__, *clock, self.calendar)

    def toml_options(self) -> dict[str, object]:
        """What stops, starts and halts the clock."""
        said: dict[str, object] = {
            "until": "resolution" if self.stops == SOLVES else "first_response"
        }
        for name, rows in (("starts", self.starts), ("waits", self.waits)):
            if rows is not None:
                said[name] = rows.to_toml()
        return said

    def fold(self, rows: Source, *keys: str) -> Fold:
        """The clock of each case.

        Args:
            rows: The rows of cases, in order within `case_id`.
            keys: `case_id`.

        Returns:
            By case `_begun_at`; `_elapsed_us`, the time that ran to the last row; `_ended_at`, when
            it last stopped; `_stands` and `_waits`, 1 where after the last row it has stopped, or
            waits for the customer; `_f_last` and `_f_ended`, the business time of the last row and
            of the last stop; `_f_passed`, the business time at which the limit was passed;
            `_unplaced`, how many rows lie in years of which no calendar knows.
        """
        columns = rows.columns
        starts = nw.lit(value=True) if self.starts is None else _is(self.starts, columns)
        begun = rows.let(_starts=nw.when(starts).then(1)).in_order(
            "case_id", _started=carried("_starts")
        )
        started = ~nw.col("_started").is_null()
        stopped: nw.Expr = nw.when(_is(self.stops, columns) & started).then(1)
        if self.reopens is not None:
            stopped = nw.when(_is(self.reopens, columns)).then(0).otherwise(stopped)
        waits = nw.lit(value=False) if self.waits is None else _is(self.waits, columns)
        told = (
            begun.where(started | starts)
            .let(_stops=stopped, _waits=waits, _f=business_time("occurred_at", self.counted_by))
            .in_order(
                "case_id",
                _stopped=carried("_stops"),
                _waited=previous("_waits"),
                _f_before=previous("_f"),
                _next_at=following("occurred_at"),
            )
        )
        ran = (nw.col("_stopped").fill_null(0) == 0) & ~nw.col("_waited").fill_null(value=True)
        ends = (nw.col("_stops") == 1) & (nw.col("_stopped").fill_null(0) == 0)
        spent = told.let(
            _spent=nw.when(ran).then(f - f_before).otherwise(0), _ends=nw.when(ends).then(1)
        ).in_order("case_id", _spent_before=accumulated("_spent"), _end_after=following("_ends"))
        so_far = nw.col("_spent_before") + nw.col("_spent")
        passed = (nw.col("_spent_before") <= self.limit_us) & (so_far > self.limit_us)
        is_last = nw.col("_next_at").is_null()
        stands = nw.coalesce(nw.col("_stops"), nw.col("_stopped")).fill_null(0) == 1
        # Where a column orders the rows, time may run backwards: first and last are by order.
        is_first = nw.col("_waited").is_null()
        is_end = (nw.col("_ends") == 1) & nw.col("_end_after").is_null()
        return spent.let(_stands=stands, _is_last=is_last, _passed=passed).by(
            *keys,
            _begun_at=lowest(now, where=is_first),
            _elapsed_us=total("_spent"),
            _ended_at=highest(now, where=is_end),
            _f_ended=highest(f, where=is_end),
            _stands=highest(
                nw.when(nw.col("_stands")).then(1).otherwise(0), where=nw.col("_is_last")
            ),
            _waits=highest(
                nw.when(nw.col("_waits")).then(1).otherwise(0), where=nw.col("_is_last")
            ),
            _f_last=highest(f, where=nw.col("_is_last")),
            _unplaced=count(f.is_null()),
            _f_passed=lowest(
                f_before + (self.limit_us - nw.col("_spent_before")), where=nw.col("_passed")
            ),
        )

    def timed(self, cases: Source, of: Callable[[str], str]) -> Source:
        """The business time that ran, and when it is due: `_f_now`, `_f_due` and `_due_at`."""
        now_f, due_f = of("f_now"), of("f_due")
        run = cases.let(**{now_f: business_time("_now", self.counted_by)})
        stands, waits = nw.col(of("stands")) == 1, nw.col(of("waits")) == 1
        last_f, elapsed = nw.col(of("f_last")), nw.col(of("elapsed_us"))
        running = nw.when(stands | waits).then(0).otherwise(nw.col(now_f) - last_f)
        # A clock that stands for the customer has no due time, unless it was passed before.
        stopped_f = nw.when(stands).then(nw.col(of("f_ended"))).otherwise(last_f)
        ahead = nw.when(stands | ~waits).then(stopped_f + (self.limit_us - elapsed))
        return run.let(
            **{
                of("value"): nw.when(nw.col(of("unplaced")) == 0).then(elapsed + running),
                due_f: nw.coalesce(nw.col(of("f_passed")), ahead),
            }
        ).let(**{of("due_at"): business_instant(due_f, self.counted_by)})

    def outcome(self, of: Callable[[str], str]) -> dict[str, nw.Expr]:
        """When it was due, and when it ended where it stands."""
        return {
            of("due"): later(of("begun_at"), of("due_at")),
            of("ended"): nw.when(nw.col(of("stands")) == 1).then(nw.col(of("ended_at"))),
        }

    def grows(self, of: Callable[[str], str]) -> nw.Expr | None:
        """Until it stands."""
        return nw.col(of("stands")) != 1

    def aside(self, of: Callable[[str], str]) -> nw.Expr | None:
        """A clock that was never started made no promise."""
        return nw.col(of("begun_at")).is_null()

    def __str__(self) -> str:
        waits = "" if self.waits is None else f", not counting the time after {self.waits}"
        return f"{self.words} within {self.limit_words}{waits}"


def _is(population: Population, columns: Collection[str]) -> nw.Expr:
    """Whether a row belongs to a population; where that is not known it does not."""
    return population.holds(columns).fill_null(value=False)
