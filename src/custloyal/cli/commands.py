"""The commands of the command line, and how their errors are told."""

from __future__ import annotations

import contextlib
import json
import shlex
import traceback
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs

from custloyal.cli.outputs import drafts
from custloyal.company_report import report as report_of
from custloyal.datasets import cdnow, cdnow_path
from custloyal.engines import scanned
from custloyal.errors import (
    ConfigurationError,
    CustloyalError,
    DataError,
    MissingColumnError,
    MissingExtraError,
    Mistake,
)
from custloyal.guess import guessed, looked_at
from custloyal.history import History
from custloyal.mapping import IntakeMapping
from custloyal.page.formats import counted, visible

try:
    import typer
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.text import Text

    from custloyal.cli.summary import show_looks, show_report
except ModuleNotFoundError as missing:
    raise MissingExtraError.of(
        str(missing.name), extra="report", purpose="run the command line"
    ) from None

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["app"]

BUNDLED = "cdnow"
_PLAIN_WIDTH = 160
"""Of the output where it is no terminal, so that a pipe gets whole lines."""

app = typer.Typer(
    help="Customer loyalty, computed from a table of interactions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Debug = Annotated[bool, typer.Option("--debug", help="Show where an error came from.")]
Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        help="CSV or Parquet files, or 'cdnow' for the bundled purchases of a music shop.",
    ),
]


def _print_version(*, wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"custloyal {version('custloyal')}")
        except PackageNotFoundError:
            typer.echo("custloyal (not installed)")
        raise typer.Exit


@app.callback()
def _custloyal(
    *,
    show_version: Annotated[
        bool,
        typer.Option(
            "--version",
            is_eager=True,
            callback=lambda value: _print_version(wanted=value),
            help="Show the version.",
        ),
    ] = False,
) -> None:
    """Customer loyalty, computed from a table of interactions."""
    del show_version


@app.command()
def report(
    *,
    files: Files,
    mapping: Annotated[
        Path | None,
        typer.Option(
            help="A mapping file: what the columns mean. 'custloyal describe' writes one."
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="The day, or the time, as of which is read; the last row's day by default."
        ),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="The zone of times without one, and of days; an IANA name.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The page to write; report.html by default."),
    ] = None,
    json_output: Annotated[
        Path | None, typer.Option("--json", help="Write the figures as JSON too.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Read a table and write a page on what it says about loyalty."""
    with _errors_told(debug=debug):
        page = output or Path("report.html")
        outputs = [page] if json_output is None else [page, json_output]
        inputs = [Path(file) for file in files if not _is_bundled(file)]
        inputs += [] if mapping is None else [mapping]
        with drafts(outputs, inputs=inputs) as drafted, _progress() as progress:
            progress("Reading")
            history = _history(files, mapping, timezone)
            progress("Intake")
            accepted = history.intake.accepted
            progress(f"Folding {counted(accepted, 'interaction')}")
            made = report_of(history, as_of=as_of)
            figures = made.to_dict()
            progress("Drawing")
            drafted.write(page, made.to_html())
            if json_output is not None:
                drafted.write(json_output, _json(figures))
        console = _console()
        show_report(console, figures)
        for written in outputs:
            console.print(Text(f"Written: {visible(written)}"), soft_wrap=True)


@app.command()
def describe(
    *,
    files: Files,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="The mapping file to write."),
    ] = Path("mapping.toml"),
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite the mapping file if it is there.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Show the columns of a table and write a guessed mapping file, to edit."""
    with _errors_told(debug=debug):
        paths = [cdnow_path() if _is_bundled(file) else Path(file) for file in files]
        if output.is_file() and not force:
            raise ConfigurationError(
                Mistake(str(output), "is there already", "--force overwrites it, -o names another")
            )
        with drafts([output], inputs=paths) as drafted:
            looks = looked_at(scanned(paths).to_native())
            guess = guessed(looks)
            drafted.write(output, guess.to_toml())
        console = _console()
        show_looks(console, looks, guess)
        shown = visible(output)
        console.print(Text(f"Written: {shown}. Check it, then run:"), soft_wrap=True)
        command = shlex.join(["custloyal", "report", *map(str, paths), "--mapping", str(output)])
        console.print(Text(f"  {visible(command)}"), soft_wrap=True)


# What the commands share ---------------------------------------------------------------------


def _is_bundled(file: str) -> bool:
    return file == BUNDLED and not Path(file).exists()


def _history(files: Sequence[str], mapping: Path | None, timezone: str | None) -> History:
    if any(_is_bundled(file) for file in files):
        if len(files) > 1 or mapping is not None or timezone is not None:
            alone = "is the bundled data: it takes no other files, no mapping and no time zone"
            raise ConfigurationError(Mistake(BUNDLED, alone, f"a file of that name is ./{BUNDLED}"))
        return cdnow()
    meant = IntakeMapping() if mapping is None else IntakeMapping.from_toml(mapping)
    if timezone is not None:
        meant = attrs.evolve(meant, timezone=timezone)
    try:
        history = History.scan(files, mapping=meant)
        _check_rows(history)
    except DataError as error:
        mistakes = [_located(mistake, files) for mistake in error.mistakes]
        if mapping is None and isinstance(error, MissingColumnError):
            hint = f"'custloyal describe {files[0]}' writes one"
            mistakes.append(Mistake("--mapping", "is not given", hint))
        raise DataError(mistakes) from None
    return history


def _check_rows(history: History) -> None:
    """A table of which nothing can be used is a mistake, with the reasons for it."""
    intake = history.intake
    if not intake.given:
        raise DataError(Mistake("", "has column names and no rows"))
    if not intake.accepted:
        reasons = (f"{reason} ({counted(n, 'row')})" for reason, n in intake.rejected.items())
        none = f"none of {counted(intake.given, 'row')} can be used: {', '.join(reasons)}"
        raise DataError(Mistake("", none))


def _located(mistake: Mistake, files: Sequence[str]) -> Mistake:
    """A mistake that says in which file it was found."""
    if mistake.path.startswith(tuple(files)):
        return mistake
    path = ": ".join(part for part in (", ".join(files), mistake.path) if part)
    return attrs.evolve(mistake, path=path)


def _json(figures: dict[str, Any]) -> str:
    return json.dumps(figures, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH)


@contextlib.contextmanager
def _progress() -> Iterator[Any]:
    """A line that says what is going on and for how long; nothing where there is no terminal."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as shown:
        task = shown.add_task("", total=None)
        yield lambda stage: shown.update(task, description=stage)


@contextlib.contextmanager
def _errors_told(*, debug: bool) -> Iterator[None]:
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
