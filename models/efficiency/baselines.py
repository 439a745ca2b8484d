"""Simple models: every network is reported beside them, and the best of them can be served."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, Self

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from models.buckets import in_pads
from models.efficiency.trees import Trees, as_arrays, evaluate, restored
from models.evaluate import time_blocks
from models.ridge import fit_weights, terms

BEYOND = 0.2  # of the record's range of the ratio: what a quadratic may predict past its ends
QUADRATIC = ("mean", "scale", "span", "weights", "limits")


@dataclass(frozen=True)
class Ratio:
    """Power per load to predict: inputs x (n, k); ratio, load_kw, last reading before each row: (n,).

    before (n, k + s): the inputs one row earlier and s readings that tell the plant's state then, NaN where there is
    none; for models that use them. names: of the inputs and of the state.
    """

    x: np.ndarray
    ratio: np.ndarray
    load_kw: np.ndarray
    last_reading: np.ndarray
    before: np.ndarray | None = None
    names: tuple[str, ...] = ()

    def where(self, keep: np.ndarray) -> "Ratio":
        """The rows for which `keep` (n,) is true, or whose numbers it holds."""
        before = None if self.before is None else self.before[keep]
        return Ratio(
            self.x[keep], self.ratio[keep], self.load_kw[keep], self.last_reading[keep], before, self.names
        )


class Baseline(ABC):
    """One interface: fit to rows in time order, predict the ratio (n,) of others.

    `arrays` gives the fitted numbers and `restore` takes them back, so that a registry needs no pickles.
    """

    name: str

    @abstractmethod
    def fit(self, rows: Ratio) -> Self:
        """Fits to rows in time order; returns itself."""

    @abstractmethod
    def predict(self, rows: Ratio) -> np.ndarray:
        """Ratio of power to load (n,), kW/kW, for the rows."""

    def arrays(self) -> dict[str, Any]:
        """Arrays and numbers of the fit, as `restore` takes them."""
        return {}

    def restore(self, arrays: dict[str, Any]) -> Self:
        """Takes the arrays of an earlier fit; returns itself."""
        return self


@dataclass
class Persistence(Baseline):
    """The last reading before each row."""

    name: str = "persistence, last reading"

    def fit(self, rows: Ratio) -> Self:
        """Nothing to fit."""
        return self

    def predict(self, rows: Ratio) -> np.ndarray:
        """The last reading before each row (n,), kW/kW."""
        return rows.last_reading


@dataclass
class ConstantRatio(Baseline):
    """Power is a constant share of the load, kW/kW."""

    name: str = "constant kW/ton"
    ratio: float = float("nan")

    def fit(self, rows: Ratio) -> Self:
        """Energy over load energy of the rows."""
        self.ratio = float((rows.ratio * rows.load_kw).sum() / rows.load_kw.sum())
        return self

    def predict(self, rows: Ratio) -> np.ndarray:
        """The constant for each row (n,), kW/kW."""
        return np.full(len(rows.x), self.ratio)

    def arrays(self) -> dict[str, Any]:
        """The ratio."""
        return {"ratio": self.ratio}

    def restore(self, arrays: dict[str, Any]) -> Self:
        """Takes the ratio of an earlier fit."""
        self.ratio = float(arrays["ratio"])
        return self


@dataclass
class QuadraticRidge(Baseline):
    """Ridge regression on all products of two inputs, its penalty chosen on left-out blocks of time.

    As an engineer would use it: products are limited to the record's range of the inputs, beyond which a parabola
    diverges, and the ratio to what was recorded and some more.
    """

    name: str = "quadratic ridge"
    mean: np.ndarray = field(default_factory=lambda: np.zeros(0))
    scale: np.ndarray = field(default_factory=lambda: np.ones(0))
    span: np.ndarray = field(default_factory=lambda: np.zeros((2, 0)))
    weights: np.ndarray = field(default_factory=lambda: np.zeros(0))
    limits: np.ndarray = field(default_factory=lambda: np.array([-np.inf, np.inf]))

    def fit(self, rows: Ratio) -> Self:
        """Standardises the inputs and fits the weights (`models.ridge.fit_weights`)."""
        self.mean, self.scale = rows.x.mean(axis=0), np.maximum(rows.x.std(axis=0), 1e-9)
        self.span = np.stack([rows.x.min(axis=0), rows.x.max(axis=0)])
        self.weights = fit_weights(self._terms(rows.x), rows.ratio, time_blocks(len(rows.x), folds=4))
        low, high = rows.ratio.min(), rows.ratio.max()
        self.limits = np.array([low, high]) + BEYOND * (high - low) * np.array([-1.0, 1.0])
        return self

    def predict(self, rows: Ratio) -> np.ndarray:
        """The quadratic's ratio (n,), kW/kW."""
        return (self._terms(rows.x) @ self.weights).clip(*self.limits)

    def arrays(self) -> dict[str, Any]:
        """Mean (k,), scale (k,), span (2, k), weights (terms,) and limits (2,)."""
        return {name: getattr(self, name) for name in QUADRATIC}

    def restore(self, arrays: dict[str, Any]) -> Self:
        """Takes the arrays of an earlier fit. Raises KeyError where one is missing."""
        for name in QUADRATIC:
            setattr(self, name, arrays[name])
        return self

    def _terms(self, x: np.ndarray) -> np.ndarray:
        linear, curved = ((each - self.mean) / self.scale for each in (x, x.clip(*self.span)))
        return terms(linear, curved)


