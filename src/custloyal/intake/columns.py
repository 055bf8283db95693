"""The intake: a user's own rows become rows of the table of interactions, or are told why not.

Mistakes of structure (a missing column, a wrong type) raise one error with all of them. Mistakes
of single rows never raise and are never silent: such a row is rejected under a reason.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import attrs
import narwhals as nw

from custloyal.columns import CANONICAL, PLACE, REQUIRED, ColumnType
from custloyal.engines import Table
from custloyal.errors import DataError, MissingColumnError, Mistake, nearest
from custloyal.intake.mapping import arithmetic, columns_of
from custloyal.models import Initiator, Kind, Phase, SurveyKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from narwhals.dtypes import DType

    from custloyal.engines import Engine
    from custloyal.intake.mapping import IntakeMapping

__all__ = [
    "MEND",
    "REASON",
    "WORD",
    "Normalised",
    "amount_reasons",
    "normalised",
    "with_ids",
    "with_reasons",
]

REASON = "_reason"
"""Why a row is rejected; null where it is not."""
WORD = "_word"
"""What the kind column said where that is no kind."""

_OPPOSITE_SIGN = "a purchase with an amount below 0"
_VOCABULARIES = {"phase": Phase, "initiated_by": Initiator, "survey_kind": SurveyKind}
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")
_RANGES = {"outcome": (-1.0, 1.0), "severity": (0.0, None)}
_OFFSET = r":\d\d[\d:.]*\s*([Zz]|[+-]\d\d(:?\d\d)?)\s*$"
MEND = "name the zone: timezone='Europe/London', or 'UTC'"

Reasons = list[tuple[nw.Expr, str]]


@attrs.frozen
class Normalised:
    """The user's rows under our names and types, before any is left out.

    Args:
        table: The rows, with a reason where one is to be rejected, and their place if asked for.
        columns: The names of what they hold.
    """

    table: Table
    columns: tuple[str, ...]


def normalised(
    table: Table, engine: Engine, mapping: IntakeMapping, *, placed: bool, eager: bool
) -> Normalised:
    """The user's rows under our names, with our types, and with reasons for rejection.

    Args:
        table: The user's rows.
        engine: The engine that holds them.
        mapping: What they mean.
        placed: Whether to number the rows; DuckDB would do so even where nobody looks.
        eager: Whether a look at the rows is cheap.

    Raises:
        DataError: With all mistakes of structure.
    """
    schema = dict(table.collect_schema())
    _check_names(schema, mapping)
    named = {*mapping.sources, mapping.order}
    schema = {n: t for n, t in schema.items() if not n.startswith("_") or n in named}
    table = table.select(*schema)
    sources = _sources(schema, mapping)
    if placed:
        table = engine.with_place(table, PLACE)

    texts = [name for name in _numbers_wanted(mapping, schema) if _is_text(schema[name])]
    table = _with_numbers(table, engine, texts)
    # What was text is compared as the text that it was, beside the number that it became.
    kept = {name: _kept_text(name) for name in texts}
    reasons: Reasons = [
        (each.holds(schema, kept), each.reason or str(each)) for each in mapping.drop_when
    ]
    reasons += [(nw.col(_broken(name)), f"{name} is not a number") for name in texts]

    measures = [name for name in schema if _is_measure(name, mapping)]
    kind = sources["kind"]
    for condition in reversed(mapping.kind_when):
        kind = (
            nw.when(condition.holds(schema, kept))
            .then(nw.lit(condition.kind.value))
            .otherwise(kind.cast(nw.String))
        )
    ours = {**sources, "kind": kind.cast(nw.String)}
    others = [*measures, PLACE] if placed else measures
    table = with_reasons(table, reasons).select(*others, REASON, **ours)
    return _typed(table, engine, mapping, tuple(measures), eager=eager)


def with_reasons(table: Table, reasons: Reasons) -> Table:
    """The rows with the first reason that holds, after those that they have already."""
    said = nw.col(REASON) if REASON in table.collect_schema() else nw.lit(None, dtype=nw.String)
    for condition, reason in reversed(reasons):
        said = nw.when(condition).then(nw.lit(reason)).otherwise(said)
    if REASON in table.collect_schema():
        said = nw.coalesce(nw.col(REASON), said)
    return table.with_columns(said.alias(REASON))


_MOST = 1e15
"""Above it a float no longer holds cents."""


def amount_reasons(columns: tuple[str, ...]) -> Reasons:
    """The reasons that look at whole purchases, so after lines are added up."""
    if "amount" not in columns:
        return []
    bought = nw.col("kind") == Kind.PURCHASE.value
    return [(bought & (nw.col("amount") < 0), _OPPOSITE_SIGN)]


# Structure -----------------------------------------------------------------------------------


def _check_names(schema: Mapping[str, DType], mapping: IntakeMapping) -> None:
    missing = [
        Mistake(
            name, "is named by the mapping and is no column of the table", nearest(name, schema)
        )
        for name in sorted(mapping.sources - set(schema))
    ]
    said = {*schema, *mapping.columns, *mapping.constants, *mapping.derive}
    if mapping.kind_when:
        said.add("kind")
    missing += [
        Mistake(name, "is missing from the table", _how_to_name(name, schema))
        for name in REQUIRED
        if name not in said
    ]
    if missing:
        raise MissingColumnError(missing)


def _how_to_name(name: str, schema: Mapping[str, DType]) -> str:
    near = nearest(name, schema)
    theirs = near.split("'")[1] if near.startswith("did") else "..."
    if name == "kind":
        return f"columns={{'kind': '{theirs}'}}, or constants={{'kind': 'purchase'}}"
    return f"columns={{'{name}': '{theirs}'}}"


def _sources(schema: Mapping[str, DType], mapping: IntakeMapping) -> dict[str, nw.Expr]:
    """What each of our columns is made of."""
    own = {name: nw.col(name) for name in CANONICAL if name in schema}
    return {
        "kind": nw.lit(Kind.OTHER.value),
        **own,
        **{name: nw.col(theirs) for name, theirs in mapping.columns.items()},
        **{name: nw.lit(value) for name, value in mapping.constants.items()},
        **{name: arithmetic(text) for name, text in mapping.derive.items()},
    }


def _is_measure(name: str, mapping: IntakeMapping) -> bool:
    """Whether a column stays under the user's own name.

    Names that begin with an underscore are ours. DuckDB takes `Amount` and `amount` for one name,
    so a column that differs from one of ours in case only is no measure on any engine.
    """
    if name == mapping.order:
        return True
    taken = {each.casefold() for each in (*CANONICAL, *mapping.columns.values())}
    return not name.startswith("_") and name.casefold() not in taken


# Types ---------------------------------------------------------------------------------------


def _is_text(dtype: DType) -> bool:
    return isinstance(dtype, nw.String | nw.Categorical | nw.Enum)


def _numbers_wanted(mapping: IntakeMapping, schema: Mapping[str, DType]) -> list[str]:
    """The user's columns that have to be numbers."""
    ours = (name for name, type_ in CANONICAL.items() if type_ is ColumnType.NUMBER)
    plain = [mapping.columns.get(name, name) for name in ours]
    derived = [name for text in mapping.derive.values() for name in columns_of(text)]
    compared = [name for each in (*mapping.kind_when, *mapping.drop_when) for name in each.numbers]
    return [name for name in dict.fromkeys([*plain, *derived, *compared]) if name in schema]


