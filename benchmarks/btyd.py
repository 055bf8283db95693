"""`python -m benchmarks.btyd`: fits and predictions beside lifetimes, on simulated customers.

Customers are drawn from a BG/NBD process, two years of them, with times in whole days. Each
contestant does each task in a fresh process, in turn: A B A B; its data are loaded before the clock
starts. lifetimes takes arrays, as its users give them; custloyal takes the frame.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from benchmarks.generate import row_count
from benchmarks.memory import peak_mb
from benchmarks.runs import ROOT
from benchmarks.table import machine_facts

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = 19_970_930
VERSION = 1  # stands in the file name: raise it whenever the customers change
PARAMETERS = {"r": 0.243, "alpha": 30.9, "a": 0.793, "b": 2.426}  # CDNOW's, in days
AMOUNTS = {"p": 6.25, "q": 3.74, "v": 15.44}
DAYS = 730
HORIZON = 91
TASKS = {"bg_nbd": "customers", "gamma_gamma": "customers", "pareto_nbd": "pareto_customers"}
SAME = 1e-6
AIMS = {"BG/NBD fit": 25, "BG/NBD fit and predict": 20, "Gamma-Gamma fit": 30, "Pareto/NBD fit": 15}


def customers_path(count: int, cache: Path) -> Path:
    """Give the Parquet file of simulated customers, writing it where the cache has none.

    Args:
        count: How many customers.
        cache: Folder that keeps the files between runs.

    Returns:
        The file: `customer_id`, `x`, `t_x`, `T` (days), `mean_repeat_amount`.
    """
    path = cache / f"customers-{count}-v{VERSION}.parquet"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _simulated(count).write_parquet(path)
    return path


def _simulated(count: int) -> pl.DataFrame:
    rng = np.random.default_rng([SEED, count])
    age = rng.integers(1, DAYS + 1, count)
    rate = rng.gamma(PARAMETERS["r"], 1 / PARAMETERS["alpha"], count)
    leaving = rng.beta(PARAMETERS["a"], PARAMETERS["b"], count)
    x, last, now = np.zeros(count, dtype=np.int64), np.zeros(count, np.int64), np.zeros(count)
    active = np.arange(count)
    while active.size:
        now[active] += rng.exponential(1 / rate[active])
        active = active[now[active] < age[active]]
        # A purchase falls on a day; a second one on the same day is no repeat purchase day.
        day = np.minimum(np.ceil(now[active]).astype(np.int64), age[active])
        another = day > last[active]
        x[active] += another
        last[active] = day
        active = active[rng.random(active.size) > leaving[active]]
    spent = rng.gamma(AMOUNTS["p"] * np.maximum(x, 1)) / rng.gamma(AMOUNTS["q"], 1, count)
    mean = np.round(spent * AMOUNTS["v"] / np.maximum(x, 1), 2)
    return pl.DataFrame(
        {
            "customer_id": np.arange(count),
            "x": x,
            "t_x": last,
            "T": age,
            "mean_repeat_amount": np.maximum(mean, 0.01),
            "time_unit": ["day"] * count,
        }
    ).with_columns(pl.when(pl.col("x") > 0).then("mean_repeat_amount"))


# What the contestants do, each in its own process ---------------------------------------------


def custloyal_task(task: str, frame: pl.DataFrame) -> dict[str, Any]:
    """Fit, and for BG/NBD predict, with custloyal.

    Returns:
        `seconds` by step, and the `parameters`.
    """
    from custloyal.btyd import BgNbd, GammaGamma, ParetoNbd  # noqa: PLC0415 (one contestant's)

    if task == "gamma_gamma":
        amounts, seconds = _clocked(lambda: GammaGamma().fit(frame))
        return {
            "seconds": {"Gamma-Gamma fit": seconds},
            "parameters": dict(amounts.parameters),
            "log_likelihood": amounts.log_likelihood,
        }
    if task == "pareto_nbd":
        pareto, seconds = _clocked(lambda: ParetoNbd().fit(frame))
        return {
            "seconds": {"Pareto/NBD fit": seconds},
            "parameters": dict(pareto.parameters),
            "log_likelihood": pareto.log_likelihood,
        }
    model, fit_s = _clocked(lambda: BgNbd().fit(frame))
    predicted, predict_s = _clocked(lambda: model.predict(frame, horizon=HORIZON))
    return {
        "seconds": {"BG/NBD fit": fit_s, "BG/NBD fit and predict": fit_s + predict_s},
        "parameters": dict(model.parameters),
        "log_likelihood": model.log_likelihood,
        "total": predicted["expected_purchases"].sum(),
    }


def lifetimes_task(task: str, frame: pl.DataFrame) -> dict[str, Any]:
    """Fit, and for BG/NBD predict, with lifetimes.

    Returns:
        `seconds` by step, and the `parameters`.
    """
    import lifetimes  # noqa: PLC0415 (one contestant's)

    warnings.simplefilter("ignore")
    x, t_x, age = (frame[name].to_numpy() for name in ("x", "t_x", "T"))
    if task == "gamma_gamma":
        again = frame.filter(pl.col("x") > 0)
        mean = again["mean_repeat_amount"].to_numpy()
        amounts = lifetimes.GammaGammaFitter()
        _, seconds = _clocked(lambda: amounts.fit(again["x"].to_numpy(), mean))
        return {"seconds": {"Gamma-Gamma fit": seconds}, "parameters": amounts.params_.to_dict()}
    if task == "pareto_nbd":
        pareto = lifetimes.ParetoNBDFitter()
        _, seconds = _clocked(lambda: pareto.fit(x, t_x, age))
        return {"seconds": {"Pareto/NBD fit": seconds}, "parameters": pareto.params_.to_dict()}
    model = lifetimes.BetaGeoFitter()
    _, fit_s = _clocked(lambda: model.fit(x, t_x, age))
    expected, expected_s = _clocked(lambda: model.predict(HORIZON, x, t_x, age))
    _, alive_s = _clocked(lambda: model.conditional_probability_alive(x, t_x, age))
    return {
        "seconds": {"BG/NBD fit": fit_s, "BG/NBD fit and predict": fit_s + expected_s + alive_s},
        "parameters": model.params_.to_dict(),
        "total": float(np.sum(expected)),
    }


CONTESTANTS: dict[str, Callable[[str, pl.DataFrame], dict[str, Any]]] = {
    "custloyal": custloyal_task,
    "lifetimes": lifetimes_task,
}


def _clocked(act: Callable[[], Any]) -> tuple[Any, float]:
    start = perf_counter()
    result = act()
    return result, perf_counter() - start


# The runs --------------------------------------------------------------------------------------


def _run(contestant: str, task: str, path: Path) -> dict[str, Any]:
    order = json.dumps([contestant, task, str(path)])
    command = [sys.executable, "-m", "benchmarks.btyd", "--worker", order]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        last = " / ".join(done.stderr.strip().splitlines()[-3:])
        message = f"{contestant} ended with {done.returncode}: {last}"
        raise RuntimeError(message)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _log_likelihoods(task: str, path: Path, found: list[dict[str, float]]) -> list[float]:
    """The log-likelihoods of some estimates by lifetimes' own function; NaN where it overflows."""
    import lifetimes  # noqa: PLC0415 (only where it is a contestant)

    frame = pl.read_parquet(path)
    if task == "gamma_gamma":
        frame = frame.filter(pl.col("x") > 0)
    x, t_x, age, mean = (frame[name].to_numpy() for name in ("x", "t_x", "T", "mean_repeat_amount"))
    ones = np.ones(len(x))
    # lifetimes brings ages under 10 before it fits; its function overflows on others.
    unit = 10 / float(age.max())
    values = []
    for parameters in found:
        if task == "gamma_gamma":
            cost = lifetimes.GammaGammaFitter._negative_log_likelihood(  # noqa: SLF001
                np.log(list(parameters.values())), x, mean, ones, 0.0
            )
        else:
            scales = {"alpha", "beta"}
            scaled = [v * unit if k in scales else v for k, v in parameters.items()]
            times = (x, t_x * unit, age * unit, ones, 0.0)
            with np.errstate(all="ignore"):
                if task == "pareto_nbd":
                    # This one takes the parameters themselves, and gives a sum instead of a mean.
                    of_pareto = lifetimes.ParetoNBDFitter._negative_log_likelihood  # noqa: SLF001
                    cost = of_pareto(scaled, *times) / len(x)
                else:
                    of_bg = lifetimes.BetaGeoFitter._negative_log_likelihood  # noqa: SLF001
                    cost = of_bg(np.log(scaled), *times)
            cost -= np.log(unit) * x.mean()
        values.append(-float(cost) * len(x))
    return values


