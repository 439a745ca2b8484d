"""The `[envelope]` of a site file: thermal limits, by ASHRAE TC9.9."""

from typing import Annotated, Self

from pydantic import model_validator

from pipelines.site.checks import Table, within
from pipelines.site.quantities import QUANTITIES

LEAST_SPAN_K = 2.0  # nearer limits leave the monitor no inlet that is close to neither
_LOOP = QUANTITIES["loop_pressure_pa"]

Inlet = Annotated[float, within(5.0, 45.0, "°C", "ASHRAE TC9.9, the widest class, A4")]


class Envelope(Table):
    """Thermal limits at the rack inlet, ASHRAE TC9.9; defaults are the recommended range. Pressures: where declared.

    Temperatures in °C, the rate in K per hour (20, with tape 5), pressures in Pa.
    """

    rack_inlet_min_c: Inlet = 18.0
    rack_inlet_max_c: Inlet = 27.0
    dew_point_max_c: Annotated[float, within(0.0, 24.0, "°C", "ASHRAE TC9.9, the widest class, A4")] = 15.0
    rate_k_per_h: Annotated[float, within(1.0, 20.0, "K/h", "ASHRAE TC9.9: 20, with tape 5")] = 20.0
    aisle_pressure_min_pa: Annotated[float, within(-50.0, 250.0, "Pa", "containment")] | None = None
    loop_pressure_min_pa: Annotated[float, within(0.0, _LOOP.high, "Pa", "the quantity's range")] | None = (
        None
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.rack_inlet_max_c - self.rack_inlet_min_c < LEAST_SPAN_K:
            raise ValueError(
                f"rack_inlet_max_c ({self.rack_inlet_max_c:g}) must exceed rack_inlet_min_c "
                f"({self.rack_inlet_min_c:g}) by at least {LEAST_SPAN_K:g} K; edit [envelope]"
            )
        return self