def _broken(name: str) -> str:
    return f"{name} is broken"


def _kept_text(name: str) -> str:
    return f"{name} as text"


def _with_numbers(table: Table, engine: Engine, texts: list[str]) -> Table:
    """Columns of text as numbers, each beside a column that says where it was none."""
    for name in texts:
        text = nw.col(name).cast(nw.String).str.strip_chars()
        table = engine.with_numbers(table.with_columns(text.alias(_kept_text(name))), column=name)
        written = nw.col(_kept_text(name)).str.len_chars() > 0
        table = table.with_columns((written & nw.col(name).is_null()).alias(_broken(name)))
    return table


def _typed(
    table: Table,
    engine: Engine,
    mapping: IntakeMapping,
    measures: tuple[str, ...],
    *,
    eager: bool,
) -> Normalised:
    schema = dict(table.collect_schema())
    ours = [name for name in CANONICAL if name in schema]
    mistakes = [*_type_mistakes(schema, ours, mapping)]
    if mistakes:
        raise DataError(mistakes)
    reasons: Reasons = []
    for name in ours:
        dtype, type_ = schema[name], CANONICAL[name]
        if name == "occurred_at":
            table = _with_times(table, engine, dtype, mapping)
            reasons.append((nw.col(name).is_null(), "occurred_at is missing or is no time"))
        elif type_ is ColumnType.ID:
            table, broken = with_ids(table, name, dtype)
            reasons += broken
        elif type_ is ColumnType.NUMBER:
            table = table.with_columns(nw.col(name).cast(nw.Float64))
            reasons += _number_reasons(name)
        elif type_ is ColumnType.FLAG:
            table, broken = _with_flags(table, name, dtype)
            reasons += broken
        elif name != "kind" and name not in _VOCABULARIES:
            table = table.with_columns(nw.col(name).cast(nw.String))
    seen = _seen(table, engine) if eager else None
    table = _with_kinds(table, engine, mapping, seen)
    for name, vocabulary in _VOCABULARIES.items():
        if name in ours:
            words = [word.value for word in vocabulary]
            table = engine.with_words(
                table.with_columns(nw.col(name).cast(nw.String)),
                column=name,
                vocabulary=words,
                words=dict(zip(words, words, strict=True)),
                otherwise=None,
                seen=None,
            )
    table = with_reasons(table, reasons)
    return Normalised(table, (*ours, *measures))


