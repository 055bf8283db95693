"""Charts of readings, each in one line: `custloyal.plot.trust_distribution(readings)`.

Every chart is an altair chart with a title, units, what is shown where somebody points, and a
`description` that reads it in words. What a chart holds is counted by the engine that holds the
reading, so a million customers make the same chart as a hundred. Needs the extra `report`.
"""

from custloyal.errors import MissingExtraError

try:
    import altair as alt
except ModuleNotFoundError:
    raise MissingExtraError.of(
        "altair",  # noqa: EM101 (a name, no message)
        extra="report",
        purpose="draw charts",
    ) from None

from custloyal.plot.backtests import backtest_calibration, backtest_lift
from custloyal.plot.cohorts import cohort_triangle
from custloyal.plot.concentration import lorenz_curve, pareto_segments
from custloyal.plot.defection import alarms, silent_defection
from custloyal.plot.economics import gain_curve, value_curve
from custloyal.plot.fits import fit_calibration, frequency_histogram, tracking
from custloyal.plot.growth import revenue_bridge
from custloyal.plot.journey import funnel, stages
from custloyal.plot.lifecycle import lifecycle, reactivation
from custloyal.plot.promises import promises_by_window
from custloyal.plot.retention import churn, retention, tenure_curve
from custloyal.plot.trust import trust_distribution

__all__ = [
    "alarms",
    "backtest_calibration",
    "backtest_lift",
    "churn",
    "cohort_triangle",
    "fit_calibration",
    "frequency_histogram",
    "funnel",
    "gain_curve",
    "lifecycle",
    "lorenz_curve",
    "pareto_segments",
    "promises_by_window",
    "reactivation",
    "retention",
    "revenue_bridge",
    "silent_defection",
    "stages",
    "tenure_curve",
    "tracking",
    "trust_distribution",
    "value_curve",
]

del alt
