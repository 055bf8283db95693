"""Silent defection, drawn: how likely customers are to buy nothing, and when alarms will come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt
import narwhals as nw

from custloyal.defection import SilentDefection
from custloyal.errors import InvalidValueError, Mistake
from custloyal.formats import count, counted, share
from custloyal.periods import Period, as_period
from custloyal.plot.given import found, in_bins
from custloyal.plot.look import (
    WARM,
    count_axis,
    data,
    empty,
    few_names,
    finished,
    from_0_to_1,
    histogram,
    tip,
)
from custloyal.plot.retention import period_name
from custloyal.reading.run import Reading, Readings, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from custloyal.periods import PeriodLike

__all__ = ["alarm_bars", "alarms", "chance_histogram", "silent_defection"]

_CHANCE, _ALARMS = "How likely customers are to buy nothing", "Alarms to come, if nobody buys"


def silent_defection(readings: Reading | Readings | Scores) -> alt.LayerChart:
    """How many customers have which probability of no purchase; those at the alarm in warm colour.

    Args:
        readings: A reading of `SilentDefection`, or readings or scores with one.

    Returns:
        A chart of 20 columns, for any number of customers.

    Raises:
        InvalidValueError: Where they are of another metric.
        MissingColumnError: Where a frame without `p_no_purchase` is given.
    """
    given = found(readings, SilentDefection, "p_no_purchase")
    metric = given.metric
    return chance_histogram(
        in_bins(given.table, "p_no_purchase"),
        alarm=metric.alarm if isinstance(metric, SilentDefection) else 0.5,
        horizon_days=metric.horizon if isinstance(metric, SilentDefection) else None,
    )


def chance_histogram(
    bins: Sequence[Mapping[str, Any]], *, alarm: float, horizon_days: int | None
) -> alt.LayerChart:
    """The same of customers that are counted already.

    Args:
        bins: `low`, `high` and `customers_count` of each.
        alarm: The probability from which a customer is likely gone.
        horizon_days: Within how many days a purchase is looked for.
    """
    rows = [each for each in bins if each["customers_count"]]
    if not rows:
        return empty(_CHANCE, "Nobody bought, so nobody can fall silent.")
    within = "" if horizon_days is None else f" within {counted(horizon_days, 'day')}"
    layers = histogram(
        rows,
        x=from_0_to_1("low:Q", title=f"chance of no purchase{within}", format=".0%"),
        name="chance",
        names=[f"{100 * row['low']:.0f} to {100 * row['high']:.0f}%" for row in rows],
        warm=alt.datum.low >= alarm - 1e-9,
        mark=(alarm, f"alarm: {100 * alarm:.0f}%"),
    )
    total = sum(row["customers_count"] for row in rows)
    likely = sum(row["customers_count"] for row in rows if row["low"] >= alarm - 1e-9)
    stays = sum(row["customers_count"] for row in rows if row["high"] <= 1 - alarm + 1e-9)
    said = (
        f"Histogram of the chance of no purchase{within} of {counted(total, 'customer')}: "
        f"{count(likely)} ({share(likely / total)}) are in columns at or above the alarm of "
        f"{100 * alarm:.0f}%, {count(stays)} at or below {100 * (1 - alarm):.0f}%."
    )
    return finished(layers, title=_CHANCE, said=said, height=220)


def alarms(
    readings: Reading | Readings | Scores,
    *,
    period: Period | PeriodLike = "week",
    ahead: int = 12,
    since: date | None = None,
) -> alt.LayerChart:
    """How many customers will reach the alarm in each of the next periods, if they stay silent.

    Args:
        readings: A reading of `SilentDefection`, or readings or scores with one.
        period: "day", "week", "month", "quarter" or "year".
        ahead: How many periods are looked at, the current one among them.
        since: The day after which alarms are counted; None for that of the reading.

    Raises:
        InvalidValueError: Where they are of another metric, or a frame is given without `since`.
        MissingColumnError: Where a frame without `alarm_on` is given.
    """
    given = found(readings, SilentDefection, "alarm_on")
    each = as_period(period)
    day = since or _day(readings)
    start = each.start_of(day)
    counted_days = (
        given.table.filter(nw.col("alarm_on") > nw.lit(day))
        .select(period=each.start(nw.col("alarm_on")))
        .group_by("period")
        .agg(nw.len().alias("count"))
    )
    counts = dict(counted_days.collect("polars").iter_rows())
    first = each.number_of(start)
    return alarm_bars(
        [
            {
                "period_start": each.first_day(first + place),
                "customers_count": counts.get(each.first_day(first + place), 0),
            }
            for place in range(ahead)
        ],
        period=str(each),
    )


def _day(readings: Any) -> date:
    if not isinstance(readings, Reading | Readings | Scores):
        raise InvalidValueError(Mistake("since", "is not given", "name the day of the frame"))
    return readings.as_of.day


def alarm_bars(rows: Sequence[Mapping[str, Any]], *, period: str = "week") -> alt.LayerChart:
    """The same of customers that are counted already.

    Args:
        rows: `period_start` and `customers_count` of each.
        period: What a period is.
    """
    drawn = [
        {"name": period_name(row["period_start"], period), "customers": row["customers_count"]}
        for row in rows
    ]
    total = sum(row["customers"] for row in drawn)
    if not total:
        return empty(_ALARMS, f"Nobody reaches the alarm in the next {counted(len(rows), period)}.")
    chart = (
        alt.Chart(data(drawn))
        .mark_bar(color=WARM)
        .encode(
            x=few_names("name:N", [row["name"] for row in drawn]),
            y=count_axis("customers:Q", title="customers"),
            tooltip=tip(name=f"{period} of", customers=("customers", ",d")),
        )
    )
    most = max(drawn, key=lambda row: row["customers"])
    said = (
        f"Columns of {counted(total, 'customer')} who reach the alarm within the next "
        f"{counted(len(rows), period)} if they buy nothing; the most, {count(most['customers'])}, "
        f"in that of {most['name']}."
    )
    return finished(alt.LayerChart(layer=[chart]), title=_ALARMS, said=said, height=180)
