"""Every error of the library, each a list of mistakes with its place and its mend.

An operation that checks several things collects all mistakes and raises once, so that nobody
mends a file line by line only to learn of the next one.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "ConfigurationError",
    "CustloyalError",
    "DataError",
    "InvalidValueError",
    "MergeError",
    "MissingColumnError",
    "MissingExtraError",
    "Mistake",
    "nearest",
]


@attrs.frozen
class Mistake:
    """One thing that is wrong.

    Args:
        path: Where: a field, a column, an option, a file with its line ("mapping.toml: columns").
        message: What is wrong there.
        mend: What to do about it; empty where the message says it already.

    Example:
        >>> print(Mistake("ratio", "is -1, must be above 0", mend="leave it out for 12"))
        ratio: is -1, must be above 0 (leave it out for 12)
    """

    path: str
    message: str
    mend: str = ""

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        mend = f" ({self.mend})" if self.mend else ""
        return f"{where}{self.message}{mend}"


class CustloyalError(Exception):
    """The root of all errors that this library raises on purpose.

    Args:
        mistakes: What is wrong, all of it. A plain string is one mistake without a place.

    Attributes:
        mistakes: The mistakes, in the order in which they were found.

    Example:
        >>> error = DataError([Mistake("amount", "is text"), Mistake("kind", "is missing")])
        >>> print(error)
        2 mistakes:
          amount: is text
          kind: is missing
    """

    mistakes: tuple[Mistake, ...]

    def __init__(self, mistakes: str | Mistake | Iterable[Mistake]) -> None:
        if isinstance(mistakes, str):
            mistakes = Mistake("", mistakes)
        self.mistakes = (mistakes,) if isinstance(mistakes, Mistake) else tuple(mistakes)
        super().__init__(_listed(self.mistakes))

    def __reduce__(self) -> tuple[type[CustloyalError], tuple[tuple[Mistake, ...]]]:
        return type(self), (self.mistakes,)


class InvalidValueError(CustloyalError, ValueError):
    """A value was constructed or an option given that its meaning does not allow."""


class ConfigurationError(CustloyalError, ValueError):
    """A file or a mapping of settings does not say what it must."""


class DataError(CustloyalError, ValueError):
    """A table or a file cannot be read as a table of interactions."""


class MissingColumnError(DataError):
    """A metric or the intake needs columns that the table does not have."""


class MergeError(CustloyalError, ValueError):
    """States that do not belong together, or that overlap in time where they must not."""


class MissingExtraError(CustloyalError, ImportError):
    """An optional dependency is needed and not installed.

    Example:
        >>> print(MissingExtraError.of("altair", extra="report", purpose="draw charts"))
        altair: is needed to draw charts and is not installed (pip install "custloyal[report]")
    """

    @classmethod
    def of(cls, package: str, *, extra: str, purpose: str) -> MissingExtraError:
        """The error that names the package and the extra which brings it."""
        return cls(
            Mistake(
                package,
                f"is needed to {purpose} and is not installed",
                mend=f'pip install "custloyal[{extra}]"',
            )
        )


def nearest(word: str, allowed: Iterable[str]) -> str:
    """The mend that proposes the allowed name nearest to a word, or lists what is allowed.

    Args:
        word: What was given.
        allowed: The names that would have been understood.

    Returns:
        "did you mean 'amount'?" where one is near, else "allowed: 'amount', 'kind'".

    Example:
        >>> nearest("amont", ["amount", "kind"])
        "did you mean 'amount'?"
        >>> nearest("zzz", ["amount", "kind"])
        "allowed: 'amount', 'kind'"
        >>> nearest("kind", ["Id", "Email"])
        "allowed: 'Id', 'Email'"
    """
    names = list(allowed)
    folded = {name.casefold(): name for name in names}
    # A word of half the length or less is near by chance: "id" to "kind".
    alike = [each for each in folded if 2 * len(each) > len(word)]
    near = get_close_matches(word.casefold(), alike, n=1, cutoff=0.6)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    return "allowed: " + ", ".join(repr(name) for name in names)


def _listed(mistakes: Sequence[Mistake]) -> str:
    if len(mistakes) == 1:
        return str(mistakes[0])
    return "\n".join([f"{len(mistakes)} mistakes:", *(f"  {mistake}" for mistake in mistakes)])
