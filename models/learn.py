"""From arrays to a PlantModel: clean, standardise, fit the quadratic, train the networks, note the range."""

from dataclasses import dataclass, field, replace

import jax
import jax.numpy as jnp
import numpy as np

from models.clean import isolated_outliers
from models.errors import DivergedError, TooFewRowsError
from models.evaluate import time_blocks
from models.features import feature_names, inputs_of, with_derived
from models.fit import FitConfig, Fitted, OnEpoch, fit_networks
from models.plant_model import Heads, PlantModel
from models.quadratic import fit_weights_without_each, terms
from models.scaling import Scaler, fit_scaler
from models.support import fit_support, temperature_pairs

LEAST_ROWS = 200
LEAST_ROWS_PER_INPUT = 20


@dataclass(frozen=True)
class Rows:
    """What there is to learn from, in time order.

    x (n, inputs), y (n, targets), load_kw (n,): the denominator of the targets that are per kW.
    hidden: target -> inputs that it must not see, because they contain it.
    same_as: further targets that equal one of `targets`.
    """

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray
    load_kw: np.ndarray
    hidden: dict[str, frozenset[str]] = field(default_factory=dict)
    same_as: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.x)

    def where(self, keep: np.ndarray) -> "Rows":
        """The rows for which `keep` (n,) is true."""
        return replace(self, x=self.x[keep], y=self.y[keep], load_kw=self.load_kw[keep])

    def target(self, name: str) -> np.ndarray:
        """One target's values (n,), also by its other name."""
        return self.y[:, self.targets.index(dict(self.same_as).get(name, name))]


@dataclass(frozen=True)
class Learned:
    """A model and how it came about; `outliers` rows of the record were left out."""

    model: PlantModel
    curves: list[tuple[float, float]]
    outliers: int


def check_enough(rows: Rows) -> None:
    """Raise TooFewRowsError with fewer rows than a quadratic in these inputs can bear."""
    least = max(LEAST_ROWS, LEAST_ROWS_PER_INPUT * len(rows.inputs))
    if len(rows) < least:
        raise TooFewRowsError(f"{len(rows)} rows to learn from, needs {least} for {len(rows.inputs)} inputs")


def without_outliers(rows: Rows) -> tuple[Rows, int]:
    """Rows without those that break the energy balance (of the first target), and how many those were."""
    out = isolated_outliers(rows.x, rows.y[:, 0], time_blocks(len(rows), folds=4))
    return rows.where(~out), int(out.sum())


def learn(rows: Rows, config: FitConfig, *, seed: int, on_epoch: OnEpoch | None = None) -> Learned:
    """Learn a plant model; the same rows, seed and machine give the same model, bit by bit.

    Raises TooFewRowsError, and DivergedError, whose `last_good` is the Learned of the best epoch before.
    """
    check_enough(rows)
    rows, outliers = without_outliers(rows)
    blocks = time_blocks(len(rows), folds=config.members)
    load_scale_kw = float(np.median(rows.load_kw))
    features = with_derived(rows.inputs, rows.x.astype(np.float32), load_scale_kw)
    scaler, mask = fit_scaler(features), _mask(rows)
    quadratic, residual = _fit_quadratics(rows, features, scaler, mask, blocks)

    def assembled(fitted: Fitted) -> Learned:
        heads = Heads(**quadratic, params=fitted.params, mask=jnp.asarray(mask, jnp.float32))
        support = fit_support(rows.x, blocks, pairs=temperature_pairs(rows.inputs), seed=seed)
        model = PlantModel(
            rows.inputs,
            rows.targets,
            rows.same_as,
            "unregistered",
            jnp.float32(load_scale_kw),
            scaler,
            heads,
            support,
        )
        return Learned(model, fitted.curves, outliers)

    try:
        return assembled(
            fit_networks(
                scaler.bounded(features), residual, mask, blocks, config, seed=seed, on_epoch=on_epoch
            )
        )
    except DivergedError as error:
        error.last_good = assembled(error.last_good)
        raise


def _mask(rows: Rows) -> np.ndarray:
    """Which features (f) each target (t) may see: (t, f) of 0 and 1."""
    names = feature_names(rows.inputs)
    hidden = [rows.hidden.get(target, frozenset()) for target in rows.targets]
    return np.array([[not hide & set(inputs_of(name)) for name in names] for hide in hidden], np.float32)


def _fit_quadratics(
    rows: Rows, features: np.ndarray, scaler: Scaler, mask: np.ndarray, blocks: np.ndarray
) -> tuple[dict[str, jax.Array], np.ndarray]:
    """The quadratic part of every head, and what it leaves for the networks, standardised: (t, m, n).

    A member's quadratic is fitted without the block that it is validated on, as its network is.
    """
    level, step = rows.y.mean(axis=0), rows.y.std(axis=0)
    step = np.where(step > 1e-9, step, 1.0)
    linear, bounded = scaler.standardised(features), scaler.bounded(features)
    weights, residuals = [], []
    for target, seen in enumerate(mask):
        y = (rows.y[:, target] - level[target]) / step[target]
        phi = terms(linear * seen, bounded * seen)
        weights.append(fit_weights_without_each(phi, y, blocks))
        residuals.append(y - weights[-1] @ phi.T)
    correction = np.maximum(np.std(residuals, axis=(1, 2)), 1e-6)
    named = {"level": level, "step": step, "weights": np.array(weights), "correction": correction}
    arrays = {name: jnp.asarray(value, jnp.float32) for name, value in named.items()}
    return arrays, np.array(residuals) / correction[:, None, None]
