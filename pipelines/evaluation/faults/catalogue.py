"""The faults around a controller, one at a time, as disturbances of the closed loop."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import jax.numpy as jnp
import numpy as np
import pandas as pd

import simulator
from pipelines.evaluation.closed_loop import Disturbance, Row
from pipelines.simulation.plant import SimulatedPlant
from pipelines.site.file import Site
from pipelines.site.tags import Tag, tags_of

BIAS_K, BIAS_SHARE = -3.0, 0.7  # reads too cold, and too little power: the dangerous direction
SPIKE_K, SPIKE_SHARE, SPIKE_EVERY = 12.0, 2.5, 4  # rows
LOAD_STEP = 1.3
BY_HAND = 0.1  # of a setpoint's range below its default
LOST_FOR = timedelta(hours=1)
JUMP = timedelta(days=2)
GARBLED_SHARE = 0.3  # of tags
GARBLE = (math.nan, math.inf, -math.inf, None, "bad", -9999.0)


@dataclass(frozen=True)
class Window:
    """Start and end of a fault, in the plant's own time."""

    start: pd.Timestamp
    end: pd.Timestamp

    def holds(self, at: pd.Timestamp) -> bool:
        """Whether the fault is present at this time."""
        return bool(self.start <= at < self.end)


@dataclass(frozen=True)
class Fault:
    """One fault.

    between: its disturbance between plant and control. before: its change of the plant's weather and load.
    control: the controller's own fault (see `pipelines.evaluation.faults.controller`), "" for none.
    default_too: whether default control is affected; it reads no sensor.
    """

    name: str
    between: Callable[[Window], Disturbance] = lambda _window: Disturbance()
    before: Callable[[SimulatedPlant, Window], SimulatedPlant] = lambda plant, _window: plant
    control: str = ""
    default_too: bool = False
    longest: timedelta = timedelta.max


KINDS = {
    "rack inlet": ("rack_inlet_c",),
    "supply air": ("supply_air_c",),
    "chilled water": ("chw_supply_c",),
    "condenser water": ("cw_supply_c",),
    "load meter": ("it_power_kw", "cooling_load_kw"),
    "power meter": ("chiller_kw", "cooling_power_kw"),
    "weather": ("outdoor_drybulb_c", "outdoor_wetbulb_c", "outdoor_rh_frac", "outdoor_dew_point_c"),
}


def catalogue(site: Site) -> list[Fault]:
    """Every fault that the site can have: of its points, of the plant, in transit, of the control."""
    return [*_sensor_faults(site), *_plant_faults(), *_line_faults(site), *_control_faults()]


def _sensor_faults(site: Site) -> list[Fault]:
    faults = []
    for kind, quantities in KINDS.items():
        tags = [tag for tag in tags_of(site).values() if tag.quantity in quantities and not tag.counter]
        if not tags:
            continue
        for how, spoil in {
            "stuck": _stuck,
            "biased": _biased,
            "missing": _missing,
            "spiking": _spiking,
        }.items():
            faults.append(Fault(f"{kind} {how}", _rows(tags, spoil)))
    return faults


Spoil = Callable[[Row, list[Tag], dict[str, float], int], Row]


def _rows(tags: list[Tag], spoil: Spoil) -> Callable[[Window], Disturbance]:
    def between(window: Window) -> Disturbance:
        kept: dict[str, float] = {}
        count = [0]

        def row(shown: Row, at: pd.Timestamp) -> Row:
            if not window.holds(at):
                return shown
            for tag in tags:
                kept.setdefault(tag.tag, shown.get(tag.tag, math.nan))
            count[0] += 1
            return spoil(dict(shown), tags, kept, count[0])

        return Disturbance(row=row)

    return between


def _stuck(row: Row, tags: list[Tag], kept: dict[str, float], count: int) -> Row:
    return row | {tag.tag: kept[tag.tag] for tag in tags}


def _missing(row: Row, tags: list[Tag], kept: dict[str, float], count: int) -> Row:
    return {name: value for name, value in row.items() if name not in kept}


def _biased(row: Row, tags: list[Tag], kept: dict[str, float], count: int) -> Row:
    return row | {tag.tag: _off(tag, row[tag.tag], BIAS_K, BIAS_SHARE) for tag in tags if tag.tag in row}


