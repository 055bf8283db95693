"""The docket of customers, each once in every window since they are known."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import narwhals as nw

from custloyal.columns import DAY
from custloyal.fold import lowest
from custloyal.fold.plan import Plan
from custloyal.judging.docket import Bench, Clause, Docket, ruling
from custloyal.models import AsOf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from custloyal.engines import Table
    from custloyal.periods import Period

__all__ = ["contacted"]


def contacted(bench: Bench, clauses: Sequence[Clause], as_of: AsOf) -> Docket:
    """Every known customer in every window that began since, with the verdicts of some rules.

    A customer is known from their first row on, or from `acquired_at` of the second table, if that
    is earlier; who stands there alone and without it is known from the first row of the history
    on, before which nothing is known of anybody.

    Args:
        bench: Where rules are judged.
        clauses: The rules, all of one window.
        as_of: The time of judgement.
    """
    engine, setting = bench.setting.engine, bench.setting
    window = clauses[0].rule.window
    source = bench.interactions.let(_window=window.start(nw.col(DAY)))
    plan = Plan()
    everyone = plan.add(bench.interactions.by("customer_id", _known_day=lowest(DAY)), "customers")
    views = {
        clause: plan.add(clause.rule.kept.fold(source, "customer_id", "_window"), clause.rule.name)
        for clause in clauses
    }
    states = plan.run(bench.rows, setting)
    known = engine.store(_known(everyone.table(states[everyone.of], setting.as_of), bench))
    first = known.select(nw.col("_known_day").min()).collect("polars").item()
    grid = engine.from_polars(_windows(first, as_of, window), known)
    table = known.join(grid, how="cross").filter(nw.col("_window") >= nw.col("_known_day"))
    for clause, view in views.items():
        counts = view.table(states[view.of], setting.as_of)
        own = {clause.of(name): nw.col(f"_{name}") for name in ("value", "perhaps")}
        table = table.join(
            counts.select("customer_id", "_window", **own),
            on=["customer_id", "_window"],
            how="left",
        )
        value, perhaps = (clause.col(name).fill_null(0) for name in ("value", "perhaps"))
        decided = clause.rule.kept.decided(value, perhaps)
        table = table.with_columns(**{clause.of("value"): decided})
    for clause in clauses:
        table = table.with_columns(
            **{
                clause.of("inside"): clause.rule.population.holds(),
                clause.of("due"): nw.col("_ends_at"),
                clause.of("ended"): nw.when(~nw.col("_is_open")).then(nw.col("_ends_at")),
            },
        )
    told = ("customer_id", "occurred_at", DAY, *_of_customers(bench))
    kept = table.with_columns(**{DAY: nw.col("_window")}).rename({"_begins_at": "occurred_at"})
    rulings = {clause: ruling(clause) for clause in clauses}
    return Docket(engine.store(kept), rulings, told)


def _of_customers(bench: Bench) -> list[str]:
    named = [] if bench.customers is None else bench.customers.collect_schema().names()
    return [name for name in named if name not in ("customer_id", "_acquired_day")]


def _known(seen: Table, bench: Bench) -> Table:
    """Customers with rows and those of the second table, each with the day they are known from."""
    if bench.customers is None:
        return seen
    joined = seen.join(bench.customers, on="customer_id", how="full", suffix="_second")
    first_day = seen.select(_first_day=nw.col("_known_day").min())
    either = nw.coalesce("customer_id", "customer_id_second")
    # Before the history begins nobody knows what happened.
    earliest = nw.min_horizontal("_known_day", "_acquired_day")
    known_day = nw.max_horizontal(earliest, "_first_day")
    return (
        joined.join(first_day, how="cross")
        .with_columns(customer_id=either, _known_day=known_day)
        .select("customer_id", "_known_day", *_of_customers(bench))
    )


def _windows(first: date | None, as_of: AsOf, window: Period) -> Any:
    """The windows that began since a day, with their first and last instants as UTC wall times."""
    days = [] if first is None else list(window.starts(first, as_of.day))
    ends = [window.next_start(day) for day in days]
    frame = nw.from_dict(
        {
            "_window": days,
            "_begins_at": [_begins_at(day, as_of) for day in days],
            "_ends_at": [_begins_at(day, as_of) - _INSTANT for day in ends],
            "_is_open": [_begins_at(day, as_of) - _INSTANT > as_of.utc_wall for day in ends],
        },
        schema={
            "_window": nw.Date(),
            "_begins_at": nw.Datetime("us"),
            "_ends_at": nw.Datetime("us"),
            "_is_open": nw.Boolean(),
        },
        backend="polars",
    )
    return frame.to_native()


_INSTANT = timedelta(microseconds=1)


def _begins_at(day: date, as_of: AsOf) -> datetime:
    """The first instant of a local day."""
    day_before = AsOf.parse(day - timedelta(days=1), timezone=as_of.timezone)
    return day_before.utc_wall + _INSTANT
