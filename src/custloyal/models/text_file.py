"""Reading the text of a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from custloyal.errors import ConfigurationError, Mistake

if TYPE_CHECKING:
    from os import PathLike

__all__ = ["text_of"]


def text_of(path: str | PathLike[str]) -> str:
    """The text of a file in UTF-8, with a byte order mark or without.

    Raises:
        ConfigurationError: Where it is not there or not UTF-8.
    """
    try:
        written = Path(path).read_bytes()
        return written.decode("utf-8-sig")
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise ConfigurationError(Mistake(str(path), message)) from None
    except UnicodeDecodeError as error:
        line = written.count(b"\n", 0, error.start) + 1
        mistake = Mistake(f"{path}:{line}", "is not UTF-8", "save it as UTF-8")
        raise ConfigurationError(mistake) from None
