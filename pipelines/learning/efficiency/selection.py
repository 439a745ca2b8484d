"""Selection of the served model: the mixture, or the simple model that beats it, with its last error carried on.

The backtest and the served model take the same steps, so that the backtest reports what service does.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from flax import serialization

from models.efficiency.baselines import Baseline, Ratio, baselines
from models.efficiency.intervals import Scores, tercile_of
from models.efficiency.learn import Learned, without_outliers
from models.efficiency.online_intervals import History, Rows, follow
from models.evaluate import mae
from pipelines.learning.efficiency.dataset import OVERHEAD, Dataset
from pipelines.learning.efficiency.scores import MIXTURE, NETWORK, PERSISTENCE, SERVED, HeldOut, scores
from pipelines.learning.registry import TIE
from pipelines.learning.tracking import Score
from pipelines.site.file import Site


@dataclass(frozen=True)
class Serving:
    """What is served and why; `simple` is a baseline fitted to the whole record, None for the mixture.

    history: of the model's errors up to when it was learned.
    """

    model: str
    why: str
    history: History
    simple: Baseline | None = None

    def to_bytes(self) -> bytes:
        """As msgpack; no class is named in it."""
        parts: dict[str, Any] = {"model": self.model, "why": self.why, "history": self.history.as_arrays()}
        return serialization.msgpack_serialize(
            parts | {"arrays": self.simple.arrays() if self.simple else {}}
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """From `to_bytes`. Raises KeyError or ValueError where it does not fit."""
        parts = serialization.msgpack_restore(data)
        history, name = History.from_arrays(parts["history"]), parts["model"]
        simple = None if name == MIXTURE else _named(name).restore(parts["arrays"])
        return cls(name, parts["why"], history, simple)


def history_of(model: str, past: Scores, *, lag: int = 1) -> History:
    """What is known of a model's errors before it served: of the mixture's on left-out blocks of the record.

    lag: rows after which an error is known.
    """
    if model == MIXTURE:
        return History.of(past, lag=lag)
    return History.uncarried() if model == PERSISTENCE else History()


def choose(errors: dict[str, float]) -> tuple[str, str]:
    """Which model to serve by its mean absolute error (last error carried) on time held out, and why.

    The mixture, unless a simple model's error is clearly less.
    """
    rivals = {name: error for name, error in errors.items() if name not in (MIXTURE, NETWORK)}
    if not rivals:
        return MIXTURE, "there is no simple model to compare it with"
    best = min(rivals, key=lambda name: rivals[name])
    ours, theirs = errors[MIXTURE], rivals[best]
    why = f"on time held out, last errors carried, the mixture's MAE is {ours:.4g}, {best} has {theirs:.4g}"
    return (best if theirs < ours * (1.0 - TIE) else MIXTURE), why


def start_serving(
    site: Site, plant: pd.DataFrame, data: Dataset, held_out: HeldOut, learned: Learned
) -> tuple[Serving, list[Score]]:
    """Choose on the held-out rows, keep their error history, fit a simple model that wins to all rows; the scores.

    learned: without the held-out rows.
    """
    judged = data.rows.where(held_out.rows)
    model, past = learned.model, learned.scores[OVERHEAD]
    rows = Rows(
        times=data.times[held_out.rows],
        predicted=held_out.predicted[MIXTURE][OVERHEAD],
        measured=judged.target(OVERHEAD),
        size=model.residual_size(judged.x)[OVERHEAD],
        tercile=tercile_of(model.intervals, judged.load_kw),
        in_support=model.in_support(judged.x),
        counts=np.ones(len(judged), bool),
    )
    delay, errors, histories = site.interval.to_timedelta64(), {}, {}
    for name, predicted in held_out.of(OVERHEAD).items():
        mean, _, histories[name] = follow(history_of(name, past), replace(rows, predicted=predicted), delay)
        errors[name] = mae(rows.measured, mean)
    name, why = choose(errors)
    serving = Serving(name, why, histories[name], _fitted(name, data))
    by_model = scores(site, data, held_out, errors)
    return serving, [{"model": SERVED, "mae_figure": errors[name]}, *by_model]


def _fitted(name: str, data: Dataset) -> Baseline | None:
    if name == MIXTURE:
        return None
    rows, _ = without_outliers(data.rows)
    no_reading = np.full(len(rows), np.nan)
    return _named(name).fit(Ratio(rows.x, rows.target(OVERHEAD), rows.load_kw, no_reading))


def _named(name: str) -> Baseline:
    return next(model for model in baselines() if model.name == name)
