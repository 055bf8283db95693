"""The evidence of an outcome policy as expressions: what each row says of how it felt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from custloyal.fold import lookup
from custloyal.models import Kind, Phase

if TYPE_CHECKING:
    from collections.abc import Collection

    from custloyal.fold import Source
    from custloyal.models import OutcomePolicy

__all__ = ["with_evidence"]

_SCALE = ("rating", "rating_min", "rating_max")


def with_evidence(interactions: Source, policy: OutcomePolicy) -> Source:
    """The rows with their `evidence` and its `weight`.

    Args:
        interactions: The rows; of `outcome`, `rating` with its scale, `severity` and `phase` those
            are used that are there.
        policy: What each row says.

    Returns:
        The rows with `evidence` (above 0 good, below 0 bad, null where the row says nothing) and
        `weight` = |evidence| * severity * phase weight.
    """
    columns = interactions.columns
    by_phase = {kind: policy.by_phase[kind.phase] for kind in Kind}
    looked_up = interactions.let(
        kind_evidence=lookup("kind", policy.by_kind), kind_weight=lookup("kind", by_phase)
    )
    weight = nw.col("evidence").abs() * _phase_weight(policy, columns)
    if "severity" in columns:
        weight = weight * nw.col("severity").fill_null(1.0)
    return looked_up.let(evidence=_evidence(policy, columns)).let(weight=weight)


def _evidence(policy: OutcomePolicy, columns: Collection[str]) -> nw.Expr:
    said = nw.col("kind_evidence")
    if all(name in columns for name in _SCALE):
        said = _of_rating(policy, otherwise=said)
    if "outcome" in columns:
        said = nw.coalesce(nw.col("outcome"), said)
    return said


def _of_rating(policy: OutcomePolicy, otherwise: nw.Expr) -> nw.Expr:
    rating, low, high = (nw.col(name) for name in _SCALE)
    usable = (low < high) & (rating >= low) & (rating <= high)
    promoter, detractor = rating >= policy.promoter_from, rating <= policy.detractor_to
    band = nw.when(promoter).then(1.0).otherwise(nw.when(detractor).then(-1.0).otherwise(0.0))
    share = 2.0 * (rating - low) / (high - low) - 1.0
    neutral = share.abs() < policy.neutral_below
    scaled = nw.when(neutral).then(0.0).otherwise(share)
    said = nw.when((low == 0) & (high == 10)).then(band).otherwise(scaled)  # noqa: PLR2004 (NPS)
    return nw.when(usable).then(said).otherwise(otherwise)


def _phase_weight(policy: OutcomePolicy, columns: Collection[str]) -> nw.Expr:
    said = nw.col("kind_weight")
    if "phase" not in columns:
        return said
    for phase in Phase:
        said = nw.when(nw.col("phase") == phase.value).then(policy.by_phase[phase]).otherwise(said)
    return said