def _spiking(row: Row, tags: list[Tag], kept: dict[str, float], count: int) -> Row:
    if count % SPIKE_EVERY != 1:
        return row
    way = 1.0 if (count // SPIKE_EVERY) % 2 else -1.0
    share = SPIKE_SHARE if way > 0.0 else 1.0 / SPIKE_SHARE
    return row | {tag.tag: _off(tag, row[tag.tag], way * SPIKE_K, share) for tag in tags if tag.tag in row}


def _off(tag: Tag, raw: float, by_k: float, share: float) -> float:
    value = raw * tag.slope + tag.offset
    return tag.exported(value + by_k if tag.quantity.endswith("_c") else value * share)


def _plant_faults() -> list[Fault]:
    def step(plant: SimulatedPlant, window: Window) -> SimulatedPlant:
        times = plant.start + pd.Timedelta(seconds=plant.dt_s) * np.arange(
            len(plant.drivers.outdoor_drybulb_c)
        )
        broken = np.asarray((times >= window.start) & (times < window.end))
        load = np.asarray(plant.drivers.it_utilization)
        factor = np.where(broken, LOAD_STEP, 1.0).reshape(-1, *[1] * (load.ndim - 1))
        stepped = jnp.asarray(np.minimum(load * factor, 1.0))
        return replace(plant, drivers=replace(plant.drivers, it_utilization=stepped))

    return [
        Fault("load step of 30 %", before=step, default_too=True),
        _breaking("chiller trip", chillers_tripped=1.0),
        _breaking("tower fan failed", tower_cells_failed=0.5),
        _breaking("valve stuck", valve_stuck=1.0, valve_position=0.6),
        _breaking("CRAH fan failed", crah_fans_failed=0.2),
        _breaking("CRAHs' own sensor biased", supply_air_sensor_bias_k=-2.0),
    ]


def _breaking(name: str, **broken: float) -> Fault:
    def between(window: Window) -> Disturbance:
        faults = replace(
            simulator.Faults.none(), **{part: jnp.asarray(value) for part, value in broken.items()}
        )
        return Disturbance(faults=lambda at: faults if window.holds(at) else None)

    return Fault(name, between, default_too=True)


def _line_faults(site: Site) -> list[Fault]:
    """Faults of rows and setpoints in transit."""
    return [
        Fault("communication lost for an hour", _communication_lost, default_too=True, longest=LOST_FOR),
        Fault(
            "setpoints not obeyed, read back as they are", _not_obeyed(site, read_back=True), default_too=True
        ),
        Fault(
            "setpoints not obeyed, read back as asked", _not_obeyed(site, read_back=False), default_too=True
        ),
        Fault("clock jumps ahead and back", _clock),
        Fault("NaN, infinite or garbled values anywhere", _garbled),
    ]


def _communication_lost(window: Window) -> Disturbance:
    faults = replace(simulator.Faults.none(), communication_lost=jnp.asarray(1.0))
    return Disturbance(
        row=lambda row, at: None if window.holds(at) else row,
        faults=lambda at: faults if window.holds(at) else None,
    )


def _not_obeyed(site: Site, *, read_back: bool) -> Callable[[Window], Disturbance]:
    """The plant is in manual, a little colder than its defaults. read_back: its tags show the manual values."""
    tags = tags_of(site)
    by_hand = {
        each.tag: each.default
        if each.kind == "binary"
        else max(each.min, each.default - BY_HAND * (each.max - each.min))
        for each in site.setpoints
    }
    own = {site.setpoint_name(each): by_hand[each.tag] for each in site.setpoints}
    shown_own = {tag: tags[tag].exported(value) for tag, value in by_hand.items()}

    def between(window: Window) -> Disturbance:
        return Disturbance(
            asked=lambda setpoints, at: setpoints | own if window.holds(at) else setpoints,
            row=lambda row, at: row | shown_own if read_back and window.holds(at) else row,
        )

    return between


def _clock(window: Window) -> Disturbance:
    return Disturbance(clock=lambda at: at + JUMP if window.holds(at) else at)


def _garbled(window: Window) -> Disturbance:
    random = np.random.default_rng(0)

    def row(shown: Row, at: pd.Timestamp) -> Row:
        if not window.holds(at):
            return shown
        return {
            name: GARBLE[random.integers(len(GARBLE))] if random.random() < GARBLED_SHARE else value
            for name, value in shown.items()
        }

    return Disturbance(row=row)


def _control_faults() -> list[Fault]:
    return [
        Fault(name, control=name)
        for name in (
            "model missing after a restart",
            "model with NaN after a restart",
            "model of another schema after a restart",
            "slow decision",
            "failing decision",
            "operator changes limits meanwhile",
        )
    ]
