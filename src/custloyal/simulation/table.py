"""From blocks of rows, with places for words, to one frame in the order of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from custloyal.models import Initiator, Kind, Phase, SurveyKind
from custloyal.simulation.staff import DEPARTMENTS, TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from custloyal.simulation.arrays import Flags, Floats, Ints
    from custloyal.simulation.world import Presence

__all__ = [
    "CATEGORIES",
    "CHANNELS",
    "Block",
    "Names",
    "block",
    "either",
    "frame",
    "only",
    "placed",
    "polars_frame",
    "times",
    "whole",
    "words",
]

Block: TypeAlias = dict[str, NDArray[Any]]
"""Rows: for each column an array; places of words, -1 for none; seconds for times."""

CATEGORIES = ("coffee", "machines", "grinders", "accessories", "tea", "gifts")
CHANNELS = ("phone", "email", "chat", "shop", "website", "advertisement", "mail")
_MATTERS = ("newsletter", "win-back", "loyalty", "recommendation", "improvement")

_WORDS: dict[str, tuple[str, ...]] = {
    "kind": tuple(kind.value for kind in Kind),
    "channel": CHANNELS,
    "department": DEPARTMENTS,
    "touch_point": ("website", "counter", "call", "message", "parcel", "invoice", "advertisement"),
    "topic": (*(topic for topics in TOPICS for topic in topics), *_MATTERS),
    "category": CATEGORIES,
    "initiated_by": tuple(each.value for each in Initiator),
    "phase": tuple(phase.value for phase in Phase),
    "survey_kind": tuple(each.value for each in SurveyKind),
    "purpose": ("newsletter",),
    "currency": ("EUR",),
}
_IDS = {
    "customer_id": "customer",
    "referred_customer_id": "customer",
    "agent_id": "agent",
    "case_id": "case",
}
_FLAGS = ("granted", "incentivised")
_AMOUNTS = ("amount", "list_amount", "margin_amount")
_RATINGS = ("outcome", "severity", "rating", "rating_min", "rating_max")
_COUNTS = ("rings", "wait_s", "handle_s", "first_response_s", "resolution_s")
_PHASE_OF_KIND = np.array([tuple(Phase).index(kind.phase) for kind in Kind])
_CUSTOMER = tuple(Initiator).index(Initiator.CUSTOMER)
_COLUMNS = (
    *("customer_id", "occurred_at", "kind", "case_id", "channel", "department", "agent_id"),
    *("touch_point", "topic", "category", "initiated_by", "phase", *_AMOUNTS, "currency"),
    *(*_RATINGS, "survey_kind", "purpose", "granted", "referred_customer_id", "incentivised"),
    *_COUNTS,
)


def block(**columns: Any) -> Block:
    """Rows from columns, of which one word or number may stand for all rows.

    Example:
        >>> rows = block(customer_id=np.array([0, 1]), kind="visit", amount=1.5)
        >>> rows["amount"].tolist()
        [1.5, 1.5]
    """
    size = len(np.asarray(columns["customer_id"]))
    rows: Block = {}
    for name, given in columns.items():
        value = _WORDS[name].index(given) if isinstance(given, str) else given
        rows[name] = np.broadcast_to(np.asarray(value), size)
    return rows


def only(rows: Block, which: Flags) -> Block:
    """The rows that a mask names."""
    return {name: values[which] for name, values in rows.items()}


def either(name: str, condition: Flags, yes: str, no: str) -> Ints:
    """For each condition the place of one word of a column or of the other."""
    return np.where(condition, _WORDS[name].index(yes), _WORDS[name].index(no))


def words(name: str, *these: str) -> Ints:
    """The places of some words of a column."""
    return np.array([_WORDS[name].index(word) for word in these])


def whole(values: Floats) -> Floats:
    """Numbers without their fractions, at least 1: whole seconds."""
    return np.maximum(np.floor(values), 1.0)


@attrs.frozen(eq=False)
class Names:
    """The texts of ids, by place.

    Args:
        customer: Of customers.
        agent: Of agents.
        case: Of orders, and after them of cases.
    """

    customer: nw.Series[Any]
    agent: nw.Series[Any]
    case: nw.Series[Any]

    @classmethod
    def of(cls, *, customers: int, agents: int, orders: int, cases: int) -> Names:
        """Names for so many of each."""
        both = [_ids("order-", orders).to_frame(), _ids("case-", cases).to_frame()]
        case = nw.concat(both)["id"]
        return cls(customer=_ids("customer-", customers), agent=_ids("agent-", agents), case=case)


def placed(name: str, vocabulary: Sequence[Any], places: Ints) -> nw.Series[Any]:
    """The entries of a vocabulary at some places, null where the place is below 0.

    Example:
        >>> placed("tier", ("small", "key"), np.array([1, -1])).to_list()
        ['key', None]
    """
    dtype = nw.Boolean if isinstance(vocabulary[0], bool) else nw.String
    entries = nw.new_series(name, [*vocabulary, None], dtype, backend="polars")
    return entries[np.where(places < 0, len(vocabulary), places)]


def polars_frame(columns: Mapping[str, Any]) -> nw.DataFrame[Any]:
    """A frame of columns by name: series, arrays or lists.

    Series are unwrapped first: narwhals would hand them over through PyArrow, which simulating does
    not need.

    Args:
        columns: The values of each column.

    Example:
        >>> polars_frame({"tier": placed("tier", ("small", "key"), np.array([1]))}).rows()
        [('key',)]
    """
    native = {name: nw.to_native(each, pass_through=True) for name, each in columns.items()}
    return nw.from_dict(native, backend="polars")


def times(instants: Ints, happened: Flags) -> NDArray[Any]:
    """Instants as times, null where a thing did not happen."""
    microseconds = np.where(happened, instants * 1_000_000, np.iinfo(np.int64).min)
    return microseconds.astype("datetime64[us]")


def _ids(prefix: str, count: int) -> nw.Series[Any]:
    """Texts such as "customer-000001", one for each number from 1."""
    numbers = polars_frame({"number": np.arange(1, count + 1)})
    text = nw.concat_str(nw.lit(prefix), nw.col("number").cast(nw.String).str.zfill(6))
    return numbers.select(text.alias("id"))["id"]


def frame(
    blocks: Sequence[Block], names: Names, presence: Presence, *, end: int
) -> nw.DataFrame[Any]:
    """All rows up to the end, in the order of time, numbered.

    What customers would have done after they left is left out.

    Args:
        blocks: The rows.
        names: What ids are called.
        presence: Who was there when.
        end: The first instant that is not seen.
    """
    blocks = [rows for rows in blocks if len(rows["kind"])]
    kind, at = _joined(blocks, "kind"), _joined(blocks, "occurred_at")
    initiated_by, customer = _joined(blocks, "initiated_by"), _joined(blocks, "customer_id")
    kept = (at < end) & ~((initiated_by == _CUSTOMER) & presence.gone(customer, at))
    places = np.flatnonzero(kept)
    order = places[np.argsort(at[places], kind="stable")]
    columns = dict(_columns(blocks, order, names))
    columns["phase"] = placed("phase", _WORDS["phase"], _PHASE_OF_KIND[kind[order]])
    numbered = {"interaction_id": np.arange(1, len(order) + 1)}
    table = polars_frame(numbered | {name: columns[name] for name in _COLUMNS})
    return table.with_columns(
        nw.col("occurred_at").dt.replace_time_zone("UTC"),
        nw.col(*_AMOUNTS, *_RATINGS).fill_nan(None),
        nw.col(*_COUNTS).fill_nan(None).cast(nw.Int64),
    )


def _columns(blocks: Sequence[Block], order: Ints, names: Names) -> Iterator[tuple[str, Any]]:
    for name in _COLUMNS:
        if name == "phase":
            continue
        values = _joined(blocks, name)[order]
        if name == "occurred_at":
            yield name, (values * 1_000_000).astype("datetime64[us]")
        elif name in _IDS:
            yield name, _named(getattr(names, _IDS[name]), values)
        elif name in _FLAGS:
            yield name, placed(name, (False, True), values)
        elif name in _WORDS:
            yield name, placed(name, _WORDS[name], values)
        else:
            yield name, values


def _joined(blocks: Sequence[Block], name: str) -> NDArray[Any]:
    is_number = name in (*_AMOUNTS, *_RATINGS, *_COUNTS)
    missing, dtype = (np.nan, np.float64) if is_number else (-1, np.int64)
    parts = [rows[name] if name in rows else np.full(len(rows["kind"]), missing) for rows in blocks]
    return np.concatenate(parts).astype(dtype, copy=False)


def _named(vocabulary: nw.Series[Any], places: Ints) -> nw.Series[Any]:
    """As `placed`, for a vocabulary that is a series already."""
    nothing = nw.new_series(vocabulary.name, [None], vocabulary.dtype, backend="polars")
    entries = nw.concat([vocabulary.to_frame(), nothing.to_frame()])[vocabulary.name]
    return entries[np.where(places < 0, len(vocabulary), places)]
