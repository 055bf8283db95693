"""A mapping that does not change, so that the values which hold one are hashable and safe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

__all__ = ["FrozenMapping"]

_K = TypeVar("_K")
_V = TypeVar("_V")


class FrozenMapping(Mapping[_K, _V]):
    """A copy of a mapping that is hashable, equal to any mapping of the same items, and pickles.

    `types.MappingProxyType` shows a dictionary that somebody else may still change, and neither
    hashes nor pickles.

    Args:
        items: The mapping to copy.

    Example:
        >>> given = {"wait_s": 30.0}
        >>> kept = FrozenMapping(given)
        >>> given["wait_s"] = 31.0
        >>> kept == {"wait_s": 30.0}, hash(kept) == hash(FrozenMapping({"wait_s": 30.0}))
        (True, True)
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[_K, _V]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: _K) -> _V:
        return self._items[key]

    def __iter__(self) -> Iterator[_K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return repr(self._items)

    def __reduce__(self) -> tuple[type[FrozenMapping[_K, _V]], tuple[dict[_K, _V]]]:
        return type(self), (self._items,)
