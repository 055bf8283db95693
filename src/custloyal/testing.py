"""Hypothesis strategies that draw interactions where metrics break: at the boundaries.

Ties in time, two purchases on one local day, the microseconds around midnight and around a change
of the clock, equal ids, rows of nobody, ratings on the edge of a band, sums that are equal to the
cent: what random data hardly ever meets is drawn all the time. For tests of metrics of your own
and of code that reads histories. Needs `hypothesis`, which custloyal does not install.

Example:
    >>> from hypothesis import given
    >>> from custloyal import History, Trust, score
    >>> @given(histories(min_size=1))
    ... def test_trust_is_a_share(history):
    ...     for row in score(History.from_interactions(history), Trust()).to_dicts():
    ...         assert 0 < row["trust"] < 1
    >>> test_trust_is_a_share()
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from custloyal.models import Interaction, Kind, Phase, Relationship, SurveyKind, Transaction
from custloyal.models.windows import check_timezone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hypothesis.strategies import SearchStrategy

    from custloyal.typing import Id

__all__ = ["as_ofs", "histories", "instants", "interactions", "rows"]

_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_FIRST, _LAST = date(2023, 10, 1), date(2024, 11, 30)
"""Two changes of the clock in autumn, one in spring, a leap day and the turn of a year."""
_DAYS = tuple(
    date.fromisoformat(day)
    for day in ("2023-12-31", "2024-01-01", "2024-02-28", "2024-02-29", "2024-03-01", "2024-07-31")
)

_CUSTOMERS = ("ann", "bob", "cem", None)
_INTERACTION_IDS = (None, None, "1", "2", "3", "10", "20")
_CASES = (None, "c1", "c2")
_HOLDERS = (None, "desk", "lab", "shop")

_AMOUNTS = (0.01, 0.1, 0.2, 0.3, 9.99, 10.0, 14.96, 29.33, 1e9)
_OUTCOMES = (-1.0, -0.5, -1e-9, -0.0, 0.0, 1e-9, 0.25, 1.0)
_SEVERITIES = (0.0, 1e-6, 0.5, 1.0, 1e6)
_RATINGS = (
    *((rating, 0.0, 10.0) for rating in (0.0, 6.0, 6.5, 8.5, 9.0, 10.0)),
    *((rating, 1.0, 5.0) for rating in (1.0, 2.5, 2.5 + 1e-9, 3.0, 3.5 - 1e-9, 3.5, 5.0)),
    *((rating, -2.0, 2.0) for rating in (-2.0, -0.5, 0.0, 2.0)),
    (37.5, 0.0, 100.0),
    (4.0, None, None),
    (4.0, None, 5.0),
)
"""Answers with the ends of their scale, on and beside the bounds of the bands."""

_UNUSABLE_RATINGS = ((11.0, 0.0, 10.0), (-1.0, 0.0, 10.0), (3.0, 5.0, 1.0), (3.0, 3.0, 3.0))
_FLAWS: tuple[dict[str, Any], ...] = (
    {"customer_id": None},
    {"occurred_at": None},
    {"kind": None},
    {"kind": ""},
    {"kind": " purchase "},
    {"kind": "Purchase"},
    {"kind": "telepathy"},
    {"kind": "purchase", "amount": 0.0},
    {"kind": "purchase", "amount": -5.0},
    {"kind": "return", "amount": 5.0},
    {"kind": "return", "amount": 0.0},
    {"amount": float("inf")},
    {"phase": "after hours"},
    {"outcome": 1.0 + 1e-9},
    {"outcome": float("-inf")},
    {"severity": -1e-9},
    {"severity": float("inf")},
    *(
        {"rating": rating, "rating_min": low, "rating_max": high}
        for rating, low, high in _UNUSABLE_RATINGS
    ),
)
"""What rows of a user's own table hold and interactions cannot."""


