"""How values show what they are: in a terminal, and in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from custloyal.engines import row_count
from custloyal.formats import count, counted, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from custloyal.engines import Home, Table

__all__ = ["Rows", "Shown", "as_html", "as_text"]

_ROWS, _HTML_ROWS = 5, 10
_COLUMNS, _HTML_COLUMNS = 7, 20
_WORD = 24
_DIGITS = 4
_ASTRONOMIC = 1e15


class Shown:
    """A value that a notebook shows as its `repr` says it."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


class Rows(Shown):
    """Rows that go back to where they came from, and show the first of them.

    Who is one has a `table`, a `home`, and a `_title` that says what the rows are.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def table(self) -> Table:
            """The rows."""

        @property
        def home(self) -> Home:
            """Where they go back to."""

    def to_native(self) -> Any:
        """The rows as a frame of the library from which the history came."""
        return self.home.bring_back(self.table)

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        return self.home.collected(self.table).rows(named=True)

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return self.table.collect_schema().names()

    @property
    def _title(self) -> str:
        return type(self).__name__

    def _number(self) -> int:
        return row_count(self.table)

    def _first(self, number: int) -> list[dict[str, Any]]:
        return self.home.collected(self.table.head(number)).rows(named=True)

    def __repr__(self) -> str:
        return as_text(self._title, self.columns, self._first(_ROWS), of=self._number())

    def _repr_html_(self) -> str:
        return as_html(self._title, self.columns, self._first(_HTML_ROWS), of=self._number())


def as_text(
    title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, of: int
) -> str:
    """A table of few rows in plain text.

    Args:
        title: What it is.
        columns: The names of all columns; the first few are shown.
        rows: The rows that are shown.
        of: How many there are.

    Example:
        >>> print(as_text("Scores", ["name", "trust"], [{"name": "ann", "trust": 0.5}], of=2))
        Scores: 2 rows
        name  trust
        ann     0.5
        and 1 more row
    """
    head = f"{title}: {counted(of, 'row')}"
    shown = list(columns[:_COLUMNS])
    if not rows or not shown:
        return head
    cells = [shown, *([_said(row[name]) for name in shown] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(shown))]
    is_number = [isinstance(rows[0][name], int | float) for name in shown]
    lines = [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in cells
    ]
    return "\n".join([head, *lines, *_more(of - len(rows), len(columns) - len(shown))])


def as_html(
    title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, of: int
) -> str:
    """The same as a table of HTML, all texts escaped.

    Example:
        >>> as_html("Scores", ["name"], [{"name": "<b>"}], of=1)
        '<table><caption>Scores: 1 row</caption><thead><tr><th>name</th></tr></thead>\
<tbody><tr><td>&lt;b&gt;</td></tr></tbody></table>'
    """
    shown = list(columns[:_HTML_COLUMNS])
    heads = "".join(f"<th>{escape(shortened(name, limit=80))}</th>" for name in shown)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(_said(row[name]))}</td>' for name in shown)}</tr>"
        for row in rows
    )
    more = "".join(
        f"<p>{escape(line)}</p>" for line in _more(of - len(rows), len(columns) - len(shown))
    )
    caption = escape(f"{title}: {counted(of, 'row')}")
    return (
        f"<table><caption>{caption}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{body}</tbody></table>{more}"
    )


def _more(rows: int, columns: int) -> list[str]:
    parts = [
        f"{count(number)} more {what}{'' if number == 1 else 's'}"
        for number, what in ((rows, "row"), (columns, "column"))
        if number > 0
    ]
    return [f"and {', '.join(parts)}"] if parts else []


def _said(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, float):
        # Money in the thousands and more is read by its digits, not by a power of ten.
        is_large = 10**_DIGITS <= abs(value) < _ASTRONOMIC
        return f"{value:.0f}" if is_large else f"{value:.{_DIGITS}g}"
    return shortened(value, limit=_WORD)
