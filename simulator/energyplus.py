"""Any EnergyPlus data-center model as a plant: setpoints in, time-weighted readings out, step by step.

Needs the optional extra `energyplus`. Three properties of EnergyPlus shape this file:

- It calls back rather than being called, and a process that runs it many times keeps growing. So every run
  has a process of its own, and a pipe turns its callbacks into `step`.
- HVAC substeps have varying length; a value read at the end of a step belongs to the last substep. So readings
  are means weighted by substep length.
- Actuation can fail silently: a setpoint manager overwrites a node's setpoint after the step begins.
  So node setpoints are written after the managers, schedules before the step's weather
  is set (any later and they act a step late), and `check_actuators` proves that each one moves its node.
"""

import json
import multiprocessing
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

Readings = dict[str, float]
Policy = Callable[[Readings | None], Mapping[str, float]]

WEATHER_RUN = 3  # EnergyPlus Data Transfer API, kind_of_sim: run period with weather file
CLOSURE_LIMIT = 0.03  # relative difference of heat given and removed above which a step has not converged
UNCONVERGED_SHARE_LIMIT = 0.1  # of steps, beyond which the whole run is not evidence
PROBE_TOGGLES = 6
_CANNOT_LOAD = "EnergyPlus plants need the engine, which is not installed; run: pip install '.[energyplus]'"


class EnergyPlusError(RuntimeError):
    """A model that does not run, a name that it lacks, or a setpoint without effect."""


class RunEnded(EnergyPlusError):  # noqa: N818  it ends a loop, as StopIteration does
    """The model's run period is over."""


@dataclass(frozen=True)
class Variable:
    """An output variable: EnergyPlus's name and key, as the .rdd file lists them. Units are EnergyPlus's."""

    name: str
    key: str


@dataclass(frozen=True)
class Actuator:
    """An actuator as the .edd file lists it, and how to prove that it works.

    While the check toggles it between `probe_low` and `probe_high`, the reading `moves` must follow by at least
    `least_move` (in that reading's unit).
    """

    component: str
    control: str
    key: str
    probe_low: float
    probe_high: float
    moves: str
    least_move: float


@dataclass(frozen=True)
class EnergyPlusModel:
    """Paths, names and period. `weather` is an EPW file, or the name of one in the engine's package.

    `heat_given` and `heat_removed` name readings in W (signs do not matter) whose sums an energy balance
    makes equal, e.g. coils against chillers and economizer. `begin` and `end` are (month, day), both
    included; without them, and for .idf files, the model's own period is run.
    """

    model: Path
    weather: Path | str
    variables: Mapping[str, Variable]
    actuators: Mapping[str, Actuator]
    heat_given: tuple[str, ...] = ()
    heat_removed: tuple[str, ...] = ()
    begin: tuple[int, int] | None = None
    end: tuple[int, int] | None = None


@dataclass(frozen=True)
class Closure:
    """Closure of the heat balance: removed over given, less one, in percent; share of steps beyond ±3 %."""

    percent: float
    share_of_steps_beyond: float

    @property
    def converged(self) -> bool:
        """Whether the run's balance is within `CLOSURE_LIMIT`, with few steps beyond it."""
        return (
            abs(self.percent) <= 100 * CLOSURE_LIMIT and self.share_of_steps_beyond <= UNCONVERGED_SHARE_LIMIT
        )


@dataclass(frozen=True)
class EnergyPlusRun:
    """Series by reading name, (steps,); `hours` is each step's length."""

    readings: Mapping[str, np.ndarray]
    hours: np.ndarray
    closure: Closure | None
    engine_version: str


class EnergyPlusPlant:
    """One run in progress, made by `energyplus_plant`; one thread only."""

    def __init__(self, pipe: Connection, config: EnergyPlusModel) -> None:
        self._pipe, self._config = pipe, config
        self.engine_version = ""

    def step(self, setpoints: Mapping[str, float]) -> Readings:
        """Holds setpoints for one zone time step; returns its time-weighted means and `hours`, its length.

        Raises `RunEnded` after the last step, `EnergyPlusError` where the engine refuses or a name is unknown.
        """
        unknown = sorted(set(setpoints) - set(self._config.actuators))
        if unknown:
            raise EnergyPlusError(
                f"setpoints must be configured actuators; {unknown} are not; "
                f"configured are {sorted(self._config.actuators)}"
            )
        bad = {name: value for name, value in setpoints.items() if not np.isfinite(value)}
        if bad:
            raise EnergyPlusError(
                f"setpoints must be finite numbers, got {bad}; leave one out to hold its last"
            )
        try:
            self._pipe.send({name: float(value) for name, value in setpoints.items()})
            kind, content = self._pipe.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError) as gone:
            raise EnergyPlusError("the EnergyPlus process has ended; start a new run") from gone
        if kind == "error":
            raise EnergyPlusError(content)
        if kind == "end":
            self.engine_version = content["engine_version"]
            raise RunEnded("the model's run period is over; start a new run or give a later `end`")
        return dict(content)


