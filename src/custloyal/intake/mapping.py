"""The mapping: how a user's own table says what the table of interactions says.

Written in Python or in a TOML file:

    timezone = "Europe/London"
    lines = true                          # invoice lines become one purchase an invoice

    [columns]                             # ours = theirs
    customer_id = "CustomerID"
    occurred_at = "InvoiceDate"
    interaction_id = "InvoiceNo"

    [constants]
    kind = "purchase"

    [derive]                              # columns, numbers, + - * / and parentheses
    amount = "Quantity * UnitPrice"

    [kinds]                               # their words = ours
    order = "purchase"

    [[kind_when]]
    column = "InvoiceNo"
    prefix = "C"
    kind = "return"

    [[drop_when]]
    column = "UnitPrice"                  # equal, prefix, null, below, above, since, before
    below = 0.01
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeAlias
from zoneinfo import ZoneInfo

import attrs
import narwhals as nw

from custloyal.columns import CANONICAL
from custloyal.errors import ConfigurationError, CustloyalError, Mistake, nearest
from custloyal.models import Kind
from custloyal.models.text_file import text_of
from custloyal.models.windows import check_timezone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from narwhals.dtypes import DType

__all__ = ["DropWhen", "IntakeMapping", "KindWhen", "arithmetic", "columns_of"]

Scalar: TypeAlias = str | int | float | bool


@attrs.frozen(kw_only=True)
class Condition:
    """A condition on the user's own columns: one comparison of one column, or several at once.

    Args:
        column: The column, by the user's own name.
        equal: The value equals this.
        prefix: The text begins with this.
        null: The value is missing (true) or there (false).
        below: The number is less than this.
        above: The number is greater than this.
        since: The time is at or after this, an ISO date or time as the column is written.
        before: The time is before this.
        all: Conditions that must all hold, in place of a column and its comparison.
    """

    column: str | None = None
    equal: Scalar | None = None
    prefix: str | None = None
    null: bool | None = None
    below: float | None = None
    above: float | None = None
    since: str | None = None
    before: str | None = None
    all: tuple[Condition, ...] = attrs.field(default=(), converter=tuple)

    @property
    def columns(self) -> list[str]:
        """The user's columns that it looks at."""
        own = [] if self.column is None else [self.column]
        return [*own, *(name for each in self.all for name in each.columns)]

    @property
    def numbers(self) -> list[str]:
        """The user's columns that it compares with a number."""
        compared = self._comparison()
        numeric = compared in {"below", "above"} or (
            compared == "equal" and not isinstance(self.equal, str | bool)
        )
        own = [self.column] if numeric and self.column else []
        return [*own, *(name for each in self.all for name in each.numbers)]

    def mistakes(self, path: str) -> Iterator[Mistake]:
        """What is wrong with the condition itself."""
        named = [name for name in _COMPARISONS if getattr(self, name) is not None]
        if self.all and (self.column is not None or named):
            yield Mistake(path, "names a column beside all", "put it among all")
        elif not self.all and (self.column is None or len(named) != 1):
            said = ", ".join(named) or "none"
            yield Mistake(
                path,
                f"names column {self.column!r} and {len(named)} comparisons ({said})",
                "name a column and one of " + ", ".join(_COMPARISONS) + ", or all",
            )
        for name in ("since", "before"):
            if getattr(self, name) is not None and _time(getattr(self, name)) is None:
                yield Mistake(f"{path}.{name}", f"{getattr(self, name)!r} is no ISO date or time")
        for place, each in enumerate(self.all):
            yield from each.mistakes(f"{path}.all[{place}]")

    def holds(self, schema: Mapping[str, DType], texts: Mapping[str, str]) -> nw.Expr:
        """The condition as an expression; unknown where the value is missing.

        Args:
            schema: The types of the user's columns.
            texts: For each column of text that was made numbers the column that keeps its text.
        """
        if self.all:
            return nw.all_horizontal(
                *(each.holds(schema, texts) for each in self.all), ignore_nulls=False
            )
        assert self.column is not None  # checked by `mistakes`
        column = nw.col(self.column)
        written = nw.col(texts.get(self.column, self.column))
        text, dtype = written.cast(nw.String), schema[self.column]
        held: dict[str, Callable[[], nw.Expr]] = {
            "equal": lambda: (text if isinstance(self.equal, str) else column) == self.equal,
            "prefix": lambda: text.str.starts_with(self.prefix or ""),
            "null": lambda: column.is_null() if self.null else ~column.is_null(),
            "below": lambda: column < self.below,
            "above": lambda: column > self.above,
            "since": lambda: written >= _bound(self.since or "", dtype),
            "before": lambda: written < _bound(self.before or "", dtype),
        }
        return held[self._comparison() or ""]()

    def _comparison(self) -> str | None:
        return next((name for name in _COMPARISONS if getattr(self, name) is not None), None)

    def __str__(self) -> str:
        if self.all:
            return " and ".join(str(each) for each in self.all)
        name = self._comparison() or ""
        return f"{self.column} {_COMPARISONS[name].format(getattr(self, name))}"


