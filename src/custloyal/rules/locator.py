"""Where a TOML text says what: the line of every table, key and element of a list.

`tomllib` forgets lines. This walks over a text that `tomllib` has understood, so it need not check
anything: it only keeps apart what is a key, what is a value and what is inside of a string.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping

import attrs

from custloyal.models.frozen_mapping import FrozenMapping

__all__ = ["TomlLines"]

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r'"(?:\\.|[^"\\])*"|' + r"'[^']*'|[^\s.=\]\"']+")
# Strings of three quotation marks may end with one or two more that are part of them.
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}(?!")' + r"|'''.*?'{3,5}(?!')" + r'|"(?:\\.|[^"\\])*"' + r"|'[^']*'",
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}#\n]*")


def _as_frozen(lines: Mapping[str, int]) -> Mapping[str, int]:
    return FrozenMapping(lines)


@attrs.frozen
class TomlLines:
    r"""The lines of a TOML text, counted from 1, by path: "rules[1].target".

    Args:
        by_path: The line of every table, key and element of a list.

    Example:
        >>> lines = TomlLines.of('[[rules]]\nname = "a"\n[[rules]]\nfor = { kind = "reply" }')
        >>> lines.line("rules[1].for.kind"), lines.line("rules[1].target")
        (4, 3)
    """

    by_path: Mapping[str, int] = attrs.field(converter=_as_frozen)

    @classmethod
    def of(cls, text: str) -> TomlLines:
        """The lines of a text that `tomllib` understands."""
        return cls(_Walk(text).lines())

    def line(self, path: str) -> int:
        """The line on which something stands; what is missing has that of the table it misses in.

        Args:
            path: Names joined by dots, places of lists in brackets.
        """
        while path and path not in self.by_path:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.by_path.get(path, 1)


class _Walk:
    """One walk over a text.

    Args:
        text: A text that `tomllib` understands.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._ends = [place for place, letter in enumerate(text) if letter == "\n"]
        self._lines: dict[str, int] = {}
        self._lengths: dict[str, int] = {}  # of lists of tables

    def lines(self) -> dict[str, int]:
        """The line of every path."""
        table = ""
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self._lines

    def _header(self) -> str:
        line = self._line()
        is_list = self._text.startswith("[[", self._at)
        self._at += 2 if is_list else 1
        *names, last = self._names()
        self._at += 2 if is_list else 1
        path = ""
        for name in names:
            path = self._newest(_joined(path, name))
            self._lines.setdefault(path, line)
        path = _joined(path, last)
        if is_list:
            self._lines.setdefault(path, line)
            self._lengths[path] = self._lengths.get(path, 0) + 1
        path = self._newest(path)
        self._lines[path] = line
        return path

    def _newest(self, path: str) -> str:
        """A table; of a list of tables the newest."""
        return f"{path}[{self._lengths[path] - 1}]" if path in self._lengths else path

    def _pair(self, table: str) -> None:
        line = self._line()
        path = table
        for name in self._names():
            path = _joined(path, name)
            self._lines.setdefault(path, line)
        self._at += 1  # =
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: str) -> None:
        if self._text.startswith(("'", '"'), self._at):
            self._skip(_STRING)
        elif self._text.startswith("[", self._at):
            self._inside("]", path, is_list=True)
        elif self._text.startswith("{", self._at):
            self._inside("}", path, is_list=False)
        else:
            self._skip(_BARE)

    def _inside(self, end: str, path: str, *, is_list: bool) -> None:
        """The elements of a list, or the pairs of a table in braces."""
        self._at += 1
        place = 0
        while True:
            self._skip(_BLANK)
            if self._text.startswith(end, self._at):
                break
            if self._text.startswith(",", self._at):
                self._at += 1
            elif is_list:
                element = f"{path}[{place}]"
                self._lines[element] = self._line()
                self._value(element)
                place += 1
            else:
                self._pair(path)
        self._at += 1

    def _names(self) -> list[str]:
        """The names of a key with dots; what follows it is next."""
        names = []
        while True:
            self._skip(_SPACE)
            names.append(_name(self._skip(_KEY)))
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return names
            self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        assert found is not None  # `tomllib` understood the text
        self._at = found.end()
        return found[0]

    def _line(self) -> int:
        return bisect_right(self._ends, self._at) + 1


def _name(key: str) -> str:
    """The name that a key means, without its quotation marks."""
    if key[0] not in "\"'":
        return key
    return str(tomllib.loads(f"name = {key}")["name"])


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
