"""`coldaisle evaluate`: default control, an engineer's reset and coldaisle in equal conditions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import jax
import numpy as np
import pandas as pd

from pipelines.config import Settings
from pipelines.errors import SiteError
from pipelines.evaluation.closed_loop import Control, Run, drive
from pipelines.evaluation.outcomes import outcome, saving
from pipelines.evaluation.plants import DrivenPlant, Simulated, energyplus
from pipelines.evaluation.plot import evaluation_figure
from pipelines.evaluation.references import Defaults, WetbulbReset
from pipelines.evaluation.replay import replayed
from pipelines.files import write_page
from pipelines.learning.cascade.bundle import load_cascade
from pipelines.operations.open_controller import open_controller
from pipelines.operations.tag_controller import TagController
from pipelines.site.file import Site
from simulator.load import generated_utilization

PlantKind = Literal["twin", "energyplus"]
Say = Callable[[str], None]
CONTROLS = ("default", "reset", "coldaisle")


def evaluate(
    site: Site,
    settings: Settings,
    *,
    plant: PlantKind,
    days: int,
    start: pd.Timestamp | None = None,
    load: float = 0.5,
    say: Say,
) -> dict[str, Any]:
    """Drives the plant under each of `CONTROLS`; outcomes, savings with 90 % intervals, and the page's path.

    start: of the part of the record to replay. load: mean IT utilisation of an EnergyPlus model, 0-1.

    Raises:
        SiteError: the site has no setpoints.
        ModelError: no cascade is trained.
        PlantError: the plant cannot be run.
    """
    if not site.setpoints:
        raise SiteError(f'site "{site.name}" declares no setpoints; add [[setpoints]] for what may be chosen')
    _, version = load_cascade(site, settings)
    notes: list[str] = []
    runs: dict[str, Run] = {}
    makes: dict[str, Callable[[], Control]] = {
        "default": lambda: Defaults(site),
        "reset": lambda: WetbulbReset(site),
        "coldaisle": lambda: TagController(open_controller(site, settings)[0]),
    }
    for name in CONTROLS:
        with _plant(site, settings, plant, days, start, load) as (driven, plant_notes):
            notes = plant_notes
            say(f"driving {site.title} for {days} days under {name}")
            runs[name] = drive(driven, site, makes[name](), hours=24.0 * days)
    return report(site, runs, settings.reports / f"evaluate-{site.name}.html") | {
        "plant": plant,
        "notes": notes,
        "model": version,
    }


def report(site: Site, runs: dict[str, Run], page: Path) -> dict[str, Any]:
    """Outcomes of runs under `CONTROLS`, coldaisle's savings against the other two, and a page with plots."""
    saved = {other: saving(site, runs[other], runs["coldaisle"]) for other in ("default", "reset")}
    against = saved["default"]
    share = (
        f"{against.cooling_share:.0%} less cooling energy than default"
        if against.proven
        else "no saving proven"
    )
    days = len(runs["default"].asked) * (runs["default"].asked.index[1] - runs["default"].asked.index[0])
    title = f"{site.title}: {share} in {days / pd.Timedelta(days=1):.0f} days"
    return {
        "controls": {name: outcome(site, run) for name, run in runs.items()},
        "saving": {name: asdict(each) | {"proven": each.proven} for name, each in saved.items()},
        "plot": str(write_page(evaluation_figure(site, runs, title), page)),
    }


@contextmanager
def _plant(
    site: Site, settings: Settings, kind: PlantKind, days: int, start: pd.Timestamp | None, load: float
) -> Iterator[tuple[DrivenPlant, list[str]]]:
    if kind == "twin":
        replay = replayed(site, settings, days=days, start=start)
        yield Simulated(replay.plant), replay.notes
        return
    hourly = generated_utilization(jax.random.key(0), steps=24 * days, dt_s=3600.0, mean=load)
    with energyplus(site, np.asarray(hourly), days) as running:
        yield running, ["EnergyPlus under its own weather file, IT load generated"]
