"""Reading a history: which metrics, as of when; and what to keep of the rows to go on later."""

from custloyal.reading.run import (
    Reading,
    Readings,
    Scores,
    contributions,
    explain,
    read,
    score,
)
from custloyal.reading.states import States

__all__ = ["Reading", "Readings", "Scores", "States", "contributions", "explain", "read", "score"]
