"""Writers that are killed: `python tests/killed_writers.py 500`, from the root of the project.

A child writes states over older ones and is killed at one step after the other (each opening,
renaming, removal and making of a file), or after a random time. Another child then loads what is
there, and writes once more.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from custloyal import History, Rfm, States, Trust

METRICS = [Trust(), Rfm()]
STEPS = {"open", "os.rename", "os.remove", "os.mkdir"}
FIRST_STEPS = 20
"""So many steps are each killed at in turn; then come random times."""
CUSTOMERS = 50


def states(amount):
    frame = pl.DataFrame(
        {
            "customer_id": [f"c{each}" for each in range(CUSTOMERS)],
            "occurred_at": ["2024-01-05"] * CUSTOMERS,
            "kind": ["purchase"] * CUSTOMERS,
            "amount": [float(amount)] * CUSTOMERS,
        }
    )
    return States.of(History.from_native(frame, timezone="UTC"), METRICS)


def amounts(folder):
    read = States.load(folder, METRICS).read()
    assert len(read["trust"].to_dicts()) == CUSTOMERS
    return {row["monetary_amount"] for row in read["rfm"].to_dicts()}


def kill_at_step(number, folder):
    """Kill this process at the step of a number that touches the folder."""
    left = [number]

    def step(event, arguments):
        if event in STEPS and str(folder) in str(arguments[0]):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(step)


def in_child(work):
    """Run in a process of its own; how it ended. This one never starts threads of Polars."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 (a child must not go on as a second test)
            sys.stderr.write(f"{error!r}\n")
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def timed_kill(delay_s, work):
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    time.sleep(delay_s)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def check(folder, known):
    """The old or the new, whole; and nothing is left after the next writing."""
    if known or (folder / "states.json").exists():
        (amount,) = amounts(folder)
        assert amount in known or amount == 2.0
    states(1).write(folder)
    assert amounts(folder) == {1.0}
    assert not [*folder.glob("*.tmp")]
    tables = [path.name for path in folder.glob("*.parquet")]
    assert len(tables) <= 2 * len({name[:6] for name in tables})  # these and those before
    assert [path.name for path in folder.parent.iterdir()] == ["states"]


def killed(number, folder, delay_s):
    """Whether a writer was killed, and whether what it left was as it should be."""
    known = {1.0} if number % 4 else set()
    in_steps = number < FIRST_STEPS

    def work():
        made = states(2)
        if in_steps:
            kill_at_step(1 + number // 2, folder)
        for _ in range(1 if in_steps else 100):
            made.write(folder)

    if known:
        in_child(lambda: states(1).write(folder))
    ended = in_child(work) if in_steps else timed_kill(delay_s, work)
    return ended == -signal.SIGKILL, in_child(lambda: check(folder, known)) == 0


def run(kills, seed=0):
    """The number of kills, and of those after which something was lost or left."""
    drawn, outcomes = random.Random(seed), []  # noqa: S311 (times, no secrets)
    for number in range(kills):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place).resolve() / "states"
            outcomes.append(killed(number, folder, drawn.uniform(0.02, 0.15)))
    return sum(ended for ended, _ in outcomes), sum(not well for _, well in outcomes)


if __name__ == "__main__":
    killed_count, failed_count = run(int(sys.argv[1]))
    sys.stdout.write(f"{killed_count} killed, {failed_count} failed\n")
    sys.exit(failed_count > 0)
