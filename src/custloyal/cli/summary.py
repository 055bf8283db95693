"""What the terminal shows: a summary of the report, and the columns of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from custloyal.cli import leaving_lines
from custloyal.formats import amount, count, day, score, shortened, visible
from custloyal.reporting import promise_words, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from custloyal.guess import ColumnLook, Guess

__all__ = ["cell", "new_table", "show_looks", "show_report"]

_REASONS_SHOWN = 5


def show_report(console: Console, report: Mapping[str, Any]) -> None:
    """The report in short: sentences, what became of the rows, and whom to look at first."""
    console.print(Text(f"Customer loyalty as of {day(report['as_of'])}", style="bold"))
    console.print(Text(words.period(report)))
    console.print()
    cohorts = words.cohorts(words.cohort_view(report["cohorts"]))
    promises = report["promises"]
    kept = [] if promises is None else [("Promises", promise_words.promises_kept(promises))]
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, said in (
        ("Rows", words.intake(report)),
        *kept,
        ("Trust", words.trust(report)),
        ("Stages", words.stages(report)),
        ("Revenue", words.carriers(report)),
        ("Cohorts", cohorts),
        ("Staying", leaving_lines.staying(report)),
        ("Leaving", leaving_lines.leaving(report)),
        ("Keeping", leaving_lines.keeping(report)),
        ("Not known", words.unknown(report)),
    ):
        facts.add_row(name, Text(said))
    console.print(facts)
    console.print()
    _show_rejected(console, report["intake"]["rejected"])
    _show_attention(console, report)


def _show_rejected(console: Console, rejected: Sequence[Mapping[str, Any]]) -> None:
    if not rejected:
        return
    table = new_table(console, "Rejected rows")
    table.add_column("reason", overflow="fold")
    table.add_column("rows", justify="right")
    for row in rejected[:_REASONS_SHOWN]:
        table.add_row(cell(row["reason"], 100), count(row["count"]))
    rest = rejected[_REASONS_SHOWN:]
    if rest:
        table.add_row(f"{len(rest)} more", count(sum(row["count"] for row in rest)))
    console.print(table)
    console.print()


def _show_attention(console: Console, report: Mapping[str, Any]) -> None:
    attention = report["attention"]
    if not attention:
        console.print("Nobody stands out as one to look at first.")
        console.print()
        return
    has_amounts = report["concentration"] is not None
    table = new_table(console, "Whom to look at first")
    table.add_column("customer", overflow="fold", max_width=30)
    table.add_column("trust", justify="right", no_wrap=True)
    if has_amounts:
        table.add_column("revenue", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for row in attention:
        money = [amount(row["revenue_amount"])] if has_amounts else []
        why = Text("\n").join(cell(reason, 200) for reason in row["reasons"])
        table.add_row(cell(row["customer_id"], 40), score(row["trust"]), *money, why)
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
