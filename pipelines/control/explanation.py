"""What stands behind a recommendation: what stops it, where the record has been, what would undo it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.efficiency.model import PlantModel
from models.efficiency.support import outside
from models.exploration import candidates, without_small_moves
from pipelines.control.recommendation import Move
from pipelines.learning.efficiency.dataset import COOLING, IT, OVERHEAD, RACK_INLET
from pipelines.site.file import Setpoint, Site
from pipelines.site.setpoints import limits, setpoint_names
from pipelines.telemetry.latest import STALE_AT_LEAST, STALE_INTERVALS
from pipelines.telemetry.plant_table import plant_table

WINDOW = pd.Timedelta(hours=1)
LEAST_SHARE = 0.5  # of the last hour's intervals that must be there

HORIZON_HOURS = 1.0  # setpoints are chosen for the next hour, so they may move by an hour's slew
CANDIDATES = 2048
Z_90 = 1.645  # standard deviations on either side that hold 90 %
CHOSEN_DISTANCE = 0.5  # of the distance that counts as covered: what is chosen lies well inside the record

FURTHER = 0.1  # of a setpoint's range: how far beyond a proposal is looked
ALIKE = 0.05  # of a setpoint's range: rows of the record this near run under the same setpoints
FEWEST_ALIKE = 12
SHOWN = {
    "load_kw": "load {:.0f} kW",
    "outdoor_wetbulb_c": "wetbulb {:.1f} °C",
    "cooling_kw": "cooling {:.0f} kW",
}


class Hold(Exception):  # noqa: N818 - it is a decision, not an error
    """Why no setpoint should move, in words that follow "hold, because"."""


@dataclass(frozen=True)
class Situation:
    """One moment. inputs: by plant-level name; setpoints: by quantity; load_kw, facility_kw as metered."""

    at: pd.Timestamp
    inputs: pd.Series
    setpoints: pd.Series


def binding(
    site: Site, model: PlantModel, now: Situation, proposed: np.ndarray, *, inlet_high_c: float
) -> list[str]:
    """For every setpoint that moves, what keeps it from going further; proposed (k,)."""
    present = now.setpoints.to_numpy()
    found = []
    for column, setpoint in enumerate(site.setpoints):
        way = np.sign(proposed[column] - present[column])
        if way == 0.0 or setpoint.kind == "binary":
            continue
        further = proposed.copy()
        further[column] += way * FURTHER * (setpoint.max - setpoint.min)
        expected = asked(site, model, now, np.stack([present, proposed, further]))
        stop = _stop(setpoint, present[column], proposed[column], expected, inlet_high_c)
        found.append(f"{setpoint.tag}: {stop}")
    return found


def precedent(
    site: Site, model: PlantModel, now: Situation, proposed: np.ndarray, record: pd.DataFrame
) -> str | None:
    """The row of a plant table most like the present inputs under the proposed setpoints, in words."""
    wanted = now.inputs.reindex(model.inputs).astype(float)
    chosen = pd.Series(proposed, index=setpoint_names(site))
    wanted.update(chosen)
    known = record.reindex(columns=list(model.inputs)).dropna()
    if known.empty:
        return None
    scale = known.std().replace(0.0, 1.0)
    at = int(np.argmin((((known - wanted) / scale) ** 2).sum(axis=1).to_numpy()))
    nearest = pd.DatetimeIndex(known.index)[at]
    row = record.loc[nearest].astype(float)
    shown = [form.format(row[name]) for name, form in SHOWN.items() if np.isfinite(row.get(name, np.nan))]
    setpoints = [f"{name} {row[name]:.1f}" for name in chosen.index if name in model.inputs]
    return f"{nearest:%Y-%m-%d %H:%M} UTC: {', '.join(shown + setpoints)}"


def hold_if(site: Site, proposed: np.ndarray, record: pd.DataFrame, *, least_kw: float) -> list[str]:
    """What would make it a hold: leaving the loads and weather that the record had under such setpoints."""
    alike = np.ones(len(record), dtype=bool)
    for setpoint, name, goal in zip(site.setpoints, setpoint_names(site), proposed, strict=True):
        alike &= (record[name] - goal).abs().to_numpy() <= ALIKE * (setpoint.max - setpoint.min)
    found = [f"less than {least_kw:.1f} kW is expected to be saved"]
    if alike.sum() < FEWEST_ALIKE:
        return found
    for name, words in (("load_kw", "the load leaves {:.0f} to {:.0f} kW"),
                        ("outdoor_wetbulb_c", "the wetbulb leaves {:.1f} to {:.1f} °C")):  # fmt: skip
        values = record.loc[alike, name].dropna() if name in record else pd.Series(dtype=float)
        if len(values) >= FEWEST_ALIKE:
            found.append(
                words.format(*values.quantile([0.01, 0.99])) + ", which the record has at such setpoints"
            )
    return found


def rollback(site: Site, moves: list[Move]) -> str:
    """How to go back: values, and how long slew rates make it last."""
    by_tag = {setpoint.tag: setpoint for setpoint in site.setpoints}
    hours = max(
        0.0 if by_tag[move.tag].kind == "binary"
        else abs(move.proposed - move.present) / by_tag[move.tag].slew_per_hour
        for move in moves
    )  # fmt: skip
    values = ", ".join(f"{move.tag} {move.present:g}" for move in moves)
    return f"back to {values}: {'at once' if hours == 0.0 else f'{60.0 * hours:.0f} min at the slew rate'}"


def _stop(
    setpoint: Setpoint, present: float, proposed: float, expected: pd.DataFrame, inlet_high_c: float
) -> str:
    if proposed <= setpoint.min or proposed >= setpoint.max:
        return "at its limit"
    if abs(proposed - present) > 0.98 * setpoint.slew_per_hour * HORIZON_HOURS:
        return "an hour's slew"
    if RACK_INLET in expected and expected[RACK_INLET].iloc[2] > inlet_high_c:
        return "the rack inlet's margin"
    if not expected["eligible"].iloc[2]:
        return "the record does not reach further"
    return "nothing more to gain"


class OutsideRecord(Hold):
    """Neither the present setpoints nor any that can be reached lie where the record has been."""


def expectations(site: Site, model: PlantModel, now: Situation) -> tuple[np.ndarray, pd.DataFrame]:
    """Setpoints (n, k), the present in row 0, and what the model expects of each."""
    present = now.setpoints.to_numpy()
    rows = candidates(present, limits(site), hours=HORIZON_HOURS, count=CANDIDATES)
    rows[1:] = without_small_moves(rows[1:], present, limits(site))
    rows[:, _unlearned(site, model)] = present[_unlearned(site, model)]
    expected = asked(site, model, now, rows)
    if not expected["eligible"].any():
        x = _model_inputs(site, model, now, rows[:1])
        raise OutsideRecord(f"the plant runs outside what was learned: {_unfamiliar(model, x[0])}")
    return rows, expected


def asked(site: Site, model: PlantModel, now: Situation, rows: np.ndarray) -> pd.DataFrame:
    """What the model expects of setpoints (n, k), the present in row 0, and which of them may be chosen."""
    answer = model.ask(_model_inputs(site, model, now, rows))
    expected = pd.DataFrame(answer.mean)
    expected["spread"] = answer.spread[OVERHEAD]
    expected["in_support"] = answer.in_support
    nearest = answer.distance <= max(CHOSEN_DISTANCE, answer.distance[0])
    expected["eligible"] = expected["in_support"] & nearest
    expected["eligible"] &= _physical(site, now, rows)
    return _with_powers(site, now, expected)


def saving_interval_kw(
    site: Site, model: PlantModel, now: Situation, present: np.ndarray, proposed: np.ndarray
) -> tuple[float, float]:
    """90 % interval of what going from present to proposed setpoints (k,) saves.

    From the members' own differences, in which what all get wrong alike falls out; widened as much as their spread
    fell short of the errors on time held out.
    """
    x = _model_inputs(site, model, now, np.stack([present, proposed]))
    each = model.each(x)
    load_kw = np.full_like(each[OVERHEAD], now.inputs["load_kw"])
    if IT in each:
        load_kw = load_kw + each[IT] - each[IT][0]
    power_kw = each[OVERHEAD] * load_kw + (load_kw if site.meters.it else 0.0)
    saved_kw = power_kw[0] - power_kw[1]
    answer = model.ask(x)
    half = (answer.upper[OVERHEAD] - answer.lower[OVERHEAD])[1] / 2.0
    too_sure = max(1.0, half / max(Z_90 * answer.spread[OVERHEAD][1], 1e-9))
    half_kw = Z_90 * too_sure * saved_kw.std(ddof=1)
    return float(saved_kw.mean() - half_kw), float(saved_kw.mean() + half_kw)


def _unlearned(site: Site, model: PlantModel) -> list[int]:
    """Setpoints that the model knows nothing of, because they never varied: they stay. Raises Hold if all do."""
    unlearned = [column for column, name in enumerate(setpoint_names(site)) if name not in model.inputs]
    if len(unlearned) == len(site.setpoints):
        raise Hold(
            "no setpoint has ever varied in the record, so nothing is known of its effect; "
            "let operators try small moves and train again"
        )
    return unlearned


def _model_inputs(site: Site, model: PlantModel, now: Situation, rows: np.ndarray) -> np.ndarray:
    chosen = setpoint_names(site)
    held = now.inputs.reindex([name for name in model.inputs if name not in chosen])
    if held.isna().any():
        raise Hold(
            f"the last hour has no reading of {', '.join(held.index[held.isna()])}; see coldaisle quality"
        )
    return np.stack(
        [
            rows[:, chosen.index(name)] if name in chosen else np.full(len(rows), held[name])
            for name in model.inputs
        ],
        axis=1,
    )


def _physical(site: Site, now: Situation, rows: np.ndarray) -> np.ndarray:
    """Whether each row of setpoints could be: water from a tower is never colder than the wetbulb.

    A setpoint may ask for less, and the tower then does what it can; a measured temperature may not.
    """
    possible = np.ones(len(rows), dtype=bool)
    wetbulb_c = now.inputs.get("outdoor_wetbulb_c", np.nan)
    for column, setpoint in enumerate(site.setpoints):
        if setpoint.measured and site.quantity_of(setpoint) == "cw_supply_c" and np.isfinite(wetbulb_c):
            possible &= rows[:, column] >= min(wetbulb_c, rows[0, column])
    return possible


def _unfamiliar(model: PlantModel, x: np.ndarray) -> str:
    said = outside(model.support, model.inputs, x)
    return said or "each input lies in the record's range, but not this combination of them"


def _with_powers(site: Site, now: Situation, expected: pd.DataFrame) -> pd.DataFrame:
    """Adds power in kW: IT power as metered, plus what the servers' fans are expected to change."""
    load_kw = pd.Series(now.inputs["load_kw"], index=expected.index)
    if IT in expected:
        load_kw = load_kw + expected[IT] - expected[IT].iloc[0]
    overhead_kw = expected[OVERHEAD] * load_kw
    return expected.assign(
        load_kw=load_kw,
        cooling_kw=expected[COOLING] * load_kw,
        power_kw=overhead_kw + load_kw if site.meters.it else overhead_kw,
        spread_kw=expected["spread"] * load_kw,
    )


