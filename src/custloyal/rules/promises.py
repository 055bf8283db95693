"""The words in which promises are made: `at_most(2, "rings")`, `within(hours=4)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from custloyal.errors import InvalidValueError
from custloyal.rules.clocked import ANSWERS, REOPENS, SOLVES, Clocked
from custloyal.rules.counted import Contacted, Counted, HandedOn
from custloyal.rules.followed import Followed
from custloyal.rules.measured import LastMeasured, Measured, unit_of
from custloyal.rules.population import Population
from custloyal.rules.promise import TIME_UNITS, Comparator, Promise
from custloyal.rules.promise_mistakes import (
    clock_mistakes,
    option_mistakes,
    threshold_mistakes,
    time_mistakes,
    unit_mistakes,
)
from custloyal.rules.rings import RingCadence

if TYPE_CHECKING:
    from custloyal.models import BusinessCalendar

__all__ = ["above", "at_least", "at_most", "below", "within"]


def at_most(
    threshold: float,
    unit: str = "",
    *,
    of: str | Population = "",
    per: Literal["case", "customer"] = "case",
    by: Literal["department", "agent_id"] = "department",
    country: str = "US",
    last: bool = False,
) -> Promise:
    """A number that must not exceed a threshold.

    Args:
        threshold: The highest number that keeps the promise.
        unit: A column ("rings", "rating"); a unit of time ("seconds", "minutes", "hours", "days")
            together with `of`; "handoffs" of a case; "times" together with `of`.
        of: For units of time the column (`wait_s`); for "times" the rows that are counted.
        per: For "times": in each case, or to each customer in each window of the rule.
        by: For "handoffs": what must change.
        country: For "rings": in which country the telephone rings, where `wait_s` is known only.
        last: Whether only the last row of each case counts.

    Raises:
        InvalidValueError: Where the unit is missing, or does not fit.

    Example:
        >>> print(at_most(2, "rings"))
        are answered within 2 rings
        >>> print(at_most(30, "seconds", of="wait_s"))
        have a wait of at most 30 seconds
        >>> at_most(2, "hours", of="rings")
        Traceback (most recent call last):
        custloyal.errors.InvalidValueError: unit: hours do not fit rings, which is no column of \
