"""A site file: equipment, points, setpoints, envelope and meters of one data center, checked on reading."""

import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

import pandas as pd
from pydantic import AfterValidator, Field, ValidationError, model_validator

from pipelines.config import SITE_FOLDER, Settings
from pipelines.errors import SiteError
from pipelines.site.accounting import CarbonTable, ReportingTable, SavingsTable
from pipelines.site.checks import Table, fault_text, known_time_zone
from pipelines.site.consistency import site_faults
from pipelines.site.control_options import ControlOptions
from pipelines.site.declared_effects import KnownEffect
from pipelines.site.energyplus import EnergyPlusTable
from pipelines.site.envelope import Envelope
from pipelines.site.meters import Meters
from pipelines.site.points import Point, Slug, Source
from pipelines.site.quantities import QUANTITIES
from pipelines.site.safety import SafetyTable
from pipelines.site.setpoint_table import Setpoint
from pipelines.site.tariff import Tariff

SUPPLY_AIR = ("supply_air_sp_c", "supply_air_c")


class Location(Table):
    """Where the site stands: degrees, and metres above the sea, which set the pressure of its air.

    time_zone: in which its people read clocks; by default that of the first source.
    """

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    altitude_m: float = Field(default=0.0, ge=-430, le=6000)
    time_zone: Annotated[str, AfterValidator(known_time_zone)] | None = None


# What is metered machine by machine and tells which of them runs; powers would contain what is predicted.
OF_MACHINES = (
    "chiller_on", "chw_pump_on", "secondary_pump_on", "cw_pump_on", "tower_on", "crah_on", "cooling_load_kw",
    "chw_flow_kg_s", "chw_pump_speed_frac", "cw_pump_speed_frac", "tower_fan_speed_frac",
)  # fmt: skip


class Site(Table):
    """One data center. `interval_minutes` is the step of its table; a row's time is the interval's start."""

    name: Slug
    title: str
    interval_minutes: int = Field(gt=0, le=60)
    location: Location
    sources: list[Source] = Field(min_length=1)
    points: list[Point] = Field(min_length=1)
    setpoints: list[Setpoint] = []
    effects: list[KnownEffect] = []
    meters: Meters
    envelope: Envelope = Envelope()
    tariff: Tariff | None = None
    savings: SavingsTable = SavingsTable()
    carbon: CarbonTable = CarbonTable()
    reporting: ReportingTable = ReportingTable()
    control: ControlOptions = ControlOptions()
    twin: dict[str, float | str] | None = None
    energyplus: EnergyPlusTable | None = None
    safety: SafetyTable = SafetyTable()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = site_faults(self)
        if faults:
            raise ValueError("\n  site: ".join(faults))
        return self

    @property
    def interval(self) -> pd.Timedelta:
        """Step of the site's table."""
        return pd.Timedelta(minutes=self.interval_minutes)

    @property
    def local_zone(self) -> str:
        """The zone in which people at the site count hours and days."""
        return self.savings.time_zone or self.location.time_zone or self.sources[0].time_zone

    @property
    def columns(self) -> list[str]:
        """Columns of the site's table, one per point, in the file's order."""
        return [point.column for point in self.points]

    @cached_property
    def by_tag(self) -> dict[str, Point]:
        """Points by tag, the first listed where two sources share a tag."""
        return {point.tag: point for point in reversed(self.points)}

    def columns_of(self, name: str) -> list[str]:
        """Columns of a quantity (`chiller_kw`) that are counted, or the one column itself (`chiller_kw:ch1`)."""
        if ":" in name:
            return [name] if name in self.columns else []
        return [
            point.column for point in self.points if point.quantity == name and point.counted is not False
        ]

    def quantity_of(self, setpoint: Setpoint) -> str:
        """The canonical quantity that a setpoint sets, e.g. `supply_air_sp_c`."""
        return self.by_tag[setpoint.tag].quantity

    def setpoint_name(self, setpoint: Setpoint) -> str:
        """The name of a setpoint in models, decisions and the ledger.

        Its quantity; where several setpoints share one, the column of its point (`supply_air_sp_c:hall_a`).
        """
        point = self.by_tag[setpoint.tag]
        tags = [each.tag for each in self.setpoints if each.tag in self.by_tag]
        alike = [tag for tag in tags if self.by_tag[tag].quantity == point.quantity]
        return point.quantity if len(alike) == 1 else point.column

    @property
    def apart_columns(self) -> list[str]:
        """Columns of points that plant tables keep apart, beside the plant-level quantities.

        Where several setpoints share a quantity, their own columns (`supply_air_sp_c:hall_a`); where several set
        supply air, also those of every rack inlet and supply air, for each hall answers to its own units. Empty for a
        site with one setpoint per quantity.
        """
        names = [self.setpoint_name(setpoint) for setpoint in self.setpoints]
        shared = [name for name in names if name not in QUANTITIES]
        if any(name.split(":", 1)[0] in SUPPLY_AIR for name in shared):
            shared += [*self.columns_of("rack_inlet_c"), *self.columns_of("supply_air_c")]
        return [name for name in dict.fromkeys(shared) if name not in QUANTITIES]

    @cached_property
    def machine_columns(self) -> list[str]:
        """Columns of contacts, speeds and heat loads of single machines, where there are several: which one runs."""
        return [
            column
            for quantity in OF_MACHINES
            if len(columns := self.columns_of(quantity)) > 1
            for column in columns
            if ":" in column
        ]

    @property
    def derived_weather(self) -> list[str]:
        """Humidity and wetbulb of the outdoor air, where drybulb and one other reading of the air give them."""
        quantities = {point.quantity for point in self.points}
        others = {"outdoor_rh_frac", "outdoor_wetbulb_c", "outdoor_dew_point_c"} & quantities
        return (
            ["outdoor_rh_frac", "outdoor_wetbulb_c"] if "outdoor_drybulb_c" in quantities and others else []
        )


