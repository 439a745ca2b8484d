"""What the next hour brings for setpoints held through it: overhead, IT power and what has limits."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.efficiency.intervals import tercile_of
from models.efficiency.model import Answer, PlantModel
from models.efficiency.online_intervals import History, Rows, follow
from models.efficiency.support import outside
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.learning.efficiency.bundle import load_bundle
from pipelines.learning.next_hour.rows import CHANGE, HORIZON, OTHER, RATE, inputs_of
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.running import Combinations
from pipelines.telemetry.store import Store

LOOKBACK = pd.Timedelta(days=9)  # a week for the season, a day for the last errors
OVERHEAD_CHANGE = "overhead_kw" + CHANGE


@dataclass(frozen=True)
class NextHourModel:
    """A registered model of the next hour, with what turns changes into readings."""

    site: Site
    model: PlantModel
    submeters: tuple[str, ...]
    constant_other_kw: float
    history: History
    combinations: Combinations
    learned_until: pd.Timestamp

    @property
    def version(self) -> str:
        """`<name>/<number>` in the registry."""
        return self.model.version

    def ask(self, table: pd.DataFrame, setpoints: pd.DataFrame | None = None) -> pd.DataFrame:
        """What the hour after the last row of an interval table brings, one row per row of setpoints (by quantity).

        table: the last LOOKBACK. setpoints: held through the hour, as they are where absent. Columns: `overhead_kw`
        (its last known error carried on), `it_kw`, `rack_inlet_c` and other constraints, each with `_lower` and
        `_upper`, `in_support`, `within_limits` (even at the unfavourable end of the interval) and `why`.
        Raises ModelError where an input is missing.
        """
        plant = plant_table(self.site, table).asfreq(f"{self.site.interval_minutes}min")
        now = plant.ffill(limit=1)
        inputs = inputs_of(self.site, now, list(self.submeters)).reindex(columns=list(self.model.inputs))
        asked = self._held(inputs.iloc[-1], now.iloc[-1], setpoints)
        missing = list(asked.columns[asked.isna().any()])
        if missing:
            raise ModelError(
                f"cannot predict the next hour of {self.site.name}, because {', '.join(missing)} "
                f"has no reading at {plant.index[-1]:%Y-%m-%d %H:%M} UTC; see coldaisle quality"
            )
        answer = self.model.ask(asked.to_numpy(dtype=float))
        found = self._readings(answer, now.iloc[-1], self._carried(plant, now, inputs))
        unseen = self.combinations.unseen(table.iloc[-1:]).iloc[0]
        found["in_support"] = answer.in_support & (unseen == "")
        found["within_limits"] = self._within(found)
        beyond = [outside(self.model.support, self.model.inputs, row) for row in asked.to_numpy(dtype=float)]
        found["why"] = ["; ".join(filter(None, (said, unseen))) for said in beyond]
        return found

    def _held(self, inputs: pd.Series, now: pd.Series, setpoints: pd.DataFrame | None) -> pd.DataFrame:
        """Inputs (a row per row of setpoints) with these setpoints held through the hour."""
        chosen = [
            name for name in dict.fromkeys(map(self.site.quantity_of, self.site.setpoints)) if name in now
        ]
        held = pd.DataFrame([now[chosen]]) if setpoints is None else setpoints
        rows = pd.DataFrame([inputs] * len(held)).reset_index(drop=True)
        for name in chosen:
            value = held[name].to_numpy(dtype=float) if name in held else np.full(len(held), now[name])
            for column, values in ((name, value), (f"{name}_move", value - now[name])):
                if column in rows:
                    rows[column] = values
        return rows

    def _readings(self, answer: Answer, now: pd.Series, carried: tuple[float, float]) -> pd.DataFrame:
        """Changes as readings; overhead is the sum of its submeters with the last error carried on."""
        offset_kw, half_kw = carried
        raw_kw = self._overhead(answer.mean, now)
        found = pd.DataFrame({"overhead_kw": raw_kw + offset_kw})
        found["overhead_kw_lower"] = found["overhead_kw"] - half_kw
        found["overhead_kw_upper"] = found["overhead_kw"] + half_kw
        for target in self.model.targets:
            name = target.removesuffix(CHANGE)
            if target in (OVERHEAD_CHANGE, OTHER) or name in self.submeters:
                continue
            present = 0.0 if target == RATE else float(now[name])
            for suffix, of in (("", answer.mean), ("_lower", answer.lower), ("_upper", answer.upper)):
                found[name + suffix] = present + of[target]
        return found

    def _overhead(self, mean: dict[str, np.ndarray], now: pd.Series | pd.DataFrame) -> np.ndarray:
        metered_kw = now[list(self.submeters)].to_numpy(dtype=float).sum(axis=-1)
        change_kw = sum(mean[name + CHANGE] for name in self.submeters)
        return metered_kw + change_kw + mean.get(OTHER, self.constant_other_kw)

    def _carried(self, plant: pd.DataFrame, now: pd.DataFrame, inputs: pd.DataFrame) -> tuple[float, float]:
        """The error to carry on and half the interval of the last row, kW, from the errors of the rows before."""
        known = inputs.notna().all(axis=1) & now[list(self.submeters)].notna().all(axis=1)
        x = inputs[known].to_numpy(dtype=float)
        answer = self.model.ask(x)
        steps = round(HORIZON / self.site.interval)
        measured = (
            plant["overhead_kw"][::-1].rolling(steps, min_periods=(steps + 1) // 2).mean()[::-1].shift(-1)
        )
        complete = measured.where(plant.index <= plant.index[-1] - HORIZON)[known]
        rows = Rows(
            times=pd.DatetimeIndex(inputs.index[known]).tz_convert(None).to_numpy(),
            predicted=self._overhead(answer.mean, now[known]),
            measured=complete.to_numpy(dtype=float),
            size=self.model.residual_size(x)[self.model.targets[0]],
            tercile=tercile_of(self.model.intervals, now["load_kw"][known].to_numpy(dtype=float)),
            in_support=answer.in_support,
            counts=np.asarray(inputs.index[known] > self.learned_until),
        )
        mean, half, _ = follow(self.history, rows, HORIZON.to_timedelta64())
        return float(mean[-1] - rows.predicted[-1]), float(half[-1])

    def _within(self, found: pd.DataFrame) -> np.ndarray:
        """Whether every constraint holds at the unfavourable end of its interval, and of rack inlet at both."""
        envelope, inside = self.site.envelope, np.ones(len(found), bool)
        highest = {
            "rack_inlet_c": envelope.rack_inlet_max_c,
            "rack_dew_point_c": envelope.dew_point_max_c,
            RATE: envelope.rate_k_per_h,
        }
        lowest = {
            "rack_inlet_c": envelope.rack_inlet_min_c,
            "aisle_pressure_pa": envelope.aisle_pressure_min_pa,
            "loop_pressure_pa": envelope.loop_pressure_min_pa,
        }
        for name, limit in highest.items():
            if name in found:
                inside &= (found[f"{name}_upper"] <= limit).to_numpy()
        for name, least in lowest.items():
            if name in found and least is not None:
                inside &= (found[f"{name}_lower"] >= least).to_numpy()
        return inside


def load_next_hour(site: Site, settings: Settings) -> NextHourModel:
    """The champion `coldaisle.<site>.next_hour`. Raises as `load_bundle` does."""
    bundle = load_bundle(site, settings, "next_hour")
    assert bundle.serving is not None  # it is registered with one
    return NextHourModel(
        site,
        bundle.served,
        tuple(bundle.metadata["submeters"]),
        bundle.metadata["constant_other_kw"],
        bundle.serving.history,
        Combinations.from_dict(bundle.metadata["combinations"]),
        pd.Timestamp(bundle.metadata["learned_until"]),
    )


def predict_next_hour(
    site: Site, settings: Settings, at: pd.Timestamp | None = None, setpoints: pd.DataFrame | None = None
) -> pd.DataFrame:
    """`NextHourModel.ask` on the store's telemetry before `at`, by default all of it."""
    store = Store(settings.store, site)
    span = store.span()
    end = at or (span[1] if span else None)
    table = store.read(None if end is None else end - LOOKBACK, end)
    return load_next_hour(site, settings).ask(table, setpoints)
