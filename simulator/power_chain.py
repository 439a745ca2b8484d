"""From the grid to the servers: UPS, PDU and transformer losses, lighting."""

import jax.numpy as jnp
from flax import struct
from jax import Array


@struct.dataclass
class PowerChain:
    """Ratings in W; loss coefficients (3,): no-load, proportional, square-law, fractions of the rating."""

    ups_rated_w: Array
    ups_loss: Array
    pdu_rated_w: Array
    pdu_loss: Array
    transformer_rated_w: Array
    transformer_loss: Array
    lighting_w: Array
    ups_heat_to_hall: (
        Array  # share of UPS losses that the halls' CRAHs must remove; the rest leaves by ventilation
    )


def part_load_loss_w(rated_w: Array, coefficients: Array, load_w: Array) -> Array:
    """Loss, W: `P_rated (a0 + a1 x + a2 x²)`, x the load over the rating; `coefficients` (3,).

    Rasmussen, Electrical Efficiency Modeling for Data Centers, APC white paper 113.
    """
    x = jnp.maximum(load_w, 0.0) / jnp.maximum(rated_w, 1e-6)
    return rated_w * (coefficients[0] + x * (coefficients[1] + x * coefficients[2]))


def power_chain_losses_w(chain: PowerChain, it_w: Array) -> tuple[Array, Array]:
    """Losses of PDU and of UPS for a total IT power, W; the UPS carries the PDU's loss too."""
    pdu_w = part_load_loss_w(chain.pdu_rated_w, chain.pdu_loss, it_w)
    ups_w = part_load_loss_w(chain.ups_rated_w, chain.ups_loss, it_w + pdu_w)
    return pdu_w, ups_w
