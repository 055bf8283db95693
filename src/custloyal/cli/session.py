"""What the commands share: the data they are given, and how errors and progress are told."""

from __future__ import annotations

import contextlib
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
import narwhals as nw
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from custloyal.datasets import cdnow
from custloyal.engines import files_of, opened, scanned
from custloyal.errors import (
    ConfigurationError,
    CustloyalError,
    DataError,
    MissingColumnError,
    Mistake,
)
from custloyal.formats import counted, visible
from custloyal.history import History
from custloyal.intake.mapping import IntakeMapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = [
    "AsOfOption",
    "CustomersOption",
    "Debug",
    "Files",
    "MappingOption",
    "TimezoneOption",
    "console",
    "errors_told",
    "history_of",
    "inputs_of",
    "is_bundled",
    "progress",
]

BUNDLED = "cdnow"
_ACQUIRED = "acquired_at"
_MENDS = (
    ("is no time", "a mapping file says how times are written: time_format = '%d/%m/%Y'"),
    ("is not a number", "numbers are written as 1300.50, without signs of money and commas"),
)
"""What helps where no row can be used, by how the reason ends."""
_PLAIN_WIDTH = 160
"""Of the output where it is no terminal, so that a pipe gets whole lines."""

Debug = Annotated[bool, typer.Option("--debug", help="Show where an error came from.")]
Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="CSV or Parquet files, or 'cdnow' for the bundled purchases of a music shop.",
    ),
]
MappingOption = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        help="A mapping file: what the columns mean. 'custloyal describe' writes one.",
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help="The day, or the time, as of which is read; the last row's day by default.",
    ),
]
CustomersOption = Annotated[
    Path | None,
    typer.Option("--customers", help="A second table: one row for each customer_id, with tiers."),
]
TimezoneOption = Annotated[
    str | None,
    typer.Option("--timezone", help="The zone of times without one, and of days; an IANA name."),
]


def is_bundled(file: str) -> bool:
    """Whether the bundled data are meant, and not a file of their name."""
    return file == BUNDLED and not Path(file).exists()


def inputs_of(files: Sequence[str], *others: Path | None) -> list[Path]:
    """The files that are read, which no output may overwrite."""
    named = [found for file in files if not is_bundled(file) for found in files_of(file)]
    return [*named, *(path for path in others if path is not None)]


def history_of(
    files: Sequence[str],
    mapping: Path | None,
    timezone: str | None,
    customers: Path | None = None,
) -> History:
    """The history of files.

    Args:
        files: The files of interactions, or the name of the bundled data.
        mapping: The mapping file.
        timezone: The zone of times without one.
        customers: The file with one row for each customer.

    Raises:
        DataError: With the files that cannot be read, or all mistakes of structure.
        ConfigurationError: With all mistakes of the mapping file.
    """
    if any(is_bundled(file) for file in files):
        if len(files) > 1 or any(each is not None for each in (mapping, timezone, customers)):
            alone = "is the bundled data: it takes no other files, no mapping and no time zone"
            raise ConfigurationError(Mistake(BUNDLED, alone, f"a file of that name is ./{BUNDLED}"))
        return cdnow()
    meant = IntakeMapping() if mapping is None else IntakeMapping.from_toml(mapping)
    if timezone is not None:
        meant = attrs.evolve(meant, timezone=timezone)
    try:
        second = None if customers is None else _customers(customers, meant.timezone or "UTC")
        history = History.scan(files, mapping=meant, customers=second)
        _check_rows(history)
    except DataError as error:
        mistakes = [_located(mistake, files, customers) for mistake in error.mistakes]
        if mapping is None and isinstance(error, MissingColumnError):
            hint = f"'custloyal describe {files[0]}' writes one"
            mistakes.append(Mistake("--mapping", "is not given", hint))
        raise DataError(mistakes) from None
    return history


def _customers(file: Path, timezone: str) -> Any:
    """The second table; in text files all is text, as rules compare it, but for `acquired_at`."""
    texts = scanned(file).collect_schema().names()
    table, home = opened(scanned(file, texts=texts).to_native())
    if isinstance(table.collect_schema().get(_ACQUIRED), nw.String):
        table = home.engine.with_parsed_times(
            table, column=_ACQUIRED, timezone=timezone, time_format=None
        )
    return table.to_native()


def _check_rows(history: History) -> None:
    """A table of which nothing can be used is a mistake, with the reasons for it."""
    intake = history.intake
    if not intake.given:
        raise DataError(Mistake("", "has column names and no rows"))
    if not intake.accepted:
        reasons = (f"{reason} ({counted(n, 'row')})" for reason, n in intake.rejected.items())
        none = f"none of {counted(intake.given, 'row')} can be used: {', '.join(reasons)}"
        mends = [
            mend for end, mend in _MENDS if any(each.endswith(end) for each in intake.rejected)
        ]
        raise DataError(Mistake("", none, "; ".join(mends)))


def _located(mistake: Mistake, files: Sequence[str], customers: Path | None) -> Mistake:
    """A mistake that says in which file it was found."""
    if mistake.path == "customers":
        return attrs.evolve(mistake, path=str(customers))
    if mistake.path.startswith((*files, str(customers))):
        return mistake
    path = ": ".join(part for part in (", ".join(files), mistake.path) if part)
    return attrs.evolve(mistake, path=path)


def console() -> Console:
    """Standard output, for tables and texts."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH)


@contextlib.contextmanager
def progress() -> Iterator[Any]:
    """A line that says what is going on and for how long; nothing where there is no terminal."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as shown:
        task = shown.add_task("", total=None)
        yield lambda stage: shown.update(task, description=stage)


@contextlib.contextmanager
def errors_told(*, debug: bool) -> Iterator[None]:
    """Errors as text on standard error, and 2 as the exit code."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, typer.Exit):
        raise
    except BaseException as error:  # noqa: BLE001 (Polars' panics are no `Exception`)
        if debug:
            typer.echo(traceback.format_exc(), err=True)
        typer.echo(f"custloyal: {_said(error, debug=debug)}", err=True)
        raise typer.Exit(2) from None


def _said(error: BaseException, *, debug: bool) -> str:
    if isinstance(error, CustloyalError):
        return "\n".join(visible(line) for line in str(error).splitlines())
    text = " ".join(str(error).split())
    said = visible(f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__)
    return said if debug else f"{said} (--debug shows where)"
