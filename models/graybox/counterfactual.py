"""What the plant would draw at other setpoints, under the load and weather that there are."""

from collections.abc import Mapping
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from models.buckets import padded
from models.graybox.learn import Graybox
from models.graybox.observed import Observed, conditions, of_site
from models.graybox.parameters import values_of
from models.graybox.plant import COOLING_PARTS, plant

# Setpoint -> what it is called of a row.
CALLED = {
    "supply_air_sp_c": "supply_air_c",
    "chw_supply_sp_c": "chw_supply_c",
    "cw_supply_sp_c": "cw_setpoint_c",
    "economizer_enable": "economizer",
}

# K, or of on and off: setpoints this near are the same. Of an hour at rest, and of rows at the site's rule.
NEAR = {"supply_air_sp_c": 0.6, "chw_supply_sp_c": 0.8, "cw_supply_sp_c": 0.9, "economizer_enable": 0.1}


def power_at(physics: Graybox, rows: Observed, setpoints: Mapping[str, np.ndarray]) -> np.ndarray:
    """Cooling power, and IT power where it is metered, kW (n,), of the most probable plant at other setpoints.

    rows (n,): load and weather are theirs; compute power is what their IT power and inlets say. setpoints: (n,) each by
    the names of `CALLED`; what is not named stays as the rows have it.
    """
    asked = {CALLED[name]: values for name, values in setpoints.items()}
    count = len(np.asarray(rows.load_kw))

    def in_bucket(values: np.ndarray) -> np.ndarray:
        return padded(np.asarray(values, np.float32), axis=-1)

    rows, asked = jax.tree.map(in_bucket, (rows, asked))
    plain = replace(physics, meters=(), inputs=())  # one program for sites that name their meters otherwise
    return np.asarray(_power_at(plain, rows, asked), float)[:count]


@jax.jit
def _power_at(physics: Graybox, rows: Observed, asked: dict[str, Array]) -> Array:
    metering = physics.metering
    p = of_site(values_of(physics.z), metering)
    at = conditions(p, rows, metering, physics.reference_kw)._replace(**asked)
    there = plant(p, at, physics.reference_kw)
    cooling_kw = jnp.asarray(metering.counted) @ there.parts_kw[:COOLING_PARTS]
    return cooling_kw + there.air.it_kw if metering.has_it else cooling_kw


def at_setpoints(rows: Observed, setpoints: Mapping[str, np.ndarray]) -> np.ndarray:
    """Rows (n,) that were run near some setpoints (n,), by the names of `CALLED`."""
    near = np.ones(len(np.asarray(rows.load_kw)), bool)
    for name, values in setpoints.items():
        near &= np.abs(np.asarray(getattr(rows, CALLED[name]), float) - values) <= NEAR[name]
    return near
