"""Drawn histories and rule books in which times lie on thresholds, and much is not known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
from hypothesis import strategies as st

import reference
import reference_rules
from custloyal import BusinessCalendar, History, RuleBook, ServiceRule, judge
from custloyal.models import AsOf
from custloyal.rules import Population, above, at_least, at_most, below, where, within

MICROSECOND = timedelta(microseconds=1)
BERLIN = "Europe/Berlin"
OFFICE = BusinessCalendar(
    {"mon-fri": ["09:00-12:00", "13:00-18:00"], "sat": "09:00-12:00"},
    timezone=BERLIN,
    holidays=["2024-03-29"],
)
NIGHTS = BusinessCalendar({"mon-sun": "22:00-06:00"}, timezone=BERLIN)

STARTS = tuple(
    datetime.fromisoformat(text).astimezone(UTC)
    for text in (
        "2024-03-28T17:00:00+01:00",  # before a holiday and the day on which the clock changes
        "2024-03-31T00:00:00+01:00",
        "2024-03-31T01:59:59.999999+01:00",
        "2024-10-27T01:00:00+02:00",
        "2024-02-28T18:00:00+01:00",  # closing time, before a leap day
        "2024-02-29T23:59:59.999999+01:00",
        "2023-12-31T23:00:00+01:00",
        "2024-01-15T09:00:00+01:00",
    )
)
"""Where the times of one history lie around."""
_MINUTES = (0, 0, 30, 30, 60, 60, 90, 120, 120, 240, 480, 900, 1440)
GAPS = st.builds(
    lambda minutes, beside: max(timedelta(minutes=minutes) + beside, timedelta()),
    st.sampled_from(_MINUTES),
    st.sampled_from((timedelta(), timedelta(), timedelta(), -MICROSECOND, MICROSECOND)),
)
"""How long after a row the next one comes: sums of them lie on limits, and just beside."""

SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("occurred_at", pa.timestamp("us", "UTC")),
        *((name, pa.string()) for name in ("kind", "interaction_id", "case_id", "channel")),
        *((name, pa.string()) for name in ("department", "agent_id", "initiated_by", "topic")),
        *((name, pa.float64()) for name in ("rings", "wait_s", "handle_minutes", "amount")),
        *((name, pa.float64()) for name in ("outcome", "rating", "rating_min", "rating_max")),
    ]
)
CUSTOMERS = pa.schema(
    [("customer_id", pa.string()), ("tier", pa.string()), ("acquired_at", pa.date32())]
)
KINDS = (
    *("question", "problem", "reply", "resolution", "recovery", "reopen", "follow_up"),
    *("handoff", "purchase", "survey"),
)
_TURNS = ("question", "reply", "follow_up", "resolution", "reopen", "resolution")
"""What starts, pauses, stops and resumes clocks: drawn most."""
_ROW = {
    "customer_id": st.sampled_from(("ann", "ann", "ann", "bob", None)),
    "kind": st.sampled_from((*_TURNS, *_TURNS, *KINDS)),
    "case_id": st.sampled_from(("c1", "c1", "c1", "c2", None)),
    "channel": st.sampled_from(("phone", "phone", "email", None)),
    "department": st.sampled_from(("desk", "lab", None)),
    "agent_id": st.sampled_from(("eva", "fay", None)),
    "initiated_by": st.sampled_from(("business", "customer", None)),
    "topic": st.sampled_from(("bill", "test", None)),
    "rings": st.sampled_from((None, -1.0, 1.0, 2.0, 3.0)),
    "wait_s": st.sampled_from((None, -1.0, 0.0, 11.999999, 12.0, 60.0)),
    "handle_minutes": st.sampled_from((None, 2.0, 2.000001)),
    "outcome": st.sampled_from((None, -1.0, 0.0, 0.5)),
    "rating": st.sampled_from((None, 3.0, 9.0, 11.0)),
    "has_id": st.booleans(),
    "gap": GAPS,
}


@st.composite
def rows(draw, *, min_size=0, max_size=14):
    """Rows of few customers and cases, many at one time; half of the inputs run backwards."""
    at = draw(st.sampled_from(STARTS))
    drawn = draw(st.lists(st.fixed_dictionaries(_ROW), min_size=min_size, max_size=max_size))
    found = []
    for place, row in enumerate(drawn):
        at += row.pop("gap")
        found.append(
            {
                **row,
                "occurred_at": at,
                # Ids run against the input, so that of rows at one time the later comes first.
                "interaction_id": f"{99 - place}" if row.pop("has_id") else None,
                "rating_min": 0.0,
                "rating_max": 10.0,
                "amount": 5.0 if row["kind"] == "purchase" else None,
            }
        )
    return found[:: draw(st.sampled_from((1, -1)))]


customers = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(("ann", "zoe", "yan")),
            "tier": st.sampled_from(("key", "small", None)),
            "acquired_at": st.sampled_from(
                (None, date(2024, 1, 1), date(2024, 2, 29), date(2024, 3, 31), date(2025, 1, 1))
            ),
        }
    ),
    max_size=3,
    unique_by=lambda row: row["customer_id"],
)
"""The second table: of most customers who have rows it tells nothing, and some have none."""


@st.composite
def as_ofs(draw, drawn):
    """After some row, or at the end of its day, or long after all."""
    times = [row["occurred_at"] for row in drawn] or [STARTS[0]]
    at = draw(st.sampled_from(times)) + draw(GAPS)
    return draw(st.sampled_from((at, at, max(times) + timedelta(days=40), at.date())))


# Rules ---------------------------------------------------------------------------------------

ASKS = ("question", "problem")
of_rows = st.sampled_from(
    (
        where(channel="phone"),
        where(kind=ASKS),
        where(kind=ASKS, channel="phone"),
        where(channel="phone", department="desk"),
        where(tier="key"),
        where(tier="key", channel=("phone", "email")),
        where(kind=KINDS),
        Population({"kind": KINDS}, unless={"topic": ("test",)}),
        where(kind="question", stage=("know", "like")),
    )
)
of_cases = st.sampled_from(
    (where(kind=KINDS), where(kind=(*ASKS, "reply")), where(channel=("phone", "email")))
)
of_customers = st.sampled_from(
    (where(tier="key"), where(), where(stage=("know", "like")), where(tier=("key", "small")))
)
limits = st.sampled_from(
    ({"hours": 1}, {"hours": 2}, {"hours": 8}, {"minutes": 30}, {"seconds": 7_200.000001})
)
calendars = st.sampled_from((None, OFFICE, NIGHTS))
replies = where(kind=("reply", "resolution"))
comparators = st.sampled_from((at_most, at_least, below, above))


@st.composite
def numbers(draw):
    compared, last = draw(comparators), draw(st.booleans())
    threshold, options = draw(
        st.sampled_from(
            (
                (2, {"unit": "rings"}),
                (2, {"unit": "rings", "country": "GB"}),
                (12, {"unit": "seconds", "of": "wait_s"}),
                (0.2, {"unit": "minutes", "of": "wait_s"}),
                (120, {"unit": "seconds", "of": "handle_minutes"}),
                (0, {"unit": "feeling"}),
                (0.5, {"unit": "feeling"}),
            )
        )
    )
    return compared(threshold, options.pop("unit"), last=last, **options)


@st.composite
def clocks(draw):
    until = draw(st.sampled_from(("first_response", "resolution")))
    return within(
        **draw(limits),
        calendar=draw(calendars),
        until=until,
        waits=draw(st.sampled_from((None, where(kind="follow_up"), where(channel="email")))),
        starts=draw(st.sampled_from((None, None, where(kind="question"), where(channel="phone")))),
    )


@st.composite
def what_follows(draw):
    until = draw(
        st.sampled_from(
            ("next_reply", replies, where(kind="survey"), where(kind=ASKS, channel="email"))
        )
    )
    same = "case" if until == "next_reply" else draw(st.sampled_from(("case", "customer")))
    return within(**draw(limits), calendar=draw(calendars), until=until, same=same)


@st.composite
def counts(draw, per="case"):
    calls = where(kind=("question", "reply"), channel="phone")  # of some nobody knows
    of = draw(st.sampled_from((replies, where(channel="phone"), where(kind="reopen"), calls)))
    return draw(comparators)(draw(st.integers(0, 2)), "times", of=of, per=per)


@st.composite
def hand_offs(draw):
    by = draw(st.sampled_from(("department", "agent_id")))
    return draw(comparators)(draw(st.integers(0, 2)), "handoffs", by=by)


PROMISES = {
    "numbers": numbers(),
    "clocks": clocks(),
    "what follows": what_follows(),
    "counts": counts(),
    "hand-offs": hand_offs(),
    "contacts": counts("customer"),
}
"""By kind; each has a test of its own, so that none is drawn too seldom."""
any_promise = st.one_of(*PROMISES.values())


@st.composite
def rules(draw, name, promises):
    promise = draw(promises)
    subject = promise.subject.value
    of_whom = {
        "case": of_cases | of_cases | of_rows,
        "customer": of_customers,
        "interaction": of_rows,
    }
    own = st.sampled_from(
        (
            {},
            {"tier": {"key": 0.99, "small": 0.5}},
            {"stage": {"know": 0.75}, "tier": {"key": 0.6}},
        )
    )
    aside = (None, where(tier="small")) if subject == "customer" else (None, where(topic="test"))
    return ServiceRule(
        name=name,
        population=draw(of_whom[subject]),
        promise=promise,
        target=0.9,
        window=draw(st.sampled_from(("day", "week", "month", "quarter"))),
        owner="front desk",
        unless=draw(st.sampled_from(aside)),
        target_by=draw(own),
    )


@st.composite
def rule_books(draw, promises=any_promise, *, max_size=3):
    size = draw(st.integers(2, max_size))
    return RuleBook([draw(rules(f"rule {n}", promises)) for n in range(size)])


# Judging -------------------------------------------------------------------------------------


def history_of(backend, drawn, second=(), timezone=BERLIN):
    return History.from_native(
        backend.of_arrow(pa.Table.from_pylist(list(drawn), SCHEMA)),
        timezone=timezone,
        customers=pa.Table.from_pylist(list(second), CUSTOMERS),
    )


def judged(backend, drawn, book, as_of, second=()):
    return judge(history_of(backend, drawn, second), book, as_of=as_of)


def expected(drawn, book, as_of, second=(), timezone=BERLIN):
    at = AsOf.parse(as_of, timezone=timezone).instant
    return reference_rules.judged(
        drawn,
        book,
        at,
        timezone=timezone,
        customers=second,
        stages=reference.stages(drawn, at, timezone),
    )
