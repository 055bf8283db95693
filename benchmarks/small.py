"""The two small figures: time of the import, and of one customer's score."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median
from time import perf_counter

__all__ = ["import_seconds", "small_figures"]

REPEATS = 15
SCORE = """
import json
from benchmarks.custloyal_side import score_seconds
print(json.dumps(score_seconds()))
"""


def import_seconds() -> float:
    """Time `import custloyal` in fresh processes.

    Returns:
        Median seconds above those of a Python that imports nothing, the two run in turn.
    """
    return median(_wall("import custloyal") - _wall("pass") for _ in range(REPEATS))


def small_figures() -> str:
    """Measure both.

    Returns:
        A line of markdown for each figure.
    """
    # Fixed code, the running interpreter.
    done = subprocess.run([sys.executable, "-c", SCORE], capture_output=True, check=True)  # noqa: S603
    alone, whole = json.loads(done.stdout)
    return (
        f"- `import custloyal`: {import_seconds():.3f} s (aim: under 0.3)\n"
        f"- `score` of one customer's 50 interactions: {alone * 1e3:.1f} ms,"
        f" {whole * 1e3:.1f} ms with intake (aim: under 25)\n"
    )


def _wall(code: str) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - fixed code
    return perf_counter() - start
