"""The `[energyplus]` table of a site file: an EnergyPlus model that stands for the site's plant.

[energyplus]
model = "hall.epJSON"                 # paths are relative to the site file
weather = "usa_il_chicago"            # an .epw file, or a name that the engine brings along
begin = [1, 1]                        # month and day
end = [12, 31]
heat_given = ["coil"]                 # readings below whose sums an energy balance holds equal
heat_removed = ["chiller", "exchanger"]

[[energyplus.readings]]               # what a tag reads: the sum of output variables
tag = "CH.KW"
unit = "W"                            # EnergyPlus's; the point's own unit follows from [[points]]
variables = [{ name = "Chiller Electricity Rate", key = "Chiller" }]

[[energyplus.setpoints]]              # what a setpoint's tag writes, and the readings that prove it
tag = "PLANT.CHWS_SP_C"
actuators = [{ component = "Schedule:Constant", control = "Schedule Value", key = "ChwSetpoint", moves = "CHWS_C" }]
probe = [7.0, 14.0]
least_move = 2.0                      # in EnergyPlus's unit of what `moves` names

[[energyplus.loads]]                  # what IT utilisation 0-1 writes
actuators = [{ component = "Schedule:Constant", control = "Schedule Value", key = "HallLoad", moves = "IT_KW" }]
probe = [0.3, 0.8]
least_move = 1000.0
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from pipelines.site.checks import Table


def _month_and_day(day: tuple[int, int]) -> tuple[int, int]:
    try:
        date(2024, *day)  # a leap year: 29 February may be meant
    except ValueError as cause:
        raise ValueError(f"must be a month and a day of it, not {list(day)}; write e.g. [7, 31]") from cause
    return day


Day = Annotated[tuple[int, int], AfterValidator(_month_and_day)]


class OutputVariable(Table):
    """An output variable as EnergyPlus's .rdd file lists it."""

    name: str
    key: str


class ReadingTable(Table):
    """What EnergyPlus gives under a name: a historian tag, or a name used in `moves` and the heat balance."""

    tag: str
    unit: str = ""
    variables: list[OutputVariable] = Field(min_length=1)


class ActuatorTable(Table):
    """An actuator as EnergyPlus's .edd file lists it, and the reading that must follow it."""

    component: str
    control: str
    key: str
    moves: str


class DrivenTable(Table):
    """Actuators that one value writes; toggled between `probe`, each must move its reading by `least_move`."""

    actuators: list[ActuatorTable] = Field(min_length=1)
    probe: tuple[float, float]
    least_move: float = Field(gt=0, le=1e9)  # a GW, of any unit

    @model_validator(mode="after")
    def _probe_moves(self) -> Self:
        if self.probe[0] == self.probe[1]:
            raise ValueError(
                f"energyplus: probe ({self.probe[0]:g} and {self.probe[1]:g}) must be two values; give two that differ"
            )
        return self


class SetpointTable(DrivenTable):
    """Actuators that a setpoint's tag writes; values are in °C or fractions, EnergyPlus's and canonical alike."""

    tag: str


class EnergyPlusTable(Table):
    """An EnergyPlus model with the tags that read and write it."""

    model: Path
    weather: str
    begin: Day | None = None
    end: Day | None = None
    heat_given: list[str] = []
    heat_removed: list[str] = []
    readings: list[ReadingTable] = Field(min_length=1)
    setpoints: list[SetpointTable] = []
    loads: list[DrivenTable] = []

    @model_validator(mode="after")
    def _period_and_loads(self) -> Self:
        if self.begin and self.end and self.end < self.begin:
            raise ValueError(
                f"energyplus: end ({list(self.end)}) must not come before begin ({list(self.begin)}); swap them"
            )
        for load in self.loads:
            if not all(0.0 <= value <= 1.0 for value in load.probe):
                raise ValueError(
                    f"energyplus: probe {list(load.probe)} of a load must lie in 0..1, IT utilisation; correct it"
                )
        return self

    @model_validator(mode="after")
    def _names_are_readings(self) -> Self:
        tags = {reading.tag for reading in self.readings}
        summed = {reading.tag for reading in self.readings if len(reading.variables) > 1}
        probes = [each.moves for driven in (*self.setpoints, *self.loads) for each in driven.actuators]
        vague = sorted(summed & set(probes))
        if vague:
            raise ValueError(
                f"energyplus: moves must name a reading of one variable, {vague[0]} is a sum; name one of its parts"
            )
        used = [*self.heat_given, *self.heat_removed, *probes]
        unknown = sorted(set(used) - tags)
        if unknown:
            raise ValueError(
                f"energyplus: {', '.join(unknown)} must be a reading's tag; add it to [[energyplus.readings]]"
            )
        return self

    def beside(self, folder: Path) -> "EnergyPlusTable":
        """With its paths taken from `folder`, where the site file lies."""
        weather = str(folder / self.weather) if self.weather.lower().endswith(".epw") else self.weather
        return self.model_copy(update={"model": folder / self.model, "weather": weather})
