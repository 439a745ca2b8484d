"""From arrays to a PlantModel: clean, fit the simple parts, train the networks on what they leave, mix, calibrate."""

import numpy as np

from models.efficiency.assembly import Build
from models.efficiency.model import PlantModel
from models.efficiency.outliers import isolated_outliers
from models.efficiency.rows import Learned, Parts, Rows
from models.efficiency.training import FitConfig, OnEpoch, fit_networks
from models.efficiency.warm_start import why_cold
from models.errors import DivergedError, TooFewRowsError
from models.evaluate import time_blocks

__all__ = ["Learned", "Parts", "Rows", "check_enough", "learn", "outliers_of", "without_outliers"]

LEAST_ROWS = 200
LEAST_ROWS_PER_INPUT = 20


def check_enough(rows: Rows) -> None:
    """Raise TooFewRowsError with fewer rows than a quadratic in these inputs can bear."""
    least = max(LEAST_ROWS, LEAST_ROWS_PER_INPUT * len(rows.inputs))
    if len(rows) < least:
        raise TooFewRowsError(f"{len(rows)} rows to learn from, needs {least} for {len(rows.inputs)} inputs")


def without_outliers(rows: Rows) -> tuple[Rows, int]:
    """Rows without those that break the energy balance (of the first target), and how many those were."""
    out = outliers_of(rows)
    return rows.where(~out), int(out.sum())


def outliers_of(rows: Rows) -> np.ndarray:
    """Which rows break the energy balance (of the first target) on their own; bool (n,)."""
    return isolated_outliers(rows.x, rows.y[:, 0], time_blocks(len(rows), folds=4))


def learn(
    rows: Rows,
    config: FitConfig,
    *,
    seed: int,
    parts: Parts | None = None,
    warm: PlantModel | None = None,
    on_epoch: OnEpoch | None = None,
) -> Learned:
    """Learn a plant model; the same rows, seed and machine give the same model, bit by bit.

    Every part is fitted once without each block of time; what it then predicts of that block decides its share and
    the width of intervals. warm: a model whose networks to start from, where
        `models.efficiency.warm_start.why_cold` has no objection;
    it must have been learned from the first of the rows' stretches, or blocks that it has seen would pass as unseen.
    Raises TooFewRowsError, ImpossibleEffectError, and DivergedError, whose `last_good` is the Learned of the best
    epoch before.
    """
    if config.members < 2:
        raise ValueError(
            f"members ({config.members}) must be at least 2, so that one can be held against another"
        )
    check_enough(rows)
    rows, outliers = without_outliers(rows)
    build = Build.of(rows, config, parts or Parts(), seed)
    start = build.networks_of(warm) if warm is not None and why_cold(warm, rows, config) is None else None
    try:
        fitted = fit_networks(
            build.features.bounded,
            build.residual,
            build.mask,
            build.blocks,
            config,
            seed=seed,
            start=start,
            slopes=build.slopes,
            on_epoch=on_epoch,
        )
    except DivergedError as error:
        error.last_good = build.assembled(error.last_good, outliers)
        raise
    return build.assembled(fitted, outliers)
