"""The commands about service rules: check them, judge by them, and how they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from custloyal.cli.outputs import drafts
from custloyal.cli.promises import show_attainment, show_findings, show_sentences
from custloyal.cli.session import (
    AsOfOption,
    CustomersOption,
    Debug,
    MappingOption,
    TimezoneOption,
    console,
    errors_told,
    history_of,
    inputs_of,
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
from custloyal.engines import to_parquet
from custloyal.errors import ConfigurationError, DataError, Mistake
from custloyal.formats import counted, visible
from custloyal.judging import judge as judged
from custloyal.judging.checking import check as checked
from custloyal.judging.fitting import Fitted, fitted
from custloyal.models import BusinessCalendar
from custloyal.rules import RuleBook, rulebooks
from custloyal.rules.finding import Severity
from custloyal.rules.linter import lint

__all__ = ["rules"]

rules = typer.Typer(
    help="Service rules: promises that can be measured.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

RuleFile = Annotated[
    Path,
    typer.Argument(
        metavar="RULEBOOK", help="A rule book; 'custloyal rules example' prints one to start from."
    ),
]


@rules.command()
def check(
    *,
    rule_file: RuleFile,
    data: Annotated[
        list[str] | None,
        typer.Option(help="Check against this table too, CSV or Parquet; several make one."),
    ] = None,
    mapping: MappingOption = None,
    as_of: AsOfOption = None,
    timezone: TimezoneOption = None,
    customers: CustomersOption = None,
    debug: Debug = False,
) -> None:
    """Say each rule in a sentence, and what is suspicious: 2 if it cannot be read, 1 on errors."""
    with errors_told(debug=debug):
        book = RuleBook.from_toml(rule_file)
        if data:
            with progress() as at:
                at("Reading")
                history = history_of(data, mapping, timezone, customers)
                at(f"Judging {counted(history.intake.accepted, 'interaction')}")
                findings = checked(history, book, as_of=as_of)
        else:
            _refuse_without_data(
                mapping=mapping, as_of=as_of, timezone=timezone, customers=customers
            )
            findings = lint(book)
        shown_on = console()
        show_sentences(shown_on, book)
        show_findings(shown_on, findings)
        if any(finding.severity is Severity.ERROR for finding in findings):
            raise typer.Exit(1)


@rules.command()
def judge(
    *,
    files: FilesOrNone = None,
    rule_file: Annotated[
        Path | None,
        typer.Option("--rules", help="The rule book; the simulated company has one of its own."),
    ] = None,
    mapping: MappingOption = None,
    as_of: AsOfOption = None,
    timezone: TimezoneOption = None,
    customers: CustomersOption = None,
    fit: Annotated[
        bool, typer.Option("--fit", help="Leave out the rules for which columns are missing.")
    ] = False,
    is_simulated: SimulateOption = False,
    customers_count: CustomersCountOption = None,
    seed: SeedOption = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The Parquet file of verdicts to write.")
    ] = Path("verdicts.parquet"),
    debug: Debug = False,
) -> None:
    """Judge a table by a rule book: one row a rule and subject, and what share was kept."""
    with errors_told(debug=debug):
        if output.suffix.lower() != ".parquet":
            mend = f"name it {output.stem or 'verdicts'}.parquet"
            raise DataError(Mistake(visible(output), "would be written as Parquet", mend))
        named = files or []
        check_source(
            named,
            is_simulated=is_simulated,
            of_files={"--mapping": mapping, "--timezone": timezone, "--customers": customers},
            of_simulation={"--customers-count": customers_count, "--seed": seed},
        )
        if rule_file is None and not is_simulated:
            mend = "name the rule book: --rules rulebook.toml"
            raise ConfigurationError(Mistake("--rules", "is missing", mend))
        inputs = inputs_of(named, mapping, rule_file, customers)
        with drafts([output], inputs=inputs) as drafted, progress() as at:
            book = None if rule_file is None else RuleBook.from_toml(rule_file)
            if is_simulated:
                at("Simulating")
                history = simulated_history(customers_count, seed)
            else:
                at("Reading")
                history = history_of(named, mapping, timezone, customers)
            book = book or simulated_promises(history)
            fits = fitted(history, book) if fit else Fitted(book, ())
            at(f"Judging {counted(history.intake.accepted, 'interaction')}")
            verdicts = judged(history, fits.book, as_of=as_of)
            attainment = verdicts.attainment().to_dicts()
            at("Writing")
            rows = verdicts.home.engine.presented(verdicts.table)
            drafted.write(output, to_parquet(rows)[0])
        shown_on = console()
        show_attainment(shown_on, verdicts.book, attainment, verdicts.as_of.day)
        if fits.left_out:
            show_findings(shown_on, fits.left_out)
        shown_on.print(Text(f"Written: {visible(output)}"), soft_wrap=True)


@rules.command()
def example(*, debug: Debug = False) -> None:
    """Print a rule book to start from: good service in four parts."""
    with errors_told(debug=debug):
        office = BusinessCalendar({"mon-fri": "08:00-18:00"})
        typer.echo(_HEAD + rulebooks.good_service(office).to_toml(), nl=False)


_HEAD = """\
# A rule book: what is promised, to whom, how often it must be kept, and who answers for it.
# Change what does not fit, then run:
#   custloyal rules check rulebook.toml

"""


def _refuse_without_data(**options: object) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise ConfigurationError(
            Mistake(f"--{name.replace('_', '-')}", "is said of data", "name them: --data FILE")
            for name in given
        )
