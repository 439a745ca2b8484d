"""Effects that an engineer declares of the plant, kept by the surfaces of a cascade.

A declared effect says how a meter answers to one quantity, all else equal: with chilled water 1 K warmer a chiller
draws 2 to 4 % less. A surface answers to differences of quantities, so that a quantity moves several of its inputs at
once. Its slope in that direction is linear in its weights, and so are the bounds on it: the fit stays a least-squares
problem under linear inequalities (`models.constrained`).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import qmc

from models.cascade.surface import Surface, terms, values
from models.constrained import Limits
from models.efficiency.declared_effects import Effect
from models.errors import ImpossibleEffectError

Array = np.ndarray

STEP = (
    0.05  # standard deviations of the input that moves most, to either side, over which a slope is looked at
)
MOST_ROWS, EVERYWHERE = (
    500,
    256,
)  # rows of the record, and points of its range, at which an effect has to hold
NOTHING = 1e-3  # share of the meter's mean per unit: a slope that breaks a bound by less does not break it
FAR_OFF, WORSE = (
    0.25,
    3.0,
)  # of the meter's mean; of the free fit's error: a declaration that costs this cannot hold

# Surface inputs -> how they move with one unit more of a quantity, all other quantities equal.
_FELT: dict[str, dict[str, float]] = {
    "chw_supply_c": {"chw_supply_c": 1.0, "economizer_k": 1.0, "gap_k": -1.0, "cw_flow_kg_s": -1.0},
    "cw_supply_c": {"cw_supply_c": 1.0, "economizer_k": -1.0, "cw_approach_k": 1.0, "cw_flow_kg_s": 1.0},
    "supply_air_c": {"supply_air_c": 1.0, "gap_k": 1.0, "rack_inlet_c": 1.0},
    "outdoor_wetbulb_c": {"outdoor_wetbulb_c": 1.0, "cw_approach_k": -1.0},
}


@dataclass(frozen=True)
class Slope:
    """One effect on one surface: with one unit more its inputs move by `direction` (n, f), a row for each of x.

    Bounds of the effect are shares of the surface's value per unit. already: what the target changes by itself per
    unit (supply air warms the inlets before any surface does); only with bounds that say no more than a sign.
    """

    effect: Effect
    direction: Array
    already: float = 0.0


@dataclass(frozen=True)
class Kept:
    """An effect that a surface keeps. broken_share: of the record's rows where it does not, 0 to 1.

    error, free_error: mean absolute error of the surface and of the one without declarations, in the target's unit.
    """

    effect: Effect
    where: str
    broken_share: float
    error: float
    free_error: float


def felt(of: str) -> dict[str, float]:
    """Inputs that move with a quantity; a setpoint is felt through the temperature that it sets."""
    name = of.replace("_sp_c", "_c")
    return _FELT.get(name, {of: 1.0})


def answers_to(inputs: tuple[str, ...], of: str) -> bool:
    """Whether any of a surface's inputs moves with the quantity."""
    return bool(set(inputs) & set(felt(of)))


def is_sign(effect: Effect) -> bool:
    """Whether no more than a sign is declared."""
    return {abs(effect.low), abs(effect.high)} <= {0.0, np.inf}


def sign_of(effect: Effect) -> Effect:
    """The sign that an effect implies, without its size; nothing where it may have either."""
    low = 0.0 if effect.low >= 0.0 else -np.inf
    return replace(effect, low=low, high=0.0 if effect.high <= 0.0 else np.inf)


def slope_of(
    effect: Effect, inputs: tuple[str, ...], x: Array, over_k: Array | None, already: float = 0.0
) -> Slope:
    """The effect on a surface with these inputs at rows x (n, f).

    over_k (n,): chilled-water return over condenser water, which condenser-water flow is inversely proportional to
    where chillers stand: one K of either changes it by flow / over_k.
    """
    moves = felt(effect.of)
    direction = np.zeros_like(x)
    for column, name in enumerate(inputs):
        direction[:, column] = moves.get(name, 0.0)
        if name == "cw_flow_kg_s" and over_k is not None:
            direction[:, column] *= x[:, column] / np.maximum(over_k, 1.0)
    return Slope(effect, direction, already)


