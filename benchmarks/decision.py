"""Speed of deciding: 100,000 candidates priced by ten members, and one decision of the controller."""

import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from models.cascade.cascade import Cascade
from models.cascade.objective import priced
from models.cascade.surface import Surface
from pipelines.control.controller import Controller
from pipelines.control.optimizer.inputs import objective_of
from tests.models.cascade.test_learn import plant
from tests.pipelines.control.plants import AT, SETPOINTS, defaults, learned, plant_site, shown

CANDIDATES, MEMBERS, DECISIONS = 100_000, 10, 200


def run() -> list[dict[str, Any]]:
    """Seconds for one sweep of candidates, and the 50th and 95th percentile of a decision."""
    site = plant_site()
    cascade = learned(site)
    return [_sweep(site, cascade), _decisions(site, cascade)]


def _sweep(site, cascade: Cascade) -> dict[str, Any]:
    random = np.random.default_rng(0)
    low, high = (np.array([limits[k] for limits in SETPOINTS.values()]) for k in (0, 1))
    values = jnp.asarray(random.uniform(low, high, (CANDIDATES, len(low))), jnp.float32)
    drivers = {name: jnp.float32(value[0]) for name, value in plant().items() if name not in SETPOINTS}
    drivers |= {"chillers_stopped": jnp.float32(0.0)}
    case = (_with_members(cascade), tuple(SETPOINTS), objective_of(cascade, site), drivers, values)
    jax.block_until_ready(priced(*case))
    started = time.perf_counter()
    jax.block_until_ready(priced(*case))
    return {
        "case": f"{CANDIDATES:,} candidates x {MEMBERS} members",
        "seconds": time.perf_counter() - started,
    }


def _with_members(cascade: Cascade) -> Cascade:
    """The same surfaces with as many members as asked."""

    def repeated(node):
        if not isinstance(node, Surface):
            return node
        times = -(-MEMBERS // len(node.weights))
        return node.replace(weights=np.tile(node.weights, (times, 1))[:MEMBERS])

    return jax.tree.map(repeated, cascade, is_leaf=lambda node: isinstance(node, Surface))


def _decisions(site, cascade: Cascade) -> dict[str, Any]:
    controller, setpoints, taken_s = Controller(site, cascade), defaults(site), []
    for number in range(DECISIONS):
        row = shown(site, setpoints, outdoor_wetbulb_c=8.0 + 6.0 * np.sin(number / 15.0))
        started = time.perf_counter()
        setpoints = controller.decide(row, AT + number * site.interval.to_pytimedelta())
        taken_s.append(time.perf_counter() - started)
    middle, slow = np.quantile(taken_s, [0.5, 0.95])
    return {"case": f"{DECISIONS} decisions", "seconds": float(middle), "p95_s": float(slow)}
