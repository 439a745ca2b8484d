"""A model's error as a state: a bias that fades, one that stays, each with a variance of its own, tracked by filters.

A plant differs from its model for hours (a machine that starts, a door) and for weeks (a fouled tube), by more or less
than the error's noise. Sixteen Kalman filters (Kalman 1960) assume one of these each; half of them take an error far
beyond what they expect for noise (a spike), the others for a jump of the state. They and the carried share of the last
error (`models.online.carried`) are mixed by the errors that each has left so far (exponentially weighted average,
Cesa-Bianchi and Lugosi 2006, 2.2), so that whichever suits the site leads.

The settings were chosen on grundfos, singapore and family plants 1 and 2, with three models each: against the carried
share alone the error is 0 to 15 % less, and nowhere more.
"""

from dataclasses import dataclass, field
from itertools import product

import numpy as np

from models.online.carried import Delay, last_known

FADING = (0.1, 0.6)  # variance of the bias that fades, in squares of the usual error
KEPT = (0.6, 0.9)  # share of it that is left after one delay
LASTING = (0.0, 0.01)  # variance by which the bias that stays wanders in one delay
NOISE = 0.5  # variance of a single error
FAR = 3.0  # deviations: beyond, an error is a spike or a jump
AT_FIRST = 10.0  # times its variance: how uncertain a state begins
LONGEST = 48.0  # delays that a gap counts at most
EXPERTS = len(FADING) * len(KEPT) * len(LASTING) * 2 + 1  # the last is the carried share
TRUST = 0.5  # how fast weights follow losses
MEMORY = 0.999  # of losses, per error
WORST = 8.0  # usual errors: a single loss counts no more
SCALE_MEMORY = 0.98
# Losses of a model that carries its last error by itself: only the share counts, and it is none.
NEVER_CARRIED = np.append(np.full(EXPERTS - 1, 1e30), 0.0)


@dataclass
class Filters:
    """What the k filters of each of m models believe: state (m, k, 2) fading and lasting bias, its covariance
    (m, k, 2, 2); scale (m,): the usual error."""

    scale: np.ndarray
    state: np.ndarray = field(init=False)
    covariance: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        combined = np.array(list(product(FADING, KEPT, LASTING, (0.0, 1.0))))
        self._fading, self._kept, self._lasting = combined[:, 0], combined[:, 1], combined[:, 2]
        self._spike = combined[:, 3] > 0.0
        self.state = np.zeros((len(self.scale), EXPERTS - 1, 2))
        self.covariance = np.zeros((*self.state.shape, 2))
        self.covariance[..., 0, 0] = AT_FIRST * self._fading * self.scale[:, None] ** 2
        self.covariance[..., 1, 1] = AT_FIRST * self._lasting * self.scale[:, None] ** 2

    def predicted(self, gap: float) -> np.ndarray:
        """Errors (m, k) that are expected `gap` delays after the last ones."""
        return self.state[..., 0] * self._kept ** min(gap, LONGEST) + self.state[..., 1]

    def learn(self, error: np.ndarray, gap: float) -> None:
        """Take in the models' errors (m,), `gap` delays after the last ones."""
        self._wait(min(gap, LONGEST))
        size = np.minimum(np.abs(error), WORST * self.scale)
        self.scale = SCALE_MEMORY * self.scale + (1.0 - SCALE_MEMORY) * 1.25 * size
        noise = NOISE * self.scale[:, None] ** 2
        surprise = error[:, None] - self.state.sum(axis=-1)
        usual = self.covariance.sum(axis=(-1, -2)) + noise
        far = np.abs(surprise) / np.sqrt(usual)
        jump = (far > FAR) & ~self._spike
        self.covariance[..., 0, 0] += np.where(jump, surprise**2 - usual, 0.0)
        usual = self.covariance.sum(axis=(-1, -2)) + noise
        believed = np.where(self._spike & (far > FAR), (FAR / np.maximum(far, 1e-9)) ** 2, 1.0)
        gain = self.covariance.sum(axis=-1) * (believed / usual)[..., None]
        self.state += gain * surprise[..., None]
        self.covariance -= gain[..., None] * self.covariance.sum(axis=-2)[..., None, :]

    def _wait(self, gap: float) -> None:
        left = self._kept**gap
        self.state[..., 0] *= left
        self.covariance[..., 0, :] *= left[:, None]
        self.covariance[..., :, 0] *= left[:, None]
        grown = self._fading * (1.0 - left**2) / (1.0 - self._kept**2)
        self.covariance[..., 0, 0] += grown * self.scale[:, None] ** 2
        self.covariance[..., 1, 1] += self._lasting * gap * self.scale[:, None] ** 2


def mixed(
    predicted: np.ndarray, carried: np.ndarray, measured: np.ndarray, times: np.ndarray, delay: Delay, *,
    scale: np.ndarray, losses: np.ndarray, counts: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Predictions (n, m) of m models with what filters and carried share expect of their errors; the losses afterwards.

    predicted, carried (n, m): without and with the carried share; measured (n,): NaN where unknown. delay: from a row
    until its error is known. scale (m,): the usual errors at first. losses (m, EXPERTS): of each so far. counts (n,):
    rows whose errors judge the experts; all errors are learned from.
    """
    error, losses = measured[:, None] - predicted, losses.copy()
    known = np.isfinite(error).all(axis=1)
    last, age = last_known(times, known, delay)
    told = np.append((times[1:] - times[:-1]) / delay, 1.0) if len(times) else np.empty(0)
    filters = Filters(np.maximum(scale, 1e-12))
    expected = np.zeros((*error.shape, EXPERTS))
    expected[..., -1] = carried - predicted
    mean, learned, since = predicted.copy(), -1, LONGEST
    for row in range(len(error)):
        while learned < last[row]:
            learned += 1
            since = min(since + (told[learned - 1] if learned else 0.0), LONGEST)
            if known[learned]:
                if counts[learned] and age[learned] <= 1.0:
                    left = np.abs(error[learned][:, None] - expected[learned]) / filters.scale[:, None]
                    losses = MEMORY * losses + np.minimum(left, WORST)
                filters.learn(error[learned], since)
                since = 0.0
        if last[row] >= 0:
            expected[row, :, :-1] = filters.predicted(float(age[row]))
        weights = np.exp(-TRUST * (losses - losses.min(axis=1, keepdims=True)))
        mean[row] += (expected[row] * weights).sum(axis=1) / weights.sum(axis=1)
    return mean, losses
