"""Fits a plant to its telemetry: several starts by Adam, then Gauss-Newton with scales from residuals."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import optax

from models.errors import DivergedError
from models.twin.objective import Objective
from models.twin.parameters import Space
from models.twin.record import Record, Windows, cut_windows, spread_out, steps_of

Say = Callable[[str], None]

FIRST_SCALE = 0.05  # of a meter's typical reading, before the model's own error is known
FIRST_SCALE_K = 0.5
METER_SHARE = 0.4  # of those: meters' own error (2 %, 0.2 K); a channel fitted better is not trusted more
LEAST_GAIN = 3e-4  # of the loss, by one step; the descent ends below it
FIRST_CORRELATION = 24.0  # rows that count as one, before the residuals' autocorrelation is known
LEAST_SHARE_OF_BEST = 1.05  # starts within this factor of the best loss count as having found it


@dataclass(frozen=True)
class TwinConfig:
    """Settings of a twin's fit.

    candidates: random departures from the nameplate, the first being the nameplate itself, of which the `starts` with
    the least loss go on. adam_steps: of each start, on `first_windows` windows; then Gauss-Newton on `thinned` windows
    spread over the record, at most `newton_steps`. The best start goes on with all windows, at most `most_windows`,
    `final_steps`. folds: of time, left out in turn to judge the fit. seconds: from which on no further step is taken;
    None: no limit, and the same result on every machine.
    """

    candidates: int = 24
    starts: int = 2
    adam_steps: int = 4
    learning_rate: float = 0.3
    newton_steps: int = 8
    first_windows: int = 8
    thinned: int = 24
    most_windows: int = 64
    final_steps: int = 3
    window_hours: float = 24.0
    settle_hours: float = 3.0
    folds: int = 4
    seconds: float | None = None


class Budget:
    """Time left to a fit."""

    def __init__(self, seconds: float | None) -> None:
        self._begun, self._seconds = time.monotonic(), seconds

    def is_spent(self, share: float = 1.0) -> bool:
        """Whether a share of the time is over."""
        return self._seconds is not None and time.monotonic() - self._begun > share * self._seconds


@dataclass(frozen=True)
class Descent:
    """The end of a fit: `z` (p,), the objective there, curvature (p, p), ends of the good starts (k, p).

    first_rows: the record's row at which each window begins to be scored, after `settle_steps`. budget: what is left
    of it.
    """

    z: np.ndarray
    objective: Objective
    matrix: np.ndarray
    starts: np.ndarray
    first_rows: np.ndarray
    settle_steps: int
    budget: Budget


def descend(
    space: Space, record: Record, channels: tuple[str, ...], config: TwinConfig, *, seed: int, say: Say
) -> Descent:
    """The plant that is most probable given telemetry and prior.

    Raises:
        TooFewRowsError: no window has enough readings.
        DivergedError: no start gives a finite loss.
    """
    budget = Budget(config.seconds)
    windows, first_rows = cut_windows(
        record, channels, hours=config.window_hours, settle_hours=config.settle_hours
    )
    few = spread_out(len(first_rows), config.most_windows)
    windows, first_rows = windows.take(few), first_rows[few]
    noise = first_scales(channels, windows) * np.sqrt(FIRST_CORRELATION)
    objective = Objective(space, channels, record.dt_s, windows, noise)
    say(f"{len(windows.weight)} windows of {config.window_hours:g} h, {len(space.parameters)} parameters")
    first = objective.thinned(config.first_windows)
    ends: list[tuple[np.ndarray, float]] = []
    for number, start in enumerate(_starts(first, config, seed)):
        if ends and budget.is_spent(0.4):
            say(f"no time for start {number + 1} of {config.starts}")
            break
        z = adam(first, start, config)
        ends.append(newton(objective.thinned(config.thinned), z, config.newton_steps, budget, 0.5))
        say(f"start {number + 1} of {config.starts} ends at loss {ends[-1][1]:.0f}")
    ends = sorted((end for end in ends if np.isfinite(end[1])), key=lambda end: end[1])
    if not ends:
        raise DivergedError("no start of the twin has a finite loss; check the units of its meters", None)
    z = ends[0][0]
    for _ in range(2):  # residuals' spread and autocorrelation are known only near the fit
        objective = objective.rescaled(scales(objective, z, held=True))
        z, _ = newton(objective.thinned(config.thinned), z, config.newton_steps, budget, 0.65)
    z, loss = newton(objective, z, config.final_steps, budget, 0.75)
    say(f"loss {loss:.0f} on all windows")
    good = np.stack([end for end, value in ends if value <= LEAST_SHARE_OF_BEST * ends[0][1]])
    settle_steps = steps_of(config.settle_hours, record.dt_s)
    honest = objective.rescaled(scales(objective, z, held=False))
    return Descent(z, objective, honest.curvature(z).matrix, good, first_rows, settle_steps, budget)


def _starts(objective: Objective, config: TwinConfig, seed: int) -> np.ndarray:
    """The candidates (starts, p) with the least loss."""
    size = max(config.candidates, config.starts), len(objective.space.parameters)
    z = 0.7 * np.random.default_rng(seed).normal(size=size)
    z[0] = 0.0
    loss = objective.losses(z[: size[1] + 1])
    return z[np.argsort(np.where(np.isfinite(loss), loss, np.inf), kind="stable")[: config.starts]]


def adam(objective: Objective, z: np.ndarray, config: TwinConfig) -> np.ndarray:
    """A few steps of Adam from `z` (p,), out of the region where the loss is far from quadratic."""
    schedule = optax.cosine_decay_schedule(config.learning_rate, max(config.adam_steps, 1), alpha=0.1)
    tx = optax.chain(optax.zero_nans(), optax.adam(schedule))
    parameters = jnp.asarray(z, dtype=jnp.float32)
    state = tx.init(parameters)
    for _ in range(config.adam_steps):
        gradient = jnp.asarray(objective.curvature(np.asarray(parameters)).gradient, dtype=jnp.float32)
        changes, state = tx.update(gradient, state)
        parameters = optax.apply_updates(parameters, changes)
    return np.asarray(parameters, dtype=float)


def newton(
    objective: Objective, z: np.ndarray, steps: int, budget: Budget, share: float
) -> tuple[np.ndarray, float]:
    """Levenberg-Marquardt descent from `z` (p,): end and loss. Marquardt 1963, J. SIAM 11(2).

    share: of the budget, after which no further step is taken.
    """
    if budget.is_spent(share):
        return z, objective.loss(z)
    damping, at = 1e-2, objective.curvature(z)
    for _ in range(steps):
        if budget.is_spent(share):
            break
        for _ in range(6):
            step = np.linalg.solve(at.matrix + damping * np.diag(np.diag(at.matrix)), at.gradient)
            step *= min(1.0, 2.0 / max(np.abs(step).max(), 1e-9))  # a trust region of two prior spreads
            there = objective.curvature(z - step)
            if np.isfinite(there.loss) and there.loss < at.loss:
                break
            damping *= 6.0
            if budget.is_spent(share):
                return z, at.loss
        else:
            return z, at.loss
        gain, z, at, damping = at.loss - there.loss, z - step, there, max(damping / 5.0, 1e-6)
        if gain < LEAST_GAIN * max(at.loss, 1.0):
            break
    return z, at.loss


def first_scales(channels: tuple[str, ...], windows: Windows) -> np.ndarray:
    """Residuals that a good textbook model would have by channel, (channels,), in the channel's unit."""
    scored = np.where(windows.weight > 0, windows.measured, np.nan)
    typical = np.nanmean(np.abs(scored), axis=(0, 1))
    temperature = np.array([name.endswith("_c") for name in channels])
    return np.where(temperature, FIRST_SCALE_K, FIRST_SCALE * np.maximum(typical, 1e-6))


