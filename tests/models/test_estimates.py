from __future__ import annotations

from fractions import Fraction

import pytest
from drawn_models import shares
from hypothesis import example, given
from hypothesis import strategies as st

from custloyal.errors import InvalidValueError
from custloyal.models import Interval, Share, wilson


@pytest.mark.parametrize(
    ("share", "low", "high"),
    [
        (Share(0, 1), 0.0, 0.7934567085261071),
        (Share(10, 100), 0.05522854161313612, 0.17436730436766541),
        (Share(1, 1), 1 - 0.7934567085261071, 1.0),
    ],
)
def test_wilson_intervals_as_published(share, low, high):
    interval = share.interval()
    assert interval.low == pytest.approx(low, abs=1e-14)
    assert interval.high == pytest.approx(high, abs=1e-14)


@given(st.floats(0, 1), st.floats(0, 1e15), st.floats(0.01, 10))
@example(1.0, 3, 3.3)  # unguarded, rounding puts the upper bound above 1
@example(5.2690643498228664e-17, 3027.062889117251, 1.96)  # the lower bound below 0
@example(1.0, 1, 0.1)  # and here the upper one below the share
def test_wilson_contains_the_share_and_stays_within_0_and_1(mean, size, z):
    interval = wilson(mean, size, z=z)
    assert 0 <= interval.low <= mean <= interval.high <= 1


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.floats(0.1, 5))
def test_wilson_bounds_are_the_roots_of_its_equation(size, hits, z):
    mean = min(hits, size) / size
    for bound in (wilson(mean, size, z=z).low, wilson(mean, size, z=z).high):
        exact = Fraction(bound)
        left = size * (exact - Fraction(mean)) ** 2
        assert float(left - Fraction(z) ** 2 * exact * (1 - exact)) == pytest.approx(0, abs=1e-6)


@given(shares())
def test_more_of_the_same_narrows_the_interval(share):
    if share.denominator:
        assert (share + share).interval().width <= share.interval().width


@given(shares(), shares(), shares())
def test_shares_merge_in_any_order_and_the_empty_one_changes_nothing(a, b, c):
    assert a + b == b.merge(a)
    assert (a + b) + c == a + (b + c)
    assert a + Share(0, 0) == a


def test_a_share_of_none_is_not_known_and_says_how_many_were_not():
    empty = Share(0, 0, unknown=3)
    assert (empty.value, empty.interval(), empty.unknown) == (None, None, 3)


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ((-1, 2), ["numerator"]),
        ((3, 2), ["numerator"]),
        ((0.5, True, "1"), ["numerator", "denominator", "unknown"]),
        ((float("nan"), 1), ["numerator"]),
        ((1, None), ["denominator"]),
    ],
)
def test_a_share_of_no_counts_is_refused(fields, paths):
    with pytest.raises(InvalidValueError) as caught:
        Share(*fields)
    assert [mistake.path for mistake in caught.value.mistakes] == paths


def test_counts_of_numpy_are_counts():
    numpy = pytest.importorskip("numpy")
    share = Share(numpy.int64(1), numpy.int64(4))
    assert type(share.numerator) is int


@pytest.mark.parametrize(
    ("make", "paths"),
    [
        (lambda: Interval(1.0, 0.0), ["high"]),
        (lambda: Interval(float("-inf"), None), ["low", "high"]),
        (lambda: wilson(1.5, -1, z=0), ["mean", "size", "z"]),
    ],
)
def test_all_mistakes_are_named_at_once(make, paths):
    with pytest.raises(InvalidValueError) as caught:
        make()
    names = [path if isinstance(path, str) else path.name for path in paths]
    assert [mistake.path for mistake in caught.value.mistakes] == names
