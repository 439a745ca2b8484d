"""What is served of the figure: every model, corrected by its errors, in a mean weighted by what each was worth.

The backtest and the served model take the same steps, so that the backtest reports what service does.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from flax import serialization

from models.changes.boosting import ChangeBoosting
from models.changes.network import ChangeNetwork
from models.efficiency.baselines import Baseline, baselines
from models.efficiency.intervals import tercile_of
from models.efficiency.learn import Learned, outliers_of
from models.evaluate import mae
from models.online.ensemble import Ensemble
from models.online.intervals import Rows
from pipelines.learning.efficiency.dataset import OVERHEAD, Dataset
from pipelines.learning.efficiency.scores import MIXTURE, PERSISTENCE, SERVED, HeldOut, ratio_rows, scores
from pipelines.learning.tracking import Score
from pipelines.site.file import Site

WITH_NETWORKS = (MIXTURE, ChangeNetwork.name)


def others() -> list[Baseline]:
    """The models that are served beside the mixture: the simple ones, and those of changes since the last reading."""
    return [*baselines(), ChangeBoosting(), ChangeNetwork()]


@dataclass(frozen=True)
class Serving:
    """What is served: the models' errors up to when they were learned, and all but the mixture, fitted to all rows."""

    ensemble: Ensemble
    models: dict[str, Baseline]

    def to_bytes(self) -> bytes:
        """As msgpack; no class is named in it."""
        fitted = {name: model.arrays() for name, model in self.models.items()}
        return serialization.msgpack_serialize({"ensemble": self.ensemble.as_arrays(), "models": fitted})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """From `to_bytes`. Raises KeyError or ValueError where it does not fit."""
        parts = serialization.msgpack_restore(data)
        named = {model.name: model for model in others()}
        fitted = {name: named[name].restore(arrays) for name, arrays in parts["models"].items()}
        return cls(Ensemble.from_arrays(parts["ensemble"]), fitted)


def start_serving(
    site: Site, plant: pd.DataFrame, data: Dataset, held_out: HeldOut, learned: Learned
) -> tuple[Serving, list[Score]]:
    """Follow every model's errors on the held-out rows, then fit all but the mixture to all rows; the scores.

    learned: without the held-out rows.
    """
    judged = data.rows.where(held_out.rows)
    model = learned.model
    rows = Rows(
        times=data.times[held_out.rows],
        measured=judged.target(OVERHEAD),
        size=model.residual_size(judged.x)[OVERHEAD],
        tercile=tercile_of(model.intervals, judged.load_kw),
        in_support=model.in_support(judged.x),
        counts=np.ones(len(judged), bool),
    )
    predicted = held_out.of(OVERHEAD)
    ensemble = Ensemble.of(tuple(predicted), learned.scores[OVERHEAD], uncorrected=(PERSISTENCE,))
    followed = ensemble.follow(predicted, rows, site.interval.to_timedelta64())
    errors = {name: mae(rows.measured, each) for name, each in followed.corrected.items()}
    table = [
        {"model": SERVED, "mae_figure": mae(rows.measured, followed.mean)},
        *scores(site, data, held_out, errors),
    ]
    names = [name for name in predicted if name != MIXTURE]
    return Serving(followed.ensemble, _fitted(site, plant, data, names)), table


def _fitted(site: Site, plant: pd.DataFrame, data: Dataset, names: list[str]) -> dict[str, Baseline]:
    kept = ratio_rows(site, plant, data, OVERHEAD).where(~outliers_of(data.rows))
    return {model.name: model.fit(kept) for model in others() if model.name in names}
