"""The site's own rule: its default setpoints, or the resets that its file declares."""

from collections.abc import Mapping

import numpy as np

from models.safety.backup import Reset
from pipelines.site.file import Site


def resets_of(site: Site) -> tuple[Reset, ...]:
    """The resets of the site's file, setpoints by name."""
    name = {setpoint.tag: site.setpoint_name(setpoint) for setpoint in site.setpoints}
    return tuple(
        Reset(name[r.tag], r.on, tuple(p[0] for p in r.points), tuple(p[1] for p in r.points))
        for r in site.safety.resets
    )


def rule_of_record(site: Site, columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the rule would have set at every row (n,), by name; the default where what a reset answers to is unknown."""
    count = len(next(iter(columns.values())))
    wanted = {site.setpoint_name(each): np.full(count, float(each.default)) for each in site.setpoints}
    for reset in resets_of(site):
        wanted[reset.setpoint] = reset.of(columns.get(reset.on, np.nan), wanted[reset.setpoint])
    limits = {site.setpoint_name(each): (each.min, each.max) for each in site.setpoints}
    return {name: np.clip(values, *limits[name]) for name, values in wanted.items()}
