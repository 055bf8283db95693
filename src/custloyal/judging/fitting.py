"""Fitting a rule book to data: which of its rules can be judged, and why the others cannot."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import attrs

from custloyal.columns import CANONICAL
from custloyal.errors import MissingColumnError, Mistake
from custloyal.judging.judgement import missing_columns
from custloyal.rules import RuleBook
from custloyal.rules.column_types import wrong_types
from custloyal.rules.finding import Finding, Severity

if TYPE_CHECKING:
    from narwhals.dtypes import DType

    from custloyal.history import History
    from custloyal.rules import ServiceRule

__all__ = ["Fitted", "fitted", "parted"]


@attrs.frozen
class Fitted:
    """The rules of a book that a history can be judged by.

    Args:
        book: These rules.
        left_out: For each rule that was left out why.
    """

    book: RuleBook
    left_out: tuple[Finding, ...]


def fitted(history: History, book: RuleBook) -> Fitted:
    """Leave out of a rule book the rules for which a history lacks columns.

    Args:
        history: The interactions.
        book: The rules: `rulebooks.good_service()`, of which real tables allow a part.

    Raises:
        MissingColumnError: Where no rule is left.

    Example:
        >>> from custloyal import datasets
        >>> from custloyal.rules import rulebooks
        >>> company = datasets.cdnow()
        >>> fit = fitted(company, rulebooks.good_service())
        >>> [rule.name for rule in fit.book]
        ['feedback given', 'respect and appreciation', 'professional with prospects']
        >>> print(fit.left_out[0])
        error: 'clear direction': cannot be judged: case_id and department are not among the \
columns of the history or of its customers (bring what is missing, or leave the rule out)
    """
    fit, left_out = parted(history, book)
    if not fit:
        raise MissingColumnError(
            Mistake(finding.rules[0], finding.message, finding.mend) for finding in left_out
        )
    return Fitted(RuleBook(fit), tuple(left_out))


def parted(history: History, book: RuleBook) -> tuple[list[ServiceRule], list[Finding]]:
    """The rules of a book that can be judged, and why each of the others cannot."""
    types = _types(history)
    fit: list[ServiceRule] = []
    left_out: list[Finding] = []
    for rule in book:
        missing = missing_columns(history, RuleBook((rule,)))
        wrong = wrong_types(rule, types)
        said = [f"{each.path} {each.message}" for each in wrong]
        if missing:
            named = " and ".join(each.path for each in missing)
            there = "are not" if len(missing) > 1 else "is not"
            said.append(f"{named} {there} among the columns of the history or of its customers")
        if said:
            mends = dict.fromkeys([*map(_nearest, missing), *(each.mend for each in wrong)])
            message = f"cannot be judged: {'; '.join(said)}"
            left_out.append(Finding(Severity.ERROR, (rule.name,), message, "; ".join(mends)))
        else:
            fit.append(rule)
    return fit, left_out


def _nearest(missing: Mistake) -> str:
    """What to do about a missing column; a name of ours is no slip of the pen."""
    if missing.path in CANONICAL or missing.mend.startswith("allowed"):
        return "bring what is missing, or leave the rule out"
    return missing.mend


def _types(history: History) -> dict[str, DType]:
    found = {} if history.customers is None else dict(history.customers.collect_schema())
    schema = history.rows(datetime.max).collect_schema()  # noqa: DTZ901 (all rows, in UTC)
    return found | {name: dtype for name, dtype in schema.items() if name in history.columns}
