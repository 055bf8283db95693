"""What the reference has to be told of our sources: attrs classes, examples and readings."""

from __future__ import annotations

import re
from typing import Any

import griffe

_DECORATORS = {"attrs.define", "attrs.frozen"}


class ValuesExtension(griffe.Extension):
    """Gives attrs classes the signature by which they are made, and finds our own sections."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Make sections of what would be text; the prompts of examples would be quotations."""
        del kwargs
        if obj.docstring is not None:
            said = re.sub(r"(?m)^Example:$", "Examples:", obj.docstring.value)
            said = re.sub(r"(?m)^Returns \(as a reading, (.+)\):$", r"Reading: Gives \1", said)
            obj.docstring.value = said

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        """Give each attrs class its `__init__`, once all classes that it may rest on are known."""
        del kwargs
        for class_ in _classes(pkg):
            parameters = {}
            for each in (*reversed(class_.mro()), class_):
                if _attrs(each) is not None:
                    parameters |= {one.name: one for one in _parameters(each)}
            if _attrs(class_) is not None and parameters and "__init__" not in class_.members:
                said = griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)
                init = griffe.Function(
                    "__init__", parameters=griffe.Parameters(said, *parameters.values())
                )
                class_.set_member("__init__", init)


def _classes(owner: griffe.Module | griffe.Class) -> list[griffe.Class]:
    found = []
    for member in owner.members.values():
        if member.is_alias or not (member.is_class or member.is_module):
            continue
        found += [member, *_classes(member)] if member.is_class else _classes(member)
    return found


def _attrs(class_: griffe.Class) -> griffe.Decorator | None:
    return next((each for each in class_.decorators if each.callable_path in _DECORATORS), None)


def _parameters(class_: griffe.Class) -> list[griffe.Parameter]:
    keyword_only = "kw_only=True" in str(_attrs(class_).value)
    return [
        griffe.Parameter(
            each.name,
            annotation=each.annotation,
            kind=griffe.ParameterKind.keyword_only
            if keyword_only
            else griffe.ParameterKind.positional_or_keyword,
            default=_default(each.value),
        )
        for each in class_.members.values()
        if each.is_attribute
        and each.annotation is not None
        and not each.name.startswith("_")
        and "property" not in each.labels
        and "instance-attribute" in each.labels
    ]


def _default(value: str | griffe.Expr | None) -> str | griffe.Expr | None:
    if not isinstance(value, griffe.ExprCall) or value.canonical_path != "attrs.field":
        return value
    said = {one.name: one.value for one in value.arguments if isinstance(one, griffe.ExprKeyword)}
    factory = said.get("factory")
    return said.get("default", factory and f"{factory}()")
