"""Intake: what became of the rows, and what the report does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custloyal.formats import count, counted, part_of, shortened
from custloyal.reporting.section import Answer, Headline, Listing, MappedSection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from custloyal.reporting.scope import Run

__all__ = ["Intake"]

_REASONS_SHOWN = 5
_WORDS = 3
_WORD_LENGTH = 40


class Intake(MappedSection):
    """What became of the rows, and what is not known."""

    name, title = "intake", "Intake"
    keys = ("as_of", "customers_count", "intake", "not_known")

    def figures(self, run: Run) -> Mapping[str, Any]:
        """What became of the rows, and how much of what is needed they lack."""
        felt = run.customers["good_count"] + run.customers["bad_count"]
        unknown = None
        if run.scope.has_amounts and "concentration" in run.readings:
            unknown = run.readings["concentration"].to_dicts()[0]["unknown_count"]
        return {
            "as_of": run.as_of.day.isoformat(),
            "customers_count": run.customers_count,
            "intake": run.intake,
            "not_known": {
                "no_evidence_count": int((felt == 0).sum()),
                "has_amounts": run.scope.has_amounts,
                "amounts_count": unknown,
            },
        }

    def words(self, figures: Mapping[str, Any]) -> dict[str, str]:
        """What became of the rows."""
        return {"rows": rows(figures)}

    def headlines(self, figures: Mapping[str, Any]) -> list[Headline]:
        """How many customers there are."""
        of = counted(figures["intake"]["accepted"], "interaction")
        return [Headline("Customers", count(figures["customers_count"]), of, "stages", rank=10)]

    def answers(self, figures: Mapping[str, Any]) -> list[Answer]:
        """What is not known."""
        return [Answer("What is not known", unknown(figures), rank=90)]

    def lines(self, figures: Mapping[str, Any]) -> list[tuple[str, str]]:
        """What became of the rows, and what is not known."""
        return [("Rows", rows(figures)), ("Not known", unknown(figures))]

    def listing(self, figures: Mapping[str, Any]) -> Listing:
        """Why rows were rejected."""
        rejected = figures["intake"]["rejected"]
        shown = [(row["reason"], count(row["count"])) for row in rejected[:_REASONS_SHOWN]]
        rest = rejected[_REASONS_SHOWN:]
        if rest:
            shown.append((f"{len(rest)} more", count(sum(row["count"] for row in rest))))
        return Listing("Rejected rows", ("reason", "rows"), shown, frozenset({"rows"}))


def rows(figures: Mapping[str, Any]) -> str:
    """What became of the rows."""
    said = figures["intake"]
    rejected = _rejected(figures)
    if not said["given"]:
        return "No row was given."
    if said["given"] == said["accepted"] == 1:
        return "The one row that was given was accepted."
    if said["given"] == said["accepted"]:
        return f"All {counted(said['given'], 'row')} that were given were accepted."
    return (
        f"Of {counted(said['given'], 'row')} that were given, "
        f"{part_of(said['accepted'], said['given'])} were accepted; {count(rejected)} were "
        "rejected, "
        f"{count(said['duplicates'])} were duplicates and {count(said['folded_lines'])} were lines "
        "added to another row of their purchase."
    )


def unknown(figures: Mapping[str, Any]) -> str:
    """What the report does not know."""
    said, customers = figures["intake"], figures["customers_count"] or 0
    rejected = _rejected(figures)
    strange = sum(each["count"] or 0 for each in said["unmapped"])
    lacks = figures["not_known"]
    silent, missing = lacks["no_evidence_count"], lacks["amounts_count"]
    facts = [
        (said["unseen"], f"{counted(said['unseen'], 'interaction')} later than the report's day"),
        (rejected, f"{counted(rejected, 'row')} that could not be read or were ruled out"),
        (
            said["without_customer"],
            f"{counted(said['without_customer'], 'interaction')} without a customer",
        ),
        (strange, f"what {counted(strange, 'row')} were: {_words(said['unmapped'])}"),
        (silent, f"how anything felt to {part_of(silent, customers)} of the customers"),
    ]
    if not lacks["has_amounts"]:
        facts.append((1, "all amounts"))
    else:
        facts.append((missing, f"the amount of {counted(missing, 'purchase')}"))
    known = [text for number, text in facts if number]
    return _sentence("; ".join(known)) + "." if known else "No row and no amount is missing."


def _words(unmapped: Sequence[Mapping[str, Any]]) -> str:
    """Words that are no kind, as far as they fit into a sentence."""
    named = [
        f'"{shortened(each["word"], limit=_WORD_LENGTH)}"' if each["word"] else "an empty kind"
        for each in unmapped[:_WORDS]
    ]
    more = len(unmapped) - len(named)
    more_words = f" and {counted(more, 'other word')}" if more > 0 else ""
    verb = "is" if len(unmapped) == 1 else "are"
    return f"{', '.join(named)}{more_words} {verb} no kind (name them under [kinds])"


def _rejected(figures: Mapping[str, Any]) -> int:
    return sum(each["count"] or 0 for each in figures["intake"]["rejected"])


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
