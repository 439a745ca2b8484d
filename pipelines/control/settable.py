"""What a site lets us set, as arrays: k setpoints in the order of the site file."""

from dataclasses import dataclass

import numpy as np

from pipelines.control.reading import Tag, setpoint_tags
from pipelines.site import Site


@dataclass(frozen=True)
class Settable:
    """Quantities, tags, limits, defaults, and slew rates per hour (k,) of what may be set, canonical units."""

    names: tuple[str, ...]
    tags: tuple[Tag, ...]
    low: np.ndarray
    high: np.ndarray
    default: np.ndarray
    slew: np.ndarray
    binary: np.ndarray

    @classmethod
    def of(cls, site: Site) -> "Settable":
        """What the site file declares under [[setpoints]]."""
        setpoints = setpoint_tags(site)
        low, high, default, slew = (
            np.array([getattr(setpoint, name) for setpoint, _ in setpoints], float)
            for name in ("min", "max", "default", "slew_per_hour")
        )
        return cls(
            names=tuple(tag.quantity for _, tag in setpoints),
            tags=tuple(tag for _, tag in setpoints),
            low=low,
            high=high,
            default=default,
            slew=slew,
            binary=np.array([setpoint.kind == "binary" for setpoint, _ in setpoints], bool),
        )
