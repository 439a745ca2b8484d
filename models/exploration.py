"""A sequence of setpoint trials with the most information for the energy it puts at risk.

Each trial is the one whose hours give most information on a smooth unknown response (the information gain of
a Gaussian process: Srinivas, Krause, Kakade and Seeger 2012, IEEE Trans. Inf. Theory 58(5)), less a price on
the energy at risk; the price is chosen so that the whole sequence stays within its budget. The process is
written in random Fourier features (Rahimi and Recht 2007, NIPS), so that the gain of thousands of candidates
is one matrix product.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from models.setpoints import Bounds

Array = np.ndarray

FOURIER_FEATURES = 96
LENGTH_SCALE = 1.5  # in usual trial sizes: trials nearer than this give much the same information
NOISE = 0.3  # of a trial hour, over the response's own spread: meters and unexplained variation
BISECTIONS = 12
HOUR = 1.0
RESOLUTION = 0.1  # the step that an operator would enter; candidates are rounded to it


@dataclass(frozen=True)
class Slot:
    """Time of one trial: `hours` rows of conditions (hours, c), and whether it rests at the default.

    allowed: candidates (m, k) -> bool (m,), which are safe under this slot's conditions.
    """

    conditions: Array
    rests: bool
    allowed: Callable[[Array], Array]


@dataclass(frozen=True)
class Design:
    """Setpoints of every slot (slots, k), information gained in nats, and the kWh at risk."""

    setpoints: Array
    gained_nats: float
    risk_kwh: float


def design(
    bounds: Bounds,
    scale: Array,
    slots: list[Slot],
    candidates: Array,
    record: Array,
    conditions_scale: tuple[Array, Array],
    risk_kw: Callable[[Array], Array],
    *,
    budget_kwh: float,
) -> Design:
    """Trials for `slots` in time order, within `budget_kwh` at risk.

    scale (k,): usual size of one trial. candidates: (m, k) setpoints. record: (n, k + c) past rows, setpoints
    then conditions. conditions_scale: mean and spread of the c conditions. risk_kw: rows (n, k + c) -> kW at
    risk (n,).

    Raises:
        ValueError: no candidate is allowed in any slot that does not rest.
    """
    if not any(slot.allowed(candidates).any() for slot in slots if not slot.rests):
        raise ValueError(
            "no trial is safe under the envelope and limits; widen the limits or lower the margin"
        )
    features = _Features(bounds, scale, *conditions_scale)
    covariance = _information(features(record))
    free = _sequence(bounds, slots, candidates, features, covariance, risk_kw, price=0.0)
    if free.risk_kwh <= budget_kwh:
        return free
    low, high, best = 0.0, 1.0, None
    for _ in range(BISECTIONS):
        price = 0.5 * (low + high)
        tried = _sequence(bounds, slots, candidates, features, covariance, risk_kw, price=price)
        low, high = (low, price) if tried.risk_kwh <= budget_kwh else (price, high)
        if tried.risk_kwh <= budget_kwh:
            best = tried
    return best or _sequence(bounds, slots, candidates, features, covariance, risk_kw, price=high)


def approach_path(present: Array, goals: Array, bounds: Bounds, hours: int) -> Array:
    """Setpoints (m, hours, k) at the end of each hour on the way from present (k,) to goals (m, k)."""
    reach = bounds.slew_per_hour * HOUR * np.arange(1, hours + 1)[:, None]  # (hours, k)
    gap = (goals - present)[:, None, :]
    moved = present + np.clip(gap, -reach, reach)
    return np.where(bounds.binary, goals[:, None, :], moved)


class _Features:
    """Fourier features of standardised setpoints and conditions, a set for each state of the binary ones."""

    def __init__(self, bounds: Bounds, scale: Array, mean: Array, spread: Array) -> None:
        self._bounds = bounds
        self._centre = np.concatenate([bounds.default, mean])
        self._scale = np.concatenate([scale, spread])
        random = np.random.default_rng(0)  # any draw will do; a fixed one makes plans repeatable
        smooth = int((~bounds.binary).sum()) + len(mean)
        self._waves = random.standard_normal((smooth, FOURIER_FEATURES)) / LENGTH_SCALE
        self._phases = random.uniform(0.0, 2.0 * np.pi, FOURIER_FEATURES)

    def __call__(self, rows: Array) -> Array:
        z = (rows - self._centre) / self._scale
        k = len(self._bounds.default)
        on = rows[..., :k][..., self._bounds.binary] > 0.5
        smooth = np.concatenate([z[..., :k][..., ~self._bounds.binary], z[..., k:]], axis=-1)
        basis = np.sqrt(2.0 / FOURIER_FEATURES) * np.cos(smooth @ self._waves + self._phases)
        return np.concatenate([basis, *(basis * on[..., [j]] for j in range(on.shape[-1]))], axis=-1)


def _information(phi: Array) -> Array:
    """Covariance of the coefficients (d, d) after rows phi (n, d)."""
    precision = np.eye(phi.shape[1]) + phi.T @ phi / NOISE**2
    return np.linalg.inv(precision)


def _sequence(
    bounds: Bounds,
    slots: list[Slot],
    candidates: Array,
    features: _Features,
    covariance: Array,
    risk_kw: Callable[[Array], Array],
    *,
    price: float,
) -> Design:
    present, chosen, gained, risked = bounds.default, [], 0.0, 0.0
    for slot in slots:
        goals = bounds.default[None] if slot.rests else np.vstack([bounds.default, candidates])
        hours = len(slot.conditions)
        path = approach_path(present, goals, bounds, hours)
        seen = np.broadcast_to(slot.conditions, (len(goals), *slot.conditions.shape))
        rows = np.concatenate([path, seen], axis=-1)  # (m, hours, k + c)
        phi = features(rows)
        gain = _gain(phi, covariance)
        risk = risk_kw(rows.reshape(-1, rows.shape[-1])).reshape(rows.shape[:2]).sum(axis=1) * HOUR
        safe = np.ones(len(goals), bool) if slot.rests else np.r_[True, slot.allowed(candidates)]
        best = int(np.argmax(np.where(safe, gain - price * risk, -np.inf)))
        covariance = _updated(covariance, phi[best])
        present = path[best, -1]
        chosen.append(goals[best])
        gained, risked = gained + gain[best], risked + risk[best]
    return Design(np.array(chosen), float(gained), float(risked))


def _gain(phi: Array, covariance: Array) -> Array:
    """Information gained (m,) by rows phi (m, hours, d): half the log-determinant's rise."""
    inner = phi @ covariance @ np.swapaxes(phi, 1, 2) / NOISE**2
    return 0.5 * np.linalg.slogdet(np.eye(phi.shape[1]) + inner)[1]


def _updated(covariance: Array, phi: Array) -> Array:
    """Covariance after rows phi (hours, d): the matrix inversion lemma."""
    projected = phi @ covariance
    inner = NOISE**2 * np.eye(len(phi)) + projected @ phi.T
    return covariance - projected.T @ np.linalg.solve(inner, projected)


def spread_over(low: Array, high: Array, bounds: Bounds, count: int) -> Array:
    """A Sobol sequence over the box from low (k,) to high (k,), rounded as an operator would: (count, k).

    On/off setpoints of one quantity switch together.
    """
    unit = qmc.Sobol(len(low), scramble=False).random(count)
    for columns in bounds.groups.values():
        if bounds.binary[list(columns)].all():
            unit[:, list(columns)] = unit[:, [columns[0]]]
    values = low + unit * (high - low)
    values = np.where(bounds.binary, np.where(unit < 0.5, bounds.low, bounds.high), values)
    return np.clip(np.round(values / RESOLUTION) * RESOLUTION, low, high)