def combined(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """Effects of one quantity on one target as one. Raises ImpossibleEffectError where they exclude each other."""
    by_target: dict[tuple[str, str], Effect] = {}
    for effect in effects:
        key = effect.of.replace("_sp_c", "_c"), effect.target
        before = by_target.get(key, effect)
        both = Effect(before.of, effect.target, max(before.low, effect.low), min(before.high, effect.high))
        if both.low > both.high:
            raise ImpossibleEffectError(
                f"what is declared of {effect.of} on {effect.target} excludes itself "
                f"(at least {100 * both.low:g} % and at most {100 * both.high:g} % per unit); keep one declaration"
            )
        by_target[key] = both
    return tuple(by_target.values())


def moved_terms(surface: Surface, x: Array, direction: Array) -> Array:
    """Change of the surface's terms (n, terms) per unit along `direction` (n, f)."""
    size = np.abs(direction / surface.scale).max(axis=1)
    step = (STEP / np.maximum(size, 1e-9))[:, None]
    return (terms(surface, x + step * direction) - terms(surface, x - step * direction)) / (2.0 * step)


def limits_on(surface: Surface, x: Array, slopes: tuple[Slope, ...]) -> Limits | None:
    """What the surface's weights must fulfil inside the record's range; None where nothing is declared.

    For a cubic surface, whose weights are of the cube root r: dy / y = 3 dr / r.
    """
    rows, least = [], []
    for slope in slopes:
        at, direction = _where(surface, x, slope)
        phi, moved = terms(surface, at), moved_terms(surface, at, direction)
        moved = 3.0 * moved if surface.cubic else moved
        for sign, bound in ((1.0, slope.effect.low), (-1.0, slope.effect.high)):
            if np.isfinite(bound):
                rows.append(sign * (moved - bound * phi))
                least.append(np.full(len(phi), -sign * slope.already))
    return Limits(np.concatenate(rows), np.concatenate(least)) if rows else None


def _where(surface: Surface, x: Array, slope: Slope) -> tuple[Array, Array]:
    """Rows at which the effect has to hold, and its direction there; everywhere in range if it is only a sign."""
    inside = ((x >= surface.low) & (x <= surface.high)).all(axis=1)
    rows = thinned(np.flatnonzero(inside))
    at, direction = x[rows], slope.direction[rows]
    if not is_sign(slope.effect):
        return at, direction
    anywhere = qmc.Sobol(x.shape[1], scramble=False).random(EVERYWHERE)
    anywhere = surface.low + anywhere * (surface.high - surface.low)
    usual = np.repeat(slope.direction.mean(axis=0)[None], EVERYWHERE, axis=0)
    return np.concatenate([at, anywhere]), np.concatenate([direction, usual])


def thinned(rows: Array) -> Array:
    """At most `MOST_ROWS` of the rows, evenly."""
    return rows[:: max(1, -(-len(rows) // MOST_ROWS))]


def broken_share(surface: Surface, x: Array, slope: Slope) -> float:
    """Share of the rows x (n, f) inside the record's range at which the surface breaks an effect."""
    inside = ((x >= surface.low) & (x <= surface.high)).all(axis=1)
    x, direction = x[inside], slope.direction[inside]
    value = values(surface, x)
    size = np.abs(direction / surface.scale).max(axis=1)
    step = (STEP / np.maximum(size, 1e-9))[:, None]
    ahead, behind = (values(surface, x + sign * step * direction) for sign in (1.0, -1.0))
    change = (ahead - behind) / (2.0 * step[:, 0]) + slope.already
    return breaks(change, value, slope.effect)


def breaks(change: Array, value: Array, effect: Effect) -> float:
    """Share of rows at which a change per unit (n,) of a value (n,) breaks an effect."""
    if len(value) == 0:
        return 0.0
    nothing = NOTHING * np.abs(value).mean()
    low = effect.low * value - nothing if np.isfinite(effect.low) else np.full(len(value), -np.inf)
    high = effect.high * value + nothing if np.isfinite(effect.high) else np.full(len(value), np.inf)
    return float(((change < low) | (change > high)).mean())


def refuse_if_far_off(
    effects: tuple[Effect, ...], where: str, y: Array, error: float, free_error: float
) -> None:
    """Raises ImpossibleEffectError where what is declared leaves a surface that has nothing to do with its meter."""
    if error > max(FAR_OFF * float(np.abs(y).mean()), WORSE * free_error):
        names = " and ".join(f"{effect.of} on {effect.target}" for effect in effects)
        raise ImpossibleEffectError(
            f"what is declared of {names} cannot hold: {where} would be {error:.3g} off on average, "
            f"{free_error:.3g} without it; mend the sign or the bounds"
        )