_COMPARISONS = {
    "equal": "is {!r}",
    "prefix": "begins with {!r}",
    "null": "is missing: {}",
    "below": "is below {}",
    "above": "is above {}",
    "since": "is not before {}",
    "before": "is before {}",
}


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _bound(text: str, dtype: DType) -> nw.Expr:
    """A bound in time as the column holds times: ISO text sorts as the times that it says."""
    time = _time(text)
    assert time is not None  # checked by `mistakes`
    if isinstance(dtype, nw.Date):
        return nw.lit(time.date())
    if isinstance(dtype, nw.Datetime):
        if dtype.time_zone is None and time.tzinfo is not None:
            raise ConfigurationError(
                Mistake(text, "has an offset, and the column has none", "leave the offset out")
            )
        aware = dtype.time_zone is not None and time.tzinfo is None
        return nw.lit(time.replace(tzinfo=ZoneInfo(dtype.time_zone or "UTC")) if aware else time)
    return nw.lit(text)


@attrs.frozen(kw_only=True)
class KindWhen(Condition):
    """The rows where the condition holds are of a kind, whatever their kind column says."""

    kind: Kind = attrs.field(converter=Kind)


@attrs.frozen(kw_only=True)
class DropWhen(Condition):
    """The rows where the condition holds are rejected, and counted under a reason.

    Args:
        reason: The reason in words; the condition itself where it is left out.
    """

    reason: str | None = None


@attrs.frozen(kw_only=True)
class IntakeMapping:
    """How a user's own table says what the table of interactions says.

    Args:
        columns: For a column of the table of interactions its name in the user's table. Columns
            that bear our names already need not be named.
        constants: Columns that hold one value for all rows.
        derive: Columns that are computed: columns, numbers, + - * / and parentheses.
        kinds: For each of the user's own words the `Kind` that it means; a word that is neither
            named here nor a `Kind` becomes `other` and is counted.
        kind_when: Conditions that set the kind; the first that holds wins.
        drop_when: Conditions under which rows are rejected.
        timezone: The zone of timestamps that bear none, and in which days are counted; None
            refuses such timestamps and counts days in UTC.
        time_format: How timestamps that are text are written, in the directives of `strptime`;
            None reads ISO 8601.
        lines: Whether several rows of one interaction_id are lines of one purchase.
        order: A column that orders rows, in place of their time.

    Raises:
        ConfigurationError: With all that is wrong in it.

    Example:
        >>> IntakeMapping(columns={"customer": "Client"})
        Traceback (most recent call last):
        custloyal.errors.ConfigurationError: columns.customer: is no column of the table of \
interactions (did you mean 'customer_id'?)
    """

    columns: Mapping[str, str] = attrs.field(factory=dict)
    constants: Mapping[str, Scalar] = attrs.field(factory=dict)
    derive: Mapping[str, str] = attrs.field(factory=dict)
    kinds: Mapping[str, str] = attrs.field(factory=dict)
    kind_when: tuple[KindWhen, ...] = ()
    drop_when: tuple[DropWhen, ...] = ()
    timezone: str | None = None
    time_format: str | None = None
    lines: bool = False
    order: str | None = None

    def __attrs_post_init__(self) -> None:
        mistakes = [*self._mistakes()]
        if mistakes:
            raise ConfigurationError(mistakes)

    @classmethod
    def from_toml(cls, path: str | Path) -> IntakeMapping:
        """Read a mapping file.

        Raises:
            ConfigurationError: With all that is wrong in it, each with its path.
        """
        # Not at import: cattrs is needed for files only.
        from custloyal.models.configuration import from_toml  # noqa: PLC0415

        return from_toml(cls, text_of(path), source=str(path))

    @property
    def sources(self) -> frozenset[str]:
        """The columns of the user's table that the mapping reads."""
        conditions = [name for each in (*self.kind_when, *self.drop_when) for name in each.columns]
        derived = (name for text in self.derive.values() for name in columns_of(text))
        order = () if self.order is None else (self.order,)
        return frozenset([*self.columns.values(), *derived, *conditions, *order])

    @property
    def names(self) -> frozenset[str]:
        """Our columns that the mapping makes."""
        return frozenset([*self.columns, *self.constants, *self.derive])

    def _mistakes(self) -> Iterator[Mistake]:
        for part in ("columns", "constants", "derive"):
            for name in getattr(self, part):
                if name not in CANONICAL:
                    yield _unknown(f"{part}.{name}")
        kinds = [kind.value for kind in Kind]
        yield from (
            Mistake(f"kinds.{word}", f"{kind!r} is no kind", nearest(kind, kinds))
            for word, kind in self.kinds.items()
            if kind not in kinds
        )
        for name, conditions in (("kind_when", self.kind_when), ("drop_when", self.drop_when)):
            for place, condition in enumerate(conditions):
                yield from condition.mistakes(f"{name}[{place}]")
        for name, text in self.derive.items():
            yield from _raised(f"derive.{name}", partial(arithmetic, text))
        if self.timezone is not None:
            yield from _raised("timezone", partial(check_timezone, self.timezone))
        said = [name for part in (self.columns, self.constants, self.derive) for name in part]
        for name in sorted({name for name in said if said.count(name) > 1}):
            yield Mistake(name, "is given more than once among columns, constants and derive")