def situation(site: Site, table: pd.DataFrame, at: pd.Timestamp) -> Situation:
    """The situation at `at` from an interval table that reaches up to it.

    Raises Hold where the table is stale, too thin, or lacks a setpoint's value.
    """
    table = table[table.index < at]
    _require_fresh(site, table, at)
    plant = plant_table(site, table)
    window = plant[plant.index >= at - WINDOW]
    expected = WINDOW / site.interval
    complete = window.dropna(subset=["load_kw"])
    if len(complete) < LEAST_SHARE * expected:
        raise Hold(
            f"only {len(complete)} of the last hour's {expected:.0f} intervals have a load reading; "
            "see coldaisle quality"
        )
    setpoints = plant[setpoint_names(site)].ffill().iloc[-1]
    missing = list(setpoints.index[setpoints.isna()])
    if missing:
        raise Hold(f"the present value of {', '.join(missing)} is not known; see coldaisle quality")
    return Situation(at=at, inputs=window.mean(), setpoints=setpoints)


def _require_fresh(site: Site, table: pd.DataFrame, at: pd.Timestamp) -> None:
    allowed = max(STALE_INTERVALS * site.interval, STALE_AT_LEAST)
    if table.empty:
        raise Hold(f"there is no telemetry in the hours before {at:%Y-%m-%d %H:%M} UTC; ingest newer files")
    age = at - (table.index[-1] + site.interval)
    if age > allowed:
        raise Hold(
            f"the last telemetry is {age / pd.Timedelta(hours=1):.1f} h old, more than the "
            f"{allowed / pd.Timedelta(minutes=1):.0f} min allowed; ingest newer files"
        )
