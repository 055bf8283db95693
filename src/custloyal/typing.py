"""The types that public signatures share."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeAlias

__all__ = ["AsOfLike", "Id"]

AsOfLike: TypeAlias = str | date | datetime
"""A point in time: an ISO string, a date (the end of that local day) or an instant."""

Id: TypeAlias = str | int
"""An identifier as the user's own system writes it."""
