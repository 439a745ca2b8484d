"""Distance of a plant from its telemetry, with gradient and curvature; compiled in chunks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from models.twin.parameters import Space
from models.twin.record import Inputs, Windows
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

    def loss(self, z: np.ndarray) -> float:
        """Loss at `z` (p,)."""
        r = (self.predictions(z) - self.windows.measured) / self.scale
        misfit = self.windows.weight * OUTLIER**2 * (np.sqrt(1 + (r / OUTLIER) ** 2) - 1)
        return float(misfit.sum(dtype=float) + 0.5 * np.sum(np.asarray(z) ** 2))

    def curvature(self, z: np.ndarray) -> Curvature:
        """Loss, gradient (p,) and `J' W J + I` (p, p) at `z` (p,)."""
        loss, gradient, matrix = 0.5 * float(np.sum(z**2)), np.array(z, dtype=float), np.eye(len(z))
        for chunk in self._chunks():
            part = self._compiled.curvature(z, chunk, self._scale)  # type: ignore[attr-defined]
            loss, gradient, matrix = (
                total + np.asarray(term, dtype=float)
                for total, term in zip((loss, gradient, matrix), part, strict=True)
            )
        return Curvature(float(loss), gradient, matrix)

    def predictions(self, z: np.ndarray) -> np.ndarray:
        """Readings of perfect meters, (windows, steps, channels)."""
        parts = [self._compiled.predict(z, chunk.inputs) for chunk in self._chunks()]  # type: ignore[attr-defined]
        return np.concatenate([np.asarray(part) for part in parts])[: len(self.windows.weight)]

    def thinned(self, most: int) -> "Objective":
        """At most `most` windows, spread evenly over the record and weighted for those left out."""
        number = len(self.windows.weight)
        few = self.windows.take(np.unique(np.linspace(0, number - 1, min(most, number)).round().astype(int)))
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
    predict: Callable[[np.ndarray, Inputs], Array]
    curvature: Callable[[np.ndarray, Windows, Array], tuple[Array, Array, Array]]


def _compiled(space: Space, channels: tuple[str, ...], dt_s: float) -> _Compiled:
    """Predictions of a chunk of windows, and its loss, gradient and curvature.

    The Jacobian is by differences between plants side by side rather than by `jax.jacfwd`: as fast to run, a
    sixth of the time to compile, and a step of `STEP` averages over the edges that staging and lock-outs make in
    the loss. Its error multiplies the residuals' noise only, so it does not move the optimum.
    """

    def predict(z: Array, inputs: Inputs) -> Array:
        _, sensors = run(space.at(z), inputs, dt_s=dt_s)
        return readings(sensors, channels)

    over_windows = jax.vmap(predict, in_axes=(None, 0))

    def curvature(z: Array, chunk: Windows, scale: Array) -> tuple[Array, Array, Array]:
        plants = jnp.concatenate([z[None], z + STEP * jnp.eye(len(z))])
        predicted = jax.vmap(over_windows, in_axes=(0, None))(plants, chunk.inputs) / scale
        J = (predicted[1:] - predicted[0]) / STEP
        r = predicted[0] - chunk.measured / scale
        root = jnp.sqrt(1 + (r / OUTLIER) ** 2)
        W = chunk.weight / root
        gradient = jnp.einsum("wtc,pwtc->p", W * r, J)
        matrix = jnp.einsum("wtc,pwtc,qwtc->pq", W, J, J)
        return (chunk.weight * OUTLIER**2 * (root - 1)).sum(), gradient, matrix

    return _Compiled(jax.jit(over_windows), jax.jit(curvature))
