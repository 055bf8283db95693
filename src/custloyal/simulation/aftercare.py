"""After a case: what is learnt of a complaint, who is called, who is asked, who praises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from custloyal.simulation.arrays import Flags, Ints, chance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

    from custloyal.simulation.course import Course
    from custloyal.simulation.table import Block

__all__ = ["aftercare_rows"]

_OPEN_DAY = 12 * 3_600.0
_DAY = 86_400
_FOLLOWED_UP, _SAID_HOW = 0.25, 0.4
_SURVEYED, _RESPONDED, _MOVED = 0.6, 0.20, 0.45
_CHANGED, _TOLD = 0.25, 0.55
_PRAISED = 0.07


def aftercare_rows(
    rng: Generator, course: Course, *, finished: Flags, heard: Flags, last: Ints
) -> Iterator[Block]:
    """The rows that follow the last answer of each case.

    Args:
        rng: Where chance comes from.
        course: The cases.
        finished: Those that came to an end that the business knows of: only they are asked about.
        heard: Those with a complaint that was answered.
        last: When the last thing happened in each.
    """
    yield from _lessons(rng, course, heard, last)
    cases, owner, hours = course.cases, course.cases.owner, course.world.hours
    quality, count = course.world.staff.quality[owner], len(owner)
    felt = np.round(np.clip(0.5 + 0.3 * quality - 1.2 * cases.bad, -1, 1), 1)
    called_at = hours.after(last, _OPEN_DAY * (1 + 2 * rng.random(count)))
    says = ~course.gone(called_at) & (rng.random(count) < _SAID_HOW)
    yield course.rows(
        finished & (rng.random(count) < _FOLLOWED_UP),
        agent=owner,
        at=called_at,
        kind="follow_up",
        outcome=np.where(says, felt, np.nan),
    )
    yield _satisfaction(rng, course, finished, last)
    delighted = chance(rng, np.minimum(_PRAISED * np.exp(0.8 * quality), 1.0))
    yield course.rows(
        finished & (cases.bad == 0) & delighted,
        agent=owner,
        at=last + 600 + rng.integers(3 * _DAY, size=count),
        kind="praise",
        initiated_by="customer",
    )


def _lessons(rng: Generator, course: Course, heard: Flags, last: Ints) -> Iterator[Block]:
    """What was changed because of a complaint, and word of it to who complained."""
    hours, owner = course.world.hours, course.cases.owner
    changed = heard & (rng.random(len(owner)) < _CHANGED)
    changed_at = hours.after(last, _OPEN_DAY * (2 + 6 * rng.random(len(owner))))
    told = changed & (rng.random(len(owner)) < _TOLD)
    told_at = hours.after(changed_at, _OPEN_DAY * (0.2 + 2 * rng.random(len(owner))))
    yield course.rows(changed, agent=owner, at=changed_at, kind="feedback_action")
    yield course.rows(told, agent=owner, at=told_at, kind="feedback_reply")


def _satisfaction(rng: Generator, course: Course, finished: Flags, last: Ints) -> Block:
    """Surveys from 1 to 5, which few answer, and rather those who were moved."""
    cases, owner, count = course.cases, course.cases.owner, len(course.cases.owner)
    asked_at = course.world.hours.after(last, _OPEN_DAY * (0.1 + 0.4 * rng.random(count)))
    stars = 3.7 + 0.8 * course.world.staff.quality[owner] - 1.6 * cases.bad - 0.25 * cases.hops
    stars = stars + course.world.people.polite[cases.customer] + 0.7 * rng.standard_normal(count)
    stars = np.clip(np.round(stars), 1, 5)
    moved = np.abs(stars - 3) > 1
    answers = chance(rng, np.where(moved, _MOVED, _RESPONDED)) & ~course.gone(asked_at)
    return course.rows(
        finished & (rng.random(count) < _SURVEYED),
        agent=owner,
        at=asked_at,
        kind="survey",
        rating=np.where(answers, stars, np.nan),
        rating_min=1.0,
        rating_max=5.0,
        survey_kind="csat",
    )
