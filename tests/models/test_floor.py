from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import custloyal.models

FOLDER = Path(custloyal.models.__file__).parent
BELOW = ("custloyal.errors", "custloyal.typing", "custloyal.models.")


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_the_public_names_are_sorted_and_there():
    names = custloyal.models.__all__
    assert names == sorted(names)
    assert all(hasattr(custloyal.models, name) for name in names)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_model_imports_only_the_floor_below_and_no_table_library(path):
    allowed = set(sys.stdlib_module_names) | {"attrs", "pendulum"}
    if path.stem == "configuration":
        allowed |= {"cattrs", "tomli_w"}
    for name in imported(path):
        assert name.startswith(BELOW) or name.partition(".")[0] in allowed


def test_importing_the_models_loads_no_file_format():
    for path in FOLDER.glob("*.py"):
        assert "custloyal.models.configuration" not in set(imported(path))
