"""What winning a customer costs beside keeping one."""

from __future__ import annotations

import attrs

from custloyal.models.checks import as_count, as_number, check_count, check_number, refuse

__all__ = ["CostRatio"]


@attrs.frozen(kw_only=True)
class CostRatio:
    """A company's own cost of acquisition and of retention per customer, of one span of time.

    The cost of keeping a customer counts those who would have stayed without it. So the ratio says
    what is spent, and not what spending brings: for that see `break_even`.

    Args:
        acquisition_cost_amount: What winning new customers cost in all, at least 0.
        acquired_count: How many were won, at least 1.
        retention_cost_amount: What was spent in all so that customers stay (outreach, rewards,
            account management), at least 0.
        retained_count: How many of those who were customers at the start still were at the end, at
            least 1.

    Raises:
        InvalidValueError: With everything that is out of bounds.

    Example:
        >>> costs = CostRatio(
        ...     acquisition_cost_amount=50_000,
        ...     acquired_count=500,
        ...     retention_cost_amount=36_000,
        ...     retained_count=1_800,
        ... )
        >>> costs.acquisition_per_customer_amount, costs.retention_per_customer_amount, costs.value
        (100.0, 20.0, 5.0)
        >>> print(costs)
        Winning a customer cost 100.00, keeping one 20.00 (those who would have stayed anyway
        counted): 5.0 to 1.
    """

    acquisition_cost_amount: float = attrs.field(converter=as_number)
    acquired_count: int = attrs.field(converter=as_count)
    retention_cost_amount: float = attrs.field(converter=as_number)
    retained_count: int = attrs.field(converter=as_count)

    def __attrs_post_init__(self) -> None:
        refuse(
            check_number("acquisition_cost_amount", self.acquisition_cost_amount, low=0),
            check_count("acquired_count", self.acquired_count, low=1),
            check_number("retention_cost_amount", self.retention_cost_amount, low=0),
            check_count("retained_count", self.retained_count, low=1),
        )

    @property
    def acquisition_per_customer_amount(self) -> float:
        """What winning one customer cost."""
        return self.acquisition_cost_amount / self.acquired_count

    @property
    def retention_per_customer_amount(self) -> float:
        """What was spent for each customer who stayed."""
        return self.retention_cost_amount / self.retained_count

    @property
    def value(self) -> float | None:
        """How many times the cost of keeping a customer winning one cost; None where that was 0."""
        kept = self.retention_per_customer_amount
        return self.acquisition_per_customer_amount / kept if kept else None

    def __str__(self) -> str:
        ratio = "no ratio, since keeping cost nothing"
        if self.value is not None:
            ratio = f"{self.value:,.1f} to 1"
        return (
            f"Winning a customer cost {self.acquisition_per_customer_amount:,.2f}, keeping one "
            f"{self.retention_per_customer_amount:,.2f} (those who would have stayed anyway "
            f"counted): {ratio}."
        )
