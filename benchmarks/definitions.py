"""What the four readings mean, in numbers, for every contestant alike.

They are written out here, and not imported from custloyal, so that a slip in the library shows
as a difference between contestants.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

__all__ = [
    "BAD_DECAY",
    "DAY_US",
    "EVIDENCE",
    "GOOD_DECAY",
    "KINDS",
    "PHASE_WEIGHTS",
    "PRIOR_MEAN",
    "PRIOR_WEIGHT",
    "RATIO",
    "READINGS",
    "REVENUE_SHARE",
    "SERVICE_WEIGHT",
    "TOP_SHARE",
    "Z",
    "cutoff",
]

READINGS = ("trust", "btyd", "cohorts", "concentration")

RATIO = 12.0  # good experiences that make up for a bad one
PRIOR_MEAN = 0.5
PRIOR_WEIGHT = 12.0
Z = 1.96
DAY_US = 86_400_000_000
LN_2 = 0.6931471805599453
GOOD_DECAY = -LN_2 / 365  # per day: half is forgotten in a year
BAD_DECAY = -LN_2 / 730  # per day: half is forgotten in two years

EVIDENCE = {  # of a row without an outcome; all other kinds give none
    "purchase": 0.25,
    "return": -0.25,
    "complaint": -1.0,
    "reopen": -0.5,
    "resolution": 0.5,
    "recovery": 0.65 * RATIO,
    "praise": 1.0,
    "testimonial": 1.0,
    "case_study": 1.0,
    "referral": 1.0,
    "review": 1.0,
}
PHASE_WEIGHTS = {
    1.0: ("exposure", "inquiry", "visit", "consultation", "quote", "cart"),
    1.25: ("purchase", "return", "abandonment"),
}
SERVICE_WEIGHT = 2.0  # of all other kinds: after the sale

KINDS = (  # the closed vocabulary, from stranger to advocate
    *("exposure", "inquiry", "visit", "consultation", "quote", "cart"),
    *("purchase", "return", "abandonment"),
    *("delivery", "question", "problem", "complaint", "reply", "handoff"),
    *("resolution", "recovery", "reopen", "follow_up"),
    *("survey", "review", "testimonial", "case_study", "referral", "praise"),
    *("outreach", "reward", "feedback_action", "feedback_reply", "consent", "other"),
)

TOP_SHARE = 0.2  # of the customers, by revenue
REVENUE_SHARE = 0.8  # of the revenue, and how few customers make it


def cutoff(as_of: date) -> datetime:
    """Give the first instant that is not seen any more.

    Args:
        as_of: The last day that counts, in UTC.

    Returns:
        The midnight after it, naive; ages are counted from here.

    Example:
        >>> cutoff(date(2024, 12, 31))
        datetime.datetime(2025, 1, 1, 0, 0)
    """
    return datetime.combine(as_of + timedelta(days=1), time())
