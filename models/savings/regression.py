"""Least squares of a form, by weeks: refitting without some of them, or with others drawn, costs next to nothing."""

from dataclasses import dataclass

import numpy as np

from models.savings.forms import Form
from models.savings.hours import Array, Hours

# Of the columns' own size: hours of the week that never came, and columns that repeat each other, get no weight.
RIDGE = 1e-7


@dataclass(frozen=True)
class Regression:
    """A form fitted to hours: beta (p,)."""

    form: Form
    beta: Array

    def predict(self, hours: Hours) -> Array:
        """Expected power (n,), kW; NaN where an input is unknown."""
        return self.form.columns(hours) @ self.beta


@dataclass(frozen=True)
class Blocks:
    """Sums over blocks of hours: grams (b, p, p) of the columns, cross (b, p) with power."""

    grams: Array
    cross: Array

    def beta(self, times: Array) -> Array:
        """Coefficients (p,) with each block taken so many times (b,); several (k, b) give (k, p)."""
        gram, cross = np.tensordot(times, self.grams, 1), np.tensordot(times, self.cross, 1)
        return solved(gram, cross)


def solved(gram: Array, cross: Array) -> Array:
    """Coefficients (..., p) of normal equations: gram (..., p, p), cross (..., p)."""
    diagonal = np.einsum("...ii->...i", gram)
    scale = np.sqrt(np.maximum(diagonal, 1e-12 * diagonal.max(axis=-1, keepdims=True)))
    even = gram / scale[..., :, None] / scale[..., None, :]
    even = even + RIDGE * np.eye(gram.shape[-1])
    return np.linalg.solve(even, (cross / scale)[..., None])[..., 0] / scale


def fitted(form: Form, hours: Hours) -> Regression:
    """The form fitted to hours in which everything it needs is known.

    Raises:
        ValueError: there are no more hours than coefficients.
    """
    hours = hours.where(hours.known(form.weather))
    columns = form.columns(hours)
    spare = len(hours) - columns.shape[1]
    if spare <= 0:
        raise ValueError(f"{len(hours)} hours for {columns.shape[1]} coefficients; give a longer baseline")
    return Regression(form, _beta(columns, hours.power_kw))


def blocks_of(form: Form, hours: Hours, block: Array) -> Blocks:
    """Sums by block: block (n,) numbers from 0 on; hours known throughout."""
    columns = form.columns(hours)
    number = int(block.max()) + 1
    parts = [np.flatnonzero(block == each) for each in range(number)]
    grams = np.stack([columns[part].T @ columns[part] for part in parts])
    cross = np.stack([columns[part].T @ hours.power_kw[part] for part in parts])
    return Blocks(grams, cross)


def _beta(columns: Array, y: Array) -> Array:
    return solved(columns.T @ columns, columns.T @ y)
