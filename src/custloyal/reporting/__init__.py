"""The company report: what a history says of loyalty as a whole, a section a file."""

from custloyal.reporting.run import Report, report

__all__ = ["Report", "report"]
