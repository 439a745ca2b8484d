"""Random simulated sites: a year of history each, learned through files, then a week in every season."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import simulator
from pipelines.control.controller import Controller
from pipelines.control.setup import parameters_of
from pipelines.evaluation.closed_loop import Control, Run, drive
from pipelines.evaluation.oracle import Oracle
from pipelines.evaluation.outcomes import outcome
from pipelines.evaluation.plants import Simulated
from pipelines.evaluation.references import Defaults, WetbulbReset
from pipelines.learning.cascade.training import learn_site
from pipelines.operations.tag_controller import TagController
from pipelines.simulation.demo_site import Scenario, history_steps, simulated_plant
from pipelines.simulation.historian_exports import write_exports
from pipelines.simulation.operator_trials import default_schedule, trial_schedule
from pipelines.simulation.plant import SimulatedPlant
from pipelines.site.file import Site
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.store import Store
from simulator.weather import CLIMATES

YEAR_DAYS, WEEK_DAYS, SETTLE_DAYS = 365, 7, 2
# after the history's end, 1 September
SEASON_DAYS = {"autumn": 30, "winter": 121, "spring": 212, "summer": 303}
STRUCTURES = ("parallel", "series", "none")
Say = Callable[[str], None]


@dataclass(frozen=True)
class RandomSite:
    """A site drawn by its seed: size, chillers, economizer, climate, and a plant off its nameplate."""

    site: Site
    scenario: Scenario


def random_site(like: Site, seed: int) -> RandomSite:
    """A site with the tags and limits of `like` and a random plant."""
    random = np.random.default_rng([seed, 7])
    structure = str(random.choice(STRUCTURES))
    nameplate: dict[str, float | str] = {
        "it_kw": float(round(np.exp(random.uniform(np.log(300.0), np.log(1500.0))))),
        "chillers": float(random.integers(2, 5)),
        "tower_cells": float(random.integers(2, 5)),
        "chiller_cop": round(float(random.uniform(4.8, 6.6)), 2),
        "economizer": structure,
    }
    site = like.model_copy(update={"twin": nameplate, "name": f"{like.name}-{seed}"})
    if structure == "none":
        kept = [each for each in site.setpoints if site.quantity_of(each) != "economizer_enable"]
        points = [each for each in site.points if each.quantity != "economizer_enable"]
        site = Site.model_validate(
            site.model_dump(exclude={"setpoints", "points"}, warnings=False)
            | {"setpoints": kept, "points": points}
        )
    climate = str(random.choice(sorted(CLIMATES)))
    days = YEAR_DAYS + max(SEASON_DAYS.values()) + WEEK_DAYS
    return RandomSite(
        site,
        Scenario(
            history_days=YEAR_DAYS,
            run_days=days - YEAR_DAYS + 1,
            seed=seed,
            climate=climate,
            plant_spread=0.12,
        ),
    )


def judge(drawn: RandomSite, folder: Path, say: Say) -> list[dict[str, Any]]:
    """A row per season: energy and violations of default, reset, coldaisle and the oracle."""
    site, scenario = drawn.site, drawn.scenario
    say(f"{site.name}: {site.twin}, {scenario.climate}: a year of history")
    plant = simulated_plant(site, scenario)
    _, history = plant.run(trial_schedule(site, plant.times(history_steps(scenario)), seed=scenario.seed))
    store = Store(folder / "store", site)
    ingest_files(site, write_exports(site, history, folder / "exports", fault_seed=scenario.seed), store)
    cascade = learn_site(site, plant_table(site, store.read())).cascade
    rows = []
    for season, day in SEASON_DAYS.items():
        start = _week(site, plant, YEAR_DAYS + day)
        controls: dict[str, Callable[[Simulated], Control]] = {
            "default": lambda _driven: Defaults(site),
            "reset": lambda _driven: WetbulbReset(site),
            "coldaisle": lambda _driven: TagController(Controller(parameters_of(site, cascade))),
            "oracle": lambda driven: Oracle(site, driven),
        }
        runs = {name: _driven(site, start, control) for name, control in controls.items()}
        rows.append(_row(site, drawn, season, runs))
        say(f"{site.name}, {season}: {rows[-1]}")
    return rows


def _week(site: Site, plant: SimulatedPlant, day: int) -> SimulatedPlant:
    """The plant on a day of its series, after two days of default control."""
    first = round((day - SETTLE_DAYS) * 86_400 / plant.dt_s)
    steps = round(SETTLE_DAYS * 86_400 / plant.dt_s)
    rested = replace(plant, state=simulator.init(plant.plant), steps_done=first)
    return rested.run(default_schedule(site, rested.times(steps)))[0]


def _driven(site: Site, start: SimulatedPlant, control: Callable[[Simulated], Control]) -> Run:
    driven = Simulated(start)
    return drive(driven, site, control(driven), hours=24.0 * WEEK_DAYS)


def _row(site: Site, drawn: RandomSite, season: str, runs: dict[str, Run]) -> dict[str, Any]:
    outcomes = {name: outcome(site, run) for name, run in runs.items()}
    saved = {
        name: outcomes["default"]["facility_kwh"] - each["facility_kwh"] for name, each in outcomes.items()
    }
    cooling = outcomes["default"]["cooling_kwh"]
    ours = outcomes["coldaisle"]
    return {
        "site": site.name,
        "climate": drawn.scenario.climate,
        "season": season,
        "default_kwh": outcomes["default"]["facility_kwh"],
        "saved_kwh": saved["coldaisle"],
        "oracle_kwh": saved["oracle"],
        "share": saved["coldaisle"] / saved["oracle"] if saved["oracle"] > 0.0 else np.nan,
        "reset_share": saved["reset"] / saved["oracle"] if saved["oracle"] > 0.0 else np.nan,
        "cooling_saved": 1.0 - ours["cooling_kwh"] / cooling,
        "violation_min": ours["violation_minutes"],
        "default_violation_min": outcomes["default"]["violation_minutes"],
        "oracle_violation_min": outcomes["oracle"]["violation_minutes"],
        "inlet_max_c": ours["rack_inlet_max_c"],
        "starts": ours["chiller_starts"],
        "switches": ours["switches"],
        "clamped": ours["clamped"],
        "errors": ours["errors"],
    }
