"""What every reading says of real and simulated histories, recorded, and compared between versions.

    python -m tests.same_readings record before.json     # with PYTHONPATH at one version's src
    python -m tests.same_readings record after.json      # with PYTHONPATH at the other's
    python -m tests.same_readings compare before.json after.json

Names are looked up where a version has them; columns that were renamed in between are listed in
`RENAMED`. A row is known by the values of its metric's grain, whatever the columns are called.
"""

from __future__ import annotations

import json
import math
import os
import sys
import warnings
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("CUSTLOYAL_SHARED_DATA") or ROOT.parent / "shared" / "data")

RENAMED: dict[str, tuple[str, ...]] = {}
"""For an older name of a column or of a figure the later ones."""

WORDS = {"sentences"}
"""What is prose in every version, and compared by nobody."""

NEAR = 1e-12
HOMES = (
    *("", ".metrics", ".defection", ".history", ".models", ".rules", ".judging", ".reading"),
    *(".btyd", ".economics", ".datasets", ".simulation", ".intake"),
)
METRICS = (
    *("AgeRetention", "AgeValue", "BtydStatistics", "CohortRetention", "Concentration"),
    *("EvidenceUse", "HandOffMatrix", "HandOffs", "Lifecycle", "NextPurchase"),
    *("ParetoSegment", "PurchaseDays", "Reactivation", "RepeatPurchaseRate", "RetentionRate"),
    *("RevenueBridge", "Rfm", "Stage", "Trust"),
    *("Abandonment", "BadExperience", "NextNeed", "PriceOnly", "WonBack"),
)
"""Those that need no argument."""

CUTS = {
    "cdnow": "1998-03-31",
    "online_retail_II": "2011-09-09",
    "itsm": "2016-11-01",
    "simulated": "2023-09-30",
}
ITSM_KINDS = {
    "New": "problem",
    "Active": "reply",
    "Closed": "other",
    "Resolved": "resolution",
    "Awaiting User Info": "follow_up",
}


def named(*names: str) -> Any:
    """What bears one of the names, wherever this version has it."""
    for home in HOMES:
        try:
            module = import_module(f"custloyal{home}")
        except ModuleNotFoundError:
            continue
        for name in names:
            # Asked of a module, a name may be a module too: `custloyal.report` once was both.
            if callable(found := getattr(module, name, None)):
                return found
    said = f"no {' or '.join(names)} in custloyal"
    raise LookupError(said)


def histories() -> Iterator[tuple[str, Any]]:
    history = named("History")
    yield "cdnow", named("cdnow")()
    simulated = named("simulate")(customers=1_500, seed=7)
    yield "simulated", simulated.history
    yield (
        "online_retail_II",
        history.scan(
            DATA / "online_retail_II.parquet", mapping=ROOT / "docs/how-to/online_retail_II.toml"
        ),
    )
    yield (
        "itsm",
        history.from_native(
            pl.read_parquet(DATA / "itsm.parquet"),
            columns={
                "customer_id": "caller_id",
                "occurred_at": "sys_updated_at",
                "case_id": "number",
                "department": "assignment_group",
                "kind": "incident_state",
            },
            kinds=ITSM_KINDS,
            timezone="UTC",
            order="sys_mod_count",
        ),
    )


def wanted(history: Any, cut: str) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """What is read of a history: a name, and what reads it."""
    read = named("read")

    def rows_of(metric: Any) -> dict[str, Any]:
        return keyed(read(history, metric)[metric].to_dicts(), metric.grain)

    for name in METRICS:
        yield name, lambda name=name: rows_of(named(name)())
    yield "PurchaseChance", lambda: rows_of(named("PurchaseChance")(horizon=90))
    for model in ("BgNbd", "MbgNbd"):
        yield (
            f"PurchaseChance {model}",
            lambda model=model: rows_of(named("PurchaseChance")(horizon=90, model=named(model)())),
        )
    yield "SilentDefection", lambda: rows_of(named("SilentDefection")(horizon=90))
    for name in ("KaplanMeier", "Tenure"):
        yield name, lambda name=name: rows_of(named(name)(inactivity_days=180))
    yield "HoldOut", lambda: rows_of(named("HoldOut")(learned_until=cut))
    yield (
        "contributions of Trust",
        lambda: keyed(
            named("contributions")(history, named("Trust")()).to_dicts(),
            ("customer_id", "occurred_at", "kind"),
        ),
    )
    yield (
        "losses",
        lambda: figures(named("losses")(history, named("SilentDefection")(horizon=90))),
    )
    yield (
        "backtest of SilentDefection",
        lambda: figures(
            named("backtest")(
                history, named("SilentDefection")(horizon=90), horizon=90, draws_count=200
            )
        ),
    )
    yield (
        "backtest of Trust",
        lambda: figures(
            named("backtest")(
                history,
                named("Score")(metric=named("Trust")(), column="trust", leaving="low"),
                horizon=90,
                cut=cut,
                against=named("SilentDefection")(horizon=90),
            )
        ),
    )
    yield "loss_leaders", lambda: figures(named("loss_leaders")(history))
    yield "abandoned", lambda: figures(named("abandoned_after_bad_service")(history))
    yield (
        "leaving_after",
        lambda: figures(named("leaving_after")(history, cut=cut, horizon=90)),
    )
    yield (
        "reactivation_by_trust",
        lambda: figures(named("reactivation_by_trust")(history, cut=cut, horizon=90)),
    )
    for periods in ((), ("month",)):
        yield f"attainment {' '.join(periods)}".strip(), lambda by=periods: attained(history, by)