def load_site(path: Path) -> Site:
    """Read and check a site file. Raises SiteError with every fault found in it."""
    try:
        site = Site.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as cause:
        raise SiteError(
            f"site file {path} does not exist; make one with: coldaisle site new EXPORT.csv"
        ) from cause
    except OSError as cause:
        raise SiteError(
            f"site file {path} cannot be read ({cause.strerror}); give the path of a .toml file"
        ) from cause
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise SiteError(f"site file {path} is not valid TOML: {cause}; mend that line") from cause
    except ValidationError as cause:
        raise SiteError(
            f"site file {path}:\n" + "\n".join(f"  {fault_text(error)}" for error in cause.errors())
        ) from cause
    if site.energyplus is None:
        return site
    return site.model_copy(update={"energyplus": site.energyplus.beside(path.parent)})


def site_path(name: str, settings: Settings) -> Path:
    """Path of a site's file: `name` itself where it is one, else in the home's or the project's `sites`.

    Raises SiteError where no site has that name; a path that is given need not exist.
    """
    if name.endswith(".toml"):
        return Path(name)
    folders = (settings.sites, SITE_FOLDER)
    for folder in folders:
        if (folder / f"{name}.toml").exists():
            return folder / f"{name}.toml"
    there = sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.toml")})
    raise SiteError(
        f'site "{name}" is not known; known are {", ".join(there) or "none"}, or give a path to a .toml file'
    )


def find_site(name: str, settings: Settings) -> Site:
    """The site called `name`, as `site_path` finds it. Raises SiteError where there is none, or it has faults."""
    return load_site(site_path(name, settings))


def cooling_quantities(site: Site) -> list[str]:
    """Quantities of the site's cooling meters."""
    named = [column for name in site.meters.cooling for column in site.columns_of(name)]
    return list(dict.fromkeys(column.split(":", 1)[0] for column in named))
