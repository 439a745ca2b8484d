"""Few shapes for many sizes: arrays are padded to them, and one compiled program does for records of like length."""

import numpy as np

PARTS = 8  # sizes between two powers of two: at most an eighth is padding


def bucket(size: int) -> int:
    """The least size of few that is at least this one."""
    if size <= PARTS:
        return max(size, 1)
    unit = 1 << ((size - 1).bit_length() - 1) >> (PARTS.bit_length() - 1)
    return -(-size // unit) * unit


def below(size: int) -> int:
    """The greatest size of few that is at most this one."""
    wanted = max(size, 1)
    while bucket(wanted) != wanted:
        wanted -= 1
    return wanted


def padded(values: np.ndarray, axis: int = 0) -> np.ndarray:
    """The array, its last entry along an axis repeated up to the bucket of its length."""
    more = bucket(values.shape[axis]) - values.shape[axis]
    widths = [(0, more if number == axis % values.ndim else 0) for number in range(values.ndim)]
    return np.pad(values, widths, mode="edge") if more and values.shape[axis] else values
