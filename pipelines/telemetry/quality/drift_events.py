"""Alarms that belong together as one event, named by the reading that explains it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from models.drift import REFERENCE_DAYS
from pipelines.telemetry.quality.drift_causes import CAUSES

# Alarms that are found within this are one event, named by the clearest of them.
ONE_EVENT = pd.Timedelta(days=10)
# So long relations of other equipment rest on the plant as it was before an event, which may have changed its course.
SETTLING = pd.Timedelta(days=REFERENCE_DAYS)


def events(found: pd.DataFrame) -> pd.DataFrame:
    """One row per event: the reading that explains it, the others named beside it."""
    found = found.sort_values("found").reset_index(drop=True)
    if found.empty:
        return found
    number = (found["found"].diff() > ONE_EVENT).cumsum()
    named = []
    for _, group in found.groupby(number):
        clearest = _clearest(group)
        others = [name for name in dict.fromkeys(group["reading"]) if name != clearest["reading"]]
        named.append(clearest | {"also": ", ".join(others)})
    return pd.DataFrame(_without_consequences(named), columns=list(found.columns))


def _without_consequences(found: list[dict]) -> list[dict]:
    """Events in time order, without equipment whose relation an earlier event has upset; that event names it beside.

    Until a sensor that the relation rests on is mended, it says nothing about the equipment. Nor does it while it still
    compares with the plant before other equipment changed: fouled coils send the chillers other water.
    """
    kept: list[dict] = []
    for event in found:
        cause = next((earlier for earlier in kept if _upsets(earlier, event)), None)
        if cause is None or event["kind"] != "equipment":
            kept.append(event)
        elif event["reading"] not in cause["also"].split(", "):
            cause["also"] = ", ".join(filter(None, (cause["also"], event["reading"])))
    return kept


def _upsets(earlier: dict, event: dict) -> bool:
    recent = event["found"] - earlier["found"] <= SETTLING
    return _is_cause(earlier) if earlier["kind"] == "sensor" else earlier["kind"] == "equipment" and recent


def _is_cause(event: Mapping[str, Any]) -> bool:
    return event["reading"].split(":", 1)[0] in CAUSES


def _clearest(group: pd.DataFrame) -> dict:
    """The alarm that explains the others: mostly the one that moved farthest.

    Equipment is judged by readings that no return temperature enters: where both moved, the thermometer only shows
    what the equipment does. A supply temperature that reads wrong, though, makes the equipment look wrong.
    """
    meters = group[group["kind"] == "meter"]
    if len(meters):  # whatever the plant does, its parts add up: then nothing else is known to have changed
        return meters.iloc[0].to_dict()
    farthest: dict = group.iloc[int(group["deviations"].abs().argmax())].to_dict()
    equipment = group[group["kind"] == "equipment"]
    if farthest["kind"] == "sensor" and not _is_cause(farthest) and len(equipment):
        farthest = equipment.iloc[int(equipment["deviations"].abs().argmax())].to_dict()
    return farthest
