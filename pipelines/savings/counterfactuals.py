"""Counterfactuals beside the regressions: coldaisle's own efficiency model, and the fitted twin under the site's
rule.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from models.efficiency.learn import Rows, learn, outliers_of
from models.efficiency.model import PlantModel, without_each_block
from models.efficiency.training import FitConfig
from models.savings.hours import Array, Hours
from models.savings.left_out import LeftOut, windows_of
from models.twin import Conditions, predict
from models.twin.twin import Twin
from pipelines.errors import ModelError
from pipelines.learning.twin.dataset import clock, record_of
from pipelines.savings.periods import Period
from pipelines.simulation.plant import SETPOINT_FIELDS
from pipelines.site.file import Site
from pipelines.site.rule import rule_of_record
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.store import Store

TARGET = "kw_per_kw"
# One small network an hourly record deserves; the ridge under it does most.
CONFIG = FitConfig(hidden=(16,), members=4, epochs=30, most_steps=600)


@dataclass(frozen=True)
class Efficiency:
    """coldaisle's efficiency model, learned from the baseline alone; its inputs are load and weather, which control
    does not choose."""

    name: str = "coldaisle's efficiency model"
    complexity: int = 3
    needs: tuple[str, ...] = ("wetbulb", "drybulb")

    def fit(self, hours: Hours) -> "EfficiencyFit":
        """Learned from hours with power. Raises TooFewRowsError."""
        rows, _ = _rows(hours)
        return EfficiencyFit(learn(rows, CONFIG, seed=0).model)

    def left_out(self, hours: Hours) -> LeftOut:
        """Every block of time predicted by the parts that were fitted without it."""
        rows, known = _rows(hours)
        outside = outliers_of(rows)
        model = learn(rows, CONFIG, seed=0).model
        block = np.full(len(rows), -1)
        block[~outside] = rows.where(~outside).blocks(CONFIG.members)
        block = pd.Series(np.where(block < 0, np.nan, block)).ffill().bfill().to_numpy(int)
        each = np.asarray(without_each_block(model, jnp.asarray(rows.x, jnp.float32)))[:, 0, :]
        predicted = np.full(len(hours), np.nan)
        predicted[known] = each[np.arange(len(rows)), block] * rows.load_kw
        return LeftOut(windows_of(hours), predicted)


@dataclass(frozen=True)
class EfficiencyFit:
    """A learned efficiency model as a counterfactual."""

    model: PlantModel

    def predict(self, hours: Hours) -> Array:
        """Expected power (n,), kW."""
        return self.model.predict(_inputs(hours))[TARGET] * hours.load_kw


def _inputs(hours: Hours) -> Array:
    return np.column_stack([hours.load_kw, hours.wetbulb_c, hours.drybulb_c])


def _rows(hours: Hours) -> tuple[Rows, Array]:
    """Rows to learn from, and which of the hours they are."""
    known = hours.known(("wetbulb", "drybulb")) & (hours.load_kw > 0.0)
    some = hours.where(known)
    return Rows(
        inputs=("load_kw", "outdoor_wetbulb_c", "outdoor_drybulb_c"),
        targets=(TARGET,),
        x=_inputs(some),
        y=(some.power_kw / some.load_kw)[:, None],
        load_kw=some.load_kw,
    ), known


@dataclass(frozen=True)
class TwinCandidate:
    """The fitted twin under the site's rule, with the weather and load of each hour.

    expected_kw: power by hour since 1970; load_kw: the load that it was asked with.
    """

    expected_kw: dict[int, float]
    load_kw: dict[int, float]
    name: str = "fitted twin under the site's rule"
    complexity: int = 4
    needs: tuple[str, ...] = ("wetbulb", "drybulb")

    def fit(self, hours: Hours) -> "TwinCandidate":
        """The twin was fitted when it was registered. Raises ValueError where it says nothing of these hours."""
        if not np.isfinite(self.predict(hours)).any():
            raise ValueError("the twin says nothing of the baseline")
        return self

    def left_out(self, hours: Hours) -> LeftOut:
        """Its predictions of the baseline."""
        return LeftOut(windows_of(hours), self.predict(hours))

    def predict(self, hours: Hours) -> Array:
        """Expected power (n,), kW; in proportion where the load is another than it was asked with."""
        expected = np.array([self.expected_kw.get(int(hour), np.nan) for hour in hours.hour])
        asked = np.array([self.load_kw.get(int(hour), np.nan) for hour in hours.hour])
        return expected * np.where(asked > 0.0, hours.load_kw / asked, np.nan)


def twin_candidate(
    site: Site, store: Store, twin: Twin, periods: list[Period], target: str, say: Callable[[str], None]
) -> TwinCandidate:
    """What the twin expects under the site's rule in the periods. Raises ModelError where it lacks load or weather."""
    expected: dict[int, float] = {}
    load: dict[int, float] = {}
    for period in periods:
        say(f"counterfactual: the twin under the site's rule, {period}")
        table = store.read(period.start, period.end)
        for hour, power_kw, load_kw in _twin_hours(site, twin, table, target):
            expected[hour], load[hour] = power_kw, load_kw
    return TwinCandidate(expected, load)


def _twin_hours(site: Site, twin: Twin, table: pd.DataFrame, target: str) -> list[tuple[int, float, float]]:
    record = record_of(site, table)
    if record.dt_s != twin.dt_s:
        raise ModelError("the twin was fitted at another interval; run: coldaisle twin")
    times = clock(site, table)
    plant = plant_table(site, table.reindex(times))
    columns = {str(name): plant[name].ffill().to_numpy(float) for name in plant}
    rule = rule_of_record(site, columns)
    wanted = {
        SETPOINT_FIELDS[name.split(":", 1)[0]]: values
        for name, values in rule.items()
        if name.split(":", 1)[0] in SETPOINT_FIELDS
    }
    inputs = record.inputs
    known = record.known
    conditions = Conditions(
        outdoor_drybulb_c=_filled(inputs.outdoor_drybulb_c),
        outdoor_wetbulb_c=_filled(inputs.outdoor_wetbulb_c),
        pressure_pa=_filled(inputs.pressure_pa),
        it_w=_filled(inputs.it_w),
    )
    sensors = predict(twin, {name: jnp.asarray(values) for name, values in wanted.items()}, conditions)
    power_w = np.asarray(sensors.cooling_w if target == "cooling_kw" else sensors.facility_w - sensors.it_w)
    load_kw = plant["it_kw" if site.meters.it else "load_kw"].to_numpy(float)
    frame = pd.DataFrame({"power": np.where(known, power_w / 1e3, np.nan), "load": load_kw}, index=times)
    means = frame.groupby(pd.DatetimeIndex(frame.index).floor("h")).mean().dropna()
    hours = pd.DatetimeIndex(means.index).as_unit("s").asi8 // 3600
    return list(zip(hours.tolist(), means["power"], means["load"], strict=True))


def _filled(values: Any) -> jax.Array:
    """A series with its last known value where it is unknown: what follows is not read from such steps."""
    return jnp.asarray(pd.DataFrame(np.asarray(values)).ffill().bfill().to_numpy().reshape(np.shape(values)))