def instants(*, timezone: str = "UTC") -> SearchStrategy[datetime]:
    """Times at which local days, months and clocks change, some one microsecond beside.

    Args:
        timezone: The IANA name of the zone whose midnights and clock changes are drawn.

    Returns:
        A strategy of instants in UTC, from 2023 to 2024.

    Example:
        >>> from hypothesis import given
        >>> @given(instants(timezone="Europe/Berlin"))
        ... def test(instant):
        ...     assert instant.utcoffset() == timedelta(0)
        >>> test()
    """
    return st.sampled_from(_edges(timezone))


@st.composite
def interactions(
    draw: st.DrawFn,
    *,
    occurred_at: SearchStrategy[datetime] | None = None,
    customer_ids: Sequence[Id | None] = _CUSTOMERS,
    kinds: Sequence[Kind] = tuple(Kind),
    timezone: str = "UTC",
) -> Interaction:
    """One interaction, with a transaction and a relationship or without.

    Args:
        draw: Given by Hypothesis.
        occurred_at: When; `instants` of the zone where it is left out.
        customer_ids: Who; None among them is a row of nobody.
        kinds: What; where purchases are among them, every other row is one.
        timezone: The zone in which days are counted.

    Returns:
        A strategy of interactions, all of which the intake accepts.

    Example:
        >>> from hypothesis import given
        >>> @given(interactions(kinds=[Kind.RETURN]))
        ... def test(interaction):
        ...     money = interaction.transaction
        ...     assert money is None or money.amount is None or money.amount <= 0
        >>> test()
    """
    words = st.sampled_from(list(kinds))
    kind = draw(st.just(Kind.PURCHASE) | words if Kind.PURCHASE in kinds else words)
    return Interaction(
        draw(st.sampled_from(list(customer_ids))),
        draw(instants(timezone=timezone) if occurred_at is None else occurred_at),
        kind,
        interaction_id=draw(st.sampled_from(_INTERACTION_IDS)),
        case_id=draw(st.sampled_from(_CASES)),
        department=draw(st.sampled_from(_HOLDERS)),
        agent_id=draw(st.sampled_from(_HOLDERS)),
        phase=draw(st.none() | st.sampled_from(Phase)),
        transaction=draw(st.none() | _transactions(kind)),
        relationship=draw(st.none() | _relationships()),
    )


@st.composite
def histories(
    draw: st.DrawFn,
    *,
    min_size: int = 0,
    max_size: int = 20,
    customer_ids: Sequence[Id | None] = _CUSTOMERS,
    kinds: Sequence[Kind] = tuple(Kind),
    timezone: str = "UTC",
) -> list[Interaction]:
    """The interactions of some customers, in any order, many of them at the same times.

    Args:
        draw: Given by Hypothesis.
        min_size: The fewest interactions; 0 draws the empty history too.
        max_size: The most.
        customer_ids: Whose; None among them is nobody.
        kinds: What they are.
        timezone: The zone in which days are counted.

    Returns:
        A strategy of lists, for `History.from_interactions`.

    Example:
        >>> from hypothesis import given
        >>> from custloyal import History
        >>> @given(histories())
        ... def test(history):
        ...     intake = History.from_interactions(history).intake
        ...     assert intake.accepted + intake.duplicates == len(history)
        >>> test()
    """
    times = draw(st.lists(instants(timezone=timezone), min_size=1, max_size=6))
    return draw(
        st.lists(
            interactions(
                occurred_at=st.sampled_from(times), customer_ids=customer_ids, kinds=kinds
            ),
            min_size=min_size,
            max_size=max_size,
        )
    )


