"""What-if studies: one plant or a grid of thousands in compiled calls of one size, streamed to Parquet.

The same as `coldaisle simulate`, in three lines:

    site, scenario = load_site(Path("site.toml")), read_scenario(Path("scenario.toml"))
    study = run_study(site, scenario, "chw_supply_c=6:18:1,supply_air_c=18:27:1", folder=Path("studies"))
    table = study.table()

A study's folder is named by a hash of all its inputs, the simulator's own source included. Each chunk of
cases becomes one file, complete or absent, so that an interrupted study continues where it stopped and gives
the same table; memory holds one chunk, however large the grid. With `hourly=True` every chunk's hours are
kept as well, in files of their own: `study.hours()` reads them.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import simulator
from pipelines.errors import ScenarioError
from pipelines.files import write_atomic
from pipelines.simulation.plant import simulated
from pipelines.simulation.studies.chunks import ChunkRunner, chunk_size
from pipelines.simulation.studies.conditions import Conditions
from pipelines.simulation.studies.files import HOURLY, MANIFEST, PARTS, TABLE, is_whole, part, write_whole
from pipelines.simulation.studies.grid import Grid, study_grid
from pipelines.simulation.studies.scenario import WhatIf
from pipelines.site.file import Site

CHUNK_CASES = 512  # more is not faster and takes more memory
Progress = Callable[[int, int], None]  # cases done, of how many


@dataclass(frozen=True)
class Study:
    """A finished study: its folder, its grid, and how it was run."""

    site: str
    folder: Path
    axes: dict[str, np.ndarray]
    cases: int
    left_out: int  # combinations with chilled water above supply air
    resumed_cases: int  # finished by an earlier run
    seconds: float
    notes: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The table's Parquet file."""
        return self.folder / TABLE

    @property
    def hours_path(self) -> Path:
        """Folder of the hourly files; absent unless the study was run with `hourly`."""
        return self.folder / HOURLY

    def table(self, columns: list[str] | None = None) -> pd.DataFrame:
        """A row per case: seed, setpoints, faults that are swept or present, and outcomes.

        columns: a choice of them; those that the study does not have are left out.
        """
        there = pq.read_schema(self.path).names
        wanted = None if columns is None else [name for name in columns if name in there]
        return pd.read_parquet(self.path, columns=wanted)

    def hours(self, case: int, columns: list[str] | None = None) -> pd.DataFrame:
        """Hours of one case, its row number in `table()`: energy, PUE, water, inlet, minutes outside.

        Raises:
            ScenarioError: the study was run without them.
        """
        if not self.hours_path.is_dir():
            raise ScenarioError(
                f"study {self.folder.name} has no hours; run it again with hourly=True (--hourly)"
            )
        hours = pd.read_parquet(self.hours_path, columns=columns, filters=[("case", "==", case)])
        return hours.reset_index(drop=True)


def run_study(
    site: Site,
    scenario: WhatIf,
    axes: str = "",
    *,
    folder: Path,
    chunk_cases: int = CHUNK_CASES,
    hourly: bool = False,
    plant: simulator.Plant | None = None,
    progress: Progress | None = None,
) -> Study:
    """Runs the missing chunks of a study and returns it; see `study_grid` for `axes`.

    plant: the site's fitted twin; by default the nameplate plant of its [twin] table.

    Raises:
        SiteError: the site describes no plant.
        ScenarioError, WeatherError: bad input, before anything runs.
    """
    started = time.monotonic()
    work = _work(site, scenario, axes, folder, chunk_cases, plant)
    grid, resumed = work.grid, work.done_cases(hourly)
    work.run(work.missing(hourly), hourly, resumed, progress)
    write_whole(work.home / TABLE, (pq.read_table(part(work.home, start)) for start in work.starts))
    notes = (*work.conditions.notes, *_left_out_note(grid), *_unjudged_note(site))
    seconds = time.monotonic() - started
    return Study(site.name, work.home, grid.axes, grid.cases, grid.left_out, resumed, seconds, notes)


def run_share(
    site: Site, scenario: WhatIf, axes: str = "", *, folder: Path, share: tuple[int, int],
    chunk_cases: int = CHUNK_CASES, plant: simulator.Plant | None = None,
) -> int:  # fmt: skip
    """Runs the chunks of one share (number, of how many) of a study that `run_study` puts together; cases of it.

    Shares may run at the same time, on several machines with one folder. Raises as `run_study`.
    """
    work = _work(site, scenario, axes, folder, chunk_cases, plant)
    number, shares = share
    mine = list(work.starts)[number::shares]
    missing = set(work.missing(hourly=False))
    work.run([start for start in mine if start in missing], False, 0, None)
    return sum(work.cases(start) for start in mine)


