"""The reason in words: what a customer's habit was, and how long they have been silent."""

from __future__ import annotations

import re

import narwhals as nw

__all__ = ["reason", "spoken"]

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


def spoken(reason: str) -> str:
    """A reason for who never met a p: it is said as so many of 100 customers.

    Args:
        reason: As `SilentDefection` gives it.

    Example:
        >>> print(spoken("buys every 3 weeks, silent for 11, p = 2 %"))
        buys every 3 weeks, silent for 11 weeks; of 100 like this who stay, 2 pause so long
        >>> print(spoken("bought once, silent for 1 day, p < 1 %"))
        bought once, silent for 1 day; of 100 like this who stay, under 1 pause so long
    """
    said, _, chance = reason.rpartition(", p ")
    cases = chance.replace("<", "under").strip("= %")
    habit = re.fullmatch(r"(buys every (?:\d+ )?([a-z]+?)s?, silent for (\d+))", said)
    if habit:
        said = f"{habit[1]} {habit[2]}{'' if habit[3] == '1' else 's'}"
    return f"{said}; of 100 like this who stay, {cases} pause so long"


def _whole(value: nw.Expr) -> nw.Expr:
    return value.round(0).cast(nw.Int64).cast(nw.String)
