"""A service rule: a promise to a population, how often it must be kept, and who answers for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from custloyal.errors import InvalidValueError, Mistake, nearest
from custloyal.models.checks import as_number
from custloyal.models.frozen_mapping import FrozenMapping
from custloyal.periods import Period
from custloyal.rules.population import Population
from custloyal.rules.promise import Promise, Subject

__all__ = ["ServiceRule"]


def _as_targets(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    return FrozenMapping(
        {
            column: FrozenMapping({str(word): as_number(share) for word, share in shares.items()})
            if isinstance(shares, Mapping)
            else shares
            for column, shares in value.items()
        }
    )


def _as_window(value: object) -> object:
    return Period(value) if value in [each.value for each in Period] else value


@attrs.frozen(kw_only=True)
class ServiceRule:
    """A promise that can be measured: to whom, what, how often, over which time, by whom.

    Args:
        name: The name by which verdicts are asked for.
        population: To whom it is made: `where(kind="question", channel="phone")`.
        promise: What is promised: `at_most(2, "rings")`, `within(hours=4)`.
        target: The share of promises to be kept, from above 0 to 1.
        window: The calendar period over which that share is looked at.
        owner: Who answers for it.
        unless: Rows of the population that are set aside: `where(topic="test call")`.
        target_by: For columns such as `tier` and `stage` the words with a target of their own:
            {"tier": {"key": 0.99}}. Of several that hold the highest counts.

    Raises:
        InvalidValueError: With all that is missing or wrong, each with how to say it.

    Example:
        >>> from custloyal import ServiceRule
        >>> from custloyal.rules import at_most, where
        >>> rule = ServiceRule(
        ...     name="answer fast",
        ...     population=where(channel="phone", department="Sales"),
        ...     promise=at_most(2, "rings"),
        ...     target=0.9,
        ...     window="month",
        ...     owner="front desk",
        ... )
        >>> print(rule)
        Calls to Sales are answered within 2 rings, for 90 % of calls a month; owner: front desk.
        >>> ServiceRule(name="fast", population=where(channel="phone"), target=95)
        Traceback (most recent call last):
        custloyal.errors.InvalidValueError: 4 mistakes:
          promise: is missing (say what is measured, how far and in which unit: \
at_most(2, "rings"), within(hours=4))
          target: is 95, must be a share above 0 and at most 1 (say 0.95)
          window: is missing (say over which period: "month")
          owner: is missing (say who answers for it: "front desk")
    """

    name: str = ""
    population: Population = attrs.field(factory=Population)
    promise: Promise | None = None
    target: float | None = attrs.field(default=None, converter=as_number)
    window: Period = attrs.field(default="", converter=_as_window)  # type: ignore[assignment]
    owner: str = ""
    unless: Population | None = None
    target_by: Mapping[str, Mapping[str, float]] = attrs.field(
        default=FrozenMapping({}), converter=_as_targets
    )

    def __attrs_post_init__(self) -> None:
        mistakes = self._mistakes()
        if mistakes:
            raise InvalidValueError(mistakes)

    @property
    def kept(self) -> Promise:
        """The promise, which a rule that was made has."""
        assert self.promise is not None  # refused on construction
        return self.promise

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that say who belongs to it, and which target holds."""
        unless = () if self.unless is None else self.unless.columns
        return tuple(dict.fromkeys([*self.population.columns, *unless, *self.target_by]))

    def __str__(self) -> str:
        noun = str(self.population)
        head = noun[0].upper() + noun[1:]
        share = f"{100 * (self.target or 0):.10g} %"
        short = self.population.noun
        each = f" ({', '.join(self._own_targets())})" if self.target_by else ""
        aside = f", {self.unless} set aside" if self.unless else ""
        return (
            f"{head} {self.promise}, for {share} of {short} a {self.window}{each}{aside}; "
            f"owner: {self.owner}."
        )

    def _own_targets(self) -> list[str]:
        return [
            f"{100 * share:.10g} % where {column} is {word}"
            for column, shares in self.target_by.items()
            for word, share in shares.items()
        ]

    @property
    def _is_of_customers(self) -> bool:
        """Whether it speaks of customers, who all are meant where none are named."""
        return getattr(self.promise, "subject", None) is Subject.CUSTOMER

    def _mistakes(self) -> list[Mistake]:
        mistakes = _text_mistakes("name", self.name, 'name the rule: "answer fast"')
        if not isinstance(self.population, Population):
            mistakes.append(Mistake("population", f"is {self.population!r}", _TO_WHOM))
        elif self.population.is_everything and not self._is_of_customers:
            mistakes.append(Mistake("population", "is missing", _TO_WHOM))
        if self.unless is not None and not isinstance(self.unless, Population):
            mend = 'say which rows: where(topic="test call")'
            mistakes.append(Mistake("unless", f"is {self.unless!r}", mend))
        if self.promise is None:
            mistakes.append(Mistake("promise", "is missing", _WHAT))
        elif not isinstance(self.promise, Promise):
            mistakes.append(Mistake("promise", f"is {self.promise!r}", _WHAT))
        mistakes += share_mistakes("target", self.target)
        mistakes += self._target_mistakes()
        if not isinstance(self.window, Period):
            missing = self.window == ""
            mend = nearest(str(self.window), [each.value for each in Period])
            mistakes.append(
                Mistake("window", "is missing", 'say over which period: "month"')
                if missing
                else Mistake("window", f"is {self.window!r}, no period", mend)
            )
        mistakes += _text_mistakes("owner", self.owner, 'say who answers for it: "front desk"')
        return mistakes

    def _target_mistakes(self) -> Iterator[Mistake]:
        if not isinstance(self.target_by, Mapping):
            said = f"is {self.target_by!r}, must be targets by column and word"
            yield Mistake("target_by", said, 'say {"tier": {"key": 0.99}}')
            return
        for column, shares in self.target_by.items():
            if not isinstance(shares, Mapping):
                mend = 'say {"tier": {"key": 0.99}}'
                yield Mistake(f"target_by.{column}", f"is {shares!r}", mend)
                continue
            for word, share in shares.items():
                yield from share_mistakes(f"target_by.{column}.{word}", share)


_TO_WHOM = 'say to whom it is promised: where(kind="question", channel="phone")'
_WHAT = 'say what is measured, how far and in which unit: at_most(2, "rings"), within(hours=4)'


def _text_mistakes(path: str, text: object, mend: str) -> list[Mistake]:
    if isinstance(text, str) and text.strip():
        return []
    if text == "" or text is None:
        return [Mistake(path, "is missing", mend)]
    return [Mistake(path, f"is {text!r}, must be text", mend)]


def share_mistakes(path: str, share: object) -> list[Mistake]:
    """What is wrong with a share to be reached; 95 is taken for what was meant."""
    if share is None:
        return [Mistake(path, "is missing", "say which share must be kept: 0.9")]
    if not isinstance(share, float | int) or isinstance(share, bool):
        return [Mistake(path, f"is {share!r}, must be a share above 0 and at most 1", "say 0.9")]
    if 0 < share <= 1:
        return []
    meant = f"say {share / 100:g}" if 1 < share <= 100 else "say 0.9"  # noqa: PLR2004 (per cent)
    return [Mistake(path, f"is {share:g}, must be a share above 0 and at most 1", meant)]
