"""Servers: electric power and airflow from utilisation and inlet temperature."""

import jax
import jax.numpy as jnp
from flax import struct
from jax import Array

from simulator.constants import AIR_CP_J_KG_K
from simulator.curves import polynomial


@struct.dataclass
class Servers:
    """The servers of each hall. `rated_w` is (halls,), the curve (n,), the rest scalars."""

    rated_w: Array  # all servers busy, fans at rated speed
    idle_fraction: Array  # of rated power without fans, at no utilisation
    fan_fraction: Array  # of rated power, fans at rated speed
    fan_idle_speed: Array  # fraction of rated speed at no utilisation and a cool inlet
    fan_knee_c: Array  # inlet temperature above which fans speed up
    fan_slope_per_k: Array  # relative rise of speed per K above the knee
    fan_curvature_per_k2: Array  # and per K squared
    fan_power_curve: Array  # (n,), of speed, ascending powers: the affinity law is 0, 0, 0, 1
    fan_max_speed: Array
    leakage_per_k: Array  # relative rise of chip power per K of inlet temperature
    air_rise_k: Array  # temperature rise through the servers at rated power and speed
    shutdown_c: Array  # inlet temperature at which half the servers have shut down to protect themselves


def server_fan_speed(servers: Servers, utilization: Array, inlet_c: Array) -> Array:
    """Speed fraction: constant up to the knee, then rising with inlet temperature, line or parabola.

    Shape: ASHRAE TC9.9, 2011 Thermal Guidelines for Data Processing Environments (white paper), on server
    power and airflow against inlet temperature. The knee is rounded over 1 K so that gradients exist.
    """
    above_knee_k = jax.nn.softplus(2.0 * (inlet_c - servers.fan_knee_c)) / 2.0
    cool = servers.fan_idle_speed + (1 - servers.fan_idle_speed) * utilization
    rise = above_knee_k * (servers.fan_slope_per_k + servers.fan_curvature_per_k2 * above_knee_k)
    return jnp.minimum(cool * (1 + rise), servers.fan_max_speed)


def server_power_w(servers: Servers, utilization: Array, inlet_c: Array) -> tuple[Array, Array]:
    """Power of chips and of fans, W, each (halls,).

    Linear in utilisation (Fan, Weber and Barroso 2007, ISCA); leakage grows exponentially with temperature
    (Liu et al. 2007, DATE); fans follow their curve. Servers switch off where the inlet is too hot.
    """
    T = jnp.clip(inlet_c, -20.0, 90.0)
    rated_chips_w = servers.rated_w * (1 - servers.fan_fraction)
    chips_w = rated_chips_w * (servers.idle_fraction + (1 - servers.idle_fraction) * utilization)
    leakage = jnp.exp(servers.leakage_per_k * (T - 20.0))
    speed = server_fan_speed(servers, utilization, T)
    fans_w = servers.rated_w * servers.fan_fraction * polynomial(servers.fan_power_curve, speed)
    alive = jax.nn.sigmoid(servers.shutdown_c - T)
    return chips_w * leakage * alive, fans_w * alive


def server_airflow_kg_s(servers: Servers, utilization: Array, inlet_c: Array) -> Array:
    """Air the servers draw, kg/s, (halls,)."""
    rated = servers.rated_w / (AIR_CP_J_KG_K * servers.air_rise_k)
    return rated * server_fan_speed(servers, utilization, jnp.clip(inlet_c, -20.0, 90.0))
