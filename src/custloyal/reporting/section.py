"""A section of the report: what it needs, its figures, and how page, terminal and JSON show it."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from importlib.resources import files
from inspect import getfile
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import attrs

if TYPE_CHECKING:
    import altair as alt

    from custloyal.metrics import Metric
    from custloyal.reporting.scope import Run, Scope

__all__ = ["Answer", "Failed", "Headline", "Listing", "MappedSection", "Section", "plain"]

F = TypeVar("F")


@attrs.frozen
class Headline:
    """A figure that stands at the head of the page.

    Args:
        name: What it is.
        value: The figure as it is read.
        of: What it rests on.
        anchor: The place of the page that says more.
        after: What follows the name, such as the scale.
        rank: Where it stands among the figures, the lowest first.
    """

    name: str
    value: str
    of: str
    anchor: str
    after: str = ""
    rank: int = 100


@attrs.frozen
class Answer:
    """A question that the report answers in short.

    Args:
        question: The question.
        sentence: The answer.
        rank: Where it stands among the answers, the lowest first.
        customer_id: The customer with whom the answer begins, if any.
    """

    question: str
    sentence: str
    rank: int = 100
    customer_id: str | None = None


@attrs.frozen
class Listing:
    """A table of the terminal.

    Args:
        title: What it lists.
        columns: The names of its columns.
        rows: A text for each column; all texts are escaped where they are shown.
        numeric: The columns that hold numbers.
        nothing: What is said where there are no rows; nothing where it is empty.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[str] = frozenset()
    nothing: str = ""


@attrs.frozen
class Failed:
    """What stands in place of the figures of a section that raised.

    Args:
        reason: What it raised.
    """

    reason: str

    @classmethod
    def by(cls, error: Exception) -> Failed:
        """What an error says; its type where it says nothing."""
        return cls(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


class Section(ABC, Generic[F]):
    """One section of the report: subclass it to add one of your own.

    A section says which metrics it needs; they are read together with those of all others, in one
    pass. It is asked once for its `figures`, a frozen value of its own; all else is told from
    these. Its template `<name>.html.jinja` stands beside its module and sees `figures`, `charts`,
    what `words` gives, and the filters of `custloyal.formats`.
    """

    name: ClassVar[str]
    """The key in the JSON, and the name of the template."""
    title: ClassVar[str]
    anchor: ClassVar[str] = ""
    """The place on the page; the name where it is empty."""
    nav: ClassVar[str] = ""
    """The name in the list of sections; the title where it is empty."""

    def metrics(self, scope: Scope) -> Sequence[Metric]:
        """Which metrics the figures need, in a history of this scope; none unless it says so."""
        del scope
        return ()

    @abstractmethod
    def figures(self, run: Run) -> F:
        """All that the section says, as numbers, names and days."""

    def words(self, figures: F) -> Mapping[str, Any]:
        """What the template needs besides the figures, by name: mostly sentences."""
        del figures
        return {}

    def charts(self, figures: F) -> Mapping[str, alt.TopLevelMixin]:
        """The charts there is something to draw for, by name; each says itself as description."""
        del figures
        return {}

    def headlines(self, figures: F) -> Sequence[Headline]:
        """Its figures at the head of the page."""
        del figures
        return ()

    def answers(self, figures: F) -> Sequence[Answer]:
        """What it answers in short."""
        del figures
        return ()

    def lines(self, figures: F) -> Sequence[tuple[str, str]]:
        """Its lines in the terminal, each with a name of a word or two."""
        del figures
        return ()

    def listing(self, figures: F) -> Listing | None:
        """Its table in the terminal."""
        del figures
        return None

    def to_dict(self, figures: F | None) -> dict[str, Any]:
        """Its keys in the JSON; null where the section failed."""
        return {self.name: plain(figures)}

    def template(self) -> str:
        """The text of its template."""
        return _beside(type(self), f"{self.name}.html.jinja")


class MappedSection(Section[Mapping[str, Any]]):
    """A section whose figures are keys of the report as they stand in the JSON."""

    keys: ClassVar[Sequence[str]] = ()
    """The keys; its name where there are none."""

    def to_dict(self, figures: Mapping[str, Any] | None) -> dict[str, Any]:
        """Its keys in the JSON."""
        given = figures or {}
        return {key: given.get(key) for key in self.keys or (self.name,)}


def _beside(cls: type, name: str) -> str:
    package = sys.modules[cls.__module__].__package__
    folder = files(package) if package else Path(getfile(cls)).parent
    return folder.joinpath(name).read_text(encoding="utf-8")


def plain(value: Any) -> Any:
    """A value as JSON has it: days as ISO text, enums as their values, no number that is none.

    Example:
        >>> plain({"day": date(2024, 1, 31), "share": float("nan")})
        {'day': '2024-01-31', 'share': None}
    """
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, date):
        return value.isoformat()
    if attrs.has(type(value)):
        fields = attrs.fields(type(value))
        return {field.name.lstrip("_"): plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    return value
