"""Error budgets: how many promises may be missed, how many were, and whether that is chance."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import attrs

from custloyal.errors import InvalidValueError, Mistake
from custloyal.models import Share
from custloyal.models.checks import as_count, as_number, check_count, check_number, refuse
from custloyal.rules.service_rule import share_mistakes

__all__ = ["ErrorBudget", "alarm_at", "chance_of_misses"]

_FINEST = 10**7
"""Fractions with denominators up to here are all told apart by the doubles nearest to them."""
_ROUNDING = 1e-12


def chance_of_misses(missed_count: int, decided_count: int, target: float) -> float:
    """How likely at least so many misses are where each promise is kept with the target's chance.

    Args:
        missed_count: How many were missed.
        decided_count: Of how many.
        target: The share to be kept, above 0 and at most 1.

    Returns:
        P(X >= missed) for a binomial X, from 0 to 1, to about 12 digits; 0.0 where it is below
        what doubles hold.

    Raises:
        InvalidValueError: With all arguments that are out of range.

    Source:
        The upper tail of the binomial distribution as the regularised incomplete beta function:
        NIST Digital Library of Mathematical Functions, 8.17.5.

    Example:
        Two of two missed at 90 %: one in a hundred.

        >>> round(chance_of_misses(2, 2, 0.9), 12)
        0.01
        >>> chance_of_misses(0, 2, 0.9), chance_of_misses(3, 2, 0.9)
        (1.0, 0.0)
    """
    mistakes = [
        check_count("missed_count", missed_count),
        check_count("decided_count", decided_count),
        *share_mistakes("target", target),
    ]
    refuse(*mistakes)
    return _tail(missed_count, decided_count, float(_miss_share(target)))


def alarm_at(decided_count: int, target: float, *, false_alarm_share: float = 0.01) -> int | None:
    """How many misses out of so many are too many to be chance.

    The rate is that of one look. Who looks again after every event is alarmed in vain more often,
    the more so the shorter the stretch that is looked at.

    Args:
        decided_count: How many of the last promises are looked at.
        target: The share to be kept, above 0 and at most 1.
        false_alarm_share: How often an alarm may be false where the target is just kept; above 0
            and below 1.

    Returns:
        The smallest number of misses whose chance is at most `false_alarm_share`; None where not
        even a miss of all of them is so unlikely.

    Raises:
        InvalidValueError: With all arguments that are out of range.

    Example:
        At 90 % two of two are just rare enough. Of 20 five or more misses have a chance of 4.3 %,
        six of 1.1 %, seven of 0.2 %.

        >>> alarm_at(1, 0.9), alarm_at(2, 0.9)
        (None, 2)
        >>> alarm_at(20, 0.9), alarm_at(20, 0.9, false_alarm_share=0.05)
        (7, 5)
        >>> alarm_at(20, 1.0)
        1
    """
    mistakes = [
        check_count("decided_count", decided_count),
        *share_mistakes("target", target),
        check_number("false_alarm_share", false_alarm_share, above=0, below=1),
    ]
    refuse(*mistakes)
    miss_share = float(_miss_share(target))
    # 0.1 * 0.1 is at most 0.01, and above it in doubles.
    allowed = false_alarm_share * (1 + _ROUNDING)
    if decided_count == 0 or _tail(decided_count, decided_count, miss_share) > allowed:
        return None
    # No miss at all has a chance of 1, so that the number lies in (low, high].
    low, high = 0, decided_count
    while high - low > 1:
        middle = (low + high) // 2
        if _tail(middle, decided_count, miss_share) <= allowed:
            high = middle
        else:
            low = middle
    return high


@attrs.frozen(kw_only=True)
class ErrorBudget:
    """The misses that a target allows over a window, and how far they are used up.

    Where the target is the mean of targets that differ from one promise to the next, counts are
    exact, and chances err towards chance wherever misses exceed the budget by one or more.

    Args:
        target: The share to be kept, above 0 and at most 1.
        decided_count: Of how many promises it is decided whether they were kept.
        missed_count: How many of them were missed.
        window_count: How many promises the whole window is thought to bring, never taken for fewer
            than were decided; None where that is not known, and all figures are of those decided.

    Raises:
        InvalidValueError: With all that is out of range.

    Source:
        For mean targets: Hoeffding (1956), On the distribution of the number of successes in
        independent trials, Annals of Mathematical Statistics 27 (3), 713-721.

    Example:
        >>> budget = ErrorBudget(target=0.9, decided_count=200, missed_count=22, window_count=250)
        >>> budget.allowed_count, budget.left_count, round(budget.burn_rate, 9)
        (25.0, 3.0, 1.1)
        >>> budget.events_until_spent
        28
    """

    target: float = attrs.field(converter=as_number)
    decided_count: int = attrs.field(converter=as_count)
    missed_count: int = attrs.field(converter=as_count)
    window_count: int | None = None

    def __attrs_post_init__(self) -> None:
        mistakes = [
            *share_mistakes("target", self.target),
            check_count("decided_count", self.decided_count),
            check_count("missed_count", self.missed_count),
            None if self.window_count is None else check_count("window_count", self.window_count),
        ]
        refuse(*mistakes)
        if self.missed_count > self.decided_count:
            said = f"{self.missed_count} exceeds {self.decided_count} in all"
            raise InvalidValueError(Mistake("missed_count", said))

    @property
    def attainment(self) -> Share:
        """The share of promises kept, of those decided."""
        return Share(self.decided_count - self.missed_count, self.decided_count)

    @property
    def volume_count(self) -> int:
        """The promises over which the budget is counted."""
        return max(self.window_count or 0, self.decided_count)

    @property
    def allowed_so_far_count(self) -> float:
        """The misses that the target allows of the promises decided so far."""
        return float(_miss_share(self.target) * self.decided_count)

    @property
    def allowed_count(self) -> float:
        """The misses that the target allows of the whole window."""
        return float(self._allowed)

    @property
    def left_count(self) -> float:
        """The misses of the window still allowed; below 0 where the budget is overdrawn."""
        return float(self._allowed - self.missed_count)

    @property
    def left_share(self) -> float | None:
        """The part of the budget that is left, 1 where nothing is used; None without a budget."""
        if not self._allowed:
            return None
        return float((self._allowed - self.missed_count) / self._allowed)

    @property
    def is_spent(self) -> bool:
        """Whether as many were missed as are allowed, or more."""
        return self.missed_count > 0 and self.missed_count >= self._allowed

    @property
    def burn_rate(self) -> float | None:
        """The share missed as a multiple of the share allowed; 1 spends the budget exactly.

        At most 1 / (1 - target), which is 10 at 90 %. None where nothing is decided, or where a
        target of 1 allows nothing.
        """
        miss_share = _miss_share(self.target)
        if not self.decided_count or not miss_share:
            return None
        return float(Fraction(self.missed_count, self.decided_count) / miss_share)

    @property
    def chance_if_kept(self) -> float | None:
        """How likely at least so many misses are where the target is just kept; None of nothing."""
        if not self.decided_count:
            return None
        return chance_of_misses(self.missed_count, self.decided_count, self.target)

    @property
    def events_until_spent(self) -> int | None:
        """After how many more promises the budget is gone, at the pace of those decided."""
        return self.events_until_spent_at(self.attainment)

    def events_until_spent_at(self, pace: Share) -> int | None:
        """After how many more promises the budget is gone, at a pace.

        Args:
            pace: The share of promises kept.

        Returns:
            0 where as many were missed as are allowed; None where the budget is not gone before
            the last promise of the window, or where there is no pace.
        """
        left = self._allowed - self.missed_count
        if self.is_spent:
            return 0
        missed = pace.denominator - pace.numerator
        if not missed:
            return None
        events = ceil(left * pace.denominator / missed)
        return events if events < self.volume_count - self.decided_count else None

    @property
    def _allowed(self) -> Fraction:
        return _miss_share(self.target) * self.volume_count


def _miss_share(target: float) -> Fraction:
    """The share that may be missed, exactly: 1/10 for 0.9, which no double holds."""
    return 1 - Fraction(target).limit_denominator(_FINEST)


def _tail(missed_count: int, decided_count: int, miss_share: float) -> float:
    if missed_count == 0:
        return 1.0
    if missed_count > decided_count:
        return 0.0
    # Not at import: judging must not wait for SciPy. Of its functions this one stays exact
    # for millions of events, where `bdtrc` loses all but three digits.
    from scipy.special import betainc  # noqa: PLC0415

    return float(betainc(missed_count, decided_count - missed_count + 1, miss_share))
