"""What choices of setpoints lead to, and the modes that a plant with an economizer runs in."""

from flax import struct
from jax import Array

MECHANICAL, PARTIAL, FULL = "mechanical", "partial", "full"
MODES = (MECHANICAL, PARTIAL, FULL)  # chillers alone; economizer ahead of chillers; chillers stopped

Values = dict[str, Array]


@struct.dataclass
class Outcome:
    """What n choices lead to. facility_kw (m, n); all others (n,).

    it_kw: IT power, or the thermal load that stands for it.
    rack_inlet_c, coldest_inlet_c: worst inlet of the warmest and of the coldest hall, the same where there is one hall.
    mode: index into MODES. chillers_run: share of the possible plants in which chillers run.
    flicker: 1 where chillers are at the edge of standing, or run below what they unload to beside an economizer that
    the record knows; 0 away from both.
    short_k: condenser water over what was asked, because the towers reach no further.
    spare_k: margin, beyond what is to be kept in hand, with which chillers stay stopped.
    outside: how far a choice leads beyond the record, of the worst step in standard deviations; 0 inside.
    unreachable_k: how far it asks for colder water than towers reach with what is kept in hand; 0 within reach.
    """

    facility_kw: Array
    it_kw: Array
    cooling_kw: Array
    rack_inlet_c: Array
    coldest_inlet_c: Array
    dew_point_c: Array
    cw_supply_c: Array
    short_k: Array
    mode: Array
    chillers_run: Array
    flicker: Array
    spare_k: Array
    outside: Array
    unreachable_k: Array
