"""Reading a history: which metrics, as of when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import attrs
import narwhals as nw

from custloyal.engines import Aggregate, Combine, Home, Table
from custloyal.errors import InvalidValueError, MissingColumnError, Mistake
from custloyal.fold import Source, count
from custloyal.fold.plan import Plan, Setting, View, known
from custloyal.formats import counted
from custloyal.history import History
from custloyal.metrics import LinearMetric, Metric
from custloyal.metrics.fits import Fits, Fitted, FittedMetric
from custloyal.models import AsOf
from custloyal.shown import Rows, Shown

if TYPE_CHECKING:
    from custloyal.fold import Fold
    from custloyal.fold.plan import Pass
    from custloyal.typing import AsOfLike

__all__ = ["Reading", "Readings", "Scores", "contributions", "explain", "read", "score"]


@attrs.frozen(eq=False, repr=False)
class Reading(Rows):
    """What one metric says of a history, one row for each key of its grain.

    Args:
        metric: The metric.
        as_of: The time as of which it was read.
        table: The rows.
        home: Where they go back to.
        fit: The model that the metric fitted; None where it fits none, or had no rows to fit.
    """

    metric: Metric
    as_of: AsOf
    table: Table = attrs.field(repr=False)
    home: Home = attrs.field(repr=False)
    fit: Fitted | None = attrs.field(default=None, repr=False)

    @property
    def cautions(self) -> tuple[Warning, ...]:
        """What the fit warned of; none where nothing was fitted."""
        return () if self.fit is None else self.fit.cautions

    @property
    def _title(self) -> str:
        return f"{self.metric.name} as of {self.as_of.day} ({self.as_of.timezone}){self._each}"

    @property
    def _each(self) -> str:
        return f", one for each {' and '.join(self.metric.grain)}" if self.metric.grain else ""

    @property
    def outline(self) -> str:
        """In a line what it is."""
        return f"{self.metric.name}{self._each}: {counted(self._number(), 'row')}"


@attrs.frozen(eq=False, repr=False)
class Readings(Shown, Mapping[str, Reading]):
    """Readings by metric: by its name, its class or the metric itself.

    Args:
        as_of: The time as of which all were read.
    """

    as_of: AsOf
    _by_name: Mapping[str, Reading]

    def __getitem__(self, metric: str | Metric | type[Metric]) -> Reading:
        """The reading of a metric: `readings["trust"]`, `readings[Trust]`, `readings[Trust()]`."""
        for name, reading in self._by_name.items():
            if metric in (name, reading.metric, type(reading.metric)):
                return reading
        said = f"{metric!r} was not read; there are {', '.join(self._by_name)}"
        raise KeyError(said)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        said = [f"  {reading.outline}" for reading in self._by_name.values()]
        return "\n".join([f"Readings as of {self.as_of.day} ({self.as_of.timezone})", *said])


@attrs.frozen(eq=False, repr=False)
class Scores(Rows):
    """One row for each known customer, with what every metric at customer grain says of them.

    Args:
        metrics: The metrics.
        as_of: The time as of which they were read.
        table: The rows.
        home: Where they go back to.
    """

    metrics: tuple[Metric, ...]
    as_of: AsOf
    table: Table = attrs.field(repr=False)
    home: Home = attrs.field(repr=False)

    @property
    def _title(self) -> str:
        said = ", ".join(metric.name for metric in self.metrics)
        return f"{said} as of {self.as_of.day} ({self.as_of.timezone})"


def read(
    history: History,
    metrics: Metric | Iterable[Metric],
    *,
    as_of: AsOfLike | AsOf | None = None,
) -> Readings:
    """Read metrics of a history, all in as few passes over its rows as they need together.

    Args:
        history: The interactions.
        metrics: The metrics, of any grain.
        as_of: A date means the end of that local day, an instant includes rows at or before it;
            later rows are unseen. None means the end of the day of the last row.

    Returns:
        A reading for each metric, each at its own grain.

    Raises:
        MissingColumnError: With every column that some metric needs and the history lacks.
        InvalidValueError: Where `as_of` cannot be understood, or a metric is asked for twice.
    """
    wanted = named(metrics)
    at = resolved(history, as_of)
    rows = history.rows(at.utc_wall)
    return readings_of(
        planned(history.interactions.columns, wanted),
        rows,
        history.home,
        order=history.order,
        as_of=at,
    )


def score(
    history: History,
    metrics: Metric | Iterable[Metric],
    *,
    as_of: AsOfLike | AsOf | None = None,
) -> Scores:
    """Read metrics at customer grain, and put what they say of each customer into one row.

    Args:
        history: The interactions.
        metrics: The metrics, all at customer grain.
        as_of: As for `read`.

    Returns:
        One row for each customer known in the history; null where a metric says nothing of them.

    Raises:
        MissingColumnError: With every column that some metric needs and the history lacks.
        InvalidValueError: Where a metric is not at customer grain, or two give the same column.
    """
    wanted = named(metrics)
    other = [
        Mistake(name, f"has one row for each {' and '.join(m.grain) or 'history'}", "use read()")
        for name, m in wanted.items()
        if m.grain != ("customer_id",)
    ]
    if other:
        raise InvalidValueError(other)
    at = resolved(history, as_of)
    passes = planned(history.interactions.columns, wanted)
    everyone = passes.plan.add(history.interactions.by("customer_id", row_count=count()), "score")
    rows = history.rows(at.utc_wall)
    setting = Setting(history.home.engine, history.order, at.utc_wall)
    states = passes.plan.run(rows, setting)
    scores = everyone.table(states[everyone.of], setting.as_of).select("customer_id")
    for table, _ in passes.readings(states, rows, setting, at).values():
        twice = set(scores.collect_schema()) & set(table.collect_schema()) - {"customer_id"}
        if twice:
            raise InvalidValueError(
                Mistake(", ".join(sorted(twice)), "is given by two metrics", "score them apart")
            )
        scores = scores.join(table, on="customer_id", how="left")
    return Scores(tuple(wanted.values()), at, history.home.engine.store(scores), history.home)


def contributions(
    history: History, metric: LinearMetric, *, as_of: AsOfLike | AsOf | None = None
) -> Scores:
    """What each interaction contributes to its customer's score; they add up to score - prior.

    Args:
        history: The interactions.
        metric: A metric whose score is linear up to a factor, such as `Trust`.
        as_of: As for `read`.

    Returns:
        One row for each interaction of a known customer that contributes: the columns of the
        history and `contribution`.

    Raises:
        InvalidValueError: Where the metric's score has no contributions.
    """
    if not isinstance(metric, LinearMetric):
        name = getattr(metric, "name", repr(metric))
        raise InvalidValueError(Mistake(name, "has no contributions", "its score is not linear"))
    if "contribution" in history.columns:
        raise InvalidValueError(Mistake("contribution", "is a column of the history", "rename it"))
    at = resolved(history, as_of)
    setting = Setting(history.home.engine, history.order, at.utc_wall)
    (view,) = planned(history.interactions.columns, named(metric)).views[metric.name]
    rows = known(view.of.prepared(history.rows(setting.as_of), setting), view.of.grain)
    parts: dict[str, nw.Expr] = {}
    for name, kept in view.names.items():
        parts |= view.of.columns[kept].parts(name, setting.as_of)
    # The history may have columns of the names of the parts.
    shown = {name: nw.col(f"_shown_{name}") for name in history.columns}
    rows = rows.with_columns(**{f"_shown_{name}": nw.col(name) for name in shown})
    own = nw.col("_own")
    each = rows.with_columns(**parts).with_columns(_own=metric.balance).filter(own != 0)
    whole = setting.engine.store(each.select(_own=own, **shown))
    sums = {"_whole": Aggregate(Combine.SUM, "_own")}
    balances = setting.engine.group(whole, list(view.of.grain), sums)
    explained = whole.join(balances, on=list(view.of.grain), how="left").select(
        *shown, contribution=own * metric.slope(nw.col("_whole"))
    )
    return Scores((metric,), at, setting.engine.store(explained), history.home)


def explain(history: History, metrics: Metric | Iterable[Metric]) -> str:
    """The passes that reading the metrics together takes, and what each is for."""
    return planned(history.interactions.columns, named(metrics)).plan.explain()


def resolved(history: History, as_of: AsOfLike | AsOf | None) -> AsOf:
    """The time that a user meant; the end of the last row's local day where they named none."""
    if not isinstance(history, History):
        kind = f"{type(history).__module__.partition('.')[0]} {type(history).__name__}"
        raise InvalidValueError(
            Mistake("history", f"is a {kind}", "use History.from_native(frame, ...)")
        )
    if as_of is not None:
        return AsOf.parse(as_of, timezone=history.timezone)
    last = history.last_occurred_at
    if last is None:
        raise InvalidValueError(
            Mistake("as_of", "cannot follow from the last row: no row was accepted", "name a date")
        )
    day = AsOf.parse(last, timezone=history.timezone).day
    return AsOf.parse(day, timezone=history.timezone)