@contextmanager
def energyplus_plant(config: EnergyPlusModel) -> Iterator[EnergyPlusPlant]:
    """Starts EnergyPlus in a process of its own and stops it when the block ends, finished or not.

    Raises:
        EnergyPlusError: model or weather is not a file.
    """
    for path in (config.model, config.weather):
        if isinstance(path, Path) and not path.is_file():
            raise EnergyPlusError(f"model and weather must be files; {path} is not; correct the path")
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, config), daemon=True)
    process.start()
    theirs.close()
    try:
        yield EnergyPlusPlant(ours, config)
    finally:
        ours.close()
        process.join(timeout=0.5)
        if process.is_alive():
            process.terminate()
            process.join()


def run_energyplus(config: EnergyPlusModel, policy: Policy, *, check: bool = True) -> EnergyPlusRun:
    """Runs the whole period under a policy, which is given the last step's readings (None before the first).

    With `check`, a short probe run first proves that every actuator moves its node.

    Raises:
        EnergyPlusError: the engine refuses, an actuator has no effect, or the period has no step.
    """
    if check:
        check_actuators(config)
    rows: list[Readings] = []
    with energyplus_plant(config) as plant:
        try:
            while True:
                rows.append(plant.step(policy(rows[-1] if rows else None)))
        except RunEnded:
            version = plant.engine_version
    if not rows:
        raise EnergyPlusError(
            "the model ended without a step in its run period; check its RunPeriod and dates"
        )
    series = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    hours = series.pop("hours")
    return EnergyPlusRun(series, hours, energy_closure(config, series, hours), version)


def energy_closure(
    config: EnergyPlusModel, readings: Mapping[str, np.ndarray], hours: np.ndarray
) -> Closure | None:
    """Closure of the run's heat balance; None where the model names no balance or no heat was given.

    `readings`: series (steps,), W; `hours`: (steps,), the length of each step.
    """
    if not (config.heat_given and config.heat_removed):
        return None
    given, removed = (
        sum(np.abs(readings[name]) for name in names) for names in (config.heat_given, config.heat_removed)
    )
    total = float(np.sum(given * hours))
    if total <= 0:
        return None
    beyond = np.abs(removed - given) > CLOSURE_LIMIT * np.maximum(given, 0.01 * np.max(given))
    return Closure(100 * (float(np.sum(removed * hours)) / total - 1), float(np.mean(beyond)))


def check_actuators(config: EnergyPlusModel) -> dict[str, float]:
    """How far each actuator's node followed it, in the node's unit.

    A separate run toggles one actuator after the other between its probe values, the others at their low one.
    Every toggle must move the node the same way, which a trend in the weather cannot imitate.

    Raises:
        EnergyPlusError: an actuator moved its node by less than `least_move`.
    """
    moved = {}
    with energyplus_plant(config) as plant:
        rest = {name: actuator.probe_low for name, actuator in config.actuators.items()}
        for name, actuator in config.actuators.items():
            series = []
            for toggle in range(PROBE_TOGGLES + 1):
                value = actuator.probe_high if toggle % 2 else actuator.probe_low
                series.append(plant.step(rest | {name: value})[actuator.moves])
            steps = np.diff(series) * np.where(np.arange(PROBE_TOGGLES) % 2, -1, 1)
            least = np.min(np.abs(steps)) if np.all(steps > 0) or np.all(steps < 0) else 0.0
            moved[name] = float(least)
    without = {name: move for name, move in moved.items() if move < config.actuators[name].least_move}
    if without:
        wanted = {name: (config.actuators[name].moves, config.actuators[name].least_move) for name in without}
        raise EnergyPlusError(
            f"every setpoint must move its node; moved {without}, wanted at least {wanted}; "
            "actuate the schedule that the setpoint manager reads, or correct the actuator's key"
        )
    return moved


# What follows runs in the engine's process.


def _serve(pipe: Connection, config: EnergyPlusModel) -> None:
    """Runs the model to its end, or until the other end of the pipe is closed."""
    try:
        with tempfile.TemporaryDirectory(prefix="energyplus_") as folder:
            pipe.send(_Engine(pipe, config, Path(folder)).run())
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except Exception as failure:  # every failure must reach the other process, or it would wait for ever
        pipe.send(("error", f"EnergyPlus failed: {failure}"))


