"""The commands of the command line."""

from __future__ import annotations

import json
import shlex
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

from custloyal.cli.outputs import drafts
from custloyal.datasets import cdnow_path
from custloyal.defection import Score, SilentDefection
from custloyal.defection import backtest as tried_before
from custloyal.engines import scanned
from custloyal.errors import ConfigurationError, MissingExtraError, Mistake
from custloyal.formats import counted, visible
from custloyal.guess import guessed, looked_at
from custloyal.reporting import report as report_of
from custloyal.reporting.leaving import fit_cautions
from custloyal.reporting.look_back import RECENCY
from custloyal.rules import RuleBook

try:
    import typer
    from rich.text import Text

    from custloyal.cli.backtests import show_backtest
    from custloyal.cli.rule_commands import rules
    from custloyal.cli.session import (
        AsOfOption,
        CustomersOption,
        Debug,
        Files,
        MappingOption,
        TimezoneOption,
        console,
        errors_told,
        history_of,
        inputs_of,
        is_bundled,
        progress,
    )
    from custloyal.cli.simulated import (
        CustomersCountOption,
        FilesOrNone,
        SeedOption,
        SimulateOption,
        check_source,
        simulated_history,
        simulated_promises,
    )
    from custloyal.cli.summary import show_looks, show_report
except ModuleNotFoundError as missing:
    raise MissingExtraError.of(
        str(missing.name), extra="report", purpose="run the command line"
    ) from None

__all__ = ["app"]

app = typer.Typer(
    help="Customer loyalty, computed from a table of interactions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(rules, name="rules")

HORIZON = "90d"
HorizonOption = Annotated[
    str,
    typer.Option(help="Within what time a purchase is looked for, such as 90d or 13w."),
]
JsonOption = Annotated[Path | None, typer.Option("--json", help="Write the figures as JSON too.")]


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
    files: FilesOrNone = None,
    mapping: MappingOption = None,
    as_of: AsOfOption = None,
    timezone: TimezoneOption = None,
    rule_file: Annotated[
        Path | None, typer.Option("--rules", help="A rule book: say which promises are kept too.")
    ] = None,
    customers: CustomersOption = None,
    horizon: HorizonOption = HORIZON,
    is_simulated: SimulateOption = False,
    customers_count: CustomersCountOption = None,
    seed: SeedOption = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The page to write; report.html by default."),
    ] = None,
    json_output: JsonOption = None,
    debug: Debug = False,
) -> None:
    """Read a table and write a page on what it says about loyalty."""
    with errors_told(debug=debug):
        page = output or Path("report.html")
        outputs = [page] if json_output is None else [page, json_output]
        named = files or []
        check_source(
            named,
            is_simulated=is_simulated,
            of_files={"--mapping": mapping, "--timezone": timezone, "--customers": customers},
            of_simulation={"--customers-count": customers_count, "--seed": seed},
        )
        inputs = inputs_of(named, mapping, rule_file, customers)
        with drafts(outputs, inputs=inputs) as drafted, progress() as at:
            book = None if rule_file is None else RuleBook.from_toml(rule_file)
            if is_simulated:
                at("Simulating")
                history = simulated_history(customers_count, seed)
                book = book or simulated_promises(history)
            else:
                at("Reading")
                history = history_of(named, mapping, timezone, customers)
            at("Intake")
            accepted = history.intake.accepted
            at(f"Folding {counted(accepted, 'interaction')}")
            made = report_of(history, as_of=as_of, rules=book, horizon=horizon)
            figures = made.to_dict()
            at("Drawing")
            drafted.write(page, made.to_html())
            if json_output is not None:
                drafted.write(json_output, _json(figures))
        shown_on = console()
        show_report(shown_on, made)
        for written in outputs:
            shown_on.print(Text(f"Written: {visible(written)}"), soft_wrap=True)


@app.command()
def backtest(
    *,
    files: FilesOrNone = None,
    horizon: HorizonOption = HORIZON,
    cut: Annotated[
        str | None,
        typer.Option(
            "--cut",
            help="The day, or the time, up to which the score sees; by default the last one after "
            "which the horizon is known.",
        ),
    ] = None,
    mapping: MappingOption = None,
    timezone: TimezoneOption = None,
    is_simulated: SimulateOption = False,
    customers_count: CustomersCountOption = None,
    seed: SeedOption = None,
    json_output: JsonOption = None,
    debug: Debug = False,
) -> None:
    """Say who would leave on a day of the past, and hold it against who did."""
    with errors_told(debug=debug):
        named = files or []
        check_source(
            named,
            is_simulated=is_simulated,
            of_files={"--mapping": mapping, "--timezone": timezone},
            of_simulation={"--customers-count": customers_count, "--seed": seed},
        )
        silent = SilentDefection(horizon=horizon)
        recency = Score(metric=silent, column="silent_days", label=RECENCY)
        outputs = [] if json_output is None else [json_output]
        inputs = inputs_of(named, mapping)
        with drafts(outputs, inputs=inputs) as drafted, progress() as at:
            if is_simulated:
                at("Simulating")
                history = simulated_history(customers_count, seed)
            else:
                at("Reading")
                history = history_of(named, mapping, timezone)
            at(f"Looking back at {counted(history.intake.accepted, 'interaction')}")
            with fit_cautions() as cautions:
                tried = tried_before(
                    history, silent, horizon=silent.horizon, cut=cut, against=recency
                )
            figures = {**tried.to_dict(), "cautions": cautions}
            if json_output is not None:
                drafted.write(json_output, _json(figures))
        shown_on = console()
        show_backtest(shown_on, figures, cautions)
        for written in outputs:
            shown_on.print(Text(f"Written: {visible(written)}"), soft_wrap=True)


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
    with errors_told(debug=debug):
        paths = [cdnow_path() if is_bundled(file) else Path(file) for file in files]
        if output.is_file() and not force:
            raise ConfigurationError(
                Mistake(str(output), "is there already", "--force overwrites it, -o names another")
            )
        with drafts([output], inputs=inputs_of(files)) as drafted:
            looks = looked_at(scanned(paths).to_native())
            guess = guessed(looks)
            drafted.write(output, guess.to_toml())
        shown_on = console()
        show_looks(shown_on, looks, guess)
        shown = visible(output)
        shown_on.print(Text(f"Written: {shown}. Check it, then run:"), soft_wrap=True)
        command = shlex.join(["custloyal", "report", *map(str, paths), "--mapping", str(output)])
        shown_on.print(Text(f"  {visible(command)}"), soft_wrap=True)


def _json(figures: dict[str, Any]) -> str:
    return json.dumps(figures, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
