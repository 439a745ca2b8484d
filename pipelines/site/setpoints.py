"""What a site lets us set, as arrays: k setpoints in the order of the site file."""

from dataclasses import dataclass

import numpy as np

from models.setpoints import Bounds, quantity_of
from pipelines.site.file import Site
from pipelines.site.tags import Tag, setpoint_tags

# What a site that records no setpoint chooses is the temperature itself; and where only the setpoint is recorded,
# it stands for what is reached.
_ALIASES = {
    "supply_air_sp_c": "supply_air_c",
    "chw_supply_sp_c": "chw_supply_c",
    "cw_supply_sp_c": "cw_supply_c",
}


@dataclass(frozen=True)
class Settable(Bounds):
    """Bounds of the k setpoints that a site file declares, and their tags; canonical units."""

    tags: tuple[Tag, ...]

    @classmethod
    def of(cls, site: Site) -> "Settable":
        """What the site file declares under [[setpoints]]."""
        setpoints = setpoint_tags(site)
        low, high, default, slew = (
            np.array([getattr(setpoint, name) for setpoint, _ in setpoints], float)
            for name in ("min", "max", "default", "slew_per_hour")
        )
        return cls(
            names=tuple(setpoint_names(site)),
            low=low,
            high=high,
            default=default,
            slew_per_hour=slew,
            binary=np.array([setpoint.kind == "binary" for setpoint, _ in setpoints], bool),
            tags=tuple(tag for _, tag in setpoints),
        )


def setpoint_names(site: Site) -> list[str]:
    """Names of the site's setpoints, in the site file's order (see `Site.setpoint_name`)."""
    return [site.setpoint_name(setpoint) for setpoint in site.setpoints]


def aliased(columns: dict) -> dict:
    """Columns with setpoints standing for temperatures that are not recorded, and the other way round."""
    both = {**_ALIASES, **{measured: setpoint for setpoint, measured in _ALIASES.items()}}
    return columns | {
        name: columns[other] for name, other in both.items() if name not in columns and other in columns
    }


def modelled_name(name: str) -> str:
    """The name under which models know a setpoint: where a site sets the temperature itself, that of its setpoint."""
    setpoints = {measured: setpoint for setpoint, measured in _ALIASES.items()}
    quantity = quantity_of(name)
    return setpoints.get(quantity, quantity) + name[len(quantity) :]
