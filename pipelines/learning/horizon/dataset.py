"""A plant table as the record that a horizon is learned from and asked with."""

import numpy as np
import pandas as pd

from models.horizon import WEEK_H, Record
from pipelines.errors import ModelError
from pipelines.learning.next_hour.forecast import RECORDED, SEASONS, lead_hours
from pipelines.site.file import Site

# What moves a plant, and the season in hours that it repeats with.
DRIVERS = {name: season / pd.Timedelta(hours=1) for name, season in SEASONS.items()}
SEEN = 0.3  # of the rows: a reading that is missing more often says too little
LEAST_VARIATION = 1e-6  # below it a reading is constant but for rounding
# What other readings give, or what another record says of the future.
_DERIVED = {"it_kw", "outdoor_enthalpy_j_kg", *RECORDED.values()}


def targets_of(site: Site, plant: pd.DataFrame) -> list[str]:
    """What is forecast: the figure, cooling power and, where IT power is metered, facility power and overhead; the
    worst rack inlet where it is metered. Those that were ever read and vary."""
    names = [
        "figure",
        "cooling_kw",
        *(["facility_kw", "overhead_kw"] if site.meters.it else []),
        "rack_inlet_c",
    ]
    return [name for name in names if name in plant and plant[name].std() > LEAST_VARIATION]


def readings_of(site: Site, plant: pd.DataFrame) -> list[str]:
    """Names of the readings to learn from: those seen often enough that vary, each once, targets first."""
    setpoints = [site.setpoint_name(setpoint) for setpoint in site.setpoints]
    wanted = [*targets_of(site, plant), *DRIVERS, *setpoints]
    names = [name for name in dict.fromkeys([*wanted, *map(str, plant.columns)]) if name in plant]
    names = [name for name in names if name in wanted or (":" not in name and name not in _DERIVED)]
    seen = [
        name for name in names if plant[name].notna().mean() >= SEEN and plant[name].std() > LEAST_VARIATION
    ]
    targets = targets_of(site, plant)
    first: dict[bytes, str] = {}
    for name in seen:
        first.setdefault(_content(plant[name]), name)
    return list(dict.fromkeys([*targets, *first.values()]))


def _content(readings: pd.Series) -> bytes:
    """Equal for columns of equal readings: zeros have one sign, what is missing one form."""
    values = readings.to_numpy(dtype=float) + 0.0
    return np.where(np.isnan(values), np.nan, values).tobytes()


def record_of(site: Site, plant: pd.DataFrame, names: list[str], targets: list[str]) -> Record:
    """The record of `names`, at the step of a plant table (`regular`); those that are absent are unknown.

    Raises ModelError where neither load nor weather is among them.
    """
    drivers = {name: season_h for name, season_h in DRIVERS.items() if name in names}
    if not drivers:
        raise ModelError(
            f'site "{site.name}" has read its load in less than {SEEN:.0%} of its intervals, which a '
            f"forecast follows; see: coldaisle quality --site {site.name}"
        )
    setpoints = [site.setpoint_name(setpoint) for setpoint in site.setpoints]
    times, step = pd.DatetimeIndex(plant.index), pd.DatetimeIndex(plant.index).freq
    hour = (times.hour + times.minute / 60.0).to_numpy() + site.location.longitude / 15.0  # mean solar time
    return Record(
        step_minutes=step.nanos / 6e10 if step is not None else site.interval_minutes,
        solar_hours=(24.0 * times.day_of_week.to_numpy() + hour) % WEEK_H,
        readings={
            name: plant[name].to_numpy(dtype=float) if name in plant else np.full(len(plant), np.nan)
            for name in names
        },
        targets=tuple(targets),
        drivers=drivers,
        setpoints=tuple(name for name in dict.fromkeys(setpoints) if name in names),
        recorded={
            name: (plant[RECORDED[name]].to_numpy(dtype=float), lead)
            for name in drivers
            if (lead := lead_hours(site, name)) is not None and RECORDED[name] in plant
        },
    )


def regular(plant: pd.DataFrame, minutes: int) -> pd.DataFrame:
    """The plant table with every interval, unknown where there was none."""
    return plant.asfreq(f"{minutes}min")
