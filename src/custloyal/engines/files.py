"""Files in: CSV and Parquet, as they come out of shops and help desks."""

from __future__ import annotations

import codecs
import csv
from glob import glob, has_magic
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw

from custloyal.errors import DataError, Mistake

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import polars as pl

    from custloyal.engines.base import Table

__all__ = ["files_of", "from_parquet", "scanned", "to_parquet"]

_SEPARATORS = ",;\t|"
_SAMPLE_BYTES = 65_536
_ROWS_TO_GUESS_FROM = 1_000


def scanned(paths: str | Path | Iterable[str | Path], *, texts: Collection[str] = ()) -> Table:
    """A lazy table of one or several files; nothing but heads are read yet.

    Args:
        paths: CSV or Parquet files, or patterns such as "sales-*.csv". CSV is UTF-8, with or
            without a byte-order mark; the separator (comma, semicolon, tab, bar) is found by the
            first line.
        texts: Columns of CSV files that stay text: an id such as 00123 must not lose its zeros,
            and one bad cell must not decide over a column. Any other column that holds numbers
            in its first thousand rows becomes one; a later cell that is no number is null.

    Raises:
        DataError: With every file that is missing, empty or no table.
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    files = [file for path in given for file in files_of(path)]
    mistakes = [mistake for file in files if (mistake := _mistake(file))]
    if not files:
        mistakes = [Mistake(", ".join(map(str, given)) or "paths", "names no file")]
    if mistakes:
        raise DataError(mistakes)
    import polars as pl  # noqa: PLC0415 (`import custloyal` must not load Polars)

    tables = [_scanned_one(file, texts) for file in files]
    try:
        frame = tables[0] if len(tables) == 1 else pl.concat(tables, how="diagonal_relaxed")
        frame.collect_schema()
    except pl.exceptions.PolarsError as error:
        named = ", ".join(str(file) for file in files)
        raise DataError(Mistake(named, f"cannot be read as one table: {_brief(error)}")) from None
    return nw.from_native(frame)


def from_parquet(content: bytes) -> tuple[Table, int]:
    """The table in the bytes of a Parquet file, and its number of rows."""
    import polars as pl  # noqa: PLC0415 (`import custloyal` must not load Polars)

    frame = pl.read_parquet(BytesIO(content))
    return nw.from_native(frame.lazy()), frame.height


def to_parquet(table: Table) -> tuple[bytes, int]:
    """A table as the bytes of a Parquet file, and its number of rows."""
    frame, content = table.collect("polars"), BytesIO()
    frame.write_parquet(content)
    return content.getvalue(), len(frame)


def files_of(path: str | Path) -> list[Path]:
    """The files that a path or a pattern such as "sales-*.csv" names."""
    if has_magic(str(path)) and not Path(path).exists():
        return [Path(found) for found in sorted(glob(str(path)))]  # noqa: PTH207 (absolute too)
    return [Path(path)]


def _mistake(file: Path) -> Mistake | None:
    if not file.is_file():
        message = "is a folder, not a file" if file.is_dir() else "is not there"
        return Mistake(str(file), message)
    try:
        head = _head(file)
    except OSError as error:
        return Mistake(str(file), f"cannot be opened: {error.strerror}")
    if not head.strip(codecs.BOM_UTF8 + b" \r\n\t"):
        return Mistake(str(file), "is empty", "a table needs at least a line of column names")
    if file.suffix.lower() == ".parquet" or head.startswith(b"PAR1"):
        return None if head.startswith(b"PAR1") else Mistake(str(file), "is no Parquet file")
    return _text_mistake(file, head)


def _text_mistake(file: Path, head: bytes) -> Mistake | None:
    mend = "export the table as CSV (UTF-8) or Parquet"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Mistake(str(file), "is written in UTF-16", mend)
    if b"\0" in head:
        return Mistake(str(file), "is neither CSV nor Parquet", mend)
    try:
        codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError as error:
        row = head.count(b"\n", 0, error.start) + 1
        return Mistake(f"{file}, line {row}", "is not UTF-8", mend)
    return None


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(_SAMPLE_BYTES)


def _scanned_one(file: Path, texts: Collection[str]) -> pl.LazyFrame:
    import polars as pl  # noqa: PLC0415 (as above)

    head = _head(file)
    if head.startswith(b"PAR1"):
        return pl.scan_parquet(file, glob=False)
    first_line = head.decode("utf-8-sig", errors="replace").splitlines()[0]
    separator = max(
        _SEPARATORS, key=lambda mark: len(next(csv.reader([first_line], delimiter=mark)))
    )
    scan = pl.scan_csv(file, separator=separator, infer_schema=False, glob=False)
    try:
        sample = scan.head(_ROWS_TO_GUESS_FROM).collect()
    except pl.exceptions.PolarsError as error:
        raise DataError(Mistake(str(file), f"is no CSV table: {_brief(error)}")) from None
    return scan.with_columns(
        pl.col(name).str.strip_chars().cast(pl.Float64, strict=False)
        for name in sample.columns
        if name not in texts and _holds_numbers(sample[name])
    )


def _holds_numbers(column: pl.Series) -> bool:
    written = column.str.strip_chars().replace("", None).drop_nulls()
    return len(written) > 0 and written.str.to_decimal(scale=9).is_not_null().all()


def _brief(error: Exception) -> str:
    said = str(error).strip().splitlines()[0]
    if said.startswith("found more fields"):
        return "a row has more cells than there are column names; quote texts that hold a separator"
    return said
