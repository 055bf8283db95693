"""Customer loyalty, computed from the one table that every business has: its interactions."""

from custloyal.history import History, Intake
from custloyal.mapping import DropWhen, IntakeMapping, KindWhen
from custloyal.metrics import (
    BtydStatistics,
    CohortRetention,
    Concentration,
    HandOffMatrix,
    HandOffs,
    Metric,
    ParetoSegment,
    Rfm,
    Stage,
    Trust,
)
from custloyal.scoring import Reading, Readings, Scores, explain, read, score
from custloyal.states import States
