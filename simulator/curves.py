"""Polynomials in which manufacturers give performance curves; coefficients in ascending powers."""

import numpy as np
from jax import Array


def polynomial(c: Array | np.ndarray, x: Array) -> Array:
    """`c0 + c1 x + c2 x² + ...`, by Horner's rule; `c` is (n,), `x` broadcasts."""
    value = c[-1] * x**0
    for n in range(len(c) - 2, -1, -1):
        value = value * x + c[n]
    return value


def biquadratic(c: Array, x: Array, y: Array) -> Array:
    """`c0 + c1 x + c2 x² + c3 y + c4 y² + c5 x y`; `c` is (6,)."""
    return c[0] + x * (c[1] + c[2] * x + c[5] * y) + y * (c[3] + c[4] * y)


def bicubic(c: Array, x: Array, y: Array) -> Array:
    """`c0 + c1 x + c2 x² + c3 y + c4 y² + c5 x y + c6 x³ + c7 y³ + c8 x² y + c9 x y²`; `c` is (10,)."""
    return (
        c[0]
        + x * (c[1] + x * (c[2] + c[6] * x) + y * (c[5] + c[8] * x + c[9] * y))
        + y * (c[3] + y * (c[4] + c[7] * y))
    )