def _raised(path: str, check: Callable[[], object]) -> Iterator[Mistake]:
    """The mistakes that a check raises, at a place."""
    try:
        check()
    except CustloyalError as error:
        yield from (attrs.evolve(mistake, path=path) for mistake in error.mistakes)


def _unknown(path: str) -> Mistake:
    name = path.partition(".")[2]
    return Mistake(path, "is no column of the table of interactions", mend=nearest(name, CANONICAL))


# Arithmetic ----------------------------------------------------------------------------------

_OPERATIONS: Mapping[type[ast.operator], Callable[[nw.Expr, nw.Expr], nw.Expr]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def arithmetic(text: str) -> nw.Expr:
    """A text such as "Quantity * UnitPrice" as an expression over columns.

    Args:
        text: Columns, numbers, + - * / and parentheses; a name that is no Python name stands
            between backticks: "`Unit Price` * Quantity".

    Raises:
        ConfigurationError: Where the text says anything else.

    Example:
        >>> arithmetic("import os")
        Traceback (most recent call last):
        custloyal.errors.ConfigurationError: 'import os' is not arithmetic over columns (columns, \
numbers, + - * / and parentheses are understood)
    """
    tree, names = _parsed(text)
    return _evaluated(tree, names, text)


def columns_of(text: str) -> list[str]:
    """The columns that an arithmetic text names.

    Example:
        >>> columns_of("`Unit Price` * Quantity")
        ['Unit Price', 'Quantity']
    """
    tree, names = _parsed(text)
    return [names.get(node.id, node.id) for node in ast.walk(tree) if isinstance(node, ast.Name)]


def _parsed(text: str) -> tuple[ast.expr, dict[str, str]]:
    quoted = re.findall(r"`([^`]+)`", text)
    names = {f"_quoted_{place}": name for place, name in enumerate(quoted)}
    for placeholder, name in names.items():
        text = text.replace(f"`{name}`", placeholder)
    try:
        return ast.parse(text.strip(), mode="eval").body, names
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _not_arithmetic(text) from None


def _evaluated(node: ast.expr, names: Mapping[str, str], text: str) -> nw.Expr:
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            operation = _OPERATIONS[type(op)]
            return operation(_evaluated(left, names, text), _evaluated(right, names, text))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return 0 - _evaluated(operand, names, text)
        case ast.Name(id=name):
            # Products of 32-bit numbers would wrap around in silence.
            return nw.col(names.get(name, name)).cast(nw.Float64)
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return nw.lit(float(number))
        case _:
            raise _not_arithmetic(text)


def _not_arithmetic(text: str) -> ConfigurationError:
    return ConfigurationError(
        Mistake(
            "",
            f"{text!r} is not arithmetic over columns",
            mend="columns, numbers, + - * / and parentheses are understood",
        )
    )
