"""The company report: what a history says of loyalty as a whole, a section a file."""

from custloyal.reporting.run import Report, report
from custloyal.reporting.scope import Run, Scope
from custloyal.reporting.section import Answer, Headline, Listing, Section
from custloyal.reporting.sections import SECTIONS

__all__ = [
    "SECTIONS",
    "Answer",
    "Headline",
    "Listing",
    "Report",
    "Run",
    "Scope",
    "Section",
    "report",
]
