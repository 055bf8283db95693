from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custloyal.errors import InvalidValueError
from custloyal.models import Kind, OutcomePolicy, Phase

POLICY = OutcomePolicy()
BY_KIND = {
    "complaint": -1,
    "reopen": -0.5,
    "return": -0.25,
    "purchase": 0.25,
    "praise": 1,
    "testimonial": 1,
    "case_study": 1,
    "referral": 1,
    "review": 1,
    "resolution": 0.5,
    "recovery": 7.8,
}


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_gives_what_the_design_says_and_all_others_give_none(kind):
    evidence, rule = POLICY.evidence_of(kind)
    if kind in BY_KIND:
        assert evidence == pytest.approx(BY_KIND[kind])
        assert rule == f"kind:{kind.value}"
    else:
        assert (evidence, rule) == (None, "none")


@given(st.sampled_from(Kind), st.floats(-1, 1), st.none() | st.floats(0, 10))
def test_an_explicit_outcome_wins(kind, outcome, rating):
    assert POLICY.evidence_of(kind, outcome, rating, 0, 10) == (outcome, "outcome")


@pytest.mark.parametrize(
    ("rating", "evidence"),
    [(0, -1), (6, -1), (6.000001, 0), (7, 0), (8.999999, 0), (9, 1), (10, 1)],
)
def test_a_rating_from_0_to_10_falls_in_the_bands_of_the_net_promoter_score(rating, evidence):
    assert POLICY.evidence_of(Kind.COMPLAINT, None, rating, 0, 10) == (evidence, "rating")


@pytest.mark.parametrize(
    ("rating", "low", "high", "evidence"),
    [
        (1, 1, 5, -1),
        (2, 1, 5, -0.5),
        (3, 1, 5, 0),
        (4, 1, 5, 0.5),
        (5, 1, 5, 1),
        (3, 0, 8, -0.25),  # on the band's edge it counts
        (5, 0, 8, 0.25),
        (3.001, 0, 8, 0),
        (4.999, 0, 8, 0),
        (-1, -2, 2, -0.5),
        (10, 1, 10, 1),  # 1 to 10 is not the scale of the net promoter score
        (7, 1, 10, pytest.approx(1 / 3)),
    ],
)
def test_other_scales_are_brought_to_minus_1_to_1(rating, low, high, evidence):
    assert POLICY.evidence_of(Kind.SURVEY, None, rating, low, high) == (evidence, "rating")


@pytest.mark.parametrize(
    ("rating", "low", "high"),
    [(5, None, None), (5, 0, None), (5, None, 10), (5, 10, 0), (5, 5, 5), (11, 0, 10), (0, 1, 5)],
)
def test_a_rating_without_a_usable_scale_falls_through_to_the_kind(rating, low, high):
    assert POLICY.evidence_of(Kind.COMPLAINT, None, rating, low, high) == (-1.0, "kind:complaint")
    assert POLICY.evidence_of(Kind.SURVEY, None, rating, low, high) == (None, "none")


def test_a_review_is_good_unless_its_rating_says_otherwise():
    assert POLICY.evidence_of(Kind.REVIEW) == (1.0, "kind:review")
    assert POLICY.evidence_of(Kind.REVIEW, None, 1, 1, 5) == (-1.0, "rating")
    assert POLICY.evidence_of(Kind.REVIEW, None, 7, 0, 10) == (0.0, "rating")


@given(st.sampled_from(Kind), st.integers(-3, 3), st.integers(1, 12), st.floats(0, 1))
def test_a_better_rating_never_gives_less_and_never_leaves_minus_1_to_1(kind, low, width, part):
    high = low + width
    ratings = [low, low + part * width, high]
    given_by = [POLICY.evidence_of(kind, None, r, low, high) for r in ratings if r <= high]
    evidence = [e for e, _ in given_by]
    assert evidence == sorted(evidence)
    assert (evidence[0], evidence[-1]) == (-1.0, 1.0)


def test_the_phases_weigh_as_the_design_says():
    assert {phase.value: weight for phase, weight in POLICY.by_phase.items()} == {
        "pre_sale": 1,
        "sale": 1.25,
        "post_sale": 2,
    }
    assert (POLICY.promise_missed, POLICY.promise_kept) == (-0.1, 0.1)


def test_the_table_publishes_every_number_and_reason():
    rows = POLICY.table()
    assert all(row.why for row in rows)
    numbers = {row.rule: row.evidence for row in rows}
    for kind, evidence in POLICY.by_kind.items():
        assert numbers[f"kind:{kind}"] == evidence
    assert (numbers["promise:missed"], numbers["promise:kept"]) == (-0.1, 0.1)
    assert numbers["phase:sale"] == "times 1.25"
    assert {POLICY.evidence_of(kind)[1] for kind in Kind} <= set(numbers)


def test_a_changed_number_is_used_and_published_as_the_users_own():
    changed = attrs.evolve(
        POLICY, by_kind={**POLICY.by_kind, "return": -0.1, "delivery": 1}, promoter_from=8
    )
    assert changed.evidence_of(Kind.RETURN) == (-0.1, "kind:return")
    assert changed.evidence_of(Kind.SURVEY, None, 8, 0, 10) == (1.0, "rating")
    why = {row.rule: row.why for row in changed.table()}
    assert why["kind:return"] == "set by the user; without that -0.25"
    assert why["kind:delivery"] == "set by the user; without that none"
    assert Kind.RETURN in changed.by_kind


def test_a_policy_does_not_change_with_the_mapping_it_was_given():
    given_by = {Kind.COMPLAINT: -1.0}
    policy = OutcomePolicy(by_kind=given_by)
    given_by[Kind.COMPLAINT] = -2.0
    assert policy.evidence_of(Kind.COMPLAINT) == (-1.0, "kind:complaint")
    assert hash(policy) == hash(OutcomePolicy(by_kind={Kind.COMPLAINT: -1.0}))


def test_all_mistakes_of_a_policy_are_named_at_once():
    with pytest.raises(InvalidValueError) as caught:
        OutcomePolicy(
            by_kind={"complant": -1, "return": float("nan")},
            by_phase={Phase.SALE: -1},
            detractor_to=9,
            neutral_below=2,
            promise_missed=0.1,
            promise_kept=-0.1,
        )
    assert [mistake.path for mistake in caught.value.mistakes] == [
        "by_kind.complant",
        "by_kind.return",
        "by_phase.sale",
        "by_phase.pre_sale",
        "by_phase.post_sale",
        "detractor_to",
        "neutral_below",
        "promise_missed",
        "promise_kept",
    ]
    assert "did you mean 'complaint'" in str(caught.value)
    with pytest.raises(InvalidValueError, match="must be a mapping"):
        OutcomePolicy(by_kind=[("complaint", -1)])
