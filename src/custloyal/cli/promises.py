"""What the terminal shows of promises: their sentences, what is suspicious, what was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from custloyal.cli.summary import cell, new_table
from custloyal.formats import count, counted, day, share, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from rich.console import Console

    from custloyal.rules import RuleBook
    from custloyal.rules.finding import Finding

__all__ = ["show_attainment", "show_findings", "show_sentences"]

_LONGEST = 60


def show_sentences(console: Console, book: RuleBook) -> None:
    """Each rule by name, in a sentence."""
    console.print(Text(counted(len(book), "rule"), style="bold"))
    for rule in book:
        console.print(Text(f"  {visible(rule.name)}: {visible(rule)}"), soft_wrap=True)
    console.print()


def show_findings(console: Console, findings: Sequence[Finding]) -> None:
    """What is suspicious about rules, errors first."""
    if not findings:
        console.print("Nothing about them is suspicious.")
        return
    for finding in sorted(findings, key=lambda each: each.severity):
        console.print(Text(visible(finding)), soft_wrap=True)
    console.print()


def show_attainment(
    console: Console, book: RuleBook, attainment: Sequence[Mapping[str, Any]], as_of: date
) -> None:
    """What share of promises was kept, one line a rule."""
    console.print(Text(f"Promises as of {day(as_of.isoformat())}", style="bold"))
    shown = new_table(console, "")
    shown.add_column("rule", overflow="fold")
    for name in ("kept", "missed", "pending", "unknown", "share", "interval", "target"):
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("reached", no_wrap=True)
    by_rule = {row["rule"]: row for row in attainment}
    for rule in book:
        row = by_rule.get(rule.name)
        rule_name = cell(rule.name, _LONGEST)
        if row is None:
            shown.add_row(rule_name, *[""] * 4, "nobody", "", share(rule.target), "")
        else:
            shown.add_row(rule_name, *_figures(row, rule.target))
    console.print(shown)
    console.print()


def _figures(row: Mapping[str, Any], target: float | None) -> list[str]:
    counts = [count(row[f"{each}_count"]) for each in ("met", "missed", "pending", "unknown")]
    if row["attainment_share"] is None:
        return [*counts, "undecided", "", share(target), ""]
    low, high = share(row["attainment_low"]), share(row["attainment_high"])
    reached = "yes" if row["is_reached"] else "no"
    return [
        *counts,
        share(row["attainment_share"]),
        f"{low} to {high}",
        share(row["target_share"]),
        reached,
    ]
