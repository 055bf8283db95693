"""Silent defection: who will buy nothing more, though nobody said so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw

from custloyal.btyd import ParetoNbd
from custloyal.btyd.frames import as_series
from custloyal.defection.alarm import alarm_ages, dates_at
from custloyal.defection.horizon import as_days, check_days
from custloyal.defection.purchase_record import as_statistics, halves, record
from custloyal.defection.rates import expected_rate, silence_chance, waiting_time
from custloyal.defection.recalibration import Recalibration, no_purchase
from custloyal.defection.words import reason
from custloyal.fold import Fold, Source, highest
from custloyal.metrics.evidence import evidence, speaker, with_evidence
from custloyal.metrics.fits import Fits, Fitted, FittedMetric
from custloyal.metrics.kinds import is_kind
from custloyal.metrics.purchases import DAY, days_between, ledger
from custloyal.models import Kind, OutcomePolicy
from custloyal.models.checks import as_number, check_number, refuse

if TYPE_CHECKING:
    from custloyal.btyd import FittedParetoNbd
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["SilentDefection"]

_SCHEMA = {
    "p_no_purchase": nw.Float64(),
    "p_no_purchase_raw": nw.Float64(),
    "is_recalibrated": nw.Boolean(),
    "calibration": nw.String(),
    "quiet_since": nw.Date(),
    "silent_days": nw.Int64(),
    "alarm_on": nw.Date(),
    "due_on": nw.Date(),
    "loss": nw.String(),
    "purchases_at_risk_count": nw.Float64(),
    "value_at_risk_amount": nw.Float64(),
    "reason": nw.String(),
}


@attrs.frozen(kw_only=True)
class SilentDefection(FittedMetric):
    """How likely each customer is to buy nothing within a horizon, and since when that shows.

    The probability of no purchase, not the probability of having left: whoever bought once and
    never again looks alive to some models for ever. It is that of Pareto/NBD, recalibrated on the
    customers' own past: the model is fitted to what was known one horizon ago (or midway, where
    the data are not twice as long), and a logistic regression on logit P, ln(1 + x) and x = 0
    says what its probabilities were worth from there to today. Where fewer than 200 customers
    left or stayed in that time, the model's own is shown.

    Args:
        horizon: Within what time a purchase is looked for: "90d", "13w", a timedelta of whole
            days or a number of days.
        alarm: The probability, in (0, 1), from which a customer is likely gone.
        voiced_within: For how long before the last purchase a complaint counts as a voice: those
            from then on to today.
        policy: Which ratings are bad.

    Returns (as a reading, one row a customer with a purchase):
        `p_no_purchase` (from 0 to 1), `p_no_purchase_raw` (as the model says it),
        `is_recalibrated` with `calibration` (on what that rests, or why not), `quiet_since` (the
        day of the last purchase), `silent_days`, `alarm_on` (the first day on which
        `p_no_purchase` is at the alarm if no purchase comes, by the fit of today; null where not
        within 179 years), `due_on` (the day by which the next purchase is as likely made as not
        while a customer: before it silence says little; null past the year 9999), `loss` (of who
        is likely gone: "voiced" after a complaint, a return or a bad rating, else "silent"; null
        of the others), `purchases_at_risk_count` (purchase days to expect within the horizon while
        a customer), `value_at_risk_amount` (these times the mean amount of the own purchase days;
        null where no amount is known), `reason` (in words: p is the chance that a customer who is
        still there is silent for so long).

    Raises:
        InvalidValueError: Where an option is out of its range.

    Warns:
        NotIdentifiedWarning: Where the data do not determine the model.
        FewRepeatersWarning: Where at least 95 % of the customers bought once.

    Source:
        D. C. Schmittlein, D. G. Morrison, R. Colombo, *Counting your customers*, Management
        Science 33 (1987), for the model. The recalibration is ours.

    Example:
        >>> import custloyal
        >>> from custloyal.datasets import cdnow
        >>> silent = SilentDefection(horizon="39w")
        >>> rows = custloyal.read(cdnow(), silent, as_of="1997-09-30")[silent].to_dicts()
        >>> rows[2]["reason"], rows[2]["loss"], rows[2]["is_recalibrated"]
        ('bought once, silent for 9 months, p = 43 %', 'silent', True)
    """

    horizon: int = attrs.field(converter=as_days)
    alarm: float = attrs.field(default=0.5, converter=as_number)
    voiced_within: int = attrs.field(default=90, converter=as_days)
    policy: OutcomePolicy = attrs.field(factory=OutcomePolicy)

    def __attrs_post_init__(self) -> None:
        refuse(
            check_days("horizon", self.horizon),
            check_number("alarm", self.alarm, above=0, below=1),
            check_days("voiced_within", self.voiced_within),
        )

    def state(self, interactions: Source) -> tuple[Fold, Fold]:
        """The purchase days of each customer, and the last day on which each raised their voice."""
        bad_rating = (evidence < 0) & (speaker == "rating")
        voiced = is_kind(Kind.COMPLAINT, Kind.RETURN) | bad_rating
        voices = with_evidence(interactions, self.policy)
        return ledger(interactions), voices.by("customer_id", voiced_day=highest(DAY, where=voiced))

    def fit(self, state: Table, as_of: AsOf, fits: Fits) -> Fitted | None:
        """Pareto/NBD of all customers, recalibrated on what was known one horizon ago."""
        days = state.collect("polars")
        if not len(days):
            return None
        fitted = fits.fitted(ParetoNbd(time_unit="day"), record(days, as_of.day), as_of)
        recalibration = Recalibration.of(halves(days, as_of.day, horizon=self.horizon))
        return attrs.evolve(fitted, recalibration=recalibration)

    def fitted_reading(self, state: Table, as_of: AsOf, fit: Fitted | None) -> nw.DataFrame[Any]:
        """The probabilities with what follows from them, finished in numpy."""
        days = state.collect("polars")
        known = nw.col("purchase_count") > nw.col("unknown_count")
        customers = record(
            days,
            as_of.day,
            amount=nw.when(known).then(nw.col("amount")).mean(),
            voiced_day=nw.col("voiced_day").max(),
        )
        if fit is None:
            return customers.select("customer_id", **_nothing())
        return self._finished(customers, fit.model, fit.recalibration)

    def _finished(
        self,
        customers: nw.DataFrame[Any],
        model: FittedParetoNbd,
        recalibration: Recalibration,
    ) -> nw.DataFrame[Any]:
        rows, place = as_statistics(customers)
        raw = no_purchase(model, rows, self.horizon)
        ages = alarm_ages(model, recalibration, rows, level=self.alarm, days=self.horizon)
        first_days = customers["first_day"].to_numpy()
        alarms = dates_at(first_days, ages[place])
        due_days = dates_at(first_days, (rows.t_x + waiting_time(model, rows, 0.5))[place])
        chance = recalibration.applied(raw, rows.x)
        due = self.horizon * expected_rate(model, rows)
        silent, x = nw.col("T") - nw.col("t_x"), nw.col("x")
        since_voice = days_between(nw.col("voiced_day"), nw.col("last_day"))
        voiced = (since_voice <= self.voiced_within).fill_null(value=False)
        kind = nw.when(voiced).then(nw.lit("voiced")).otherwise(nw.lit("silent"))
        return (
            customers.with_columns(
                as_series("p_no_purchase", chance[place]),
                as_series("p_no_purchase_raw", raw[place]),
                as_series("alarm_on", alarms),
                as_series("due_on", due_days),
                as_series("purchases_at_risk_count", due[place]),
                as_series("silence_chance", silence_chance(model, rows)[place]),
                silent_days=silent,
                habit_days=nw.when(x > 0).then(nw.col("t_x") / x),
                is_recalibrated=nw.lit(recalibration.coefficients is not None),
                calibration=nw.lit(str(recalibration)),
                quiet_since=nw.col("last_day"),
            )
            .with_columns(
                loss=nw.when(nw.col("p_no_purchase") >= self.alarm).then(kind),
                value_at_risk_amount=nw.col("purchases_at_risk_count") * nw.col("amount"),
                reason=reason(),
            )
            .select("customer_id", *(nw.col(n).cast(t) for n, t in _SCHEMA.items()))
        )


def _nothing() -> dict[str, nw.Expr]:
    return {name: nw.lit(None).cast(dtype) for name, dtype in _SCHEMA.items()}
