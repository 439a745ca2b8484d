"""Rehearsed trials: where a record has none, they are simulated on the fitted twin under recorded weather and load.

The trials stay inside the envelope in which real ones would be planned (`envelope`): beyond it the
twin is not trusted without evidence.
"""

import numpy as np
import pandas as pd

from models.cascade.rehearsal import rehearse
from models.exploration import spread_over
from models.setpoints import mean_of_quantity, moved_together, quantity_of
from models.twin import Twin
from pipelines.learning.trials.envelope import TrialEnvelope, trial_envelope
from pipelines.learning.twin.dataset import clock, record_of
from pipelines.simulation.operator_trials import slewed
from pipelines.simulation.plant import SETPOINT_FIELDS, canonical_telemetry
from pipelines.simulation.recorded_inputs import FIELDS
from pipelines.site.file import Setpoint, Site
from pipelines.site.setpoints import Settable

AWAY_SHARE = 0.1  # of its range from its usual value: a trial
LEAST_TRIED_HOURS = 24.0
YEAR = pd.Timedelta(days=366)
SLOT = pd.Timedelta(hours=4)  # a trial's length: to reach the setpoint and stay there
WINDOW = pd.Timedelta(days=5)  # that the twin runs on from rest
SETTLING = pd.Timedelta(hours=3)
CANDIDATES = 64  # per slot, the first allowed of which is tried; a power of two, as Sobol sequences want
# Wetbulb: a setpoint that a simulated tower cannot reach is no risk, and shows what it can reach.
NO_LIMIT_C = -np.inf
WEATHER = ("outdoor_drybulb_c", "outdoor_wetbulb_c", "outdoor_rh_frac", "outdoor_pressure_pa")


def untried(site: Site, plant: pd.DataFrame) -> list[str]:
    """Setpoints that the record (a plant table) hardly ever shows away from their usual values."""
    return [
        site.setpoint_name(each)
        for each in site.setpoints
        if _hours_tried(site, plant, each) < LEAST_TRIED_HOURS
    ]


def _hours_tried(site: Site, plant: pd.DataFrame, setpoint: Setpoint) -> float:
    values = plant[site.setpoint_name(setpoint)].dropna()
    away = (values - values.median()).abs() > AWAY_SHARE * (setpoint.max - setpoint.min)
    return float(away.sum()) * (site.interval / pd.Timedelta(hours=1))


def virtual_trials(site: Site, table: pd.DataFrame, plant: pd.DataFrame, twin: Twin) -> pd.DataFrame:
    """A plant table of the twin's trials on the clock of the record's last year; rows that are not to be used are NaN.

    The twin has one setpoint of each quantity: a site's several are tried together, and the twin gets their mean.
    table: the store's, plant: `plant_table` of it.
    """
    table = table[table.index > table.index[-1] - YEAR]
    times = clock(site, table)
    record = record_of(site, table)
    safe = trial_envelope(site, plant)
    wetbulb_c = pd.Series(record.filled_inputs().outdoor_wetbulb_c, times)
    goals = _goals(site, safe, wetbulb_c)
    schedule = slewed(site, goals, step_hours=site.interval / pd.Timedelta(hours=1))
    names = [str(name) for name in schedule]
    quantities = pd.DataFrame(mean_of_quantity(names, schedule.to_numpy()), index=schedule.index)
    tried = {FIELDS[name]: quantities[name].to_numpy() for name in quantities if name in FIELDS}
    steps = min(round(WINDOW / site.interval), len(times))
    sensors = rehearse(twin, record.filled_inputs(), tried, window=steps)
    kept = times[: len(sensors.it_w)]
    asked = schedule.loc[kept, [name for name in names if quantity_of(name) in SETPOINT_FIELDS]]
    means = quantities.loc[kept, [str(name) for name in quantities if name in SETPOINT_FIELDS]]
    trials = canonical_telemetry(sensors, kept).assign(**means).assign(**asked)
    trials = trials.assign(**_points(plant, trials))
    trials = trials.assign(**{name: plant[name].reindex(kept) for name in WEATHER if name in plant})
    settling = np.arange(len(kept)) % steps < round(SETTLING / site.interval)
    meant = _allowed(safe, schedule.loc[kept])
    usable = record.known[: len(kept)] & meant & ~settling
    return _with_sums(site, trials)[usable].reindex(index=times, columns=plant.columns)


def _goals(site: Site, safe: TrialEnvelope, wetbulb_c: pd.Series) -> pd.DataFrame:
    """Setpoints of every slot: the next of a Sobol sequence that is safe in the slot's weather, else the default."""
    bounds = Settable.of(site)
    starts = np.arange(round(SLOT / site.interval), len(wetbulb_c), round(SLOT / site.interval))
    slots = np.split(wetbulb_c.to_numpy(), starts)
    count = 2 ** int(np.ceil(np.log2(CANDIDATES * len(slots))))
    offered = moved_together(spread_over(bounds.low, bounds.high, bounds, count), bounds)
    offered = offered.reshape(-1, CANDIDATES, len(bounds.names))
    rows = []
    for wetbulbs, candidates in zip(slots, offered, strict=False):
        asked = dict(zip(bounds.names, candidates.T, strict=True))
        fine = safe.allowed(asked, float(wetbulbs.max()), NO_LIMIT_C)
        goal = candidates[np.argmax(fine)] if fine.any() else bounds.default
        rows.append(np.repeat(goal[None], len(wetbulbs), axis=0))
    return pd.DataFrame(np.concatenate(rows), columns=list(bounds.names), index=wetbulb_c.index)


def _allowed(safe: TrialEnvelope, schedule: pd.DataFrame) -> np.ndarray:
    """Rows (n,) whose air and chilled water are inside the envelope on the way, too."""
    names = [str(name) for name in schedule]
    moved = {name: schedule[name].to_numpy() for name in names if quantity_of(name) != "economizer_enable"}
    return safe.allowed(moved, np.inf, NO_LIMIT_C) if moved else np.ones(len(schedule), bool)


def _points(plant: pd.DataFrame, trials: pd.DataFrame) -> dict[str, pd.Series]:
    """Columns of single points that the site's table has (`rack_inlet_c:hall_a`): the twin's one value for each."""
    points = [str(name) for name in plant if ":" in str(name) and name not in trials]
    return {name: trials[quantity_of(name)] for name in points if quantity_of(name) in trials}


def _with_sums(site: Site, trials: pd.DataFrame) -> pd.DataFrame:
    load = trials["it_power_kw"]  # or the thermal load without an IT meter
    return trials.assign(
        load_kw=load,
        it_kw=load if site.meters.it else np.nan,
        cooling_kw=trials["cooling_power_kw"],
        facility_kw=trials["facility_power_kw"] if site.meters.it else trials["cooling_power_kw"],
    )
