"""Fits every model in every fold and predicts the held-out rows; chains of folds run in spawned processes.

In a chain each fold's networks start from those of the fold before, as scheduled training does.
"""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from models.efficiency.baselines import Baseline, ConstantRatio, QuadraticRidge, Ratio
from models.efficiency.intervals import Scores, tercile_of
from models.efficiency.learn import Learned, Rows, outliers_of
from models.efficiency.model import PlantModel
from models.evaluate import mae
from pipelines.learning.backtest.task import Predictions
from pipelines.learning.efficiency.dataset import COOLING
from pipelines.learning.efficiency.scores import MIXTURE, NETWORK, PERSISTENCE
from pipelines.learning.folds import Fold
from pipelines.telemetry.running import known_combinations

# Simple models that are fitted to cooling power too; `--target cascade` judges it beside boosting as well.
CHEAP = (PERSISTENCE, ConstantRatio.name, QuadraticRidge.name)
CHAIN = 8  # folds: then networks start anew, since blocks of single weeks are close to each other


@dataclass(frozen=True)
class Work:
    """What every fold needs of a task, small enough to send to another process.

    combinations (n,): which equipment runs in each row, see `combination_codes`; hours: length of a row.
    """

    rows: Rows
    simple: Ratio
    simple_cooling: Ratio | None
    learn: Callable[[Rows, PlantModel | None], Learned]
    compose: Callable[[Predictions, np.ndarray], np.ndarray]
    error_target: str
    further: tuple[str, ...]
    competitors: tuple[Baseline, ...]
    per_load: bool
    combinations: np.ndarray
    hours: float


@dataclass(frozen=True)
class FoldResult:
    """Predictions of the models of one fold for its test rows (n,).

    predicted, cooling: by model name, in the unit judged and in kW per load. further: other targets of the served
    mixture. size, tercile: of the interval; past: errors on left-out blocks before. edges (2,): loads between terciles.
    """

    predicted: dict[str, np.ndarray]
    cooling: dict[str, np.ndarray]
    further: dict[str, np.ndarray]
    size: np.ndarray
    tercile: np.ndarray
    past: Scores
    in_support: np.ndarray
    mixture: str
    sensitivity: dict[str, float]
    outliers: int


def run_folds(
    work: Work, folds: list[Fold], *, workers: int, say: Callable[[str], None],
    so_far: Callable[[list[FoldResult]], None] = lambda _: None,
) -> list[FoldResult]:  # fmt: skip
    """Results in the order of the folds; `so_far` is called with those that there are. Raises what learning raises."""
    results: list[FoldResult] = []
    for number, result in enumerate(_results(work, folds, workers), start=1):
        results.append(result)
        say(f"fold {number} of {len(folds)}: {result.mixture}")
        so_far(results)
    return results


def _results(work: Work, folds: list[Fold], workers: int) -> Iterator[FoldResult]:
    chains = [folds[begin : begin + CHAIN] for begin in range(0, len(folds), CHAIN)]
    last = len(chains) - 1
    if min(workers, len(chains)) <= 1:
        for number, chain in enumerate(chains):
            yield from run_chain(work, chain, sensitive=number == last)
        return
    # JAX and fork do not mix; each process compiles for itself, so that few folds are faster in one.
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = [pool.submit(_chain, work, chain, n == last) for n, chain in enumerate(chains)]
        for one in waiting:
            yield from one.result()


def _chain(work: Work, folds: list[Fold], sensitive: bool) -> list[FoldResult]:
    return list(run_chain(work, folds, sensitive=sensitive))


def run_chain(work: Work, folds: list[Fold], *, sensitive: bool) -> Iterator[FoldResult]:
    """Results of consecutive folds; sensitive: with the last one's sensitivity to its inputs."""
    before, train = None, np.zeros(len(work.rows), bool)
    stretches: tuple[int, ...] = ()
    for number, fold in enumerate(folds):
        stretches = _stretches(stretches, train, fold.train)
        with threadpool_limits(limits=1):
            rows = replace(work.rows.where(fold.train), stretches=stretches)
            learned = work.learn(rows, before if len(stretches) > 1 else None)
        yield _result(work, fold, learned, sensitive=sensitive and number == len(folds) - 1)
        before, train = learned.model, fold.train


def _stretches(before: tuple[int, ...], learned: np.ndarray, train: np.ndarray) -> tuple[int, ...]:
    """Stretches of the rows to learn from: those of the fold before, and what has come since."""
    rows, since = int(learned.sum()), int(train.sum())
    follows = (
        rows and not (learned & ~train).any() and not (train & ~learned)[: learned.nonzero()[0][-1]].any()
    )
    return (*before, since - rows) if follows and since > rows else (since,)


def _result(work: Work, fold: Fold, learned: Learned, *, sensitive: bool) -> FoldResult:
    """The other models fitted to the fold's training rows, and all predictions for its test rows."""
    with threadpool_limits(limits=1):
        predicted, cooling = _simple_predictions(work, fold)
    model, test = learned.model, np.flatnonzero(fold.test)
    x = work.rows.x[test]
    answer, network = model.ask(x), model.part("network").predict(x)
    for name, means in ((NETWORK, network), (MIXTURE, answer.mean)):
        predicted = {name: work.compose(means, test), **predicted}
        if COOLING in means:
            cooling = {name: means[COOLING], **cooling}
    return FoldResult(
        predicted=predicted,
        cooling=cooling,
        further={name: answer.mean[name] for name in work.further},
        size=model.residual_size(x)[work.error_target],
        tercile=tercile_of(model.intervals, work.rows.load_kw[test]),
        past=learned.scores[work.error_target],
        in_support=answer.in_support & _known_combination(work, fold),
        mixture=learned.mixture[work.error_target],
        sensitivity=_sensitivity(work, learned, test) if sensitive else {},
        outliers=learned.outliers,
    )


def _known_combination(work: Work, fold: Fold) -> np.ndarray:
    return known_combinations(work.combinations, fold.train, fold.test, work.hours)


def _simple_predictions(work: Work, fold: Fold) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    train = np.flatnonzero(fold.train)
    kept = train[~outliers_of(work.rows.where(fold.train))]
    predicted, cooling = {}, {}
    for model in work.competitors:
        ratio = model.fit(work.simple.where(kept)).predict(work.simple.where(fold.test))
        predicted[model.name] = ratio if work.per_load else ratio * work.simple.load_kw[fold.test]
        if work.simple_cooling is None:
            cooling[model.name] = ratio
        elif model.name in CHEAP:
            judged = work.simple_cooling.where(fold.test)
            cooling[model.name] = model.fit(work.simple_cooling.where(kept)).predict(judged)
    return predicted, cooling if work.per_load else {}


def _sensitivity(work: Work, learned: Learned, test: np.ndarray) -> dict[str, float]:
    """How much the mean absolute error grows where one input is taken from another row, by input (Breiman 2001)."""
    random, x = np.random.default_rng(0), work.rows.x[test]
    scale = 1.0 if work.per_load else work.simple.load_kw[test]
    measured = work.simple.ratio[test] * scale
    plain = mae(measured, work.compose(learned.model.predict(x), test))
    growth = {}
    for column, name in enumerate(work.rows.inputs):
        shuffled = x.copy()
        shuffled[:, column] = random.permutation(shuffled[:, column])
        growth[name] = mae(measured, work.compose(learned.model.predict(shuffled), test)) - plain
    return dict(sorted(growth.items(), key=lambda item: -item[1]))
