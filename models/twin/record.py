"""A site's telemetry as arrays on one regular clock, and the windows of it that a fit runs in parallel."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np

from models.errors import TooFewRowsError

Series = Any  # an array of NumPy on the way in, of JAX on the way through
LEAST_SCORED = 0.25  # share of a window's readings below which it is not used


class Inputs(NamedTuple):
    """Inputs of a plant, leading with time (steps,): temperatures °C, pressure Pa.

    setpoints: by field of `simulator.Setpoints`, those that the site records. it_w: (steps, halls) IT power,
    or the thermal load where it stands for IT power.
    """

    setpoints: dict[str, Series]
    outdoor_drybulb_c: Series
    outdoor_wetbulb_c: Series
    pressure_pa: Series
    it_w: Series


@dataclass(frozen=True)
class Record:
    """Telemetry on a regular clock; NaN where nothing was read.

    inputs: leaves (n,) and (n, halls). measured: by sensor of `models.twin.run.CHANNELS`, (n,) in the
    simulator's units (W, °C, kg/s). running: by machine, "chillers" and "towers" as far as recorded: (n,) how
    many run. units: how many of each there are. metered_it: False where the plant's thermal load stands for
    IT power. assumed: what nothing is read of, in words.
    """

    dt_s: float
    inputs: Inputs
    measured: dict[str, np.ndarray]
    running: dict[str, np.ndarray]
    units: dict[str, int]
    metered_it: bool
    assumed: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.inputs.it_w)

    @property
    def halls(self) -> int:
        """Number of halls."""
        return self.inputs.it_w.shape[1]

    def part(self, rows: slice) -> "Record":
        """A stretch of the record."""
        return Record(
            dt_s=self.dt_s,
            inputs=jax.tree.map(lambda leaf: leaf[rows], self.inputs),
            measured={name: values[rows] for name, values in self.measured.items()},
            running={name: values[rows] for name, values in self.running.items()},
            units=self.units,
            metered_it=self.metered_it,
            assumed=self.assumed,
        )

    @property
    def known(self) -> np.ndarray:
        """Rows in which every input was read, (n,) bool."""
        leaves = [np.asarray(leaf).reshape(len(self), -1) for leaf in jax.tree.leaves(self.inputs)]
        return np.isfinite(np.concatenate(leaves, axis=1)).all(axis=1)

    def filled_inputs(self) -> Inputs:
        """Inputs with gaps filled by the reading before them, so that a rollout can pass."""
        return jax.tree.map(_filled, self.inputs)

    def settled(self, hours: float) -> np.ndarray:
        """Rows, (n,) bool, with no missing input in the `hours` before; not those at the record's start."""
        steps = steps_of(hours, self.dt_s)
        return _settled(self.known, steps) & (np.arange(len(self)) >= steps)


class Windows(NamedTuple):
    """Windows of one length: leaves of `inputs` (windows, steps, ...), the others (windows, steps, channels).

    weight: 1 where a reading is scored; 0 where it is missing, follows a gap, or the window still settles.
    """

    inputs: Inputs
    measured: jax.Array
    weight: jax.Array

    def take(self, chosen: np.ndarray) -> "Windows":
        """The chosen windows: positions (k,) -> leaves (k, ...)."""
        return jax.tree.map(lambda leaf: leaf[chosen], self)


def cut_windows(
    record: Record, channels: tuple[str, ...], *, hours: float = 48.0, settle_hours: float = 3.0
) -> tuple[Windows, np.ndarray]:
    """Consecutive windows with a spin-up that is not scored, and the first scored row of each, (windows,).

    Raises:
        TooFewRowsError: no window has a quarter of its readings.
    """
    settle, scored = steps_of(settle_hours, record.dt_s), steps_of(hours, record.dt_s)
    scored = min(scored, len(record) - settle)
    starts = np.arange(settle, len(record) - scored + 1, max(scored, 1)) if scored > 0 else np.array([], int)
    rows = starts[:, None] + np.arange(-settle, max(scored, 0))
    measured = np.stack([record.measured[name] for name in channels], axis=1)
    weight = (np.isfinite(measured) & _settled(record.known, settle)[:, None]).astype(np.float32)
    filled = record.filled_inputs()
    windows = Windows(
        inputs=jax.tree.map(lambda leaf: leaf[rows].astype(np.float32), filled),
        measured=np.nan_to_num(measured)[rows].astype(np.float32),
        weight=weight[rows] * (np.arange(rows.shape[1]) >= settle)[:, None],
    )
    good = windows.weight.sum((1, 2)) >= LEAST_SCORED * scored * len(channels) if len(starts) else starts
    if not np.any(good):
        raise TooFewRowsError(
            f"no stretch of {hours:g} h has enough readings of inputs and meters together "
            f"({record.known.sum()} of {len(record)} rows have every input); give a longer period"
        )
    return windows.take(np.flatnonzero(good)), starts[good]


def spread_out(number: int, most: int) -> np.ndarray:
    """At most so many of a number of positions, evenly spread."""
    return np.unique(np.linspace(0, number - 1, min(most, number)).round().astype(int))


def steps_of(hours: float, dt_s: float) -> int:
    """A span in steps, at least one."""
    return max(1, round(hours * 3600 / dt_s))


def _settled(known: np.ndarray, settle: int) -> np.ndarray:
    """Rows without a gap of the inputs in the `settle` rows before."""
    gaps = np.concatenate([np.zeros(settle), np.cumsum(~known)])
    return known & (np.cumsum(~known) == gaps[: len(known)])


def _filled(values: np.ndarray) -> np.ndarray:
    """Gaps take the reading before them, so that a rollout can pass; such rows are never scored."""
    table = np.asarray(values, dtype=float).reshape(len(values), -1)
    rows = np.where(np.isfinite(table), np.arange(len(table))[:, None], -1)
    last = np.maximum.accumulate(rows, axis=0)
    first_good = np.argmax(np.isfinite(table), axis=0)
    source = np.where(last < 0, first_good, last)
    return np.nan_to_num(np.take_along_axis(table, source, axis=0)).reshape(np.shape(values))