@dataclass
class GradientBoosting(Baseline):
    """scikit-learn's histogram gradient boosting, its defaults, on the ratio or on power."""

    of: Literal["ratio", "power"] = "ratio"
    seed: int = 0

    def __post_init__(self) -> None:
        self.name = "gradient boosting, " + {"ratio": "kW/kW", "power": "kW"}[self.of]
        self._trees = HistGradientBoostingRegressor(random_state=self.seed)
        self._restored: Trees | None = None

    def fit(self, rows: Ratio) -> Self:
        """Grows the trees on kW/kW, or on kW where `of` is "power"."""
        self._trees.fit(rows.x, rows.ratio * (rows.load_kw if self.of == "power" else 1.0))
        return self

    def predict(self, rows: Ratio) -> np.ndarray:
        """Ratio (n,), kW/kW; predicted power is divided by the load."""
        return self._sum(rows.x) / (rows.load_kw if self.of == "power" else 1.0)

    def _sum(self, x: np.ndarray) -> np.ndarray:
        if self._restored is None:
            return self._trees.predict(x)
        return in_pads(partial(evaluate, self._restored), x)[:, 0]

    def arrays(self) -> dict[str, Any]:
        """The trees as arrays (`models.efficiency.trees.Trees`)."""
        grown = as_arrays([self._trees]) if self._restored is None else self._restored
        return grown.plain()

    def restore(self, arrays: dict[str, Any]) -> Self:
        """Takes the trees of an earlier fit; JAX evaluates them."""
        self._restored = restored(arrays)
        return self


@dataclass
class QuadraticThenBoosting(Baseline):
    """The quadratic ridge, and gradient boosting on its residuals."""

    name: str = "quadratic + boosting"
    seed: int = 0

    def __post_init__(self) -> None:
        self._curve, self._rest = QuadraticRidge(), GradientBoosting("ratio", self.seed)

    def fit(self, rows: Ratio) -> Self:
        """Fits the quadratic, then boosting on what it leaves."""
        self._curve.fit(rows)
        self._rest.fit(replace(rows, ratio=rows.ratio - self._curve.predict(rows)))
        return self

    def predict(self, rows: Ratio) -> np.ndarray:
        """Sum of both (n,), kW/kW."""
        return self._curve.predict(rows) + self._rest.predict(rows)

    def arrays(self) -> dict[str, Any]:
        """Arrays of the two parts."""
        return {"curve": self._curve.arrays(), "rest": self._rest.arrays()}

    def restore(self, arrays: dict[str, Any]) -> Self:
        """Takes the arrays of the two parts."""
        self._curve.restore(arrays["curve"])
        self._rest.restore(arrays["rest"])
        return self


def baselines() -> list[Baseline]:
    """All simple models, the simplest first."""
    return [
        Persistence(),
        ConstantRatio(),
        QuadraticRidge(),
        GradientBoosting("ratio"),
        GradientBoosting("power"),
        QuadraticThenBoosting(),
    ]
