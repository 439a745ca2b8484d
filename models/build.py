"""The steps between rows and a PlantModel: features, fits without each block, what is left, shares, intervals."""

from dataclasses import dataclass, replace
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from models.evaluate import time_blocks
from models.features import driving_pairs, feature_names, inputs_of, with_derived
from models.fit import FitConfig, Fitted
from models.intervals import Intervals, fit_intervals
from models.mixture import PARTS, described, shares_of
from models.networks import Params
from models.plant_model import Heads, PlantModel, member_parts
from models.quadratic import fit_weights_without_each, response_lines, terms
from models.rows import Learned, Parts, Rows
from models.scaling import Scaler, fit_scaler
from models.support import fit_support, temperature_pairs
from models.trees import as_arrays, grow


@dataclass(frozen=True)
class Build:
    """A model half made: everything but the networks.

    n rows, f features, t targets, m members. linear, bounded (n, f); y (t, n) standardised; mask (t, f);
    blocks (n,): member m is validated on block m. lines, quadratic (t, m, terms); residual (t, m, n): what the
    networks are to learn, in units of correction (t,). boosted: predictions of left-out blocks (t, n), and the
    boosting of all rows per target; None where trees have no part.
    """

    rows: Rows
    parts: Parts
    seed: int
    load_scale_kw: float
    scaler: Scaler
    linear: np.ndarray
    bounded: np.ndarray
    mask: np.ndarray
    blocks: np.ndarray
    level: np.ndarray
    step: np.ndarray
    y: np.ndarray
    pairs: np.ndarray
    lines: np.ndarray
    quadratic: np.ndarray
    correction: np.ndarray
    residual: np.ndarray
    boosted: tuple[np.ndarray, list[HistGradientBoostingRegressor]] | None

    @classmethod
    def of(cls, rows: Rows, config: FitConfig, parts: Parts, seed: int) -> Self:
        """Fit everything but the networks to rows in time order."""
        blocks = time_blocks(len(rows), folds=config.members)
        load_scale_kw = float(np.median(rows.load_kw))
        features = with_derived(rows.inputs, rows.x.astype(np.float32), load_scale_kw)
        scaler, mask = fit_scaler(features), _mask(rows)
        linear, bounded = scaler.standardised(features), scaler.bounded(features)
        level, step = rows.y.mean(axis=0), rows.y.std(axis=0)
        step = np.where(step > 1e-9, step, 1.0)
        y = ((rows.y - level) / step).T
        pairs = driving_pairs(feature_names(rows.inputs))
        lines, without = _fits(lambda a, b: response_lines(a, b, pairs), linear, bounded, mask, y, blocks)
        quadratic = np.zeros((*lines.shape[:2], 0))
        if parts.backbone == "quadratic":
            quadratic, without = _fits(terms, linear, bounded, mask, y, blocks)
        residual = y[:, None] - without
        correction = np.maximum(residual.std(axis=(1, 2)), 1e-6)
        boosted = _boosted(rows, y, blocks, seed) if parts.trees else None
        return cls(
            rows, parts, seed, load_scale_kw, scaler, linear, bounded, mask, blocks, level, step, y,
            pairs, lines, quadratic, correction, residual / correction[:, None, None], boosted,
        )  # fmt: skip

    def networks_of(self, warm: PlantModel | None) -> Params | None:
        """Networks of another model to start from, where it has the same inputs, targets and pairs; else None."""
        if warm is None or (warm.inputs, warm.targets) != (self.rows.inputs, self.rows.targets):
            return None
        ratio = warm.heads.correction * warm.heads.step / (self.correction * self.step)
        last = warm.heads.params["last"]
        scaled = {
            name: leaf * ratio.reshape(-1, *(1,) * (leaf.ndim - 1)).astype(leaf.dtype)
            for name, leaf in last.items()
        }
        return {**warm.heads.params, "last": scaled}

    def assembled(self, fitted: Fitted, outliers: int) -> Learned:
        """The model with these networks, its mixture and its intervals."""
        heads = self._heads(fitted.params)
        left_out = self._left_out(heads)
        available = np.array([True, self.quadratic.shape[-1] > 0, True, self.boosted is not None])
        shares = np.array([shares_of(y, parts, available) for y, parts in zip(self.y, left_out, strict=True)])
        residual = (self.y - np.einsum("tp,tpn->tn", shares, left_out)) * self.step[:, None]
        intervals, scores = fit_intervals(self.bounded, self._loads(), residual, self.blocks)
        heads = replace(heads, shares=jnp.asarray(shares, jnp.float32))
        named = dict(zip(self.rows.targets, map(described, shares), strict=True))
        model = self._model(heads, intervals)
        return Learned(
            model, fitted.curves, outliers, named, dict(zip(self.rows.targets, scores, strict=True))
        )

    def _heads(self, params: Params) -> Heads:
        named: dict[str, np.ndarray] = {
            "level": self.level,
            "step": self.step,
            "lines": self.lines,
            "quadratic": self.quadratic,
            "correction": self.correction,
            "mask": self.mask,
            "shares": np.zeros((len(self.y), len(PARTS))),
        }
        arrays: dict[str, Any] = {name: jnp.asarray(value, jnp.float32) for name, value in named.items()}
        trees = None if self.boosted is None else as_arrays(self.boosted[1])
        return Heads(**arrays, params=params, trees=trees)

    def _left_out(self, heads: Heads) -> np.ndarray:
        """What each of PARTS predicts of the blocks it was not fitted to, standardised: (t, parts, n)."""
        found = np.zeros((len(self.y), len(PARTS), len(self.blocks)))
        for block in np.unique(self.blocks):
            rows = np.flatnonzero(self.blocks == block)
            longest = int(np.bincount(self.blocks).max())  # one shape for every block
            padded = np.resize(rows, longest)
            fits, networks = _parts_of(
                replace(heads, trees=None), self.linear[padded], self.bounded[padded], self.pairs
            )
            member = np.asarray(jnp.concatenate([fits, networks[:, None]], axis=1)[:, :, block])
            found[:, :3, rows] = member[..., : len(rows)]
        if self.boosted is not None:
            found[:, 3] = self.boosted[0]
        return found

    def _loads(self) -> np.ndarray:
        if "load_kw" not in self.rows.inputs:
            return np.full(len(self.rows), self.load_scale_kw)
        return self.rows.x[:, self.rows.inputs.index("load_kw")]

    def _model(self, heads: Heads, intervals: Intervals) -> PlantModel:
        rows = self.rows
        support = fit_support(rows.x, self.blocks, pairs=temperature_pairs(rows.inputs), seed=self.seed)
        scale_kw = jnp.float32(self.load_scale_kw)
        return PlantModel(
            rows.inputs,
            rows.targets,
            rows.same_as,
            "unregistered",
            scale_kw,
            self.scaler,
            jnp.asarray(self.pairs),
            heads,
            support,
            intervals,
        )


