"""Judging: what became of every promise that a rule book makes."""

from custloyal.judging.judge import judge, missing_columns
from custloyal.judging.verdicts import Attainment, Verdicts

__all__ = ["Attainment", "Verdicts", "judge", "missing_columns"]
