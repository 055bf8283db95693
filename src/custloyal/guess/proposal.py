"""A mapping proposed from what is seen, written as a file to edit."""

from __future__ import annotations

from collections.abc import Mapping
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import attrs
import tomli_w

from custloyal.columns import CANONICAL, ColumnType
from custloyal.guess.names import (
    COLUMN_NAMES,
    DOUBTS,
    KIND_WORDS,
    QUANTITY,
    STATES,
    UNIT_PRICE,
    bare,
)
from custloyal.models import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from custloyal.guess.looks import ColumnLook

__all__ = ["Guess", "guessed"]

_KINDS = {bare(kind.value): kind.value for kind in Kind} | dict(KIND_WORDS)
_LEAST_KNOWN_WORDS = 0.3
"""The share of words that must be understood for a column to say the kind."""
_MOST_KNOWN = 0.99
"""The share of rows that bear a time for it to be that of the rows."""
_WORDS_SHOWN = 5
_LONG = 4
"""Names of fewer letters are found alone, not inside other names."""
_ENDINGS = ("id", "no", "nr", "num", "number", "code", "key", "ref", "name")


@attrs.frozen(kw_only=True)
class Guess:
    """A mapping as far as the data tell.

    Args:
        columns: For our column the user's, as far as they were found.
        derive_amount: The amount as arithmetic over columns; None where it is a column or unknown.
        kind_column_words: For each word of the kind column the kind it means, or None.
        return_when: The condition under which a row is a return; None where none shows.
        time_format: As for `IntakeMapping`.
        needs_zone: Whether the times bear no zone of their own.
        lines: Whether several rows make one purchase.
        notes: For our column what an editor should know.
    """

    columns: Mapping[str, str]
    derive_amount: str | None
    kind_column_words: Mapping[str, str | None]
    return_when: Mapping[str, Any] | None
    time_format: str | None
    needs_zone: bool
    lines: bool
    notes: Mapping[str, str]

    @property
    def missing(self) -> tuple[str, ...]:
        """The required columns that were not found."""
        return tuple(name for name in ("customer_id", "occurred_at") if name not in self.columns)

    def to_toml(self) -> str:
        """The mapping as a TOML file with comments for who edits it."""
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield "# What the columns of the table mean. Guessed from its first rows: please check."
        yield ""
        zone = (
            "the zone of the times, and of days; CHANGE IT to yours, such as 'Europe/London'"
            if self.needs_zone
            else "the zone in which days are counted (the times bear their own); change it to yours"
        )
        yield f"# {zone}"
        yield _entry("timezone", "UTC")
        if self.time_format is not None:
            yield _entry("time_format", self.time_format) + self._note("time_format")
        if self.lines:
            yield _entry("lines", value=True) + "  # rows of one interaction_id are one purchase"
        yield ""
        yield "[columns]  # ours = yours"
        for name in self.missing:
            yield f'# {name} = "..."  # NOT FOUND: name the column here'
        for name, theirs in self.columns.items():
            yield _entry(name, theirs) + self._note(name)
        if "kind" not in self.columns:
            yield ""
            yield "[constants]"
            yield _entry("kind", "purchase") + self._note("kind")
        yield ""
        if self.derive_amount is not None:
            yield "[derive]"
            yield _entry("amount", self.derive_amount)
        elif "amount" not in self.columns:
            yield "# [derive]"
            yield '# amount = "Quantity * UnitPrice"' + self._note("amount")
        yield from self._kind_lines()
        if self.return_when is not None:
            yield ""
            yield "[[kind_when]]"
            yield from (_entry(name, value) for name, value in self.return_when.items())
        yield ""
        yield "# [[drop_when]]  # rows to leave out; they are counted under the reason"
        yield '# column = "..."'
        yield "# below = 0.01"
        yield '# reason = "..."'

    def _kind_lines(self) -> Iterator[str]:
        if not self.kind_column_words:
            return
        yield ""
        yield "[kinds]  # your words = ours: " + ", ".join(Kind)
        for word, kind in self.kind_column_words.items():
            if kind is None:
                yield f"# {_entry(word, 'other')}  # not understood: choose one"
            elif word != kind:
                doubt = DOUBTS.get(bare(word))
                yield _entry(word, kind) + (f"  # {doubt}" if doubt else "")

    def _note(self, name: str) -> str:
        return f"  # {self.notes[name]}" if name in self.notes else ""


