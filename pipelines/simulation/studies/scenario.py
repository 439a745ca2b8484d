"""Scenario files of what-if studies: period, weather, load, setpoints and faults.

Envelope and tariff are the site's.

    title = "A hot week"
    start = 2025-07-14T00:00:00Z
    days = 7
    [weather]
    climate = "hot_humid"     # or: epw = "station.epw", relative to this file
                              # or: csv = "weather.csv" (time, outdoor_drybulb_c, outdoor_wetbulb_c)
                              # or constant: drybulb_c = 31.0 with wetbulb_c = 24.0, and pressure_pa
    [load]
    mean = 0.6                # or: constant = 0.5, or: csv = "load.csv" (time, it_utilization_frac)
    [carbon]
    kg_per_kwh = 0.35         # of the grid; or: csv = "grid.csv" (time, kg_per_kwh)
    [setpoints]
    chw_supply_c = 12.0       # one that is absent has the site's default
    [faults]
    coil_fouling = 0.2
"""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Self

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipelines.errors import ScenarioError
from simulator.control import DRYBULB_C, PRESSURE_PA, WETBULB_C
from simulator.weather import CLIMATES

STEPS_MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
BLOCK_HOURS = 6  # summed at a time in a study, and the step of its warm-up
Share = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class WeatherChoice(_Strict):
    """Generated weather of a climate, a station's typical year (EPW), a CSV's, or constant.

    pressure_pa: of constant weather; by default that of the site's altitude, as for a CSV without it.
    """

    climate: str = "temperate"
    epw: Path | None = None
    csv: Path | None = None
    drybulb_c: float | None = Field(default=None, ge=DRYBULB_C[0], le=DRYBULB_C[1])
    wetbulb_c: float | None = Field(default=None, ge=WETBULB_C[0], le=WETBULB_C[1])
    pressure_pa: float | None = Field(default=None, ge=PRESSURE_PA[0], le=PRESSURE_PA[1])

    @field_validator("climate")
    @classmethod
    def _one_of_climates(cls, climate: str) -> str:
        if climate not in CLIMATES:
            raise ValueError(f'climate "{climate}" is not known; choose one of {", ".join(CLIMATES)}')
        return climate

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        given = self.model_fields_set
        constant = given & {"drybulb_c", "wetbulb_c", "pressure_pa"}
        if len(given - constant) + bool(constant) > 1:
            raise ValueError(
                f"weather must be of a climate, an epw, a csv or constant, not {sorted(given)} together; keep one"
            )
        if constant and (self.drybulb_c is None or self.wetbulb_c is None):
            raise ValueError(
                f"constant weather needs drybulb_c and wetbulb_c, got only {sorted(constant)}; give both"
            )
        if self.drybulb_c is not None and self.wetbulb_c is not None and self.wetbulb_c > self.drybulb_c:
            raise ValueError(
                f"wetbulb_c ({self.wetbulb_c:g}) must not exceed drybulb_c ({self.drybulb_c:g}), which it equals "
                "in saturated air; correct one of them"
            )
        return self


class LoadChoice(_Strict):
    """IT utilisation 0-1: generated around `mean`, constant (0 is allowed), or read from a CSV."""

    mean: float = Field(default=0.5, gt=0, lt=1)
    daily_swing: Share = 0.12
    weekend_drop: Share = 0.06
    growth_per_year: float = Field(default=0.0, ge=-1, le=1)
    noise: Share = 0.03
    constant: Share | None = None
    csv: Path | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        generated = self.model_fields_set - {"constant", "csv"}
        if (self.constant is not None) + (self.csv is not None) + bool(generated) > 1:
            raise ValueError(
                f"load must be generated, constant or a csv, not {sorted(self.model_fields_set)} together"
            )
        return self


class CarbonChoice(_Strict):
    """Carbon intensity of the grid's electricity: one value, or a CSV's (time, kg_per_kwh)."""

    kg_per_kwh: float | None = Field(default=None, ge=0)
    csv: Path | None = None

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if self.kg_per_kwh is not None and self.csv is not None:
            raise ValueError("carbon must be kg_per_kwh or a csv, not both")
        return self


class WhatIf(_Strict):
    """A what-if scenario; every random draw follows from `seed`.

    start: UTC where it has no zone. warmup_hours: run before the period on its first weather, not counted.
    plant_spread: spread of the plants around nameplate, one per seed; 0: all are the nameplate plant.
    """

    title: str = ""
    start: datetime = datetime(2025, 7, 14, tzinfo=UTC)
    days: int = Field(default=7, ge=1, le=3660)
    step_minutes: int = 5
    warmup_hours: int = Field(default=6, ge=0, le=24, multiple_of=BLOCK_HOURS)
    seed: int = Field(default=0, ge=0, lt=2**31)
    plant_spread: float = Field(default=0.0, ge=0, le=0.5)
    weather: WeatherChoice = WeatherChoice()
    load: LoadChoice = LoadChoice()
    carbon: CarbonChoice = CarbonChoice()
    setpoints: dict[str, float] = {}
    faults: dict[str, float] = {}

    @field_validator("step_minutes")
    @classmethod
    def _whole_hours(cls, step_minutes: int) -> int:
        if step_minutes not in STEPS_MINUTES:
            raise ValueError(f"step_minutes ({step_minutes}) must divide an hour; use 5, 10, 15, 30 or 60")
        return step_minutes

    @property
    def start_utc(self) -> pd.Timestamp:
        """Start of the period, UTC."""
        stamp = pd.Timestamp(self.start)
        return stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")

    @property
    def dt_s(self) -> float:
        """Length of a step, s."""
        return 60.0 * self.step_minutes

    @property
    def steps(self) -> int:
        """Steps of the period, without warm-up."""
        return self.days * 1440 // self.step_minutes

    def changed(self, **fields: Any) -> "WhatIf":
        """A copy with other fields, checked again.

        Raises:
            ScenarioError: a field is out of range.
        """
        return _checked({**self.model_dump(exclude_unset=True), **fields}, "scenario")


def read_scenario(path: Path) -> WhatIf:
    """Reads and checks a scenario file; its EPW and CSV paths are relative to it.

    Raises:
        ScenarioError: the file is missing, no TOML, or a field is wrong.
    """
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as cause:
        raise ScenarioError(
            f"scenario file {path} cannot be read: {cause}; give a .toml with --scenario"
        ) from cause
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise ScenarioError(f"scenario file {path} is not valid TOML: {cause}; correct that line") from cause
    for table, key in (("weather", "epw"), ("weather", "csv"), ("load", "csv"), ("carbon", "csv")):
        if isinstance(values.get(table), dict) and isinstance(values[table].get(key), str):
            values[table][key] = path.parent / values[table][key]
    return _checked(values, f"scenario file {path}")


def _checked(values: dict[str, Any], what: str) -> WhatIf:
    try:
        return WhatIf.model_validate(values)
    except ValidationError as cause:
        faults = "\n".join(_fault(error) for error in cause.errors())
        raise ScenarioError(f"{what}:\n{faults}") from cause


def _fault(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "scenario"
    shown = "" if isinstance(error["input"], dict | list) else f" (got {error['input']!r})"
    return f"  {where}: {error['msg'].removeprefix('Value error, ')}{shown}"
