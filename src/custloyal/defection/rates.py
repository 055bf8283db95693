"""How often customers buy while they are customers, whether they still are or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from custloyal.btyd.integrals import Floats, chunks, power_nodes

if TYPE_CHECKING:
    from custloyal.btyd import FittedParetoNbd
    from custloyal.btyd.statistics import Statistics

__all__ = ["expected_rate", "silence_chance", "waiting_time"]

NODES = 64


def expected_rate(model: FittedParetoNbd, rows: Statistics) -> Floats:
    """The expected rate of purchase of each customer while a customer, per unit of time.

    Who is there for certain has (r + x) / (alpha + T); who left u after the last purchase had
    (r + x) / (alpha + t_x + u). The mean is taken over whether and when they left.

    Args:
        model: A Pareto/NBD model.
        rows: Customers.
    """
    alive = model.p_alive(rows)
    shape, since = model.r + rows.x, model.alpha + rows.t_x
    before = np.zeros(len(rows))
    for part in chunks(len(rows)):
        u, terms = power_nodes(
            shape[part],
            since[part],
            np.full_like(since[part], model.s + 1),
            model.beta + rows.t_x[part],
            span=rows.T[part] - rows.t_x[part],
            nodes=NODES,
        )
        silent = (rows.t_x < rows.T)[part]
        top = np.where(silent, terms.max(axis=1), 0.0)
        share = np.exp(terms - top[:, None])
        total = np.where(silent, share.sum(axis=1), 1.0)
        before[part] = (share / (since[part, None] + u)).sum(axis=1) / total
    rate: Floats = shape * (alive / (model.alpha + rows.T) + (1 - alive) * before)
    return rate


def silence_chance(model: FittedParetoNbd, rows: Statistics) -> Floats:
    """The chance that a customer who is still there is silent for so long."""
    silence = rows.T - rows.t_x
    chance: Floats = np.exp(-(model.r + rows.x) * np.log1p(silence / (model.alpha + rows.t_x)))
    return chance


def waiting_time(model: FittedParetoNbd, rows: Statistics, chance: float) -> Floats:
    """The time after the last purchase by which the next is made with a chance, while a customer.

    It is the silence of which `silence_chance` is 1 - chance.
    """
    with np.errstate(over="ignore"):  # past all time is never
        time: Floats = (model.alpha + rows.t_x) * np.expm1(-np.log1p(-chance) / (model.r + rows.x))
    return time
