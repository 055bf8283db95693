"""Random streams, and values that hold one array for each of their fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import attrs
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Flags", "Floats", "Ints", "chance", "lognormal", "stacked", "stream", "taken"]

Flags: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

_Columns = TypeVar("_Columns", bound=attrs.AttrsInstance)


def stream(seed: int, part: str) -> np.random.Generator:
    """The random numbers of one part of the simulation.

    The name of the part is the key, so that a new part leaves what the others draw as it was.

    Example:
        >>> bool(stream(7, "staff").random() == stream(7, "staff").random())
        True
        >>> bool(stream(7, "staff").random() == stream(7, "people").random())
        False
    """
    key = np.random.SeedSequence(seed, spawn_key=tuple(part.encode()))
    return np.random.Generator(np.random.PCG64(key))


def chance(rng: np.random.Generator, probability: Floats) -> Flags:
    """For each probability whether it came true.

    Example:
        >>> chance(stream(0, "doctest"), np.array([0.0, 1.0])).tolist()
        [False, True]
    """
    return rng.random(probability.shape) < probability


def lognormal(rng: np.random.Generator, median: Floats, sigma: float) -> Floats:
    """For each median a draw around it, right-skewed, as waiting times and amounts are."""
    return median * np.exp(sigma * rng.standard_normal(median.shape))


def stacked(parts: Sequence[_Columns]) -> _Columns:
    """Values of one class as one: each field's arrays, one after another."""
    return _of(
        type(parts[0]),
        {
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in attrs.fields(type(parts[0]))
        },
    )


def taken(value: _Columns, which: Flags | Ints) -> _Columns:
    """The value with those elements of each array that a mask or places name."""
    return _of(
        type(value),
        {field.name: getattr(value, field.name)[which] for field in attrs.fields(type(value))},
    )


def _of(kind: type[_Columns], arrays: dict[str, Any]) -> _Columns:
    return kind(**arrays)
