"""The steps between rows and a PlantModel: features, fits, residuals for networks, shares, intervals."""

from dataclasses import dataclass, replace
from typing import Any, Self

import jax
import numpy as np

from models.efficiency.curves import Features, Fits, fits, mask_of
from models.efficiency.declared_effects import Effect, EffectBounds
from models.efficiency.features import driving_pairs, feature_names, with_derived
from models.efficiency.intervals import Intervals, fit_intervals
from models.efficiency.model import Heads, PlantModel, each_head, member_parts
from models.efficiency.networks import Params, in_buckets
from models.efficiency.rows import Learned, Parts, Rows
from models.efficiency.scaling import Scaler, fit_scaler
from models.efficiency.slope_penalty import Slopes
from models.efficiency.stacking import PARTS, described, shares_of
from models.efficiency.support import driving, fit_support, temperature_pairs
from models.efficiency.training import FitConfig, Fitted
from models.efficiency.warm_start import carried_over
from models.ridge import response_lines, terms

MOST_BROKEN = 0.01  # share of rows at which networks may break a declared effect and still be used


@dataclass(frozen=True)
class Assembly:
    """A model with everything fitted but the networks.

    n rows, f features, t targets, m members. features: (n, f); y (t, n) standardised; mask (t, f); blocks
    (n,): member m is validated on block m. lines, quadratic (t, m, terms); residual (t, m, n): what the
    networks learn, in units of correction (t,). slopes: of the fit that the networks correct, where effects
    are declared.
    """

    rows: Rows
    parts: Parts
    seed: int
    load_scale_kw: float
    scaler: Scaler
    features: Features
    effect_bounds: EffectBounds
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
    slopes: Slopes | None

    @classmethod
    def of(cls, rows: Rows, config: FitConfig, parts: Parts, seed: int) -> Self:
        """Fits everything but the networks to rows in time order."""
        blocks = rows.blocks(config.members)
        load_scale_kw = float(np.median(rows.load_kw))
        scaler = fit_scaler(with_derived(rows.inputs, rows.x.astype(np.float32), load_scale_kw))
        effect_bounds = EffectBounds.of(rows.effects, rows.inputs, rows.targets, rows.x)
        features, mask = Features.of(rows, scaler, load_scale_kw, effect_bounds), mask_of(rows)
        level, step = rows.y.mean(axis=0), rows.y.std(axis=0)
        step = np.where(step > 1e-9, step, 1.0)
        y = ((rows.y - level) / step).T
        pairs = driving_pairs(feature_names(rows.inputs))
        given = (features, mask, y, blocks, effect_bounds, level / step)
        lines = fits(lambda a, b: response_lines(a, b, pairs), *given)
        quadratic = fits(terms, *given) if parts.backbone == "quadratic" else None
        corrected = quadratic or lines
        residual = y[:, None] - corrected.predicted
        correction = np.maximum(residual.std(axis=(1, 2)), 1e-6)
        return cls(
            rows, parts, seed, load_scale_kw, scaler, features, effect_bounds, mask, blocks, level, step, y, pairs,
            lines.weights,
            np.zeros((*lines.weights.shape[:2], 0)) if quadratic is None else quadratic.weights,
            correction, residual / correction[:, None, None],
            _slopes(corrected, features, effect_bounds, level / step, correction),
        )  # fmt: skip

    def networks_of(self, warm: PlantModel) -> Params:
        """Parameters of another model's networks, rescaled so that they compute the same functions here."""
        return carried_over(warm, self.scaler, unit=self.correction * self.step)

    def assembled(self, fitted: Fitted, outliers: int) -> Learned:
        """The model with these networks, its mixture shares and its intervals."""
        heads = self._heads(fitted.params)
        left_out = self._left_out(heads)
        given = zip(self.y, left_out, self._available(heads), strict=True)
        shares = np.array([shares_of(y, parts, available) for y, parts, available in given])
        residual = (self.y - np.einsum("tp,tpn->tn", shares, left_out)) * self.step[:, None]
        intervals, scores = fit_intervals(self.features.bounded, self._loads(), residual, self.blocks)
        heads = replace(heads, shares=np.asarray(shares, np.float32))
        named = dict(zip(self.rows.targets, map(described, shares), strict=True))
        model = self._model(heads, intervals)
        scores_of = dict(zip(self.rows.targets, scores, strict=True))
        return Learned(model, fitted.curves, outliers, named, scores_of, self._checked(model))

    def _checked(self, model: PlantModel) -> tuple[tuple[Effect, float], ...]:
        """Share of the rows at which the model breaks each declared effect."""
        share = self.effect_bounds.broken(
            lambda x: np.stack([model.predict(x)[name] for name in self.rows.targets], axis=1), self.rows.x
        )
        return tuple((effect, float(share[self.effect_bounds.at(effect)])) for effect in self.rows.effects)

    def _available(self, heads: Heads) -> np.ndarray:
        """Which of PARTS may have a share of each target: (t, parts); none that breaks a declared effect."""
        networks = np.full(len(self.y), True)
        if len(self.effect_bounds):
            share = self.effect_bounds.broken(lambda x: self._networks(heads, x), self.rows.x)
            networks = share.max(axis=1) <= MOST_BROKEN
        every = np.full(len(self.y), True)
        quadratic = every & (self.quadratic.shape[-1] > 0)
        return np.stack([every, quadratic, networks], axis=1)

    def _networks(self, heads: Heads, x: np.ndarray) -> np.ndarray:
        """Prediction of the networks alone for x (n, inputs): (n, t)."""
        features = with_derived(self.rows.inputs, x.astype(np.float32), self.load_scale_kw)
        at = self.scaler.standardised(features), self.scaler.bounded(features)
        _, networks = _parts_of(heads, *at, self.pairs)
        return networks.mean(axis=1).T * self.step + self.level

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
        arrays: dict[str, Any] = {name: np.asarray(value, np.float32) for name, value in named.items()}
        return Heads(**arrays, params=params)

    def _left_out(self, heads: Heads) -> np.ndarray:
        """Predictions by each of PARTS of the blocks that it was not fitted to, standardised: (t, parts, n)."""
        fits, networks = _parts_of(heads, self.features.linear, self.features.bounded, self.pairs)
        parts = np.concatenate([fits, networks[:, None]], axis=1)  # (t, parts, members, n)
        return parts[:, :, self.blocks, np.arange(len(self.blocks))]

    def _loads(self) -> np.ndarray:
        if "load_kw" not in self.rows.inputs:
            return np.full(len(self.rows), self.load_scale_kw)
        return self.rows.x[:, self.rows.inputs.index("load_kw")]

    def _model(self, heads: Heads, intervals: Intervals) -> PlantModel:
        rows = self.rows
        support = fit_support(
            rows.x,
            self.blocks,
            pairs=temperature_pairs(rows.inputs),
            ranged=driving(rows.inputs),
            seed=self.seed,
        )
        scale_kw = np.float32(self.load_scale_kw)
        return PlantModel(
            rows.inputs,
            rows.targets,
            rows.same_as,
            "unregistered",
            scale_kw,
            self.scaler,
            self.pairs,
            heads,
            support,
            intervals,
        )


def _parts_of(
    heads: Heads, linear: np.ndarray, bounded: np.ndarray, pairs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fits (t, 2, members, n) and networks (t, members, n) of every head."""
    each = each_head(jax.tree.map(np.asarray, heads))
    parts = [member_parts(head, linear, bounded, pairs, in_buckets) for head in each]
    return np.stack([fits for fits, _ in parts]), np.stack([networks for _, networks in parts])


def _slopes(
    corrected: Fits,
    features: Features,
    effect_bounds: EffectBounds,
    floor: np.ndarray,
    correction: np.ndarray,
) -> Slopes | None:
    """Slopes of the fits that the networks correct, in units of the correction; None without declared effects."""
    if not len(effect_bounds):
        return None
    unit = correction[:, None, None]
    value = (corrected.predicted + floor[:, None, None]) / unit
    parts = (features.moves[1], corrected.slopes / unit, value, effect_bounds.low, effect_bounds.high)
    return Slopes(*(np.asarray(part, np.float32) for part in parts))
