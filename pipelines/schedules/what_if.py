"""A what-if study over several tasks: each simulates its share of the cases, the last puts them together."""

from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd

import simulator
from pipelines.config import Settings
from pipelines.errors import ScenarioError
from pipelines.files import write_page
from pipelines.learning.twin.bundle import find_twin
from pipelines.simulation.plant import simulated
from pipelines.simulation.studies.plot import columns_needed, study_figure
from pipelines.simulation.studies.recorded import parsed_period, present_scenario, recorded_scenario
from pipelines.simulation.studies.run import count_chunks, run_share, run_study
from pipelines.simulation.studies.scenario import WhatIf
from pipelines.site.file import Site, find_site
from pipelines.telemetry.store import Store

CASES_A_CHUNK = 128
MOST_SHARDS = 64
BEST = 5


class Asked(NamedTuple):
    """What is simulated: the same for every task of a study."""

    site: Site
    plant: simulator.Plant
    scenario: WhatIf
    sweep: str
    notes: tuple[str, ...]


def plan(parameters: dict[str, Any], settings: Settings, *, at: datetime) -> list[dict[str, Any]]:
    """The shares of a study, a mapping of plain values for each task. Raises ScenarioError, SiteError, StoreError.

    parameters: `site`, `sweep`, `recorded` (a period, or empty for the present), `days`, `shards`. at: the present.
    """
    fixed = {name: parameters.get(name) for name in ("site", "sweep", "recorded", "days")} | {
        "at": at.isoformat()
    }
    asked = _asked(fixed, settings)
    wanted = int(parameters.get("shards") or 1)
    if not 1 <= wanted <= MOST_SHARDS:
        raise ScenarioError(f"shards must be 1 to {MOST_SHARDS}, found {wanted}; choose fewer")
    chunks = count_chunks(
        asked.site, asked.scenario, asked.sweep, plant=asked.plant, chunk_cases=CASES_A_CHUNK
    )
    shards = min(wanted, chunks)
    return [fixed | {"shard": number, "shards": shards} for number in range(shards)]


def simulate_share(share: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """Simulate one share; chunks that are there already are not simulated again. The share, with its cases."""
    asked = _asked(share, settings)
    cases = run_share(
        asked.site, asked.scenario, asked.sweep, folder=settings.home / "studies", plant=asked.plant,
        chunk_cases=CASES_A_CHUNK, share=(share["shard"], share["shards"]),
    )  # fmt: skip
    return share | {"cases": cases}


def combine(shares: list[dict[str, Any]], settings: Settings) -> dict[str, Any]:
    """The table and the page of a study whose shares are done, and its best cases."""
    asked = _asked(shares[0], settings)
    study = run_study(
        asked.site, asked.scenario, asked.sweep, folder=settings.home / "studies", plant=asked.plant,
        chunk_cases=CASES_A_CHUNK,
    )  # fmt: skip
    axes = list(study.axes)
    rows = study.table(columns_needed(axes))
    begins = f"{asked.scenario.days} d from {asked.scenario.start_utc:%Y-%m-%d}"
    title = f"{asked.site.title}: {asked.scenario.title}, {begins}"
    page = write_page(study_figure(rows, axes, title), study.folder / "plot.html")
    inside = rows[rows["any_violation_minutes"] == 0] if "any_violation_minutes" in rows else rows
    best = inside.sort_values("facility_kwh").head(BEST)
    return {
        "site": asked.site.name,
        "cases": study.cases,
        "by_shares": sum(share["cases"] for share in shares),
        "inside_envelope": len(inside),
        "best": best[[*axes, "facility_kwh"]].round(4).to_dict("records"),
        "table": str(study.path),
        "page": str(page),
        "notes": [*asked.notes, *study.notes],
    }


def _asked(parameters: dict[str, Any], settings: Settings) -> Asked:
    name = str(parameters.get("site") or "")
    if not name:
        raise ScenarioError("a study needs the name of a site; fill in the field site")
    site = find_site(name, settings)
    twin, store = find_twin(site, settings), Store(settings.store, site)
    plant = simulated(site, None if twin is None else twin.plant)
    held = None if twin is None else twin.setpoints
    recorded = str(parameters.get("recorded") or "")
    if recorded:
        folder = settings.home / "studies" / "recorded"
        found = recorded_scenario(site, store, plant, *parsed_period(recorded), folder=folder, held=held)
    else:
        found = present_scenario(site, store, plant, at=_present(store, parameters), held=held)
    scenario = found.scenario
    if parameters.get("days"):
        scenario = scenario.changed(days=int(parameters["days"]))
    return Asked(site, plant, scenario, str(parameters.get("sweep") or "auto"), found.notes)


def _present(store: Store, parameters: dict[str, Any]) -> pd.Timestamp:
    """The run's own time, or the end of the telemetry where that is before it."""
    at, span = pd.Timestamp(parameters["at"]), store.span()
    return at if span is None else min(at, span[1])
