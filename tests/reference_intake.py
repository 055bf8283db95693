"""The oracle of the intake: what becomes of each row that is given, one row after another."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from custloyal.models import Kind, Phase

Row = Mapping[str, Any]
NUMBERS = ("amount", "outcome", "severity", "rating", "rating_min", "rating_max")


@dataclass
class Taken:
    """What became of the rows; `rejected` holds (row from 1, the column at fault)."""

    given: int
    accepted: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[tuple[int, str]] = field(default_factory=list)
    duplicates: int = 0
    folded_lines: int = 0
    unmapped: Counter[str] = field(default_factory=Counter)
    negated_returns: int = 0


def taken(
    given: Sequence[Row], *, kinds: Mapping[str, str] | None = None, lines: bool = False
) -> Taken:
    """Take rows that have our column names already."""
    result = Taken(len(given))
    rows: list[dict[str, Any]] = []
    for number, row in enumerate(given, start=1):
        fault = _fault(row)
        if fault:
            result.rejected.append((number, fault))
        else:
            rows.append({**row, "number": number})
    if lines:
        rows = _added_up(rows)
        result.folded_lines = len(given) - len(result.rejected) - len(rows)
    words = {kind.value: kind.value for kind in Kind} | dict(kinds or {})
    rows = [_worded(row, words) for row in rows]
    below = [row for row in rows if row["kind"] == "purchase" and (row.get("amount") or 0) < 0]
    result.rejected += [(row["number"], "amount") for row in below]
    kept = [row for row in rows if row not in below]
    result.accepted = [row for row in kept if row is _earliest(row, kept)]
    result.duplicates = len(kept) - len(result.accepted)
    for row in result.accepted:
        if row["unmapped"]:
            result.unmapped[row["said"]] += 1
        if row["kind"] == "return" and (row.get("amount") or 0) > 0:
            row["amount"] = -row["amount"]
            result.negated_returns += 1
    return result


def _worded(row: Row, words: Mapping[str, str]) -> dict[str, Any]:
    """A row with a word of ours for its kind, and one or none for its phase."""
    word = (row["kind"] or "").strip()
    phase = row.get("phase")
    return {
        **row,
        "said": row["kind"] or "",
        "kind": words.get(word, "other"),
        "unmapped": word not in words,
        "phase": phase if phase in set(Phase) else None,
    }


def _earliest(row: Row, rows: Sequence[Row]) -> Row:
    """Of the rows with the id of this one the first in time, then in the input."""
    if row.get("interaction_id") is None:
        return row
    same = [each for each in rows if each.get("interaction_id") == row["interaction_id"]]
    return min(same, key=lambda each: (each["occurred_at"], each["number"]))


def _fault(row: Row) -> str | None:
    if row["occurred_at"] is None:
        return "occurred_at"
    for name in NUMBERS:
        value = row.get(name)
        if value is None:
            continue
        if not math.isfinite(value):
            return name
        if name == "outcome" and not -1 <= value <= 1:
            return name
        if name == "severity" and value < 0:
            return name
    return None


def _added_up(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines of one interaction_id as one row: at the earliest time, with the sum of the amounts."""
    found: dict[Any, dict[str, Any]] = {}
    others = []
    for row in rows:
        if row.get("interaction_id") is None:
            others.append(row)
            continue
        key = (row["interaction_id"], row["kind"])
        first = found.setdefault(key, dict(row))
        if first["number"] == row["number"]:
            continue
        first["occurred_at"] = min(first["occurred_at"], row["occurred_at"])
        if row.get("amount") is not None:
            first["amount"] = (first.get("amount") or 0.0) + row["amount"]
    return [*found.values(), *others]
