"""The design conditions that all sizes derive from, and how a part is made from plain numbers."""

from dataclasses import dataclass
from typing import Any, TypeVar

import jax
import jax.numpy as jnp

from simulator.constants import AIR_CP_J_KG_K, WATER_CP_J_KG_K

Part = TypeVar("Part")

# Ordinary practice for a chilled-water site.
SUPPLY_AIR_C = 18.0
SERVER_RISE_K = 12.0
CHW_C = 10.0
CHW_RISE_K = 6.0
WETBULB_C = 25.6  # 78 °F, the rating wetbulb of CTI STD-201
APPROACH_K = 3.9  # 7 °F
CW_RISE_K = 5.5
HEAT_SHARE = 1.12  # of IT power: PDU, part of the UPS, fans, pumps, lighting besides the servers
REJECTED_SHARE = 1.18  # tower heat over chilled-water heat


@dataclass(frozen=True)
class Design:
    """A site in plain numbers; one chiller and one tower cell are spares. Powers in W."""

    it_w: float
    halls: int
    chillers: int
    chiller_cop: float
    tower_cells: int

    @property
    def hall_w(self) -> float:
        """IT power of one hall, W."""
        return self.it_w / self.halls

    @property
    def heat_w(self) -> float:
        """Heat that the chilled water takes at design load, W."""
        return HEAT_SHARE * self.it_w

    @property
    def chiller_w(self) -> float:
        """Cooling capacity of one chiller, W: one of them is a spare."""
        return self.heat_w / (self.chillers - 1)

    @property
    def server_air_kg_s(self) -> float:
        """Air that all servers draw at rated power, kg/s: heat balance over `SERVER_RISE_K`."""
        return self.it_w / (AIR_CP_J_KG_K * SERVER_RISE_K)

    @property
    def chw_kg_s(self) -> float:
        """Chilled-water flow at design load, kg/s: heat balance over `CHW_RISE_K`."""
        return self.heat_w / (WATER_CP_J_KG_K * CHW_RISE_K)

    @property
    def cw_per_chiller_kg_s(self) -> float:
        """Condenser-water flow of one chiller, kg/s: heat balance over `CW_RISE_K`."""
        return REJECTED_SHARE * self.chiller_w / (WATER_CP_J_KG_K * CW_RISE_K)


def part(kind: type[Part], **values: Any) -> Part:
    """A part with leaves as arrays of the default float type; strings, which are structure, stay strings."""
    return kind(
        **{name: value if isinstance(value, str) else _arrays(value) for name, value in values.items()}
    )


def _arrays(value: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=jnp.result_type(float)), value)
