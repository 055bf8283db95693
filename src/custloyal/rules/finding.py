"""What a rule book says that it may, and that is most likely not meant."""

from __future__ import annotations

from enum import StrEnum

import attrs

__all__ = ["Finding", "Severity"]


class Severity(StrEnum):
    """How sure it is that something must be mended."""

    ERROR = "error"
    """The rule cannot mean what it says."""
    WARNING = "warning"
    """It may be meant, and it is rarely."""


@attrs.frozen
class Finding:
    """One thing about rules that is suspicious.

    Args:
        severity: How sure it is that it must be mended.
        rules: The names of the rules.
        message: What is suspicious.
        mend: What to do about it.

    Example:
        >>> print(Finding(Severity.ERROR, ("fast", "slow"), "contradict each other", "drop one"))
        error: 'fast', 'slow': contradict each other (drop one)
    """

    severity: Severity
    rules: tuple[str, ...]
    message: str
    mend: str

    def __str__(self) -> str:
        named = ", ".join(repr(name) for name in self.rules)
        return f"{self.severity}: {named}: {self.message} ({self.mend})"
