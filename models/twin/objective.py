"""Distance of a plant from its telemetry, with gradient and curvature; compiled in chunks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from models.twin.parameters import Space
from models.twin.record import Inputs, Windows, spread_out
from models.twin.run import readings, run

STEP = (
    0.03  # of a parameter, in prior standard deviations: far above rounding, far below the loss's curvature
)
CHUNK = 8  # windows in one compiled call
OUTLIER = 3.0  # scales beyond which a residual counts linearly, not squared (Charbonnier's form of Huber's)


class Curvature(NamedTuple):
    """Loss, gradient (p,) and Gauss-Newton curvature (p, p) at a point, float64."""

    loss: float
    gradient: np.ndarray
    matrix: np.ndarray


@dataclass(frozen=True)
class Objective:
    """Robust sum of squared residuals over scale, plus the prior: minus the log posterior, up to a constant.

    scale: (channels,) divisor of a residual: meters' noise, the model's own error and their autocorrelation.
    """

    space: Space
    channels: tuple[str, ...]
    dt_s: float
    windows: Windows
    scale: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "_compiled", _compiled(self.space, self.channels, self.dt_s))

    def rescaled(self, scale: np.ndarray) -> "Objective":
        """The same with another scale (channels,), without compiling again."""
        return self._with(self.windows, scale)

    def over(self, windows: Windows) -> "Objective":
        """The same over other windows of the same length, without compiling again."""
        return self._with(windows, self.scale)

    def _with(self, windows: Windows, scale: np.ndarray) -> "Objective":
        other = object.__new__(Objective)
        values = {"space": self.space, "channels": self.channels, "dt_s": self.dt_s}
        values |= {"windows": windows, "scale": scale, "_compiled": self._compiled}  # type: ignore[attr-defined]
        for name, value in values.items():
            object.__setattr__(other, name, value)
        return other

    def losses(self, z: np.ndarray) -> np.ndarray:
        """Losses at several points (k, p), at most p + 1: (k,)."""
        r = (self._readings(z) - self.windows.measured) / self.scale
        misfit = self.windows.weight * OUTLIER**2 * (np.sqrt(1 + (r / OUTLIER) ** 2) - 1)
        return misfit.sum(axis=(1, 2, 3), dtype=float) + 0.5 * np.sum(np.asarray(z) ** 2, axis=1)

    def loss(self, z: np.ndarray) -> float:
        """Loss at `z` (p,)."""
        return float(self.losses(np.asarray(z)[None])[0])

    def curvature(self, z: np.ndarray) -> Curvature:
        """Loss, gradient (p,) and `J' W J + I` (p, p) at `z` (p,)."""
        loss, gradient, matrix = 0.5 * float(np.sum(z**2)), np.array(z, dtype=float), np.eye(len(z))
        plants = np.concatenate([z[None], z + STEP * np.eye(len(z))])
        for chunk in self._chunks():
            predicted = self._compiled.readings(plants, chunk.inputs)  # type: ignore[attr-defined]
            part = self._compiled.normal(predicted, chunk, self._scale)  # type: ignore[attr-defined]
            loss, gradient, matrix = (
                total + np.asarray(term, dtype=float)
                for total, term in zip((loss, gradient, matrix), part, strict=True)
            )
        return Curvature(float(loss), gradient, matrix)

    def predictions(self, z: np.ndarray) -> np.ndarray:
        """Readings of perfect meters, (windows, steps, channels)."""
        return self._readings(np.asarray(z)[None])[0]

    def _readings(self, z: np.ndarray) -> np.ndarray:
        """Readings at k points (k, p): (k, windows, steps, channels). One program is compiled, for p + 1 plants."""
        size = len(self.space.parameters) + 1
        if len(z) > size:
            raise ValueError(f"{len(z)} points at once, at most {size}")
        plants = np.concatenate([z, np.repeat(z[-1:], size - len(z), axis=0)])
        parts = [self._compiled.readings(plants, chunk.inputs) for chunk in self._chunks()]  # type: ignore[attr-defined]
        return np.concatenate([np.asarray(part)[: len(z)] for part in parts], axis=1)[
            :, : len(self.windows.weight)
        ]

    def thinned(self, most: int) -> "Objective":
        """At most `most` windows, spread evenly over the record and weighted for those left out."""
        number = len(self.windows.weight)
        few = self.windows.take(spread_out(number, most))
        return self._with(few, self.scale * np.sqrt(len(few.weight) / number))

    @property
    def _scale(self) -> Array:
        return jnp.asarray(self.scale, dtype=jnp.float32)

    def _chunks(self) -> Iterator[Windows]:
        """All windows in chunks of one shape; the last is filled up with copies of no weight."""
        windows = len(self.windows.weight)
        for first in range(0, windows, CHUNK):
            chosen = np.minimum(np.arange(first, first + CHUNK), windows - 1)
            chunk = self.windows.take(chosen)
            fresh = (np.arange(first, first + CHUNK) < windows)[:, None, None]
            yield chunk._replace(weight=chunk.weight * fresh)


class _Compiled(NamedTuple):
    readings: Callable[[np.ndarray, Inputs], Array]
    normal: Callable[[Array, Windows, Array], tuple[Array, Array, Array]]


def _compiled(space: Space, channels: tuple[str, ...], dt_s: float) -> _Compiled:
    """Readings of several plants (k, p) in a chunk of windows, and from them its loss, gradient and curvature.

    The Jacobian is by differences between plants side by side rather than by `jax.jacfwd`: as fast to run, a
    sixth of the time to compile, and a step of `STEP` averages over the edges that staging and lock-outs make in
    the loss. Its error multiplies the residuals' noise only, so it does not move the optimum.
    """

    def predict(z: Array, inputs: Inputs) -> Array:
        _, sensors = run(space.at(z), inputs, dt_s=dt_s)
        return readings(sensors, channels)

    over_windows = jax.vmap(predict, in_axes=(None, 0))

    def normal(predicted: Array, chunk: Windows, scale: Array) -> tuple[Array, Array, Array]:
        predicted = predicted / scale
        J = (predicted[1:] - predicted[0]) / STEP
        r = predicted[0] - chunk.measured / scale
        root = jnp.sqrt(1 + (r / OUTLIER) ** 2)
        W = chunk.weight / root
        gradient = jnp.einsum("wtc,pwtc->p", W * r, J)
        matrix = jnp.einsum("wtc,pwtc,qwtc->pq", W, J, J)
        return (chunk.weight * OUTLIER**2 * (root - 1)).sum(), gradient, matrix

    return _Compiled(jax.jit(jax.vmap(over_windows, in_axes=(0, None))), jax.jit(normal))
