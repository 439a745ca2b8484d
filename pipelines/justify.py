"""What stands behind a recommendation: what stops it, where the record has been, what would undo it."""

import numpy as np
import pandas as pd

from models.plant_model import PlantModel
from pipelines.dataset import RACK_INLET
from pipelines.expectations import HORIZON_HOURS, asked
from pipelines.recommendation import Move
from pipelines.site import Setpoint, Site
from pipelines.situation import Situation, quantities

FURTHER = 0.1  # of a setpoint's range: how far beyond a proposal is looked
ALIKE = 0.05  # of a setpoint's range: rows of the record this near run under the same setpoints
FEWEST_ALIKE = 12
SHOWN = {
    "load_kw": "load {:.0f} kW",
    "outdoor_wetbulb_c": "wetbulb {:.1f} °C",
    "cooling_kw": "cooling {:.0f} kW",
}


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
    chosen = pd.Series(proposed, index=quantities(site))
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
    for setpoint, name, goal in zip(site.setpoints, quantities(site), proposed, strict=True):
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
