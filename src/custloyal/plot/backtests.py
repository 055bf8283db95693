"""Back-tests, drawn: how far what was said came true, and whom the score found first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from custloyal.defection.backtest import Backtest
from custloyal.errors import DataError, Mistake
from custloyal.formats import count, counted, score, share, visible
from custloyal.plot.look import (
    ACCENT,
    DEEP,
    MUTED,
    WARM,
    data,
    diagonal,
    empty,
    finished,
    from_0_to_1,
    line_legend,
    share_axis,
    tip,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["backtest_calibration", "backtest_lift", "band_points", "lift_lines"]

_CALIBRATION, _LIFT = "What was said, and what came", "Lost customers found, by rank"
_SQUARE = 320
_HUES = (ACCENT, WARM, DEEP, MUTED)
_DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]]


def backtest_calibration(tried: Backtest) -> alt.LayerChart:
    """The share that was lost beside the probability that was said, in bands of a tenth.

    Args:
        tried: What `backtest` gives of a probability.

    Returns:
        A chart of at most ten points with their intervals; a perfect score lies on the line.

    Raises:
        DataError: Where it is no back-test.
    """
    return band_points(_plain(tried)["bands"])


def band_points(bands: Sequence[Mapping[str, Any]]) -> alt.LayerChart:
    """The same of bands that are plain already.

    Args:
        bands: `said_share`, `customers_count`, `lost_share`, `lost_low` and `lost_high` of each.
    """
    rows = [
        {
            "said": band["said_share"],
            "came": band["lost_share"],
            "low": band["lost_low"],
            "high": band["lost_high"],
            "of": band["customers_count"],
        }
        for band in bands
        if band["lost_share"] is not None
    ]
    if not rows:
        return empty(_CALIBRATION, "The score is no probability, so nothing was said to hold.")
    x = from_0_to_1("said:Q", title="chance of no purchase that was said", format=".0%")
    y = share_axis("came:Q", title="bought nothing")
    base = alt.Chart(data(rows)).encode(
        x=x,
        tooltip=tip(
            said=("said", ".1%"),
            came=("came", ".1%"),
            low=("at least", ".1%"),
            high=("at most", ".1%"),
            of=("of customers", ",d"),
        ),
    )
    layers = diagonal(x, y) + base.mark_rule(color=ACCENT, strokeWidth=1.5).encode(
        y=alt.Y("low:Q"), y2=alt.Y2("high")
    )
    layers += base.mark_point(color=ACCENT, fill=ACCENT, size=55, opacity=1).encode(y=y)
    inside = sum(row["low"] <= row["said"] <= row["high"] for row in rows)
    furthest = max(rows, key=lambda row: abs(row["said"] - row["came"]))
    said = (
        f"Points of {counted(len(rows), 'band')} of customers beside the line on which what was "
        f"said comes true: of {count(inside)} the interval holds it. Furthest off: "
        f"{share(furthest['said'])} said, {share(furthest['came'])} of "
        f"{counted(furthest['of'], 'customer')} bought nothing."
    )
    return finished(layers, title=_CALIBRATION, said=said, height=_SQUARE)


def backtest_lift(tried: Backtest) -> alt.LayerChart:
    """Which share of the lost each score finds among the customers it calls likeliest to leave.

    Args:
        tried: What `backtest` gives.

    Returns:
        A chart of eleven points for each score.

    Raises:
        DataError: Where it is no back-test.
    """
    return lift_lines(_plain(tried))


def lift_lines(tried: Mapping[str, Any]) -> alt.LayerChart:
    """The same of a back-test that is plain already.

    Args:
        tried: What `Backtest.to_dict` gives.
    """
    if not tried["lost_count"]:
        return empty(_LIFT, "Nobody was lost, so there is nobody to find.")
    judgements = [tried, *tried["others"]]
    rows = [
        {
            "score": visible(each["score"]),
            "customers": number / len(each["tenths"]),
            "lost": captured,
            "lift": captured * len(each["tenths"]) / number if number else None,
        }
        for each in judgements
        for number, captured in [
            (0, 0.0),
            *((tenth["number"], tenth["captured_share"]) for tenth in each["tenths"]),
        ]
        if captured is not None
    ]
    x = from_0_to_1("customers:Q", title="customers, the likeliest to leave first", format=".0%")
    y = share_axis("lost:Q", title="share of the lost")
    base = alt.Chart(data(rows)).encode(
        x=x,
        y=y,
        tooltip=tip(
            score="score",
            customers=("of customers", ".0%"),
            lost=("of the lost", ".1%"),
            lift=("lift", ".2f"),
        ),
    )
    layers = alt.LayerChart(layer=[diagonal(x, y)])
    titles = [visible(each["score"]) for each in judgements]
    if len(judgements) == 1:
        layers += base.mark_line(color=ACCENT, strokeWidth=2.5)
    else:
        layers += base.mark_line(strokeWidth=2.5).encode(
            color=alt.Color(
                "score:N",
                scale=alt.Scale(domain=titles, range=list(_HUES)),
                legend=line_legend(),
            ),
            strokeDash=alt.StrokeDash(
                "score:N",
                scale=alt.Scale(domain=titles, range=_DASHES),
                legend=line_legend(),
            ),
        )
    layers += base.mark_point(size=60, opacity=0, fill=ACCENT)
    top = next((tenth["captured_share"] for tenth in tried["tenths"]), None)
    said = (
        f"Lines of how many of {counted(tried['lost_count'], 'lost customer')} among "
        f"{count(tried['customers_count'])} each score finds. "
        f"{visible(tried['score'])}: the likeliest tenth holds {share(top)} of the lost, AUC "
        f"{score(tried['auc'])}."
    )
    return finished(layers, title=_LIFT, said=said, height=280)


def _plain(tried: Backtest) -> dict[str, Any]:
    if not isinstance(tried, Backtest):
        kind = type(tried).__name__
        raise DataError(Mistake("backtest", f"is a {kind}", "give what backtest(...) gives"))
    return tried.to_dict()
