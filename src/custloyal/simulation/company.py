"""A whole business that never was: its interactions, its customers, and what is true of them."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property
from typing import Any

import attrs

from custloyal.errors import Mistake
from custloyal.history import History
from custloyal.models.checks import check_count, check_number, refuse
from custloyal.simulation.approach import approach_rows
from custloyal.simulation.arrays import stream
from custloyal.simulation.course import Course
from custloyal.simulation.customers import customer_table
from custloyal.simulation.opening_hours import TIMEZONE, OpeningHours
from custloyal.simulation.orders import Orders, order_rows
from custloyal.simulation.people import People, campaign_month
from custloyal.simulation.rounds import lived
from custloyal.simulation.service import service_rows
from custloyal.simulation.staff import Staff
from custloyal.simulation.table import Names, frame
from custloyal.simulation.truth import Truth
from custloyal.simulation.voice import voice_rows
from custloyal.simulation.world import World

__all__ = ["SimulatedCompany", "simulate"]

_LEAST_DAYS = 60
_YEARS = (1970, 2100)


@attrs.frozen(kw_only=True, eq=False)
class SimulatedCompany:
    """A simulated business; made by `simulate`.

    Args:
        interactions: The table of interactions, a Polars frame in the order of time.
        customers: The table of customers, one row for each person known by name.
        truth: What was planted.
    """

    interactions: Any = attrs.field(repr=False)
    customers: Any = attrs.field(repr=False)
    truth: Truth

    @cached_property
    def history(self) -> History:
        """Both tables as a history, with days as they are counted in Berlin."""
        return History.from_native(self.interactions, timezone=TIMEZONE, customers=self.customers)


def simulate(
    *,
    customers: int = 5_000,
    seed: int = 0,
    start: str | date = "2022-01-01",
    days: int = 730,
    service_effect: float = 1.0,
) -> SimulatedCompany:
    """Simulate a coffee roaster with a web shop, a counter and five departments.

    Customers buy until they leave (Gamma-Poisson purchases, exponential times of leaving), month
    by month. Good service earns trust slowly, bad service halves it, and the chance of leaving
    falls as trust rises: exp(-7 trust). A complaint that is put right gives most of it back. One
    department drops the ball, three agents are best by far, one month's campaign brings customers
    who leave soon, some buy at a discount only, some come back for one and go again; `truth`
    says which and who.

    What to expect, which tests hold it to: 28 to 35 rows a person, a third of the buyers buy once,
    the largest fifth brings 72 to 80 % of the revenue, a net promoter score of 20 to 40 from
    answers to a fifth of the surveys, 2 % of all rows are complaints (3 in 10 cases), half of the
    customers leave within two years, a third of them after a complaint and the others in silence;
    service is the reason of 4 in 10. Nine in ten rows fall on Monday to Saturday, 08:00 to 20:00.
    A million rows (33,500 customers) take about 3 s.

    Args:
        customers: How many people are known by name; a fifth of them never buy.
        seed: Whole number from 0: equal seeds give equal tables, bit by bit, with one version of
            numpy on one kind of machine.
        start: The first local day (Berlin), as a date or ISO text.
        days: How many days, at least 60.
        service_effect: How much trust decides on leaving: 1 is usual; at 0 service drives nothing,
            which is how a method that claims causes is put to the test.

    Returns:
        The company: `interactions`, `customers`, `history` and `truth`.

    Raises:
        InvalidValueError: With all options that are out of range.

    Example:
        >>> company = simulate(customers=200, seed=1)
        >>> company.customers.height
        200
        >>> company.history.intake.accepted == company.interactions.height
        True
        >>> company.truth.dropping_department
        'Support'
    """
    first_day = _checked(customers, seed, start, days, service_effect)
    hours = OpeningHours.of(first_day, days=days)
    staff = Staff.drawn(stream(seed, "staff"), customers=customers)
    begins, ends, month = campaign_month(stream(seed, "campaign"), first_day, days=days)
    people = People.drawn(stream(seed, "people"), customers, days=days, campaign=(begins, ends))
    lives = lived(stream(seed, "lives"), people, staff, days=days, effect=service_effect)
    people = people.known_by(lives.referrals.newcomer)
    world = World(people=people, staff=staff, lives=lives, hours=hours, days=days)
    orders = Orders.drawn(stream(seed, "orders"), world)
    course = Course.begun(stream(seed, "cases"), world, first_number=len(orders.number))
    blocks = [
        *approach_rows(stream(seed, "approach"), world),
        *order_rows(stream(seed, "order rows"), world, orders),
        *service_rows(stream(seed, "service rows"), course),
        *voice_rows(stream(seed, "voice"), world, orders),
    ]
    names = Names.of(
        customers=customers,
        agents=len(staff.quality),
        orders=len(orders.number),
        cases=len(course.numbers),
    )
    interactions = frame(blocks, names, world.presence, end=int(hours.midnights[days]))
    return SimulatedCompany(
        interactions=interactions.to_native(),
        customers=customer_table(stream(seed, "customers"), world, names).to_native(),
        truth=Truth.of(
            world,
            names,
            interactions,
            campaign_month=month,
            parameters={
                "customers": customers,
                "seed": seed,
                "start": first_day,
                "days": days,
                "service_effect": service_effect,
            },
        ),
    )


def _checked(
    customers: int, seed: int, start: str | date, days: int, service_effect: float
) -> date:
    """The first day, where all options are in order."""
    day = _as_day(start)
    refuse(
        check_count("customers", customers, low=1),
        check_count("seed", seed),
        None
        if day is not None
        else Mistake("start", f"is {start!r}, must be a day from 1970 to 2100", "'2022-01-01'"),
        check_count("days", days, low=_LEAST_DAYS),
        check_number("service_effect", service_effect, low=0),
    )
    assert day is not None  # it would have been refused
    return day


def _as_day(start: str | date) -> date | None:
    """A day as a date; None where it is none, or outside the years that zones are known for."""
    try:
        day = start if isinstance(start, date) else date.fromisoformat(start)
    except (TypeError, ValueError):
        return None
    is_day = not isinstance(day, datetime) and _YEARS[0] <= day.year <= _YEARS[1]
    return day if is_day else None
