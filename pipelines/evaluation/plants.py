"""Plants to be driven: the simulator and EnergyPlus behind one interface."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

import simulator
from pipelines.simulation.energyplus import MODEL_YEAR, SitePlant, site_energyplus
from pipelines.simulation.plant import SimulatedPlant
from pipelines.site.file import Site
from simulator.energyplus import RunEnded


class DrivenPlant(Protocol):
    """A plant under a control. Setpoints by name in canonical units; telemetry by column or quantity."""

    @property
    def now(self) -> pd.Timestamp:
        """UTC time from which the next setpoints hold."""

    def advance(
        self, setpoints: Mapping[str, float], hours: float, faults: simulator.Faults | None
    ) -> tuple[pd.DataFrame, pd.DataFrame] | None:
        """Holds setpoints for `hours`: true and metered telemetry; None at the plant's end."""


@dataclass
class Simulated:
    """A copy of a simulated plant, driven from its present state."""

    plant: SimulatedPlant

    @property
    def now(self) -> pd.Timestamp:
        """UTC time from which the next setpoints hold."""
        return self.plant.now

    def advance(
        self, setpoints: Mapping[str, float], hours: float, faults: simulator.Faults | None
    ) -> tuple[pd.DataFrame, pd.DataFrame] | None:
        """Holds setpoints for `hours`: true and metered telemetry; None where the drivers end."""
        steps = max(1, round(hours * 3600.0 / self.plant.dt_s))
        if self.plant.steps_done + steps > len(self.plant.drivers.outdoor_drybulb_c):
            return None
        schedule = pd.DataFrame([dict(setpoints)] * steps)
        self.plant, true, read = self.plant.advance(schedule, faults)
        return true, read


@dataclass
class RunningEnergyPlus:
    """An EnergyPlus run in progress; its meters are perfect and it takes no faults."""

    site: Site
    plant: SitePlant
    utilization: np.ndarray
    started: pd.Timestamp
    passed_hours: float = 0.0

    @property
    def now(self) -> pd.Timestamp:
        """UTC time from which the next setpoints hold, in the model's year."""
        return self.started + pd.Timedelta(hours=self.passed_hours).round("s")

    def advance(
        self, setpoints: Mapping[str, float], hours: float, faults: simulator.Faults | None
    ) -> tuple[pd.DataFrame, pd.DataFrame] | None:
        """Holds setpoints for `hours`: telemetry, twice (meters are perfect); None at the run's end."""
        tags = {self.site.setpoint_name(each): each.tag for each in self.site.setpoints}
        by_tag = {tags[name]: value for name, value in setpoints.items()}
        until, rows, times = self.passed_hours + hours - 1e-6, [], []
        with suppress(RunEnded):
            while self.passed_hours < until:
                times.append(self.now)
                hour = min(int(self.passed_hours), len(self.utilization) - 1)
                row = self.plant.step(by_tag, float(self.utilization[hour]))
                self.passed_hours += row["hours"]
                rows.append(self._canonical(row))
        if self.passed_hours < until:
            return None
        table = pd.DataFrame(rows, index=pd.DatetimeIndex(times, name="time"))
        return table, table

    def _canonical(self, row: Mapping[str, float]) -> dict[str, float]:
        from pipelines.site.tags import tags_of

        tags = tags_of(self.site)
        return {tags[name].column: tags[name].canonical(row[name]) for name in tags if name in row}


@contextmanager
def energyplus(site: Site, utilization: np.ndarray, days: int) -> Iterator[RunningEnergyPlus]:
    """The site's EnergyPlus model from its `begin` on. utilization: hourly, 0-1; the last value holds."""
    with site_energyplus(site, days=days, checked=False) as plant:
        begin = plant.table.begin or (1, 1)
        yield RunningEnergyPlus(site, plant, utilization, pd.Timestamp(MODEL_YEAR, *begin, tz="UTC"))
