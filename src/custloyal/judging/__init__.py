"""Judging: what became of every promise that a rule book makes, and what stands behind it."""

from custloyal.judging.alarm import Alarm, Horizon, alarms
from custloyal.judging.checking import check
from custloyal.judging.fitting import Fitted, fitted
from custloyal.judging.judgement import judge
from custloyal.judging.objective_status import ObjectiveStatus
from custloyal.judging.statuses import objectives
from custloyal.judging.verdicts import Attainment, Verdicts

__all__ = [
    "Alarm",
    "Attainment",
    "Fitted",
    "Horizon",
    "ObjectiveStatus",
    "Verdicts",
    "alarms",
    "check",
    "fitted",
    "judge",
    "objectives",
]
