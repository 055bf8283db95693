"""When two expressions are the same."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import narwhals as nw

if TYPE_CHECKING:
    from narwhals import Expr

__all__ = ["identity"]


def identity(**expressions: Expr) -> str:
    """A text that is equal for equal expressions and different for different ones.

    It is made of the expressions as Polars writes them down for transport. Their `repr` does not
    serve: `col("a") == 1` and `col("a") == "1"` look alike.

    Args:
        expressions: The expressions, by the names under which they are used.

    Returns:
        A digest of 32 hexadecimal digits.

    Example:
        >>> identity(v=nw.col("a") == 1) == identity(v=nw.col("a") == 1)
        True
        >>> identity(v=nw.col("a") == 1) == identity(v=nw.col("a") == "1")
        False
    """
    # Not at import: `import custloyal` must not load Polars.
    import polars as pl  # noqa: PLC0415

    said = nw.from_native(pl.LazyFrame()).select(**expressions).to_native()
    return blake2b(said.serialize(), digest_size=16).hexdigest()
