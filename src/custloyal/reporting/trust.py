"""Trust: how many customers have which, and what it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from custloyal.formats import counted, part_of, score
from custloyal.metrics import EvidenceUse
from custloyal.reporting.section import Headline, MappedSection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import altair as alt

    from custloyal.metrics import Metric
    from custloyal.reporting.scope import Run, Scope

__all__ = ["TrustSection"]

_BINS = 20


class TrustSection(MappedSection):
    """How many customers have which trust."""

    name, title = "trust", "Trust"
    keys = ("customers_count", "has_rules", "trust")

    def metrics(self, scope: Scope) -> Sequence[Metric]:
        """Trust, and the rules of evidence behind it."""
        return [scope.trust, EvidenceUse(policy=scope.trust.policy)]

    def figures(self, run: Run) -> Mapping[str, Any]:
        """The distribution of trust, and what each rule added to it."""
        scores = run.customers["trust"]
        place = (nw.col("trust") * _BINS).floor().clip(upper_bound=_BINS - 1).cast(nw.Int64)
        binned = run.customers.select(place.alias("bin"))["bin"].value_counts()
        counts = dict(binned.iter_rows())
        none = (run.customers["good_count"] == 0) & (run.customers["bad_count"] == 0)
        found = {
            "mean": _number(scores.mean()),
            "median": _number(scores.median()),
            "prior": run.scope.trust.prior_mean,
            "below_prior_count": int((run.customers["trust_balance"] < 0).sum()),
            "no_evidence_count": int(none.sum()),
            "bins": [
                {
                    "low": each / _BINS,
                    "high": (each + 1) / _BINS,
                    "customers_count": int(counts.get(each, 0)),
                }
                for each in range(_BINS)
            ],
            "evidence": [
                {
                    "rule": row["rule"],
                    "count": row["row_count"],
                    "good_weight": row["good_weight"],
                    "bad_weight": row["bad_weight"],
                }
                for row in run.felt["evidence_use"].to_dicts()
            ],
        }
        return {
            "customers_count": run.customers_count,
            "has_rules": run.scope.has_rules,
            "trust": found,
        }

    def words(self, figures: Mapping[str, Any]) -> dict[str, str]:
        """The distribution in a sentence."""
        return {"distribution": distribution(figures)}

    def charts(self, figures: Mapping[str, Any]) -> dict[str, alt.TopLevelMixin]:
        """A histogram."""
        from custloyal.plot.trust import trust_histogram  # noqa: PLC0415 (needs an extra)

        trust = figures["trust"]
        if not figures["customers_count"] or not trust["bins"]:
            return {}
        return {"trust": trust_histogram(trust["bins"], prior=trust["prior"])}

    def headlines(self, figures: Mapping[str, Any]) -> list[Headline]:
        """The mean."""
        trust = figures["trust"]
        of = f"median {score(trust['median'])}, neutral {score(trust['prior'])}"
        return [Headline("Mean trust", score(trust["mean"]), of, "term-trust", ", 0 to 1", rank=40)]

    def lines(self, figures: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The distribution."""
        return [("Trust", distribution(figures))]


def distribution(figures: Mapping[str, Any]) -> str:
    """The distribution of trust."""
    said, customers = figures["trust"], figures["customers_count"] or 0
    if not customers or said["mean"] is None:
        return "No customer is known here, so there is no trust to show."
    prior, lower = said["prior"], said["below_prior_count"]
    if customers == 1:
        return f"The only customer has a trust of {score(said['mean'])}; neutral is {score(prior)}."
    verb = "is" if lower == 1 else "are"
    below = f"{part_of(lower, customers)} {verb}" if lower else "Nobody is"
    text = (
        f"Half of the {counted(customers, 'customer')} have a trust of {score(said['median'])} or "
        f"more; the mean is {score(said['mean'])}. {below} below {score(prior)}, the score of a "
        "customer of whom nothing is known."
    )
    none = said["no_evidence_count"]
    if not none:
        return text
    return f"{text} For {part_of(none, customers)} no interaction says how it felt."


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