@st.composite
def rows(
    draw: st.DrawFn,
    *,
    min_size: int = 0,
    max_size: int = 20,
    customer_ids: Sequence[Id | None] = _CUSTOMERS,
    kinds: Sequence[Kind] = tuple(Kind),
    timezone: str = "UTC",
) -> list[dict[str, Any]]:
    """Rows as a user's table holds them: some words are no kind, some numbers out of range.

    Args:
        draw: Given by Hypothesis.
        min_size: The fewest rows.
        max_size: The most.
        customer_ids: As for `histories`.
        kinds: As for `histories`.
        timezone: As for `histories`.

    Returns:
        A strategy of lists of dictionaries by column, for a frame and `History.from_native`. A
        missing key is null; `customer_id`, `occurred_at` and `kind` are always there.

    Example:
        >>> from hypothesis import find
        >>> found = find(rows(), lambda drawn: any(row["kind"] == "telepathy" for row in drawn))
        >>> "telepathy" in {row["kind"] for row in found}
        True
    """
    drawn = draw(
        histories(
            min_size=min_size,
            max_size=max_size,
            customer_ids=customer_ids,
            kinds=kinds,
            timezone=timezone,
        )
    )
    flaws: SearchStrategy[dict[str, Any]] = st.just({}) | st.sampled_from(_FLAWS)
    return [{**interaction.to_row(), **draw(flaws)} for interaction in drawn]


def as_ofs(
    rows: Iterable[Interaction | dict[str, Any]], *, timezone: str = "UTC"
) -> SearchStrategy[datetime | date]:
    """Moments as of which a history may be read: on a row, just beside one, the end of its day.

    Args:
        rows: The interactions, or the rows by column.
        timezone: The zone in which days are counted.

    Returns:
        A strategy of instants in UTC and of local days, among them one after all and one before
        most of the rows.

    Example:
        >>> from hypothesis import find
        >>> when = datetime(2024, 5, 1, tzinfo=UTC)
        >>> find(as_ofs([Interaction("ann", when, "visit")]), lambda at: at == when) == when
        True
    """
    zone = check_timezone(timezone)
    times = [
        row.occurred_at if isinstance(row, Interaction) else row["occurred_at"] for row in rows
    ]
    moments: list[datetime | date] = [date(2024, 12, 31), date(2024, 1, 1)]
    for instant in dict.fromkeys(each for each in times if each is not None):
        moments += [instant, instant - _MICROSECOND, instant + _MICROSECOND]
        moments.append(instant.astimezone(zone).date())
    return st.sampled_from(moments)


@cache
def _edges(timezone: str) -> tuple[datetime, ...]:
    zone = check_timezone(timezone)

    def midnight(day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)

    midnights = [midnight(_FIRST + n * _DAY) for n in range((_LAST - _FIRST).days)]
    # On a day that does not have 24 hours the clock changes, within its first hours.
    changes = [
        start + timedelta(minutes=30) * n
        for start, end in pairwise(midnights)
        if end - start != _DAY
        for n in range(9)
    ]
    noons = [midnight(day) + _DAY / 2 for day in _DAYS]
    edges = [*changes, *(midnight(day) for day in _DAYS)]
    beside = [edge + by for edge in edges for by in (-_MICROSECOND, timedelta(), _MICROSECOND)]
    return (*noons, *beside)


@st.composite
def _transactions(draw: st.DrawFn, kind: Kind) -> Transaction:
    amount = draw(st.sampled_from(_AMOUNTS) | st.integers(1, 500).map(lambda cents: cents / 100))
    if kind is Kind.RETURN:
        amount = -draw(st.just(amount) | st.just(0.0))
    # The currency keeps the transaction there where its amount is not known.
    return Transaction(draw(st.just(amount) | st.just(amount) | st.none()), currency="EUR")


@st.composite
def _relationships(draw: st.DrawFn) -> Relationship:
    rating, low, high = draw(st.just((None, None, None)) | st.sampled_from(_RATINGS))
    return Relationship(
        draw(st.none() | st.sampled_from(_OUTCOMES)),
        severity=draw(st.none() | st.sampled_from(_SEVERITIES)),
        rating=rating,
        rating_min=low,
        rating_max=high,
        survey_kind=draw(st.sampled_from(SurveyKind)),
    )
