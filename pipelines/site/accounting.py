"""The `[savings]`, `[carbon]` and `[reporting]` of a site file: what measurement and reporting have to know."""

from typing import Annotated

from pydantic import AfterValidator, Field

from pipelines.site.checks import Table, known_time_zone, within

Share = Annotated[float, within(0.0, 0.2, "a year", "meters drift by less, or are broken")]


class SavingsTable(Table):
    """How savings are measured.

    time_zone: of the hour of the week; by default that of the first source. meter_drift_per_year: standard deviation
    of a power meter's drift, a share; load_drift_per_year: of the IT or heat meter's. IEC 62053-21 lets a class 1
    meter be 1 % wrong when new; half of that a year is usual for installed ones. air_drift_k_per_year: of outdoor
    sensors. least_days: of a baseline. changed: what was replaced and when is told with `coldaisle event add`.
    """

    time_zone: Annotated[str, AfterValidator(known_time_zone)] | None = None
    meter_drift_per_year: Share = 0.005
    load_drift_per_year: Share = 0.005
    air_drift_k_per_year: Annotated[float, within(0.0, 2.0, "K", "more is a broken sensor")] = 0.1
    least_days: int = Field(default=90, ge=14, le=730)


class CarbonTable(Table):
    """CO2 of the grid's electricity, kg per kWh, where the site has no series of it among its points.

    average: location-based, of all that is generated; marginal: of the plants that answer to a change.
    """

    average_kg_per_kwh: Annotated[float, within(0.0, 3.0, "kg/kWh", "lignite has 1.2")] | None = None
    marginal_kg_per_kwh: Annotated[float, within(0.0, 3.0, "kg/kWh", "lignite has 1.2")] | None = None


class ReportingTable(Table):
    """What Delegated Regulation (EU) 2024/1364 asks for and no meter knows; None is reported as not known.

    installed_it_kw, floor_m2, computer_room_floor_m2, battery_kw (C_BtG), waste_heat_c, refrigerants; shares 0 to 1
    of electricity: guarantees of origin, power purchase agreements; potable_water: share of the water taken in.
    """

    name: str = ""
    operator: str = ""
    country: str = Field(default="", max_length=2)
    installed_it_kw: float | None = Field(default=None, gt=0)
    floor_m2: float | None = Field(default=None, gt=0)
    computer_room_floor_m2: float | None = Field(default=None, gt=0)
    battery_kw: float | None = Field(default=None, ge=0)
    waste_heat_c: float | None = None
    refrigerants: list[str] = []
    guarantees_of_origin: float | None = Field(default=None, ge=0, le=1)
    power_purchase: float | None = Field(default=None, ge=0, le=1)
    potable_water: float | None = Field(default=None, ge=0, le=1)
