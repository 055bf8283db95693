"""Promises that something follows: an answer, a survey, word back, within a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import attrs
import narwhals as nw

from custloyal.fold import carried, following
from custloyal.rules.population import Population
from custloyal.rules.promise import Subject, Timed

if TYPE_CHECKING:
    from collections.abc import Callable

    from custloyal.fold import Source
    from custloyal.periods import Period
    from custloyal.rules.measure import Key

__all__ = ["Followed"]

asks, answers = nw.col("_asks"), nw.col("_answers")


@attrs.frozen(kw_only=True)
class Followed(Timed):
    """After each row of the population another kind of row must follow within a time.

    Args:
        by: What must follow.
        same: Whether it must follow in the same case or with the same customer.
        once: Whether of several rows that wait for the same answer only the first is judged.
        words: How the sentence calls what follows; its own words where empty.
    """

    subject: ClassVar[Subject] = Subject.INTERACTION

    by: Population
    same: Literal["case", "customer"] = "case"
    once: bool = False
    words: str = ""

    @property
    def group(self) -> str:
        """The column of the rows among which one follows another."""
        return f"{self.same}_id"

    @property
    def columns(self) -> tuple[str, ...]:
        """What must be the same, and what says what follows."""
        return (self.group, *self.by.columns)

    def rows(self, interactions: Source, population: Population) -> Source:
        """The rows that ask, each with the time at which it was answered.

        `_begun_at` is when the clock began, `_ended_at` when the answer came, null where none did.
        """
        columns = interactions.columns
        marked = interactions.let(_asks=population.holds(columns), _answers=self.by.holds(columns))
        needed = marked.where(asks | answers | asks.is_null())
        seen = needed.let(
            _answered_at=nw.when(answers).then(nw.col("occurred_at")),
            _turn=nw.when(asks).then(1).otherwise(nw.when(answers).then(0)),
        ).in_order(self.group, _ended_at=following("_answered_at"), _turn_before=carried("_turn"))
        answers_first = answers.fill_null(value=False)
        waits_already = (nw.col("_turn_before") == 1).fill_null(value=False) & ~answers_first
        judged = seen.where(~waits_already | asks.is_null()) if self.once else seen
        return judged.where(asks | asks.is_null())

    def key(self, window: Period) -> Key:
        """What must follow, and when time counts."""
        del window
        return (type(self).__name__, self.by, self.same, self.once, self.calendar)

    def grows(self, of: Callable[[str], str]) -> nw.Expr | None:
        """Until the answer comes."""
        return nw.col(of("ended")).is_null()

    def toml_options(self) -> dict[str, object]:
        """What must follow."""
        if self.once:
            return {"until": "next_reply"}
        return {"until": self.by.to_toml(), "same": self.same}

    def __str__(self) -> str:
        said = self.words or f"are followed by {self.by}"
        return f"{said} within {self.limit_words}"
