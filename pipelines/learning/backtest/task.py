"""What a backtest predicts: a ratio to a load, and how it is computed from a model's targets."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from models.efficiency.baselines import Ratio
from models.efficiency.learn import Parts, Rows
from pipelines.learning.efficiency.dataset import COOLING, OVERHEAD, dataset, figure_offset
from pipelines.learning.efficiency.scores import ratio_rows
from pipelines.learning.next_hour.rows import HORIZON, PARTS, next_hour
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import figure_name, plant_table
from pipelines.telemetry.running import combination_codes

Target = Literal["figure", "next-hour"]
Predictions = dict[str, np.ndarray]  # target -> (n,)
ECONOMIZER = "economizer on, tower water colder than the return"


@dataclass(frozen=True)
class Task:
    """Rows to predict and what is judged of them.

    measured, last_reading (n,): in `unit`; the latter is persistence's prediction. load_kw (n,): what power is divided
    by. per_load: whether the judged value is itself a ratio to load (else kW). compose: from the predictions of rows
    (their positions) to the judged value. error_target: the model target whose usual residual scales intervals.
    further: other targets with limits: name -> measured. regimes: name -> rows. combinations (n,): what runs.
    before (n, b): `readings_before` and their names, where models of changes take part.
    """

    name: str
    unit: str
    rows: Rows
    index: pd.DatetimeIndex
    measured: np.ndarray
    last_reading: np.ndarray
    load_kw: np.ndarray
    per_load: bool
    offset: float
    parts: Parts
    horizon: pd.Timedelta
    compose: Callable[[Predictions, np.ndarray], np.ndarray]
    error_target: str
    left_out: dict[str, int]
    notes: list[str]
    further: dict[str, np.ndarray] = field(default_factory=dict)
    cooling_kw: np.ndarray | None = None
    last_cooling_kw: np.ndarray | None = None
    regimes: dict[str, np.ndarray] = field(default_factory=dict)
    combinations: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    before: np.ndarray | None = None
    names: tuple[str, ...] = ()

    @property
    def times(self) -> np.ndarray:
        """Time of each row as datetime64, UTC."""
        return self.index.tz_convert(None).to_numpy()

    @property
    def step(self) -> pd.Timedelta:
        """Length of a row."""
        return (self.index[1:] - self.index[:-1]).min()

    @property
    def delay(self) -> pd.Timedelta:
        """From a row to when its error is known: its target's last reading, and at least one step."""
        return max(self.horizon, self.step)

    @property
    def simple(self) -> Ratio:
        """What the simple models learn from: the same inputs, power per load."""
        scale = 1.0 if self.per_load else self.load_kw
        last = self.last_reading / scale
        return Ratio(self.rows.x, self.measured / scale, self.load_kw, last, self.before, self.names)

    @property
    def simple_cooling(self) -> Ratio | None:
        """The same of cooling power, where it is not what is judged already."""
        if self.cooling_kw is None or self.last_cooling_kw is None or COOLING in dict(self.rows.same_as):
            return None
        cooling = self.cooling_kw / self.load_kw, self.last_cooling_kw / self.load_kw
        return replace(self.simple, ratio=cooling[0], last_reading=cooling[1])


def task(site: Site, table: pd.DataFrame, target: Target) -> Task:
    """The rows of an interval table for `target`. Raises ModelError where nothing is left."""
    plant = plant_table(site, table)
    job = _figure_task(site, plant) if target == "figure" else _next_hour_task(site, plant)
    return replace(job, combinations=combination_codes(site, table.loc[job.index]))


def _figure_task(site: Site, plant: pd.DataFrame) -> Task:
    data = dataset(site, plant)
    figure, cooling = (ratio_rows(site, plant, data, target) for target in (OVERHEAD, COOLING))
    return Task(
        name=figure_name(site),
        unit=figure_name(site),
        rows=data.rows,
        index=data.index,
        measured=figure.ratio,
        last_reading=figure.last_reading,
        load_kw=data.rows.load_kw,
        per_load=True,
        offset=figure_offset(site),
        parts=Parts(),
        horizon=pd.Timedelta(0),
        compose=_overhead,
        error_target=OVERHEAD,
        left_out=data.left_out,
        notes=data.notes,
        cooling_kw=cooling.ratio * data.rows.load_kw,
        last_cooling_kw=cooling.last_reading * data.rows.load_kw,
        regimes=_regimes(plant.loc[data.index]),
        before=figure.before,
        names=figure.names,
    )


def _overhead(predicted: Predictions, _rows: np.ndarray) -> np.ndarray:
    return predicted[OVERHEAD]


def _next_hour_task(site: Site, plant: pd.DataFrame) -> Task:
    data = next_hour(site, plant)
    return Task(
        name="mean overhead of the next hour",
        unit="kW",
        rows=data.rows,
        index=data.index,
        measured=data.overhead_kw,
        last_reading=data.present["overhead_kw"].to_numpy(),
        load_kw=data.rows.load_kw,
        per_load=False,
        offset=0.0,
        parts=PARTS,
        horizon=HORIZON,
        compose=data.overhead_of,
        error_target=data.rows.targets[0],
        left_out=data.left_out,
        notes=data.notes,
        further=data.further(),
        regimes=_regimes(plant.loc[data.index]),
    )


def _regimes(plant: pd.DataFrame) -> dict[str, np.ndarray]:
    """Rare regimes that matter for the saving, reported separately."""
    enabled = next((name for name in ("economizer_on", "economizer_enable") if name in plant), None)
    if enabled is None or not {"chw_return_c", "cw_supply_c"} <= set(plant):
        return {}
    free = (plant[enabled] > 0.5) & (plant["cw_supply_c"] < plant["chw_return_c"])
    return {ECONOMIZER: free.to_numpy()}
