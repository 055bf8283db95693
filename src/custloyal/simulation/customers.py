"""The table of customers, as a business keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from custloyal.simulation.people import ACQUISITION_CHANNELS, KEY, TIERS
from custloyal.simulation.staff import DEPARTMENTS
from custloyal.simulation.table import Names, placed, polars_frame, times

if TYPE_CHECKING:
    from numpy.random import Generator

    from custloyal.simulation.world import World

__all__ = ["customer_table"]

_SEGMENTS = ("private", "business")
_REGIONS = ("north", "east", "south", "west")
_REGION_SHARES = (0.3, 0.15, 0.25, 0.3)


def customer_table(rng: Generator, world: World, names: Names) -> nw.DataFrame[Any]:
    """One row for each person known by name; `acquired_at` is null for who never bought.

    Args:
        rng: Where chance comes from.
        world: The customers, and the staff, of whom Sales owns the key accounts.
        names: What ids are called.
    """
    people, count = world.people, len(world.people.entry)
    sales = np.full(count, DEPARTMENTS.index("Sales"))
    owner = np.where(people.tier == KEY, world.staff.somebody(rng, sales), -1)
    bought = np.isfinite(people.entry)
    region = rng.choice(len(_REGIONS), size=count, p=_REGION_SHARES)
    is_business = people.is_business.astype(np.int64)
    return polars_frame(
        {
            "customer_id": names.customer,
            "tier": placed("tier", TIERS, people.tier),
            "segment": placed("segment", _SEGMENTS, is_business),
            "region": placed("region", _REGIONS, region),
            "owner_id": placed("owner_id", names.agent.to_list(), owner),
            "acquired_at": times(world.hours.instant(people.entry), bought),
            "acquisition_channel": placed(
                "acquisition_channel", ACQUISITION_CHANNELS, people.channel
            ),
            "acquisition_cost_amount": np.where(bought, people.cost, np.nan),
        },
    ).with_columns(
        nw.col("acquired_at").dt.replace_time_zone("UTC"),
        nw.col("acquisition_cost_amount").fill_nan(None),
    )
