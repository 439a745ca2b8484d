"""Training over eight devices is training: in a process of its own, since devices are counted once."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.medium

EIGHT = "--xla_force_host_platform_device_count=8"
TRAIN = """
import json, sys
import jax, numpy as np
import models.efficiency.training
from models.efficiency.devices import mesh_of
from models.evaluate import time_blocks
from models.efficiency.training import FitConfig, fit_networks

members = int(sys.argv[1])
devices, steps = set(), models.efficiency.training._some_steps

def watched(*arguments):
    found = steps(*arguments)
    leaves = jax.tree.leaves((found[0], found[1]))
    devices.update(*(leaf.sharding.device_set for leaf in leaves), arguments[-2].sharding.device_set)
    return found

models.efficiency.training._some_steps = watched
z = np.random.default_rng(0).normal(size=(960, 3)).astype(np.float32)
y = np.stack([np.tile(np.tanh(z[:, 0]), (members, 1)), np.tile(z[:, 1] * z[:, 2], (members, 1))])
config = FitConfig(hidden=(16, 16), members=members, epochs=5, batch=64)
fitted = fit_networks(z, y, np.ones((2, 3)), time_blocks(960, folds=members), config, seed=0)
print(json.dumps({
    "devices": len(devices),
    "kept_on": len({type(leaf) for leaf in jax.tree.leaves(fitted.params)}),
    "loss": fitted.loss.tolist(),
    "curves": fitted.curves,
}))
"""
GRIDS = """
import json
from models.efficiency.devices import mesh_of
shape = lambda *arguments: (mesh := mesh_of(*arguments)) and list(mesh.devices.shape)
print(json.dumps([shape(*each) for each in ((8, 256), (10, 256), (5, 256), (3, 7), (1, 7))]))
"""


def run(script, *arguments, flags=""):
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("members", [4, 5])
def test_eight_devices_learn_what_one_does(members):
    """Four networks take a pair of devices each; five cannot be dealt to eight, so that batches are."""
    one, eight = run(TRAIN, members), run(TRAIN, members, flags=EIGHT)
    assert (one["devices"], eight["devices"]) == (1, 8)
    assert eight["kept_on"] == 1
    np.testing.assert_allclose(eight["loss"], one["loss"], rtol=2e-3)
    np.testing.assert_allclose(eight["curves"], one["curves"], rtol=2e-3)


def test_members_come_first_and_what_cannot_be_dealt_evenly_stays_together():
    assert run(GRIDS, flags=EIGHT) == [[8, 1], [2, 4], [1, 8], [1, 7], [1, 7]]