def named(metrics: Metric | Iterable[Metric]) -> dict[str, Metric]:
    """The metrics by name.

    Raises:
        InvalidValueError: Where something is no metric, or one is asked for twice.
    """
    # A class, a name or a history in place of metrics is one mistake, whatever it iterates over.
    alone = isinstance(metrics, Metric | str | type) or not isinstance(metrics, Iterable)
    given: list[Any] = [metrics] if alone else list(cast("Iterable[Metric]", metrics))
    mistakes = [
        Mistake("metrics", f"holds {each!r}, which is no metric", _mend(each))
        for each in given
        if not isinstance(each, Metric)
    ]
    names = [each.name for each in given if isinstance(each, Metric)]
    mistakes += [
        Mistake(name, "is asked for twice", "read each by itself")
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if not given:
        mistakes.append(Mistake("metrics", "are none", "give metrics such as Trust()"))
    if mistakes:
        raise InvalidValueError(mistakes)
    return dict(zip(names, given, strict=True))


def _mend(each: object) -> str:
    if isinstance(each, type) and issubclass(each, Metric):
        return f"write {each.__name__}()"
    return "give metrics such as Trust()"


@attrs.frozen
class Planned:
    """The passes of some metrics, and where each metric finds its states.

    Args:
        plan: The passes.
        metrics: The metrics by name.
        views: For each metric the states of its folds.
    """

    plan: Plan
    metrics: Mapping[str, Metric]
    views: Mapping[str, Sequence[View]]

    def readings(
        self, states: Mapping[Pass, Table], near: Table, setting: Setting, as_of: AsOf
    ) -> dict[str, tuple[Table, Fitted | None]]:
        """The readings by metric, not yet computed, with their fits: equal ones are made once."""
        tables: dict[str, tuple[Table, Fitted | None]] = {}
        fits = Fits()
        for name, metric in self.metrics.items():
            views = [view.table(states[view.of], setting.as_of) for view in self.views[name]]
            state, fit = _joined(views, metric), None
            if isinstance(metric, FittedMetric):
                fit = metric.fit(state, as_of, fits)
                reading = metric.fitted_reading(state, as_of, fit)
            else:
                reading = metric.reading(state, as_of)
            if isinstance(reading, nw.DataFrame):
                reading = setting.engine.from_polars(reading.to_native(), near)
            tables[name] = reading, fit
        return tables


def planned(columns: frozenset[str], metrics: Mapping[str, Metric]) -> Planned:
    """The passes of some metrics over rows with some columns.

    Raises:
        MissingColumnError: With every column that some metric needs and the rows lack.
    """
    lacking: dict[str, list[str]] = {}
    for name, metric in metrics.items():
        for column in metric.needs:
            if column not in columns:
                lacking.setdefault(column, []).append(name)
    if lacking:
        raise MissingColumnError(
            Mistake(column, f"is needed by {', '.join(names)} and is not in the history")
            for column, names in lacking.items()
        )
    interactions, plan = Source(columns), Plan()
    views = {
        name: [plan.add(fold, name) for fold in _folds(metric, interactions)]
        for name, metric in metrics.items()
    }
    return Planned(plan, metrics, views)


def readings_of(
    passes: Planned,
    rows: Table,
    home: Home,
    *,
    order: tuple[str, ...],
    as_of: AsOf,
    given: Mapping[Pass, Table] = MappingProxyType({}),
) -> Readings:
    """Run the passes that are not given, and read all metrics from their states."""
    setting = Setting(home.engine, order, as_of.utc_wall)
    states = passes.plan.run(rows, setting, given)
    tables = passes.readings(states, rows, setting, as_of)
    return Readings(
        as_of,
        {
            name: Reading(passes.metrics[name], as_of, home.engine.store(table), home, fit)
            for name, (table, fit) in tables.items()
        },
    )


def _folds(metric: Metric, interactions: Source) -> tuple[Fold, ...]:
    state = metric.state(interactions)
    return state if isinstance(state, tuple) else (state,)


def _joined(states: Sequence[Table], metric: Metric) -> Table:
    joined, *others = states
    for other in others:
        joined = joined.join(other, on=list(metric.grain), how="left")
    return joined