def guessed(looks: Sequence[ColumnLook]) -> Guess:
    """Propose a mapping from what is seen of the columns.

    Args:
        looks: What is seen, by `looked_at`.

    Returns:
        The proposal; what was not found is left out and named in the file.

    Example:
        >>> import polars as pl
        >>> from custloyal.guess import looked_at
        >>> table = pl.DataFrame({"Client": ["a", "a"], "Date": ["2024-05-01", "2024-05-02"]})
        >>> dict(guessed(looked_at(table)).columns)
        {'customer_id': 'Client', 'occurred_at': 'Date'}
    """
    free = [look for look in looks if look.known_count]
    found: dict[str, ColumnLook] = {}

    def find(name: str, names: Sequence[str], fits: Callable[[ColumnLook], bool]) -> None:
        look = _named([look for look in free if fits(look)], names)
        if look is not None:
            found[name] = look
            free.remove(look)

    times = [look for look in free if look.time is not None]
    own = _of_rows(times)
    find("occurred_at", COLUMN_NAMES["occurred_at"], lambda look: look.name in own)
    find("customer_id", COLUMN_NAMES["customer_id"], _can_be_id)
    find("interaction_id", COLUMN_NAMES["interaction_id"], _can_be_id)
    find("case_id", COLUMN_NAMES["case_id"], _can_be_id)
    for name in ("channel", "department", "agent_id"):
        find(name, COLUMN_NAMES[name], lambda look, name=name: _has_type(look, CANONICAL[name]))  # type: ignore[misc]
    find("kind", COLUMN_NAMES["kind"], _says_kinds)
    _find_by_shape(found, free, own)
    _find_repeated_ids(found)
    find("amount", COLUMN_NAMES["amount"], lambda look: look.is_number)
    factors: list[ColumnLook] = []
    if "amount" not in found:
        for name, names in (("quantity", QUANTITY), ("price", UNIT_PRICE)):
            find(name, names, lambda look: look.is_number and "`" not in look.name)
        factors = [found.pop(name) for name in ("quantity", "price") if name in found]
        if len(factors) == 1 and bare(factors[0].name) in UNIT_PRICE:
            found["amount"], factors = factors[0], []
    if "amount" not in found and not _can_multiply(factors):
        # Rows without money may be anything: better their own words, to be translated, than sales.
        find("kind", (*COLUMN_NAMES["kind"], *STATES), lambda look: bool(look.words))
        _find_repeated_ids(found)
    for look in list(free):
        ours = next((each for each in CANONICAL if bare(each) == bare(look.name)), None)
        if ours is not None and ours not in found and _has_type(look, CANONICAL[ours]):
            found[ours] = look
    factors = factors if _can_multiply(factors) else []
    doubts = _doubts(found, times, [look for look in free if look.words])
    return _guess(found, factors, looks, doubts)


def _of_rows(times: Sequence[ColumnLook]) -> set[str]:
    """The times that can be those of the rows: rarely missing, and no fewer than the rows tell.

    The log of a case bears on each row when the case was opened, and when the row was written.
    """
    known = [look for look in times if look.known_count >= _MOST_KNOWN * look.rows_count] or times
    most = max((look.distinct_count for look in known), default=0)
    return {look.name for look in known if 2 * look.distinct_count > most}


def _doubts(
    found: Mapping[str, ColumnLook], times: Sequence[ColumnLook], worded: Sequence[ColumnLook]
) -> dict[str, str]:
    """What else a column of ours may be, for who edits the file."""
    doubts: dict[str, str] = {}
    others = [look.name for look in times if look is not found.get("occurred_at")]
    if others and "occurred_at" in found:
        listed = ", ".join(map(_one_line, others))
        doubts["occurred_at"] = f"CHECK: when did the row happen? There are also {listed}"
    said = _named(worded, COLUMN_NAMES["kind"])
    if "kind" not in found and said is not None:
        words = ", ".join(map(_one_line, said.words[:_WORDS_SHOWN]))
        name = _one_line(said.name)
        doubts["kind"] = f"CHECK: {name} may say what each row is ({words}): kind = its name above"
    return doubts


