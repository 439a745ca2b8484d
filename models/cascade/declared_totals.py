"""Declared effects on sums of meters: cooling power, overhead, facility power."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np

from models.cascade.cascade import FULL
from models.cascade.declared import (
    Kept,
    answers_to,
    breaks,
    moved_terms,
    refuse_if_far_off,
    sign_of,
    slope_of,
    thinned,
)
from models.cascade.declared_fit import Declared
from models.cascade.record import Record
from models.cascade.surface import Surface, members, terms
from models.constrained import Limits, nearest_within
from models.efficiency.declared_effects import Effect
from models.errors import ImpossibleEffectError

ROUNDING = 1e-6  # of a term's variance: what keeps a metric definite

Meters = dict[str, dict[str, Surface | None]]
Key = tuple[str, str]  # a surface: its meter, and the mode that it was learned for


def keep_totals(
    declared: Declared,
    record: Record,
    meters: Meters,
    modes: Mapping[str, np.ndarray],
    losses: Surface | None,
    counts_it: bool,
) -> Meters:
    """The meters' surfaces (by name, by mode) moved as little as need be for the effects on sums of them to hold.

    Nearest in predictions on the record (sum of squared kW over the meters), all meters and modes at once, since
    surfaces are shared between modes. Of a declared size only the sign is kept where chillers stand: what is left then,
    fans and pumps, has another size. Raises ImpossibleEffectError where no surfaces keep them.
    """
    effects = declared.totals(tuple(meters))
    surfaces = {(name, mode): each for name, by in meters.items() for mode, each in by.items() if each}
    free = {
        key: each
        for key, each in surfaces.items()
        if not each.cubic and any(answers_to(each.inputs, effect.of) for effect in effects)
    }
    effects = tuple(
        effect for effect in effects if any(answers_to(each.inputs, effect.of) for each in surfaces.values())
    )
    if not effects:
        return meters
    parts = [
        _Part(record, _in_force(effect, mode), mode, rows, _in_mode(meters, mode), losses, counts_it)
        for effect in effects
        for mode, rows in modes.items()
    ]
    parts = [part for part in parts if len(part.rows)]
    moved = _moved(record, free, parts)
    changed = {
        name: {mode: moved.get((name, mode), each) for mode, each in by.items()}
        for name, by in meters.items()
    }
    for part in parts:
        after, before = part.with_surfaces(_in_mode(changed, part.mode)), part
        error, free_error = (
            float(np.abs(each.measured_kw - each.value()).mean()) for each in (after, before)
        )
        where = f"{part.effect.target}, {part.mode}"
        refuse_if_far_off((part.effect,), where, part.measured_kw, error, free_error)
        broken = breaks(after.change(), after.value(), part.effect)
        declared.kept.append(Kept(part.effect, where, broken, error, free_error))
    declared.holding |= set(effects)
    return changed


def _in_force(effect: Effect, mode: str) -> Effect:
    return sign_of(effect) if mode == FULL else effect


def _in_mode(meters: Meters, mode: str) -> dict[Key, Surface]:
    """The surfaces in force in a mode, by meter and by the mode they were learned for."""
    in_force = {}
    for name, by in meters.items():
        own = mode if mode in by else next(iter(by))
        if (surface := by[own]) is not None:
            in_force[name, own] = surface
    return in_force


class _Part:
    """An effect on a power sum in one mode, at rows of the record where everything in the sum is known."""

    def __init__(
        self,
        record: Record,
        effect: Effect,
        mode: str,
        in_mode: np.ndarray,
        surfaces: dict[Key, Surface],
        losses: Surface | None,
        counts_it: bool,
    ) -> None:
        self.effect, self.mode, self.surfaces = effect, mode, surfaces
        names = {name for each in surfaces.values() for name in each.inputs}
        names |= {"over_k"} if "cw_flow_kg_s" in names else set()
        named = np.stack([record.get(name) for name in (*sorted(names), "cooling_kw")])
        within = np.ones(len(in_mode), bool)
        for surface in surfaces.values():
            x = np.stack([record.get(name) for name in surface.inputs], axis=1)
            within &= ((x >= surface.low) & (x <= surface.high)).all(axis=1)
        self.rows = thinned(
            np.flatnonzero(in_mode & record.settled & within & np.isfinite(named).all(axis=0))
        )
        self.columns = {name: record.get(name)[self.rows] for name in (*names, "load_kw", "over_k")}
        self.base_kw = np.zeros(len(self.rows))
        if effect.target != "cooling_kw" and counts_it:
            self.base_kw += np.asarray(members(losses, self.columns).mean(axis=0)) if losses else 0.0
        if effect.target == "facility_power_kw" and counts_it:
            self.base_kw += self.columns["load_kw"]
        self.measured_kw = record.get("cooling_kw")[self.rows] + self.base_kw

    def with_surfaces(self, surfaces: dict[Key, Surface]) -> "_Part":
        """The same rows with other surfaces."""
        other = object.__new__(_Part)
        other.__dict__ = self.__dict__ | {"surfaces": surfaces}
        return other

    def at(self, surface: Surface) -> tuple[np.ndarray, np.ndarray]:
        """A surface's terms (n, terms), and their change per unit of the effect's quantity."""
        x = np.stack([self.columns[name] for name in surface.inputs], axis=1)
        slope = slope_of(self.effect, surface.inputs, x, self.columns["over_k"])
        return terms(surface, x), moved_terms(surface, x, slope.direction)

    def value(self) -> np.ndarray:
        """kW of the sum (n,)."""
        return self.base_kw + sum(self._each(surface)[0] for surface in self.surfaces.values())

    def change(self) -> np.ndarray:
        """kW of the sum (n,) per unit of the effect's quantity."""
        return np.zeros(len(self.rows)) + sum(self._each(surface)[1] for surface in self.surfaces.values())

    def _each(self, surface: Surface) -> tuple[np.ndarray, np.ndarray]:
        value, change = zip(*(self.of_member(surface, k) for k in range(len(surface.weights))), strict=True)
        return np.mean(value, axis=0), np.mean(change, axis=0)

    def of_member(self, surface: Surface, member: int) -> tuple[np.ndarray, np.ndarray]:
        """kW (n,) of one member of a surface, and its change per unit."""
        phi, moved = self.at(surface)
        raw, change = phi @ surface.weights[member], moved @ surface.weights[member]
        if not surface.cubic:
            return raw, change
        return surface.level * np.maximum(raw, 0.0) ** 3, 3.0 * surface.level * np.maximum(
            raw, 0.0
        ) ** 2 * change


