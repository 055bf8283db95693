"""Checking a rule book against data: words, measures and thresholds that do not meet them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from custloyal.errors import nearest
from custloyal.judging.fitting import parted
from custloyal.judging.judgement import judge
from custloyal.reading.run import resolved
from custloyal.rules import RuleBook, Verdict
from custloyal.rules.finding import Finding, Severity
from custloyal.rules.linter import lint
from custloyal.rules.measure import measure_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from custloyal.engines import Table
    from custloyal.history import History
    from custloyal.judging.docket import Clause
    from custloyal.models import AsOf
    from custloyal.rules import Population, ServiceRule
    from custloyal.typing import AsOfLike

__all__ = ["check"]

_STAGE, _RUNGS = "stage", ("know", "like", "trust")
_ENOUGH = 30
"""Under so many decided promises nothing is said of all of them."""
_FAR = 2
"""A threshold so many times beyond all that was seen tells nothing apart."""
_WORDS_LOOKED_AT, _WORDS_NAMED = 1_000, 5


def check(
    history: History,
    book: RuleBook | ServiceRule | Iterable[ServiceRule],
    *,
    as_of: AsOfLike | AsOf | None = None,
) -> tuple[Finding, ...]:
    """What is suspicious about rules, by themselves and against data.

    Beside what `lint` finds: columns that are not there or hold something else, words that no row
    holds, rules that speak of nobody, measures that are never known, and thresholds far beyond all
    that was seen. It is computed where the data live.

    Args:
        history: The interactions.
        book: The rules, as a book, several or one.
        as_of: The time of judgement, as for `judge`.

    Raises:
        InvalidValueError: Where `as_of` cannot be understood.

    Example:
        >>> import polars as pl
        >>> from custloyal import History, ServiceRule
        >>> from custloyal.rules import at_most, where
        >>> calls = pl.DataFrame({"customer_id": ["ann"], "department": ["sales"], "rings": [2]})
        >>> always = {"kind": "question", "occurred_at": "2024-05-01"}
        >>> rule = ServiceRule(
        ...     name="answer fast",
        ...     population=where(department="sale"),
        ...     promise=at_most(2, "rings"),
        ...     target=0.9,
        ...     window="month",
        ...     owner="front desk",
        ... )
        >>> [finding] = check(History.from_native(calls, constants=always), rule)
        >>> print(finding)
        error: 'answer fast': speaks of nobody: no row has department 'sale' (did you mean \
'sales'?)
    """
    at = resolved(history, as_of)
    book = RuleBook.of(book)
    fit, left_out = parted(history, book)
    found = [*lint(book), *left_out]
    if fit:
        found += _Looked(history, RuleBook(fit), at).findings()
    return tuple(found)


class _Looked:
    """What the data say of rules that can be judged.

    Args:
        history: The interactions.
        book: The rules.
        at: The time of judgement.
    """

    def __init__(self, history: History, book: RuleBook, at: AsOf) -> None:
        self._book = book
        self._verdicts = judge(history, book, as_of=at)
        self._rows = history.rows(at.utc_wall)
        self._customers = history.customers
        self._own = set(history.columns)
        self._absent: dict[str, set[object]] = {}
        self._held: dict[str, list[str]] = {}

    def findings(self) -> Iterator[Finding]:
        """What is suspicious about each rule."""
        self._absent = self._absent_words()
        figures = self._figures()
        for rule in self._book:
            yield from self._of_words(rule, figures[rule.name])
            yield from _of_figures(rule, figures[rule.name])

    # Words --------------------------------------------------------------------------------

    def _absent_words(self) -> dict[str, set[object]]:
        """For each column the words that rules name and no row holds; one pass a table."""
        named: dict[str, dict[object, None]] = {}
        for rule in self._book:
            for side in _named_words(rule):
                for column, words in side.items():
                    named.setdefault(column, {}).update(dict.fromkeys(words))
        absent = {
            column: {word for word in words if word not in _RUNGS}
            for column, words in named.items()
            if self._table(column) is None
        }
        for table in (self._rows, self._customers):
            asked = [
                (column, word)
                for column, words in named.items()
                if table is not None and self._table(column) is table
                for word in words
            ]
            if table is None or not asked:
                continue
            seen = [(nw.col(column) == word).any() for column, word in asked]
            looks = {f"seen_{place}": each for place, each in enumerate(seen)}
            row = table.select(**looks).collect("polars").row(0)
            for (column, word), is_there in zip(asked, row, strict=True):
                if not is_there:
                    absent.setdefault(column, set()).add(word)
        return absent

    def _table(self, column: str) -> Table | None:
        """The table that has a column; None for what is computed, which is the stage."""
        if column in self._own:
            return self._rows
        if self._customers is not None and column in self._customers.collect_schema():
            return self._customers
        return None

    def _words_of(self, column: str) -> list[str]:
        table = self._table(column)
        if table is None:
            return list(_RUNGS)
        if column not in self._held:
            words = table.select(nw.col(column).cast(nw.String)).unique().head(_WORDS_LOOKED_AT)
            known = words.collect("polars")[column].drop_nulls().to_list()
            self._held[column] = sorted(known)
        return self._held[column]

    def _of_words(self, rule: ServiceRule, figures: Mapping[str, Any]) -> Iterator[Finding]:
        name, speaks_of = (rule.name,), rule.population.words
        missing = {
            column: [word for word in words if word in self._absent.get(column, ())]
            for column, words in speaks_of.items()
        }
        nowhere = [column for column, words in missing.items() if [*words] == [*speaks_of[column]]]
        if not figures["subjects"]:
            why = "; ".join(_no_row(column, missing[column]) for column in nowhere)
            message = f"speaks of nobody: {why or 'no row is all of ' + str(rule.population)}"
            mends = [self._mend(column, word) for column in nowhere for word in missing[column]]
            mend = "; ".join(dict.fromkeys(mends)) or "mend the population, or leave the rule out"
            yield Finding(Severity.ERROR, name, message, mend)
        else:
            # Of a closed vocabulary not every word occurs everywhere.
            open_words = {c: words for c, words in missing.items() if c not in _VOCABULARIES}
            yield from self._absences(name, open_words, "")
        yield from self._absences(name, self._not_held(rule.unless), "sets nothing aside: ")
        own = {c: [w for w in s if w in self._absent.get(c, ())] for c, s in rule.target_by.items()}
        yield from self._absences(name, own, "has a target for nobody: ")
        for population in rule.kept.needed_rows:
            yield from self._absences(name, self._not_held(population), "nothing keeps it: ")

    def _not_held(self, population: Population | None) -> dict[str, list[object]]:
        """The columns of which no row holds any of the words."""
        words = {} if population is None else population.words
        return {
            column: list(named)
            for column, named in words.items()
            if all(word in self._absent.get(column, ()) for word in named)
        }

    def _absences(
        self, name: tuple[str, ...], words: Mapping[str, Sequence[object]], why: str
    ) -> Iterator[Finding]:
        for column, absent in words.items():
            if absent:
                mends = dict.fromkeys(self._mend(column, word) for word in absent)
                message = f"{why}{_no_row(column, absent)}"
                yield Finding(Severity.WARNING, name, message, "; ".join(mends))

    def _mend(self, column: str, word: object) -> str:
        words = self._words_of(column)
        mend = nearest(str(word), words)
        if not mend.startswith("allowed"):
            return mend
        more = len(words) - _WORDS_NAMED
        rest = f" and {more} more" if more > 0 else ""
        listed = ", ".join(repr(each) for each in words[:_WORDS_NAMED])
        return f"it holds {listed}{rest}" if words else "it is empty"

    # Figures ------------------------------------------------------------------------------

    def _figures(self) -> dict[str, dict[str, Any]]:
        """For each rule its verdicts counted, and the least and the most that was measured."""
        found: dict[str, dict[str, Any]] = {}
        for docket in self._verdicts.dockets:
            looks: dict[str, nw.Expr] = {}
            for clause, ruling in docket.rulings.items():
                decided = nw.when(ruling.gives(Verdict.MET, Verdict.MISSED)).then(ruling.value)
                for verdict in Verdict:
                    looks[clause.of(verdict.value)] = _count(ruling.gives(verdict))
                looks |= {clause.of("low"): decided.min(), clause.of("high"): decided.max()}
                looks[clause.of("unsure")] = _count(ruling.inside.is_null())
            names = list(looks)
            row = docket.table.select(**looks).collect("polars")
            values = dict(zip(names, row.row(0), strict=True))
            for clause in docket.rulings:
                found[clause.rule.name] = _figures_of(clause, values)
        return found


_VOCABULARIES = ("kind", "phase", "initiated_by", "survey_kind", _STAGE)


def _count(is_it: nw.Expr) -> nw.Expr:
    return nw.when(is_it).then(1).otherwise(0).sum()


def _figures_of(clause: Clause, values: Mapping[str, Any]) -> dict[str, Any]:
    counts = {each.value: int(values[clause.of(each.value)] or 0) for each in Verdict}
    bounds = {name: values[clause.of(name)] for name in ("low", "high", "unsure")}
    return {**counts, **bounds, "subjects": sum(counts.values())}


def _named_words(rule: ServiceRule) -> Iterator[Mapping[str, Sequence[object]]]:
    yield rule.population.words
    if rule.unless is not None:
        yield rule.unless.words
    yield {column: tuple(shares) for column, shares in rule.target_by.items()}
    for population in rule.kept.needed_rows:
        yield population.words


def _no_row(column: str, words: Sequence[object]) -> str:
    return f"no row has {column} {' or '.join(repr(word) for word in words)}"


def _of_figures(rule: ServiceRule, figures: Mapping[str, Any]) -> Iterator[Finding]:
    promise, name = rule.kept, (rule.name,)
    decided = figures["met"] + figures["missed"]
    told = decided + figures["pending"]
    if figures["unknown"] and not told:
        what = [promise.measured]
        if figures["unsure"] == figures["unknown"]:
            what = list(rule.population.columns)
        are = "are" if len(what) > 1 else "is"
        rows = f"any of {figures['unknown']:,} rows"
        message = f"is never decided: {' and '.join(what)} {are} not known in {rows}"
        yield Finding(Severity.ERROR, name, message, "bring the figures, or leave the rule out")
    if decided < _ENOUGH:
        return
    low, high = (promise.said(figures[bound]) for bound in ("low", "high"))
    if not figures["met"]:
        message = f"was kept by none of {decided:,}: {promise}, and {low} to {high} were seen"
        yield Finding(Severity.WARNING, name, message, "mend the threshold or the measure")
    elif not figures["missed"] and _is_far(rule, figures):
        message = f"was kept by all of {decided:,}: {promise}, and {low} to {high} were seen"
        yield Finding(Severity.WARNING, name, message, "tighten the threshold")


def _is_far(rule: ServiceRule, figures: Mapping[str, Any]) -> bool:
    """Whether the threshold lies far beyond all that was seen, of numbers that start at 0."""
    promise, possible = rule.kept, measure_of(rule).possible
    if possible.low != 0:
        return False
    if promise.comparator.is_ceiling:
        return bool(promise.bound >= _FAR * figures["high"] and promise.bound > 0)
    return bool(figures["low"] >= _FAR * promise.bound)
