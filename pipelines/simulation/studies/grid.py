"""The grid of a what-if study: swept axes, fixed inputs, and the combinations that are physical."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

import simulator
from pipelines.errors import ScenarioError
from pipelines.simulation.plant import SETPOINT_FIELDS
from pipelines.simulation.recorded_inputs import FIELDS
from pipelines.simulation.studies.scenario import WhatIf
from pipelines.site.file import Setpoint, Site
from simulator.control import SETPOINT_RANGES
from simulator.faults import COUNTED, FAULT_RANGES

AUTO = "auto"  # in place of axes
AUTO_VALUES, AUTO_CASES, AUTO_DECIMALS = 7, 700, 2
MAX_CASES = 2_000_000  # a table of them fits in a workstation's memory

RANGES = {"seed": (0.0, 2.0**31 - 1)} | SETPOINT_RANGES | FAULT_RANGES
WHOLE = ("seed", "economizer_enable", "chillers_available", *COUNTED)


@dataclass(frozen=True)
class Grid:
    """Cases of a study.

    axes: values by swept input, the slowest first. fixed: value of every other input. kept: positions in the
    full grid of the cases to run.
    """

    axes: dict[str, np.ndarray]
    fixed: dict[str, float]
    kept: np.ndarray

    @property
    def cases(self) -> int:
        """Number of cases to run."""
        return len(self.kept)

    @property
    def left_out(self) -> int:
        """Number of combinations that are not physical: chilled water above supply air."""
        return math.prod(len(values) for values in self.axes.values()) - self.cases

    def inputs(self, start: int, end: int) -> dict[str, np.ndarray]:
        """Every input of cases `start` to `end`, by name, (cases,)."""
        return _inputs(self.axes, self.fixed, self.kept[start:end])


def study_grid(site: Site, scenario: WhatIf, axes: str, plant: simulator.Plant) -> Grid:
    """The grid of `axes` ("chw_supply_c=6:18:1,supply_air_c=18|20.5|23", ends included) over a scenario.

    `AUTO` sweeps what the site may choose (`automatic_axes`). Combinations with chilled water above supply air are
    left out.

    Raises:
        ScenarioError: an unknown or repeated axis, an empty range, a value outside its physical range,
            too many cases, or no physical combination.
    """
    fixed = _fixed(site, scenario, plant)
    swept = automatic_axes(site, fixed) if axes.strip() == AUTO else parse_axes(axes)
    for name, value in fixed.items():
        _check(name, np.array([value]))
    count = math.prod(len(values) for values in swept.values())
    if count > MAX_CASES:
        raise ScenarioError(
            f"a sweep may have at most {MAX_CASES:,} cases, {axes} has {count:,}; use longer steps"
        )
    fixed = {name: value for name, value in fixed.items() if name not in swept}
    everything = _inputs(swept, fixed, np.arange(count))
    cold_enough = everything["chw_supply_c"] <= everything["supply_air_c"]
    if not cold_enough.any():
        raise ScenarioError(
            f"chw_supply_c ({everything['chw_supply_c'].min():g}) must not exceed supply_air_c "
            f"({everything['supply_air_c'].max():g}): water warmer than the air cannot cool it; "
            "edit [setpoints] or --sweep"
        )
    return Grid(swept, fixed, np.flatnonzero(cold_enough))


def settable(site: Site) -> dict[str, list[Setpoint]]:
    """The site's setpoints by the simulator's, which has one where a site has one for each hall or machine."""
    found: dict[str, list[Setpoint]] = {}
    for setpoint in site.setpoints:
        field = FIELDS.get(site.quantity_of(setpoint))
        if field:
            found.setdefault(field, []).append(setpoint)
    return found


def automatic_axes(site: Site, present: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Every setpoint of the site that the simulator has, over the site's limits, each present value among them.

    present: values in force, by the simulator's setpoints. On/off setpoints have both values, the others
    `AUTO_VALUES`, or as many as keep the grid to `AUTO_CASES`.

    Raises:
        ScenarioError: the site has no such setpoint.
    """
    found = settable(site)
    if not found:
        raise ScenarioError(
            f'site "{site.name}" must declare a setpoint that the simulator has to be swept, it has none; '
            f"add [[setpoints]] of {', '.join(SETPOINT_FIELDS)}, or name axes in --sweep"
        )
    limits = {name: (max(s.min for s in each), min(s.max for s in each)) for name, each in found.items()}
    for many in range(AUTO_VALUES, 1, -1):
        axes = {
            name: _auto_values(name, limits[name], present[name], many)
            for name in SETPOINT_RANGES
            if name in found
        }
        if math.prod(map(len, axes.values())) <= AUTO_CASES:
            break
    return axes


