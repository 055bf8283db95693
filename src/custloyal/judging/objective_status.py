"""How an objective stands in one window: its budget, its pace, its verdict and its sentences."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs

from custloyal.judging.forecast import Forecast
from custloyal.judging.objective_sentences import sentences
from custloyal.models import Share
from custloyal.rules import ServiceRule
from custloyal.rules.error_budget import ErrorBudget
from custloyal.rules.objective import Objective
from custloyal.rules.point_cost import PointCost, marginal_point_cost, point_cost
from custloyal.rules.standing import Standing, standing

__all__ = ["ObjectiveStatus"]


@attrs.frozen(kw_only=True)
class ObjectiveStatus:
    """How an objective stands in one window.

    Made by `objectives`.

    Args:
        objective: The objective.
        rule: Its rule.
        window: The first day of the window.
        is_over: Whether the window is over; else it is the current one.
        attainment: The promises kept of those decided, with those of which it is not known.
        target: The share to be kept.
        pending_count: Promises of the window that are not yet due.
        expected_count: How many promises the whole window is thought to bring; None where nothing
            says.
        expected_from: What that goes by.
        pace: The share kept with which the budget is thought to go on being used.
        pace_from: What that goes by.
        before: The promises kept in the window before; None where there is none.
        amount_before: What was spent in the window before; None where that is not known.

    Example:
        >>> from custloyal import ServiceRule
        >>> from custloyal.models import Share
        >>> from custloyal.rules import at_most, where
        >>> status = ObjectiveStatus(
        ...     objective=Objective(rule="answer fast"),
        ...     rule=ServiceRule(
        ...         name="answer fast",
        ...         population=where(channel="phone"),
        ...         promise=at_most(2, "rings"),
        ...         target=0.9,
        ...         window="month",
        ...         owner="front desk",
        ...     ),
        ...     window=date(2024, 3, 1),
        ...     attainment=Share(176, 200),
        ...     target=0.9,
        ...     expected_count=280,
        ...     expected_from=Forecast.GIVEN,
        ...     pace=Share(176, 200),
        ... )
        >>> print(status)
        Answer fast: 88.0 % of 200 kept (82.8 to 91.8), target 90 %. 24 missed, 28 allowed: 4 left \