@jax.jit
def _parts_of(
    heads: Heads, linear: np.ndarray, bounded: np.ndarray, pairs: np.ndarray
) -> tuple[jax.Array, jax.Array]:
    """Fits (t, 2, members, n) and networks (t, members, n) of every head."""
    parts = jax.vmap(member_parts, in_axes=(0, None, None, None))
    return parts(heads, jnp.asarray(linear), jnp.asarray(bounded), jnp.asarray(pairs))


def _mask(rows: Rows) -> np.ndarray:
    """Which features (f) each target (t) may see: (t, f) of 0 and 1."""
    names = feature_names(rows.inputs)
    hidden = [rows.hidden.get(target, frozenset()) for target in rows.targets]
    return np.array([[not hide & set(inputs_of(name)) for name in names] for hide in hidden], np.float32)


def _fits(
    basis: Any, linear: np.ndarray, bounded: np.ndarray, mask: np.ndarray, y: np.ndarray, blocks: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weights of a ridge without each block (t, m, terms), and what they predict of every row (t, m, n)."""
    weights, predicted, phi, seen_last = [], [], np.zeros(0), None
    for seen, target in zip(mask, y, strict=True):
        if seen_last is None or (seen != seen_last).any():
            phi, seen_last = basis(linear * seen, bounded * seen), seen
        weights.append(fit_weights_without_each(phi, target, blocks))
        predicted.append(weights[-1] @ phi.T)
    return np.array(weights), np.array(predicted)


def _boosted(
    rows: Rows, y: np.ndarray, blocks: np.ndarray, seed: int
) -> tuple[np.ndarray, list[HistGradientBoostingRegressor]]:
    """Boosting of every target (t, n): its predictions of left-out blocks (t, n), and one of all rows each."""
    left_out, grown = np.zeros_like(y), []
    x = rows.x.astype(np.float32)
    for number, (name, target) in enumerate(zip(rows.targets, y, strict=True)):
        hidden = [column for column, seen in enumerate(rows.inputs) if seen in rows.hidden.get(name, ())]
        visible = x.copy()
        visible[:, hidden] = 0.0
        # Trees this small are grown by one thread: several spin while they wait for each other.
        with threadpool_limits(limits=1):
            for block in np.unique(blocks):
                others = blocks != block
                without = grow(visible[others], target[others], seed=seed)
                left_out[number, ~others] = without.predict(visible[~others])
            grown.append(grow(visible, target, seed=seed))
    return left_out, grown
