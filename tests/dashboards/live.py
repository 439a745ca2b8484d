"""A simulated site that lives now: its history ends minutes ago, and what is written to its outbox moves the plant.

python -m tests.dashboards.live FOLDER     makes one in a folder, trains it, and follows the clock
"""

import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd

from pipelines.compilation_cache import keep_compiled
from pipelines.config import SITE_FOLDER, Settings
from pipelines.console.prepare import prepare
from pipelines.learning.train import train
from pipelines.operations.gateway import Outbox
from pipelines.simulation.demo_site import Scenario, simulated_plant
from pipelines.simulation.historian_exports import write_exports
from pipelines.simulation.operator_trials import default_schedule, trial_schedule
from pipelines.site.file import load_site
from pipelines.telemetry.ingest import ingest_files
from pipelines.telemetry.store import Store

INTERVAL = pd.Timedelta(minutes=5)
BEHIND = 3  # intervals that history ends before now: they are there to follow
NAME = "demo"


class LiveSite:
    """A home with the demo's site on the present clock."""

    def __init__(
        self, home: Path, *, days: int = 28, seed: int = 0, ends: pd.Timestamp | None = None
    ) -> None:
        self.settings = Settings(home=home)
        self.settings.sites.mkdir(parents=True, exist_ok=True)
        text = (
            (SITE_FOLDER / f"{NAME}.toml")
            .read_text()
            .replace("interval_minutes = 15", "interval_minutes = 5", 1)
        )
        (self.settings.sites / f"{NAME}.toml").write_text(text)
        keep_compiled(self.settings)
        self.site = load_site(self.settings.sites / f"{NAME}.toml")
        end = (pd.Timestamp.now(tz="UTC") if ends is None else ends).floor(INTERVAL) - BEHIND * INTERVAL
        monday = (end - pd.Timedelta(days=days)).normalize()
        monday -= pd.Timedelta(days=monday.dayofweek)
        steps = round((end - monday) / INTERVAL)
        scenario = Scenario(history_days=-(-steps // 288), run_days=7, seed=seed)
        plant = replace(simulated_plant(self.site, scenario), start=monday)
        self._plant, self._history = plant.run(trial_schedule(self.site, plant.times(steps), seed=seed))
        self._ingest()

    def train(self) -> None:
        """Learn the site and prepare its pages."""
        train(self.site, self.settings)
        prepare(self.site, self.settings)

    def follow(self, until: pd.Timestamp | None = None, *, most: int | None = None) -> int:
        """Run the plant on to a time under what the outbox holds, and bring its readings in; how many intervals."""
        until = pd.Timestamp.now(tz="UTC") if until is None else until
        steps = int((until - self._plant.now) / INTERVAL)
        steps = steps if most is None else min(steps, most)
        if steps < 1:
            return 0
        schedule = default_schedule(self.site, self._plant.times(steps))
        written = Outbox(self.settings.outbox, self.site).last()
        for setpoint in self.site.setpoints:
            if written is not None and setpoint.tag in written.values:
                schedule[self.site.setpoint_name(setpoint)] = written.values[setpoint.tag]
        self._plant, more = self._plant.run(schedule)
        self._history = pd.concat([self._history, more])
        self._ingest()
        prepare(self.site, self.settings, ("telemetry", "overview"))
        return steps

    def _ingest(self) -> None:
        files = write_exports(self.site, self._history, self.settings.home / "exports")
        ingest_files(self.site, files, Store(self.settings.store, self.site))


def main() -> None:
    """Make a live site in a folder and keep it alive."""
    live = LiveSite(Path(sys.argv[1]))
    live.train()
    print("alive; now: coldaisle serve and coldaisle dashboard with this home", flush=True)
    while True:
        live.follow()
        time.sleep(5.0)


if __name__ == "__main__":
    main()
