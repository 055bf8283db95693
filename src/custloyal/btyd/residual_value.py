"""What customers will still bring, in today's money."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from custloyal.btyd.frames import check_new_columns, opened_numbers
from custloyal.btyd.gamma_gamma import KEYS as AMOUNT_KEYS
from custloyal.btyd.integrals import CUT, Floats, legendre
from custloyal.btyd.purchase_model import check_policy
from custloyal.btyd.statistics import Customers
from custloyal.errors import Mistake
from custloyal.models.checks import check_number, refuse

if TYPE_CHECKING:
    from custloyal.btyd.frames import Invalid
    from custloyal.btyd.gamma_gamma import FittedGammaGamma
    from custloyal.btyd.purchase_model import FittedPurchaseModel, Process

__all__ = ["residual_value"]

NODES = 48
EARLIER = 256
NODES_PER_FOLD = 4
"""An e-fold of time needs so many nodes for eleven digits."""

NEW = (
    "discounted_purchases",
    "expected_amount",
    "expected_amount_reason",
    "residual_value_amount",
)


def residual_value(
    frame: Any,
    *,
    purchases: FittedPurchaseModel,
    amounts: FittedGammaGamma,
    discount_rate: float,
    horizon: float | None = None,
    invalid: Invalid = "refuse",
) -> Any:
    """Add what each customer's purchases from now on are worth today.

    Args:
        frame: One row a customer, of any engine: `x`, `t_x`, `T` and `mean_repeat_amount`.
        purchases: How often they will buy.
        amounts: For how much.
        discount_rate: What a later payment loses in one unit of time of `purchases`, at least 0:
            after t units it counts (1 + rate)^-t. For 15 % a year and a model in weeks that is
            1.15 ** (7 / 365.25) - 1.
        horizon: How far to look, above 0; None for ever, which needs a rate above 0.
        invalid: As for `predict`.

    Returns:
        The frame with `discounted_purchases` (expected purchase days, discounted),
        `expected_amount` with `expected_amount_reason`, and `residual_value_amount`, their product;
        amounts as they are given: multiply by a margin for profit.

    Raises:
        InvalidValueError: Where an option is wrong or a column is there already.
        DataError: Where rows are invalid, counted, or the frame is in another unit of time.
        MissingColumnError: With every column that is missing.

    Source:
        P. S. Fader, B. G. S. Hardie, K. L. Lee, *RFM and CLV: using iso-value curves for customer
        base analysis*, Journal of Marketing Research 42 (2005), 415-430.

    Example:
        >>> import polars as pl
        >>> from custloyal.btyd import FittedGammaGamma, FittedParetoNbd
        >>> customer = pl.DataFrame(
        ...     {"x": [2], "t_x": [20.0], "T": [30.0], "mean_repeat_amount": [40.0]}
        ... )
        >>> worth = residual_value(
        ...     customer,
        ...     purchases=FittedParetoNbd(r=0.55, alpha=10.6, s=0.6, beta=11.7),
        ...     amounts=FittedGammaGamma(p=2, q=3, v=10),
        ...     discount_rate=0.003,
        ... ).row(0, named=True)
        >>> worth["residual_value_amount"] == worth["discounted_purchases"] * 30
        True
    """
    forever = horizon is None
    refuse(
        check_number("horizon", horizon, above=0, optional=True),
        check_number("discount_rate", discount_rate, low=0),
        check_policy(invalid),
    )
    if forever and discount_rate == 0:
        refuse(Mistake("discount_rate", "is 0, and purchases for ever have no end", "add horizon="))
    opened, _ = opened_numbers(frame, [*dict.fromkeys(["x", "t_x", "T", *AMOUNT_KEYS])])
    check_new_columns(opened, NEW)
    customers = Customers.compressed(frame, time_unit=purchases.time_unit, weighted=False)
    rows = customers.for_predictions(invalid)
    process, place = purchases.processes(rows)
    span = np.full(len(process.scale), np.inf if horizon is None else float(horizon))
    expected = discounted(process, span, force=float(np.log1p(discount_rate)))
    found = purchases.p_alive(rows) * expected[place]
    table = customers.joined({"discounted_purchases": found})
    table = table.with_columns(**amounts.expressions())
    return customers.home.bring_back(
        table.with_columns(
            residual_value_amount=nw.col("discounted_purchases") * nw.col("expected_amount")
        )
    )


def discounted(process: Process, horizon: Floats, *, force: float) -> Floats:
    """Expected purchases of customers who are alive, each discounted by e^(-force t).

    In parts: e^(-force h) E(h) and the integral of force e^(-force u) E(u), all of it positive.
    """
    if force == 0:
        return process.expected(horizon)
    # What is discounted by e^-42 counts no longer.
    end = np.minimum(horizon, CUT / force)
    whole = process.expected(end)
    total = np.exp(-force * end) * whole
    # E bends where its first rate would have brought the whole, or somewhat earlier: from there on
    # nodes are spaced by the logarithm of the time.
    bend = np.minimum(whole * process.scale / process.shape, end) / EARLIER
    length = np.log1p(end / bend)
    count = max(NODES, math.ceil(NODES_PER_FOLD * float(length.max(initial=0))))
    for node, weight in zip(*legendre(count), strict=True):
        at = bend * np.expm1(node * length)
        step = weight * length * (bend + at)
        total += step * force * np.exp(-force * at) * process.expected(at)
    return total