def _type_mistakes(
    schema: Mapping[str, DType], ours: list[str], mapping: IntakeMapping
) -> Iterator[Mistake]:
    for name in ours:
        dtype, type_ = schema[name], CANONICAL[name]
        if dtype == nw.Unknown:  # a column of nulls only
            continue
        if type_ is ColumnType.TIME:
            if isinstance(dtype, nw.Datetime) and dtype.time_zone is None and not mapping.timezone:
                yield Mistake(name, "has no time zone", MEND)
            elif not (_is_text(dtype) or isinstance(dtype, nw.Datetime | nw.Date)):
                mend = "convert them to timestamps first" if dtype.is_numeric() else ""
                yield Mistake(name, f"holds {dtype}, must hold {type_}", mend)
        elif (
            (type_ is ColumnType.NUMBER and not dtype.is_numeric())
            or (type_ is ColumnType.FLAG and dtype != nw.Boolean)
            or (type_ is ColumnType.ID and not (_is_text(dtype) or dtype.is_numeric()))
            or (
                type_ is ColumnType.TEXT
                and isinstance(dtype, nw.List | nw.Array | nw.Struct | nw.Object)
            )
        ):
            yield Mistake(name, f"holds {dtype}, must hold {type_}")
    order = mapping.order
    if order is not None and order in schema and not _orders(schema[order]):
        yield Mistake("order", f"{order!r} holds {schema[order]}, must hold numbers or times")


def _orders(dtype: DType) -> bool:
    return dtype.is_numeric() or isinstance(dtype, nw.Datetime | nw.Date)


def _with_times(table: Table, engine: Engine, dtype: DType, mapping: IntakeMapping) -> Table:
    name, zone = "occurred_at", mapping.timezone
    if not _is_text(dtype):
        return engine.with_utc(table, column=name, timezone=zone)
    table = table.with_columns(nw.col(name).cast(nw.String))
    if zone is None:
        _refuse_zoneless(table, engine, mapping)
    return engine.with_parsed_times(
        table, column=name, timezone=zone, time_format=mapping.time_format
    )


def _refuse_zoneless(table: Table, engine: Engine, mapping: IntakeMapping) -> None:
    """Texts with a time of day and no offset need a zone, as timestamps without one do."""
    if "%z" in (mapping.time_format or ""):
        return
    if PLACE not in table.collect_schema():
        table = engine.with_place(table, PLACE)
    text = nw.col("occurred_at")
    zoneless = text.str.contains(r"\d:\d\d") & ~text.str.contains(_OFFSET)
    condition = zoneless if mapping.time_format is None else ~text.is_null()
    found = table.select(PLACE, "occurred_at").filter(condition).head(1).collect("polars")
    if len(found):
        row, written = int(found[PLACE][0]) + 1, found["occurred_at"][0]
        place = f"{written!r} in row {row} has no time zone"
        raise DataError(Mistake("occurred_at", place, MEND))