def scales(objective: Objective, z: np.ndarray, *, held: bool) -> np.ndarray:
    """Residual spread by channel, (channels,), widened for autocorrelation: rows count by information.

    held: no channel is down-weighted for being fitted badly so far, as a descent needs; a posterior needs the
    true spread. Effective number of rows of a first-order process: n (1 - rho) / (1 + rho), e.g. ASHRAE
    Guideline 14-2014, annex B.
    """
    residual = residuals(objective, z)
    spread = np.sqrt(
        np.nanmean(
            np.clip(residual**2, None, 9 * np.nanmedian(residual**2, axis=(0, 1)) + 1e-12), axis=(0, 1)
        )
    )
    before, after = residual[:, :-1], residual[:, 1:]
    rho = np.nanmean(before * after, axis=(0, 1)) / np.maximum(np.nanmean(residual**2, axis=(0, 1)), 1e-12)
    rho = np.clip(rho, 0.0, 0.98)
    usual = first_scales(objective.channels, objective.windows)
    most = usual if held else np.inf
    return np.clip(spread, METER_SHARE * usual, most) * np.sqrt((1 + rho) / (1 - rho))


def residuals(objective: Objective, z: np.ndarray) -> np.ndarray:
    """Measured less predicted, (windows, steps, channels); NaN where not scored."""
    predicted = objective.predictions(z)
    return np.where(objective.windows.weight > 0, objective.windows.measured - predicted, np.nan)