def count_chunks(
    site: Site, scenario: WhatIf, axes: str = "", *, chunk_cases: int = CHUNK_CASES,
    plant: simulator.Plant | None = None,
) -> int:  # fmt: skip
    """How many chunks a study has: more shares have nothing to do. Raises as `run_study`."""
    grid = study_grid(site, scenario, axes, simulated(site, plant))
    return -(-grid.cases // chunk_size(grid, scenario, chunk_cases))


@dataclass(frozen=True)
class _Work:
    """A study's folder, its chunks, and what runs them."""

    site: Site
    scenario: WhatIf
    plant: simulator.Plant
    grid: Grid
    chunk: int
    conditions: Conditions
    home: Path

    @property
    def starts(self) -> range:
        """First case of each chunk."""
        return range(0, self.grid.cases, self.chunk)

    def cases(self, start: int) -> int:
        """Cases of the chunk from `start`."""
        return min(self.chunk, self.grid.cases - start)

    def missing(self, hourly: bool) -> list[int]:
        """Chunks that are not there yet."""
        return [
            start
            for start in self.starts
            if not _is_done(self.home, start, self.grid, self.chunk, self.scenario, hourly)
        ]

    def done_cases(self, hourly: bool) -> int:
        """Cases that are there already."""
        return self.grid.cases - sum(self.cases(start) for start in self.missing(hourly))

    def run(self, starts: list[int], hourly: bool, count: int, progress: Progress | None) -> None:
        """Runs chunks and keeps each."""
        if progress:
            progress(count, self.grid.cases)
        runner = ChunkRunner(self.site, self.scenario, self.grid, self.plant, self.conditions, self.chunk)
        for start in starts:
            count += _keep(self.home, start, *runner.chunk(start, hourly))
            if progress:
                progress(count, self.grid.cases)


def _work(
    site: Site, scenario: WhatIf, axes: str, folder: Path, chunk_cases: int, plant: simulator.Plant | None
) -> _Work:
    if chunk_cases < 1:
        raise ScenarioError(f"chunk_cases must be at least 1, got {chunk_cases}; {CHUNK_CASES} is usual")
    plant = simulated(site, plant)
    grid = study_grid(site, scenario, axes, plant)
    chunk = chunk_size(grid, scenario, chunk_cases)
    conditions = Conditions(site, scenario)
    manifest = _manifest(site, scenario, plant, grid, chunk)
    home = _opened(Path(folder) / f"{site.name}-{manifest['hash'][:12]}", manifest)
    return _Work(site, scenario, plant, grid, chunk, conditions, home)


def _is_done(home: Path, start: int, grid: Grid, chunk: int, scenario: WhatIf, hourly: bool) -> bool:
    cases = min(chunk, grid.cases - start)
    hours_there = not hourly or is_whole(part(home, start, folder=HOURLY), cases * scenario.days * 24)
    return hours_there and is_whole(part(home, start), cases)


def _keep(home: Path, start: int, rows: pd.DataFrame, hours: pa.Table | None) -> int:
    """Writes a chunk, its hours first, so that a part that exists has its hours."""
    if hours is not None:
        (home / HOURLY).mkdir(exist_ok=True)
        write_whole(part(home, start, folder=HOURLY), [hours])
    write_whole(part(home, start), [pa.Table.from_pandas(rows, preserve_index=False)])
    return len(rows)


def _left_out_note(grid: Grid) -> list[str]:
    if not grid.left_out:
        return []
    return [f"{grid.left_out} combinations left out: chilled water above supply air cannot cool it"]


def _unjudged_note(site: Site) -> list[str]:
    if site.envelope.loop_pressure_min_pa is None:
        return []
    return [
        "the envelope's loop_pressure_min_pa is not judged: the simulator has no static pressure of the loop"
    ]


def _manifest(site: Site, scenario: WhatIf, plant: simulator.Plant, grid: Grid, chunk: int) -> dict[str, Any]:
    """All inputs that the outcomes depend on, and their hash."""
    weather = scenario.weather
    files = {
        "epw": weather.epw,
        "weather": weather.csv,
        "csv": scenario.load.csv,
        "carbon": scenario.carbon.csv,
    }
    contents = {
        "site": site.model_dump(mode="json", include={"name", "location", "envelope", "tariff"}),
        "plant": [
            str(jax.tree.structure(plant)),
            [np.asarray(leaf).tolist() for leaf in jax.tree.leaves(plant)],
        ],
        "pue_category": site.meters.pue_category,
        "scenario": scenario.model_dump(
            mode="json",
            exclude={"title": True, "weather": {"epw", "csv"}, "load": {"csv"}, "carbon": {"csv"}},
        ),
        "files": {name: _digest([path]) for name, path in files.items() if path},
        "axes": {name: values.tolist() for name, values in grid.axes.items()},
        "fixed": grid.fixed,
        "cases": grid.cases,
        "chunk_cases": chunk,
        "simulator": _digest(sorted(Path(simulator.__file__).parent.rglob("*.py"))),
        "study": _digest(sorted(Path(__file__).parent.rglob("*.py"))),
        "jax": version("jax"),
        "device": jax.devices()[0].platform,
    }
    text = json.dumps(contents, sort_keys=True)
    return {"hash": hashlib.sha256(text.encode()).hexdigest(), "title": scenario.title, **contents}


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _opened(home: Path, manifest: dict[str, Any]) -> Path:
    """The study's folder with its manifest. The hash is in its name, so parts in it are this study's."""
    (home / PARTS).mkdir(parents=True, exist_ok=True)
    write_atomic(home / MANIFEST, json.dumps(manifest, indent=1))
    return home
