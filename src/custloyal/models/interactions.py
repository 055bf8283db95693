"""One interaction between the business and a customer, with its two ledgers.

The transaction ledger says what money moved; the relationship ledger says how it felt. Either may
be missing, and a field that is None is not known: it is never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from numbers import Real
from typing import TYPE_CHECKING, Any

import attrs

from custloyal.errors import InvalidValueError, Mistake, nearest
from custloyal.models.checks import (
    as_instant,
    as_number,
    as_numbers,
    as_word,
    check_flag,
    check_id,
    check_instant,
    check_number,
    check_text,
    check_word,
    refuse,
)
from custloyal.models.frozen_mapping import FrozenMapping
from custloyal.models.vocabulary import Initiator, Kind, Phase, SurveyKind
from custloyal.typing import Id

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COLUMNS", "REQUIRED", "Interaction", "Relationship", "Transaction"]

REQUIRED = ("customer_id", "occurred_at", "kind")
"""The columns that every table of interactions has."""

COLUMNS = (
    *REQUIRED,
    "interaction_id",
    "case_id",
    "channel",
    "department",
    "agent_id",
    "touch_point",
    "topic",
    "category",
    "initiated_by",
    "phase",
    "amount",
    "list_amount",
    "margin_amount",
    "currency",
    "outcome",
    "severity",
    "rating",
    "rating_min",
    "rating_max",
    "survey_kind",
    "purpose",
    "granted",
    "referred_customer_id",
    "incentivised",
)
"""Every column that has a meaning of its own; any other number of a row is a measure."""

_NO_MEASURES: Mapping[str, float] = FrozenMapping({})


def _kind(value: str) -> Kind:
    return as_word(Kind, value)


def _phase(value: str | None) -> Phase | None:
    return None if value is None else as_word(Phase, value)


def _initiator(value: str | None) -> Initiator | None:
    return None if value is None else as_word(Initiator, value)


def _survey_kind(value: str | None) -> SurveyKind | None:
    return None if value is None else as_word(SurveyKind, value)


def _measures(value: Mapping[str, float]) -> Mapping[str, float]:
    return as_numbers(value)


@attrs.frozen
class Transaction:
    """The money that moved, in one currency.

    Args:
        amount: What was paid; negative for a return; None where not known.
        list_amount: What it would have cost without a discount.
        margin_amount: What was left of it after its own costs.
        currency: The code of the currency, such as "EUR".

    Raises:
        InvalidValueError: Where a number is not finite, or nothing at all is known.

    Example:
        >>> Transaction(80.0, list_amount=100.0, currency="EUR").discount_share
        0.2
    """

    amount: float | None = attrs.field(default=None, converter=as_number)
    list_amount: float | None = attrs.field(default=None, converter=as_number, kw_only=True)
    margin_amount: float | None = attrs.field(default=None, converter=as_number, kw_only=True)
    currency: str | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        refuse(
            _check_said(self),
            check_number("amount", self.amount, optional=True),
            check_number("list_amount", self.list_amount, optional=True),
            check_number("margin_amount", self.margin_amount, optional=True),
            check_text("currency", self.currency),
        )

    @property
    def discount_share(self) -> float | None:
        """1 - amount / list_amount; None where one is not known or the list amount is 0."""
        if self.amount is None or not self.list_amount:
            return None
        return (self.list_amount - self.amount) / self.list_amount


@attrs.frozen
class Relationship:
    """How the customer left the interaction, and what they answered when asked.

    Args:
        outcome: From -1 (as bad as can be) to 1; None where not known.
        severity: The weight of the interaction, at least 0; None counts as 1.
        rating: What the customer answered, on the scale.
        rating_min: The worst answer of the scale.
        rating_max: The best answer of the scale.
        survey_kind: What was asked.

    Raises:
        InvalidValueError: Where a number is out of its range, or nothing at all is known.

    Example:
        >>> Relationship(rating=11, rating_min=0, rating_max=10)
        Traceback (most recent call last):
        custloyal.errors.InvalidValueError: rating: is 11.0, must be a number from 0 to 10
    """

    outcome: float | None = attrs.field(default=None, converter=as_number)
    severity: float | None = attrs.field(default=None, converter=as_number, kw_only=True)
    rating: float | None = attrs.field(default=None, converter=as_number, kw_only=True)
    rating_min: float | None = attrs.field(default=None, converter=as_number, kw_only=True)
    rating_max: float | None = attrs.field(default=None, converter=as_number, kw_only=True)
    survey_kind: SurveyKind | None = attrs.field(default=None, converter=_survey_kind, kw_only=True)

    def __attrs_post_init__(self) -> None:
        refuse(
            _check_said(self),
            check_number("outcome", self.outcome, low=-1, high=1, optional=True),
            check_number("severity", self.severity, low=0, optional=True),
            check_number("rating_min", self.rating_min, optional=True),
            check_number(
                "rating_max", self.rating_max, above=_bound(self.rating_min), optional=True
            ),
            check_number(
                "rating",
                self.rating,
                low=_bound(self.rating_min),
                high=_bound(self.rating_max),
                optional=True,
            ),
            check_word("survey_kind", self.survey_kind, SurveyKind),
        )


@attrs.frozen
class Interaction:
    """One thing that happened between the business and a customer.

    Args:
        customer_id: Whose; None where nobody knows who it was.
        occurred_at: When, with a time zone; kept in UTC.
        kind: What it was.
        interaction_id: Which one; unique, and breaks ties in time.
        case_id: The matter it belongs to: a ticket, an order, a complaint.
        channel: Through what, such as "phone".
        department: Which part of the business.
        agent_id: Who of the business.
        touch_point: Where exactly, such as "checkout".
        topic: What about.
        category: What sort of topic.
        initiated_by: Who began it.
        phase: Before, with or after the sale; None where it follows from the kind.
        purpose: What a consent is for.
        granted: Whether a consent was given or withdrawn.
        referred_customer_id: Who came by a referral.
        incentivised: Whether a referral, review or testimonial was rewarded.
        transaction: The money that moved; None where there was none or it is not known.
        relationship: How it felt; None where nothing is known of that.
        measures: Every other number of the row, by the name of its column, such as `wait_s`.

    Raises:
        InvalidValueError: Where a field is not what it must be; all such fields are named.

    Example:
        >>> bought = Interaction(
        ...     "anna",
        ...     datetime.fromisoformat("2024-05-02T10:00:00+02:00"),
        ...     "purchase",
        ...     transaction=Transaction(30.0, currency="EUR"),
        ...     measures={"wait_s": 12.0},
        ... )
        >>> bought.effective_phase.value, bought.occurred_at.hour
        ('sale', 8)
        >>> Interaction.from_row(bought.to_row()) == bought
        True
    """

    customer_id: Id | None
    occurred_at: datetime = attrs.field(converter=as_instant)
    kind: Kind = attrs.field(converter=_kind)
    interaction_id: Id | None = attrs.field(default=None, kw_only=True)
    case_id: Id | None = attrs.field(default=None, kw_only=True)
    channel: str | None = attrs.field(default=None, kw_only=True)
    department: str | None = attrs.field(default=None, kw_only=True)
    agent_id: str | None = attrs.field(default=None, kw_only=True)
    touch_point: str | None = attrs.field(default=None, kw_only=True)
    topic: str | None = attrs.field(default=None, kw_only=True)
    category: str | None = attrs.field(default=None, kw_only=True)
    initiated_by: Initiator | None = attrs.field(default=None, converter=_initiator, kw_only=True)
    phase: Phase | None = attrs.field(default=None, converter=_phase, kw_only=True)
    purpose: str | None = attrs.field(default=None, kw_only=True)
    granted: bool | None = attrs.field(default=None, kw_only=True)
    referred_customer_id: Id | None = attrs.field(default=None, kw_only=True)
    incentivised: bool | None = attrs.field(default=None, kw_only=True)
    transaction: Transaction | None = attrs.field(default=None, kw_only=True)
    relationship: Relationship | None = attrs.field(default=None, kw_only=True)
    measures: Mapping[str, float] = attrs.field(
        default=_NO_MEASURES, converter=_measures, kw_only=True
    )

    def __attrs_post_init__(self) -> None:
        texts = ("channel", "department", "agent_id", "touch_point", "topic", "category", "purpose")
        refuse(
            check_id("customer_id", self.customer_id, optional=True),
            check_instant("occurred_at", self.occurred_at),
            check_word("kind", self.kind, Kind, optional=False),
            check_id("interaction_id", self.interaction_id, optional=True),
            check_id("case_id", self.case_id, optional=True),
            *(check_text(name, getattr(self, name)) for name in texts),
            check_word("initiated_by", self.initiated_by, Initiator),
            check_word("phase", self.phase, Phase),
            check_flag("granted", self.granted),
            check_id("referred_customer_id", self.referred_customer_id, optional=True),
            check_flag("incentivised", self.incentivised),
            _check_ledger("transaction", self.transaction, Transaction),
            _check_ledger("relationship", self.relationship, Relationship),
            _check_sign(self.kind, self.transaction),
            *_check_measures(self.measures),
        )

    @property
    def effective_phase(self) -> Phase:
        """The phase that the row names, else that of its kind."""
        return self.phase or self.kind.phase

    def to_row(self) -> dict[str, Any]:
        """The row of the table of interactions: one value for each column that is known.

        Returns:
            The three required columns always, every other where it is known; words of vocabularies
            as plain text, the time as a `datetime` in UTC.
        """
        row: dict[str, Any] = {
            "customer_id": self.customer_id,
            "occurred_at": self.occurred_at,
            "kind": self.kind.value,
        }
        parts = [part for part in (self, self.transaction, self.relationship) if part is not None]
        known = {name: getattr(part, name) for part in parts for name in _names(type(part))}
        for column in COLUMNS:
            value = known.get(column)
            if value is not None:
                row[column] = value.value if isinstance(value, StrEnum) else value
        return row | dict(self.measures)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Interaction:
        """The interaction of a row, without loss.

        Args:
            row: The values by the names of `COLUMNS`; None is not known. Every other column must
                hold a number, which becomes a measure.

        Raises:
            InvalidValueError: Where a required column is missing, a column is unknown and holds no
                number, or a value is not what it must be; all mistakes at once.

        Example:
            >>> Interaction.from_row({"customer_id": 7, "kind": "vist", "chanel": "phone"})
            Traceback (most recent call last):
            custloyal.errors.InvalidValueError: 3 mistakes:
              occurred_at: is missing
              chanel: is no column of the table, and a measure must be a number (did you mean \
'channel'?)
              kind: is 'vist', must be a word of Kind (did you mean 'visit'?)
        """
        mistakes = [Mistake(name, "is missing") for name in REQUIRED if name not in row]
        fields: dict[str, Any] = {}
        measures: dict[str, Any] = {}
        for column, value in row.items():
            if column in COLUMNS:
                fields[column] = value
            elif isinstance(value, Real) and not isinstance(value, bool):
                measures[column] = value
            elif value is not None:
                message = "is no column of the table, and a measure must be a number"
                mistakes.append(Mistake(str(column), message, nearest(str(column), COLUMNS)))
        parts: dict[str, Any] = {"customer_id": None, "occurred_at": None, "kind": None}
        for part, ledger in (("transaction", Transaction), ("relationship", Relationship)):
            values = {name: fields.pop(name) for name in _names(ledger) if name in fields}
            try:
                if any(value is not None for value in values.values()):
                    parts[part] = ledger(**values)
            except InvalidValueError as error:
                mistakes.extend(error.mistakes)
        try:
            whole = cls(**parts | fields, measures=measures)
        except InvalidValueError as error:
            named = {mistake.path for mistake in mistakes}
            mistakes.extend(mistake for mistake in error.mistakes if mistake.path not in named)
        if mistakes:
            raise InvalidValueError(mistakes)
        return whole


def _names(cls: type[Interaction | Transaction | Relationship]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(cls))


def _bound(value: float | None) -> float | None:
    return None if check_number("", value) else value


def _check_said(ledger: Transaction | Relationship) -> Mistake | None:
    if any(getattr(ledger, name) is not None for name in _names(type(ledger))):
        return None
    name = type(ledger).__name__
    return Mistake(name, "says nothing", "give at least one field, or None in its place")


def _check_ledger(path: str, value: object, ledger: type) -> Mistake | None:
    if value is None or isinstance(value, ledger):
        return None
    return Mistake(path, f"is a {type(value).__name__}, must be a {ledger.__name__} or None")


def _check_sign(kind: Kind, transaction: Transaction | None) -> Mistake | None:
    amount = transaction.amount if isinstance(transaction, Transaction) else None
    if amount is None:
        return None
    if kind == Kind.PURCHASE and amount < 0:
        return Mistake("amount", f"is {amount}, must not be below 0 for a purchase")
    if kind == Kind.RETURN and amount > 0:
        return Mistake("amount", f"is {amount}, must not be above 0 for a return", "negate it")
    return None


def _check_measures(measures: object) -> Iterator[Mistake]:
    if not isinstance(measures, Mapping):
        yield Mistake("measures", "must be a mapping from names to numbers")
        return
    for name, value in measures.items():
        wrong = check_text("measures", name, optional=False) or check_number(name, value)
        if name in COLUMNS:
            wrong = Mistake(f"measures.{name}", "is a field of its own", f"write {name}=...")
        if wrong:
            yield wrong