def with_ids(table: Table, name: str, dtype: DType) -> tuple[Table, Reasons]:
    """Ids as text or whole numbers; `12345.0`, the trace of a missing value, is 12345."""
    column = nw.col(name)
    if dtype.is_integer():
        return table.with_columns(column.cast(nw.Int64)), []
    if dtype.is_numeric():
        number = column.cast(nw.Float64)
        whole = number.is_finite() & (number == number.floor()) & (number.abs() < 2.0**63)
        broken = ~number.is_null() & ~number.is_nan() & ~whole
        marked = table.with_columns(
            broken.alias(_broken(name)), nw.when(whole).then(number).cast(nw.Int64).alias(name)
        )
        return marked, [(nw.col(_broken(name)), f"{name} is not a whole number")]
    text = column.cast(nw.String).str.strip_chars()
    # Engines write back-references differently, so the end is cut off where the whole matches.
    whole = text.str.contains(r"^\d+\.0$")
    bare = nw.when(whole).then(text.str.replace_all(r"\.0$", "")).otherwise(text)
    return table.with_columns(nw.when(bare.str.len_chars() > 0).then(bare).alias(name)), []


def _with_flags(table: Table, name: str, dtype: DType) -> tuple[Table, Reasons]:
    """True or false, also where a file writes them as words."""
    if not _is_text(dtype):
        return table.with_columns(nw.col(name).cast(nw.Boolean)), []
    text = nw.col(name).cast(nw.String).str.strip_chars().str.to_lowercase()
    yes, no = one_of(text, _YES), one_of(text, _NO)
    flag = nw.when(yes | no).then(yes)
    marked = table.with_columns(
        flag.alias(name), ((text.str.len_chars() > 0) & ~(yes | no)).alias(_broken(name))
    )
    return marked, [(nw.col(_broken(name)), f"{name} is neither true nor false")]


def _number_reasons(name: str) -> Reasons:
    column = nw.col(name)
    reasons: Reasons = [(~column.is_finite(), f"{name} is not finite")]
    if name.endswith("amount"):
        reasons.append((column.abs() > _MOST, f"{name} is beyond {_MOST:.0e}"))
    low, high = _RANGES.get(name, (None, None))
    if low is not None:
        reasons.append((column < low, f"{name} is below {low:g}"))
    if high is not None:
        reasons.append((column > high, f"{name} is above {high:g}"))
    return reasons


def _with_kinds(
    table: Table, engine: Engine, mapping: IntakeMapping, seen: list[str | None] | None
) -> Table:
    """Kinds in place of the user's own words, which are kept where they are none."""
    words = {kind.value: kind.value for kind in Kind} | dict(mapping.kinds)
    text, other = nw.col("kind"), Kind.OTHER.value
    if seen is None:
        text = text.str.strip_chars()
        unmapped = ~text.fill_null("").is_in(list(words))
    else:
        meant = {each: words.get((each or "").strip(), other) for each in seen}
        strange = [each for each in seen if (each or "").strip() not in words]
        unmapped = one_of(text.fill_null(""), [each or "" for each in strange])
        words = {each: word for each, word in meant.items() if each is not None}
    table = table.with_columns(
        text.alias("kind"), nw.when(unmapped).then(text.fill_null("")).alias(WORD)
    )
    return engine.with_words(
        table,
        column="kind",
        vocabulary=[kind.value for kind in Kind],
        words=words,
        otherwise=other,
        seen=seen,
    )


def _seen(table: Table, engine: Engine) -> list[str | None]:
    return engine.group(table.select("kind"), ["kind"], {}).collect("polars")["kind"].to_list()


def one_of(column: nw.Expr, words: Iterable[str]) -> nw.Expr:
    """Whether a column holds one of some words, as comparisons: `is_in` searches a list a row."""
    return reduce(or_, [column == word for word in words], nw.lit(value=False))
