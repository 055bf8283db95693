"""The page of a simulated company, from Parquet files to HTML, each time as a process of its own.

Run as `python -m benchmarks.page`. On a busy machine the processor's time says more than the
clock's: it is what a machine with one core and nothing else to do would take.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from custloyal import BusinessCalendar, datasets
from custloyal.rules import rulebooks

__all__ = ["main"]

CUSTOMERS, DAYS, REPEATS = 50_000, 330, 3
"""A million rows."""
TIMEZONE = "Europe/Berlin"
CALL = "import sys; from custloyal.cli import main; sys.argv = ['custloyal', *sys.argv[1:]]; main()"


def main() -> None:
    """Simulate, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        started = perf_counter()
        company = datasets.simulate(customers=options.customers, days=options.days)
        took = perf_counter() - started
        rows = company.interactions.height
        print(f"{rows:,} rows of {options.customers:,} customers, simulated in {took:.1f} s\n")  # noqa: T201
        company.interactions.write_parquet(folder / "interactions.parquet")
        company.customers.write_parquet(folder / "customers.parquet")
        hours = BusinessCalendar({"mon-sat": "08:00-20:00"}, timezone=TIMEZONE)
        promises = rulebooks.good_service(hours, country="DE").to_toml()
        (folder / "promises.toml").write_text(promises, encoding="utf-8")
        print("| | s | processor's s | page |\n| --- | ---: | ---: | ---: |")  # noqa: T201
        for what, more in (
            ("without promises", []),
            ("with nine promises", ["--rules", str(folder / "promises.toml")]),
        ):
            runs = [_run(folder, more) for _ in range(options.repeats)]
            clock, processor = (median(each) for each in zip(*runs, strict=True))
            size = (folder / "page.html").stat().st_size
            print(f"| {what} | {clock:.1f} | {processor:.1f} | {size / 1e6:.2f} MB |")  # noqa: T201


def _run(folder: Path, more: list[str]) -> tuple[float, float]:
    """The seconds that one report takes, by the clock and by the processor."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    command = [
        *(sys.executable, "-c", CALL, "report", str(folder / "interactions.parquet")),
        *("--customers", str(folder / "customers.parquet"), "--timezone", TIMEZONE, *more),
        *("-o", str(folder / "page.html")),
    ]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    took, after = perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
