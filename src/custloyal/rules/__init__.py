"""Service rules: promises that can be measured, and the words in which they are written."""

from custloyal.rules import rulebooks
from custloyal.rules.clocked import Clocked
from custloyal.rules.counted import Contacted, Counted, HandedOn
from custloyal.rules.finding import Finding, Severity
from custloyal.rules.followed import Followed
from custloyal.rules.linter import lint
from custloyal.rules.measured import FEELING, LastMeasured, Measured
from custloyal.rules.objective import Objective
from custloyal.rules.population import Population, where
from custloyal.rules.promise import TIME_UNITS, Comparator, Promise, Subject, Timed, about
from custloyal.rules.promises import above, at_least, at_most, below, within
from custloyal.rules.rings import RingCadence
from custloyal.rules.rule_book import RuleBook
from custloyal.rules.service_rule import ServiceRule
from custloyal.rules.verdict import Ruling, Verdict

__all__ = [
    "FEELING",
    "TIME_UNITS",
    "Clocked",
    "Comparator",
    "Contacted",
    "Counted",
    "Finding",
    "Followed",
    "HandedOn",
    "LastMeasured",
    "Measured",
    "Objective",
    "Population",
    "Promise",
    "RingCadence",
    "RuleBook",
    "Ruling",
    "ServiceRule",
    "Severity",
    "Subject",
    "Timed",
    "Verdict",
    "about",
    "above",
    "at_least",
    "at_most",
    "below",
    "lint",
    "rulebooks",
    "where",
    "within",
]
