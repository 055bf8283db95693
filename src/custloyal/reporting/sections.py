"""The sections of the report, in the order in which page, terminal and JSON show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from custloyal.reporting.attention import Attention
from custloyal.reporting.cohorts import Cohorts
from custloyal.reporting.intake import Intake
from custloyal.reporting.leaving_section import Leaving
from custloyal.reporting.promises import Promises
from custloyal.reporting.retention import Retention
from custloyal.reporting.revenue import Revenue
from custloyal.reporting.stages import Stages
from custloyal.reporting.terms import Terms
from custloyal.reporting.trust import TrustSection
from custloyal.reporting.value import Value

if TYPE_CHECKING:
    from custloyal.reporting.section import Section

__all__ = ["SECTIONS"]

SECTIONS: tuple[Section[Any], ...] = (
    Attention(),
    TrustSection(),
    Stages(),
    Revenue(),
    Cohorts(),
    Promises(),
    Retention(),
    Leaving(),
    Value(),
    Intake(),
    Terms(),
)
"""The sections of a report, in order; one of your own goes beside them: `[*SECTIONS, Mine()]`."""
