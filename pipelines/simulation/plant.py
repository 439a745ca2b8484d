"""The simulator as a site's plant: setpoints in, telemetry out, both under canonical quantities."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import simulator
from models.setpoints import mean_of_quantity
from models.twin.nameplate import nameplate_plant as textbook_plant
from pipelines.errors import SiteError
from pipelines.site.file import Site
from pipelines.site.quantities import QUANTITIES
from simulator.check import check_plant
from simulator.psychrometrics import relative_humidity_from_wetbulb

SETPOINT_FIELDS = {
    "supply_air_sp_c": "supply_air_c",
    "chw_supply_sp_c": "chw_supply_c",
    "cw_supply_sp_c": "cw_supply_c",
    "airflow_ratio_sp": "airflow_ratio",
    "economizer_enable": "economizer_enable",
    "chillers_available_sp": "chillers_available",
}

# a site without setpoint tags moves the controlled temperatures themselves
STANDS_FOR = {
    "chw_supply_c": "chw_supply_sp_c", "cw_supply_c": "cw_supply_sp_c", "supply_air_c": "supply_air_sp_c"
}  # fmt: skip

# canonical quantity -> field of the simulator's Sensors; powers are in W there
SENSOR_FIELDS = {
    "it_power_kw": "it_w", "facility_power_kw": "facility_w", "ups_loss_kw": "ups_loss_w",
    "pdu_loss_kw": "pdu_loss_w", "lighting_kw": "lighting_w", "cooling_power_kw": "cooling_w",
    "chiller_kw": "chiller_w", "chw_pump_kw": "chw_pump_w", "cw_pump_kw": "cw_pump_w",
    "tower_fan_kw": "tower_fan_w", "crah_fan_kw": "crah_fan_w", "cooling_load_kw": "coil_heat_w",
    "it_utilization_frac": "it_utilization", "chw_pump_speed_frac": "chw_pump_speed",
    "cw_pump_speed_frac": "cw_pump_speed", "tower_fan_speed_frac": "tower_fan_speed",
    "crah_fan_speed_frac": "crah_fan_speed", "chiller_on": "chillers_running", "tower_on": "towers_running",
    "supply_air_c": "supply_air_c", "return_air_c": "return_air_c", "rack_inlet_c": "rack_inlet_c",
    "rack_outlet_c": "rack_outlet_c", "rack_dew_point_c": "rack_dew_point_c",
    "chw_supply_c": "chw_supply_c", "chw_return_c": "chw_return_c", "chw_flow_kg_s": "chw_flow_kg_s",
    "cw_supply_c": "cw_supply_c", "cw_return_c": "cw_return_c", "cw_flow_kg_s": "cw_flow_kg_s",
    "airflow_kg_s": "airflow_kg_s", "outdoor_drybulb_c": "outdoor_drybulb_c",
    "outdoor_wetbulb_c": "outdoor_wetbulb_c", "outdoor_pressure_pa": "pressure_pa",
}  # fmt: skip


@cache
def _compiled_run():
    """One compiled call for each number of steps: cut the drivers, roll out, read the meters."""

    def run(plant, state, setpoints, drivers, faults, first, meters, site_key, *, steps, dt_s):
        def cut(leaf):
            return leaf if leaf.ndim == 0 else jax.lax.dynamic_slice_in_dim(leaf, first, steps)

        cut_drivers = jax.tree.map(cut, drivers)
        state, sensors = simulator.rollout(plant, state, setpoints, cut_drivers, faults, dt_s=dt_s)
        if meters is None:
            return state, sensors, sensors
        noise_key = jax.random.fold_in(site_key, first)
        age_s = dt_s * (first + jnp.arange(steps))  # meters are new at the first step
        read = simulator.observe(meters, sensors, noise_key, site_key=site_key, calibrated_s=age_s)
        return state, sensors, read

    return jax.jit(run, static_argnames=("steps", "dt_s"))


@dataclass(frozen=True)
class SimulatedPlant:
    """A running plant; a value, so a copy runs independently. Drivers have a row per step from `start` on.

    held: setpoints that schedules do not name; None: the plant's own.
    """

    plant: simulator.Plant
    state: simulator.State
    drivers: simulator.Drivers
    meters: simulator.Meters | None
    key: jax.Array
    start: pd.Timestamp
    dt_s: float
    steps_done: int = 0
    held: simulator.Setpoints | None = None

    @property
    def now(self) -> pd.Timestamp:
        """UTC start of the next step."""
        return self.start + pd.Timedelta(seconds=self.dt_s * self.steps_done)

    def times(self, steps: int) -> pd.DatetimeIndex:
        """Starts of the next `steps` steps."""
        return pd.date_range(self.now, periods=steps, freq=pd.Timedelta(seconds=self.dt_s), name="time")

    def run(self, schedule: pd.DataFrame) -> tuple["SimulatedPlant", pd.DataFrame]:
        """Runs a step for each row of `schedule` (setpoint quantities): the plant after it, and its telemetry.

        Telemetry has a column per canonical quantity, with meters' noise, and the setpoints asked for.
        """
        after, _, read = self.advance(schedule)
        return after, read

    def advance(
        self, schedule: pd.DataFrame, faults: simulator.Faults | None = None
    ) -> tuple["SimulatedPlant", pd.DataFrame, pd.DataFrame]:
        """`run` with faults: the plant after it, true telemetry, and telemetry of its meters."""
        steps = len(schedule)
        healthy = simulator.Faults.none()
        state, sensors, read = _compiled_run()(
            self.plant, self.state, asked_setpoints(self.plant, schedule, self.held), self.drivers,
            healthy if faults is None else faults, self.steps_done, self.meters, self.key,
            steps=steps, dt_s=self.dt_s,
        )  # fmt: skip
        times = self.times(steps)
        asked = schedule.set_axis(times)
        true, read = (
            table.join(asked[asked.columns.difference(table.columns)])
            for table in (canonical_telemetry(sensors, times), canonical_telemetry(read, times))
        )
        return replace(self, state=state, steps_done=self.steps_done + steps), true, read


def nameplate_plant(site: Site) -> simulator.Plant:
    """The plant of the site file's [twin] table.

    Raises:
        SiteError: the table does not describe a plant.
    """
    return _nameplate(tuple(sorted((site.twin or {}).items())))


def simulated(site: Site, fitted: simulator.Plant | None = None) -> simulator.Plant:
    """The plant that stands for a site: its fitted twin, else the nameplate plant of its [twin] table.

    Raises:
        SiteError: there is neither, or the table does not describe a plant.
    """
    if fitted is not None:
        return fitted
    if not site.twin:
        raise SiteError(
            f"site {site.name} must describe its plant to be simulated; add [twin] with it_kw = ... or run: "
            f"coldaisle twin --site {site.name}"
        )
    return nameplate_plant(site)


@cache
def _nameplate(figures: tuple[tuple[str, Any], ...]) -> simulator.Plant:
    try:
        plant = textbook_plant(dict(figures))
        check_plant(plant)
    except (TypeError, ValueError) as cause:
        raise SiteError(f"[twin] does not describe a plant: {cause}; edit [twin] in the site file") from cause
    return plant


def asked_setpoints(
    plant: simulator.Plant, schedule: pd.DataFrame, held: simulator.Setpoints | None = None
) -> simulator.Setpoints:
    """Setpoints of a schedule, shape (steps,) each; what it does not name stays at `held`, else the plant's initial.

    schedule: by setpoint name; the simulator has one setpoint of each quantity and gets the mean of several.
    """
    initial = simulator.init(plant).setpoints if held is None else held
    schedule = pd.DataFrame(
        mean_of_quantity([*map(str, schedule)], schedule.to_numpy()), index=schedule.index
    )
    schedule = schedule.rename(
        columns={name: other for name, other in STANDS_FOR.items() if other not in schedule}
    )
    chosen = {
        field: jnp.asarray(schedule[quantity].to_numpy(), dtype=float)
        for quantity, field in SETPOINT_FIELDS.items()
        if quantity in schedule
    }
    return jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (len(schedule),)), replace(initial, **chosen))


def canonical_telemetry(sensors: simulator.Sensors, times: pd.DatetimeIndex) -> pd.DataFrame:
    """Sensors as a table of canonical quantities (kW, °C, kg/s, fractions) on `times`."""
    columns = {}
    for quantity, field in SENSOR_FIELDS.items():
        values = np.asarray(getattr(sensors, field), dtype=float)
        columns[quantity] = values / 1e3 if QUANTITIES[quantity].unit == "kW" else values
    humidity = relative_humidity_from_wetbulb(
        sensors.outdoor_drybulb_c, sensors.outdoor_wetbulb_c, sensors.pressure_pa
    )
    columns["outdoor_rh_frac"] = np.clip(np.asarray(humidity, dtype=float), 0.01, 1.0)
    return pd.DataFrame(columns, index=times)
