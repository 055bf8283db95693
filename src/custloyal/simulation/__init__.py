"""A simulated company with planted truth, to judge readings by."""

from custloyal.simulation.company import SimulatedCompany, simulate
from custloyal.simulation.truth import Truth

__all__ = ["SimulatedCompany", "Truth", "simulate"]
