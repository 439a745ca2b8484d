"""The closed loop: a plant's readings to a control, the control's setpoints to the plant, all recorded."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import pandas as pd

import simulator
from pipelines.evaluation.historian import Historian
from pipelines.evaluation.plants import DrivenPlant
from pipelines.site.file import Site
from pipelines.site.setpoints import Settable

log = logging.getLogger(__name__)

EVERY = pd.Timedelta(minutes=15)  # or the site's own interval, where that is longer
NOTICEABLE = 1e-6

Row = dict[str, Any]
Progress = Callable[[int, int], None]


class Control(Protocol):
    """Anything that decides: coldaisle's controller, a rule, an optimiser."""

    def decide(self, row: Mapping[str, Any], at: datetime) -> Mapping[str, float]:
        """Setpoints by tag, in the tags' own units, from the last interval's row of tags."""


def _same_row(row: Row, _at: pd.Timestamp) -> Row | None:
    return row


def _same_setpoints(setpoints: dict[str, float], _at: pd.Timestamp) -> dict[str, float]:
    return setpoints


def _healthy(_at: pd.Timestamp) -> simulator.Faults | None:
    return None


@dataclass(frozen=True)
class Disturbance:
    """Disturbances between a plant and its control; none by default.

    row: the row of tags as the control gets it; None: no row arrives, the control is not asked and setpoints
    stay. asked: setpoints (by name) as they reach the plant. faults: faults of the plant. clock: the time
    given to the control.
    """

    row: Callable[[Row, pd.Timestamp], Row | None] = _same_row
    asked: Callable[[dict[str, float], pd.Timestamp], dict[str, float]] = _same_setpoints
    faults: Callable[[pd.Timestamp], simulator.Faults | None] = _healthy
    clock: Callable[[pd.Timestamp], pd.Timestamp] = lambda at: at


@dataclass
class Run:
    """A run: true telemetry at the plant's own step, setpoints asked for, and counts of decisions.

    asked: setpoints by name at each decision. clamped: values beyond a limit or slew rate, held back as a
    plant's own interlocks would. errors: decisions that raised, after which setpoints stayed. seconds: time
    of each decision. reasons: (time, text), where the control gives them.
    """

    telemetry: pd.DataFrame
    asked: pd.DataFrame
    clamped: int = 0
    errors: int = 0
    seconds: list[float] = field(default_factory=list)
    reasons: list[tuple[pd.Timestamp, str]] = field(default_factory=list)


def drive(
    plant: DrivenPlant,
    site: Site,
    control: Control,
    *,
    hours: float,
    disturbance: Disturbance | None = None,
    progress: Progress | None = None,
) -> Run:
    """Drives a plant for `hours`, or to its end, from the default setpoints; one decision every `EVERY`.

    The control's first row is that of one interval under the defaults. Exceptions of the control are counted,
    not raised.
    """
    away = disturbance or Disturbance()
    settable, historian = Settable.of(site), Historian(site)
    every = max(EVERY, site.interval)
    step_hours = every / pd.Timedelta(hours=1)
    run, in_force = Run(pd.DataFrame(), pd.DataFrame()), settable.default.copy()
    seen, asked = [], {}
    decisions = round(hours / step_hours)
    passed = plant.advance(_named(settable, in_force), step_hours, None)
    for number in range(decisions):
        if passed is None:
            break
        at = plant.now
        row = away.row(historian.row(passed[1], step_hours, _by_tag(settable, in_force)), at)
        if row is not None:
            in_force = _decided(run, settable, control, row, away.clock(at), in_force, step_hours)
            reason = getattr(getattr(control, "last", None), "reason", "")
            if reason:
                run.reasons.append((at, reason))
        asked[at] = _named(settable, in_force)
        passed = plant.advance(away.asked(asked[at], at), step_hours, away.faults(at))
        if passed is not None:
            seen.append(passed[0])
        if progress:
            progress(number + 1, decisions)
    run.telemetry = pd.concat(seen)
    run.asked = pd.DataFrame.from_dict(asked, orient="index").rename_axis("time")
    return run


def _decided(
    run: Run,
    settable: Settable,
    control: Control,
    row: Row,
    at: pd.Timestamp,
    in_force: np.ndarray,
    step_hours: float,
) -> np.ndarray:
    began = time.perf_counter()
    try:
        wanted = dict(control.decide(row, at.to_pydatetime()))
        values = np.array(
            [
                tag.canonical(wanted[tag.tag]) if tag.tag in wanted else present
                for tag, present in zip(settable.tags, in_force, strict=True)
            ]
        )
        if not np.isfinite(values).all():
            raise ValueError(f"a setpoint is not finite or not within its tag's range: {wanted}")
    except Exception:
        log.exception("the decision at %s failed; setpoints stay", at)
        run.errors += 1
        values = in_force
    run.seconds.append(time.perf_counter() - began)
    most = np.where(settable.binary, 1.0, settable.slew_per_hour * step_hours)
    held = np.clip(values, settable.low, settable.high)
    held = np.clip(held, in_force - most, in_force + most)
    run.clamped += int((np.abs(held - values) > NOTICEABLE * np.maximum(1.0, np.abs(values))).sum())
    return held


def _named(settable: Settable, values: np.ndarray) -> dict[str, float]:
    return dict(zip(settable.names, values.tolist(), strict=True))


def _by_tag(settable: Settable, values: np.ndarray) -> dict[str, float]:
    return {tag.tag: tag.exported(value) for tag, value in zip(settable.tags, values.tolist(), strict=True)}
