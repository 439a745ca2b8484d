"""A consistent site from a few nameplate numbers, and a random deviation from them."""

from typing import Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from simulator.constants import STANDARD_PRESSURE_PA
from simulator.economizer import Piping
from simulator.sizing import air, machines, water
from simulator.sizing.design import Design
from simulator.sizing.machines import ChillerKind, TowerKind
from simulator.sizing.water import PumpKind
from simulator.types import Drivers, Plant, Setpoints


def default_plant(
    *,
    it_kw: float = 1200.0,
    halls: int = 1,
    chillers: int = 3,
    chiller_cop: float = 5.8,
    tower_cells: int = 3,
    economizer: Literal["series", "parallel", "none"] = "series",
    economizer_condenser: Piping = "parallel",
    chiller_curves: ChillerKind = "entering",
    tower: TowerKind = "merkel",
    pumps: PumpKind = "head",
) -> Plant:
    """A chilled-water site sized for `it_kw` of servers with one chiller and one tower cell to spare.

    Structure: how the `economizer` is piped to the chillers, in the chilled water and in the condenser water; which
    condenser water the chillers' curves take; which correlation the towers follow; whether pumps have a head curve
    and an efficiency, or a part-load curve only.

    Raises:
        ValueError: a size is not positive, fewer than two chillers or tower cells, a COP outside 3-9, or a structure
            that is not one of those named.
    """
    halls, chillers, tower_cells = (_whole(*named) for named in
        (("halls", halls), ("chillers", chillers), ("tower_cells", tower_cells)))  # fmt: skip
    if not it_kw > 0 or halls < 1:
        raise ValueError(f"it_kw and halls must be positive, got {it_kw} and {halls}")
    if chillers < 2 or tower_cells < 2:
        raise ValueError(
            f"one unit is a spare: give at least 2 chillers and 2 cells, got {chillers}, {tower_cells}"
        )
    if not 3 <= chiller_cop <= 9:
        raise ValueError(f"chiller_cop must lie in 3-9 at AHRI conditions, got {chiller_cop}")
    for name, choice, choices in (
        ("economizer", economizer, ("series", "parallel", "none")),
        ("economizer_condenser", economizer_condenser, get_args(Piping)),
        ("chiller_curves", chiller_curves, get_args(ChillerKind)),
        ("tower", tower, get_args(TowerKind)),
        ("pumps", pumps, get_args(PumpKind)),
    ):
        if choice not in choices:
            raise ValueError(f"{name} must be one of {', '.join(choices)}, got {choice!r}")
    design = Design(1e3 * it_kw, halls, chillers, chiller_cop, tower_cells)
    return Plant(
        servers=air.servers(design),
        power_chain=air.power_chain(design),
        hall=air.hall(design),
        crah=air.crah(design),
        chilled_water=water.chilled_water(design, pumps),
        chillers=machines.chillers(design, chiller_curves),
        economizer=(
            None if economizer == "none" else water.economizer(design, economizer, economizer_condenser)
        ),
        condenser_water=water.condenser_water(design, pumps),
        tower=machines.tower(design, tower),
        control=machines.control(design),
    )


def _whole(name: str, value: float) -> int:
    if value != int(value):
        raise ValueError(f"{name} must be a whole number, got {value}")
    return int(value)


def default_setpoints(plant: Plant) -> Setpoints:
    """The plant's fallback: supply air 20 °C, chilled water 10, condenser water 24, economizer off; scalars."""
    return plant.control.fallback


def constant_drivers(
    *,
    outdoor_drybulb_c: float,
    outdoor_wetbulb_c: float,
    it_utilization: float = 0.5,
    pressure_pa: float = STANDARD_PRESSURE_PA,
    steps: int | None = None,
) -> Drivers:
    """Constant weather (°C, Pa) and load (0-1): scalars, or (steps,) series."""
    shape = () if steps is None else (steps,)
    values = (outdoor_drybulb_c, outdoor_wetbulb_c, pressure_pa, it_utilization)
    return Drivers(*(jnp.full(shape, value, dtype=jnp.result_type(float)) for value in values))


def perturb_plant(key: Array, plant: Plant, relative: float = 0.1) -> Plant:
    """A site whose parameters differ from the nameplate by lognormal factors of `relative` spread.

    Numbers of units and settings of the controllers stay as they are, and curves keep their shape: their
    rated values are perturbed instead. Shares stay below 0.95.

    Raises:
        ValueError: `relative` is not in 0-0.5, beyond which parts no longer fit together.
    """
    if not 0 <= relative <= 0.5:
        raise ValueError(f"relative must lie in 0-0.5, got {relative}; 0.1 is usual")
    leaves, structure = jax.tree.flatten_with_path(plant)
    ends = np.cumsum([leaf.size for _, leaf in leaves])
    # one draw for all leaves: a draw for each is slow to compile
    draws = jnp.split(jax.random.normal(key, (int(ends[-1]),)), ends[:-1])
    return jax.tree.unflatten(
        structure,
        [
            _perturbed(
                jax.tree_util.keystr(path), leaf, relative * draw.reshape(leaf.shape).astype(leaf.dtype)
            )
            for (path, leaf), draw in zip(leaves, draws, strict=True)
        ],
    )


KEPT = (
    ".control",
    ".minimum_cw_flow_",
    ".stage_",
    ".minimum_on_",
    ".minimum_off_",
    "curve",
    ".units",
    ".cells",
    "lockout_",
)


def _perturbed(name: str, leaf: Array, deviation: Array) -> Array:
    if any(part in name for part in KEPT):
        return leaf
    if name.endswith("_c"):  # a temperature has no natural zero: shift it by a few K
        return leaf + 10.0 * deviation
    factor = jnp.exp(deviation)
    if name.endswith("_head_ratio"):  # shutoff head is above rated head
        return 1 + (leaf - 1) * factor
    return jnp.where(leaf < 0.95, jnp.minimum(leaf * factor, 0.95), leaf * factor)
