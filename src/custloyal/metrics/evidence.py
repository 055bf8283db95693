"""The evidence of an outcome policy as expressions: what each row says of how it felt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from custloyal.fold import Source, lookup
from custloyal.models import Kind, Phase

if TYPE_CHECKING:
    from collections.abc import Collection

    from custloyal.models import OutcomePolicy

__all__ = ["PROMISE_VERDICT", "evidence", "speaker", "weight", "with_evidence"]

PROMISE_VERDICT = "promise_verdict"
"""The column of rows that are judged promises: "met" or "missed"; null of all other rows."""
_SCALE = ("rating", "rating_min", "rating_max")
# Names with an underscore: a history may have a measure of its own called "weight".
evidence, kind_evidence, kind_weight = (
    nw.col(name) for name in ("_evidence", "_kind_evidence", "_kind_weight")
)
weight, speaker = nw.col("_weight"), nw.col("_speaker")
missed, kept = nw.col(PROMISE_VERDICT) == "missed", nw.col(PROMISE_VERDICT) == "met"
outcome, rating, low, high = (nw.col(name) for name in ("outcome", *_SCALE))


def with_evidence(interactions: Source, policy: OutcomePolicy) -> Source:
    """The rows with what they say of how they felt, by which rule, and with which weight.

    Args:
        interactions: The rows; of `outcome`, `rating` with its scale, `severity`, `phase` and
            `promise_verdict` those are used that are there.
        policy: What each row says.

    Returns:
        The rows with `evidence` (above 0 good, below 0 bad, null where the row says nothing),
        `weight` = |evidence| * severity * phase weight, and `speaker`, the rule that spoke:
        "outcome", "rating", "kind", "promise:kept", "promise:missed" or "none". Read them by the
        expressions of these names.
    """
    columns = interactions.columns
    by_phase = {kind: policy.by_phase[kind.phase] for kind in Kind}
    looked_up = interactions.let(
        _kind_evidence=lookup("kind", policy.by_kind), _kind_weight=lookup("kind", by_phase)
    )
    said = looked_up.let(_evidence=_evidence(policy, columns), _speaker=_speaker(columns))
    return said.let(_weight=evidence.abs() * _weight(policy, columns))


def _evidence(policy: OutcomePolicy, columns: Collection[str]) -> nw.Expr:
    said = kind_evidence
    if _is_rated(columns):
        said = nw.when(_is_usable()).then(_of_rating(policy)).otherwise(said)
    said = nw.coalesce(outcome, said) if "outcome" in columns else said
    if PROMISE_VERDICT in columns:
        said = nw.when(missed).then(policy.promise_missed).otherwise(said)
        said = nw.when(kept).then(policy.promise_kept).otherwise(said)
    return said


def _speaker(columns: Collection[str]) -> nw.Expr:
    said = nw.when(kind_evidence.is_null()).then(nw.lit("none")).otherwise(nw.lit("kind"))
    if _is_rated(columns):
        said = nw.when(_is_usable()).then(nw.lit("rating")).otherwise(said)
    if "outcome" in columns:
        said = nw.when(outcome.is_null()).then(said).otherwise(nw.lit("outcome"))
    if PROMISE_VERDICT in columns:
        said = nw.when(missed).then(nw.lit("promise:missed")).otherwise(said)
        said = nw.when(kept).then(nw.lit("promise:kept")).otherwise(said)
    return said


def _weight(policy: OutcomePolicy, columns: Collection[str]) -> nw.Expr:
    said = kind_weight
    if "phase" in columns:
        for phase in Phase:
            factor = policy.by_phase[phase]
            said = nw.when(nw.col("phase") == phase.value).then(factor).otherwise(said)
    return said * nw.col("severity").fill_null(1.0) if "severity" in columns else said


def _is_rated(columns: Collection[str]) -> bool:
    return all(name in columns for name in _SCALE)


def _is_usable() -> nw.Expr:
    return (low < high) & (rating >= low) & (rating <= high)


def _of_rating(policy: OutcomePolicy) -> nw.Expr:
    promoter, detractor = rating >= policy.promoter_from, rating <= policy.detractor_to
    band = nw.when(promoter).then(1.0).otherwise(nw.when(detractor).then(-1.0).otherwise(0.0))
    share = 2.0 * (rating - low) / (high - low) - 1.0
    scaled = nw.when(share.abs() < policy.neutral_below).then(0.0).otherwise(share)
    return nw.when((low == 0) & (high == 10)).then(band).otherwise(scaled)  # noqa: PLR2004 (NPS)
