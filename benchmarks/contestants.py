"""What a contestant is, and which ones there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs

__all__ = ["MODULES", "Contestant", "contestant", "missing_package"]

MODULES = {  # contestant: (module, package that it needs)
    "custloyal-polars": ("custloyal_side", "custloyal"),
    "hand-polars": ("by_hand_polars", "polars"),
    "hand-polars-enum": ("by_hand_polars", "polars"),
    "custloyal-duckdb": ("custloyal_side", "custloyal"),
    "hand-duckdb": ("by_hand_duckdb", "duckdb"),
    "hand-duckdb-enum": ("by_hand_duckdb", "duckdb"),
    "pandas": ("by_hand_pandas", "pandas"),
    "lifetimes": ("lifetimes_side", "lifetimes"),
}


@attrs.frozen(kw_only=True)
class Contestant:
    """One way to get the readings.

    Args:
        load: Parquet file to a table in the engine's own memory; outside of the timing.
        save: Result and Parquet file to write it to; outside of the timing.
        readings: Table and last day to a result, by reading; timed one by one.
        together: Table, names of readings and last day to results by name, in one call;
            None where the readings are only taken one by one and their times added.
        prepare: Loaded table to what `readings` and `together` take; timed apart, as intake.
    """

    load: Callable[[Path], Any]
    save: Callable[[Any, Path], None]
    readings: Mapping[str, Callable[[Any, date], Any]]
    together: Callable[[Any, Sequence[str], date], Mapping[str, Any]] | None = None
    prepare: Callable[[Any], Any] | None = None


def contestant(name: str) -> Contestant:
    """Import a contestant, and with it only the engine that it needs.

    Args:
        name: A key of `MODULES`.

    Returns:
        The contestant.
    """
    module = import_module(f"benchmarks.{MODULES[name][0]}")
    found = module.CONTESTANTS[name]
    assert isinstance(found, Contestant)
    return found


def missing_package(name: str) -> str | None:
    """Name the package that a contestant needs and that is not installed.

    Args:
        name: A key of `MODULES`.

    Returns:
        The package, or None where it is installed.
    """
    package = MODULES[name][1]
    return None if find_spec(package) else package
