"""Simulated sites to try a fleet on: a site file each, and its exports in its inbox, up to the present."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import tomlkit

from pipelines.config import SITE_FOLDER, Settings
from pipelines.files import write_atomic
from pipelines.simulation.demo_site import DT_S, Scenario, simulated_plant
from pipelines.simulation.historian_exports import write_exports
from pipelines.simulation.operator_trials import trial_schedule
from pipelines.site.file import Site, load_site
from simulator.weather import CLIMATES

LIKE = SITE_FOLDER / "demo.toml"
STEP = pd.Timedelta(seconds=DT_S)


def make_site(settings: Settings, number: int, *, days: int, ends: pd.Timestamp | None = None) -> Site:
    """The file of simulated site `number` in `<home>/sites`, and the exports of its last days in its inbox.

    ends: end of its history, UTC; None for now. The same number gives the same plant, and the same history for the
    same end. Raises OSError.
    """
    site = _site(settings, number)
    end = (pd.Timestamp.now(tz="UTC") if ends is None else ends).floor("15min")
    begin = end.normalize() - pd.Timedelta(
        days=days + end.dayofweek
    )  # a Monday, as the generated load expects
    steps = round((end - begin) / STEP)
    climate = sorted(CLIMATES)[number % len(CLIMATES)]
    scenario = Scenario(history_days=-(-steps // 288), run_days=1, seed=number, climate=climate)
    plant = replace(simulated_plant(site, scenario), start=begin)
    _, history = plant.run(trial_schedule(site, plant.times(steps), seed=number))
    write_exports(site, history, settings.home / "inbox" / site.name, fault_seed=number)
    return site


def _site(settings: Settings, number: int) -> Site:
    random = np.random.default_rng([number, 16])
    document = tomlkit.parse(LIKE.read_text(encoding="utf-8"))
    it_kw = float(round(np.exp(random.uniform(np.log(300.0), np.log(1500.0)))))
    document["name"] = f"demo-{number}"
    document["title"] = f"Simulated site {number}, {it_kw:.0f} kW IT"
    nameplate = document["twin"]
    nameplate["it_kw"] = it_kw
    nameplate["chiller_cop"] = round(float(random.uniform(4.8, 6.6)), 2)
    nameplate["economizer"] = str(random.choice(["parallel", "series"]))
    path: Path = settings.sites / f"demo-{number}.toml"
    write_atomic(path, tomlkit.dumps(document))
    return load_site(path)