class _Engine:
    """EnergyPlus's callbacks and their shared state."""

    def __init__(self, pipe: Connection, config: EnergyPlusModel, folder: Path) -> None:
        try:
            from pyenergyplus.api import EnergyPlusAPI
        except ImportError as missing:
            raise EnergyPlusError(_CANNOT_LOAD) from missing
        self.api = EnergyPlusAPI()
        self.exchange = self.api.exchange
        self.pipe, self.config, self.folder = pipe, config, folder
        self.variables: dict[str, int] | None = None
        self.actuators: dict[str, int] = {}
        self.values: dict[str, float] = {}
        self.sums = np.zeros(len(config.variables))
        self.hours = 0.0
        self.stopped: str | None = None

    def run(self) -> tuple[str, Any]:
        state = self.api.state_manager.new_state()
        runtime = self.api.runtime
        runtime.set_console_output_status(state, False)
        for variable in self.config.variables.values():
            self.exchange.request_variable(state, variable.name, variable.key)
        guarded = self._guarded
        runtime.callback_begin_zone_timestep_before_set_current_weather(state, guarded(self._begin))
        runtime.callback_after_predictor_after_hvac_managers(state, guarded(self._after_managers))
        runtime.callback_end_system_timestep_after_hvac_reporting(state, guarded(self._accumulate))
        runtime.callback_end_zone_timestep_after_zone_reporting(state, guarded(self._report))
        code = runtime.run_energyplus(
            state, ["-w", self._weather(), "-d", str(self.folder), str(self._model())]
        )
        if self.stopped is not None:
            return "error", self.stopped
        if code != 0:
            return "error", f"EnergyPlus must end with code 0, got {code}; its errors: {self._complaints()}"
        return "end", {"engine_version": self._version()}

    def _guarded(self, callback: Callable[[Any], None]) -> Callable[[Any], None]:
        """The engine prints and ignores an exception inside a callback: keep it and stop the engine."""

        def called(state: Any) -> None:
            if self.stopped is not None:
                return
            try:
                callback(state)
            except Exception as failure:
                self.stopped = str(failure) or type(failure).__name__
                self.api.runtime.stop_simulation(state)

        return called

    def _in_run_period(self, state: Any) -> bool:
        return not self.exchange.warmup_flag(state) and self.exchange.kind_of_sim(state) == WEATHER_RUN

    def _begin(self, state: Any) -> None:
        if not self.exchange.api_data_fully_ready(state) or not self._in_run_period(state):
            return
        if self.variables is None:
            self._find_handles(state)
        self.values.update(self.pipe.recv())
        for name, value in self.values.items():
            self.exchange.set_actuator_value(state, self.actuators[name], value)

    def _find_handles(self, state: Any) -> None:
        variables = {
            n: self.exchange.get_variable_handle(state, v.name, v.key)
            for n, v in self.config.variables.items()
        }
        self.actuators = {
            n: self.exchange.get_actuator_handle(state, a.component, a.control, a.key)
            for n, a in self.config.actuators.items()
        }
        missing = [name for name, handle in (variables | self.actuators).items() if handle < 0]
        if missing:
            raise EnergyPlusError(
                f"the model must have every configured variable and actuator; it lacks {missing}; "
                "compare name and key with the model's .rdd and .edd files"
            )
        self.variables = variables

    def _after_managers(self, state: Any) -> None:
        if self.variables is None:
            return
        for name, value in self.values.items():
            if self.config.actuators[name].component == "System Node Setpoint":
                self.exchange.set_actuator_value(state, self.actuators[name], value)

    def _accumulate(self, state: Any) -> None:
        if self.variables is None or not self._in_run_period(state):
            return
        hours = self.exchange.system_time_step(state)
        values = [self.exchange.get_variable_value(state, handle) for handle in self.variables.values()]
        self.sums += hours * np.array(values)
        self.hours += hours

    def _report(self, state: Any) -> None:
        if self.hours <= 0 or not self._in_run_period(state):
            return
        means = (self.sums / self.hours).tolist()
        self.pipe.send(
            ("readings", dict(zip(self.config.variables, means, strict=True)) | {"hours": self.hours})
        )
        self.sums[:] = 0.0
        self.hours = 0.0

    def _weather(self) -> str:
        if isinstance(self.config.weather, Path):
            return str(self.config.weather)
        from pyenergyplus.dataset import weather_files

        if self.config.weather not in weather_files:
            raise EnergyPlusError(
                f"weather must be an EPW path or one of {sorted(weather_files)}, got {self.config.weather!r}"
            )
        return str(weather_files[self.config.weather])

    def _model(self) -> Path:
        """The model with the configured period; .idf text has no structure to edit and runs as it is."""
        config = self.config
        if config.begin is None or config.end is None or config.model.suffix.lower() != ".epjson":
            return config.model
        content = json.loads(config.model.read_text())
        for period in content.get("RunPeriod", {}).values():
            period.update(begin_month=config.begin[0], begin_day_of_month=config.begin[1])
            period.update(end_month=config.end[0], end_day_of_month=config.end[1])
        copy = self.folder / "model.epJSON"
        copy.write_text(json.dumps(content))
        return copy

    def _complaints(self) -> str:
        file = self.folder / "eplusout.err"
        text = file.read_text(errors="replace") if file.exists() else "nothing"
        return " | ".join(re.findall(r"\*\*\s+(?:Severe|Fatal)\s+\*\*\s*(.*)", text)[:6]) or text[-500:]

    def _version(self) -> str:
        text = (self.folder / "eplusout.err").read_text(errors="replace")
        version = re.search(r"Version\s+([\d.]+)", text)
        return version.group(1) if version else "unknown"
