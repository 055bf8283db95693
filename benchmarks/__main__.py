"""`python -m benchmarks`: how fast, in how much memory, and whether all say the same."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks.contestants import MODULES, missing_package
from benchmarks.definitions import READINGS
from benchmarks.equality import compared
from benchmarks.generate import history_path, row_count
from benchmarks.runs import ContestantFailedError, interleaved
from benchmarks.small import small_figures
from benchmarks.table import equality_table, machine_facts, ratio_table, timing_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

AS_OF = date(2024, 12, 31)
Item = TypeVar("Item")


def main(arguments: list[str] | None = None) -> int:
    """Measure, compare and print.

    Args:
        arguments: Command line; that of the process where None.

    Returns:
        0, or 1 where results differ or a contestant failed.
    """
    options = _options(arguments)
    engines, absent = [], []
    for name in options.engines:
        package = missing_package(name)
        engines.append(name) if package is None else absent.append(f"{name} ({package})")
    if absent:
        _say(f"not installed, left out: {', '.join(absent)}")
    parts = [f"# Benchmarks\n\n{machine_facts()}"]
    all_equal = True
    try:
        for rows_count in options.rows:
            part, equal = _measured(rows_count, engines, options)
            parts.append(part)
            all_equal &= equal
    except ContestantFailedError as error:
        _say(str(error))
        return 1
    if any(name.startswith("custloyal") for name in engines):
        parts.append(f"## Small figures\n\n{small_figures()}")
    text = "\n".join(parts)
    sys.stdout.write(text)
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")
    return 0 if all_equal else 1


def _measured(rows_count: int, engines: list[str], options: argparse.Namespace) -> tuple[str, bool]:
    path = history_path(rows_count, options.cache)
    results = options.cache / "results" / str(rows_count)
    shutil.rmtree(results, ignore_errors=True)
    runs = interleaved(
        engines,
        path=path,
        readings=options.only,
        as_of=AS_OF,
        repeats=options.repeats,
        results=results,
        progress=lambda line: _say(f"{rows_count:,} rows, {line}"),
    )
    comparisons = compared(engines, options.only, results)
    tables = (
        timing_table(runs, options.only),
        ratio_table(runs),
        equality_table(comparisons),
    )
    head = f"## {rows_count:,} rows, {options.repeats} rounds, medians in seconds\n"
    text = "\n".join([head, *(table for table in tables if table)])
    return text, all(comparison.equal for comparison in comparisons)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=_listed(row_count), default=[1_000_000, 10_000_000])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", type=_listed(_one_of(READINGS)), default=list(READINGS))
    parser.add_argument("--engines", type=_listed(_one_of(MODULES)), default=list(MODULES))
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "custloyal-benchmarks"
    )
    parser.add_argument("--output", type=Path, help="markdown file to write as well")
    return parser.parse_args(arguments)


def _listed(one: Callable[[str], Item]) -> Callable[[str], list[Item]]:
    """Read a list with commas, each part by `one`."""

    def parts(text: str) -> list[Item]:
        try:
            return [one(part.strip()) for part in text.split(",")]
        except ValueError as error:  # argparse would hide the reason
            raise argparse.ArgumentTypeError(str(error)) from None

    return parts


def _one_of(allowed: Iterable[str]) -> Callable[[str], str]:
    def checked(text: str) -> str:
        if text not in allowed:
            message = f"{text!r} is none of {', '.join(allowed)}"
            raise argparse.ArgumentTypeError(message)
        return text

    return checked


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
