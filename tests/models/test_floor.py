from __future__ import annotations

import subprocess
import sys

import custloyal.models


def test_the_public_names_are_sorted_and_there():
    names = custloyal.models.__all__
    assert names == sorted(names)
    assert all(hasattr(custloyal.models, name) for name in names)


def test_importing_the_models_loads_no_table_and_no_file_format():
    code = "import sys, custloyal.models; print(*sys.modules)"
    ran = subprocess.run(  # noqa: S603 - this interpreter, on a constant
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    loaded = {name.partition(".")[0] for name in ran.stdout.split()}
    assert not loaded & {"cattrs", "tomli_w", "polars", "duckdb", "pandas", "numpy", "scipy"}
