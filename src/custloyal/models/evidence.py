"""What an interaction says about how the customer left it: the evidence that trust is made of.

All numbers are stated here once, are published by `OutcomePolicy.table`, and can be changed. A
row's evidence depends on that row alone, which is what lets states merge and the past be read
without knowledge of what came later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from custloyal.errors import Mistake
from custloyal.models.checks import as_number, as_numbers, check_number, check_word, refuse
from custloyal.models.frozen_mapping import FrozenMapping
from custloyal.models.vocabulary import Kind, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

__all__ = ["EvidenceRule", "OutcomePolicy"]

_BY_KIND = FrozenMapping(
    {
        Kind.COMPLAINT: -1.0,
        Kind.REOPEN: -0.5,
        Kind.RETURN: -0.25,
        Kind.PURCHASE: 0.25,
        Kind.RESOLUTION: 0.5,
        Kind.PRAISE: 1.0,
        Kind.TESTIMONIAL: 1.0,
        Kind.CASE_STUDY: 1.0,
        Kind.REFERRAL: 1.0,
        Kind.REVIEW: 1.0,
        Kind.RECOVERY: 0.65 * 12,
    }
)
_BY_PHASE = FrozenMapping({Phase.PRE_SALE: 1.0, Phase.SALE: 1.25, Phase.POST_SALE: 2.0})
_WHY = {
    Kind.COMPLAINT: "a bad experience that the customer took the trouble to name",
    Kind.REOPEN: "what was called solved was not",
    Kind.RETURN: "the purchase did not keep what it promised",
    Kind.PURCHASE: "a customer who pays again is content, if silently",
    Kind.RESOLUTION: "the matter was put right in its course",
    Kind.PRAISE: "said unasked",
    Kind.TESTIMONIAL: "the customer stands up for the business with a name",
    Kind.CASE_STUDY: "the customer stands up for the business in detail",
    Kind.REFERRAL: "the customer stakes a reputation on the business",
    Kind.REVIEW: "without a usable rating: told others about it",
    Kind.RECOVERY: "0.65 of 12: gives back most of what the complaint took",
}


@attrs.frozen
class EvidenceRule:
    """One row of the published table of evidence.

    Args:
        rule: The name by which readings count its uses, such as "outcome" or "kind:complaint".
        evidence: What it gives: a number, or the formula in words where it depends on the row.
        why: When it applies, or the reason for the number.
    """

    rule: str
    evidence: float | str
    why: str


def _by_kind(value: Mapping[Kind, float]) -> Mapping[Kind, float]:
    return as_numbers(value, vocabulary=Kind)


def _by_phase(value: Mapping[Phase, float]) -> Mapping[Phase, float]:
    return as_numbers(value, vocabulary=Phase)


@attrs.frozen(kw_only=True)
class OutcomePolicy:
    """What each interaction counts as evidence, good above 0 and bad below, where 1 is plain.

    An explicit outcome wins, else a usable rating, else the kind. A rating is usable where its
    scale is known and it lies on it. On the scale from 0 to 10 the bands of the net promoter score
    hold; on any other 2 * (rating - min) / (max - min) - 1 is the evidence, and 0 where that lies
    strictly between -neutral_below and +neutral_below.

    Args:
        by_kind: The evidence of a kind whose row has no outcome and no usable rating; kinds that
            are left out give none.
        by_phase: The factor by which evidence counts in each phase; all three are needed.
        promoter_from: The least rating from 0 to 10 that is good.
        detractor_to: The highest rating from 0 to 10 that is bad.
        neutral_below: How near the middle of another scale a rating says neither, from 0 to 1.
        promise_missed: The evidence of a promise that was missed, once rules are judged.
        promise_kept: The evidence of a promise that was kept.

    Raises:
        InvalidValueError: Where a number is not finite or out of its range, or a kind or phase is
            unknown.

    Example:
        >>> policy = OutcomePolicy()
        >>> policy.evidence_of(Kind.REVIEW, rating=2, rating_min=1, rating_max=5)
        (-0.5, 'rating')
        >>> policy.evidence_of(Kind.REVIEW), policy.evidence_of(Kind.QUESTION)
        ((1.0, 'kind:review'), (None, 'none'))
        >>> calmer = attrs.evolve(policy, by_kind={**policy.by_kind, Kind.RETURN: -0.1})
        >>> calmer.evidence_of(Kind.RETURN)
        (-0.1, 'kind:return')
    """

    by_kind: Mapping[Kind, float] = attrs.field(default=_BY_KIND, converter=_by_kind)
    by_phase: Mapping[Phase, float] = attrs.field(default=_BY_PHASE, converter=_by_phase)
    promoter_from: float = attrs.field(default=9.0, converter=as_number)
    detractor_to: float = attrs.field(default=6.0, converter=as_number)
    neutral_below: float = attrs.field(default=0.25, converter=as_number)
    promise_missed: float = attrs.field(default=-0.1, converter=as_number)
    promise_kept: float = attrs.field(default=0.1, converter=as_number)

    def __attrs_post_init__(self) -> None:
        bands = (
            check_number("promoter_from", self.promoter_from, low=0, high=10),
            check_number("detractor_to", self.detractor_to, low=0, high=10),
        )
        overlap = not any(bands) and self.detractor_to >= self.promoter_from
        message = f"is {self.detractor_to}, must be below promoter_from {self.promoter_from}"
        refuse(
            *_entry_mistakes("by_kind", self.by_kind, Kind),
            *_entry_mistakes("by_phase", self.by_phase, Phase, complete=True),
            *bands,
            Mistake("detractor_to", message) if overlap else None,
            check_number("neutral_below", self.neutral_below, low=0, high=1),
            check_number("promise_missed", self.promise_missed, high=0),
            check_number("promise_kept", self.promise_kept, low=0),
        )

    def evidence_of(
        self,
        kind: Kind,
        outcome: float | None = None,
        rating: float | None = None,
        rating_min: float | None = None,
        rating_max: float | None = None,
    ) -> tuple[float | None, str]:
        """The evidence of one row, before severity and phase, and the rule that gave it.

        Args:
            kind: What the interaction was.
            outcome: How the customer left it, from -1 to 1; None where not known.
            rating: What the customer answered; None where not known.
            rating_min: The worst answer of the scale; None where not known.
            rating_max: The best answer of the scale; None where not known.

        Returns:
            The evidence, where 0 is known to be neither good nor bad and None is not known, and
            the rule: "outcome", "rating", "kind:<kind>" or "none".

        Example:
            >>> policy = OutcomePolicy()
            >>> policy.evidence_of(Kind.COMPLAINT, outcome=0)
            (0.0, 'outcome')
            >>> [policy.evidence_of(Kind.SURVEY, None, r, 0, 10)[0] for r in (6, 6.5, 9)]
            [-1.0, 0.0, 1.0]
            >>> policy.evidence_of(Kind.COMPLAINT, rating=7)
            (-1.0, 'kind:complaint')
        """
        if outcome is not None:
            return float(outcome), "outcome"
        if (
            rating is not None
            and rating_min is not None
            and rating_max is not None
            and rating_min < rating_max
            and rating_min <= rating <= rating_max
        ):
            return self._of_rating(rating, rating_min, rating_max), "rating"
        if kind in self.by_kind:
            return self.by_kind[kind], f"kind:{kind}"
        return None, "none"

    def table(self) -> list[EvidenceRule]:
        """Every number of the policy with its rule and reason, in the order in which they apply.

        Example:
            >>> rows = OutcomePolicy().table()
            >>> next(row.evidence for row in rows if row.rule == "kind:complaint")
            -1.0
        """
        low, high, band = self.detractor_to, self.promoter_from, self.neutral_below
        kinds = sorted(self.by_kind.items(), key=lambda item: (item[1], item[0].value))
        return [
            EvidenceRule("outcome", "the outcome", "stated, so nothing needs to be inferred"),
            EvidenceRule("rating", 1.0, f"of 0 to 10, {high:g} and above: a promoter"),
            EvidenceRule("rating", -1.0, f"of 0 to 10, {low:g} and below: a detractor"),
            EvidenceRule("rating", 0.0, f"of 0 to 10, above {low:g} and below {high:g}: passive"),
            EvidenceRule(
                "rating",
                "2 * (rating - min) / (max - min) - 1",
                f"of other scales; 0 between -{band:g} and {band:g}, where it says neither",
            ),
            *(
                EvidenceRule(f"kind:{kind}", evidence, _why(kind, evidence))
                for kind, evidence in kinds
            ),
            EvidenceRule("none", "none", "all other kinds say nothing about how it was"),
            EvidenceRule("promise:missed", self.promise_missed, "once rules are judged"),
            EvidenceRule("promise:kept", self.promise_kept, "once rules are judged"),
            *(
                EvidenceRule(f"phase:{phase.value}", f"times {self.by_phase[phase]:g}", why)
                for phase, why in (
                    (Phase.PRE_SALE, "little is at stake yet"),
                    (Phase.SALE, "the promise is made"),
                    (Phase.POST_SALE, "the promise is kept or broken"),
                )
            ),
        ]

    def _of_rating(self, rating: float, low: float, high: float) -> float:
        if low == 0 and high == 10:  # noqa: PLR2004 - the scale of the net promoter score
            if rating >= self.promoter_from:
                return 1.0
            return -1.0 if rating <= self.detractor_to else 0.0
        evidence = 2 * (rating - low) / (high - low) - 1
        return 0.0 if abs(evidence) < self.neutral_below else evidence


def _why(kind: Kind, evidence: float) -> str:
    if evidence == _BY_KIND.get(kind):
        return _WHY[kind]
    return f"set by the user; without that {_BY_KIND.get(kind, 'none')}"


def _entry_mistakes(
    path: str, value: object, vocabulary: type[StrEnum], *, complete: bool = False
) -> Iterator[Mistake]:
    if not isinstance(value, Mapping):
        yield Mistake(
            path, f"is {value!r}, must be a mapping from {vocabulary.__name__} to numbers"
        )
        return
    for word, number in value.items():
        unknown = check_word(f"{path}.{word}", word, vocabulary, optional=False)
        wrong = unknown or check_number(f"{path}.{word}", number, low=0 if complete else None)
        if wrong:
            yield wrong
    if complete:
        for member in vocabulary:
            if member not in value:
                yield Mistake(f"{path}.{member}", "is missing", "every one needs a number")
