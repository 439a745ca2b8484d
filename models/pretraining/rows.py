"""Simulated hours as the networks of changes see a site: standardised columns by name, some of them not metered."""

import numpy as np

from models.changes.base_network import INPUTS, METERS
from models.changes.standardised import scale_of, standardised

# Reading of the simulator -> input of a site, its load apart.
OF_INPUT = {
    "chiller_on": "chillers_running", "tower_on": "towers_running", "chw_pump_speed_frac": "chw_pump_speed",
    "cw_pump_speed_frac": "cw_pump_speed", "tower_fan_speed_frac": "tower_fan_speed",
    "crah_fan_speed_frac": "crah_fan_speed", "supply_air_sp_c": "supply_air_setpoint_c",
    "chw_supply_sp_c": "chw_supply_setpoint_c", "cw_supply_sp_c": "cw_supply_setpoint_c",
    "airflow_ratio_sp": "airflow_ratio",
}  # fmt: skip
OF_METER = {"cooling_power_kw": "cooling_w"}
THERMAL = 0.4  # share of the sites without an IT meter
NOT_METERED = (0.1, 0.3, 0.6)  # shares of inputs that a site may lack
ONE_METER = 0.5  # share of the sites with one meter for all cooling
FARTHEST = 8.0  # standard deviations: a change counts no more


def rows_of(hours: dict[str, np.ndarray], seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standardised columns (n, COLUMNS), changes of overhead per load (n,), and the site of each row (n,)."""
    random = np.random.default_rng(seed)
    sites = [
        _of_site({name: series[site] for name, series in hours.items()}, random)
        for site in range(len(hours["it_w"]))
    ]
    used = [(site, *rows) for site, rows in enumerate(sites) if np.isfinite(rows[1]).all()]
    number = np.concatenate([np.full(len(change), site) for site, _, change in used])
    return np.concatenate([z for _, z, _ in used]), np.concatenate([y for _, _, y in used]), number


def _of_site(series: dict[str, np.ndarray], random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    thermal = random.uniform() < THERMAL
    load = series["coil_heat_w" if thermal else "it_w"]
    power = series["cooling_w"] - series["crah_fan_w"] if thermal else series["facility_w"] - series["it_w"]
    overhead = power / load
    inputs = np.column_stack([load, *(series[OF_INPUT.get(name, name)] for name in INPUTS[1:])])
    meters = np.column_stack(
        [series[OF_METER.get(name, name.replace("_kw", "_w"))] / load for name in METERS]
    )
    lacking = random.uniform(size=inputs.shape[1]) < random.choice(NOT_METERED)
    lacking[0] = False
    total = np.array([name == "cooling_power_kw" for name in METERS])
    of_parts = random.uniform(size=len(METERS)) < random.choice(NOT_METERED)
    without = ~total if random.uniform() < ONE_METER else total | of_parts
    inputs, meters = np.where(lacking, np.nan, inputs), np.where(without, np.nan, meters)
    now = np.arange(24, len(load))
    lags = [overhead[now - back] for back in (1, 2, 24)]
    columns = np.column_stack([inputs[now], inputs[now] - inputs[now - 1], *lags, meters[now - 1]])
    change = overhead[now] - overhead[now - 1]
    size = max(float(change.std()), 1e-12)
    return standardised(columns, *scale_of(columns)), np.clip(change / size, -FARTHEST, FARTHEST).astype(
        np.float32
    )