def attained(history: Any, by: tuple[str, ...]) -> dict[str, Any]:
    book = import_module("custloyal.rules.rulebooks").good_service()
    fitting = named("fitted")(history, book).book
    return keyed(named("judge")(history, fitting).attainment(*by).to_dicts(), ("rule", *by))


def keyed(rows: Iterable[Mapping[str, Any]], grain: tuple[str, ...]) -> dict[str, Any]:
    """The rows by the values of their grain; those of one key are told apart by their content."""
    seen: Counter[str] = Counter()
    found: dict[str, Any] = {}
    rows = list(rows)
    here = [name for name in grain if rows and name in rows[0]]
    for row in sorted(rows, key=lambda row: repr([*row.values()])) if len(here) > 2 else rows:
        key = " | ".join(str(row[name]) for name in here)
        seen[key] += 1
        again = f" #{seen[key]}" if seen[key] > 1 else ""
        found[f"{key}{again}"] = {
            name: plain(value) for name, value in row.items() if name not in here
        }
    return found


def figures(value: Any) -> dict[str, Any]:
    """The figures of a value that says itself as plain values, each by the path to it."""
    attrs = import_module("attrs")
    said = value.to_dict() if hasattr(value, "to_dict") else attrs.asdict(value)
    return {"": dict(_leaves(said, ""))}


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name not in WORDS:
                yield from _leaves(each, f"{path}/{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for place, each in enumerate(value):
            yield from _leaves(each, f"{path}/{place}")
    else:
        yield path, plain(value)


def plain(value: Any) -> Any:
    """As JSON has it; numbers stay numbers."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def recorded() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for company, history in histories():
        found[company] = {}
        for name, reading in wanted(history, CUTS[company]):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    found[company][name] = reading()
            except Exception as error:  # noqa: BLE001 what cannot be read is a finding too
                found[company][name] = {"": {"error": type(error).__name__}}
                sys.stderr.write(f"{company}, {name}: {type(error).__name__}: {error}\n")
    return found


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Every number that is not the same, and everything that is gone."""
    for company, readings in before.items():
        if company not in after:
            yield f"{company}: missing"
            continue
        for metric, rows in readings.items():
            there = after[company].get(metric)
            if there is None:
                yield f"{company}, {metric}: missing"
                continue
            for key in there.keys() - rows.keys():
                yield f"{company}, {metric}, {key!r}: new"
            for key, row in rows.items():
                if key not in there:
                    yield f"{company}, {metric}, {key!r}: missing"
                    continue
                for said in _differing(row, there[key]):
                    yield f"{company}, {metric}, {key!r}, {said}"


def _differing(row: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    for name, value in row.items():
        later = next((n for n in _names(name) if n in there), None)
        if later is None:
            # A sentence may go; a number stays.
            if not isinstance(value, str):
                yield f"{name}: missing, was {value!r}"
        elif not same(value, there[later]):
            yield f"{name}: was {value!r}, is {there[later]!r}"


def _names(path: str) -> Iterator[str]:
    """The path, and the paths that it has after its names were changed."""
    yield path
    parts = [(part, *RENAMED.get(part, ())) for part in path.split("/")]
    paths = [""]
    for part in parts:
        paths = [f"{head}/{name}" if head else name for head in paths for name in part]
    yield from paths


def same(one: Any, other: Any) -> bool:
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    if numbers and not isinstance(one, bool):
        return math.isclose(one, other, rel_tol=NEAR, abs_tol=NEAR)
    return bool(one == other)


def main(words: list[str]) -> int:
    match words:
        case ["record", file]:
            Path(file).write_text(json.dumps(recorded(), indent=0), encoding="utf-8")
            return 0
        case ["compare", before, after]:
            one, other = (json.loads(Path(f).read_text(encoding="utf-8")) for f in (before, after))
            found = list(differences(one, other))
            sys.stdout.write("\n".join(found or ["The same."]) + "\n")
            return 1 if found else 0
        case _:
            sys.stderr.write(__doc__ or "")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
