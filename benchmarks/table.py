"""The figures as markdown."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.equality import Comparison
    from benchmarks.runs import Run

__all__ = ["equality_table", "machine_facts", "ratio_table", "timing_table"]

PACKAGES = (
    "custloyal", "narwhals", "polars", "duckdb", "pandas", "numpy", "pyarrow", "lifetimes",
)  # fmt: skip
WITH_INTAKE = "intake and together"
RATIOS = (  # (contestant, against, step, what the aim says)
    ("custloyal-polars", "hand-polars", "together", "at most 0.7"),
    ("custloyal-duckdb", "hand-duckdb", "together", "at most 0.7"),
    ("custloyal-polars", "hand-polars", WITH_INTAKE, ""),
    ("custloyal-duckdb", "hand-duckdb", WITH_INTAKE, ""),
    ("custloyal-polars", "hand-polars-enum", "together", ""),
    ("custloyal-duckdb", "hand-duckdb-enum", "together", ""),
    ("custloyal-polars", "pandas", "together", ""),
    ("lifetimes", "custloyal-polars", "btyd", "at least 8"),
    ("lifetimes", "custloyal-duckdb", "btyd", "at least 8"),
    ("lifetimes", "hand-polars", "btyd", ""),
)


def machine_facts() -> str:
    """Name the machine and the versions.

    Returns:
        One line for each fact.
    """
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"- {platform.system()} {platform.machine()}, {cores} cores\n"
        f"- Python {platform.python_version()}, {', '.join(found)}\n"
    )


def timing_table(runs: Mapping[str, Sequence[Run]], readings: Sequence[str]) -> str:
    """Show medians of seconds and the highest memory.

    Args:
        runs: Runs by contestant.
        readings: Readings that were taken.

    Returns:
        A table with one line for each contestant.
    """
    whole = len(readings)
    lines = []
    for name, done in runs.items():
        has_all = all(reading in done[0].seconds for reading in readings)
        steps = [_seconds(done, step) for step in ("intake", *readings)]
        together = [run.seconds["together"] for run in done]
        total = [median(together), min(together), max(together)] if has_all else []
        lines.append(
            [
                name,
                *steps,
                *(f"{value:.2f}" for value in total or ()),
                *([] if has_all else ["", "", ""]),
                f"{max(run.peak_mb for run in done):,.0f}",
                f"{max(run.above_mb for run in done):,.0f}",
            ]
        )
    head = ["contestant", "intake", *readings, f"all {whole}", "min", "max", "peak MB", "above MB"]
    return _table(head, lines)


def ratio_table(runs: Mapping[str, Sequence[Run]]) -> str:
    """Show ratios, formed within each round.

    Args:
        runs: Runs by contestant.

    Returns:
        A table with median, lowest and highest ratio of each pair that ran; or nothing.
    """
    lines = []
    for one, other, step, aim in RATIOS:
        pairs = [
            (_step_seconds(a, step), _step_seconds(b, step))
            for a, b in zip(runs.get(one, ()), runs.get(other, ()), strict=False)
        ]
        found = [a / b for a, b in pairs if a is not None and b is not None]
        if found:
            figures = (f"{value:.2f}" for value in (median(found), min(found), max(found)))
            lines.append([f"{one} / {other}", step, *figures, aim])
    return _table(["ratio", "of", "median", "min", "max", "aim"], lines) if lines else ""


def equality_table(comparisons: Sequence[Comparison]) -> str:
    """Show how far the results of the contestants are apart.

    Args:
        comparisons: What was compared.

    Returns:
        A table with one line for each comparison; or nothing.
    """
    lines = [
        [
            found.reading,
            f"{found.contestant} and {found.reference}",
            f"{found.rows_count:,}",
            f"{found.deviation:.1e}",
            "yes" if found.equal else f"NO {found.problem}".rstrip(),
        ]
        for found in comparisons
    ]
    head = ["reading", "of", "rows", "largest relative deviation", "equal to 1e-9"]
    return _table(head, lines) if lines else ""


def _step_seconds(run: Run, step: str) -> float | None:
    if step == WITH_INTAKE:
        return run.seconds.get("intake", 0.0) + run.seconds["together"]
    return run.seconds.get(step)


def _seconds(runs: Sequence[Run], step: str) -> str:
    found = [run.seconds[step] for run in runs if step in run.seconds]
    return f"{median(found):.2f}" if found else ""


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---"] * len(head)
    return "".join(f"| {' | '.join(line)} |\n" for line in (head, rule, *lines))
