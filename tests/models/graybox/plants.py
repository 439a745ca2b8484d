"""Plants of known parameters, and what a site with all meters records of them."""

import jax.numpy as jnp
import numpy as np

from models.graybox.observed import METERS, WATERS, Metering, Observed, metering_of
from models.graybox.parameters import NAMES, values_of
from models.graybox.plant import Conditions, Plant, plant

REFERENCE_KW = 800.0
ALL = ("chiller_kw", "tower_fan_kw", "chw_pump_kw", "cw_pump_kw", "crah_fan_kw")


def metering(cooling: tuple[str, ...] = ALL, *, has_it: bool = True, humid: bool = True) -> Metering:
    return metering_of(cooling, has_it=has_it, humid=humid)


def z_of(**apart: float) -> np.ndarray:
    """The textbook's plant, some parameters so many standard deviations apart."""
    z = np.zeros(len(NAMES))
    for name, value in apart.items():
        z[NAMES.index(name)] = value
    return z


def random_conditions(rows: int, *, seed: int = 0, economizer: float | None = None) -> Conditions:
    generator = np.random.default_rng(seed)
    supply_c = generator.uniform(18.0, 25.0, rows)
    allowed = generator.random(rows) > 0.5 if economizer is None else np.full(rows, economizer)
    columns = (
        generator.uniform(350.0, 750.0, rows),
        generator.uniform(-5.0, 26.0, rows),
        supply_c,
        supply_c - generator.uniform(5.0, 11.0, rows),
        generator.uniform(8.0, 30.0, rows),
        allowed.astype(float),
    )
    return Conditions(*(jnp.asarray(column, jnp.float32) for column in columns))


def at_rest(z: np.ndarray, conditions: Conditions) -> Plant:
    return plant(values_of(jnp.asarray(z, jnp.float32)), conditions, jnp.float32(REFERENCE_KW))


def recorded(
    z: np.ndarray,
    conditions: Conditions,
    metered: Metering,
    meters: tuple[str, ...],
    *,
    noise: float = 0.0,
    seed: int = 1,
) -> Observed:
    """What meters and water sensors read of a plant, with relative noise of the meters."""
    generator = np.random.default_rng(seed)
    rest = at_rest(z, conditions)
    kw = np.asarray(metered.reads @ np.asarray(rest.parts_kw))
    kw = kw * (1.0 + noise * generator.standard_normal(kw.shape))
    unmetered = [number for number, name in enumerate(METERS) if name not in meters]
    kw[unmetered] = np.nan
    air = rest.air
    waters = (air.chw_flow_kg_s, air.chw_return_c, air.return_air_c, rest.cw_supply_c, rest.cw_flow_kg_s)
    rows = np.stack([*(np.asarray(water) for water in waters), np.asarray(air.rack_inlet_c)])
    assert len(rows) == len(WATERS)
    return Observed(
        load_kw=np.asarray(air.it_kw),
        wetbulb_c=np.asarray(conditions.wetbulb_c),
        supply_air_c=np.asarray(conditions.supply_air_c),
        chw_supply_c=np.asarray(conditions.chw_supply_c),
        cw_setpoint_c=np.asarray(conditions.cw_setpoint_c),
        economizer=np.asarray(conditions.economizer),
        meters_kw=kw,
        waters=rows,
    )
