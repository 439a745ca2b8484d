"""What an engineer would try first; every network is reported beside these."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import Literal, Self

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from models.evaluate import time_blocks
from models.quadratic import fit_weights, terms


@dataclass(frozen=True)
class Ratio:
    """Power per load to predict: inputs x (n, k); ratio, load_kw, last reading before each row: (n,)."""

    x: np.ndarray
    ratio: np.ndarray
    load_kw: np.ndarray
    last_reading: np.ndarray

    def where(self, keep: np.ndarray) -> "Ratio":
        """The rows for which `keep` (n,) is true."""
        return Ratio(self.x[keep], self.ratio[keep], self.load_kw[keep], self.last_reading[keep])


class Baseline(ABC):
    """One interface: fit to some rows in time order, predict the ratio (n,) of others."""

    name: str

    @abstractmethod
    def fit(self, rows: Ratio) -> Self: ...

    @abstractmethod
    def predict(self, rows: Ratio) -> np.ndarray: ...


@dataclass
class Persistence(Baseline):
    """The last reading goes on."""

    name: str = "persistence, last reading"

    def fit(self, rows: Ratio) -> Self:
        return self

    def predict(self, rows: Ratio) -> np.ndarray:
        return rows.last_reading


@dataclass
class ConstantRatio(Baseline):
    """Power is a fixed share of the load: a constant kW per kW, or kW/ton."""

    name: str = "constant kW/ton"
    ratio: float = float("nan")

    def fit(self, rows: Ratio) -> Self:
        self.ratio = float((rows.ratio * rows.load_kw).sum() / rows.load_kw.sum())
        return self

    def predict(self, rows: Ratio) -> np.ndarray:
        return np.full(len(rows.x), self.ratio)


@dataclass
class QuadraticRidge(Baseline):
    """Ridge on all products of two inputs, its penalty chosen on left-out blocks of time."""

    name: str = "quadratic ridge"
    mean: np.ndarray = field(default_factory=lambda: np.zeros(0))
    scale: np.ndarray = field(default_factory=lambda: np.ones(0))
    weights: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def fit(self, rows: Ratio) -> Self:
        self.mean, self.scale = rows.x.mean(axis=0), np.maximum(rows.x.std(axis=0), 1e-9)
        self.weights = fit_weights(self._terms(rows.x), rows.ratio, time_blocks(len(rows.x), folds=4))
        return self

    def predict(self, rows: Ratio) -> np.ndarray:
        return self._terms(rows.x) @ self.weights

    def _terms(self, x: np.ndarray) -> np.ndarray:
        z = (x - self.mean) / self.scale
        return terms(z, z)


@dataclass
class GradientBoosting(Baseline):
    """scikit-learn's histogram gradient boosting, its defaults, on the ratio or on kW divided by the load."""

    of: Literal["ratio", "power"] = "ratio"
    seed: int = 0

    def __post_init__(self) -> None:
        self.name = "gradient boosting, " + {"ratio": "kW/kW", "power": "kW"}[self.of]
        self._trees = HistGradientBoostingRegressor(random_state=self.seed)

    def fit(self, rows: Ratio) -> Self:
        self._trees.fit(rows.x, rows.ratio * (rows.load_kw if self.of == "power" else 1.0))
        return self

    def predict(self, rows: Ratio) -> np.ndarray:
        return self._trees.predict(rows.x) / (rows.load_kw if self.of == "power" else 1.0)


@dataclass
class QuadraticThenBoosting(Baseline):
    """Gradient boosting on what the quadratic ridge leaves."""

    name: str = "quadratic + boosting"
    seed: int = 0

    def __post_init__(self) -> None:
        self._curve, self._rest = QuadraticRidge(), GradientBoosting("ratio", self.seed)

    def fit(self, rows: Ratio) -> Self:
        self._curve.fit(rows)
        self._rest.fit(replace(rows, ratio=rows.ratio - self._curve.predict(rows)))
        return self

    def predict(self, rows: Ratio) -> np.ndarray:
        return self._curve.predict(rows) + self._rest.predict(rows)


def baselines() -> list[Baseline]:
    """All of them, the simplest first."""
    return [
        Persistence(),
        ConstantRatio(),
        QuadraticRidge(),
        GradientBoosting("ratio"),
        GradientBoosting("power"),
        QuadraticThenBoosting(),
    ]
