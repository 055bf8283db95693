"""Files that one process holds at a time; what a process held is free when it ends."""

from __future__ import annotations

import sys
from typing import IO

__all__ = ["freed", "held"]

if sys.platform == "win32":
    import msvcrt

    def _lock(number: int) -> None:
        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)

    def _unlock(number: int) -> None:
        msvcrt.locking(number, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(number: int) -> None:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(number: int) -> None:
        fcntl.flock(number, fcntl.LOCK_UN)


def held(file: IO[bytes]) -> bool:
    """Take hold of an open file; False where another holds it.

    Raises:
        OSError: Where the file system cannot lock files.
    """
    try:
        _lock(file.fileno())
    except (BlockingIOError, PermissionError):
        return False
    return True


def freed(file: IO[bytes]) -> None:
    """Let go of a file that is held, also on behalf of processes that were forked meanwhile."""
    _unlock(file.fileno())
