"""Historian tags: how each is read and written, in its own unit and canonically."""

import math
from dataclasses import dataclass, replace
from typing import Any

from pipelines.site.file import Point, Setpoint, Site
from pipelines.site.setpoint_table import resolution_of
from pipelines.site.units import is_energy

FLOAT_NOISE = 1e-6
DECIMALS = 9  # of multiples of a resolution in the tag's unit


@dataclass(frozen=True)
class Tag:
    """How one tag is read: value * slope + offset is canonical; sentinels and the impossible are not believed.

    resolution: smallest step that is written, in the tag's own unit; 0 where any value is.
    """

    tag: str
    quantity: str
    column: str
    slope: float
    offset: float
    low: float
    high: float
    sentinels: frozenset[float]
    counter: bool
    resolution: float = 0.0

    @property
    def step(self) -> float:
        """The resolution in canonical units."""
        return self.resolution * abs(self.slope)

    def canonical(self, raw: Any) -> float:
        """The value in the quantity's unit, NaN where it is missing or not to be believed; never raises."""
        try:
            value = float(raw)
        except Exception:  # whatever a historian gives for a value, an integer of 400 digits too
            return math.nan
        if not math.isfinite(value) or value in self.sentinels:
            return math.nan
        value = value * self.slope + self.offset
        believed = math.isfinite(value) if self.counter else self.low <= value <= self.high
        return value if believed else math.nan

    def exported(self, value: float) -> float:
        """A canonical value in the tag's own unit."""
        return (value - self.offset) / self.slope

    def sent(self, value: float) -> float:
        """A canonical value in the tag's own unit, as it is written: a multiple of the resolution, exactly."""
        own = self.exported(value)
        if self.resolution:
            multiple = round(own / self.resolution) * self.resolution
            if abs(own - multiple) <= FLOAT_NOISE * max(self.resolution, 1.0):
                return round(multiple, DECIMALS)
        return own


def tags_of(site: Site) -> dict[str, Tag]:
    """Every point of the site by tag (the first listed where two sources share a tag)."""
    return {tag: _tag(site, point) for tag, point in site.by_tag.items()}


def setpoint_tags(site: Site) -> list[tuple[Setpoint, Tag]]:
    """The site's setpoints with the tags that they are read from and written to."""
    tags = tags_of(site)
    return [
        (each, replace(tags[each.tag], resolution=resolution_of(each, site.by_tag[each.tag])))
        for each in site.setpoints
    ]


def _tag(site: Site, point: Point) -> Tag:
    slope, offset = point.to_canonical
    source = next(source for source in site.sources if source.name == point.source)
    if is_energy(point.unit) and point.reading == "interval":
        slope /= (source.interval_minutes or site.interval_minutes) / 60.0
    low, high = point.limits
    return Tag(
        tag=point.tag,
        quantity=point.quantity,
        column=point.column,
        slope=slope,
        offset=offset,
        low=low,
        high=high,
        sentinels=frozenset(source.sentinels),
        counter=point.reading == "counter",
    )
