"""A site's EnergyPlus model as its plant: setpoints and IT load in, telemetry by historian tag out."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.errors import PlantError, SiteError
from pipelines.site.energyplus import DrivenTable, EnergyPlusTable, ReadingTable
from pipelines.site.file import Site
from pipelines.site.units import conversion
from simulator.energyplus import (
    Actuator,
    Closure,
    EnergyPlusError,
    EnergyPlusModel,
    EnergyPlusPlant,
    RunEnded,
    Variable,
    check_actuators,
    energy_closure,
    energyplus_plant,
)

MODEL_YEAR = 2025  # EnergyPlus's years have 365 days
LOAD = "IT utilisation"


@dataclass(frozen=True)
class SitePlant:
    """An EnergyPlus run in progress, addressed by historian tags."""

    site: Site
    table: EnergyPlusTable
    running: EnergyPlusPlant

    def step(self, setpoints: Mapping[str, float], it_utilization: float | None = None) -> dict[str, float]:
        """One zone time step: readings by tag in the points' own units, and `hours`, its length.

        setpoints: by tag, in their canonical unit; one left out holds its last value. it_utilization: 0-1.

        Raises:
            SiteError: no actuator belongs to a tag.
            EnergyPlusError: the engine refuses. RunEnded: after the last step.
        """
        raw = self.running.step(self.written(setpoints, it_utilization))
        return self.by_tag(raw) | {"hours": raw["hours"]}

    def written(self, setpoints: Mapping[str, float], it_utilization: float | None) -> dict[str, float]:
        """Values by actuator of setpoints by tag (canonical units) and IT load (0-1).

        Raises:
            SiteError: no actuator belongs to a tag.
        """
        names = {each.tag: _actuator_names(each, each.tag) for each in self.table.setpoints}
        unknown = sorted(set(setpoints) - set(names))
        if unknown:
            raise SiteError(
                f"setpoint {unknown[0]} has no actuator in EnergyPlus; add it to [[energyplus.setpoints]]"
            )
        values = {name: value for tag, value in setpoints.items() for name in names[tag]}
        if it_utilization is not None:
            values |= dict.fromkeys(_load_names(self.table), it_utilization)
        return values

    def by_tag(self, raw: Mapping[str, float]) -> dict[str, float]:
        """Readings of the site's points in their own units; those only for the heat balance are left out."""
        values = {}
        for reading in self.table.readings:
            point = self.site.by_tag.get(reading.tag)
            if point is not None:
                total = sum(raw[name] for name in _variable_names(reading))
                slope, offset = conversion(reading.unit, point.quantity)
                shown_slope, shown_offset = point.to_canonical
                values[reading.tag] = (slope * total + offset - shown_offset) / shown_slope
        return values


@dataclass(frozen=True)
class HeldRun:
    """Telemetry (steps, tags) under constant setpoints, and the closure of EnergyPlus's heat balance."""

    telemetry: pd.DataFrame
    closure: Closure | None


def engine_model(site: Site, *, days: int | None = None) -> EnergyPlusModel:
    """The site's model for the engine's adapter, from the table's `begin` on for `days`.

    Raises:
        SiteError: the site has no [energyplus] table.
    """
    table = _table(site)
    begin, end = table.begin, table.end
    if days is not None:
        first = pd.Timestamp(MODEL_YEAR, *(begin or (1, 1)))
        last = first + pd.Timedelta(days=days - 1)
        begin, end = (first.month, first.day), (last.month, last.day)
    weather = Path(table.weather) if table.weather.lower().endswith(".epw") else table.weather
    return EnergyPlusModel(
        model=table.model,
        weather=weather,
        variables=_variables(table),
        actuators=_actuators(table),
        heat_given=_named(table, table.heat_given),
        heat_removed=_named(table, table.heat_removed),
        begin=begin,
        end=end,
    )


def check_setpoints(site: Site) -> dict[str, float]:
    """How far each actuator's reading followed it, in that reading's unit.

    Raises:
        SiteError: the site has no [energyplus] table.
        PlantError: names the actuators without effect.
    """
    config = engine_model(site, days=1)
    with _mendable():
        return check_actuators(config)


