"""The simulated company on the command line, with the rule book by which it is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from custloyal.datasets import simulate
from custloyal.errors import ConfigurationError, Mistake
from custloyal.models import BusinessCalendar
from custloyal.rules import rulebooks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from custloyal.history import History
    from custloyal.rules import RuleBook

__all__ = [
    "CustomersCountOption",
    "FilesOrNone",
    "SeedOption",
    "SimulateOption",
    "check_source",
    "simulated_history",
    "simulated_promises",
]

FilesOrNone = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE...",
        help="CSV or Parquet files, or 'cdnow' for the bundled purchases of a music shop.",
    ),
]
SimulateOption = Annotated[
    bool, typer.Option("--simulate", help="Take a simulated company, in place of files.")
]
CustomersCountOption = Annotated[
    int | None, typer.Option(help="How many customers the simulated company has.")
]
SeedOption = Annotated[int | None, typer.Option(help="Equal seeds give equal simulated companies.")]

_OPEN = {"mon-sat": "08:00-20:00"}
_COUNTRY = "DE"


def check_source(
    files: Sequence[str],
    *,
    is_simulated: bool,
    of_files: Mapping[str, object],
    of_simulation: Mapping[str, object],
) -> None:
    """Refuse options that belong to another source of data than the one that was named.

    Args:
        files: The files that were named.
        is_simulated: Whether the simulated company was asked for.
        of_files: The options that are said of files, None where they are not given.
        of_simulation: Those that are said of the simulated company.

    Raises:
        ConfigurationError: With every such option, or where no source was named at all.
    """
    if not is_simulated and not files:
        mend = "name CSV or Parquet files, 'cdnow', or say --simulate"
        raise ConfigurationError(Mistake("FILE", "is missing", mend))
    misplaced = of_files if is_simulated else of_simulation
    said, mend = (
        ("is said of files, and the simulated company has none", "leave it out")
        if is_simulated
        else ("is said of the simulated company", "say --simulate, or leave it out")
    )
    mistakes = [Mistake(name, said, mend) for name, value in misplaced.items() if value is not None]
    if is_simulated and files:
        mistakes.insert(0, Mistake(files[0], "is a file", "leave it out, or leave out --simulate"))
    if mistakes:
        raise ConfigurationError(mistakes)


def simulated_history(customers_count: int | None, seed: int | None) -> History:
    """The history of a simulated company.

    Args:
        customers_count: How many customers it has; None for the usual 5,000.
        seed: Equal seeds give equal companies; None for 0.
    """
    asked = {"customers": customers_count, "seed": seed}
    given = {name: value for name, value in asked.items() if value is not None}
    return simulate(**given).history  # type: ignore[arg-type] # the names of whole numbers


def simulated_promises(history: History) -> RuleBook:
    """What the simulated company promises: good service, within its opening hours."""
    return rulebooks.good_service(
        BusinessCalendar(_OPEN, timezone=history.timezone), country=_COUNTRY
    )
