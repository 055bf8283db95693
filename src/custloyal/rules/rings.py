"""Rings: what a caller hears while nobody answers, and how long that is."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING

import attrs

from custloyal.errors import InvalidValueError, Mistake, nearest
from custloyal.models.checks import as_number, check_number, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COUNTRIES", "RingCadence"]


@attrs.frozen
class RingCadence:
    """How a telephone rings in a country: seconds of sound, then seconds of silence.

    The first ring starts at once, so "before the third ring" means within two cycles.

    Args:
        on_s: Seconds of sound, pauses inside a double ring included.
        off_s: Seconds of silence until the next ring.

    Raises:
        InvalidValueError: Where one of them is not above 0.

    Source:
        ITU-T Recommendation E.180 / Q.35, Supplement 2: Various tones used in national networks.

    Example:
        >>> cadence = RingCadence.of("US")
        >>> cadence.starts_at_s(3), cadence.rings(11.9), cadence.rings(12.0)
        (12.0, 2, 3)
    """

    on_s: float = attrs.field(converter=as_number)
    off_s: float = attrs.field(converter=as_number)

    def __attrs_post_init__(self) -> None:
        refuse(check_number("on_s", self.on_s, above=0), check_number("off_s", self.off_s, above=0))

    @classmethod
    def of(cls, country: str) -> RingCadence:
        """The cadence of a country, by its ISO 3166 code.

        Raises:
            InvalidValueError: Where the country is not among the presets.
        """
        if country not in COUNTRIES:
            mend = nearest(str(country), COUNTRIES) + ", or give RingCadence(on_s, off_s)"
            raise InvalidValueError(Mistake("country", f"has no preset: {country!r}", mend))
        return COUNTRIES[country]

    @property
    def cycle_s(self) -> float:
        """Seconds from the start of one ring to the start of the next."""
        return self.on_s + self.off_s

    def starts_at_s(self, ring: int) -> float:
        """After how many seconds a ring starts, counted from 1."""
        return (ring - 1) * self.cycle_s

    def rings(self, wait_s: float) -> int:
        """How many rings a caller has heard begin after waiting."""
        return math.floor(wait_s / self.cycle_s) + 1


COUNTRIES: Mapping[str, RingCadence] = MappingProxyType(
    {
        **dict.fromkeys(("US", "CA"), RingCadence(2.0, 4.0)),
        **dict.fromkeys(("DE", "IT", "NL", "CH", "BE", "DK", "FI", "NO", "PL"), RingCadence(1, 4)),
        **dict.fromkeys(("AT", "SE", "PT"), RingCadence(1.0, 5.0)),
        "ES": RingCadence(1.5, 3.0),
        "FR": RingCadence(1.5, 3.5),
        **dict.fromkeys(("GB", "IE", "AU", "NZ", "IN"), RingCadence(1.0, 2.0)),
        "JP": RingCadence(1.0, 2.0),
    }
)
"""The presets; the double ring of Great Britain and others counts as one ring of 1 second."""
