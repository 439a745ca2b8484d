"""What a person said about an export, which no longer has to be guessed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Answers:
    """Answers to the questions of a proposal.

    time_zones: IANA name by source. units, quantities: by tag; the quantity "" means that a tag is none of ours.
    location: latitude and longitude (degrees), altitude (m). pue_category: where IT power is measured (1, 2 or 3).
    """

    time_zones: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    quantities: Mapping[str, str] = field(default_factory=dict)
    location: tuple[float, float, float] | None = None
    pue_category: int | None = None

    def with_unit(self, tag: str, unit: str) -> "Answers":
        """These and the unit of one tag."""
        return replace(self, units={**self.units, tag: unit})

    def with_quantity(self, tag: str, quantity: str) -> "Answers":
        """These and the quantity of one tag."""
        return replace(self, quantities={**self.quantities, tag: quantity})

    def with_time_zone(self, source: str, zone: str) -> "Answers":
        """These and the time zone of one source."""
        return replace(self, time_zones={**self.time_zones, source: zone})

    def with_location(self, latitude: float, longitude: float, altitude_m: float) -> "Answers":
        """These and where the site stands, degrees and metres."""
        return replace(self, location=(latitude, longitude, altitude_m))

    def with_pue_category(self, category: int) -> "Answers":
        """These and where IT power is measured."""
        return replace(self, pue_category=category)
