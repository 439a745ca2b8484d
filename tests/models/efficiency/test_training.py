from dataclasses import replace

import jax
import numpy as np
import pytest

from models.efficiency.networks import apply
from models.efficiency.training import fit_networks
from models.errors import DivergedError
from models.evaluate import time_blocks
from tests.models.plants import QUICK

MASK = np.ones((1, 2), np.float32)
BLOCKS = time_blocks(600, folds=2)


@pytest.fixture
def z():
    return np.random.default_rng(0).normal(size=(600, 2)).astype(np.float32)


def fit(z, y, *, config=QUICK, seed=0, mask=MASK, **more):
    y = np.asarray(y, np.float32)
    stacked = np.stack([y] * config.members)[None]
    return fit_networks(z, stacked, mask, BLOCKS, config, seed=seed, **more)


def bits(fitted):
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(fitted.params)]


def test_same_seed_gives_the_same_networks_bit_by_bit(z):
    assert bits(fit(z, z[:, 0] ** 2)) == bits(fit(z, z[:, 0] ** 2))


def test_another_seed_gives_other_networks(z):
    assert bits(fit(z, z[:, 0] ** 2)) != bits(fit(z, z[:, 0] ** 2, seed=1))


def test_a_curve_is_learned(z):
    y = np.abs(z[:, 0]) - 0.8
    config = replace(QUICK, epochs=60, patience=60)
    fitted = fit(z, y, config=config)
    network = jax.tree.map(lambda leaf: leaf[0, 0], fitted.params)
    assert np.mean((np.asarray(apply(network, z)) - y) ** 2) < 0.1 * np.var(y)


def test_pure_noise_stops_training_early_and_moves_the_prediction_little(z):
    noise = np.random.default_rng(1).normal(size=600)
    fitted = fit(z, noise, config=replace(QUICK, epochs=200, patience=5, batch=32))
    network = jax.tree.map(lambda leaf: leaf[0, 0], fitted.params)
    assert len(fitted.curves) < 100
    assert np.asarray(apply(network, z)).std() < 0.5


def test_a_masked_input_changes_nothing(z):
    fitted = fit(z, z[:, 1], mask=np.array([[1.0, 0.0]], np.float32))
    elsewhere = z.copy()
    elsewhere[:, 1] += 100.0
    again = fit(elsewhere, z[:, 1], mask=np.array([[1.0, 0.0]], np.float32))
    assert bits(fitted) == bits(again)


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_networks(z):
    with pytest.raises(DivergedError, match="no longer a number in epoch 1") as stopped:
        fit(z, np.where(np.arange(600) == 7, np.nan, z[:, 0]))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(stopped.value.last_good.params))


def test_divergence_after_good_epochs_keeps_their_best(z, monkeypatch):
    import models.efficiency.training

    good, epochs = models.efficiency.training._validation_loss, []

    def break_down(params, data):
        epochs.append(params)
        return good(params, data) * (np.nan if len(epochs) == 4 else 1.0)

    monkeypatch.setattr(models.efficiency.training, "_validation_loss", break_down)
    with pytest.raises(DivergedError) as stopped:
        fit(z, z[:, 0] ** 2)
    kept = stopped.value.last_good
    assert len(kept.curves) == 3
    assert np.isfinite(kept.loss).all()


def test_every_epoch_is_reported(z):
    seen = []
    fitted = fit(z, z[:, 0], on_epoch=lambda *line: seen.append(line))
    assert [(train, validation) for _, train, validation in seen] == fitted.curves


def test_a_long_record_gets_fewer_epochs(z):
    fitted = fit(z, z[:, 0], config=replace(QUICK, epochs=40, patience=40, most_steps=100))
    assert len(fitted.curves) == 25  # 300 rows a member make 4 batches of 64
