"""The main job on a simulated site: history, ingestion, learning, a recommendation, a week in closed loop."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.backtest import backtest
from pipelines.config import Settings
from pipelines.ingest import ingest_files
from pipelines.ledger import Ledger
from pipelines.quality import quality_report
from pipelines.recommend import recommend, recommending_control
from pipelines.simulation.closed_loop import drive, last_values, outcome, saving
from pipelines.simulation.exports import write_exports
from pipelines.simulation.plant import SimulatedPlant
from pipelines.simulation.plot import closed_loop_figure, write_page
from pipelines.simulation.scenario import Scenario, history_steps, simulated_plant
from pipelines.simulation.trials import trial_schedule
from pipelines.site import Site, find_site
from pipelines.store import Store
from pipelines.train import train

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
    say("training networks for PUE, power and rack inlet")
    trained = train(site, settings, progress=say)
    say("comparing with simple models on held-out weeks")
    scores = backtest(site, settings, hold_out="last-30-percent", progress=say)
    recommendation = recommend(site, settings)
    Ledger(settings.ledger).record(recommendation)
    closing = _closed_loop(site, settings, scenario, plant, history, say)
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
    site: Site,
    settings: Settings,
    scenario: Scenario,
    plant: SimulatedPlant,
    history: pd.DataFrame,
    say: Say,
) -> dict[str, Any]:
    defaults = {site.quantity_of(s): s.default for s in site.setpoints}
    start = last_values(history[list(defaults)])
    runs = {}
    for name, control in (
        ("default", lambda _table, _at: defaults),
        ("recommended", recommending_control(site, settings)),
    ):
        say(f"driving the simulated plant for {scenario.run_days} days under {name} setpoints")
        runs[name] = drive(
            plant, site, control, start_setpoints=start, history=history, hours=24 * scenario.run_days
        )
    saved = saving(site, runs["default"], runs["recommended"])
    share = f"{saved.cooling_share:.0%} less cooling energy" if saved.proven else "no saving proven"
    title = f"{site.title}: {share} in {scenario.run_days} days"
    figure = closed_loop_figure(site, runs["default"], runs["recommended"], title)
    return {
        "controls": {name: outcome(site, telemetry) for name, telemetry in runs.items()},
        "saving": asdict(saved) | {"proven": saved.proven},
        "plot": str(write_page(figure, Path(settings.reports) / "demo.html")),
    }
