"""What the terminal shows of a back-test: figures, and sentences that say what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from custloyal.cli.summary import new_table
from custloyal.formats import count, day, share, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

__all__ = ["show_backtest"]


def show_backtest(console: Console, tried: Mapping[str, Any], cautions: Sequence[str]) -> None:
    """The back-test: what it says in words, then how far probabilities held, then the lift.

    Args:
        console: Where it is shown.
        tried: What `Backtest.to_dict` gives.
        cautions: What the fits warned of.
    """
    title = f"Silent defection as it stood on {day(tried['cut'])}"
    console.print(Text(title, style="bold"))
    for caution in cautions:
        console.print(Text(f"Caution: {visible(caution)}."), soft_wrap=True)
    for sentence in tried["sentences"]:
        console.print(Text(visible(sentence)), soft_wrap=True)
    console.print()
    if tried["customers_count"]:
        _show_bands(console, tried["bands"])
    if tried["lost_count"]:
        _show_tenths(console, tried["tenths"])


def _show_bands(console: Console, bands: Sequence[Mapping[str, Any]]) -> None:
    table = new_table(console, "What was said, and what came")
    for name in ("said", "customers", "mean said", "lost", "share lost", "interval"):
        table.add_column(name, justify="right", no_wrap=True)
    for band in bands:
        table.add_row(
            f"{share(band['low'])} to {share(band['high'])}",
            count(band["customers_count"]),
            share(band["said_share"]),
            count(band["lost_count"]),
            share(band["lost_share"]),
            f"{share(band['lost_low'])} to {share(band['lost_high'])}",
        )
    console.print(table)
    console.print()


def _show_tenths(console: Console, tenths: Sequence[Mapping[str, Any]]) -> None:
    table = new_table(console, "Lost customers by tenths, the likeliest to leave first")
    for name in ("tenth", "lost", "lift", "found so far"):
        table.add_column(name, justify="right", no_wrap=True)
    for tenth in tenths:
        table.add_row(
            count(tenth["number"]),
            count(round(tenth["lost_count"])),
            f"{tenth['lift']:.2f}",
            share(tenth["captured_share"]),
        )
    console.print(table)
    console.print()
