"""What was planted: the answers by which readings of a simulated company are judged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import attrs
import narwhals as nw
import numpy as np

from custloyal.models import Kind
from custloyal.models.frozen_mapping import FrozenMapping
from custloyal.simulation.lives import REASONS
from custloyal.simulation.staff import DEPARTMENTS, Staff
from custloyal.simulation.table import Names, placed, polars_frame, times

if TYPE_CHECKING:
    from custloyal.simulation.world import World

__all__ = ["Truth"]

_VOICED_WITHIN_S = 90 * 86_400


@attrs.frozen(kw_only=True, eq=False)
class Truth:
    """What the simulation knows and its rows do not say.

    Args:
        customers: One row a customer: `trust` (at the end, 0 to 1), `first_trust`,
            `bad_experience_count`, `first_bad_at` (of the worst kind), `first_left_at`, `left_at`
            (for good; null who is still there), `left_reason` ("own", "price" or "service"),
            `left_voiced` (complained within the 90 days before they first left; null who never
            left), `won_back_at`, `gone_again`, `is_price_only`, `is_polite` (answers surveys
            kindly whatever happened), `is_stranger` (never buys), `in_campaign`, and the rates
            of buying and leaving a day while trust is usual.
        departments: One row a department: `drop_rate`, `handoff_rate`, `slowness`,
            `drops_the_ball`.
        agents: One row an agent: `agent_id`, `department`, `quality`, `is_best`.
        dropping_department: The department that drops the ball.
        best_agents: The ids of the best agents.
        campaign_month: The first day of the month in which a campaign brought customers who
            leave soon: the worst cohort.
        parameters: What `simulate` was given.
    """

    customers: Any = attrs.field(repr=False)
    departments: Any = attrs.field(repr=False)
    agents: Any = attrs.field(repr=False)
    dropping_department: str
    best_agents: tuple[str, ...]
    campaign_month: date
    parameters: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        world: World,
        names: Names,
        interactions: nw.DataFrame[Any],
        *,
        campaign_month: date,
        parameters: Mapping[str, Any],
    ) -> Truth:
        """What is true of a world; who complained is read from its interactions."""
        agents = _agents(world.staff, names)
        return cls(
            customers=_customers(world, names, interactions).to_native(),
            departments=_departments(world.staff).to_native(),
            agents=agents.to_native(),
            dropping_department=DEPARTMENTS[world.staff.dropping],
            best_agents=tuple(agents.filter(nw.col("is_best"))["agent_id"].to_list()),
            campaign_month=campaign_month,
            parameters=FrozenMapping(parameters),
        )


def _customers(world: World, names: Names, interactions: nw.DataFrame[Any]) -> nw.DataFrame[Any]:
    people, lives, presence = world.people, world.lives, world.presence
    gone, back = np.isfinite(lives.left), np.isfinite(lives.won_back)
    first_bad = world.hours.instant(lives.first_bad)
    table = polars_frame(
        {
            "customer_id": names.customer,
            "trust": lives.trust,
            "first_trust": people.trust,
            "bad_experience_count": lives.bad_count,
            "first_bad_at": times(first_bad, np.isfinite(lives.first_bad)),
            "first_left_at": times(presence.first_left, np.isfinite(lives.first_left)),
            "left_at": times(presence.left, gone),
            "left_reason": placed("left_reason", REASONS, np.where(gone, lives.reason, -1)),
            "won_back_at": times(presence.back, back),
            "gone_again": back & gone,
            "is_price_only": people.price_only,
            "is_polite": people.polite,
            "is_stranger": ~np.isfinite(people.entry),
            "in_campaign": people.in_campaign,
            "purchase_rate_per_day": people.rate,
            "leaving_rate_per_day": people.leaving,
        },
    ).with_columns(nw.selectors.datetime().dt.replace_time_zone("UTC"))
    complaints = interactions.filter(nw.col("kind") == Kind.COMPLAINT.value)
    before_s = (nw.col("first_left_at") - nw.col("occurred_at")).dt.total_seconds()
    voiced = (
        complaints.select("customer_id", "occurred_at")
        .join(table.select("customer_id", "first_left_at"), on="customer_id", how="inner")
        .filter(before_s > 0, before_s <= _VOICED_WITHIN_S)
        .select("customer_id", left_voiced=nw.lit(value=True))
        .unique("customer_id")
    )
    ever_left = ~nw.col("first_left_at").is_null()
    said = nw.col("left_voiced").fill_null(value=False)
    return (
        table.join(voiced, on="customer_id", how="left")
        .sort("customer_id")
        .with_columns(nw.when(ever_left).then(said).alias("left_voiced"))
    )


def _departments(staff: Staff) -> nw.DataFrame[Any]:
    return polars_frame(
        {
            "department": list(DEPARTMENTS),
            "drop_rate": staff.drop_rate,
            "handoff_rate": staff.handoff_rate,
            "slowness": staff.slowness,
            "drops_the_ball": np.arange(len(DEPARTMENTS)) == staff.dropping,
        },
    )


def _agents(staff: Staff, names: Names) -> nw.DataFrame[Any]:
    return polars_frame(
        {
            "agent_id": names.agent,
            "department": placed("department", DEPARTMENTS, staff.agent_department),
            "quality": staff.quality,
            "is_best": staff.is_best,
        },
    )
