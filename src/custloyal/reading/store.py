"""A folder of states: tables that never change, and a manifest that names those which count.

A writer adds tables under new names, and then replaces the manifest in one step. So whoever reads,
and wherever a writer is killed, finds the old tables or the new ones, whole. Tables stay until the
write after the next, for those who read meanwhile; then they are swept, with all that a killed
writer left. No other file is ever removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from custloyal.engines import from_parquet, to_parquet
from custloyal.errors import CustloyalError, DataError, InvalidValueError, Mistake
from custloyal.locks import freed, held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from custloyal.engines import Table

__all__ = ["Store"]

_MANIFEST, _LOCK = "states.json", ".custloyal-states.lock"
_FORMAT = 1
_KINDS = ("pass", "halo", "edges")
_OURS = re.compile(r"[a-z]+-\d+-[0-9a-f]{16}\.parquet|states\.json\.[0-9a-f]{16}\.tmp")
_AGAIN = "restore the folder, or fold again into a new one"
_PAUSE_S = 0.01
_READS = 100
"""So often a reader starts again because the tables were swept meanwhile."""


@attrs.frozen
class Store:
    """A folder for states.

    Args:
        folder: The folder; it need not be there yet.
    """

    folder: Path

    @classmethod
    def at(cls, folder: str | Path) -> Store:
        """The store at a place.

        Raises:
            InvalidValueError: Where the path names no folder of its own, such as "" and ".".
        """
        if Path(folder).name in ("", ".."):
            raise InvalidValueError(
                Mistake("folder", f"is {str(folder)!r}", "name a folder for the states: 'states'")
            )
        return cls(Path(folder))

    def read(self) -> tuple[dict[str, Any], dict[str, dict[int, Table]]]:
        """What was written: what is said of the tables, and the tables, of one writing.

        Raises:
            DataError: Where the folder holds no states, or a table is not as it was written.
        """
        for _ in range(_READS):
            said = self._manifest()
            try:
                return said, {
                    kind: {int(number): self._table(each) for number, each in said[kind].items()}
                    for kind in _KINDS
                }
            except FileNotFoundError as error:
                if self._manifest()["version"] == said["version"]:
                    raise DataError(
                        self._mistake(f"lacks {Path(error.filename).name}", _AGAIN)
                    ) from error
            except OSError as error:
                raise DataError(self._mistake(f"cannot be read: {error.strerror}")) from error
        raise DataError(self._mistake("is written faster than it can be read", "read it later"))

    def write(
        self, said: Mapping[str, Any], tables: Mapping[str, Mapping[int, Table]], *, wait_s: float
    ) -> None:
        """Put tables in the place of those that are there, whole or not at all.

        Args:
            said: What is said of the tables, for JSON.
            tables: The tables, by kind ("pass", "halo", "edges") and by the number of their pass.
            wait_s: How many seconds to wait for another writer.

        Raises:
            DataError: Where something else is at the place, another writer does not finish in
                time, or the file system refuses.
        """
        contents = {
            kind: {number: to_parquet(table) for number, table in of_kind.items()}
            for kind, of_kind in tables.items()
        }
        try:
            self._check_ours()
            is_new = not self.folder.exists()
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._locked(wait_s):
                try:
                    self._replace(said, contents)
                except BaseException:
                    self._leave(is_new=is_new)
                    raise
        except CustloyalError:
            raise
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise DataError(
                self._mistake(f"cannot be written: {reason}", "what was there before is unchanged")
            ) from error

    def _replace(
        self, said: Mapping[str, Any], contents: Mapping[str, Mapping[int, tuple[bytes, int]]]
    ) -> None:
        manifest = self.folder / _MANIFEST
        mode = stat.S_IMODE(manifest.stat().st_mode) if manifest.exists() else None
        self._sweep()
        version = secrets.token_hex(8)
        entries: dict[str, dict[int, dict[str, Any]]] = {}
        for kind, of_kind in contents.items():
            entries[kind] = {}
            for number, (content, row_count) in of_kind.items():
                name = f"{kind}-{number}-{version}.parquet"
                _put(self.folder / name, content, mode)
                digest = hashlib.sha256(content).hexdigest()
                entries[kind][number] = {"file": name, "rows": row_count, "sha256": digest}
        whole: dict[str, Any] = {"format": _FORMAT, "version": version, **said, **entries}
        # Keys of JSON are text: what is digested must be what is read again.
        whole = json.loads(json.dumps(whole))
        whole["sha256"] = _digest(whole)
        draft = self.folder / f"{_MANIFEST}.{version}.tmp"
        _put(draft, json.dumps(whole, indent=1).encode(), mode)
        _sync(self.folder)
        draft.replace(manifest)
        _sync(self.folder)

    def _leave(self, *, is_new: bool) -> None:
        """Remove what a writer that failed has left."""
        with contextlib.suppress(OSError, DataError):
            self._sweep()
            if not (self.folder / _MANIFEST).exists():
                (self.folder / _LOCK).unlink()
                if is_new:
                    self.folder.rmdir()

    def _sweep(self) -> None:
        """Remove our files which the manifest does not name."""
        named: set[str] = set()
        if (self.folder / _MANIFEST).exists():
            said = self._manifest()
            named = {each["file"] for kind in _KINDS for each in said[kind].values()}
        for path in self.folder.iterdir():
            if _OURS.fullmatch(path.name) and path.name not in named:
                with contextlib.suppress(OSError):  # it is tried again at the next writing
                    path.unlink()

    def _check_ours(self) -> None:
        """Refuse to write where there is anything but states.

        Raises:
            DataError: Where there is.
        """
        folder, mend = self.folder, "name another folder; nothing was changed"
        if folder.is_symlink() and not folder.exists():
            raise DataError(
                self._mistake("is a link to a folder that is not there", "make it first")
            )
        if folder.exists() and not folder.is_dir():
            raise DataError(self._mistake("is a file, and states are a folder", mend))
        if (folder / _MANIFEST).exists():
            self._manifest()
        elif folder.exists() and not (folder / _LOCK).is_file() and any(folder.iterdir()):
            raise DataError(self._mistake("holds files that are no states", mend))

    @contextlib.contextmanager
    def _locked(self, wait_s: float) -> Iterator[None]:
        for _ in range(max(1, round(wait_s / _PAUSE_S))):
            with (self.folder / _LOCK).open("ab") as lock:
                # Whoever failed to make the folder takes its lock away: hold the one that is there.
                if held(lock) and os.path.samestat(
                    os.fstat(lock.fileno()), (self.folder / _LOCK).stat()
                ):
                    try:
                        yield
                    finally:
                        freed(lock)
                    return
            time.sleep(_PAUSE_S)
        raise DataError(
            self._mistake("is being written by another process", "write when it is done")
        )

    def _manifest(self) -> dict[str, Any]:
        try:
            text = (self.folder / _MANIFEST).read_text(encoding="utf-8")
            said = json.loads(text)
        except (OSError, ValueError, RecursionError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"{_MANIFEST} is no JSON"
            raise DataError(
                self._mistake(f"holds no states: {reason}", "name another folder")
            ) from error
        if not isinstance(said, dict) or "format" not in said:
            raise DataError(self._mistake(f"holds no states: {_MANIFEST} says other things"))
        if said["format"] != _FORMAT:
            raise DataError(
                self._mistake("was written by another version", "fold again into a new folder")
            )
        if said.get("sha256") != _digest(said):
            raise DataError(self._mistake(f"{_MANIFEST} is not as it was written", _AGAIN))
        return said

    def _table(self, entry: Mapping[str, Any]) -> Table:
        name = entry["file"]
        content = (self.folder / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise DataError(self._mistake(f"{name} is not as it was written", _AGAIN))
        table, row_count = from_parquet(content)
        if row_count != entry["rows"]:
            found = f"{name} has {row_count} rows, and {entry['rows']} were written"
            raise DataError(self._mistake(found, _AGAIN))
        return table

    def _mistake(self, message: str, mend: str = "") -> Mistake:
        return Mistake(str(self.folder), message, mend)


def _digest(said: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in said.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _put(path: Path, content: bytes, mode: int | None) -> None:
    """Write a new file, and see to it that it stays."""
    with path.open("xb") as file:
        if mode is not None:
            path.chmod(mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """See to it that the names in a folder stay; on Windows they do."""
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
