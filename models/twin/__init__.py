"""The twin: the simulator's plant fitted to a site's telemetry.

twin = fit_twin(record)                          # a Plant whose sizes and curves follow the meters
sensors = predict(twin, setpoints, conditions)   # readings under other setpoints
"""

from typing import Any

import jax.numpy as jnp

from models.twin.check import physical
from models.twin.descent import Say, TwinConfig, descend
from models.twin.nameplate import split_nameplate
from models.twin.parameters import space
from models.twin.posterior import Estimate, estimates, posterior_covariance
from models.twin.record import Inputs, Record
from models.twin.run import CHANNELS, OVERHEAD, scored
from models.twin.sizing import figures, sized
from models.twin.twin import Bounds, Conditions, Twin, from_document, predict, to_document
from models.twin.validate import HeldOut, bounds_of, held_out

__all__ = [
    "CHANNELS",
    "OVERHEAD",
    "Bounds",
    "Conditions",
    "Estimate",
    "HeldOut",
    "Inputs",
    "Record",
    "Twin",
    "TwinConfig",
    "fit_and_judge",
    "fit_twin",
    "from_document",
    "predict",
    "to_document",
]  # fmt: skip


def fit_twin(
    record: Record,
    nameplate: dict[str, Any] | None = None,
    *,
    config: TwinConfig | None = None,
    seed: int = 0,
    say: Say = lambda _: None,
) -> Twin:
    """Fits a plant to telemetry: sizes from robust quantiles, then every parameter through the rollout.

    nameplate: what is known of the site's equipment (`models.twin.nameplate`); the rest follows from the
    record.

    Raises:
        UnphysicalError: readings that no plant can make.
        TooFewRowsError: too few readings.
        DivergedError: no start gives a finite loss.
        ValueError: `nameplate` describes no plant.
    """
    return fit_and_judge(record, nameplate, config=config, seed=seed, say=say)[0]


def fit_and_judge(
    record: Record,
    nameplate: dict[str, Any] | None = None,
    *,
    config: TwinConfig | None = None,
    seed: int = 0,
    say: Say = lambda _: None,
) -> tuple[Twin, HeldOut]:
    """`fit_twin`, and predictions of each row by plants that were fitted without it; raises the same."""
    config = config or TwinConfig()
    described = figures(record) | (nameplate or {})
    record, broken = physical(record)
    for words, rows in broken.items():
        say(f"{rows} rows left out: {words}")
    channels = scored(record.measured)
    searched = space(sized(record, described), record, given=split_nameplate(described).figures)
    descent = descend(searched, record, channels, config, seed=seed, say=say)
    say(f"judging on {config.folds} folds of time, each left out in turn")
    residual, predictions = held_out(descent, len(record), folds=config.folds)
    twin = Twin(
        controlled=searched.at(jnp.asarray(descent.z, dtype=jnp.float32)),
        nameplate=described,
        estimates=estimates(searched, descent.z, posterior_covariance(descent.matrix), descent.starts),
        bounds=bounds_of(descent.objective, residual),
        dt_s=record.dt_s,
        metered_it=record.metered_it,
    )
    return twin, predictions
