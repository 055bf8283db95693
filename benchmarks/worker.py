"""One timed run of one contestant, in a process of its own.

Started by `benchmarks.runs`; prints one line of JSON.
"""

from __future__ import annotations

import gc
import json
import sys
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from benchmarks.contestants import Contestant, contestant
from benchmarks.memory import peak_mb, resident_mb, restart_peak

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def timed(contender: Contestant, path: Path, names: Sequence[str], as_of: date) -> dict[str, Any]:
    """Load the history, take the readings, and time each.

    Args:
        contender: Who takes them.
        path: Parquet file of the history.
        names: Readings to take; those that the contestant does not have are left out.
        as_of: The last day that counts.

    Returns:
        `seconds` by step ("intake", each reading, "together"), `peak_mb`, `above_mb` (peak of the
        readings above the loaded table) and `results` by reading.
    """
    names = [name for name in names if name in contender.readings]
    table = contender.load(path)
    gc.collect()
    loading_peak, loaded = peak_mb(), resident_mb()
    restart_peak()
    seconds: dict[str, float] = {}
    taken = table
    if contender.prepare is not None:
        taken, seconds["intake"] = _clocked(contender.prepare, table)
    if contender.together is None:
        results = {}
        for name in names:
            results[name], seconds[name] = _clocked(contender.readings[name], taken, as_of)
        seconds["together"] = sum(seconds[name] for name in names)
    else:
        results, seconds["together"] = _clocked(contender.together, taken, names, as_of)
    peak = peak_mb()
    if contender.together is not None:
        seconds |= _alone(contender, table, names, as_of)
    return {
        "seconds": seconds,
        "peak_mb": max(peak, loading_peak),
        "above_mb": peak - loaded,
        "results": results,
    }


def _alone(
    contender: Contestant, table: Any, names: Sequence[str], as_of: date
) -> dict[str, float]:
    """Time each reading on an intake of its own, so that nothing kept from before helps it."""
    seconds = {}
    for name in names:
        taken = contender.prepare(table) if contender.prepare is not None else table
        _, seconds[name] = _clocked(contender.readings[name], taken, as_of)
    return seconds


def _clocked(act: Callable[..., Any], *given: Any) -> tuple[Any, float]:
    start = perf_counter()
    result = act(*given)
    return result, perf_counter() - start


def main() -> None:
    """Do the run that the one argument, a JSON object, asks for."""
    order = json.loads(sys.argv[1])
    contender = contestant(order["contestant"])
    as_of = date.fromisoformat(order["as_of"])
    run = timed(contender, Path(order["path"]), order["readings"], as_of)
    results = run.pop("results")
    if order["results"] is not None:
        for name, result in results.items():
            contender.save(result, Path(order["results"]) / f"{name}.parquet")
    sys.stdout.write(json.dumps(run) + "\n")


if __name__ == "__main__":
    main()
