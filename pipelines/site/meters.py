"""The `[meters]` of a site file: which readings make IT, cooling and facility power."""

from typing import Literal, Self

from pydantic import model_validator

from pipelines.site.checks import Table

FLOW = "chw_flow_kg_s"  # as a load: the heat that it takes up
RISE = ("chw_supply_c", "chw_return_c")


class Meters(Table):
    """Which columns make which power; a bare quantity stands for all its equipment.

    it: IT power. Where a site has no IT meter, `load` (the plant's thermal load) is the denominator and
        the figure is kW per kW of cooling, never called PUE. Without a heat meter `load` may be `chw_flow_kg_s`: that
        flow times the rise from chilled-water supply to return.
    facility: total power; where absent, IT + cooling + losses.
    pue_category: ISO/IEC 30134-2 (1: UPS output, 2: PDU output, 3: IT input); boundary in words.
    """

    it: list[str] = []
    cooling: list[str]
    facility: list[str] = []
    losses: list[str] = []
    load: list[str] = []
    pue_category: Literal[1, 2, 3] | None = None
    boundary: str

    @model_validator(mode="after")
    def _has_denominator(self) -> Self:
        if bool(self.it) == bool(self.load):
            raise ValueError(
                "meters must name either it (IT power) or load (thermal load), not both; edit [meters]"
            )
        if self.it and self.pue_category is None:
            raise ValueError(
                "meters.pue_category must say where IT power is measured (1, 2 or 3); edit [meters]"
            )
        return self
