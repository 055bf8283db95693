"""What happens to a matter that a customer brings: who takes it, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from custloyal.simulation.arrays import Flags, Floats, Ints, chance
from custloyal.simulation.staff import DEPARTMENTS, TOPICS

if TYPE_CHECKING:
    from numpy.random import Generator

    from custloyal.simulation.people import People
    from custloyal.simulation.staff import Staff

__all__ = ["COMPLAINT", "HOPS", "OPENERS", "Cases", "opened"]

OPENERS = ("question", "problem", "complaint")
PROBLEM, COMPLAINT = 1, 2
HOPS = 4
"""The most hand-offs of a case."""

_DEPARTMENT_SHARES = (0.14, 0.30, 0.18, 0.22, 0.16)
_PROBLEM, _COMPLAINT = 0.45, 0.26
_SAME_DEPARTMENT = 0.2
_IGNORED = 0.5
_WRONG, _WRONG_IF_WELL = 0.16, 0.9
_TOO_MANY_HOPS = 2
_ANSWERED, _RECOVERED = 0.96, 0.85
_REOPENED = 0.6
_GIVES_BACK = 0.65
_BAD = 0.4
"""How bad an experience is before customers complain of it."""


@attrs.frozen(eq=False)
class Cases:
    """One element for each case.

    Args:
        customer: Whose it is, by place.
        at: When it was opened, in days.
        topic: Place among the topics of all departments.
        opener: Place in `OPENERS`.
        agents: The agents who were to hold it, one column for each hop; -1 where there was none.
        hops: How often it was handed on.
        ignored: Never answered at all.
        dropped: Never finished.
        wrong: Finished with an answer that was not right.
        reopens: Brought back by the customer, for that.
        complains: The customer complains within the case of how it went.
        answered: The complaint was answered.
        recovered: The complaint was put right.
        severity: How bad it was before anybody put it right.
        bad: How much trust it costs in the end; 1 halves it.
        good: How much trust it earns; 1 is one of the twelve that restore it.
    """

    customer: Ints
    at: Floats
    topic: Ints
    opener: Ints
    agents: Ints
    hops: Ints
    ignored: Flags
    dropped: Flags
    wrong: Flags
    reopens: Flags
    complains: Flags
    answered: Flags
    recovered: Flags
    severity: Floats
    bad: Floats
    good: Floats

    @property
    def owner(self) -> Ints:
        """The agent who held each case last."""
        last: Ints = np.take_along_axis(self.agents, self.hops[:, None], axis=1)[:, 0]
        return last


def opened(
    rng: Generator,
    people: People,
    staff: Staff,
    customer: Ints,
    *,
    at: Floats,
    late: Flags,
    farewell: Flags,
) -> Cases:
    """What becomes of cases that these customers open.

    Args:
        rng: Where chance comes from.
        people: All customers.
        staff: Who takes the cases.
        customer: Whose each is.
        at: When each is opened, in days.
        late: A case about a delivery that is late.
        farewell: The complaint of a customer who is about to leave over it: it is not put right.
    """
    count = len(customer)
    department = rng.choice(len(DEPARTMENTS), size=count, p=_DEPARTMENT_SHARES)
    department = np.where(late, DEPARTMENTS.index("Delivery"), department)
    topic = department * len(TOPICS[0]) + rng.integers(len(TOPICS[0]), size=count)
    vocal = people.vocal[customer]
    draw = rng.random(count)
    complains_first = (draw < _COMPLAINT * 2 * vocal * np.where(late, 3, 1)) | farewell
    opener = np.where(complains_first, COMPLAINT, np.where(draw > 1 - _PROBLEM, PROBLEM, 0))

    first = staff.somebody(rng, department)
    # Half of what a department drops it never answers; the rest gets lost on the way.
    ignored = rng.random(count) < staff.drop_rate[department] * _IGNORED
    agents, hops = _handed_on(rng, staff, first, ~ignored)
    owner = agents[np.arange(count), hops]
    quality = staff.quality[owner]
    lost = staff.drop_rate[staff.agent_department[owner]] * np.where(hops > 0, 1.0, _IGNORED)
    dropped = ignored | chance(rng, lost * np.exp(-0.7 * quality))
    wrong = ~dropped & chance(rng, _WRONG * np.exp(-_WRONG_IF_WELL * quality))
    reopens = wrong & (rng.random(count) < _REOPENED)

    is_complaint = opener == COMPLAINT
    answer_rate = _ANSWERED - 2 * staff.drop_rate[staff.agent_department[owner]]
    felt = 0.5 * wrong + 0.25 * (hops >= _TOO_MANY_HOPS)
    bad = np.where(dropped, 1.0, felt)
    complains = ~is_complaint & (bad >= _BAD) & chance(rng, vocal)
    answered = np.where(is_complaint, ~dropped, chance(rng, answer_rate)) & ~farewell
    recovered = answered & ~farewell & (rng.random(count) < _RECOVERED)
    # Whoever complains has had a bad experience; unanswered it is worse, put right it is not.
    bad = np.where(is_complaint, np.maximum(bad, 0.6), bad)
    severity = bad
    complained = is_complaint | complains
    bad = np.where(complained & ~answered, bad + 0.4, bad)
    bad = np.where(complained & recovered, bad * (1 - _GIVES_BACK), bad)
    return Cases(
        customer=customer,
        at=at,
        topic=topic,
        opener=opener,
        agents=agents,
        hops=hops,
        ignored=ignored,
        dropped=dropped | (is_complaint & ~answered),
        wrong=wrong,
        reopens=reopens & ~farewell,
        complains=complains,
        answered=answered,
        recovered=recovered,
        severity=severity,
        bad=bad,
        good=np.where(bad > 0, 0.0, 1.0 + 0.5 * np.maximum(quality, 0)),
    )


def _handed_on(rng: Generator, staff: Staff, first: Ints, taken_up: Flags) -> tuple[Ints, Ints]:
    """Who held each case, hop by hop, and how often it was handed on."""
    count = len(first)
    agents = np.full((count, HOPS + 1), -1, dtype=np.int64)
    agents[:, 0] = first
    hops = np.zeros(count, dtype=np.int64)
    going, holder = taken_up, first
    for hop in range(HOPS):
        department = staff.agent_department[holder]
        going = going & chance(rng, staff.handoff_rate[department])
        shift = rng.integers(1, len(DEPARTMENTS), size=count)
        shift = np.where(rng.random(count) < _SAME_DEPARTMENT, 0, shift)
        receiver = staff.somebody(rng, (department + shift) % len(DEPARTMENTS))
        going = going & (receiver != holder)
        holder = np.where(going, receiver, holder)
        agents[:, hop + 1] = np.where(going, holder, -1)
        hops += going
    return agents, hops