def _auto_values(name: str, limits: tuple[float, float], present: float, many: int) -> np.ndarray:
    """`many` values between limits, the nearest of them moved to the present one; both ends stay."""
    low, high = (float(np.clip(limit, *RANGES[name])) for limit in limits)
    if name == "economizer_enable":
        return np.array([0.0, 1.0])
    if name in WHOLE:
        many = min(many, round(high - low) + 1)
    values = np.round(np.linspace(low, high, many), 0 if name in WHOLE else AUTO_DECIMALS)
    inner = values[1:-1]
    if low < present < high and inner.size and present not in values:
        inner[np.abs(inner - present).argmin()] = present
    return np.unique(np.append(values, present))


def parse_axes(text: str) -> dict[str, np.ndarray]:
    """Axes "name=low:high:step,name=value|value" as values by name; seed first, so that chunks have few.

    Raises:
        ScenarioError: an axis is unknown, repeated, empty or out of range.
    """
    axes: dict[str, np.ndarray] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, span = (field.strip() for field in part.partition("="))
        if name not in RANGES:
            raise ScenarioError(f'sweep axis "{name}" is not known; choose one of {", ".join(RANGES)}')
        if name in axes:
            raise ScenarioError(f'sweep axis "{name}" is given twice; give it one range low:high:step')
        axes[name] = _values(part, span)
        _check(name, axes[name])
    return dict(sorted(axes.items(), key=lambda axis: axis[0] != "seed"))


def _values(part: str, text: str) -> np.ndarray:
    """Values of an axis, rising: numbers and ranges, "6|8|10.5" or "6:18:2|10.5"."""
    return np.unique(np.concatenate([_span(part, span) for span in text.split("|")]))


def _span(part: str, span: str) -> np.ndarray:
    try:
        numbers = [float(field) for field in span.split(":")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 3) or not np.isfinite(numbers).all():
        raise ScenarioError(
            f'sweep "{part}" must read name=low:high:step, name=value or name=value|value; '
            "e.g. chw_supply_c=6:18:1 or chw_supply_c=6|8|10.5"
        )
    if len(numbers) == 1:
        return np.array(numbers)
    low, high, step = numbers
    if step <= 0 or high < low:
        raise ScenarioError(
            f'sweep "{part}" is empty: high must be at least low and step above zero; write low:high:step'
        )
    count = math.floor((high - low) / step + 1e-9) + 1
    if count > MAX_CASES:
        raise ScenarioError(
            f'sweep "{part}" has {count:,} values, at most {MAX_CASES:,} may be; use a longer step'
        )
    return np.round(low + step * np.arange(count), 9)


def _check(name: str, values: np.ndarray) -> None:
    low, high = RANGES[name]
    outside = values[(values < low) | (values > high)]
    if outside.size:
        raise ScenarioError(
            f"{name} must lie in {low:g} to {high:g}, what equipment can do; got {outside[0]:g}; "
            "edit the scenario or --sweep"
        )
    if name in WHOLE and (values != np.round(values)).any():
        raise ScenarioError(f"{name} must be a whole number; got {values[values != np.round(values)][0]:g}")


def _fixed(site: Site, scenario: WhatIf, plant: simulator.Plant) -> dict[str, float]:
    """Every input unswept: the scenario's, else the site's default, else a cautious operator's."""
    for table, ranges in (("setpoints", SETPOINT_RANGES), ("faults", FAULT_RANGES)):
        unknown = sorted(set(getattr(scenario, table)) - set(ranges))
        if unknown:
            raise ScenarioError(f"[{table}] {unknown[0]} is not known; choose one of {', '.join(ranges)}")
    cautious = simulator.default_setpoints(plant)
    values = {name: float(getattr(cautious, name)) for name in SETPOINT_RANGES}
    for field, setpoints in settable(site).items():
        values[field] = math.fsum(setpoint.default for setpoint in setpoints) / len(setpoints)
    faults = dict.fromkeys(FAULT_RANGES, 0.0) | scenario.faults
    return {"seed": float(scenario.seed)} | values | scenario.setpoints | faults


def _inputs(axes: dict[str, np.ndarray], fixed: dict[str, float], cases: np.ndarray) -> dict[str, np.ndarray]:
    shape = tuple(len(values) for values in axes.values())
    places = np.unravel_index(cases, shape) if shape else ()
    swept = {name: values[place] for (name, values), place in zip(axes.items(), places, strict=True)}
    held = {name: np.full(len(cases), value) for name, value in fixed.items()}
    return {name: (swept | held)[name] for name in RANGES}
