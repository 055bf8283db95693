"""Judging a history by a rule book, as of a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from custloyal.errors import DataError, MissingColumnError, Mistake, nearest
from custloyal.fold.plan import Setting
from custloyal.judging.cases import cases
from custloyal.judging.customers import contacted
from custloyal.judging.docket import ATTRIBUTES, Bench, Clause, Docket, followed, measured
from custloyal.judging.verdicts import Verdicts
from custloyal.metrics import Stage
from custloyal.metrics.kinds import is_kind
from custloyal.models import Kind, Phase
from custloyal.periods import Period
from custloyal.reading.run import read, resolved
from custloyal.rules import RuleBook, ServiceRule, Subject
from custloyal.rules.column_types import wrong_types

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from custloyal.engines import Table
    from custloyal.history import History
    from custloyal.models import AsOf
    from custloyal.rules.population import Word
    from custloyal.typing import AsOfLike

__all__ = ["judge"]

_STAGE, _PHASE, _TIE = "stage", "phase", "_tie"


def judge(
    history: History,
    book: RuleBook | ServiceRule | Iterable[ServiceRule],
    *,
    as_of: AsOfLike | AsOf | None = None,
) -> Verdicts:
    """Judge every interaction, case and customer by every rule that speaks of them.

    Args:
        history: The interactions; rules that name tiers need its second table.
        book: The rules, as a book, several or one.
        as_of: The time of judgement, as for `read`; what is not due by then is pending.

    Returns:
        The verdicts: `to_native()` for one row a rule and subject, `attainment("department",
        "window")` for the share of promises kept.

    Raises:
        MissingColumnError: With every column that some rule needs and the data lacks.
        DataError: With every column that holds something else than a rule compares it with, and
            where the second table's ids are not those of the history.
        InvalidValueError: Where `as_of` cannot be understood.

    Example:
        Ann was answered within two rings, Bob was not, and of Cem nobody knows: one of two.

        >>> import polars as pl
        >>> from custloyal import History, ServiceRule
        >>> from custloyal.rules import at_most, where
        >>> calls = pl.DataFrame({"customer_id": ["ann", "bob", "cem"], "rings": [2, 3, None]})
        >>> always = {"kind": "question", "occurred_at": "2024-05-01"}
        >>> rule = ServiceRule(
        ...     name="answer fast",
        ...     population=where(kind="question"),
        ...     promise=at_most(2, "rings"),
        ...     target=0.9,
        ...     window="month",
        ...     owner="front desk",
        ... )
        >>> verdicts = judge(History.from_native(calls, constants=always), rule)
        >>> sorted((row["customer_id"], row["verdict"]) for row in verdicts.to_dicts())
        [('ann', 'met'), ('bob', 'missed'), ('cem', 'unknown')]
        >>> [month] = verdicts.attainment("window").to_dicts()
        >>> month["met_count"], month["decided_count"], month["attainment_share"]
        (1, 2, 0.5)
    """
    at = resolved(history, as_of)
    book = RuleBook.of(book)
    check_columns(history, book)
    clauses = [Clause(rule, place) for place, rule in enumerate(book.rules)]
    bench = _bench(history, book, at)
    types = dict(bench.rows.collect_schema())
    wrong = [mistake for rule in book for mistake in wrong_types(rule, types)]
    if wrong:
        raise DataError(wrong)
    return Verdicts(
        book=book,
        as_of=at,
        history=history,
        dockets=tuple(_dockets(bench, clauses, at)),
        types=types,
    )


def check_columns(history: History, book: RuleBook) -> None:
    """Refuse rules about columns that are not there, with the nearest names.

    Raises:
        MissingColumnError: With every such column and the rules that need it.
    """
    lacking = missing_columns(history, book)
    if lacking:
        raise MissingColumnError(lacking)


def missing_columns(history: History, book: RuleBook) -> list[Mistake]:
    """The columns that some rule needs and the data lacks."""
    there = {*history.columns, *_customer_columns(history), _STAGE, _PHASE}
    needs: dict[str, list[str]] = {}
    for rule in book.rules:
        for column in [*rule.columns, *rule.kept.lacking(there)]:
            if column not in there:
                needs.setdefault(column, []).append(rule.name)
    of_customers = {*_customer_columns(history), _STAGE}
    strange = [
        Mistake(
            column,
            f"is no column of the table of customers, of whom {rule.name!r} speaks",
            "name tier, segment, stage or another column of that table, and say in of= what counts",
        )
        for rule in book.rules
        if rule.kept.subject is Subject.CUSTOMER
        for column in rule.columns
        if column in there and column not in of_customers
    ]
    return strange + [
        Mistake(
            column,
            f"is needed by {', '.join(dict.fromkeys(repr(name) for name in names))} and is neither "
            "in the history nor in the table of customers",
            _mend(column, there, history),
        )
        for column, names in needs.items()
    ]


def _mend(column: str, there: Collection[str], history: History) -> str:
    ours = column.casefold()
    for theirs in history.left_out:
        if theirs.casefold() == ours:
            return (
                f"the table has {theirs!r}: map columns={{{ours!r}: {theirs!r}}}, and say {ours!r}"
            )
    return nearest(column, sorted(there))


def _customer_columns(history: History) -> list[str]:
    """The columns of the second table that are not of the history."""
    if history.customers is None:
        return []
    return [
        name
        for name in history.customers.collect_schema()
        if name not in history.columns and name != _PHASE
    ]


def _bench(history: History, book: RuleBook, at: AsOf) -> Bench:
    engine = history.home.engine
    rows, order = history.rows(at.utc_wall).with_columns(phase=_phase(history)), history.order
    if any(rule.kept.is_timed or rule.kept.subject is Subject.CASE for rule in book):
        # Joins mix rows up, and ids that are null break no ties: the place in the input does.
        rows, order = engine.with_place(rows, _TIE), (*order, _TIE)
    customers = _customers(history, book, rows, at)
    if customers is not None:
        named = [n for n in customers.collect_schema() if n != "_acquired_day"]
        rows = rows.join(customers.select(*named), on="customer_id", how="left")
    columns = frozenset(rows.collect_schema())
    told = tuple(name for name in ATTRIBUTES if name in columns)
    own = () if customers is None else tuple(n for n in named if n != "customer_id")
    return Bench(
        rows=rows,
        columns=columns,
        told=(*told, *own),
        customers=customers,
        setting=Setting(engine, order, at.utc_wall),
    )


_ACQUIRED, _ACQUIRED_DAY = "acquired_at", "_acquired_day"


def _phase(history: History) -> nw.Expr:
    """The phase of each row; where it names none, that of its kind."""
    of_kind = nw.lit(None).cast(nw.String)
    for phase in Phase:
        kinds = [kind for kind in Kind if kind.phase is phase]
        of_kind = nw.when(is_kind(*kinds)).then(nw.lit(phase.value)).otherwise(of_kind)
    if _PHASE not in history.columns:
        return of_kind
    return nw.coalesce(nw.col(_PHASE).cast(nw.String), of_kind)


def _customers(history: History, book: RuleBook, rows: Table, at: AsOf) -> Table | None:
    """What rules and groups name of customers, one row a customer; None where nothing is named."""
    engine = history.home.engine
    named = dict.fromkeys(column for rule in book.rules for column in rule.columns)
    second = None
    if history.customers is not None:
        schema = history.customers.collect_schema()
        own = [name for name in _customer_columns(history) if not name.startswith("_")]
        acquired = [_ACQUIRED] if _ACQUIRED in schema and _ACQUIRED not in own else []
        known = history.customers.filter(~nw.col("customer_id").is_null())
        small = known.select("customer_id", *own, *acquired).collect("polars")
        brought = engine.from_polars(_with_ids_of(small, rows).to_native(), rows)
        second = _with_acquired_day(brought, history).select("customer_id", _ACQUIRED_DAY, *own)
    if _STAGE in named and _STAGE not in (*history.columns, *_customer_columns(history)):
        stages = read(history, Stage(), as_of=at)["stage"].table.select("customer_id", _STAGE)
        if second is None:
            second = stages.with_columns(**{_ACQUIRED_DAY: nw.lit(None).cast(nw.Date)})
        else:
            both = second.join(stages, on="customer_id", how="full", suffix="_staged")
            either = nw.coalesce("customer_id", "customer_id_staged")
            second = both.with_columns(customer_id=either).drop("customer_id_staged")
    return None if second is None else engine.store(second)


def _with_acquired_day(customers: Table, history: History) -> Table:
    """The local day on which each customer was acquired; null where that is not known."""
    engine, zone = history.home.engine, history.timezone
    schema = customers.collect_schema()
    dtype = schema.get(_ACQUIRED)
    if dtype is None:
        return customers.with_columns(**{_ACQUIRED_DAY: nw.lit(None).cast(nw.Date)})
    if dtype == nw.Date:
        return customers.with_columns(**{_ACQUIRED_DAY: nw.col(_ACQUIRED)})
    told = customers.with_columns(_acquired=nw.col(_ACQUIRED))
    if dtype == nw.String:
        utc = engine.with_parsed_times(told, column="_acquired", timezone=zone, time_format=None)
    elif dtype == nw.Datetime:
        utc = engine.with_utc(told, column="_acquired", timezone=zone)
    else:
        raise DataError(
            Mistake("customers.acquired_at", f"is of type {dtype}", "give dates or timestamps")
        )
    local = engine.with_local(utc, column="_acquired", name=_ACQUIRED_DAY, timezone=zone)
    return local.with_columns(**{_ACQUIRED_DAY: nw.col(_ACQUIRED_DAY).dt.date()})


def _with_ids_of(customers: nw.DataFrame[Any], rows: Table) -> nw.DataFrame[Any]:
    """The second table with ids of the history's type: a CSV file gives numbers as text."""
    theirs, ours = (each.collect_schema()["customer_id"] for each in (customers, rows))
    if theirs.is_integer() == ours.is_integer():
        return customers
    try:
        wanted = nw.Int64() if ours.is_integer() else nw.String()
        return customers.with_columns(nw.col("customer_id").cast(wanted))
    except Exception as error:  # noqa: BLE001 (each engine raises of its own kind)
        message = f"has customer_id as {theirs}, the history as {ours}"
        mend = f"give both as text or both as whole numbers; {str(error).splitlines()[0]}"
        raise DataError(Mistake("customers", message, mend)) from None


def _kinds(clause: Clause) -> tuple[Word, ...]:
    """The kinds of which a rule speaks; none where it names none."""
    return tuple(sorted(clause.rule.population.words.get("kind", ()), key=str))


def _dockets(bench: Bench, clauses: list[Clause], at: AsOf) -> list[Docket]:
    def about(subject: Subject) -> list[Clause]:
        return [clause for clause in clauses if clause.rule.kept.subject is subject]

    of_rows = about(Subject.INTERACTION)
    follows = [clause for clause in of_rows if clause.rule.kept.is_timed]
    numbers = [clause for clause in of_rows if clause not in follows]
    found = [measured(bench, numbers)] if numbers else []
    found += [followed(bench, clause) for clause in follows]
    of_cases = about(Subject.CASE)
    opened_by = dict.fromkeys(_kinds(clause) for clause in of_cases)
    found += [
        cases(bench, [clause for clause in of_cases if _kinds(clause) == kinds], kinds)
        for kinds in opened_by
    ]
    of_customers = about(Subject.CUSTOMER)
    found += [
        contacted(bench, [c for c in of_customers if c.rule.window is window], at)
        for window in Period
        if any(clause.rule.window is window for clause in of_customers)
    ]
    return found
