"""The reason in words: what a customer's habit was, and how long they have been silent."""

from __future__ import annotations

import narwhals as nw

__all__ = ["reason"]

_WEEK, _MONTH = 7.0, 30.4375
_WEEKS_FROM, _MONTHS_FROM = 14, 70


def reason() -> nw.Expr:
    """The reason, of columns `habit_days` (null who bought once), `silent_days`, `silence_chance`.

    Times are in days, weeks (from 14 days) or months (from 70 days), as the habit asks for.
    """
    scale = nw.coalesce("habit_days", nw.col("silent_days").cast(nw.Float64))
    unit = nw.when(scale < _WEEKS_FROM).then(nw.lit("day")).otherwise(nw.lit("week"))
    unit = nw.when(scale < _MONTHS_FROM).then(unit).otherwise(nw.lit("month"))
    length = nw.when(scale < _WEEKS_FROM).then(nw.lit(1.0)).otherwise(nw.lit(_WEEK))
    length = nw.when(scale < _MONTHS_FROM).then(length).otherwise(nw.lit(_MONTH))
    every = _whole(nw.col("habit_days") / length)
    silent = _whole(nw.col("silent_days") / length)
    habit = (
        nw.when(every == "1")
        .then(nw.concat_str(nw.lit("buys every "), unit))
        .otherwise(nw.concat_str(nw.lit("buys every "), every, nw.lit(" "), unit, nw.lit("s")))
    )
    ending = nw.when(silent == "1").then(nw.lit("")).otherwise(nw.lit("s"))
    once = nw.concat_str(nw.lit("bought once, silent for "), silent, nw.lit(" "), unit, ending)
    said = (
        nw.when(nw.col("habit_days").is_null())
        .then(once)
        .otherwise(nw.concat_str(habit, nw.lit(", silent for "), silent))
    )
    percent = _whole(100 * nw.col("silence_chance"))
    chance = (
        nw.when(nw.col("silence_chance") < 0.01)  # noqa: PLR2004 (under one percent)
        .then(nw.lit("p < 1 %"))
        .otherwise(nw.concat_str(nw.lit("p = "), percent, nw.lit(" %")))
    )
    return nw.concat_str(said, nw.lit(", "), chance)


def _whole(value: nw.Expr) -> nw.Expr:
    return value.round(0).cast(nw.Int64).cast(nw.String)
