"""Few shapes for many sizes: arrays are padded to powers of two, so that one compiled program does for many records.

A record grows by a row an interval; with finer sizes a walk through a year would spend more time on compiling than
on learning.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

# Rows are padded to the smallest batch or the next power of two, so that few shapes are compiled; many rows to
# a multiple of the large one, since half of a large power of two may be padding.
SMALLEST_BATCH, LARGE_BATCH = 64, 8_192
COLUMNS = 16  # columns are padded to multiples of it: sites of one kind differ by a few


def bucket(size: int) -> int:
    """The least power of two that is at least this size."""
    return 1 << max(size - 1, 0).bit_length()


def padded(values: np.ndarray, axis: int = 0) -> np.ndarray:
    """The array, its last entry along an axis repeated up to the bucket of its length."""
    more = bucket(values.shape[axis]) - values.shape[axis]
    widths = [(0, more if number == axis % values.ndim else 0) for number in range(values.ndim)]
    return np.pad(values, widths, mode="edge") if more and values.shape[axis] else values


def in_steps(columns: int) -> int:
    """The least multiple of COLUMNS that is at least this number of columns."""
    return -(-columns // COLUMNS) * COLUMNS


def widened(values: np.ndarray, size: int, axis: int) -> np.ndarray:
    """The array with zeros at the end of an axis, up to a size."""
    widths = [(0, 0)] * values.ndim
    widths[axis] = (0, size - values.shape[axis])
    return np.pad(values, widths) if size > values.shape[axis] else values


def in_powers_of_two(numbers: Sequence[int]) -> list[list[int]]:
    """The numbers in groups, the largest first, whose sizes are powers of two: few shapes, and nothing padded."""
    groups, rest = [], list(numbers)
    while rest:
        size = 1 << (len(rest).bit_length() - 1)
        groups.append(rest[:size])
        rest = rest[size:]
    return groups


def in_pads(function: Any, x: np.ndarray) -> Any:
    """`function` of x (n, k), called with a padded number of rows; its results are cut back to n."""
    rows = max(SMALLEST_BATCH, 1 << max(len(x) - 1, 0).bit_length())
    if rows > LARGE_BATCH:
        rows = -(-len(x) // LARGE_BATCH) * LARGE_BATCH
    padded = np.zeros((rows, x.shape[1]), np.float32)
    padded[: len(x)] = x
    return jax.tree.map(lambda result: np.asarray(result)[: len(x)], function(jnp.asarray(padded)))
