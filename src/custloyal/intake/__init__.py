"""How a table of any shape becomes a table of interactions, and what became of each row."""

from custloyal.intake.acceptance import Intake
from custloyal.intake.mapping import DropWhen, IntakeMapping, KindWhen

__all__ = ["DropWhen", "Intake", "IntakeMapping", "KindWhen"]
