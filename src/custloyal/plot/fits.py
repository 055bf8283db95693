"""Whether a model fits, drawn: what it expects beside what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from custloyal.formats import amount, count, counted
from custloyal.plot.given import rows_of
from custloyal.plot.look import (
    ACCENT,
    MUTED,
    WARM,
    count_axis,
    data,
    empty,
    finished,
    tip,
    two_lines,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["fit_calibration", "frequency_histogram", "tracking"]

_WHAT = {"actual": "what happened", "expected": "what the model expects"}
_FREQUENCIES = "Repeat purchases, and what the model expects"
_CALIBRATION = "Purchases after the fit, and what the model expects"
_TRACKING = "Repeat purchases so far, and what the model expects"


def frequency_histogram(frequencies: Any) -> alt.LayerChart:
    """How many customers made 0, 1, 2, ... repeat purchases, beside how many the model expects.

    Args:
        frequencies: What `btyd.frequencies` gives, of any library.

    Raises:
        DataError: Where it is no such frame.
        MissingColumnError: With every column that is missing.
    """
    columns = ("x", "or_more", "actual_count", "expected_count")
    rows = sorted(rows_of(frequencies, "what frequencies(...) gives", *columns), key=_by_x)
    if not rows:
        return empty(_FREQUENCIES, "There is no customer to count.")
    pairs = [(_named(row), row["actual_count"], row["expected_count"]) for row in rows]
    total = sum(row["actual_count"] for row in rows)
    off = max(pairs, key=lambda pair: abs(pair[1] - pair[2]))
    said = (
        f"Pairs of columns of {counted(total, 'customer')} by repeat purchases. Furthest off at "
        f"{off[0]}: {count(off[1])} customers, {amount(off[2])} expected."
    )
    return _beside(
        pairs, title=_FREQUENCIES, x="repeat purchases", y="customers", format=",.1f", said=said
    )


def fit_calibration(calibration: Any) -> alt.LayerChart:
    """What customers bought after the fit, by what they bought before, beside what was expected.

    Args:
        calibration: What `btyd.calibration` gives, of any library.

    Raises:
        DataError: Where it is no such frame.
        MissingColumnError: With every column that is missing.
    """
    columns = ("x", "or_more", "customers_count", "actual_mean", "expected_mean")
    rows = sorted(rows_of(calibration, "what calibration(...) gives", *columns), key=_by_x)
    if not rows:
        return empty(_CALIBRATION, "There is no customer to compare.")
    pairs = [(_named(row), row["actual_mean"], row["expected_mean"]) for row in rows]
    total = sum(row["customers_count"] for row in rows)
    off = max(pairs, key=lambda pair: abs(pair[1] - pair[2]))
    said = (
        f"Pairs of columns of the mean purchases of {counted(total, 'customer')}. Furthest off at "
        f"{off[0]} repeat purchases before: {off[1]:.2f}, {off[2]:.2f} expected."
    )
    return _beside(
        pairs,
        title=_CALIBRATION,
        x="repeat purchases before",
        y="mean purchases after",
        format=",.2f",
        said=said,
    )


def tracking(tracked: Any) -> alt.LayerChart:
    """Repeat purchases so far, period by period, beside what the model expects.

    Args:
        tracked: What `btyd.tracking` gives, of any library.

    Raises:
        DataError: Where it is no such frame.
        MissingColumnError: With every column that is missing.
    """
    columns = ("period", "start_day", "learned", "actual_total", "expected_total")
    rows = sorted(
        rows_of(tracked, "what tracking(...) gives", *columns), key=lambda row: row["period"]
    )
    if not rows:
        return empty(_TRACKING, "There is no whole period to look at.")
    drawn = [
        {
            "period": row["period"],
            "start": str(row["start_day"])[:10],
            "what": said,
            "total": row[f"{each}_total"],
        }
        for row in rows
        for each, said in _WHAT.items()
    ]
    layers = two_lines(
        drawn,
        list(_WHAT.values()),
        width=2,
        x=alt.X("period:Q", title="period", scale=alt.Scale(nice=False)),
        y=alt.Y("total:Q", title="repeat purchases so far", axis=alt.Axis(format=",d")),
        tooltip=tip(what="", start="period of", total=("so far", ",.0f")),
    )
    learned = [row["period"] for row in rows if row["learned"]]
    end = ""
    if learned and learned[-1] < rows[-1]["period"]:
        split = alt.Chart(data([{"period": learned[-1]}]))
        layers += split.mark_rule(color=MUTED, strokeDash=[4, 3]).encode(x="period:Q")
        end = f"; the model learned from the first {counted(len(learned), 'period')}"
    last = rows[-1]
    said = (
        f"Two lines over {counted(len(rows), 'period')}{end}. At the end "
        f"{count(last['actual_total'])} repeat purchases, {count(last['expected_total'])} expected."
    )
    return finished(layers, title=_TRACKING, said=said, height=240)


def _beside(
    pairs: Sequence[tuple[str, float, float]],
    *,
    title: str,
    x: str,
    y: str,
    format: str,  # noqa: A002 (vega's name)
    said: str,
) -> alt.LayerChart:
    drawn = [
        {"name": name, "what": words, "number": number}
        for name, *numbers in pairs
        for words, number in zip(_WHAT.values(), numbers, strict=True)
    ]
    chart = (
        alt.Chart(data(drawn))
        .mark_bar()
        .encode(
            x=alt.X("name:N", sort=None, title=x, axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("what:N", sort=list(_WHAT.values())),
            y=count_axis("number:Q", title=y),
            color=alt.Color(
                "what:N", scale=alt.Scale(domain=list(_WHAT.values()), range=[ACCENT, WARM])
            ),
            tooltip=tip(name=x, what="", number=(y, format)),
        )
    )
    return finished(alt.LayerChart(layer=[chart]), title=title, said=said, height=240)


def _by_x(row: dict[str, Any]) -> int:
    return int(row["x"])


def _named(row: dict[str, Any]) -> str:
    return f"{row['x']}{' or more' if row['or_more'] else ''}"
