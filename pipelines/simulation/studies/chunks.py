"""Chunks of a what-if study: as many cases per compiled call as memory and weather allow."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pyarrow as pa

import simulator
from pipelines.simulation.studies.conditions import Conditions, plant_of, times_of
from pipelines.simulation.studies.grid import FAULT_RANGES, SETPOINT_RANGES, Grid
from pipelines.simulation.studies.outcomes import (
    Shape,
    World,
    compiled_outcomes,
    limits_of,
    totals,
    unlimited,
    with_ratios,
)
from pipelines.simulation.studies.scenario import BLOCK_HOURS, WhatIf
from pipelines.site.file import Site
from pipelines.site.tariff import prices_per_kwh

LEAST_CHUNK_CASES = 8  # as fast as one (a vector unit's width), and small studies share a compilation
MAX_DRIVER_STEPS = 2**25  # weather and load of the seeds in memory at a time: 0.5 GiB
MAX_CASE_HOURS = 2**21  # hourly figures of a chunk: 0.2 GiB


class ChunkRunner:
    """Runs chunks of a grid; holds what the chunks share."""

    def __init__(
        self,
        site: Site,
        scenario: WhatIf,
        grid: Grid,
        plant: simulator.Plant,
        conditions: Conditions,
        chunk: int,
    ) -> None:
        self._site, self._scenario, self._grid = site, scenario, grid
        self._plant, self._conditions, self._chunk = plant, conditions, chunk
        self._unlimited = unlimited(site.envelope)
        self._blocks = (scenario.days * 24 // BLOCK_HOURS, BLOCK_HOURS * 60 // scenario.step_minutes)
        series = (prices_per_kwh(site.tariff, times_of(scenario)), conditions.carbon_kg_per_kwh)
        self._price, self._carbon = (jnp.asarray(each.reshape(self._blocks), dtype=float) for each in series)
        self._seeds_at_once = most_seeds(grid, chunk)
        self._drawn: dict[int, tuple[simulator.Plant, simulator.Drivers]] = {}
        warmup_blocks, many_plants = scenario.warmup_hours // BLOCK_HOURS, scenario.plant_spread > 0
        shape = Shape(self._blocks[0], BLOCK_HOURS, warmup_blocks, scenario.dt_s, many_plants)
        self._run = compiled_outcomes(shape)

    def chunk(self, start: int, hourly: bool) -> tuple[pd.DataFrame, pa.Table | None]:
        """Rows of the cases from `start`, and, if `hourly`, a table of their hours.

        The last chunk is padded with its last case, then cut: one size needs one compilation.
        """
        end = min(start + self._chunk, self._grid.cases)
        inputs = self._grid.inputs(start, end)
        padded = {name: np.pad(v, (0, self._chunk - len(v)), mode="edge") for name, v in inputs.items()}
        seeds, which = np.unique(padded["seed"].astype(int), return_inverse=True)
        figures = self._run(
            self._world(seeds),
            jnp.asarray(which),
            simulator.Setpoints(**_arrays(padded, SETPOINT_RANGES)),
            simulator.Faults(**_arrays(padded, FAULT_RANGES)),
        )
        hours = {
            name: np.asarray(values)[: end - start]
            for name, values in figures.items()
            if name not in self._unlimited
        }
        outcomes = totals(hours, self._site)
        rows = pd.DataFrame(self._shown(inputs) | outcomes)
        return rows, self._hours(start, hours) if hourly else None

    def _hours(self, start: int, figures: dict[str, np.ndarray]) -> pa.Table:
        """Hours of cases from `start`, a row each, from figures (cases, hours)."""
        cases, hours = figures["facility_kwh"].shape
        times = pd.date_range(self._scenario.start_utc, periods=hours, freq="1h").as_unit("s")
        named = with_ratios(figures, self._site)
        case = np.repeat(np.arange(start, start + cases, dtype=np.int32), hours)
        columns = {name: values.ravel().astype(np.float32) for name, values in named.items()}
        return pa.table({"case": case, "time": pa.array(np.tile(times, cases)), **columns})

    def _shown(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        absent = {name for name in FAULT_RANGES if self._grid.fixed.get(name) == 0.0}
        columns = {name: values for name, values in inputs.items() if name not in absent}
        return columns | {"seed": columns["seed"].astype(np.int64)}

    def _world(self, seeds: np.ndarray) -> World:
        """Plants and drivers of a chunk's seeds, always as many, so that one compilation serves all."""
        wanted = [int(seed) for seed in seeds]
        self._drawn = {seed: drawn for seed, drawn in self._drawn.items() if seed in wanted}
        self._drawn = {seed: self._drawn.get(seed) or self._draw(seed) for seed in wanted}
        drawn = list(self._drawn.values())
        drawn += drawn[-1:] * (self._seeds_at_once - len(drawn))
        plants = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(plant for plant, _ in drawn))
        weather = jax.tree.map(lambda *leaves: np.stack(leaves), *(drivers for _, drivers in drawn))
        return World(
            plants if self._scenario.plant_spread > 0 else self._plant,
            jax.tree.map(lambda leaf: jnp.asarray(leaf.reshape(-1, *self._blocks), dtype=float), weather),
            self._price,
            self._carbon,
            limits_of(self._site.envelope),
        )

    def _draw(self, seed: int) -> tuple[simulator.Plant, simulator.Drivers]:
        spread = self._scenario.plant_spread > 0
        plant = plant_of(self._plant, self._scenario, seed) if spread else self._plant
        return plant, self._conditions.drivers(seed)


def chunk_size(grid: Grid, scenario: WhatIf, asked: int) -> int:
    """Cases per call: at most those asked for and needed, with bounded weather and hours in memory."""
    size = min(asked, max(LEAST_CHUNK_CASES, 1 << (grid.cases - 1).bit_length()))
    size = min(size, max(1, MAX_CASE_HOURS // (scenario.days * 24)))
    seeds = max(2, MAX_DRIVER_STEPS // scenario.steps)
    if len(grid.axes.get("seed", ())) <= seeds:
        return size
    bounded = (seeds - 1) * _cases_a_seed(grid)
    return min(size, 1 << (bounded.bit_length() - 1))


def most_seeds(grid: Grid, chunk: int) -> int:
    """The largest number of different seeds in a chunk of this grid; seed is the slowest axis."""
    if "seed" not in grid.axes:
        return 1
    return min(len(grid.axes["seed"]), -(-chunk // _cases_a_seed(grid)) + 1)


def _cases_a_seed(grid: Grid) -> int:
    return grid.cases // len(grid.axes["seed"])  # seeds differ in weather, never in the combinations left out


def _arrays(inputs: dict[str, np.ndarray], names: Any) -> dict[str, jax.Array]:
    return {name: jnp.asarray(inputs[name], dtype=float) for name in names}
