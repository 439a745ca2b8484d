"""What a site measures of its plant, in the fixed shape that fit and online step are compiled for.

Every site has the same rows; what it does not measure is NaN and says nothing. A meter reads a sum of parts of the
plant, whatever the site's wiring lumps together.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array

from models.graybox.air_side import Parameters, compute_kw
from models.graybox.parameters import values_of
from models.graybox.plant import COOLING_PARTS, PARTS, Conditions, Plant, plant

Leaf = Any  # of a pytree: an array of NumPy or of JAX

# Meter -> the part it reads alone.
ALONE = {
    "chiller_kw": 0,
    "tower_fan_kw": 1,
    "chw_pump_kw": 2,
    "cw_pump_kw": 3,
    "crah_fan_kw": 4,
    "ups_loss_kw": 5,
}
METERS = (*ALONE, "cooling_power_kw", "overhead_kw")  # the last two read several parts
WATERS = ("chw_flow_kg_s", "chw_return_c", "return_air_c", "cw_supply_c", "cw_flow_kg_s", "rack_inlet_c")
# Standard deviations of what the plant of one hall and one machine of each kind leaves at rest: of power per reference
# load, of small meters, of temperatures in K, of flows relative. Chosen on six EnergyPlus plants (docs/graybox.md).
POWER, SMALL_POWER = 0.006, 0.003
_LARGE = ("chiller_kw", "cooling_power_kw", "overhead_kw")
WATER_SCATTER = (0.05, 0.5, 0.5, 0.5, 0.1, 0.3)
# Meters of fans, pumps and losses: what a share of the reference load is to them differs most between sites.
SMALL = np.array([name not in _LARGE for name in METERS] + [False] * len(WATERS))
WHOLE_SHARE = np.ones(len(METERS) + len(WATERS), np.float32)
_RELATIVE = np.array([name.endswith("_kg_s") for name in WATERS])
ASSUMED_SUPPLY_C, ASSUMED_CHILLED_C, ASSUMED_CONDENSER_C = (
    20.0,
    7.0,
    24.0,
)  # where nothing tells: usual practice
DRYBULB_SLOPE, DRYBULB_OFFSET_C = 0.62, -2.0  # of wetbulb over drybulb, a line through climates of ASHRAE 169


@struct.dataclass
class Metering:
    """Which part of the plant each of `METERS` reads. reads (8, 7): 1 where a meter includes a part.

    counted (5,): 1 for the parts that the site's cooling power includes.

    has_it: IT power is metered, and the heat follows from it; else the load is the thermal load.
    humid: wetbulb is known; else it is estimated from the drybulb.
    """

    reads: np.ndarray
    counted: np.ndarray
    has_it: bool = struct.field(pytree_node=False)
    humid: bool = struct.field(pytree_node=False)


@struct.dataclass
class Observed:
    """Rows of a record, (n,) each; meters_kw (8, n), waters (6, n) as `METERS` and `WATERS`, NaN where not measured."""

    load_kw: Leaf
    wetbulb_c: Leaf
    supply_air_c: Leaf
    chw_supply_c: Leaf
    cw_setpoint_c: Leaf
    economizer: Leaf
    meters_kw: Leaf
    waters: Leaf


def metering_of(cooling_meters: tuple[str, ...], *, has_it: bool, humid: bool) -> Metering:
    """Metering from the names of the cooling meters whose sum is the cooling power.

    `cooling_power_kw` among them reads all cooling that no other of them reads.
    """
    reads = np.zeros((len(METERS), len(PARTS)), np.float32)
    for row, part in enumerate(ALONE.values()):
        reads[row, part] = 1.0
    rest = [part for name, part in ALONE.items() if part < COOLING_PARTS and name not in cooling_meters]
    reads[METERS.index("cooling_power_kw"), rest] = 1.0
    reads[METERS.index("overhead_kw")] = 1.0
    listed = [METERS.index(name) for name in cooling_meters if name in METERS]
    counted = reads[listed, :COOLING_PARTS].max(axis=0, initial=0.0)
    return Metering(reads, counted, has_it, humid)


def wetbulb_line_c(drybulb_c):
    """Wetbulb (n,) that usual humidity makes of a drybulb, before the site's own offset and slope."""
    return DRYBULB_OFFSET_C + DRYBULB_SLOPE * drybulb_c


