"""The company report: what a history says about loyalty, and whom to look at first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import narwhals as nw

from custloyal.columns import DAY
from custloyal.defection import SilentDefection
from custloyal.errors import InvalidValueError, Mistake
from custloyal.formats import day
from custloyal.judging import judge
from custloyal.metrics import BtydStatistics, EvidenceUse, Stage, Trust
from custloyal.metrics.purchases import is_purchase
from custloyal.models.checks import check_number, refuse
from custloyal.reading.run import read, resolved
from custloyal.reporting.leaving import fit_cautions
from custloyal.reporting.page import period, render
from custloyal.reporting.scope import Run, Scope
from custloyal.reporting.section import Failed, Section, plain
from custloyal.reporting.sections import SECTIONS
from custloyal.shown import Shown

if TYPE_CHECKING:
    from custloyal.defection.horizon import Span
    from custloyal.history import History
    from custloyal.metrics import Metric
    from custloyal.models import AsOf
    from custloyal.reading.run import Readings
    from custloyal.reporting.section import Listing
    from custloyal.rules import RuleBook
    from custloyal.typing import AsOfLike

__all__ = ["VERSION", "Report", "report"]

VERSION = 1
"""Of the keys of `Report.to_dict`."""
_STORED = 5_000_000
"""Up to so many rows are held in memory, since a report reads them a dozen times."""
_FEELINGS = (Trust, EvidenceUse, Stage)
"""What rests on experiences, of which kept and missed promises are some."""
T = TypeVar("T")


@attrs.frozen(eq=False, repr=False)
class Report(Shown):
    """What a history says about loyalty.

    Made by `report`.
    """

    _about: Mapping[str, Any]
    _told: Sequence[tuple[Section[Any], Any]]
    """Each section with its figures, or why it failed."""

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON: dates as ISO text, null where not known.

        Returns:
            `version`, what the report rests on, the keys of each section, and in `errors` by name
            why a section failed.
        """
        errors: dict[str, str] = {}
        made: dict[str, Any] = {"version": VERSION, **plain(self._about), "errors": errors}
        for section, figures in self._told:
            told = None if isinstance(figures, Failed) else figures
            if isinstance(figures, Failed):
                errors[section.name] = figures.reason
            try:
                keys = plain(section.to_dict(told))
            except Exception as error:  # noqa: BLE001 (whatever a section raises, the others stand)
                errors[section.name] = Failed.by(error).reason
                continue
            for key, value in keys.items():
                made.setdefault(key, value)
        return made

    def lines(self) -> list[tuple[str, str]]:
        """The report in a sentence or two for each section, with the name of each."""
        return [
            line
            for section, figures in self._told
            for line in _asked(section, figures, lambda one, of: one.lines(of), _failure)
        ]

    def listings(self) -> list[Listing]:
        """The tables of the report that a terminal shows."""
        found = (
            _asked(section, figures, lambda one, of: one.listing(of), lambda *_: None)
            for section, figures in self._told
        )
        return [one for one in found if one is not None]

    @property
    def title(self) -> str:
        """What the report is of."""
        return f"Customer loyalty as of {day(self._about['as_of'])}"

    @property
    def period(self) -> str:
        """Which rows it rests on."""
        return period(self._about)

    def __repr__(self) -> str:
        known = [each for each in self._told if not isinstance(each[1], Failed)]
        headlines = sorted(
            (
                one
                for section, figures in known
                for one in _asked(section, figures, lambda s, of: s.headlines(of), lambda *_: ())
            ),
            key=lambda one: one.rank,
        )
        width = max((len(one.name) for one in headlines), default=0)
        return "\n".join(
            [
                f"Report as of {self._about['as_of']} ({self._about['timezone']})",
                *(f"  {one.name:{width}}  {one.value}, {one.of}" for one in headlines),
            ]
        )

    def to_html(self) -> str:
        """The report as one self-contained page that needs no network.

        Raises:
            MissingExtraError: Where the extra `report` is not installed.
        """
        return render(self._about, self._told)


def _asked(
    section: Section[Any],
    figures: Any,
    ask: Callable[[Section[Any], Any], T],
    otherwise: Callable[[Section[Any], str], T],
) -> T:
    """What a section says of its figures; where it failed, or fails now, something else."""
    if isinstance(figures, Failed):
        return otherwise(section, figures.reason)
    try:
        return ask(section, figures)
    except Exception as error:  # noqa: BLE001 (whatever a section raises, the others stand)
        return otherwise(section, Failed.by(error).reason)


def _failure(section: Section[Any], reason: str) -> list[tuple[str, str]]:
    return [(section.title, f"This section failed: {reason}")]


