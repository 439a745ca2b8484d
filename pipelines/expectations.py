"""What the model expects of every setpoint within reach, and which of them may be chosen at all."""

import numpy as np
import pandas as pd

from models.optimize import candidates, without_small_moves
from models.plant_model import PlantModel
from models.support import outside
from pipelines.dataset import COOLING, IT, OVERHEAD
from pipelines.site import Site
from pipelines.situation import Hold, Situation, limits, quantities

HORIZON_HOURS = 1.0  # setpoints are chosen for the next hour, so they may move by an hour's slew
CANDIDATES = 2048
Z_90 = 1.645  # standard deviations on either side that hold 90 %
CHOSEN_DISTANCE = 0.5  # of the distance that counts as covered: what is chosen lies well inside the record


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
    unlearned = [column for column, name in enumerate(quantities(site)) if name not in model.inputs]
    if len(unlearned) == len(site.setpoints):
        raise Hold(
            "no setpoint has ever varied in the record, so nothing is known of its effect; "
            "let operators try small moves and train again"
        )
    return unlearned


def _model_inputs(site: Site, model: PlantModel, now: Situation, rows: np.ndarray) -> np.ndarray:
    chosen = quantities(site)
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
