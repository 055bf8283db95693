"""The values of the domain: frozen, validated on construction, without tables.

`custloyal.models.configuration` reads and writes them as JSON and TOML; it is imported on its own,
since it alone needs the libraries for that.
"""

from __future__ import annotations

from custloyal.models.calendar import BusinessCalendar
from custloyal.models.estimates import Interval, Share, difference_interval, wilson
from custloyal.models.evidence import OutcomePolicy
from custloyal.models.interactions import Interaction, Relationship, Transaction
from custloyal.models.parties import Customer
from custloyal.models.vocabulary import Initiator, Kind, Phase, SurveyKind
from custloyal.models.windows import AsOf

__all__ = [
    "AsOf",
    "BusinessCalendar",
    "Customer",
    "Initiator",
    "Interaction",
    "Interval",
    "Kind",
    "OutcomePolicy",
    "Phase",
    "Relationship",
    "Share",
    "SurveyKind",
    "Transaction",
    "difference_interval",
    "wilson",
]
