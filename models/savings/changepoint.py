"""Where change points lie: the temperatures of least squared error, found from sums that are taken once."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from models.savings.forms import SIDES, ChangePoint, Kind, Weather
from models.savings.hours import Array, Hours
from models.savings.regression import solved

GRID = 48  # temperatures tried between the ends below, then as many between the neighbours of the best, twice
ROUNDS = 3
ENDS = (0.05, 0.95)  # quantiles of the record: a slope needs hours on its side of the change point
LEAST_GAP_K = 1.0  # between the two points of 5P


def best_changepoint(hours: Hours, air: Weather) -> ChangePoint:
    """The change-point form of least Bayesian information criterion, with hours counted as days (they are alike).

    hours: known throughout. Schwarz 1978, Annals of Statistics 6(2).
    """
    sums = _Sums.of(hours, air)
    days = max(len(hours) / 24.0, 10.0)

    def criterion(found: tuple[ChangePoint, float]) -> float:
        form, error = found
        return days * math.log(max(error, 1e-12)) + math.log(days) * _coefficients(form)

    return min((_found(sums, hours, air, kind) for kind in SIDES), key=criterion)[0]


def changepoint(hours: Hours, air: Weather, kind: Kind) -> ChangePoint:
    """The change points of least squared error; hours known throughout."""
    return _found(_Sums.of(hours, air), hours, air, kind)[0]


def _found(sums: "_Sums", hours: Hours, air: Weather, kind: Kind) -> tuple[ChangePoint, float]:
    """The form, and its mean squared error, kW squared."""
    low, high = np.quantile(sums.air_c, ENDS)
    lows, highs = np.linspace(low, high, GRID), np.linspace(low, high, GRID)
    best = (low, low)
    for _ in range(ROUNDS):
        points = _points(kind, lows, highs)
        if not len(points):  # no room for two points
            return _found(sums, hours, air, "4P")
        errors = sums.errors(kind, points)
        best = points[int(np.argmin(errors))]
        lows, highs = (
            np.linspace(max(point - step, low), min(point + step, high), GRID)
            for point, step in zip(best, (np.ptp(lows) / (GRID - 1), np.ptp(highs) / (GRID - 1)), strict=True)
        )
    load_kw = float(hours.load_kw.mean()) if hours.has_load else None
    return ChangePoint(kind, air, (float(best[0]), float(best[1])), load_kw), float(errors.min())


def _points(kind: Kind, lows: Array, highs: Array) -> Array:
    """Pairs of points (k, 2) to try: both the same but for 5P."""
    if kind != "5P":
        return np.column_stack([lows, lows])
    pairs = np.stack(np.meshgrid(lows, highs, indexing="ij"), axis=-1).reshape(-1, 2)
    return pairs[pairs[:, 1] - pairs[:, 0] >= LEAST_GAP_K]


def _coefficients(form: ChangePoint) -> int:
    return 1 + (form.load_kw is not None) + SIDES[form.kind] + (2 if form.kind == "5P" else 1)


@dataclass(frozen=True)
class _Sums:
    """Running sums over hours sorted by temperature, from which normal equations follow for any change point.

    air_c (n,) sorted. of_l, of_ll, of_yl (n + 1, 3): sums up to each hour of l, l squared and power l, times the
    powers 0 to 2 of temperature less `middle_c`. plain: sums of 1, l, l squared, y, y l and y squared. loaded:
    whether l is load.
    """

    air_c: Array
    middle_c: float
    of_l: Array
    of_ll: Array
    of_yl: Array
    plain: tuple[float, ...]
    loaded: bool

    @classmethod
    def of(cls, hours: Hours, air: Weather) -> Self:
        order = np.argsort(hours.air(air), kind="stable")
        air_c, y = hours.air(air)[order].astype(float), hours.power_kw[order].astype(float)
        loaded = hours.has_load
        load = hours.load_kw[order] / hours.load_kw.mean() if loaded else np.ones(len(hours))
        middle_c = float(air_c.mean())
        powers = (air_c - middle_c)[:, None] ** np.arange(3)

        def running(values: Array) -> Array:
            return np.vstack([np.zeros(3), np.cumsum(values[:, None] * powers, axis=0)])

        plain = (float(len(y)), load.sum(), load @ load, y.sum(), y @ load, y @ y)
        return cls(
            air_c,
            middle_c,
            running(load),
            running(load**2),
            running(y * load),
            tuple(map(float, plain)),
            loaded,
        )

    def errors(self, kind: Kind, points: Array) -> Array:
        """Mean squared error (k,) of the fits with these change points (k, 2)."""
        rows, ones, lines = self.plain[0], np.ones(len(points)), {}
        if kind != "3PH":
            lines["above"] = self._side(points[:, 1], above=True)
        if kind != "3PC":
            lines["below"] = self._side(points[:, 0], above=False)
        base = [[self.plain[0], self.plain[1]], [self.plain[1], self.plain[2]]] if self.loaded else [[rows]]
        size = len(base) + len(lines)
        gram, cross = np.zeros((len(points), size, size)), np.zeros((len(points), size))
        gram[:, : len(base), : len(base)] = base
        cross[:, 0] = self.plain[3] * ones
        if self.loaded:
            cross[:, 1] = self.plain[4] * ones
        for position, (with_one, with_load, with_itself, with_y) in enumerate(
            lines.values(), start=len(base)
        ):
            gram[:, 0, position] = gram[:, position, 0] = with_one
            if self.loaded:
                gram[:, 1, position] = gram[:, position, 1] = with_load
            gram[:, position, position] = with_itself
            cross[:, position] = with_y
        beta = solved(gram, cross)
        explained = 2.0 * np.einsum("kp,kp->k", beta, cross) - np.einsum("kp,kpq,kq->k", beta, gram, beta)
        return np.maximum(self.plain[5] - explained, 0.0) / rows

    def _side(self, points_c: Array, *, above: bool) -> tuple[Array, Array, Array, Array]:
        """Sums of l |T - point| beyond the points (k,): with 1, with l, with itself, and with power."""
        place = np.searchsorted(self.air_c, points_c, side="right")
        at = points_c - self.middle_c
        sign = 1.0 if above else -1.0

        def beyond(sums: Array) -> Array:
            return sums[-1] - sums[place] if above else sums[place]

        of_l, of_ll, of_yl = beyond(self.of_l), beyond(self.of_ll), beyond(self.of_yl)
        with_one = sign * (of_l[:, 1] - at * of_l[:, 0])
        with_load = sign * (of_ll[:, 1] - at * of_ll[:, 0])
        with_itself = of_ll[:, 2] - 2.0 * at * of_ll[:, 1] + at**2 * of_ll[:, 0]
        return with_one, with_load, with_itself, sign * (of_yl[:, 1] - at * of_yl[:, 0])


def knots_c(air_c: Array, *, pieces: int = 6, least: float = 0.03) -> tuple[float, ...]:
    """Where straight pieces meet: the range cut evenly, ends with under `least` of the hours joined to the next."""
    low, high = np.quantile(air_c, [0.005, 0.995])
    edges = np.linspace(low, high, pieces + 1)[1:-1]
    kept: list[float] = []
    for edge in edges:
        below = (air_c < edge) & (air_c >= (kept[-1] if kept else -np.inf))
        if below.mean() >= least:
            kept.append(float(edge))
    while kept and (air_c >= kept[-1]).mean() < least:
        kept.pop()
    return tuple(kept)
