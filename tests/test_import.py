"""`import custloyal` is light, and changes nothing."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import custloyal

HEAVY = (
    "altair",
    "cattrs",
    "duckdb",
    "jinja2",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pyspark",
    "rich",
    "scipy",
    "typer",
    "vl_convert",
)

NAMES = {
    *("History", "IntakeMapping", "States", "contributions", "read", "report", "score"),
    *("CohortRetention", "Concentration", "HandOffs", "Lifecycle", "Metric", "RetentionRate"),
    *("Rfm", "Stage", "Trust", "NextNeed", "SilentDefection", "backtest", "losses"),
    *("BusinessCalendar", "RuleBook", "ServiceRule", "judge", "objectives"),
}
ROOMS = (
    *("btyd", "business_time", "datasets", "defection", "economics", "errors", "fold", "intake"),
    *("judging", "metrics", "models", "plot", "reading", "rules", "testing"),
)

LOADED = """
import json, sys, warnings
filters = list(warnings.filters)
import custloyal
light = {name for name in sys.modules if name.startswith(("attr", "narwhals", "custloyal."))}
assert not light, light
custloyal.History, custloyal.Trust, custloyal.BusinessCalendar
assert warnings.filters == filters, "the import changes the filters of warnings"
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The packages that a new process holds once it knows histories, metrics and calendars."""
    ran = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return set(json.loads(ran.stdout))


@pytest.mark.parametrize("package", HEAVY)
def test_import_leaves_it_until_it_is_used(package, loaded):
    assert package not in loaded


def test_the_public_names_are_those_that_type_checkers_see():
    tree = ast.parse(Path(custloyal.__file__).read_text(encoding="utf-8"))
    (seen,) = (node for node in tree.body if isinstance(node, ast.If))
    typed = {
        name.asname: f"{block.module}.{name.name}"
        for block in seen.body
        if isinstance(block, ast.ImportFrom)
        for name in block.names
    }
    assert set(custloyal.__all__) == NAMES
    assert set(typed) == {*NAMES, *ROOMS}
    assert set(custloyal.__all__) < set(typed) <= set(dir(custloyal))
    for name, home in typed.items():
        module, _, own = home.rpartition(".")
        assert getattr(custloyal, name) is getattr(import_module(module), own)
    with pytest.raises(AttributeError, match="has no attribute 'Loyalty'"):
        custloyal.Loyalty  # noqa: B018


@pytest.mark.parametrize("room", ROOMS)
def test_modules_are_at_hand_after_a_bare_import(room):
    said = f"import custloyal; print(custloyal.{room}.__name__)"
    ran = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=False)
    assert (ran.stdout.strip(), ran.stderr) == (f"custloyal.{room}", "")


def test_import_loads_what_it_is_said_to_load(loaded):
    assert {"custloyal", "attrs", "narwhals", "pendulum"} <= loaded
