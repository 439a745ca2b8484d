"""How far a plant is from its telemetry: compiled once, on chunks of windows, with gradient and curvature."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from models.twin.parameters import Space
from models.twin.record import Windows
from models.twin.run import readings, run

CHUNK = 8  # windows in one compiled call
OUTLIER = 3.0  # scales beyond which a residual counts linearly, not squared (Charbonnier's smooth form of Huber's)


class Curvature(NamedTuple):
    """Loss, gradient (p,) and Gauss-Newton curvature (p, p) at a point, float64."""

    loss: float
    gradient: np.ndarray
    matrix: np.ndarray


@dataclass(frozen=True)
class Objective:
    """Robust sum of squared residuals over scale, plus the prior: minus the log posterior but for a constant.

    scale: (channels,) what a residual is divided by: meters' noise, the model's own error and their
    correlation in time together.
    """

    space: Space
    channels: tuple[str, ...]
    dt_s: float
    windows: Windows
    scale: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "_compiled", _compiled(self.space, self.channels, self.dt_s))

    def rescaled(self, scale: np.ndarray) -> "Objective":
        """The same with another scale; nothing compiles again."""
        return self._with(self.windows, scale)

    def over(self, windows: Windows) -> "Objective":
        """The same over other windows of the same length; nothing compiles again."""
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
        parts = [self._compiled.loss(z, chunk, self._scale) for chunk in self._chunks()]  # type: ignore[attr-defined]
        return float(np.sum(np.asarray(parts, dtype=float)) + 0.5 * np.sum(np.asarray(z) ** 2))

    def curvature(self, z: np.ndarray) -> Curvature:
        """Loss, gradient and `J' W J + I` at `z`."""
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
        """At most that many windows, spread evenly over the record, each counting for those that it stands for."""
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
    loss: object
    curvature: object
    predict: object


def _compiled(space: Space, channels: tuple[str, ...], dt_s: float) -> _Compiled:
    def predict(z: Array, inputs) -> Array:
        _, sensors = run(space.at(z), inputs, dt_s=dt_s)
        return readings(sensors, channels)

    def window_loss(z: Array, window: Windows, scale: Array) -> Array:
        r = (predict(z, window.inputs) - window.measured) / scale
        return (window.weight * OUTLIER**2 * (jnp.sqrt(1 + (r / OUTLIER) ** 2) - 1)).sum()

    def chunk_loss(z: Array, chunk: Windows, scale: Array) -> Array:
        return jax.vmap(window_loss, in_axes=(None, 0, None))(z, chunk, scale).sum()

    def window_curvature(z: Array, window: Windows, scale: Array) -> tuple[Array, Array, Array]:
        def both(z: Array) -> tuple[Array, Array]:
            predicted = predict(z, window.inputs) / scale
            return predicted, predicted

        # parameters are few and residuals many: forward mode, which also compiles in a fraction of the time
        J, predicted = jax.jacfwd(both, has_aux=True)(z)
        r = predicted - window.measured / scale
        root = jnp.sqrt(1 + (r / OUTLIER) ** 2)
        W = window.weight / root
        J = jnp.where((W > 0)[..., None], J, 0.0)
        gradient = jnp.einsum("tc,tcp->p", W * r, J)
        matrix = jnp.einsum("tc,tcp,tcq->pq", W, J, J)
        return (window.weight * OUTLIER**2 * (root - 1)).sum(), gradient, matrix

    @jax.jit
    def chunk_curvature(z: Array, chunk: Windows, scale: Array) -> tuple[Array, Array, Array]:
        parts = jax.vmap(window_curvature, in_axes=(None, 0, None))(z, chunk, scale)
        return jax.tree.map(lambda part: part.sum(axis=0), parts)

    over_windows = jax.jit(jax.vmap(predict, in_axes=(None, 0)))
    return _Compiled(jax.jit(chunk_loss), chunk_curvature, over_windows)
