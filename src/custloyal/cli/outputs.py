"""Output files: written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from typing import TYPE_CHECKING

from custloyal.errors import DataError, Mistake

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["Drafts", "drafts"]


class Drafts:
    """Files beside the outputs, which become them once all are written.

    Args:
        beside: For each output the draft beside it, open for nobody yet.
    """

    def __init__(self, beside: Mapping[Path, Path]) -> None:
        self._beside = beside
        self._written: list[Path] = []

    def write(self, output: Path, content: str | bytes) -> None:
        """Write the draft of an output; text as UTF-8."""
        data = content.encode() if isinstance(content, str) else content
        try:
            with self._beside[output].open("wb") as draft:
                draft.write(data)
                draft.flush()
                os.fsync(draft.fileno())
        except OSError as error:
            raise DataError(_unwritten(output, error)) from error
        self._written.append(output)

    def publish(self) -> None:
        """Put each draft that was written in the place of its output: all of them or none.

        Raises:
            DataError: Where one cannot be put there; then all outputs are as they were.
        """
        before: dict[Path, Path | None] = {}
        try:
            for output in self._written:
                target = output.resolve()
                before[target] = _second(target)
                self._beside[output].replace(target)
        except OSError as error:
            for target, second in before.items():
                with contextlib.suppress(OSError):
                    target.unlink(missing_ok=True) if second is None else second.replace(target)
            raise DataError(_unwritten(output, error)) from error
        finally:
            for second in before.values():
                if second is not None:
                    second.unlink(missing_ok=True)


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
    protected = list(inputs)
    try:
        mistakes = [mistake for path in given if (mistake := _mistake(path, protected))]
    except (OSError, ValueError) as error:  # a name too long, or with what no name may hold
        raise DataError(_unwritten(given[0], error)) from error
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


def _mistake(output: Path, protected: Iterable[Path]) -> Mistake | None:
    if output.is_dir():
        return Mistake(str(output), "is a folder", "name a file in it")
    if output.exists() and not output.is_file():
        return Mistake(str(output), "is no regular file, so it cannot be replaced")
    if any(_is_same(output, path) for path in protected):
        return Mistake(str(output), "is an input too and would be overwritten", "name another file")
    folder = output.resolve().parent
    if not folder.is_dir():
        return Mistake(
            str(output), f"cannot be written: there is no folder {folder}", "make it first"
        )
    return None


def _is_same(output: Path, path: Path) -> bool:
    """Whether two paths lead to one file, also by links."""
    both_there = output.exists() and path.exists()
    return output.samefile(path) if both_there else output.resolve() == path.resolve()


def _draft(output: Path) -> Path:
    target = output.resolve()
    draft = _beside(target)
    try:
        draft.open("x").close()
        if target.exists():  # what was private stays private, the draft too
            draft.chmod(stat.S_IMODE(target.stat().st_mode))
    except OSError as error:
        raise DataError(_unwritten(output, error)) from error
    return draft


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name[:60]}.{secrets.token_hex(4)}.tmp")


def _second(target: Path) -> Path | None:
    """A second name of a file, by which it can be put back; None where there is no file."""
    if not target.exists():
        return None
    second = _beside(target)
    try:
        second.hardlink_to(target)
    except OSError:  # some file systems have no hard links
        shutil.copy2(target, second)
    return second


def _unwritten(output: Path, error: OSError | ValueError) -> Mistake:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return Mistake(str(output), f"cannot be written: {reason}", "name another file")