def _agreement(task: str, path: Path, rounds: list[dict[str, dict[str, Any]]]) -> tuple[str, bool]:
    """What the log-likelihoods of all fits say, and whether custloyal's is never the lower."""
    fits = [rounds[0]["custloyal"], *(each["lifetimes"] for each in rounds)]
    own, *others = _log_likelihoods(task, path, [fit["parameters"] for fit in fits])
    apart = [(own - other) / abs(other) for other in others]
    # NaN, where their function overflows, is lower too: their fit minimises it.
    worse = sum(not each < SAME for each in apart)
    at_the_top = [abs(each) for each in apart if abs(each) < SAME]
    same = f"equal to {max(at_the_top):.0e} relative" if at_the_top else "never equal"
    said = (
        f"- {task}: log-likelihood {own:.6f} by lifetimes' function, "
        f"{fits[0]['log_likelihood']:.6f} by custloyal's own; in {len(at_the_top)} of "
        f"{len(others)} rounds that of lifetimes is {same}"
    )
    if worse:
        said += f", in {worse} it ended at a lower one"
    return said, not any(each < -SAME for each in apart)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print.

    Args:
        arguments: Command line; that of the process where None.

    Returns:
        0, or 1 where a log-likelihood of lifetimes is higher.
    """
    options = _options(arguments)
    if options.worker is not None:
        contestant, task, path = json.loads(options.worker)
        result = CONTESTANTS[contestant](task, pl.read_parquet(path))
        sys.stdout.write(json.dumps(result | {"peak_mb": peak_mb()}) + "\n")
        return 0
    lines = [f"# Models of purchases\n\n{machine_facts()}"]
    never_lower = True
    if options.tasks:
        lines += ["| step | customers | custloyal | lifetimes | ratio | aim |"]
        lines += ["| --- | ---: | ---: | ---: | ---: | ---: |"]
    notes = []
    for task in options.tasks:
        count = getattr(options, TASKS[task])
        path = customers_path(count, options.cache)
        rounds: list[dict[str, dict[str, Any]]] = []
        for number in range(options.repeats):
            rounds.append({name: _run(name, task, path) for name in CONTESTANTS})
            sys.stderr.write(f"{task}, round {number + 1}: {rounds[-1]}\n")
        for step in rounds[0]["custloyal"]["seconds"]:
            own, other = (
                [run[name]["seconds"][step] for run in rounds]
                for name in ("custloyal", "lifetimes")
            )
            ratio = median(b / a for a, b in zip(own, other, strict=True))
            lines.append(
                f"| {step} | {count:,} | {median(own):.3f} s | {median(other):.2f} s "
                f"| {ratio:.1f} | {AIMS[step]} |"
            )
        said, agrees = _agreement(task, path, rounds)
        notes.append(said)
        never_lower &= agrees
    if options.large:
        path = customers_path(options.large, options.cache)
        runs = [_run("custloyal", "bg_nbd", path) for _ in range(options.repeats)]
        seconds = median(run["seconds"]["BG/NBD fit and predict"] for run in runs)
        peak = max(run["peak_mb"] for run in runs)
        notes.append(
            f"- {options.large:,} customers: BG/NBD fit and predict {seconds:.1f} s, peak of the "
            f"process with its data {peak / 1e3:.2f} GB (aim: 20 s, 3 GB)"
        )
    sys.stdout.write("\n".join([*lines, "", *notes, ""]))
    return 0 if never_lower else 1


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.btyd", description=__doc__)
    parser.add_argument("--customers", type=row_count, default=1_000_000)
    parser.add_argument("--pareto-customers", type=row_count, default=20_000)
    parser.add_argument("--large", type=int, default=10_000_000, help="0 leaves it out")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--tasks", nargs="*", choices=TASKS, default=list(TASKS))
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "custloyal-benchmarks"
    )
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
