"""What all tests share: how hard Hypothesis tries, and the data beside the project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable

# Engines take their time on a busy machine, so slowness alone fails no test.
settings.register_profile(
    "dev", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.register_profile("nightly", settings.get_profile("dev"), max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

SHARED_DATA = "CUSTLOYAL_SHARED_DATA"
"""The environment variable that names the folder of published data, where it is elsewhere."""


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """The path of a file of published data; skips the test where it is not there."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get(SHARED_DATA) or beside)

    def path_of(name: str) -> Path:
        path = folder / name
        if not path.is_file():
            pytest.skip(
                f"needs {name} in ../shared/data, or in the folder that {SHARED_DATA} names"
            )
        return path

    return path_of
