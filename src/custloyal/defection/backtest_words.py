"""What the figures of a back-test mean, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from custloyal.formats import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from custloyal.defection.backtest import Backtest, Difference
    from custloyal.defection.judgement import Judgement
    from custloyal.models import Interval

__all__ = ["sentences"]


def sentences(tried: Backtest) -> Iterator[str]:
    """What was tried, how the score ranked, what its probabilities were worth, whom it missed."""
    cut, until, lost = tried.cut.day, tried.until, tried.lost_count
    if not tried.customers_count:
        yield f"The score says nothing of anybody who had bought by {cut}."
        return
    share = lost / tried.customers_count
    yield (
        f"Of {counted(tried.customers_count, 'customer')} who had bought by {cut}, {lost:,} "
        f"({share:.1%}) bought nothing in the {counted(tried.horizon, 'day')} after, to {until}. "
        "The score saw nothing after the cut."
    )
    if tried.unscored_count:
        yield f"Of {counted(tried.unscored_count, 'other customer')} a score says nothing."
    yield from _ranking(tried)
    yield from _probabilities(tried.judgement, share)
    yield from _watermelons(tried.judgement)


def _ranking(tried: Backtest) -> Iterator[str]:
    found = tried.judgement
    if found.auc is None:
        who = "everybody" if tried.lost_count else "nobody"
        yield f"There is no AUC: {who} was lost, and nobody can be told from another."
        return
    yield (
        f"AUC {found.auc:.3f}{_between(found.auc_interval)}: of a lost and a kept customer drawn "
        f"at random, the lost one was ranked higher {found.auc:.1%} of the time; by chance it is "
        "half."
    )
    for other, difference in zip(tried.others, tried.differences, strict=True):
        yield _compared(other, difference)
    first = found.tenths[0]
    if first.lift is not None and first.captured_share is not None:
        yield (
            f"The tenth ranked highest was lost {first.lift:.2f} times as often as all, and holds "
            f"{first.captured_share:.1%} of the lost."
        )


def _compared(other: Judgement, difference: Difference) -> str:
    gap, interval = difference.auc_difference or 0.0, difference.interval
    said = f'By "{other.score.title}" it is {other.auc:.3f}'
    if interval is None:
        return f"{said}, a difference of {gap:+.3f}."
    if interval.low > 0:
        return f"{said}: the score ranks better by {gap:.3f}{_between(interval)}."
    if interval.high < 0:
        worse = f"({-interval.high:.3f} to {-interval.low:.3f})"
        return f"{said}: the score ranks worse by {-gap:.3f} {worse}."
    return (
        f"{said}: a difference of {gap:+.3f} ({interval.low:+.3f} to {interval.high:+.3f}), which "
        "may be none."
    )


def _probabilities(found: Judgement, lost_share: float) -> Iterator[str]:
    if found.brier is None:
        return
    base = lost_share * (1 - lost_share)
    said = (
        f"Brier {found.brier:.3f}: the mean squared distance between the probability and what "
        f"came; to say {lost_share:.1%} of everybody gives {base:.3f}"
    )
    if base > 0:
        less = 1 - found.brier / base
        said += (
            f", and the score {less:.0%} less"
            if less >= 0
            else ", which is less than that of the score"
        )
    yield f"{said}."


def _watermelons(found: Judgement) -> Iterator[str]:
    seen, green = found.watermelon, found.score.green
    if seen is None or seen.value is None or green is None:
        return
    side = "under" if found.score.leaving == "high" else "over"
    yield (
        f"Green outside and red inside: {seen.numerator:,} of the {seen.denominator:,} lost "
        f"({seen.value:.1%}) had a score {side} {green:g} on the day of the cut, and gave no alarm."
    )


def _between(interval: Interval | None) -> str:
    return "" if interval is None else f" ({interval.low:.3f} to {interval.high:.3f})"
