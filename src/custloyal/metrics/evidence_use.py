"""Which rules of an outcome policy the history's evidence rests on."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import narwhals as nw

from custloyal.fold import Fold, Source, count, total
from custloyal.metrics.base import Metric
from custloyal.metrics.evidence import evidence, weight, with_evidence
from custloyal.models import OutcomePolicy

if TYPE_CHECKING:
    from custloyal.engines import Table
    from custloyal.models import AsOf

__all__ = ["EvidenceUse"]

_SCHEMA = {
    "rule": nw.String(),
    "row_count": nw.Int64(),
    "good_weight": nw.Float64(),
    "bad_weight": nw.Float64(),
}


@attrs.frozen(kw_only=True)
class EvidenceUse(Metric):
    """How many rows each rule of an outcome policy spoke for, and with what weight.

    Args:
        policy: The policy.

    Returns (as a reading, one row a rule that spoke, heaviest first):
        `rule` ("outcome", "rating", "kind:complaint", ..., or "none" for rows that say nothing),
        `row_count`, `good_weight` and `bad_weight` (undecayed, severity and phase included).
    """

    grain: ClassVar[tuple[str, ...]] = ("rule",)

    policy: OutcomePolicy = attrs.field(factory=OutcomePolicy)

    def state(self, interactions: Source) -> Fold:
        """Rows and weights by what spoke and by kind."""
        return with_evidence(interactions, self.policy).by(
            "_speaker",
            "kind",
            row_count=count(),
            good_weight=total(weight, where=evidence > 0),
            bad_weight=total(weight, where=evidence < 0),
        )

    def reading(self, state: Table, as_of: AsOf) -> nw.DataFrame[Any]:
        """The rules by name, as `OutcomePolicy.evidence_of` names them."""
        del as_of
        sums: defaultdict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
        for row in state.collect("polars").iter_rows(named=True):
            speaker = row["_speaker"]
            rule = f"kind:{row['kind']}" if speaker == "kind" else speaker
            parts = (row["row_count"], row["good_weight"], row["bad_weight"])
            sums[rule] = [held + part for held, part in zip(sums[rule], parts, strict=True)]
        ranked = sorted(sums.items(), key=lambda item: (-item[1][1] - item[1][2], item[0]))
        columns = zip(*((rule, *parts) for rule, parts in ranked), strict=True)
        return nw.from_dict(
            dict(zip(_SCHEMA, columns, strict=True)) if ranked else {name: [] for name in _SCHEMA},
            schema=_SCHEMA,
            backend="polars",
        )