def observed(columns: Mapping[str, np.ndarray], metering: Metering, meters: tuple[str, ...]) -> Observed:
    """Rows from plant columns (n,) by canonical name. meters: names of those that the site has, as `METERS`."""
    count = len(columns["load_kw"])
    nan = np.full(count, np.nan)

    def get(*names: str, otherwise: float = np.nan) -> np.ndarray:
        values = nan
        for name in names:
            values = np.where(np.isfinite(values), values, columns.get(name, nan))
        return np.where(np.isfinite(values), values, otherwise)

    def at(of: str, otherwise: float) -> np.ndarray:
        """A temperature as measured, else as asked for; an assumption where the site never records it."""
        return get(f"{of}_c", f"{of}_sp_c", otherwise=_assumed(columns, of, otherwise))

    def still(name: str, otherwise: float) -> np.ndarray:
        """Values that must be known, where the site has them at all."""
        given = columns.get(name, nan)
        return given if np.isfinite(given).any() else np.full(count, otherwise)

    weather = get("outdoor_wetbulb_c") if metering.humid else wetbulb_line_c(get("outdoor_drybulb_c"))
    measured_c = get("cw_supply_c")
    asked_c = still("cw_supply_sp_c", np.nan)
    asked_c = np.where(np.isfinite(asked_c), asked_c, still("cw_supply_c", ASSUMED_CONDENSER_C))
    readings = {name: get(name) if name in meters else nan for name in METERS}
    readings["chw_pump_kw"] = readings["chw_pump_kw"] + np.nan_to_num(get("secondary_pump_kw"))
    waters = {name: get(name) for name in WATERS}
    if (inlet_c := mean_inlet_c(columns)) is not None:
        waters["rack_inlet_c"] = inlet_c
    waters["cw_supply_c"] = np.where(np.isfinite(measured_c), np.maximum(measured_c, asked_c), np.nan)
    return Observed(
        load_kw=get("load_kw"),
        wetbulb_c=weather,
        supply_air_c=at("supply_air", ASSUMED_SUPPLY_C),
        chw_supply_c=at("chw_supply", ASSUMED_CHILLED_C),
        cw_setpoint_c=asked_c,
        economizer=np.nan_to_num(columns.get("economizer_enable", np.zeros(count))),
        meters_kw=np.stack([readings[name] for name in METERS]),
        waters=np.stack([waters[name] for name in WATERS]),
    )  # fmt: skip


def mean_inlet_c(columns: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Rack inlet (n,), the mean over halls where each has its own; None where it is not recorded."""
    halls = [values for name, values in columns.items() if name.startswith("rack_inlet_c:")]
    return np.mean(halls, axis=0) if halls else columns.get("rack_inlet_c")


def _assumed(columns: Mapping[str, np.ndarray], prefix: str, value: float) -> float:
    """The value for a quantity that the site never records; NaN, unknown, where it does."""
    return (
        np.nan
        if any(np.isfinite(columns.get(f"{prefix}{end}", np.nan)).any() for end in ("_c", "_sp_c"))
        else value
    )


def known(rows: Observed) -> np.ndarray:
    """Rows (n,) whose inputs are all known."""
    inputs = (rows.load_kw, rows.wetbulb_c, rows.supply_air_c, rows.chw_supply_c, rows.cw_setpoint_c)
    return np.isfinite(np.stack([np.asarray(each) for each in inputs])).all(axis=0)


def conditions(p: Parameters, rows: Observed, metering: Metering, reference_kw: Array) -> Conditions:
    """Conditions of the rows: compute power from IT power, wetbulb as measured or estimated."""
    wetbulb_c = rows.wetbulb_c
    if not metering.humid:
        wetbulb_c = p["wetbulb_offset_k"] + p["wetbulb_slope"] * wetbulb_c
    compute = rows.load_kw
    if metering.has_it:
        compute = compute_kw(p, rows.load_kw, rows.supply_air_c + p["inlet_rise_k"], reference_kw)
    return Conditions(
        compute, wetbulb_c, rows.supply_air_c, rows.chw_supply_c, rows.cw_setpoint_c, rows.economizer
    )


def of_site(p: Parameters, metering: Metering) -> Parameters:
    """Parameters of a plant that is fed with a thermal load: no servers and no CRAH units of its own."""
    if metering.has_it:
        return p
    return p | {name: 0.0 * p[name] for name in ("server_fan", "crah_fan")}


def errors(
    p: Parameters, rows: Observed, metering: Metering, reference_kw: Array, share: Leaf = WHOLE_SHARE
) -> Array:
    """What the plant leaves of every reading, in its scatter: (14, n), NaN where nothing is measured.

    share (14,): of the usual scatter that this site's readings have, `METERS` before `WATERS`.
    """
    p = of_site(p, metering)
    at_rest = plant(p, conditions(p, rows, metering, reference_kw), reference_kw)
    scatter = np.array([POWER if name in _LARGE else SMALL_POWER for name in METERS], np.float32)
    power = (metering.reads @ at_rest.parts_kw - rows.meters_kw) / (scatter[:, None] * reference_kw)
    return jnp.concatenate([power, water_errors(at_rest, rows)]) / jnp.asarray(share)[:, None]


def water_errors(at_rest: Plant, rows: Observed) -> Array:
    """What the plant leaves of flows (relative) and temperatures, in their scatter: (6, n)."""
    air = at_rest.air
    chilled, condenser = (air.chw_flow_kg_s, air.chw_return_c), (at_rest.cw_supply_c, at_rest.cw_flow_kg_s)
    expected = jnp.stack([*chilled, air.return_air_c, *condenser, air.rack_inlet_c])
    flows = jnp.log(jnp.maximum(expected, 1e-3)) - jnp.log(jnp.maximum(rows.waters, 1e-3))
    error = jnp.where(_RELATIVE[:, None], flows, expected - rows.waters)
    return error / np.array(WATER_SCATTER, np.float32)[:, None]


@jax.jit
def chillers_run(z: Array, rows: Observed, metering: Metering, reference_kw: Array) -> Array:
    """1 where the plant's chillers run on the rows (n,), 0 where they stand."""
    p = of_site(values_of(jnp.asarray(z, jnp.float32)), metering)
    return plant(p, conditions(p, rows, metering, reference_kw), reference_kw).chillers_run
