"""Intervals as expressions: plain arithmetic, so on every engine."""

from __future__ import annotations

import narwhals as nw

__all__ = ["Z", "wilson_bounds"]

Z = 1.96
"""The standard normal quantile of intervals of 95 %."""


def wilson_bounds(share: str, size: nw.Expr, *, z: float = Z) -> dict[str, nw.Expr]:
    """Wilson's interval of a share as two columns, `<share>_low` and `<share>_high`.

    Args:
        share: The column of the share, from 0 to 1.
        size: How many observations it rests on, above 0; need not be whole.
        z: The standard normal quantile.

    Returns:
        The bounds, always with the share between them; null where share or size is.

    Source:
        E. B. Wilson, *Probable inference, the law of succession, and statistical inference*,
        Journal of the American Statistical Association 22 (1927), 209-212.
    """
    s = nw.col(share)
    spread = z * (s * (1.0 - s) / size + z * z / (4.0 * size * size)).sqrt()
    centre, scale = s + z * z / (2.0 * size), 1.0 + z * z / size
    return {
        # Rounding may push a bound past the share by one unit in the last place.
        f"{share}_low": nw.min_horizontal(s, nw.max_horizontal(0.0 * s, (centre - spread) / scale)),
        f"{share}_high": nw.max_horizontal(s, (centre + spread) / scale),
    }
