"""Where the networks of changes start: weights that simulated sites gave them (`models/pretraining/`).

A site's columns find theirs by name; what the base does not know starts without an effect. `make base-network` makes
the file anew.
"""

from functools import cache
from importlib.resources import files

import jax
import numpy as np
from flax import serialization

from models.efficiency.networks import Params, with_number_keys, with_text_keys

FILE = "base_network.msgpack"
HIDDEN = (50, 50)
MEMBERS = 4
INPUTS = (
    "load_kw", "chiller_on", "tower_on", "chw_pump_speed_frac", "cw_pump_speed_frac", "tower_fan_speed_frac",
    "crah_fan_speed_frac", "chw_supply_c", "chw_return_c", "chw_flow_kg_s", "cw_supply_c", "supply_air_c",
    "supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "airflow_ratio_sp", "economizer_enable",
    "outdoor_drybulb_c", "outdoor_wetbulb_c",
)  # fmt: skip
METERS = (
    "chiller_kw", "chw_pump_kw", "cw_pump_kw", "tower_fan_kw", "crah_fan_kw", "ups_loss_kw", "cooling_power_kw",
)  # fmt: skip
BACK = ("one row", "two rows", "a day")
COLUMNS = (
    *INPUTS, *(f"change of {name}" for name in INPUTS), *(f"overhead {back} before" for back in BACK),
    *(f"{name} per load before" for name in METERS),
)  # fmt: skip


def start_for(columns: tuple[str, ...]) -> Params:
    """Parameters of MEMBERS networks for these columns; leading axis (members,)."""
    base = _base()
    known = base["hidden"][0]["kernel"]
    kernel = np.zeros((known.shape[0], len(columns), known.shape[2]), np.float32)
    for number, name in enumerate(columns):
        if name in COLUMNS:
            kernel[:, number] = known[:, COLUMNS.index(name)]
    hidden = {**base["hidden"], 0: {**base["hidden"][0], "kernel": kernel}}
    return {**base, "hidden": hidden}


def to_bytes(params: Params) -> bytes:
    """Parameters as the file holds them."""
    plain = jax.tree.map(lambda leaf: np.asarray(leaf, np.float16), with_text_keys(params))
    return serialization.msgpack_serialize(plain)


@cache
def _base() -> Params:
    content = files("models.changes").joinpath(FILE).read_bytes()
    plain = jax.tree.map(lambda leaf: leaf.astype(np.float32), serialization.msgpack_restore(content))
    return with_number_keys(plain)
