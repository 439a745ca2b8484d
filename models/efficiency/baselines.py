"""What an engineer would try first; every network is reported beside these, and the best of them can be served."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, Self

import jax.numpy as jnp
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

from models.efficiency.trees import Trees, as_arrays, evaluate
from models.evaluate import time_blocks
from models.ridge import fit_weights, terms


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
    """One interface: fit to some rows in time order, predict the ratio (n,) of others.

    `arrays` holds what was fitted, `restore` takes it back: a registry keeps no pickles.
    """

    name: str

    @abstractmethod
    def fit(self, rows: Ratio) -> Self: ...

    @abstractmethod
    def predict(self, rows: Ratio) -> np.ndarray: ...

    def arrays(self) -> dict[str, Any]:
        """Arrays and numbers of the fit."""
        return {}

    def restore(self, arrays: dict[str, Any]) -> Self:
        """Take the arrays of an earlier fit."""
        return self


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

    def arrays(self) -> dict[str, Any]:
        return {"ratio": self.ratio}

    def restore(self, arrays: dict[str, Any]) -> Self:
        self.ratio = float(arrays["ratio"])
        return self


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

    def arrays(self) -> dict[str, Any]:
        return {"mean": self.mean, "scale": self.scale, "weights": self.weights}

    def restore(self, arrays: dict[str, Any]) -> Self:
        self.mean, self.scale, self.weights = (arrays[name] for name in ("mean", "scale", "weights"))
        return self

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
        self._restored: Trees | None = None

    def fit(self, rows: Ratio) -> Self:
        self._trees.fit(rows.x, rows.ratio * (rows.load_kw if self.of == "power" else 1.0))
        return self

    def predict(self, rows: Ratio) -> np.ndarray:
        return self._sum(rows.x) / (rows.load_kw if self.of == "power" else 1.0)

    def _sum(self, x: np.ndarray) -> np.ndarray:
        if self._restored is None:
            return self._trees.predict(x)
        return np.asarray(evaluate(self._restored, jnp.asarray(x, jnp.float32)))[:, 0]

    def arrays(self) -> dict[str, Any]:
        grown = as_arrays([self._trees]) if self._restored is None else self._restored
        return {part.name: np.asarray(getattr(grown, part.name)) for part in fields(grown)}

    def restore(self, arrays: dict[str, Any]) -> Self:
        of_rows = {name: jnp.asarray(values) for name, values in arrays.items() if name != "depth"}
        self._restored = Trees(**of_rows, depth=int(arrays["depth"]))
        return self


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

    def arrays(self) -> dict[str, Any]:
        return {"curve": self._curve.arrays(), "rest": self._rest.arrays()}

    def restore(self, arrays: dict[str, Any]) -> Self:
        self._curve.restore(arrays["curve"])
        self._rest.restore(arrays["rest"])
        return self


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
