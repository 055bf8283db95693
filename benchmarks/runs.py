"""Interleaved runs: every contestant once, then every contestant again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

__all__ = ["ContestantFailedError", "Run", "interleaved"]

ROOT = Path(__file__).resolve().parent.parent


class ContestantFailedError(Exception):
    """A contestant's process ended without a result."""


@attrs.frozen
class Run:
    """What one timed process measured.

    Args:
        seconds: By step: "intake", each reading, "together" (in one call, or the sum).
        peak_mb: Highest resident memory of the whole process, loading included.
        above_mb: Highest resident memory of the readings above that of the loaded table.
    """

    seconds: Mapping[str, float]
    peak_mb: float
    above_mb: float


def interleaved(
    contestants: Sequence[str],
    *,
    path: Path,
    readings: Sequence[str],
    as_of: date,
    repeats: int,
    results: Path,
    progress: Callable[[str], None],
) -> dict[str, list[Run]]:
    """Run the contestants in turn: A B C A B C, each in a fresh process.

    Args:
        contestants: Names, in order.
        path: Parquet file of the history.
        readings: Readings to take.
        as_of: The last day that counts.
        repeats: Rounds.
        results: Folder for the results of the first round, a folder for each contestant.
        progress: Called with a line of text after each run.

    Returns:
        The runs of each contestant, in order of time: runs of one round stand at one place.

    Raises:
        ContestantFailedError: A process ended without a result; the message holds its last words.
    """
    runs: dict[str, list[Run]] = {name: [] for name in contestants}
    for repeat in range(repeats):
        for name in contestants:
            folder = results / name
            folder.mkdir(parents=True, exist_ok=True)
            order = {
                "contestant": name,
                "path": str(path),
                "readings": list(readings),
                "as_of": as_of.isoformat(),
                "results": str(folder) if repeat == 0 else None,
            }
            run = _run(name, order)
            runs[name].append(run)
            progress(f"round {repeat + 1}: {name} {run.seconds['together']:.2f} s")
    return runs


def _run(name: str, order: Mapping[str, object]) -> Run:
    command = [sys.executable, "-m", "benchmarks.worker", json.dumps(order)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        last = done.stderr.strip().splitlines()[-3:]
        message = f"{name} ended with {done.returncode}: {' / '.join(last)}"
        raise ContestantFailedError(message)
    return Run(**json.loads(done.stdout.splitlines()[-1]))
