"""Populations: which interactions, cases or customers a rule speaks of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, TypeAlias

import attrs
import narwhals as nw

from custloyal.errors import InvalidValueError, Mistake, nearest
from custloyal.models import Initiator, Kind, Phase, SurveyKind
from custloyal.models.frozen_mapping import FrozenMapping

if TYPE_CHECKING:
    from enum import StrEnum

__all__ = ["Population", "Word", "where"]

Word: TypeAlias = str | int | bool

_VOCABULARIES: dict[str, type[StrEnum]] = {
    "kind": Kind,
    "phase": Phase,
    "initiated_by": Initiator,
    "survey_kind": SurveyKind,
}
_PLURALS = {
    Kind.INQUIRY: "inquiries",
    Kind.DELIVERY: "deliveries",
    Kind.REPLY: "replies",
    Kind.RECOVERY: "recoveries",
    Kind.CASE_STUDY: "case studies",
    Kind.HANDOFF: "hand-offs",
    Kind.FOLLOW_UP: "follow-ups",
    Kind.FEEDBACK_REPLY: "replies to feedback",
    Kind.FEEDBACK_ACTION: "changes made after feedback",
    Kind.PRAISE: "praise",
    Kind.OUTREACH: "contacts by the business",
    Kind.OTHER: "other interactions",
}
_SINGULARS = {
    Kind.HANDOFF: "hand-off",
    Kind.FOLLOW_UP: "follow-up",
    Kind.FEEDBACK_REPLY: "reply to feedback",
    Kind.FEEDBACK_ACTION: "change made after feedback",
    Kind.OUTREACH: "contact by the business",
    Kind.OTHER: "other interaction",
}
_PHASES = {
    Phase.PRE_SALE: "before the sale",
    Phase.SALE: "at the sale",
    Phase.POST_SALE: "after the sale",
}


def _as_words(conditions: object) -> object:
    if not isinstance(conditions, Mapping):
        return conditions
    return FrozenMapping({name: _as_tuple(words) for name, words in conditions.items()})


def _as_tuple(words: object) -> tuple[object, ...]:
    if isinstance(words, str | Mapping) or not isinstance(words, Iterable):
        return (words,)
    return tuple(words)


@attrs.frozen
class Population:
    """Which interactions, cases or customers: those whose columns hold certain words.

    Made by `where(kind="question", channel="phone")`. A case is spoken of by its first row of the
    kinds that are named (by its first row where none is), and a customer by the second table:
    `tier`, `segment` and every other column of that table can be named, and `stage`, the rung on
    which the customer stands.

    Args:
        words: For each column the words that it may hold; all conditions must hold.
        unless: For each column words that set a row aside; a value that is not known does not.

    Raises:
        InvalidValueError: Where a word is not of the column's vocabulary, or none is given.

    Example:
        >>> str(where(kind="question", channel="phone", department="Sales"))
        'questions by phone to Sales'
        >>> where(kind="complain")
        Traceback (most recent call last):
        custloyal.errors.InvalidValueError: kind: 'complain' is not one of its words (did you \
mean 'complaint'?)
    """

    words: Mapping[str, tuple[Word, ...]] = attrs.field(
        default=FrozenMapping({}), converter=_as_words
    )
    unless: Mapping[str, tuple[Word, ...]] = attrs.field(
        default=FrozenMapping({}), converter=_as_words
    )

    def __attrs_post_init__(self) -> None:
        mistakes = [
            mistake
            for side in (self.words, self.unless)
            for name, words in side.items()
            for mistake in _mistakes(name, words)
        ]
        if mistakes:
            raise InvalidValueError(mistakes)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns without which it says nothing; exceptions need none of theirs."""
        return tuple(self.words)

    @property
    def is_everything(self) -> bool:
        """Whether no condition is stated."""
        return not self.words and not self.unless

    def holds(self, columns: Collection[str] | None = None) -> nw.Expr:
        """Whether a row belongs to it; null where some conditions hold and others are not known.

        A row of which no condition is known to hold does not belong: a purchase without a channel
        is not perhaps a call.

        Args:
            columns: The columns that are there; exceptions about others are left out. None for all.
        """
        inside = [_is_one_of(name, words) for name, words in self.words.items()]
        outside = [
            ~_is_one_of(name, words).fill_null(value=False)
            for name, words in self.unless.items()
            if columns is None or name in columns
        ]
        if not inside and not outside:
            return nw.lit(value=True)
        holds = reduce(and_, [*inside, *outside])
        if not inside or "kind" in self.words:  # the kind is always known
            return holds
        some = reduce(or_, [each.fill_null(value=False) for each in inside])
        return nw.when(some).then(holds).otherwise(nw.lit(value=False))

    def __str__(self) -> str:
        return " ".join([self.noun, *self._attributes()])

    def to_toml(self) -> dict[str, object]:
        """The entries of a rule file that state these rows."""
        said: dict[str, object] = {name: one_or_all(words) for name, words in self.words.items()}
        if self.unless:
            said["unless"] = {name: one_or_all(words) for name, words in self.unless.items()}
        return said

    def counted(self, number: float) -> str:
        """The rows as they are said after a number: 1 "call", 2 "calls"."""
        noun = self.noun
        if number == 1:
            kinds = [_singular(kind) for kind in self._kinds]
            noun = _listed(kinds) if kinds else noun.removesuffix("s")
        return " ".join([noun, *self._attributes()])

    @property
    def _kinds(self) -> list[Kind]:
        return [Kind(str(word)) for word in self.words.get("kind", ())]

    @property
    def noun(self) -> str:
        """What it is a population of: "calls", "questions"."""
        if self._kinds:
            return _listed([_plural(kind) for kind in self._kinds])
        if self.words.get("channel") == ("phone",):
            return "calls"
        customers = {"tier", "segment", "stage", "owner_id"}
        return "customers" if self.words and set(self.words) <= customers else "interactions"

    def _attributes(self) -> list[str]:
        said = []
        for name, words in self.words.items():
            listed = _listed([str(word) for word in words])
            match name:
                case "kind":
                    continue
                case "channel" if self.noun == "calls":
                    continue
                case "channel":
                    said.append(f"by {listed}")
                case "department":
                    said.append(f"to {listed}")
                case "phase":
                    said.append(_listed([_PHASES[Phase(str(word))] for word in words]))
                case "initiated_by":
                    said.append(f"begun by the {listed}")
                case "tier" | "segment":
                    said.append(f"of the {name} {listed}")
                case "stage":
                    said.append(f"on the rung {listed}")
                case _:
                    said.append(f"with {name} {listed}")
        said += [
            f"unless {name} is {_listed([str(word) for word in words])}"
            for name, words in self.unless.items()
        ]
        return said


