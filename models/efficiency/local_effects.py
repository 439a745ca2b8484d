"""Change of power when one input moves and all others stay: local effects inside the record, with intervals.

Effects are taken at the record's own rows, half a unit to either side, and accumulated over the input's range
(accumulated local effects, Apley and Zhu 2020, J. R. Stat. Soc. B 82): the model is never evaluated at
combinations that the plant has not run at, as it would be with every row set to every value.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import stats

from models.buckets import in_pads
from models.efficiency.model import PlantModel, without_each_block

BINS = 8  # of the input's range, with equal numbers of rows
RANGE = (0.01, 0.99)  # of its values: those beyond count in the outer bins, and are not plotted
COVERAGE = 0.90
LEAST_ROWS = 30  # in support, below which there is no response


@dataclass(frozen=True)
class Response:
    """Change of power per `unit` of one input, t powers and last their sum, as shares of the power itself.

    mean, low, high (t + 1,): over the record, weighted with energy, and the 90 % interval. edges (b + 1,),
    course, course_low, course_high (t + 1, b + 1): accumulated from the lowest edge on. part (t,): change of
    each power as a share of the sum. rows: of the record that could be moved inside support.
    """

    unit: float
    rows: int
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    part: np.ndarray
    edges: np.ndarray
    course: np.ndarray
    course_low: np.ndarray
    course_high: np.ndarray


def response(
    model: PlantModel, x: np.ndarray, load_kw: np.ndarray, column: int, *, unit: float = 1.0
) -> Response | None:
    """Response of a model's targets (kW per kW of load) to one column of x (n, inputs); None with too few rows.

    Intervals are a block jackknife's: every member was fitted without one block of time.
    """
    half = np.zeros(x.shape[1])
    half[column] = unit / 2.0
    inside = model.in_support(x - half) & model.in_support(x + half)
    if inside.sum() < LEAST_ROWS:
        return None
    x, load_kw = x[inside], load_kw[inside]
    below, at, above = (_power_kw(model, x + step * half, load_kw) for step in (-1.0, 0.0, 1.0))
    change = above - below
    mean, low, high = _jackknife(change.sum(axis=0) / at.sum(axis=0))
    edges, number = _bins(x[:, column])
    slopes = np.stack(
        [change[number == b].sum(axis=0) / at[number == b].sum(axis=0) for b in range(len(edges) - 1)]
    )
    steps = slopes * (np.diff(edges) / unit)[:, None, None]  # (b, t + 1, m)
    course = np.concatenate([np.zeros((1, *steps.shape[1:])), np.cumsum(steps, axis=0)])
    return Response(
        unit, len(x), mean, low, high,
        change[:, :-1].sum(axis=0).mean(axis=-1) / at[:, -1].sum(axis=0).mean(axis=-1),
        edges, *(np.moveaxis(part, 0, 1) for part in _jackknife(course)),
    )  # fmt: skip


def _power_kw(model: PlantModel, x: np.ndarray, load_kw: np.ndarray) -> np.ndarray:
    """Power of every target and their sum, by what was fitted without each block: (n, t + 1, m)."""
    ratio = in_pads(partial(without_each_block, model), x)
    power = ratio * load_kw[:, None, None]
    return np.concatenate([power, power.sum(axis=1, keepdims=True)], axis=1)


def _jackknife(estimates: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and 90 % interval of estimates (..., m), each made without one of m blocks.

    Delete-a-group jackknife (Kott 2001, J. Off. Stat. 17): variance (m - 1) / m times the sum of squares.
    """
    groups = estimates.shape[-1]
    mean = estimates.mean(axis=-1)
    squares = ((estimates - mean[..., None]) ** 2).sum(axis=-1)
    half = stats.t.ppf(0.5 + COVERAGE / 2.0, groups - 1) * np.sqrt((groups - 1) / groups * squares)
    return mean, mean - half, mean + half


def _bins(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges (b + 1,) of bins with about equal numbers of rows, and the bin of each row (n,)."""
    edges = np.unique(np.quantile(values, np.linspace(RANGE[0], RANGE[1], BINS + 1)))
    if len(edges) < 2:
        edges = np.array([values[0] - 0.5, values[0] + 0.5])
    number = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    # A value that occurs often makes edges with no row between them: such bins join their neighbours.
    kept = np.unique(number)
    edges = np.append(edges[kept], edges[-1])
    return edges, np.searchsorted(kept, number)