times (say 'rings')
    """
    return _promise(
        Comparator.AT_MOST, threshold, unit, of, per=per, by=by, country=country, last=last
    )


def at_least(
    threshold: float,
    unit: str = "",
    *,
    of: str | Population = "",
    per: Literal["case", "customer"] = "case",
    by: Literal["department", "agent_id"] = "department",
    country: str = "US",
    last: bool = False,
) -> Promise:
    """A number that must reach a threshold.

    Args:
        threshold: The lowest number that keeps the promise.
        unit: A column ("rings", "rating"); a unit of time ("seconds", "minutes", "hours", "days")
            together with `of`; "handoffs" of a case; "times" together with `of`.
        of: For units of time the column (`wait_s`); for "times" the rows that are counted.
        per: For "times": in each case, or to each customer in each window of the rule.
        by: For "handoffs": what must change.
        country: For "rings": in which country the telephone rings, where `wait_s` is known only.
        last: Whether only the last row of each case counts.

    Raises:
        InvalidValueError: Where the unit is missing, or does not fit.

    Example:
        >>> from custloyal import where
        >>> print(at_least(1, "times", of=where(kind="outreach"), per="customer"))
        have at least 1 contact by the business
    """
    return _promise(
        Comparator.AT_LEAST, threshold, unit, of, per=per, by=by, country=country, last=last
    )


def below(
    threshold: float,
    unit: str = "",
    *,
    of: str | Population = "",
    per: Literal["case", "customer"] = "case",
    by: Literal["department", "agent_id"] = "department",
    country: str = "US",
    last: bool = False,
) -> Promise:
    """A number that must stay under a threshold.

    Args:
        threshold: The lowest number that breaks the promise.
        unit: A column ("rings", "rating"); a unit of time ("seconds", "minutes", "hours", "days")
            together with `of`; "handoffs" of a case; "times" together with `of`.
        of: For units of time the column (`wait_s`); for "times" the rows that are counted.
        per: For "times": in each case, or to each customer in each window of the rule.
        by: For "handoffs": what must change.
        country: For "rings": in which country the telephone rings, where `wait_s` is known only.
        last: Whether only the last row of each case counts.

    Raises:
        InvalidValueError: Where the unit is missing, or does not fit.

    Example:
        "Before the third ring" are at most two rings.

        >>> print(below(3, "rings"))
        are answered within 2 rings
    """
    return _promise(
        Comparator.BELOW, threshold, unit, of, per=per, by=by, country=country, last=last
    )


def above(
    threshold: float,
    unit: str = "",
    *,
    of: str | Population = "",
    per: Literal["case", "customer"] = "case",
    by: Literal["department", "agent_id"] = "department",
    country: str = "US",
    last: bool = False,
) -> Promise:
    """A number that must exceed a threshold.

    Args:
        threshold: The highest number that breaks the promise.
        unit: A column ("rings", "rating"); a unit of time ("seconds", "minutes", "hours", "days")
            together with `of`; "handoffs" of a case; "times" together with `of`.
        of: For units of time the column (`wait_s`); for "times" the rows that are counted.
        per: For "times": in each case, or to each customer in each window of the rule.
        by: For "handoffs": what must change.
        country: For "rings": in which country the telephone rings, where `wait_s` is known only.
        last: Whether only the last row of each case counts.

    Raises:
        InvalidValueError: Where the unit is missing, or does not fit.

    Example:
        >>> print(above(0, "feeling"))
        leave a good feeling
    """
    return _promise(
        Comparator.ABOVE, threshold, unit, of, per=per, by=by, country=country, last=last
    )


def within(
    *,
    days: float = 0,
    hours: float = 0,
    minutes: float = 0,
    seconds: float = 0,
    calendar: BusinessCalendar | None = None,
    until: str | Population = "first_response",
    same: Literal["case", "customer"] = "case",
    waits: Population | None = None,
    starts: Population | None = None,
) -> Promise:
    """Something that must happen within a time.

    Args:
        days: Days of 24 hours; together with a calendar say hours, since business days differ.
        hours: Hours.
        minutes: Minutes.
        seconds: Seconds.
        calendar: When time counts; None for always.
        until: A clock of the case: "first_response", "next_reply" (to each row of the population,
            of several in a row the first) or "resolution" (a reopened case runs on); or the rows
            of which one must follow each row of the population.
        same: Whether what follows must follow in the same case or with the same customer.
        waits: The rows after which the customer is waited for; the clock stands until the next.
        starts: The rows of which the first starts a case's clock; None for its first row.

    Raises:
        InvalidValueError: Where no time is stated, or the clock is not known.

    Example:
        >>> from custloyal import where
        >>> print(within(hours=4))
        are answered within 4 hours
        >>> print(within(days=7, until=where(kind="survey"), same="customer"))
        are followed by surveys within 7 days
    """
    amounts = {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
    mistakes = [
        *time_mistakes(amounts, calendar),
        *clock_mistakes(until, same, waits=waits, starts=starts),
    ]
    if mistakes:
        raise InvalidValueError(mistakes)
    limit_s = float(sum(amount * TIME_UNITS[unit] for unit, amount in amounts.items()))
    time = {"limit_s": limit_s, "calendar": calendar}
    if until == "first_response":
        return Clocked(**time, stops=ANSWERS, waits=waits, starts=starts)  # type: ignore[arg-type]
    if until == "resolution":
        return Clocked(
            **time,  # type: ignore[arg-type]
            stops=SOLVES,
            reopens=REOPENS,
            waits=waits,
            starts=starts,
            words="are resolved",
        )
    if until == "next_reply":
        return Followed(**time, by=ANSWERS, once=True, words="are answered")  # type: ignore[arg-type]
    assert isinstance(until, Population)  # the only other possibility
    return Followed(**time, by=until, same=same)  # type: ignore[arg-type]


_PLURALS = {unit[:-1]: unit for unit in (*TIME_UNITS, "rings", "times", "handoffs")}


def _promise(
    comparator: Comparator,
    threshold: float,
    unit: str,
    of: str | Population,
    *,
    per: str,
    by: str,
    country: str,
    last: bool,
) -> Promise:
    unit = _PLURALS.get(unit, unit) if isinstance(unit, str) else unit
    mistakes = [
        *threshold_mistakes(threshold, unit, of),
        *unit_mistakes(f"{comparator.name.lower()}({threshold!r}, ", unit, of),
        *option_mistakes(unit, per, by, country, last=last),
    ]
    if mistakes:
        raise InvalidValueError(mistakes)
    if unit == "handoffs":
        return HandedOn(by=by, comparator=comparator, threshold=threshold)  # type: ignore[arg-type]
    if isinstance(of, Population):
        counted = Counted if per == "case" else Contacted
        return counted(of=of, comparator=comparator, threshold=threshold)
    measured = LastMeasured if last else Measured
    return measured(
        column=of or unit,
        comparator=comparator,
        threshold=threshold,
        unit=unit if of else unit_of(unit) or unit,
        cadence=RingCadence.of(country),
    )
