"""The main job on a simulated site: history, ingestion, learning, a recommendation, a week in closed loop."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from pipelines.config import Settings
from pipelines.console.prepare import prepare
from pipelines.control.controller import Controller
from pipelines.control.setup import parameters_of
from pipelines.evaluation.closed_loop import Control, drive
from pipelines.evaluation.compare import report
from pipelines.evaluation.plants import Simulated
from pipelines.evaluation.references import Defaults, WetbulbReset
from pipelines.learning.backtest import backtest
from pipelines.learning.cascade.bundle import load_cascade
from pipelines.learning.train import train
from pipelines.operations.recommend import recommend
from pipelines.operations.tag_controller import TagController
from pipelines.simulation.demo_site import Scenario, history_steps, simulated_plant
from pipelines.simulation.historian_exports import write_exports
from pipelines.simulation.operator_trials import trial_schedule
from pipelines.simulation.plant import SimulatedPlant
from pipelines.site.file import Site, find_site
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.quality.report import quality_report
from pipelines.telemetry.store import Store

Say = Callable[[str], None]
"""Called with a line of progress."""


def run_demo(settings: Settings, scenario: Scenario, say: Say) -> dict[str, Any]:
    """Everything `make demo` does; returns its closing figures and where the pages are."""
    site = find_site("demo", settings)
    say(f"simulating {scenario.history_days} days of {site.title} under operators' trials")
    plant, history = _history(site, scenario)
    files = write_exports(site, history, settings.home / "exports" / site.name, fault_seed=scenario.seed)
    say(f"ingesting {', '.join(path.name for path in files)}")
    store = Store(settings.store, site)
    ingested = ingest_files(site, files, store)
    quality = quality_report(site, store)
    say("training the efficiency model and the cascade")
    trained = train(site, settings, progress=say)
    say("comparing with simple models on held-out weeks")
    scores = backtest(site, settings, hold_out="last-30-percent", progress=say)
    recommendation = recommend(site, settings, progress=say).recommendation
    closing = _closed_loop(site, settings, scenario, plant, say)
    say("preparing the pages of the console")
    prepare(site, settings)
    return {
        "site": site.name,
        "ingested": ingested.as_dict(),
        "quality": quality,
        "trained": trained,
        "backtest": scores,
        "recommendation": recommendation.model_dump(mode="json"),
        **closing,
        "home": str(settings.home),
        "tracking_uri": settings.tracking_uri,
    }


def _history(site: Site, scenario: Scenario) -> tuple[SimulatedPlant, pd.DataFrame]:
    plant = simulated_plant(site, scenario)
    schedule = trial_schedule(site, plant.times(history_steps(scenario)), seed=scenario.seed)
    return plant.run(schedule)


def _closed_loop(
    site: Site, settings: Settings, scenario: Scenario, plant: SimulatedPlant, say: Say
) -> dict[str, Any]:
    cascade, _ = load_cascade(site, settings)
    controls: dict[str, Control] = {
        "default": Defaults(site),
        "reset": WetbulbReset(site),
        "coldaisle": TagController(Controller(parameters_of(site, cascade))),
    }
    runs = {}
    for name, control in controls.items():
        say(f"driving the simulated plant for {scenario.run_days} days under {name}")
        runs[name] = drive(Simulated(plant), site, control, hours=24.0 * scenario.run_days)
    return report(site, runs, settings.reports / "demo.html")
