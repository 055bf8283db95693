"""The back-test: what a score would have said on a day of the past, beside what came after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.btyd.frames import as_floats
from custloyal.defection.backtest_words import sentences
from custloyal.defection.horizon import Span, as_days, check_days
from custloyal.defection.judgement import Judgement, interval_dict
from custloyal.defection.outcomes import cut_at, horizon_end, last_cut, outcomes
from custloyal.defection.ranking import Cases, resampled
from custloyal.defection.scores import Score, as_score
from custloyal.engines import Home, Table
from custloyal.errors import DataError, Mistake, nearest
from custloyal.formats import count, counted, share
from custloyal.models import AsOf, Interval, Share
from custloyal.models.checks import check_count, refuse
from custloyal.reading.run import read
from custloyal.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from custloyal.history import History
    from custloyal.metrics import Metric
    from custloyal.typing import AsOfLike

__all__ = ["Backtest", "Difference", "backtest"]

LEVEL = 0.95


@attrs.frozen(kw_only=True)
class Difference:
    """How much better the score ranked than another, on the same customers.

    Args:
        against: What the other is called.
        auc_difference: The AUC of the score less that of the other; None where there is none.
        interval: Of 95 %, by the paired bootstrap.
    """

    against: str
    auc_difference: float | None
    interval: Interval | None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Backtest(Shown):
    """What a score said on a day of the past, beside what came after.

    Made by `backtest`.

    Args:
        cut: The last moment that the scores saw.
        until: The last day of the horizon.
        horizon: How many days that is after the cut.
        customers_count: Customers with a purchase up to the cut and with a value of every score.
        lost_count: Those of them who bought nothing within the horizon.
        unscored_count: Customers with a purchase of whom some score says nothing.
        judgement: How the score did.
        others: How those did that it was held against.
        differences: How much better it ranked than each of them.
        seed: Where the random numbers of the bootstrap started.
        table: The customers with their scores and what came.
        home: Where they go back to.
    """

    cut: AsOf
    until: date
    horizon: int
    customers_count: int
    lost_count: int
    unscored_count: int
    judgement: Judgement
    others: tuple[Judgement, ...]
    differences: tuple[Difference, ...]
    seed: int
    table: Table = attrs.field(repr=False)
    home: Home = attrs.field(repr=False)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the figures mean, in words."""
        return tuple(sentences(self))

    def __repr__(self) -> str:
        lost = Share(self.lost_count, self.customers_count).value
        customers = counted(self.customers_count, "customer")
        lines = [
            f"Backtest of {self.judgement.score.title}, cut on {self.cut.day}, until {self.until}",
            f"  {customers}, {count(self.lost_count)} ({share(lost)}) bought nothing",
            *(f"  {judged}" for judged in map(_in_a_line, (self.judgement, *self.others))),
        ]
        return "\n".join(lines)

    def to_native(self) -> Any:
        """One row a customer: `customer_id`, each score under its title, and `is_lost`.

        In the library from which the history came.
        """
        return self.home.bring_back(self.table)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "cut": self.cut.day.isoformat(),
            "until": self.until.isoformat(),
            "horizon_days": self.horizon,
            "customers_count": self.customers_count,
            "lost_count": self.lost_count,
            "lost_share": self.lost_count / self.customers_count if self.customers_count else None,
            "unscored_count": self.unscored_count,
            **self.judgement.to_dict(),
            "others": [each.to_dict() for each in self.others],
            "differences": [
                {
                    "against": each.against,
                    "auc_difference": each.auc_difference,
                    **interval_dict("auc_difference", each.interval),
                }
                for each in self.differences
            ],
            "seed": self.seed,
            "sentences": list(self.sentences),
        }


def backtest(
    history: History,
    metric: Metric | Score,
    *,
    horizon: Span,
    cut: AsOfLike | AsOf | None = None,
    against: Metric | Score | Iterable[Metric | Score] = (),
    seed: int = 0,
    draws_count: int = 1_000,
) -> Backtest:
    """Read scores as of a day of the past, and hold them against what came after.

    A customer is lost who bought up to the cut and not within the horizon after it. The scores are
    read as of the cut, so they see nothing that came later; only who is lost does.

    Args:
        history: The interactions.
        metric: The score: a `SilentDefection`, a `PurchaseChance`, or any column of a metric at
            customer grain as a `Score`.
        horizon: Within what time a purchase is looked for, as for `SilentDefection`. A probability
            must be of the same.
        cut: Up to when the scores see; as `as_of` elsewhere. None for the last day after which
            the whole horizon is known.
        against: Other scores.
        seed: Where the random numbers of the bootstrap start: equal seeds give equal intervals.
        draws_count: The number of resamples, at least 100.

    Returns:
        How the scores did, on the customers of whom each says something.

    Raises:
        DataError: Where the horizon ends after the data, or nobody bought up to the cut.
        InvalidValueError: With the options that are wrong, and where a probability is none.

    Example:
        >>> from custloyal import Rfm
        >>> from custloyal.datasets import cdnow
        >>> from custloyal.defection import Score
        >>> days = Score(metric=Rfm(), column="recency_days", green=180)
        >>> tried = backtest(cdnow(), days, cut="1997-09-30", horizon="39w")
        >>> tried.customers_count, tried.lost_count, round(tried.judgement.auc, 3)
        (2357, 1673, 0.771)

        Of 1,673 who were lost so many had bought within the last 180 days:

        >>> tried.judgement.watermelon.numerator
        284
    """
    days = as_days(horizon)
    refuse(
        check_days("horizon", days),
        check_count("seed", seed),
        check_count("draws_count", draws_count, low=100),
    )
    others = list(against) if isinstance(against, Iterable) else [against]
    scores = [as_score(each) for each in (metric, *others)]
    _check(scores, days)
    at = last_cut(history, days) if cut is None else cut_at(history, cut)
    until = horizon_end(history, at, days)
    customers = outcomes(history, at, until)
    if not len(customers):
        nobody = f"is {at.day}, and nobody bought until then"
        mend = "choose a shorter horizon" if cut is None else "cut later"
        raise DataError(Mistake("cut", nobody, mend))
    values = _values(history, scores, at)
    return judged(
        history,
        customers,
        dict(zip(scores, values, strict=True)),
        cut=at,
        until=until.day,
        seed=seed,
        draws_count=draws_count,
    )