of the budget of this month. At this pace the budget is gone after 34 more calls. At risk: 24 or \
more misses have a chance of 20.2 % even where 90 % are kept.
    """

    objective: Objective
    rule: ServiceRule
    window: date
    attainment: Share
    target: float
    is_over: bool = False
    pending_count: int = 0
    expected_count: int | None = None
    expected_from: Forecast = Forecast.WINDOW
    pace: Share = attrs.field(factory=lambda: Share(0, 0))
    pace_from: Forecast = Forecast.WINDOW
    before: Share | None = None
    amount_before: float | None = None

    @property
    def owner(self) -> str:
        """Who answers for it."""
        return self.objective.owner or self.rule.owner

    @property
    def budget(self) -> ErrorBudget:
        """The misses allowed, and how far they are used up."""
        decided = self.attainment.denominator
        return ErrorBudget(
            target=self.target,
            decided_count=decided,
            missed_count=decided - self.attainment.numerator,
            window_count=self.expected_count,
        )

    @property
    def events_until_spent(self) -> int | None:
        """After how many more promises the budget of the window is gone, at the pace.

        0 where it is gone; None where it is not before the window ends, or where nothing says.
        """
        return self.budget.events_until_spent_at(self.pace)

    @property
    def standing(self) -> Standing:
        """Whether the objective is kept, by exact binomial tails and a minimum of events."""
        return standing(
            self.budget,
            minimum_count=self.objective.minimum_count,
            false_alarm_share=self.objective.false_alarm_share,
        )

    # Costs -------------------------------------------------------------------------------

    @property
    def budget_amount(self) -> float | None:
        """What is spent on it in the window; None where that is not known."""
        return self.objective.amount_of(self.window)

    @property
    def point_cost(self) -> PointCost:
        """What each point of attainment above the baseline costs."""
        baseline = self.objective.baseline_share
        if self.budget_amount is None:
            return PointCost(None, "no budget_amount is stated")
        if baseline is None:
            return PointCost(None, "no baseline_share is stated")
        return point_cost(self.budget_amount, self.attainment, baseline=baseline)

    @property
    def marginal_point_cost(self) -> PointCost:
        """What each further point cost since the window before."""
        if self.before is None:
            return PointCost(None, "there is no window before")
        if self.budget_amount is None or self.amount_before is None:
            return PointCost(None, "no budget_amount is stated of one of the two windows")
        return marginal_point_cost(
            self.amount_before, self.before, self.budget_amount, self.attainment
        )

    # Out ---------------------------------------------------------------------------------

    @property
    def reasons(self) -> dict[str, str]:
        """For each figure of `to_dict` that is null, why it is."""
        budget = self.budget
        said: dict[str, str] = {}
        if not budget.decided_count:
            nothing = "nothing is decided in this window"
            said |= dict.fromkeys(
                ("attainment_share", "attainment_low", "attainment_high", "chance_if_kept"), nothing
            )
        if budget.burn_rate is None:
            said["burn_rate"] = _NO_BUDGET if self.target == 1 else nothing
        if budget.left_share is None:
            said["left_share"] = _NO_BUDGET if self.target == 1 else "no promises are expected"
        if self.expected_count is None:
            said["expected_count"] = "nothing says how many promises the window will bring"
        if self.events_until_spent is None:
            said["events_until_spent"] = self._why_not_spent()
        if self.budget_amount is None:
            said["budget_amount"] = "none is stated"
        costs = {
            "point_cost_amount": self.point_cost,
            "marginal_point_cost_amount": self.marginal_point_cost,
        }
        return said | {name: cost.reason for name, cost in costs.items() if cost.amount is None}

    def _why_not_spent(self) -> str:
        if self.is_over and not self.pending_count:
            return "the window is over"
        if self.target == 1:
            return _NO_BUDGET
        if not self.pace.denominator:
            return "nothing is decided from which a pace would follow"
        if self.pace.numerator == self.pace.denominator:
            return "nothing was missed, so at this pace it is never gone"
        if self.expected_count is None:
            return "nothing says how many promises the window will bring"
        return "at this pace the budget lasts until the window ends"

    def to_dict(self) -> dict[str, Any]:
        """The status as one flat row, its `reasons` and `sentences` among it."""
        budget, interval = self.budget, self.attainment.interval()
        return {
            "rule": self.rule.name,
            "owner": self.owner,
            "window": self.window,
            "is_over": self.is_over,
            "standing": self.standing.value,
            "target_share": self.target,
            "decided_count": budget.decided_count,
            "met_count": self.attainment.numerator,
            "missed_count": budget.missed_count,
            "pending_count": self.pending_count,
            "unknown_count": self.attainment.unknown,
            "attainment_share": self.attainment.value,
            "attainment_low": interval and interval.low,
            "attainment_high": interval and interval.high,
            "chance_if_kept": budget.chance_if_kept,
            "expected_count": self.expected_count,
            "expected_from": self.expected_from.value,
            "allowed_so_far_count": budget.allowed_so_far_count,
            "allowed_count": budget.allowed_count,
            "left_count": budget.left_count,
            "left_share": budget.left_share,
            "burn_rate": budget.burn_rate,
            "events_until_spent": self.events_until_spent,
            "pace_from": self.pace_from.value,
            "budget_amount": self.budget_amount,
            "point_cost_amount": self.point_cost.amount,
            "marginal_point_cost_amount": self.marginal_point_cost.amount,
            "reasons": self.reasons,
            "sentences": list(self.sentences),
        }

    @property
    def sentences(self) -> tuple[str, ...]:
        """How it stands, what is left, when that is gone, and whether it may be chance."""
        return sentences(self)

    def __str__(self) -> str:
        return " ".join(self.sentences)


_NO_BUDGET = "a target of 100 % allows no miss, so there is no budget"
