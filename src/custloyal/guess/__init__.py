"""Guessing what the columns of an unknown table mean, as a mapping file to edit."""

from custloyal.guess.looks import ColumnLook, TimeLook, looked_at
from custloyal.guess.proposal import Guess, guessed

__all__ = ["ColumnLook", "Guess", "TimeLook", "guessed", "looked_at"]
