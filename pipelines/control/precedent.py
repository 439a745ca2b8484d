"""The precedent of a recommendation: an hour of the record under such setpoints, load and weather, that needed less."""

from datetime import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipelines.control.decision import Decision
from pipelines.site.file import Setpoint, Site

ALIKE = 0.05  # of a setpoint's range: hours of the record this near ran under the same setpoints
LIKENESS = ("load_kw", "outdoor_wetbulb_c", "outdoor_drybulb_c")
# Engineering judgement: beyond, load and weather explain a difference in power per load as well as setpoints do.
LOAD_SHARE, WEATHER_K = 0.1, 2.0
SHOWN = {
    "load_kw": "load {:.0f} kW",
    "outdoor_wetbulb_c": "wetbulb {:.1f} °C",
    "cooling_kw": "cooling {:.0f} kW",
}


class Precedent(NamedTuple):
    """In words, and the start of the hour (UTC); None where there is none."""

    words: str
    at: datetime | None = None


NONE = Precedent("no precedent on record")


def precedent(site: Site, decision: Decision, hourly: pd.DataFrame, present_share: float) -> Precedent:
    """The hour of the record at comparable load and weather most similar to the goal; or that there is none.

    hourly: hourly means of the plant table. present_share: cooling power over load now, both in kW; an hour that did
    not need less, or ran more as the plant does now than as it would at the goal, is no precedent. Likeness:
    differences in standard deviations of the record, summed in squares.
    """
    conditions = decision.expected.conditions if decision.expected else {}
    wanted = {name: conditions[name] for name in LIKENESS if name in conditions} | decision.goal
    wanted = {name: value for name, value in wanted.items() if name in hourly and hourly[name].notna().any()}
    complete = hourly[list(wanted)].dropna()
    if complete.empty or not wanted or not {"cooling_kw", "load_kw"} <= set(hourly):
        return NONE
    scale = complete.std().replace(0.0, 1.0).fillna(1.0)
    comparable = complete[_comparable(complete, conditions) & _nearer_the_goal(site, decision, complete)]
    if comparable.empty:
        return NONE
    away = (((comparable - pd.Series(wanted)) / scale) ** 2).sum(axis=1).to_numpy()
    nearest = pd.DatetimeIndex(comparable.index)[int(np.argmin(away))]
    row = hourly.loc[nearest]
    if not row["cooling_kw"] < present_share * row["load_kw"]:  # not known is no precedent either
        return NONE
    words = _told(site, decision, hourly, nearest, set(wanted))
    return Precedent(words, nearest.to_pydatetime())


def near(setpoint: Setpoint, hourly: pd.DataFrame, name: str, decision: Decision) -> np.ndarray:
    """Hours (n,) that ran with this setpoint as the goal has it; all where the record does not have the setpoint."""
    if name not in hourly or not hourly[name].notna().any():
        return np.ones(len(hourly), dtype=bool)
    away = (hourly[name] - decision.goal[name]).abs().to_numpy()
    return away <= ALIKE * (setpoint.max - setpoint.min)


def present_share(record: pd.DataFrame, decision: Decision) -> float:
    """Cooling power over load in the record's last hour; as the model expects it where that is not known.

    record: plant table (UTC index).
    """
    if len(record) and {"cooling_kw", "load_kw"} <= set(record):
        last = record.loc[record.index > record.index[-1] - pd.Timedelta(hours=1), ["cooling_kw", "load_kw"]]
        cooling_kw, load_kw = last.dropna().mean()
        if load_kw > 0.0:
            return float(cooling_kw / load_kw)
    expected = decision.expected
    load_kw = expected.conditions.get("load_kw", 0.0) if expected else 0.0
    return expected.present.cooling_kw / load_kw if expected and load_kw > 0.0 else float("nan")


def _comparable(hours: pd.DataFrame, conditions: dict[str, float]) -> np.ndarray:
    """Hours (n,) at much the same load and weather: the wetbulb where it is known, else the drybulb."""
    alike = np.ones(len(hours), dtype=bool)
    if "load_kw" in hours and "load_kw" in conditions:
        load_kw = conditions["load_kw"]
        alike &= ((hours["load_kw"] - load_kw).abs() <= LOAD_SHARE * load_kw).to_numpy()
    for name in LIKENESS[1:]:
        if name in hours and name in conditions:
            return alike & ((hours[name] - conditions[name]).abs() <= WEATHER_K).to_numpy()
    return alike


def _nearer_the_goal(site: Site, decision: Decision, hours: pd.DataFrame) -> np.ndarray:
    """Hours (n,) whose setpoints lie no further from the goal than from the present ones, in shares of their ranges."""
    away = np.zeros((2, len(hours)))
    for setpoint in site.setpoints:
        name, span = site.setpoint_name(setpoint), setpoint.max - setpoint.min
        if name in hours and span > 0.0:
            ends = np.array([[decision.goal[name]], [decision.present[name]]], float)
            away += ((hours[name].to_numpy() - ends) / span) ** 2
    return away[0] <= away[1]


def _told(site: Site, decision: Decision, hourly: pd.DataFrame, at: pd.Timestamp, wanted: set[str]) -> str:
    row = hourly.loc[at]
    shown = [form.format(row[name]) for name, form in SHOWN.items() if np.isfinite(row.get(name, np.nan))]
    setpoints = [
        f"{setpoint.tag} {row[name]:.1f}"
        for setpoint in site.setpoints
        if (name := site.setpoint_name(setpoint)) in wanted
    ]
    alike = all(
        near(setpoint, hourly.loc[[at]], site.setpoint_name(setpoint), decision)[0]
        for setpoint in site.setpoints
    )
    lead_in = "" if alike else "no hour of the record ran at such setpoints; the nearest is "
    return f"{lead_in}{at:%Y-%m-%d %H:%M} UTC: {', '.join(shown + setpoints)}"
