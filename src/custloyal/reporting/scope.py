"""What sections are told: what a history holds before it is read, and all that one run read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import attrs
import narwhals as nw

from custloyal.defection import SilentDefection
from custloyal.history import History
from custloyal.judging import Verdicts
from custloyal.metrics import Trust
from custloyal.models import AsOf
from custloyal.reading.run import Readings

__all__ = ["Run", "Scope"]


@attrs.frozen(kw_only=True)
class Scope:
    """What is known of a history before it is read.

    Args:
        columns: Those of the history.
        seen_days: Days from the first purchase to the last row; 0 where nobody bought.
        as_of: The time of the report.
        silent: Who is leaving in silence, with the horizon that was asked for.
        trust: The trust score of the report.
        has_rules: Whether promises are judged.
    """

    columns: frozenset[str]
    seen_days: int
    as_of: AsOf
    silent: SilentDefection
    trust: Trust
    has_rules: bool

    @property
    def has_amounts(self) -> bool:
        """Whether the history knows amounts."""
        return "amount" in self.columns

    @property
    def inactivity_days(self) -> int:
        """After how long a silence a customer has left: twice the horizon."""
        return 2 * self.silent.horizon


@attrs.frozen(kw_only=True, eq=False)
class Run:
    """All that one run read, of which each section takes its figures.

    Args:
        scope: What was known before.
        history: The interactions.
        first: The day of the first row that is seen.
        last: The day of the last.
        intake: What became of the rows that were given.
        verdicts: What became of promises; None without rules.
        promised: The history with its promises, kept and missed, as rows; None without rules.
        readings: The metrics of all sections.
        felt: The readings that rest on experiences: with rules those of `promised`.
        customers: One row a customer, with what `Trust`, `Stage`, `BtydStatistics`,
            `ParetoSegment` and `SilentDefection` say of them.
        cautions: What fits warned of.
        discount_share: What a year's delay takes from money.
    """

    scope: Scope
    history: History
    first: date
    last: date
    intake: Mapping[str, Any]
    verdicts: Verdicts | None
    promised: History | None
    readings: Readings
    felt: Readings
    customers: nw.DataFrame[Any]
    cautions: list[str]
    discount_share: float

    @property
    def as_of(self) -> AsOf:
        """The time of the report."""
        return self.scope.as_of

    @property
    def customers_count(self) -> int:
        """How many customers are known."""
        return len(self.customers)

    @property
    def longest_days(self) -> int | None:
        """Days since the first purchase of all; None where nobody bought."""
        longest = self.customers["T"].drop_nulls().max()
        return None if longest is None else int(longest)
