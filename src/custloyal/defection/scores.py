"""A score that may say who will leave: which column of which metric, and how to take it."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from custloyal.defection.purchase_chance import PurchaseChance
from custloyal.defection.silent_defection import SilentDefection
from custloyal.errors import InvalidValueError, Mistake, nearest
from custloyal.metrics.base import Metric
from custloyal.models.checks import as_number, check_number, check_text, refuse

__all__ = ["Score", "as_score"]

_ENDS = ("high", "low")


@attrs.frozen(kw_only=True)
class Score:
    """A column of a metric at customer grain, taken as saying who will leave.

    Args:
        metric: The metric.
        column: The column of its reading.
        leaving: Which values say that a customer leaves: the "high" or the "low" ones.
        is_probability: Whether the column is the probability of no purchase within the horizon.
        green: From which value on, towards staying, a customer counts as safe ("green"); the value
            itself is not safe. None where nobody said so.
        label: What the score is called; None for "metric.column".

    Example:
        >>> from custloyal import Trust
        >>> Score(metric=Trust(), column="trust", leaving="low", green=0.5).title
        'trust.trust'
    """

    metric: Metric
    column: str
    leaving: Literal["high", "low"] = "high"
    is_probability: bool = False
    green: float | None = attrs.field(default=None, converter=as_number)
    label: str | None = None

    def __attrs_post_init__(self) -> None:
        wrong_end = self.leaving not in _ENDS
        refuse(
            None
            if isinstance(self.metric, Metric)
            else Mistake("metric", f"is {self.metric!r}, which is no metric", "write Trust()"),
            check_text("column", self.column, optional=False),
            Mistake("leaving", f"is {self.leaving!r}", nearest(str(self.leaving), _ENDS))
            if wrong_end
            else None,
            check_number("green", self.green, optional=True),
            check_text("label", self.label),
            Mistake("leaving", "is 'low', and a probability of no purchase is high for leaving")
            if self.is_probability and self.leaving == "low"
            else None,
        )

    @property
    def title(self) -> str:
        """What the score is called."""
        return self.label or f"{self.metric.name}.{self.column}"


def as_score(given: Any) -> Score:
    """A score, or the metric of this package that has one.

    Raises:
        InvalidValueError: Where a metric does not say by itself which column is meant.
    """
    if isinstance(given, Score):
        return given
    if isinstance(given, SilentDefection):
        return Score(
            metric=given,
            column="p_no_purchase",
            is_probability=True,
            green=given.alarm,
            label=given.name,
        )
    if isinstance(given, PurchaseChance):
        return Score(metric=given, column="p_none", is_probability=True, label=given.name)
    if isinstance(given, Metric):
        raise InvalidValueError(
            Mistake(
                given.name,
                "does not say which column is the score",
                f"write Score(metric={type(given).__name__}(), column=..., leaving=...)",
            )
        )
    raise InvalidValueError(
        Mistake(
            "metric", f"is {given!r}, which is no score", 'write SilentDefection(horizon="90d")'
        )
    )
