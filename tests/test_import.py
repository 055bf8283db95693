"""`import custloyal` is light, and changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

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

LOADED = """
import json, sys, warnings
filters = list(warnings.filters)
import custloyal
assert warnings.filters == filters, "the import changes the filters of warnings"
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The packages that a new process holds once it has imported custloyal."""
    ran = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return set(json.loads(ran.stdout))


@pytest.mark.parametrize("package", HEAVY)
def test_import_leaves_it_until_it_is_used(package, loaded):
    assert package not in loaded


def test_import_loads_what_it_is_said_to_load(loaded):
    assert {"custloyal", "attrs", "narwhals", "pendulum"} <= loaded
