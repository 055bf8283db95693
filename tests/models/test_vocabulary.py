from __future__ import annotations

import pickle

import pytest

from custloyal.errors import InvalidValueError
from custloyal.models import Initiator, Kind, Phase, SurveyKind

JOURNEY = """
exposure inquiry visit consultation quote cart purchase return abandonment delivery question
problem complaint reply handoff resolution recovery reopen follow_up survey review testimonial
case_study referral praise outreach reward feedback_action feedback_reply consent other
"""


def test_the_kinds_are_those_of_the_table_in_the_order_of_the_journey():
    assert [kind.value for kind in Kind] == JOURNEY.split()


def test_the_phase_follows_from_the_kind():
    before = {"exposure", "inquiry", "visit", "consultation", "quote", "cart"}
    with_it = {"purchase", "return", "abandonment"}
    assert {kind.value for kind in Kind if kind.phase is Phase.PRE_SALE} == before
    assert {kind.value for kind in Kind if kind.phase is Phase.SALE} == with_it
    assert {kind for kind in Kind if kind.phase is Phase.POST_SALE} == set(Kind) - before - with_it


@pytest.mark.parametrize("vocabulary", [Initiator, Kind, Phase, SurveyKind])
def test_a_word_equals_its_text_and_survives_a_pickle(vocabulary):
    for word in vocabulary:
        assert word == word.value == str(word)
        assert vocabulary(word.value) is word
        assert pickle.loads(pickle.dumps(word)) is word


@pytest.mark.parametrize("word", ["purchse", "PURCHASE", "Purchase"])
def test_an_unknown_word_is_refused_with_the_nearest(word):
    with pytest.raises(InvalidValueError, match="did you mean 'purchase'"):
        Kind(word)


@pytest.mark.parametrize("word", [None, 3, ["purchase"], ""])
def test_what_is_no_word_is_refused_with_the_list(word):
    with pytest.raises(InvalidValueError, match="allowed: 'pre_sale', 'sale', 'post_sale'"):
        Phase(word)