def where(**words: Word | Iterable[Word]) -> Population:
    """The rows whose columns hold certain words: `where(kind=["question", "problem"])`.

    Args:
        words: For each column a word, or several of which one must be there; several columns must
            all hold. No condition at all means every row.
    """
    return Population(words)


def _mistakes(name: str, words: tuple[object, ...]) -> list[Mistake]:
    vocabulary = _VOCABULARIES.get(name)
    if not words:
        return [Mistake(name, "names no word", "name one, or leave the column out")]
    if vocabulary is not None:
        known = [member.value for member in vocabulary]
        return [
            Mistake(name, f"{word!r} is not one of its words", nearest(str(word), known))
            for word in words
            if word not in known
        ]
    return [
        Mistake(name, f"{word!r} is neither text, a whole number nor true or false")
        for word in words
        if not isinstance(word, str | int)
    ]


def _is_one_of(name: str, words: tuple[Word, ...]) -> nw.Expr:
    # One comparison a word: `is_in` takes several times as long on DuckDB.
    return reduce(or_, [nw.col(name) == word for word in words])


def _singular(kind: Kind) -> str:
    return _SINGULARS.get(kind, kind.value.replace("_", " "))


def _plural(kind: Kind) -> str:
    return _PLURALS.get(kind, f"{kind.value.replace('_', ' ')}s")


def _listed(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def one_or_all(words: Sequence[object]) -> object:
    """A single word as itself, several as a list."""
    return words[0] if len(words) == 1 else list(words)
