"""Rule books: the service rules of a business, in Python or in a TOML file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from custloyal.errors import InvalidValueError, Mistake
from custloyal.rules.service_rule import ServiceRule

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RuleBook"]


@attrs.frozen
class RuleBook:
    """The service rules of a business.

    Args:
        rules: The rules, each with a name of its own.

    Raises:
        InvalidValueError: Where there is no rule, or two bear one name.
    """

    rules: tuple[ServiceRule, ...] = attrs.field(converter=tuple)

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

    def __iter__(self) -> Iterator[ServiceRule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def __str__(self) -> str:
        return "\n".join(str(rule) for rule in self.rules)