def report(
    history: History,
    *,
    as_of: AsOfLike | AsOf | None = None,
    rules: RuleBook | None = None,
    horizon: Span = "90d",
    discount_share: float = 0.1,
    sections: Sequence[Section[Any]] = SECTIONS,
) -> Report:
    """Sum up a history: trust, stages, revenue, who stays and who leaves, and what that is worth.

    Args:
        history: The interactions. Without amounts there is nothing on revenue and value.
        as_of: As for `read`.
        rules: Service rules by which the history is judged: the report then says which promises
            are kept, and trust takes each that was kept or missed as evidence. Nothing else
            changes. Without rules nothing is said of promises.
        horizon: Within what time a purchase is looked for, as for `SilentDefection`. After twice
            as long a silence a customer counts as gone where tenure and value are told.
        discount_share: What a year's delay takes from money: after a year an amount counts
            1 / (1 + share); at least 0. The 0.1 is ours.
        sections: What the report says, in order; `[*SECTIONS, Mine()]` adds one of your own. Where
            a section raises, the report says which and why, and the others stand.

    Returns:
        The report. Its sections `retention`, `leaving` and `value` are, as plain values (a section
        that cannot be told is None, and `retention_reason` and so on say why):

        `retention`: `months` (at most 24 rows of `RetentionRate`, of which `latest_month` is the
        last that is over), `repeat` (`RepeatPurchaseRate`), `tenure` (`Tenure`, with at most 60
        points of the `KaplanMeier` curve), `lifecycle` (at most 24 months of `Lifecycle`),
        `reactivation` (`Reactivation`), `bridge` (at most 12 periods of `RevenueBridge`: opening +
        new + resurrected + grown - shrunk - lost = closing, opening - shrunk - lost = kept) and
        `growth` (whether that of the last full period was bought with new customers).

        `leaving`: who is likely gone by `SilentDefection`, the silent and the voiced apart, in
        numbers and in `value_at_risk_amount`, and of these the newly gone: the later of `alarm_on`
        and `due_on` is not older than the horizon; `expected_lost_count` (the sum of all
        probabilities) and `expected_loss_amount` (of probability times value); `at_stake` (the
        same without those who are gone for longer, and in whose hands it is), `alarms` (still to
        come within the horizon, by seven days), `calibration` and `cautions` (sentences), `first`
        (at most ten of the newly gone, by expected loss), `price_only`, `won_back`; `backtest` (a
        `Backtest` of the same score beside days since the last purchase, at the last cut after
        which a horizon is known) and `experience` (`LeavingAfter` at the same cut: an association).

        `value`: margins and defection by period of age, the value of an acquired customer and the
        profit of a base of constant size, with what 5 points less defection add to both (`gain`),
        a curve over defection, what acquisition cost, and the published `claims` beside the own
        figures. Price-only buyers are left out where list prices are known.

    Raises:
        InvalidValueError: Where an option is out of its range, `as_of` cannot be understood or is
            before the first row, where no row was accepted, or none names a customer.
        MissingColumnError: With every column that some rule needs and the history lacks.
    """
    refuse(check_number("discount_share", discount_share, low=0))
    silent, trust = SilentDefection(horizon=horizon), Trust()
    at = resolved(history, as_of)
    seen = _seen(history, at)
    if seen["first"] is None:
        raise InvalidValueError(
            Mistake("as_of", f"{at.day} is before the first accepted row", "name a later day")
        )
    if history.intake.accepted <= _STORED:
        history = history.stored()
    verdicts = None if rules is None else judge(history, rules, as_of=at)
    # What came before the first purchase tells nothing of how long customers stay.
    bought_from = seen["bought_from"]
    scope = Scope(
        columns=frozenset(history.columns),
        seen_days=0 if bought_from is None else (seen["last"] - bought_from).days,
        as_of=at,
        silent=silent,
        trust=trust,
        has_rules=verdicts is not None,
    )
    promised = None if verdicts is None else verdicts.in_history()
    asked, failed = _metrics_of(sections, scope)
    with fit_cautions() as cautions:
        try:
            readings, felt = _read(history, promised, scope, asked)
        except Exception:  # noqa: BLE001 (if it is no section, it is raised again)
            failed |= _failing(history, promised, scope, asked)
            asked = {name: wanted for name, wanted in asked.items() if name not in failed}
            readings, felt = _read(history, promised, scope, asked)
    customers = _customers(felt, readings)
    if promised is not None:
        # Promises may have been made to people who never did anything: those are no rows here.
        known = readings["trust"].table.select("customer_id").collect("polars")
        customers = customers.join(known, on="customer_id", how="semi")
    if not len(customers):
        raise InvalidValueError(
            Mistake("customer_id", "is empty in every row that was accepted", "map another column")
        )
    run = Run(
        scope=scope,
        history=history,
        first=seen["first"],
        last=seen["last"],
        intake=seen["intake"],
        verdicts=verdicts,
        promised=promised,
        readings=readings,
        felt=felt,
        customers=customers,
        cautions=cautions,
        discount_share=discount_share,
    )
    about = {
        "as_of": at.day.isoformat(),
        "timezone": history.timezone,
        "period": {"first": run.first.isoformat(), "last": run.last.isoformat()},
        "interactions_count": seen["rows"],
        "customers_count": run.customers_count,
        "horizon_days": silent.horizon,
        "has_amounts": scope.has_amounts,
        "has_rules": scope.has_rules,
    }
    return Report(about, [(one, failed.get(one.name) or _figures(one, run)) for one in sections])