def _moved(record: Record, free: dict[Key, Surface], parts: list[_Part]) -> dict[Key, Surface]:
    """The free surfaces with weights for which every part holds in every member."""
    if not free:
        names = " and ".join(dict.fromkeys(f"{part.effect.of} on {part.effect.target}" for part in parts))
        raise ImpossibleEffectError(
            f"what is declared of {names} cannot hold: no meter of the sum answers to it"
        )
    metrics = {key: _metric(record, surface) for key, surface in free.items()}
    ends = np.cumsum([0, *(len(metric) for metric in metrics.values())])
    places = {key: slice(*pair) for key, pair in zip(free, pairwise(ends), strict=True)}
    metric = np.zeros((ends[-1], ends[-1]))
    for key, place in places.items():
        metric[place, place] = metrics[key]
    new: dict[Key, list[np.ndarray]] = {key: [] for key in free}
    for member in range(len(next(iter(free.values())).weights)):
        weights = np.concatenate([surface.weights[member] for surface in free.values()]).astype(float)
        rows, least = zip(*(bound for part in parts for bound in _bounds(part, places, member)), strict=True)
        try:
            weights = nearest_within(weights, metric, Limits(np.concatenate(rows), np.concatenate(least)))
        except ValueError as cause:
            names = " and ".join(dict.fromkeys(f"{part.effect.of} on {part.effect.target}" for part in parts))
            raise ImpossibleEffectError(f"what is declared of {names} cannot hold: {cause}") from cause
        for key, place in places.items():
            new[key].append(weights[place])
    return {key: replace(each, weights=np.array(new[key], np.float32)) for key, each in free.items()}


def _bounds(part: _Part, places: dict[Key, slice], member: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows and least values of what one member's weights must fulfil for one part."""
    bounds = []
    size = max(place.stop for place in places.values())
    for sign, bound in ((1.0, part.effect.low), (-1.0, part.effect.high)):
        if not np.isfinite(bound):
            continue
        rows, fixed = np.zeros((len(part.rows), size)), -sign * bound * part.base_kw
        for key, surface in part.surfaces.items():
            if key in places:
                phi, moved = part.at(surface)
                rows[:, places[key]] = sign * (moved - bound * phi)
            else:
                value, change = part.of_member(surface, member)
                fixed = fixed + sign * (change - bound * value)
        bounds.append((rows, -fixed))
    return bounds


def _metric(record: Record, surface: Surface) -> np.ndarray:
    """Mean square (terms, terms) of what a change of weights changes in predictions on the record."""
    x = np.stack([record.get(name) for name in surface.inputs], axis=1)
    phi = terms(surface, x[record.settled & np.isfinite(x).all(axis=1)])
    return phi.T @ phi / len(phi) + ROUNDING * np.diag(np.maximum(phi.var(axis=0), 1.0))
