"""What the build does besides: examples can draw, and the reference must have each public name."""

from __future__ import annotations

import logging
import sys
import zlib
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

log = logging.getLogger("mkdocs.hooks.reference")

PUBLIC = (
    "",
    ".btyd",
    ".business_time",
    ".datasets",
    ".defection",
    ".economics",
    ".intake",
    ".judging",
    ".metrics",
    ".models",
    ".plot",
    ".reading",
    ".reporting",
    ".rules",
    ".simulation",
    ".testing",
)


def on_startup(**kwargs: Any) -> None:
    """Let the examples of the pages import `drawing`."""
    del kwargs
    sys.path.insert(0, str(Path(__file__).parent))


def on_post_build(config: Any, **kwargs: Any) -> None:
    """Warn of each public name that has no place in the reference; --strict makes it an error."""
    del kwargs
    inventory = Path(config.site_dir, "objects.inv").read_bytes()
    listed = zlib.decompress(inventory.split(b"zlib.\n", 1)[1]).decode()
    known = {line.split(" ", 1)[0] for line in listed.splitlines()}
    for module in (import_module(f"custloyal{name}") for name in PUBLIC):
        for name in module.__all__:
            value = getattr(module, name)
            if isinstance(value, ModuleType):
                has_place = any(each.startswith(f"{value.__name__}.") for each in known)
            else:
                written = [getattr(value, of, "") for of in ("__module__", "__qualname__")]
                has_place = not known.isdisjoint({f"{module.__name__}.{name}", ".".join(written)})
            if not has_place:
                log.warning("%s.%s has no place in the reference", module.__name__, name)
