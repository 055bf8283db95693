"""Resident memory of the running process."""

from __future__ import annotations

import contextlib
import resource
import sys
from pathlib import Path

__all__ = ["peak_mb", "resident_mb", "restart_peak"]

STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """Give the highest resident memory so far, or since `restart_peak`.

    On Linux from /proc: `getrusage` would count the memory of the process that started this one.

    Returns:
        Megabytes (10^6 bytes).
    """
    if STATUS.exists():
        return _status("VmHWM")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def resident_mb() -> float:
    """Give the resident memory of this moment; the peak where the system does not tell.

    Returns:
        Megabytes (10^6 bytes).
    """
    return _status("VmRSS") if STATUS.exists() else peak_mb()


def restart_peak() -> None:
    """Let the peak start again from the memory of this moment, where the system can do it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _status(field: str) -> float:
    lines = STATUS.read_text(encoding="ascii").splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith(f"{field}:"))
    return int(kilobytes) * 1024 / 1e6
