"""From arrays to a PlantModel: clean, fit curves, train networks on their residuals, mix, calibrate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.efficiency.assembly import Assembly
from models.efficiency.model import PlantModel
from models.efficiency.outliers import isolated_outliers
from models.efficiency.rows import Learned, Parts, Rows
from models.efficiency.training import FitConfig, FitTask, OnEpoch, fit_many
from models.efficiency.warm_start import why_cold
from models.errors import DivergedError, TooFewRowsError
from models.evaluate import time_blocks
from models.together import answered

__all__ = ["Learned", "Parts", "Rows", "check_enough", "learn", "outliers_of", "without_outliers"]

LEAST_ROWS = 200
LEAST_ROWS_PER_INPUT = 20


def check_enough(rows: Rows) -> None:
    """Checks that there are rows enough for a quadratic in these inputs.

    Raises:
        TooFewRowsError: there are fewer.
    """
    least = max(LEAST_ROWS, LEAST_ROWS_PER_INPUT * len(rows.inputs))
    if len(rows) < least:
        raise TooFewRowsError(f"{len(rows)} rows to learn from, needs {least} for {len(rows.inputs)} inputs")


def without_outliers(rows: Rows) -> tuple[Rows, int]:
    """Rows without those that break the energy balance (of the first target), and their number."""
    out = outliers_of(rows)
    return rows.where(~out), int(out.sum())


def outliers_of(rows: Rows) -> np.ndarray:
    """Rows that break the energy balance (of the first target) in isolation; bool (n,)."""
    return isolated_outliers(rows.x, rows.y[:, 0], time_blocks(len(rows), folds=4))


@dataclass(frozen=True)
class Work:
    """One model to learn, as `learn` says."""

    rows: Rows
    config: FitConfig
    seed: int
    parts: Parts | None = None
    warm: PlantModel | None = None
    on_epoch: OnEpoch | None = None


def learn(
    rows: Rows,
    config: FitConfig,
    *,
    seed: int,
    parts: Parts | None = None,
    warm: PlantModel | None = None,
    on_epoch: OnEpoch | None = None,
) -> Learned:
    """Learns a plant from the rows of a record.

    Each part is fitted once without each block of time; its predictions of that block decide its share and
    the width of the intervals. warm: a model whose networks to start from, where
    `models.efficiency.warm_start.why_cold` gives no reason against it; it must have been learned from the
    first of the rows' stretches, or blocks it has seen would count as unseen.

    Raises:
        ValueError: fewer than two members.
        TooFewRowsError, ImpossibleEffectError: of the rows.
        DivergedError: `last_good` is then the Learned of the best epoch before.
    """
    return learn_each([Work(rows, config, seed, parts, warm, on_epoch)])[0]


def learn_each(works: Sequence[Work]) -> list[Learned]:
    """`learn` for several models, their networks trained in one call where they have one shape. Raises as it does."""
    begun = [_begun(work) for work in works]
    fits = answered(fit_many, [task for _, _, task in begun])
    learned = []
    for (assembly, outliers, _), fitted in zip(begun, fits, strict=True):
        if isinstance(fitted, DivergedError):
            fitted.last_good = assembly.assembled(fitted.last_good, outliers)
            raise fitted
        learned.append(assembly.assembled(fitted, outliers))
    return learned


def _begun(work: Work) -> tuple[Assembly, int, FitTask]:
    """Everything fitted but the networks, how many rows were left out, and the networks to train."""
    config = work.config
    if config.members < 2:
        raise ValueError(
            f"members ({config.members}) must be at least 2, so that each is validated on a block it has not seen"
        )
    check_enough(work.rows)
    rows, outliers = without_outliers(work.rows)
    assembly = Assembly.of(rows, config, work.parts or Parts(), work.seed)
    warm = work.warm
    task = FitTask(
        assembly.features.bounded,
        assembly.residual,
        assembly.mask,
        assembly.blocks,
        config,
        seed=work.seed,
        start=assembly.networks_of(warm) if warm and why_cold(warm, rows, config) is None else None,
        slopes=assembly.slopes,
        on_epoch=work.on_epoch,
    )
    return assembly, outliers, task
