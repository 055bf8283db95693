"""The closed vocabularies: what an interaction can be, in which phase it falls, who began it.

A closed vocabulary is what lets a rule be checked before it is run: a word that is not in it is
refused with the nearest one, never counted as nothing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NoReturn

from custloyal.errors import InvalidValueError, Mistake, nearest

__all__ = ["Initiator", "Kind", "Phase", "SurveyKind"]


class _Vocabulary(StrEnum):
    """Words that are equal to their text; an unknown word is refused with the nearest one."""

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        words = [member.value for member in cls]
        raise InvalidValueError(
            Mistake(
                cls.__name__,
                f"{value!r} is not one of its words",
                mend=nearest(value if isinstance(value, str) else "", words),
            )
        )


class Phase(_Vocabulary):
    """Whether an interaction comes before, with or after the sale.

    Example:
        >>> Phase("post_sale")
        <Phase.POST_SALE: 'post_sale'>
    """

    PRE_SALE = "pre_sale"
    SALE = "sale"
    POST_SALE = "post_sale"


class Initiator(_Vocabulary):
    """Who began an interaction.

    Example:
        >>> Initiator.CUSTOMER == "customer"
        True
    """

    CUSTOMER = "customer"
    BUSINESS = "business"
    PARTNER = "partner"


class SurveyKind(_Vocabulary):
    """What a survey asked: net promoter, satisfaction or effort.

    Example:
        >>> [kind.value for kind in SurveyKind]
        ['nps', 'csat', 'ces']
    """

    NPS = "nps"
    CSAT = "csat"
    CES = "ces"


class Kind(_Vocabulary):
    """What an interaction was, in the order in which a stranger becomes an advocate.

    Example:
        >>> Kind("purchase").phase
        <Phase.SALE: 'sale'>
        >>> Kind("purchse")
        Traceback (most recent call last):
        custloyal.errors.InvalidValueError: Kind: 'purchse' is not one of its words (did you mean \
'purchase'?)
    """

    EXPOSURE = "exposure"
    INQUIRY = "inquiry"

    VISIT = "visit"
    CONSULTATION = "consultation"
    QUOTE = "quote"
    CART = "cart"

    PURCHASE = "purchase"
    RETURN = "return"
    ABANDONMENT = "abandonment"

    DELIVERY = "delivery"
    QUESTION = "question"
    PROBLEM = "problem"
    COMPLAINT = "complaint"
    REPLY = "reply"
    HANDOFF = "handoff"
    RESOLUTION = "resolution"
    RECOVERY = "recovery"
    REOPEN = "reopen"
    FOLLOW_UP = "follow_up"

    SURVEY = "survey"
    REVIEW = "review"
    TESTIMONIAL = "testimonial"
    CASE_STUDY = "case_study"
    REFERRAL = "referral"
    PRAISE = "praise"

    OUTREACH = "outreach"
    REWARD = "reward"
    FEEDBACK_ACTION = "feedback_action"
    FEEDBACK_REPLY = "feedback_reply"

    CONSENT = "consent"
    OTHER = "other"

    @property
    def phase(self) -> Phase:
        """The phase of a row of this kind that names none itself.

        Example:
            >>> Kind.CART.phase.value, Kind.RETURN.phase.value, Kind.OTHER.phase.value
            ('pre_sale', 'sale', 'post_sale')
        """
        if self in _PRE_SALE:
            return Phase.PRE_SALE
        if self in _SALE:
            return Phase.SALE
        return Phase.POST_SALE


_PRE_SALE = frozenset(
    {Kind.EXPOSURE, Kind.INQUIRY, Kind.VISIT, Kind.CONSULTATION, Kind.QUOTE, Kind.CART}
)
_SALE = frozenset({Kind.PURCHASE, Kind.RETURN, Kind.ABANDONMENT})
