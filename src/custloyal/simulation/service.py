"""Service as the customer meets it: rings, waits, replies, hand-offs, ends, and complaints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from custloyal.simulation.aftercare import aftercare_rows
from custloyal.simulation.arrays import Ints, lognormal
from custloyal.simulation.cases import COMPLAINT, HOPS, OPENERS
from custloyal.simulation.table import CHANNELS, Block, either, whole, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

    from custloyal.simulation.course import Course

__all__ = ["service_rows"]

_RING_S = 6
"""A ring and the pause after it: 2 s on, 4 s off, so that the third ring starts at 12 s."""
_MAILED, _HANDED, _HANDLED = 8_000.0, 1_200.0, 240.0
_WORKED, _AT_ONCE, _ANSWERED = 9_000.0, 60.0, 21_600.0


def service_rows(rng: Generator, course: Course) -> Iterator[Block]:
    """All rows of all cases, each case's in the order of time.

    Args:
        rng: Where chance comes from.
        course: The cases, begun.
    """
    cases, hours, first = course.cases, course.world.hours, course.cases.agents[:, 0]
    is_live = course.channel != CHANNELS.index("email")
    is_phone = course.channel == CHANNELS.index("phone")
    yield course.rows(
        np.ones(len(first), dtype=np.bool_),
        agent=first,
        at=course.at,
        kind=words("kind", *OPENERS)[cases.opener],
        initiated_by="customer",
        wait_s=course.wait_s,
        rings=np.where(is_phone, course.wait_s // _RING_S + 1, np.nan),
        severity=np.where(cases.opener == COMPLAINT, cases.severity, np.nan),
    )
    slow = course.slowness(first) * np.exp(-0.3 * course.world.staff.quality[first])
    mailed = hours.after(course.at, lognormal(rng, _MAILED * slow, 0.8))
    waited = course.at + np.where(is_live, course.wait_s, 0).astype(np.int64)
    time = np.where(is_live, waited, mailed)
    handle_s = whole(lognormal(rng, np.full(len(first), _HANDLED), 0.6))
    # A matter dropped without any hand-off was either never answered or not finished.
    yield course.rows(
        ~cases.ignored,
        agent=first,
        at=time,
        kind="reply",
        first_response_s=(time - course.at).astype(np.float64),
        handle_s=np.where(is_live, handle_s, np.nan),
    )
    time = time + np.where(is_live, handle_s, 0).astype(np.int64)
    for hop in range(HOPS):
        moved = cases.hops > hop
        giver, receiver = cases.agents[:, hop], cases.agents[:, hop + 1]
        handed = hours.after(time, lognormal(rng, np.full(len(time), _HANDED), 0.8))
        replied = hours.after(handed, lognormal(rng, _WORKED * course.slowness(receiver), 0.7))
        # The ball is dropped between two pairs of hands: whoever got it last does not reply.
        replies = moved & ~(cases.dropped & (cases.hops == hop + 1))
        yield course.rows(moved, agent=giver, at=handed, kind="handoff")
        yield course.rows(replies, agent=receiver, at=replied, kind="reply")
        time = np.where(moved, replied, time)
    at_once = is_live & (cases.hops == 0)
    solved = hours.after(time, lognormal(rng, np.where(at_once, _AT_ONCE, _WORKED), 0.6))
    put_right = (cases.opener == COMPLAINT) & cases.recovered
    yield course.rows(
        ~cases.dropped,
        agent=cases.owner,
        at=solved,
        kind=either("kind", put_right, "recovery", "resolution"),
        severity=np.where(put_right, cases.severity, np.nan),
        resolution_s=(solved - course.at).astype(np.float64),
    )
    yield from _brought_back(rng, course, np.where(cases.dropped, time, solved))


def _brought_back(rng: Generator, course: Course, last: Ints) -> Iterator[Block]:
    """What customers come back for: it was not right after all, or they complain of it."""
    cases, hours, owner = course.cases, course.world.hours, course.cases.owner
    again = _days_later(rng, last, most=3)
    back = cases.reopens & ~course.gone(again)
    usual = np.full(len(owner), _WORKED)
    replied = hours.after(again, lognormal(rng, usual, 0.7))
    solved = hours.after(replied, lognormal(rng, usual, 0.7))
    took = (solved - course.at).astype(np.float64)
    yield course.rows(back, agent=owner, at=again, kind="reopen", initiated_by="customer")
    yield course.rows(back, agent=owner, at=replied, kind="reply")
    yield course.rows(back, agent=owner, at=solved, kind="resolution", resolution_s=took)
    last = np.where(back, solved, last)

    angry_at = _days_later(rng, last, most=4)
    angry = cases.complains & ~course.gone(angry_at)
    heard = angry & cases.answered
    replied = hours.after(angry_at, lognormal(rng, _ANSWERED * course.slowness(owner), 0.7))
    settled = hours.after(replied, lognormal(rng, np.full(len(owner), _ANSWERED), 0.6))
    yield course.rows(
        angry,
        agent=owner,
        at=angry_at,
        kind="complaint",
        initiated_by="customer",
        severity=cases.severity,
    )
    yield course.rows(heard, agent=owner, at=replied, kind="reply")
    yield course.rows(
        heard,
        agent=owner,
        at=settled,
        kind=either("kind", cases.recovered, "recovery", "resolution"),
        severity=np.where(cases.recovered, cases.severity, np.nan),
        resolution_s=(settled - angry_at).astype(np.float64),
    )
    finished = ~cases.dropped & ~(angry & ~cases.answered)
    complained = angry | (cases.opener == COMPLAINT)
    yield from aftercare_rows(
        rng,
        course,
        finished=finished,
        heard=complained & cases.answered,
        last=np.where(heard, settled, last),
    )


def _days_later(rng: Generator, last: Ints, *, most: int) -> Ints:
    """Some days later at about the same time of day."""
    days, minutes = rng.integers(1, most + 1, last.shape), rng.integers(1, 50, last.shape)
    return last + 86_400 * days + 60 * minutes