def _guess(
    found: Mapping[str, ColumnLook],
    factors: Sequence[ColumnLook],
    looks: Sequence[ColumnLook],
    doubts: Mapping[str, str],
) -> Guess:
    time = found["occurred_at"].time if "occurred_at" in found else None
    words = found["kind"].words if "kind" in found else ()
    invoice = found.get("interaction_id")
    notes = {name: _examples(look) for name, look in found.items() if look.examples}
    if time is not None and time.other_format is not None:
        notes["time_format"] = f"CHECK: {time.other_format} reads the times as well"
    commas = [look.name for look in looks if look.has_decimal_comma]
    if commas:
        listed = ", ".join(_one_line(name) for name in commas)
        notes["amount"] = f"{listed}: written with decimal commas; export them with points"
    if "kind" not in found:
        has_amounts = "amount" in found or factors
        doubt = "CHECK: without amounts these may be no purchases"
        notes["kind"] = "what every row is, unless a condition says more" if has_amounts else doubt
    notes |= doubts
    ordered = [name for name in CANONICAL if name in found]
    return Guess(
        columns={name: found[name].name for name in ordered},
        derive_amount=" * ".join(_operand(look.name) for look in factors) or None,
        kind_column_words={word: _KINDS.get(bare(word)) for word in words},
        return_when=_return_when(found, factors),
        time_format=None if time is None else time.time_format,
        needs_zone=time is None or not time.has_zone,
        lines=invoice is not None and invoice.repeats and "kind" not in found,
        notes=notes,
    )


def _can_multiply(factors: Sequence[ColumnLook]) -> bool:
    return len(factors) > 1


# Finding -------------------------------------------------------------------------------------


def _named(looks: Sequence[ColumnLook], names: Sequence[str]) -> ColumnLook | None:
    """The column with the most telling name: a name itself, else one that holds it."""
    bared = [(look, bare(look.name)) for look in looks]
    for name in names:
        for look, own in bared:
            if own == name:
                return look
    for name in names:
        for look, own in bared:
            if len(name) >= _LONG and (own.endswith(name) or _is_numbered(own, name)):
                return look
    return None


def _is_numbered(own: str, name: str) -> bool:
    return own.startswith(name) and own.removeprefix(name) in _ENDINGS


def _find_by_shape(
    found: dict[str, ColumnLook], free: list[ColumnLook], times: Collection[str]
) -> None:
    """Where no name tells: the first times, and the first ids that come back."""
    shapes: dict[str, Callable[[ColumnLook], bool]] = {
        "occurred_at": lambda look: look.name in times and look.holds != "whole numbers",
        "customer_id": lambda look: (
            look.is_key and look.repeats and bare(look.name).endswith(("id", "no", "name"))
        ),
    }
    for name, has_shape in shapes.items():
        look = next((look for look in free if has_shape(look)), None)
        if name not in found and look is not None:
            found[name] = look
            free.remove(look)


def _find_repeated_ids(found: dict[str, ColumnLook]) -> None:
    """An id on several rows of several kinds groups them: it is a case."""
    look = found.get("interaction_id")
    if look is not None and look.repeats and "kind" in found:
        del found["interaction_id"]
        found.setdefault("case_id", look)


def _can_be_id(look: ColumnLook) -> bool:
    return look.time is None and look.holds in {"text", "whole numbers", "numbers"}


def _says_kinds(look: ColumnLook) -> bool:
    if not look.words:
        return False
    known = sum(bare(word) in _KINDS for word in look.words)
    return known >= _LEAST_KNOWN_WORDS * len(look.words)


def _has_type(look: ColumnLook, type_: ColumnType) -> bool:
    return {
        ColumnType.NUMBER: look.is_number,
        ColumnType.FLAG: look.holds == "true or false",
        ColumnType.TIME: look.time is not None,
        ColumnType.ID: _can_be_id(look),
        ColumnType.TEXT: look.holds == "text",
    }[type_]


def _return_when(
    found: Mapping[str, ColumnLook], factors: Sequence[ColumnLook]
) -> Mapping[str, Any] | None:
    """Credit notes are numbered with a C; elsewhere what is below 0 came back."""
    invoice = found.get("interaction_id")
    if "kind" in found:
        return None
    if invoice is not None and 0 < invoice.credit_note_count < invoice.known_count:
        return {"column": invoice.name, "prefix": "C", "kind": "return"}
    amounts = [*factors, *([found["amount"]] if "amount" in found else [])]
    negative = [look for look in amounts if look.negative_count]
    return {"column": negative[0].name, "below": 0, "kind": "return"} if negative else None


# Writing -------------------------------------------------------------------------------------


def _entry(name: str, value: object) -> str:
    return tomli_w.dumps({name: value}).strip()


def _operand(name: str) -> str:
    is_plain = name.isascii() and name.isidentifier() and not iskeyword(name)
    return name if is_plain else f"`{name}`"


def _examples(look: ColumnLook) -> str:
    return "such as " + ", ".join(_one_line(each) for each in look.examples)


def _one_line(text: str, longest: int = 30) -> str:
    shown = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(each if each.isprintable() else "?" for each in shown)
