"""`coldaisle faults`: default control against coldaisle under each fault, on the simulated plant."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from models.cascade.cascade import Cascade
from pipelines.control.decision import Decision
from pipelines.evaluation.closed_loop import Disturbance, Row, Run, drive
from pipelines.evaluation.faults.catalogue import Fault, Window, catalogue
from pipelines.evaluation.faults.controller import FaultyController
from pipelines.evaluation.outcomes import outcome
from pipelines.evaluation.plants import Simulated
from pipelines.evaluation.references import Defaults
from pipelines.simulation.plant import SimulatedPlant
from pipelines.site.file import Site

HEALTHY = Fault("nothing")
LONGEST = timedelta(hours=6)
AT_MODEL = ("model", "hold")


@dataclass(frozen=True)
class FaultRun:
    """A fault under default control and under coldaisle.

    decisions: (plant's time, decision) of coldaisle.
    """

    fault: Fault
    window: Window
    default: Run
    coldaisle: Run
    decisions: list[tuple[pd.Timestamp, Decision]]


def fault_runs(
    site: Site,
    cascade: Cascade,
    plant: SimulatedPlant,
    *,
    hours: float,
    faults: list[Fault] | None = None,
    say: Callable[[str], None] = lambda _line: None,
) -> list[FaultRun]:
    """The healthy run, then one per fault, from half of `hours` on, for a quarter of them, at most 6 h."""
    runs: list[FaultRun] = []
    for fault in [HEALTHY, *(catalogue(site) if faults is None else faults)]:
        say(fault.name)
        window = _window(plant, fault, hours)
        started = fault.before(plant, window)
        default = (
            drive(Simulated(started), site, Defaults(site), hours=hours, disturbance=fault.between(window))
            if fault.default_too or not runs
            else runs[0].default
        )
        control = FaultyController(site, cascade, fault.control, window)
        times: list[pd.Timestamp] = []
        disturbance = _noting(fault.between(window), times)
        coldaisle = drive(Simulated(started), site, control, hours=hours, disturbance=disturbance)
        decisions = list(zip(times, control.decisions, strict=True))
        runs.append(FaultRun(fault, window, default, coldaisle, decisions))
    return runs


def fault_row(site: Site, run: FaultRun, healthy: FaultRun) -> dict[str, Any]:
    """One line of the table: outcome under either control, minutes until coldaisle noticed and recovered."""
    default, ours = outcome(site, run.default), outcome(site, run.coldaisle)
    noticed, reason = _noticed(run, healthy)
    return {
        "fault": run.fault.name,
        "default_violation_min": default["violation_minutes"],
        "violation_min": ours["violation_minutes"],
        "default_jump_min": default["jump_minutes"],
        "jump_min": ours["jump_minutes"],
        "default_inlet_max_c": default["rack_inlet_max_c"],
        "inlet_max_c": ours["rack_inlet_max_c"],
        "default_facility_kwh": default["facility_kwh"],
        "facility_kwh": ours["facility_kwh"],
        "errors": ours["errors"],
        "clamped": ours["clamped"],
        "noticed_min": _minutes(noticed, run.window.start),
        "recovered_min": _minutes(_recovered(run, healthy), run.window.end),
        "reason": reason,
    }


def _window(plant: SimulatedPlant, fault: Fault, hours: float) -> Window:
    start = plant.now + pd.Timedelta(hours=hours / 2.0)
    lasts = min(timedelta(hours=hours / 4.0), LONGEST, fault.longest)
    return Window(start, start + lasts)


def _noting(disturbance: Disturbance, times: list[pd.Timestamp]) -> Disturbance:
    def row(shown: Row, at: pd.Timestamp) -> Row | None:
        given = disturbance.row(shown, at)
        if given is not None:
            times.append(at)
        return given

    return replace(disturbance, row=row)


def _noticed(run: FaultRun, healthy: FaultRun) -> tuple[pd.Timestamp | None, str]:
    """Time of the controller's first notice that a healthy plant does not cause, and the notice."""
    usual = {_about(notice) for _, decision in healthy.decisions for notice in decision.notices}
    for at, decision in run.decisions:
        if at < run.window.start:
            continue
        new = [notice for notice in decision.notices if _about(notice) not in usual]
        if new:
            return at, new[0]
        if decision.source not in AT_MODEL:
            return at, decision.reason
        ordered = [clip for clip in decision.clips if clip.rule == "limits"]
        if ordered:
            return at, str(ordered[0])
    return None, ""


def _recovered(run: FaultRun, healthy: FaultRun) -> pd.Timestamp | None:
    """Time after the fault from which the model decides to the end, without unusual notices."""
    usual = {_about(notice) for _, decision in healthy.decisions for notice in decision.notices}
    after = [(at, decision) for at, decision in run.decisions if at >= run.window.end]
    well = np.array(
        [
            decision.source == "model" and not {_about(each) for each in decision.notices} - usual
            for _, decision in after
        ],
        bool,
    )
    if not well.any() or not well[-1]:
        return None
    ill = np.flatnonzero(~well)
    return after[ill[-1] + 1 if len(ill) else 0][0]


def _about(notice: str) -> str:
    return " ".join(notice.split()[:2])


def _minutes(at: pd.Timestamp | None, since: pd.Timestamp) -> float:
    return np.nan if at is None else (at - since) / pd.Timedelta(minutes=1)
