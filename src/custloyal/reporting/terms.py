"""Terms: what the words of the page mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custloyal.reporting.section import MappedSection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from custloyal.reporting.scope import Run

__all__ = ["Terms"]


class Terms(MappedSection):
    """What the words of the page mean."""

    name, title = "terms", "Terms"
    keys = ("has_rules",)

    def figures(self, run: Run) -> Mapping[str, Any]:
        """Whether promises are among what is explained."""
        return {"has_rules": run.scope.has_rules}
