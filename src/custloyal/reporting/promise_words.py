"""What the page says of promises: which are kept, how they went, where they fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from custloyal.formats import count, counted, day, month, share, shortened

__all__ = [
    "SIGNS",
    "PromiseView",
    "axis_name",
    "budget_of",
    "kept_or_not",
    "over_time",
    "promise_view",
    "promises_kept",
    "where_worst",
    "window_name",
]

_RULES_SHOWN = 30
_NAME_LENGTH = 60
_ROUNDING = 1e-9
_EXPLAINED = {
    "kept": "Kept: at least the target share.",
    "at risk": "Below: less than the target, as chance alone may bring about.",
    "missed": "Missed: less than chance would explain.",
    "too few to say": "Too few: too little is decided to say.",
}
SIGNS = {
    "kept": ("✓", "kept"),
    "at risk": ("~", "below, maybe by chance"),
    "missed": ("✗", "missed"),
    "too few to say": ("?", "too few to say"),
}
"""For each standing its sign and its words, so that nothing rests on colour."""
_WORST_FIRST = ("missed", "at risk", "too few to say", "kept")
_LITTLE = 0.45
"""How far the warm colour covers a cell where nothing at all is kept: letters stay readable."""


@attrs.frozen(kw_only=True)
class PromiseView:
    """What of the promises the page draws.

    Args:
        rules: The rules, the furthest below their targets first.
        hidden_count: How many more there are.
        departments: The departments with verdicts, by their names; None of who named none.
        rows: For each rule that is drawn and each department the figures, None where there are
            none, and how far the warm colour covers them.
        lowest: The lowest share that charts show, so that all have one scale.
    """

    rules: Sequence[Mapping[str, Any]]
    hidden_count: int
    departments: Sequence[str | None]
    rows: Sequence[Sequence[tuple[Mapping[str, Any] | None, float]]]
    lowest: float

    @property
    def standings(self) -> dict[str, str]:
        """What the signs of the table of departments mean, of those that it has."""
        there = {cell["standing"] for row in self.rows for cell, _ in row if cell}
        return {SIGNS[name][0]: said for name, said in _EXPLAINED.items() if name in there}


def promise_view(promises: Mapping[str, Any]) -> PromiseView:
    """The rules in the order in which they need a look, and the table of departments."""
    ranked = sorted(promises["rules"], key=_rank)
    rules = ranked[:_RULES_SHOWN]
    found = promises["departments"] or {"rows": []}
    by_rule = {
        (row["department"], cell["rule"]): cell for row in found["rows"] for cell in row["rules"]
    }
    departments = [row["department"] for row in found["rows"]]
    if not any(name is not None for name in departments):
        departments = []
    cells = [[by_rule.get((name, rule["name"])) for name in departments] for rule in rules]
    shares = [
        each[name]
        for rule in rules
        for each in rule["windows"]
        for name in ("attainment_share", "target_share")
        if each[name] is not None
    ]
    return PromiseView(
        rules=rules,
        hidden_count=len(ranked) - len(rules),
        departments=departments,
        rows=[[(cell, _below(cell)) for cell in row] for row in cells],
        lowest=int(4 * min(shares, default=0)) / 4,
    )


def _rank(rule: Mapping[str, Any]) -> tuple[int, float]:
    return _WORST_FIRST.index(rule["standing"]), -_gap(rule)


def _gap(figures: Mapping[str, Any]) -> float:
    """How far below its target a share is; below 0 where it is above, 0 where it is not known."""
    if figures["attainment_share"] is None or figures["target_share"] is None:
        return 0.0
    return float(figures["target_share"] - figures["attainment_share"])


def _below(cell: Mapping[str, Any] | None) -> float:
    if cell is None or not cell["target_share"]:
        return 0.0
    part = max(0.0, _gap(cell)) / float(cell["target_share"])
    return round(_LITTLE * part, 3)


# Sentences -----------------------------------------------------------------------------------


def promises_kept(promises: Mapping[str, Any]) -> str:
    """Which promises are kept."""
    rules = promises["rules"]
    pending = sum(rule["pending_count"] or 0 for rule in rules)
    if not any(rule["decided_count"] for rule in rules):
        later = f"; {counted(pending, 'promise')} made and not yet due" if pending else ""
        return f"Of {counted(len(rules), 'rule')} nothing is decided yet{later}."
    missed = sorted((rule for rule in rules if rule["standing"] == "missed"), key=_rank)
    named = [
        f"{_quoted(rule['name'])} ({_kept_of(rule)}, target {share(rule['target_share'])})"
        for rule in missed[:_NAMED]
    ]
    if not named:
        return f"{_how_many(rules)}."
    more = len(missed) - len(named)
    rest = f" and {count(more)} more" if more else ""
    return (
        f"{_how_many(rules)}. Missed by more than chance would explain: {', '.join(named)}{rest}."
    )


_NAMED = 3


def _how_many(rules: Sequence[Mapping[str, Any]]) -> str:
    standings = [rule["standing"] for rule in rules]
    kept = standings.count("kept")
    if kept == len(rules):
        return "The one promise is kept" if kept == 1 else f"All {count(kept)} promises are kept"
    said = [
        f"{count(standings.count(name))} {'is' if standings.count(name) == 1 else 'are'} {words}"
        for name, words in (
            ("missed", "missed"),
            ("at risk", "below the target, maybe by chance"),
            ("too few to say", "too seldom decided to say"),
        )
        if name in standings
    ]
    of = f"{count(kept)} of {counted(len(rules), 'promise')} {'is' if kept == 1 else 'are'} kept"
    return ", ".join([of, *said])


def kept_or_not(rule: Mapping[str, Any]) -> str:
    """The share of one rule with what it rests on."""
    if rule["attainment_share"] is None:
        return "nothing decided"
    low, high = (100 * rule[name] for name in ("attainment_low", "attainment_high"))
    return (
        f"{low:.1f} to {high:.1f}% · {count(rule['met_count'])} of {count(rule['decided_count'])}"
    )


def budget_of(rule: Mapping[str, Any]) -> str:
    """How one rule went in its current window."""
    budget = rule["budget"]
    so_far = "" if budget["is_over"] else " so far"
    when = window_name(budget["window"], rule["window"])
    return f"{_capital(when)}: {_kept_of(budget)}{so_far}."


def over_time(rule: Mapping[str, Any]) -> str:
    """What the chart of one rule shows."""
    windows, period = rule["windows"], rule["window"]
    decided = [each for each in windows if each["attainment_share"] is not None]
    if not decided:
        return f"Nothing is decided in any {period} yet."
    last = decided[-1]
    text = f"{_reached(rule)}. {_capital(window_name(last['window'], period))}: {_kept_of(last)}"
    text += "" if last["is_over"] else " so far"
    if len(decided) == 1:
        return f"{text}."
    worst = min(decided, key=lambda each: (-_gap(each), each["window"]))
    if worst is last or _gap(worst) <= 0:
        return f"{text}."
    return f"{text}; the worst was {window_name(worst['window'], period)}, {_kept_of(worst)}."


def _reached(rule: Mapping[str, Any]) -> str:
    """In how many of the last windows a target was reached."""
    decided = [each for each in rule["windows"] if each["attainment_share"] is not None]
    reached = sum(_gap(each) <= _ROUNDING for each in decided)
    return f"Target reached in {count(reached)} of {counted(len(decided), rule['window'])}"


def where_worst(promises: Mapping[str, Any]) -> str:
    """Which department is furthest behind the others at which promise."""
    found = promises["departments"]
    named = [row for row in (found or {"rows": []})["rows"] if row["department"] is not None]
    if not named:
        return "No promise was made by a department that is known."
    whole = {rule["name"]: rule for rule in promises["rules"]}
    behind = [
        (_elsewhere(cell, whole[cell["rule"]]), row["department"], cell)
        for row in named
        for cell in row["rules"]
        if cell["standing"] == "missed"
    ]
    if not behind:
        return "No department misses a target by more than chance would explain."
    others, department, cell = max(
        behind,
        key=lambda each: (
            _gap(each[2]) if each[0] is None else each[0] - each[2]["attainment_share"]
        ),
    )
    against = "" if others is None else f", where all others together keep {share(others)}"
    return (
        f"The furthest behind is {_quoted(department)} at {_quoted(cell['rule'])}: "
        f"{_kept_of(cell)}{against}; the target is {share(cell['target_share'])}."
    )


def _elsewhere(cell: Mapping[str, Any], whole: Mapping[str, Any]) -> float | None:
    """The share kept by all but one department; None where there is nothing else."""
    decided = (whole["decided_count"] or 0) - cell["decided_count"]
    return (whole["met_count"] - cell["met_count"]) / decided if decided > 0 else None


def window_name(iso: str, period: str) -> str:
    """A window by its first day: "March 2024", "2nd quarter of 2024", "week from 4 March 2024"."""
    year = iso[:4]
    match period:
        case "month":
            return month(iso)
        case "quarter":
            return f"quarter {(int(iso[5:7]) + 2) // 3} of {year}"
        case "year":
            return year
        case "week":
            return f"week from {day(iso)}"
        case _:
            return day(iso)


def axis_name(iso: str, period: str) -> str:
    """A window as it is called on an axis, where little room is."""
    return day(iso) if period == "week" else window_name(iso, period)


def _kept_of(figures: Mapping[str, Any]) -> str:
    if figures["attainment_share"] is None:
        return "nothing decided"
    return f"{share(figures['attainment_share'])} of {count(figures['decided_count'])} kept"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _quoted(name: object) -> str:
    return f"“{shortened(name, limit=_NAME_LENGTH)}”"
