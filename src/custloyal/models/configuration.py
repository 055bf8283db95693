"""Values to JSON and TOML and back, with every mistake of a text at once and its place.

A number is not read from text, nor text from a number: a setting that says "yes" where True is
meant is named, not guessed at.
"""

from __future__ import annotations

import json
import reprlib
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, Union, get_args, get_origin

import attrs
import tomli_w
from cattrs import Converter
from cattrs.cols import homogenous_tuple_structure_factory
from cattrs.errors import (
    AttributeValidationNote,
    BaseValidationError,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn, mapping_structure_factory, override

from custloyal.errors import ConfigurationError, InvalidValueError, Mistake, nearest
from custloyal.models.calendar import AS_GIVEN

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["from_json", "from_toml", "to_json", "to_toml"]

_T = TypeVar("_T")
_Hook = Callable[[Any, Any], Any]
_TABLE = "a table of names and values"
_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def to_json(value: object) -> str:
    """A value as JSON text: times in ISO 8601, words of vocabularies as they are written.

    Args:
        value: A value of `custloyal.models`, or any other attrs class of such fields.

    Example:
        >>> from custloyal.models import Share
        >>> print(to_json(Share(1, 4)))
        {
          "numerator": 1,
          "denominator": 4,
          "unknown": 0
        }
    """
    return json.dumps(_JSON.unstructure(value), indent=2, ensure_ascii=False, allow_nan=False)


def to_toml(value: object) -> str:
    """A value as TOML text; fields that are None are left out, since TOML has no word for them.

    Args:
        value: A value of `custloyal.models`, or any other attrs class of such fields.

    Example:
        >>> from custloyal.models import Interval
        >>> print(to_toml(Interval(0, 1)))
        low = 0.0
        high = 1.0
        <BLANKLINE>
    """
    return tomli_w.dumps(_without_none(_TOML.unstructure(value)))


def from_json(cls: type[_T], text: str, *, source: str = "JSON") -> _T:
    """The value that a JSON text states.

    Args:
        cls: Of which class.
        text: The text.
        source: What the text is called in an error, such as its file name.

    Raises:
        ConfigurationError: Where the text is not JSON, or states no such value: all that is
            missing, unknown or of the wrong type first, then all that the values do not allow.

    Example:
        >>> from custloyal.models import Share
        >>> from_json(Share, '{"numerator": 1, "denominator": 4}').value
        0.25
        >>> from_json(Share, '{"numerator": "1", "denominater": 4}', source="share.json")
        Traceback (most recent call last):
        custloyal.errors.ConfigurationError: 3 mistakes:
          share.json: numerator: is '1', must be a whole number
          share.json: denominator: is missing
          share.json: denominater: is not known (did you mean 'denominator'?)
    """
    try:
        given = json.loads(text, parse_constant=_refused, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(Mistake(source, f"is not JSON: {error}")) from None
    return _structured(_JSON, cls, given, source)


def from_toml(cls: type[_T], text: str, *, source: str = "TOML") -> _T:
    """The value that a TOML text states.

    Args:
        cls: Of which class.
        text: The text.
        source: What the text is called in an error, such as its file name.

    Raises:
        ConfigurationError: As `from_json`.

    Example:
        >>> from custloyal.models import OutcomePolicy
        >>> from_toml(OutcomePolicy, "neutral_below = 0.5").neutral_below
        0.5
    """
    try:
        given = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(Mistake(source, f"is not TOML: {error}")) from None
    return _structured(_TOML, cls, given, source)


def _structured(converter: Converter, cls: type[_T], given: object, source: str) -> _T:
    try:
        return converter.structure(given, cls)
    except (BaseValidationError, InvalidValueError, RecursionError) as error:
        mistakes = [
            attrs.evolve(mistake, path=f"{source}: {mistake.path}" if mistake.path else source)
            for mistake in _mistakes(error, "")
        ]
        raise ConfigurationError(mistakes) from None


def _mistakes(error: BaseException, path: str) -> Iterator[Mistake]:
    if isinstance(error, ClassValidationError | IterableValidationError):
        placed, others = error.group_exceptions()
        for inner, note in placed:
            yield from _mistakes(inner, _joined(path, _place(note)))
        for inner in others:
            yield from _mistakes(inner, path)
    elif isinstance(error, ForbiddenExtraKeysError):
        names = [field.name for field in attrs.fields(error.cl)]
        for extra in sorted(error.extra_fields):
            yield Mistake(_joined(path, extra), "is not known", nearest(extra, names))
    elif isinstance(error, InvalidValueError):
        for mistake in error.mistakes:
            yield attrs.evolve(mistake, path=_joined(path, mistake.path))
    elif isinstance(error, KeyError):
        yield Mistake(path, "is missing")
    else:
        yield Mistake(path, str(error) or type(error).__name__)


def _place(note: AttributeValidationNote | IterableValidationNote) -> str | int:
    return note.index if isinstance(note, IterableValidationNote) else note.name


def _joined(path: str, name: str | int) -> str:
    if isinstance(name, int):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path and name else path or name


def _converter(*, absent_is_none: bool) -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(datetime, _to_datetime)
    converter.register_structure_hook(date, _to_date)
    for kind in _WORDS:
        converter.register_structure_hook(kind, _of_type)
    converter.register_structure_hook_func(_is_plain_union, _of_type)
    converter.register_structure_hook_factory(
        attrs.has,
        lambda cls: _of_class(cls, converter, absent_is_none=absent_is_none),
    )
    converter.register_structure_hook_factory(
        _is_mapping,
        lambda cls: _shaped(Mapping, _TABLE, mapping_structure_factory(cls, converter, dict)),
    )
    converter.register_structure_hook_factory(
        _is_tuple,
        lambda cls: _shaped(list, "a list", homogenous_tuple_structure_factory(cls, converter)),
    )
    return converter


def _is_plain_union(cls: object) -> bool:
    return get_origin(cls) in (Union, UnionType) and all(
        part in _WORDS or part is NoneType for part in get_args(cls)
    )


def _is_mapping(cls: object) -> bool:
    origin = get_origin(cls)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _is_tuple(cls: object) -> bool:
    return get_origin(cls) is tuple and get_args(cls)[-1] is Ellipsis


def _of_type(value: object, cls: Any) -> object:
    """A value that is of a type, or of one of a union's, and not merely convertible to it."""
    if isinstance(cls, type) and issubclass(
        cls, Enum
    ):  # words are text, so the hook of text is asked for them too
        return _to_word(value, cls)
    allowed = get_args(cls) or (cls,)
    if type(value) in allowed:
        return value
    if type(value) is int and float in allowed:
        return float(value)
    words = " or ".join(_WORDS[part] for part in allowed if part in _WORDS)
    raise _wrong(value, words)


def _of_class(cls: type, converter: Converter, *, absent_is_none: bool) -> _Hook:
    as_given: Any = {
        field.name: override(struct_hook=lambda value, _: value)
        for field in attrs.fields(cls)
        if field.metadata.get(AS_GIVEN)
    }
    hook: _Hook = make_dict_structure_fn(cls, converter, _cattrs_forbid_extra_keys=True, **as_given)
    absent = {
        field.name: None
        for field in attrs.fields(attrs.resolve_types(cls))
        if absent_is_none and field.default is attrs.NOTHING and NoneType in get_args(field.type)
    }
    return _shaped(Mapping, _TABLE, lambda value, kind: hook(absent | value, kind))


def _shaped(shape: type, words: str, hook: _Hook) -> _Hook:
    def structure(value: object, cls: type) -> object:
        if not isinstance(value, shape):
            raise _wrong(value, words)
        return hook(value, cls)

    return structure


def _to_datetime(value: object, _: type) -> datetime:
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    if isinstance(value, datetime):
        return value
    raise _wrong(value, 'a time such as "2024-06-30T12:00:00+02:00"')


def _to_date(value: object, _: type) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise _wrong(value, 'a day such as "2024-06-30"')


def _to_word(value: object, vocabulary: type[Enum]) -> Enum:
    try:
        return vocabulary(value)
    except ValueError:
        words = [str(member.value) for member in vocabulary]
        mend = nearest(value if isinstance(value, str) else "", words)
        raise _wrong(value, f"a word of {vocabulary.__name__}", mend) from None


def _wrong(value: object, allowed: str, mend: str = "") -> InvalidValueError:
    return InvalidValueError(Mistake("", f"is {reprlib.repr(value)}, must be {allowed}", mend))


def _refused(constant: str) -> NoReturn:
    message = f"{constant} is no number"
    raise ValueError(message)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    given = dict(pairs)
    if len(given) < len(pairs):
        names = [name for name, _ in pairs]
        message = f"{next(name for name in names if names.count(name) > 1)!r} stands twice"
        raise ValueError(message)
    return given


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(entry) for name, entry in value.items() if entry is not None}
    return [_without_none(entry) for entry in value] if isinstance(value, list) else value


def _json_converter() -> Converter:
    converter = _converter(absent_is_none=False)
    converter.register_unstructure_hook(date, lambda value: value.isoformat())
    converter.register_unstructure_hook(datetime, lambda value: value.isoformat())
    return converter


_TOML = _converter(absent_is_none=True)
_JSON = _json_converter()
