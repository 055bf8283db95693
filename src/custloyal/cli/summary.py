"""What the terminal shows: a summary of the report, and the columns of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from custloyal.formats import count, shortened, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from custloyal.guess import ColumnLook, Guess
    from custloyal.reporting import Listing, Report

__all__ = ["cell", "new_table", "show_looks", "show_report"]

_LONGEST_LINE = 200


def show_report(console: Console, report: Report) -> None:
    """The report in short: sentences, what became of the rows, and whom to look at first."""
    console.print(Text(report.title, style="bold"))
    console.print(Text(report.period))
    console.print()
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, said in report.lines():
        facts.add_row(name, Text(said))
    console.print(facts)
    console.print()
    for listing in report.listings():
        _show_listing(console, listing)


def _show_listing(console: Console, listing: Listing) -> None:
    if not listing.rows:
        if listing.nothing:
            console.print(listing.nothing)
            console.print()
        return
    table = new_table(console, listing.title)
    for name in listing.columns:
        is_numeric = name in listing.numeric
        table.add_column(
            name,
            overflow="fold",
            justify="right" if is_numeric else "left",
            no_wrap=is_numeric,
            max_width=30 if name == "customer" else None,
        )
    for row in listing.rows:
        table.add_row(
            *(
                Text("\n").join(cell(line, _LONGEST_LINE) for line in text.split("\n"))
                for text in row
            )
        )
    console.print(table)
    console.print()


def show_looks(console: Console, looks: Sequence[ColumnLook], guess: Guess) -> None:
    """The columns of a table, and what each is taken for."""
    meaning = {theirs: ours for ours, theirs in guess.columns.items()}
    table = new_table(console, "Columns")
    for name in ("column", "holds", "missing", "different", "examples", "taken for"):
        table.add_column(name, overflow="fold", justify="right" if name in _COUNTS else "left")
    for look in looks:
        table.add_row(
            cell(look.name, 40),
            look.holds + (", as times" if look.time and look.holds == "text" else ""),
            count(look.rows_count - look.known_count),
            count(look.distinct_count),
            cell(", ".join(look.examples), 60),
            meaning.get(look.name, ""),
        )
    console.print(table)
    rows = looks[0].rows_count if looks else 0
    console.print(Text(f"The first {count(rows)} rows were looked at."))
    for name in guess.missing:
        console.print(
            Text(f"Not found: {name}. Name its column in the mapping file.", style="bold")
        )
    console.print()


_COUNTS = {"missing", "different"}


def new_table(console: Console, title: str) -> Table:
    """A table with rules in a terminal, and without where the output is piped."""
    style = box.SIMPLE_HEAD if console.is_terminal else None
    return Table(title=title, box=style, title_justify="left", title_style="bold", pad_edge=False)


def cell(text: object, limit: int) -> Text:
    """A text of the user's own: never markup, never a command to the terminal."""
    whole = str(text)
    return Text(shortened(whole, limit=limit) if len(whole) > limit else visible(whole))