@contextmanager
def site_energyplus(site: Site, *, days: int | None = None, checked: bool = True) -> Iterator[SitePlant]:
    """The site's EnergyPlus plant, running; with `checked`, a probe run first tests its setpoints.

    Raises:
        SiteError: the site has no [energyplus] table. PlantError: the engine refuses.
    """
    if checked:
        check_setpoints(site)
    config = engine_model(site, days=days)
    with _mendable(), energyplus_plant(config) as running:
        yield SitePlant(site, _table(site), running)


def run_held(
    site: Site, it_utilization: float, setpoints: Mapping[str, float] | None = None, *, days: int
) -> HeldRun:
    """Holds IT load (0-1) and setpoints (the site's defaults where none are given) from the model's begin on.

    Rows' times are the model's own clock, labelled UTC, in a year of 365 days. Raises as `site_energyplus`.
    """
    held = {each.tag: each.default for each in site.setpoints} | dict(setpoints or {})
    config, raws = engine_model(site, days=days), []
    with _mendable(), energyplus_plant(config) as running:
        plant = SitePlant(site, _table(site), running)
        with suppress(RunEnded):
            while True:
                raws.append(running.step(plant.written(held, it_utilization)))
    rows = [plant.by_tag(raw) for raw in raws]
    series = {name: np.array([raw[name] for raw in raws]) for name in (*config.variables, "hours")}
    hours = series["hours"]
    start = pd.Timestamp(MODEL_YEAR, *(config.begin or (1, 1)), tz="UTC")
    times = start + pd.to_timedelta(np.cumsum(hours) - hours, unit="h").round("s")
    telemetry = pd.DataFrame(rows, index=pd.DatetimeIndex(times, name="time"))
    asked = {tag: value for tag, value in held.items() if tag not in telemetry}
    return HeldRun(telemetry.assign(**asked), energy_closure(config, series, hours))


@contextmanager
def _mendable() -> Iterator[None]:
    """Turns the engine's errors into PlantError, which a user can act on; the end of a run passes."""
    try:
        yield
    except RunEnded:
        raise
    except EnergyPlusError as cause:
        raise PlantError(str(cause)) from cause


def _table(site: Site) -> EnergyPlusTable:
    if site.energyplus is None:
        raise SiteError(
            f"site {site.name} names no EnergyPlus model; add [energyplus] with model, weather and readings"
        )
    return site.energyplus


def _variables(table: EnergyPlusTable) -> dict[str, Variable]:
    return {
        name: Variable(variable.name, variable.key)
        for reading in table.readings
        for name, variable in zip(_variable_names(reading), reading.variables, strict=True)
    }


def _actuators(table: EnergyPlusTable) -> dict[str, Actuator]:
    return {
        name: Actuator(
            actuator.component,
            actuator.control,
            actuator.key,
            *driven.probe,
            actuator.moves,
            driven.least_move,
        )
        for prefix, driven in _driven(table)
        for name, actuator in zip(_actuator_names(driven, prefix), driven.actuators, strict=True)
    }


def _driven(table: EnergyPlusTable) -> list[tuple[str, DrivenTable]]:
    loads = ((f"{LOAD} {number}", load) for number, load in enumerate(table.loads))
    return [*((each.tag, each) for each in table.setpoints), *loads]


def _load_names(table: EnergyPlusTable) -> list[str]:
    return [
        name for number, load in enumerate(table.loads) for name in _actuator_names(load, f"{LOAD} {number}")
    ]


def _actuator_names(driven: DrivenTable, prefix: str) -> list[str]:
    return [f"{prefix} > {actuator.key}" for actuator in driven.actuators]


def _variable_names(reading: ReadingTable) -> list[str]:
    """One variable is named by its tag, so that a probe can refer to it; parts of a sum are numbered."""
    if len(reading.variables) == 1:
        return [reading.tag]
    return [f"{reading.tag} #{number}" for number in range(len(reading.variables))]


def _named(table: EnergyPlusTable, tags: list[str]) -> tuple[str, ...]:
    chosen = [reading for reading in table.readings if reading.tag in tags]
    return tuple(name for reading in chosen for name in _variable_names(reading))
