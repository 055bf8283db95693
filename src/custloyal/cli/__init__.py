"""The command line: `custloyal report`, `backtest`, `describe` and `rules`."""

from __future__ import annotations

import sys

from custloyal.errors import MissingExtraError

__all__ = ["main"]


def main() -> None:
    """Run the command line on the arguments of the process.

    Raises:
        SystemExit: With 0, or with 2 after a message on standard error.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter shows a question mark, and nothing fails.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        from custloyal.cli.commands import app  # noqa: PLC0415 (an optional extra)
    except MissingExtraError as error:
        print(f"custloyal: {error}", file=sys.stderr)  # noqa: T201 (rich may be what is missing)
        raise SystemExit(2) from None
    app()
