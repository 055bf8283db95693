"""The departments and their people: who keeps the promises, and who drops the ball."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from custloyal.simulation.arrays import Flags, Floats, Ints

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["DEPARTMENTS", "TOPICS", "Staff"]

DEPARTMENTS = ("Sales", "Support", "Billing", "Delivery", "Technical")
DELIVERY = DEPARTMENTS.index("Delivery")
TOPICS = (
    ("offer", "price"),
    ("account", "how to"),
    ("invoice", "refund"),
    ("late delivery", "wrong item"),
    ("defect", "installation"),
)
"""What customers turn to each department about."""

_FEWEST, _MOST, _CUSTOMERS_EACH = 4, 20, 500
_BEST = 3
_BEST_QUALITY, _QUALITY_SPREAD = 1.6, 0.4
_SLOWER = 2.5


@attrs.frozen(eq=False)
class Staff:
    """Departments (by place in `DEPARTMENTS`) and agents (numbered, one department's together).

    Args:
        dropping: The department that drops the ball.
        drop_rate: For each department the share of its cases that it never finishes.
        handoff_rate: For each department the chance to hand a case on.
        slowness: For each department the factor of its answering times.
        late_rate: The share of deliveries that come late.
        agent_department: Each agent's department.
        quality: How good each agent is, in standard deviations or so; 0 is usual.
        is_best: The few agents who are best by far.
    """

    dropping: int
    drop_rate: Floats
    handoff_rate: Floats
    slowness: Floats
    late_rate: float
    agent_department: Ints
    quality: Floats
    is_best: Flags

    @classmethod
    def drawn(cls, rng: Generator, *, customers: int) -> Staff:
        """Departments and agents as they come, one department bad and three agents very good."""
        count = len(DEPARTMENTS)
        each = int(np.clip(customers // _CUSTOMERS_EACH, _FEWEST, _MOST))
        order = rng.permutation(count)
        dropping = int(order[0])
        drops = np.arange(count) == dropping
        quality = rng.standard_normal(count * each) * _QUALITY_SPREAD
        is_best = np.zeros(count * each, dtype=np.bool_)
        is_best[order[1 : 1 + _BEST] * each + rng.integers(each, size=_BEST)] = True
        return cls(
            dropping=dropping,
            drop_rate=np.where(drops, 0.24, rng.uniform(0.02, 0.05, count)),
            handoff_rate=np.where(drops, 0.50, rng.uniform(0.08, 0.16, count)),
            slowness=np.where(drops, _SLOWER, rng.uniform(0.8, 1.2, count)),
            late_rate=0.18 if dropping == DELIVERY else 0.07,
            agent_department=np.repeat(np.arange(count), each),
            quality=np.where(is_best, _BEST_QUALITY, np.minimum(quality, 2 * _QUALITY_SPREAD)),
            is_best=is_best,
        )

    def somebody(self, rng: Generator, department: Ints) -> Ints:
        """For each department one of its agents."""
        each = len(self.quality) // len(DEPARTMENTS)
        return department * each + rng.integers(each, size=department.shape)
