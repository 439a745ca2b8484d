"""What a residual on the gray-box plant is worth as a prediction: ridge and small Flax ensembles, on weeks left out.

SITES in the environment: paths of site files, HOMES: homes with their telemetry, in the same order, ":" between them.
Cooling power of settled rows of every fourth week, which nothing was fitted to; CV(RMSE) in percent, and in rows that
lie beyond what the fitted rows had (one input outside their 1 % to 99 %).
"""

import os
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from models.efficiency.networks import apply, initial_params
from models.evaluate import cv_rmse, nmbe, time_blocks
from models.ridge import fit_weights, terms
from pipelines.config import settings
from pipelines.learning.cascade.dataset import held_out_weeks, inputs_of
from pipelines.learning.cascade.scores import CASCADE, predicted, predictions
from pipelines.learning.cascade.training import learn_site
from pipelines.site.file import find_site
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.store import Store

NETWORKS, HIDDEN, STEPS, BATCH = 5, (16, 16), 1_500, 256


def run() -> list[dict[str, Any]]:
    """A row for every site and model."""
    sites, homes = (os.environ[name].split(":") for name in ("SITES", "HOMES"))
    rows: list[dict[str, Any]] = []
    for path, home in zip(sites, homes, strict=True):
        os.environ["COLDAISLE_HOME"] = home
        rows += _of_site(path)
    return rows


def _of_site(path: str) -> list[dict[str, Any]]:
    home = settings()
    site = find_site(path, home)
    plant = plant_table(site, Store(home.store, site).read())
    judged = held_out_weeks(plant)
    blind = learn_site(site, plant[~judged]).cascade
    inputs = inputs_of(site, plant)
    by_model, rows = predictions(site, blind, plant, inputs, ~judged, judged)
    if not by_model:
        print(f"{site.name}: too few settled rows have every input", file=sys.stderr)
        return []
    fitted = ~judged & inputs.settled
    x = np.stack([each for each in inputs.by_name.values() if np.isfinite(each[fitted]).all()], axis=1)
    physics_kw = np.full(len(plant), np.nan)
    physics_kw[fitted] = predicted(blind, inputs, fitted)
    mean, scale = x[fitted].mean(axis=0), np.maximum(x[fitted].std(axis=0), 1e-6)
    low, high = np.quantile(x[fitted], [0.01, 0.99], axis=0)
    z, bounded = (x - mean) / scale, (np.clip(x, low, high) - mean) / scale
    error_kw = inputs.cooling_kw[fitted] - physics_kw[fitted]
    weights = fit_weights(
        terms(z[fitted], bounded[fitted]), error_kw, time_blocks(int(fitted.sum()), folds=8)
    )
    by_model["physics + ridge"] = by_model[CASCADE] + terms(z[rows], bounded[rows]) @ weights
    by_model["physics + Flax ensemble"] = by_model[CASCADE] + _ensemble(
        bounded[fitted], error_kw, bounded[rows]
    )
    beyond = ((x[rows] < low) | (x[rows] > high)).any(axis=1)
    measured_kw = inputs.cooling_kw[rows]
    return [
        {
            "site": site.name,
            "model": "physics" if name == CASCADE else name,
            "cv_rmse_pct": 100.0 * cv_rmse(measured_kw, kw),
            "nmbe_pct": 100.0 * nmbe(measured_kw, kw),
            "beyond_pct": 100.0 * cv_rmse(measured_kw[beyond], kw[beyond]) if beyond.any() else None,
            "rows": len(measured_kw),
        }
        for name, kw in by_model.items()
    ]


def _ensemble(x: np.ndarray, error_kw: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Mean residual, kW, of small networks fitted to x (n, k), at other rows (m, k)."""
    scale = max(float(error_kw.std()), 1e-6)
    data = jnp.asarray(x, jnp.float32), jnp.asarray(error_kw / scale, jnp.float32)
    params = initial_params(np.random.default_rng(0), (NETWORKS,), x.shape[1], HIDDEN)
    tx = optax.adamw(optax.cosine_decay_schedule(3e-3, STEPS), weight_decay=1e-3)

    def loss(params: Any, rows: jax.Array) -> jax.Array:
        return jnp.mean(optax.huber_loss(apply(params, data[0][rows]), data[1][rows]))

    def fit_one(params: Any, key: jax.Array) -> Any:
        def step(carry: tuple[Any, Any], key: jax.Array) -> tuple[tuple[Any, Any], None]:
            params, state = carry
            rows = jax.random.randint(key, (BATCH,), 0, len(x))
            change, state = tx.update(jax.grad(loss)(params, rows), state, params)
            return (optax.apply_updates(params, change), state), None

        keys = jax.random.split(key, STEPS)
        return jax.lax.scan(step, (params, tx.init(params)), keys)[0][0]

    fitted = jax.jit(jax.vmap(fit_one))(params, jax.random.split(jax.random.key(0), NETWORKS))
    every = jax.vmap(lambda each: apply(each, jnp.asarray(at, jnp.float32)))(fitted)
    return np.asarray(every, float).mean(axis=0) * scale
