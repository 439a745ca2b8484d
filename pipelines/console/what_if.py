"""What-ifs of the page: every setpoint of the site swept at once on its twin, so that sliders need no simulation."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pandas as pd

import simulator
from pipelines.config import Settings
from pipelines.console.epw import epw_folder, kept_epws
from pipelines.errors import ScenarioError
from pipelines.learning.twin.bundle import find_twin
from pipelines.simulation.plant import simulated
from pipelines.simulation.studies.outcomes import ANY_VIOLATION, VIOLATIONS
from pipelines.simulation.studies.recorded import Recorded, present_scenario, recorded_scenario
from pipelines.simulation.studies.run import run_study
from pipelines.site.file import Site
from pipelines.telemetry.store import Store

SWEEP = "auto"
MOST_DAYS = 31
Say = Callable[[str, float], None]


def run_what_if(
    site: Site, settings: Settings, arguments: dict[str, Any], *, progress: Say
) -> dict[str, Any]:
    """Simulate the sweep under present, recorded or EPW weather, and say where its table lies.

    arguments: `weather` (present, recorded, epw), `first` and `last` day of what is recorded, `epw` (a file that was
    kept by `pipelines.console.epw`), `start` and `days` of the EPW. Raises ScenarioError, WeatherError, SiteError,
    StoreError.
    """
    progress("reading the twin", 0.02)
    twin = find_twin(site, settings)
    plant = simulated(site, None if twin is None else twin.plant)
    held = None if twin is None else twin.setpoints
    chosen = _scenario(site, settings, arguments, plant, held)
    progress("compiling", 0.1)
    study = run_study(
        site, chosen.scenario, SWEEP, folder=settings.home / "studies", plant=plant,
        progress=lambda done, total: progress(f"{done} of {total} cases", 0.1 + 0.85 * done / max(total, 1)),
    )  # fmt: skip
    return {
        "table": str(study.path.relative_to(settings.home)),
        "axes": {name: values.tolist() for name, values in study.axes.items()},
        "present": {
            name: _nearest(values, chosen.scenario.setpoints.get(name)) for name, values in study.axes.items()
        },
        "title": chosen.scenario.title,
        "days": chosen.scenario.days,
        "cases": study.cases,
        "plant": "the nameplate of the site file: no twin is fitted" if twin is None else twin.version,
        "notes": [*chosen.notes, *study.notes],
        "limits": {name: words for name, words in VIOLATIONS.items() if name in study.table().columns},
        "any_limit": ANY_VIOLATION,
    }


def _scenario(
    site: Site,
    settings: Settings,
    arguments: dict[str, Any],
    plant: simulator.Plant,
    held: simulator.Setpoints | None,
) -> Recorded:
    store, weather = Store(settings.store, site), arguments.get("weather")
    if weather == "recorded":
        start, end = _days(site, arguments)
        return recorded_scenario(
            site, store, plant, start, end, folder=settings.home / "studies" / "recorded", held=held
        )
    present = present_scenario(site, store, plant, held=held)
    if weather != "epw":
        return present
    name = str(arguments.get("epw", ""))
    if name not in kept_epws(settings, site.name):
        raise ScenarioError(f'weather file "{name}" is not kept for {site.name}; upload it again')
    changed = present.scenario.changed(
        title=f"weather of {name}, load and setpoints as now",
        weather={"epw": epw_folder(settings, site.name) / name},
        start=pd.Timestamp(arguments["start"], tz="UTC").to_pydatetime(),
        days=min(max(int(arguments.get("days", 7)), 1), MOST_DAYS),
    )
    return Recorded(changed, present.notes)


def _days(site: Site, arguments: dict[str, Any]) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day of the site, as a UTC period of whole days."""
    first, last = (date.fromisoformat(str(arguments[name])) for name in ("first", "last"))
    if not 0 <= (last - first).days < MOST_DAYS:
        raise ScenarioError(
            f"a recorded period must have 1 to {MOST_DAYS} days, got {first} to {last}; choose again"
        )
    start = pd.Timestamp(first, tz=site.local_zone).tz_convert("UTC").floor("1h")
    return start, start + pd.Timedelta(days=(last - first).days + 1)


def _nearest(values: Any, present: float | None) -> float:
    """The value of an axis nearest to the present one; the middle where that is not known."""
    listed = [float(value) for value in values]
    if present is None:
        return listed[len(listed) // 2]
    return min(listed, key=lambda value: abs(value - present))
