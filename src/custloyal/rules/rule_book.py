"""Rule books: the service rules of a business, in Python or in a TOML file."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING

import attrs

from custloyal.errors import InvalidValueError, Mistake
from custloyal.models.text_file import text_of
from custloyal.rules.service_rule import ServiceRule
from custloyal.rules.toml_reading import read_rules
from custloyal.rules.toml_writing import written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["RuleBook"]


def _as_tuple(rules: Iterable[ServiceRule]) -> tuple[ServiceRule, ...]:
    return tuple(rules)


@attrs.frozen
class RuleBook:
    """The service rules of a business.

    Args:
        rules: The rules, each with a name of its own.

    Raises:
        InvalidValueError: Where there is no rule, or two bear one name.
    """

    rules: tuple[ServiceRule, ...] = attrs.field(converter=_as_tuple)

    def __attrs_post_init__(self) -> None:
        names = [rule.name for rule in self.rules if isinstance(rule, ServiceRule)]
        mistakes = [
            Mistake(f"rules[{place}]", f"is {each!r}, no ServiceRule")
            for place, each in enumerate(self.rules)
            if not isinstance(each, ServiceRule)
        ]
        mistakes += [
            Mistake(name, "is the name of two rules", "verdicts are asked for by name")
            for name in dict.fromkeys(names)
            if names.count(name) > 1
        ]
        if not self.rules:
            mistakes.append(Mistake("rules", "are none", "state at least one"))
        if mistakes:
            raise InvalidValueError(mistakes)

    @classmethod
    def from_toml(cls, path: str | Path) -> RuleBook:
        """Read a rule book.

        A rule that promises a number names one of `at_most`, `at_least`, `below` and `above`, with
        the arguments of the function of that name; one that promises a time names `within`, with
        the arguments of that function. Rows are tables of columns and words.

        Args:
            path: A TOML file: `[calendars.<name>]` as `BusinessCalendar` has it, and for each
                rule `[[rules]]` with `name`, `for`, the promise, `target`, `window` and `owner`.

        Raises:
            ConfigurationError: With all that is wrong in the file, each with its line.

        Example:
            >>> from pathlib import Path
            >>> from tempfile import TemporaryDirectory
            >>> text = '''
            ... [calendars.office]
            ... timezone = "Europe/Berlin"
            ... hours = { mon-fri = "08:00-20:00", sat = ["09:00-12:00", "13:00-14:30"] }
            ...
            ... [[rules]]
            ... name = "first response"
            ... for = { kind = "question" }
            ... within = { hours = 4 }
            ... until = "first_response"
            ... calendar = "office"
            ... target = 0.9
            ... window = "month"
            ... owner = "service desk"
            ... '''
            >>> with TemporaryDirectory() as folder:
            ...     file = Path(folder, "rulebook.toml")
            ...     _ = file.write_text(text)
            ...     print(RuleBook.from_toml(file))
            Questions are answered within 4 business hours, for 90 % of questions a month; \
owner: service desk.
        """
        return cls(read_rules(text_of(path), source=str(path)))

    def to_toml(self) -> str:
        """The rule book as a TOML text, which `from_toml` reads as an equal one.

        Raises:
            InvalidValueError: With every rule that a file has no words for.

        Example:
            >>> from custloyal import ServiceRule
            >>> from custloyal.rules import at_most, where
            >>> rule = ServiceRule(
            ...     name="answer fast",
            ...     population=where(channel="phone"),
            ...     promise=at_most(2, "rings"),
            ...     target=0.9,
            ...     window="month",
            ...     owner="front desk",
            ... )
            >>> print(RuleBook([rule]).to_toml())
            [[rules]]
            name = "answer fast"
            for = { channel = "phone" }
            at_most = 2
            unit = "rings"
            target = 0.9
            window = "month"
            owner = "front desk"
            <BLANKLINE>
        """
        return written(self.rules)

    @classmethod
    def of(cls, given: RuleBook | ServiceRule | Iterable[ServiceRule]) -> RuleBook:
        """A book of what was given: a book, several rules or one.

        Raises:
            InvalidValueError: Where it is none of these; a path must be read first.
        """
        if isinstance(given, RuleBook):
            return given
        if isinstance(given, ServiceRule):
            return cls((given,))
        if isinstance(given, str | PathLike):
            mend = f"read it: RuleBook.from_toml({str(given)!r})"
            raise InvalidValueError(Mistake("book", "is a path, no rule book", mend))
        if not isinstance(given, Iterable):
            mend = "give RuleBook([rule, ...]), or a rule"
            raise InvalidValueError(Mistake("book", f"is {given!r}, no rule book", mend))
        return cls(given)

    def __iter__(self) -> Iterator[ServiceRule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def __str__(self) -> str:
        return "\n".join(str(rule) for rule in self.rules)
