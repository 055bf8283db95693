"""Rule books that are ready to be judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from custloyal.rules.population import where
from custloyal.rules.promises import above, at_most, below, within
from custloyal.rules.rule_book import RuleBook
from custloyal.rules.service_rule import ServiceRule

if TYPE_CHECKING:
    from custloyal.models import BusinessCalendar

__all__ = ["good_service"]

_MATTER_KINDS = ("question", "problem", "complaint")
_MATTERS = where(kind=_MATTER_KINDS)


def good_service(calendar: BusinessCalendar | None = None, *, country: str = "US") -> RuleBook:
    """What good service is, in four parts, as rules.

    Clear direction, a prompt and a correct response, and word back on feedback; respect and
    appreciation, also for prospects; a problem solved without approval; a positive feeling at the
    end. Thresholds, targets and owners are a start: `to_toml` writes them down to be changed.

    Args:
        calendar: When first responses and answers to prospects are waited for; None for always.
            A prospect waits a day, with a calendar 8 hours of business.
        country: In which country the telephone rings.

    Example:
        >>> for rule in good_service():
        ...     print(rule)
        Questions, problems or complaints have at most 1 hand-off, for 90 % of questions, problems \
or complaints a month; owner: head of service.
        Inquiries, questions, problems or complaints by phone are answered within 2 rings, for \
90 % of inquiries, questions, problems or complaints a month; owner: front desk.
        Questions, problems or complaints are answered within 4 hours, for 90 % of questions, \
problems or complaints a month; owner: service desk.
        Questions, problems or complaints have no reopens, for 95 % of questions, problems or \
complaints a month; owner: service desk.
        Complaints or surveys are followed by replies to feedback within 14 days, for 80 % of \
complaints or surveys a month; owner: head of service.
        Deliveries are followed by follow-ups within 7 days, for 80 % of deliveries a month; \
owner: customer care.
        Inquiries are followed by replies, consultations or quotes within 1 day, for 95 % of \
inquiries a month; owner: head of sales.
        Questions, problems or complaints stay with their first agent, for 80 % of questions, \
problems or complaints a month; owner: head of service.
        Resolutions or surveys leave a good feeling, for 80 % of resolutions or surveys a \
quarter; owner: head of service.
    """
    until_answered = where(kind=["reply", "consultation", "quote"])
    prospect = (
        within(days=1, until=until_answered, same="customer")
        if calendar is None
        else within(hours=8, calendar=calendar, until=until_answered, same="customer")
    )
    return RuleBook(
        [
            ServiceRule(
                name="clear direction",
                population=_MATTERS,
                promise=at_most(1, "handoffs", by="department"),
                target=0.9,
                window="month",
                owner="head of service",
            ),
            ServiceRule(
                name="prompt answer to calls",
                population=where(kind=["inquiry", *_MATTER_KINDS], channel="phone"),
                promise=below(3, "rings", country=country),
                target=0.9,
                window="month",
                owner="front desk",
            ),
            ServiceRule(
                name="prompt first response",
                population=_MATTERS,
                promise=within(hours=4, until="first_response", calendar=calendar),
                target=0.9,
                window="month",
                owner="service desk",
            ),
            ServiceRule(
                name="correct response",
                population=_MATTERS,
                promise=at_most(0, "times", of=where(kind="reopen")),
                target=0.95,
                window="month",
                owner="service desk",
            ),
            ServiceRule(
                name="feedback given",
                population=where(kind=["complaint", "survey"]),
                promise=within(days=14, until=where(kind="feedback_reply"), same="customer"),
                target=0.8,
                window="month",
                owner="head of service",
            ),
            ServiceRule(
                name="respect and appreciation",
                population=where(kind="delivery"),
                promise=within(days=7, until=where(kind="follow_up"), same="customer"),
                target=0.8,
                window="month",
                owner="customer care",
            ),
            ServiceRule(
                name="professional with prospects",
                population=where(kind="inquiry"),
                promise=prospect,
                target=0.95,
                window="month",
                owner="head of sales",
            ),
            ServiceRule(
                name="solved without approval",
                population=_MATTERS,
                promise=at_most(0, "handoffs", by="agent_id"),
                target=0.8,
                window="month",
                owner="head of service",
            ),
            ServiceRule(
                name="positive feeling",
                population=where(kind=["resolution", "survey"]),
                promise=above(0, "feeling"),
                target=0.8,
                window="quarter",
                owner="head of service",
            ),
        ]
    )