def _figures(section: Section[Any], run: Run) -> Any:
    try:
        return section.figures(run)
    except Exception as error:  # noqa: BLE001 (whatever a section raises, the others stand)
        return Failed.by(error)


def _metrics_of(
    sections: Sequence[Section[Any]], scope: Scope
) -> tuple[dict[str, Sequence[Metric]], dict[str, Failed]]:
    """The metrics that each section needs by its name, and which cannot say so."""
    asked: dict[str, Sequence[Metric]] = {}
    failed: dict[str, Failed] = {}
    by_name: dict[str, Metric] = {}
    for section in sections:
        try:
            wanted = section.metrics(scope)
        except Exception as error:  # noqa: BLE001 (as in _figures)
            failed[section.name] = Failed.by(error)
            continue
        differing = [each for each in wanted if by_name.get(each.name, each) != each]
        if differing:
            reason = f"an earlier section asks for {differing[0].name} with other arguments"
            failed[section.name] = Failed(f"{reason} (ask for {by_name[differing[0].name]!r})")
            continue
        by_name |= {each.name: each for each in wanted}
        asked[section.name] = wanted
    return asked, failed


def _failing(
    history: History, promised: History | None, scope: Scope, asked: Mapping[str, Sequence[Metric]]
) -> dict[str, Failed]:
    """Of sections that could not be read together those that cannot be read alone either."""
    failed = {}
    for name, wanted in asked.items():
        try:
            _read(history, promised, scope, {name: wanted})
        except Exception as error:  # noqa: BLE001 (as in _figures)
            failed[name] = Failed.by(error)
    return failed


def _read(
    history: History, promised: History | None, scope: Scope, asked: Mapping[str, Sequence[Metric]]
) -> tuple[Readings, Readings]:
    """All metrics in one reading, and those that rest on experiences with promises among them."""
    metrics: list[Metric] = []
    for metric in (scope.trust, BtydStatistics(), *chain.from_iterable(asked.values())):
        if metric not in metrics:
            metrics.append(metric)
    at = scope.as_of
    if promised is None:
        readings = read(history, metrics, as_of=at)
        return readings, readings
    feelings = [each for each in metrics if isinstance(each, _FEELINGS)]
    others = [each for each in metrics if not isinstance(each, _FEELINGS)]
    return (
        read(history, [scope.trust, *others], as_of=at),
        read(promised, feelings, as_of=at),
    )


def _customers(felt: Readings, readings: Readings) -> nw.DataFrame[Any]:
    """One row for each known customer, with all that is said of them."""
    table = felt["trust"].table
    for source, name in (
        (felt, "stage"),
        (readings, "btyd_statistics"),
        (readings, "pareto_segment"),
        (readings, "silent_defection"),
    ):
        if name in source:
            table = table.join(source[name].table, on="customer_id", how="left")
    return table.collect("polars")


def _seen(history: History, as_of: AsOf) -> dict[str, Any]:
    """What the report rests on."""
    intake = history.intake
    bought = is_purchase & ~nw.col("customer_id").is_null()
    rows = history.rows(as_of.utc_wall).select(
        nw.len().alias("rows"),
        nw.col("customer_id").is_null().sum().alias("nobody"),
        nw.col(DAY).min().alias("first"),
        nw.col(DAY).max().alias("last"),
        nw.when(bought).then(nw.col(DAY)).min().alias("bought_from"),
    )
    (found,) = rows.collect("polars").rows(named=True)
    return {
        **found,
        "intake": {
            "given": intake.given,
            "accepted": intake.accepted,
            "rejected": [{"reason": r, "count": n} for r, n in intake.rejected.items()],
            "duplicates": intake.duplicates,
            "folded_lines": intake.folded_lines,
            "unmapped": [{"word": word, "count": n} for word, n in intake.unmapped.items()],
            "negated_returns": intake.negated_returns,
            "unseen": intake.accepted - int(found["rows"]),
            "without_customer": int(found["nobody"] or 0),
        },
    }