def judged(
    history: History,
    customers: nw.DataFrame[Any],
    values: Mapping[Score, nw.DataFrame[Any]],
    *,
    cut: AsOf,
    until: date,
    seed: int,
    draws_count: int,
) -> Backtest:
    """Hold scores, the first of them above all, against what came.

    Args:
        history: The interactions.
        customers: `customer_id` and `is_lost`, as `outcomes` gives them.
        values: For each score the reading of its metric as of the cut.
        cut: Up to when the scores saw.
        until: The last day of the horizon.
        seed: Where the random numbers of the bootstrap start.
        draws_count: The number of resamples.
    """
    scores = list(values)
    for score, table in values.items():
        said = nw.col(score.column)
        if table.collect_schema()[score.column].is_float():
            said = said.fill_nan(None)  # it says nothing, and would rank above all
        named = table.select("customer_id", said.alias(score.title))
        customers = customers.join(named, on="customer_id", how="left")
    known = customers.drop_nulls([score.title for score in scores]).sort("customer_id")
    columns = [as_floats(known, score.title) for score in scores]
    refuse(
        *(
            Mistake(
                score.title,
                "is no probability from 0 to 1",
                "bring it there, or do not say it is one",
            )
            for score, column in zip(scores, columns, strict=True)
            if score.is_probability and len(column) and not (0 <= column.min() <= column.max() <= 1)
        )
    )
    rising = [
        column if score.leaving == "high" else -column
        for score, column in zip(scores, columns, strict=True)
    ]
    cases = Cases.of(rising, known["is_lost"].to_numpy())
    aucs, gaps = resampled(cases, seed=seed, draws_count=draws_count, level=LEVEL)
    first, *rest = (
        Judgement.of(score, ranks if score.leaving == "high" else -ranks, cases, interval)
        for score, ranks, interval in zip(scores, cases.scores, aucs, strict=True)
    )
    return Backtest(
        cut=cut,
        until=until,
        horizon=(until - cut.day).days,
        customers_count=len(known),
        lost_count=int(known["is_lost"].sum()),
        unscored_count=len(customers) - len(known),
        judgement=first,
        others=tuple(rest),
        differences=tuple(
            Difference(
                against=other.score.title,
                auc_difference=_less(first.auc, other.auc),
                interval=gap,
            )
            for other, gap in zip(rest, gaps[1:], strict=True)
        ),
        seed=seed,
        table=history.home.engine.from_polars(known.to_native(), history.rows(cut.utc_wall)),
        home=history.home,
    )


def _in_a_line(judged: Judgement) -> str:
    auc = "not known" if judged.auc is None else f"{judged.auc:.3f}"
    interval = judged.auc_interval
    between = "" if interval is None else f" ({interval.low:.3f} to {interval.high:.3f})"
    brier = "" if judged.brier is None else f", Brier {judged.brier:.3f}"
    return f"{judged.score.title}: AUC {auc}{between}{brier}"


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _check(scores: Sequence[Score], days: int) -> None:
    """Refuse probabilities of another horizon, and two scores of one name."""
    titles = [score.title for score in scores]
    refuse(
        *(
            Mistake(
                score.title,
                f"is a probability for {own} days, and the horizon is {days} days",
                "give both the same horizon",
            )
            for score in scores
            if score.is_probability
            and isinstance(own := getattr(score.metric, "horizon", days), int)
            and own != days
        ),
        *(
            Mistake(title, "is the name of two scores", "give each a label of its own")
            for title in dict.fromkeys(titles)
            if titles.count(title) > 1
        ),
        *(
            Mistake(
                score.title,
                f"has one row for each {' and '.join(score.metric.grain) or 'history'}",
                "choose a metric at customer grain",
            )
            for score in scores
            if score.metric.grain != ("customer_id",)
        ),
    )


def _values(history: History, scores: Sequence[Score], at: AsOf) -> list[nw.DataFrame[Any]]:
    """The reading of each score's metric; all that can be are read together."""
    rounds: list[dict[str, Metric]] = []
    for score in scores:
        name = score.metric.name
        if any(each.get(name) == score.metric for each in rounds):
            continue
        free = next((each for each in rounds if name not in each), None)
        if free is None:
            rounds.append(free := {})
        free[name] = score.metric
    found = [
        (reading.metric, reading.table.collect("polars"))
        for metrics in rounds
        for reading in read(history, metrics.values(), as_of=at).values()
    ]
    values = [next(table for metric, table in found if metric == score.metric) for score in scores]
    refuse(
        *(
            Mistake(
                score.column,
                f"is no column of {score.metric.name}",
                nearest(score.column, [n for n in table.columns if n != "customer_id"]),
            )
            for score, table in zip(scores, values, strict=True)
            if score.column not in table.columns
        )
    )
    return values
