"""Reference controls without learning: the site's defaults, and an engineer's wetbulb reset."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from pipelines.site.file import Site
from pipelines.site.setpoints import Settable, aliased
from pipelines.telemetry.plant_table import row_quantities
from pipelines.telemetry.readings import TagReader

# of towers over wetbulb, near the economic design approach; ASHRAE Handbook HVAC Systems 2020, ch. 40
APPROACH_K = 4.0
EXCHANGER_K = 3.0  # condenser below chilled water at which a waterside economizer carries most of a load


class Defaults:
    """The site's default setpoints at all times."""

    def __init__(self, site: Site) -> None:
        settable = Settable.of(site)
        self._values = {
            tag.tag: tag.exported(value) for tag, value in zip(settable.tags, settable.default, strict=True)
        }

    def decide(self, row: Mapping[str, Any], at: datetime) -> dict[str, float]:
        """The defaults by tag, in the tags' units."""
        return self._values


class WetbulbReset:
    """Condenser water at a fixed approach to wetbulb; economizer on while that water can carry the load.

    Every other setpoint stays at the site's default, as ASHRAE Guideline 36 and most plants do. Without a
    wetbulb reading setpoints hold.
    """

    def __init__(self, site: Site) -> None:
        self.site, self.settable, self.reader = site, Settable.of(site), TagReader(site)
        self.most = self.settable.slew_per_hour * max(site.interval_minutes, 15) / 60.0

    def decide(self, row: Mapping[str, Any], at: datetime) -> dict[str, float]:
        """Setpoints by tag, each within its limits and slew rate."""
        reading = aliased(row_quantities(self.site, self.reader.read(row, at).values))
        settable = self.settable
        present = np.array(
            [
                reading.get(name, default)
                for name, default in zip(settable.names, settable.default, strict=True)
            ]
        )
        goal = dict(zip(settable.names, settable.default, strict=True))
        wetbulb_c = reading.get("outdoor_wetbulb_c")
        if wetbulb_c is None:
            goal = dict(zip(settable.names, present, strict=True))
        else:
            water_c = wetbulb_c + APPROACH_K
            goal |= {name: water_c for name in ("cw_supply_sp_c", "cw_supply_c") if name in goal}
            if "economizer_enable" in goal:
                chilled_c = goal.get("chw_supply_sp_c", goal.get("chw_supply_c", -np.inf))
                goal["economizer_enable"] = float(water_c + EXCHANGER_K < chilled_c)
        wanted = np.clip([goal[name] for name in settable.names], settable.low, settable.high)
        slewed = present + np.clip(wanted - present, -self.most, self.most)
        values = np.where(settable.binary, wanted, slewed)
        return {tag.tag: tag.exported(value) for tag, value in zip(settable.tags, values, strict=True)}
