"""Output files: written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

from custloyal.errors import DataError, Mistake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["Drafts", "drafts"]


class Drafts:
    """Files beside the outputs, which become them once all are written.

    Args:
        beside: For each output the draft beside it, open for nobody yet.
    """

    def __init__(self, beside: Mapping[Path, Path]) -> None:
        self._beside = beside
        self._written: set[Path] = set()

    def write(self, output: Path, text: str) -> None:
        """Write the draft of an output."""
        draft = self._beside[output]
        with draft.open("w", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        self._written.add(output)

    def write_with(self, output: Path, write: Callable[[Path], None]) -> None:
        """Let something write the draft of an output, given its path."""
        draft = self._beside[output]
        write(draft)
        with draft.open("rb+") as written:
            os.fsync(written.fileno())
        self._written.add(output)

    def publish(self) -> None:
        """Put each draft that was written in the place of its output."""
        for output in self._beside:
            if output in self._written:
                self._beside[output].replace(output.resolve())


@contextlib.contextmanager
def drafts(outputs: Iterable[Path], *, inputs: Iterable[Path] = ()) -> Iterator[Drafts]:
    """Drafts of outputs, published when the block ends well and removed when it does not.

    Whether an output can be written shows here, before the long work.

    Args:
        outputs: The files to write.
        inputs: Files that no output may overwrite.

    Raises:
        DataError: With every output that cannot be written.
    """
    given = list(outputs)
    protected = {path.resolve() for path in inputs}
    mistakes = [mistake for path in given if (mistake := _mistake(path, protected))]
    if len({path.resolve() for path in given}) < len(given):
        mistakes.append(Mistake(str(given[0]), "is named for two outputs", "name two files"))
    if mistakes:
        raise DataError(mistakes)
    beside: dict[Path, Path] = {}
    try:
        for output in given:
            beside[output] = _draft(output)
        drafted = Drafts(beside)
        yield drafted
        drafted.publish()
    finally:
        for draft in beside.values():
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)


def _mistake(output: Path, protected: set[Path]) -> Mistake | None:
    if output.is_dir():
        return Mistake(str(output), "is a folder", "name a file in it")
    if output.exists() and not output.is_file():
        return Mistake(str(output), "is no regular file, so it cannot be replaced")
    if output.resolve() in protected:
        return Mistake(str(output), "is an input too and would be overwritten", "name another file")
    folder = output.resolve().parent
    if not folder.is_dir():
        return Mistake(
            str(output), f"cannot be written: there is no folder {folder}", "make it first"
        )
    return None


def _draft(output: Path) -> Path:
    target = output.resolve()
    draft = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.tmp")
    try:
        draft.open("x").close()
    except OSError as error:
        raise DataError(Mistake(str(output), f"cannot be written: {error.strerror}")) from None
    return draft
