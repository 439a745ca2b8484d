"""A site file: equipment, points, setpoints, envelope and meters of one data center, checked on reading."""

import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipelines.config import SITE_FOLDER, Settings
from pipelines.errors import SiteError
from pipelines.site.control_options import ControlOptions
from pipelines.site.declared_effects import KnownEffect
from pipelines.site.energyplus import EnergyPlusTable
from pipelines.site.quantities import QUANTITIES, column_name
from pipelines.site.safety import SafetyTable
from pipelines.site.units import conversion, is_energy

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
DERIVED = {
    "outdoor_wetbulb_c",
    "outdoor_rh_frac",
}  # from other readings of the air where they are not recorded
Reading = Literal["instant", "interval", "counter", "change"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_time_zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as cause:
        raise ValueError(
            f'time_zone "{zone}" is not in the IANA database; write e.g. "Asia/Singapore"'
        ) from cause
    return zone


class Source(_Strict):
    """One kind of export: a historian, a weather logger; each has its own clock and layout.

    stamp: whether a row's time is the start or the end of what it covers (interval readings only; an
        instant reading is taken at its time).
    clock_offset_minutes: how far this clock runs ahead of true time; it is subtracted.
    interval_minutes: the source's own step; inferred where absent.
    """

    name: Slug
    files: list[str]
    layout: Literal["wide", "long"] = "wide"
    time_column: str
    time_format: str | None = None
    time_zone: str
    stamp: Literal["start", "end"] = "start"
    interval_minutes: float | None = Field(default=None, gt=0)
    clock_offset_minutes: float = 0.0
    tag_column: str = "tag"
    value_column: str = "value"
    quality_column: str | None = None
    good_quality: list[str] = []
    sentinels: list[float] = [-9999.0, -999.0, 9999.0, 32767.0, -32768.0]

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        return _known_time_zone(zone)


class Point(_Strict):
    """One historian tag and what it measures.

    reading: `instant` (a value at a time), `interval` (energy or mean of an interval), `counter`
        (cumulative, with `rollover` as the value at which it wraps), `change` (logged on change only).
    full_scale: the reading that stands for 1 of a fraction (50 for a 50 Hz drive).
    low, high, stuck_hours: override the quantity's own, in canonical units.
    impute: what stands in for a missing reading when predictions are served, for at most `impute_hours` after the
        last one: that reading itself, or the median of the weeks before. Where absent, nothing does.
    lead_hours: of a forecast: its row holds what was known then of so many hours later.
    """

    tag: str
    source: Slug
    quantity: str
    equipment: str = ""
    unit: str = ""
    reading: Reading = "instant"
    rollover: float | None = Field(default=None, gt=0)
    full_scale: float | None = Field(default=None, gt=0)
    low: float | None = None
    high: float | None = None
    stuck_hours: float | None = Field(default=None, gt=0, le=48)
    impute: Literal["last", "median"] | None = None
    impute_hours: float = Field(default=3.0, gt=0, le=168)
    lead_hours: float = Field(default=1.0, gt=0, le=168)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.quantity not in QUANTITIES:
            raise ValueError(
                f'quantity "{self.quantity}" is not known; choose one of {", ".join(sorted(QUANTITIES))}'
            )
        try:
            conversion(self.unit, self.quantity, self.full_scale)
        except SiteError as error:
            raise ValueError(f"tag {self.tag}: {error}") from error
        if self.reading in ("interval", "counter") and QUANTITIES[self.quantity].unit == "kW":
            if not is_energy(self.unit) and self.reading == "counter":
                raise ValueError(
                    f'tag {self.tag}: a counter of {self.quantity} must be energy, not "{self.unit}"'
                )
        elif is_energy(self.unit):
            raise ValueError(
                f'tag {self.tag}: unit "{self.unit}" is energy; set reading = "interval" or "counter"'
            )
        return self

    @property
    def column(self) -> str:
        return column_name(self.quantity, self.equipment)

    @property
    def limits(self) -> tuple[float, float]:
        quantity = QUANTITIES[self.quantity]
        return (
            quantity.low if self.low is None else self.low,
            quantity.high if self.high is None else self.high,
        )


class Setpoint(_Strict):
    """Something we may choose. Values are in the canonical unit of the tag's quantity.

    tag: the point that shows the present value and is written to.
    measured: the tag is the controlled temperature itself, because the site records no setpoint.
    auto_min, auto_max: narrower limits for the hours in which nobody watches (mode `auto`).
    min_on_minutes, min_off_minutes: shortest time that an on/off setpoint stays on and off.
    """

    tag: str
    kind: Literal["continuous", "binary"] = "continuous"
    min: float
    max: float
    slew_per_hour: float = Field(gt=0)
    default: float
    measured: bool = False
    auto_min: float | None = None
    auto_max: float | None = None
    min_on_minutes: float = Field(default=0.0, ge=0)
    min_off_minutes: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max <= self.min:
            raise ValueError(
                f"setpoint {self.tag}: max ({self.max}) must exceed min ({self.min}); edit [[setpoints]]"
            )
        if not self.min <= self.default <= self.max:
            raise ValueError(
                f"setpoint {self.tag}: default ({self.default}) must lie in {self.min}..{self.max}; "
                "edit [[setpoints]]"
            )
        low, high = self.auto_limits
        if not self.min <= low <= self.default <= high <= self.max:
            raise ValueError(
                f"setpoint {self.tag}: auto_min..auto_max ({low:g}..{high:g}) must lie in {self.min:g}.."
                f"{self.max:g} and hold the default ({self.default:g}); edit [[setpoints]]"
            )
        return self

    @property
    def auto_limits(self) -> tuple[float, float]:
        """Limits in mode `auto`."""
        return (
            self.min if self.auto_min is None else self.auto_min,
            self.max if self.auto_max is None else self.auto_max,
        )


class Meters(_Strict):
    """Which columns make which power; a bare quantity stands for all its equipment.

    it: IT power. Where a site has no IT meter, `load` (the plant's thermal load) is the denominator and
        the figure is kW per kW of cooling, never called PUE.
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


class Envelope(_Strict):
    """Thermal limits at the rack inlet, ASHRAE TC9.9; defaults are the recommended range. Pressures: where declared."""

    rack_inlet_min_c: float = 18.0
    rack_inlet_max_c: float = 27.0
    dew_point_max_c: float = 15.0
    rate_k_per_h: float = 20.0
    aisle_pressure_min_pa: float | None = None
    loop_pressure_min_pa: float | None = None


class Tariff(_Strict):
    """Price of electricity: one rate, or another on working days from `peak_from_hour` to `peak_to_hour`."""

    currency: str = Field(default="USD", min_length=3, max_length=3)
    per_kwh: float = Field(ge=0)
    peak_per_kwh: float | None = Field(default=None, ge=0)
    peak_from_hour: float = Field(default=8.0, ge=0, le=24)
    peak_to_hour: float = Field(default=20.0, ge=0, le=24)
    time_zone: str = "UTC"

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        return _known_time_zone(zone)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.peak_to_hour <= self.peak_from_hour:
            raise ValueError(
                f"tariff: peak_to_hour ({self.peak_to_hour:g}) must exceed peak_from_hour "
                f"({self.peak_from_hour:g}); edit [tariff]"
            )
        return self


class Location(_Strict):
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    altitude_m: float = Field(default=0.0, ge=-430, le=6000)


class Site(_Strict):
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
    control: ControlOptions = ControlOptions()
    twin: dict[str, float | str] | None = None
    energyplus: EnergyPlusTable | None = None
    safety: SafetyTable = SafetyTable()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if 1440 % self.interval_minutes:
            raise ValueError(
                f"interval_minutes ({self.interval_minutes}) must divide a day; use 1, 5, 10, 15, 30 or 60"
            )
        _unique("source", [source.name for source in self.sources])
        _unique("point", [f"{point.tag} of source {point.source}" for point in self.points])
        _unique("column", [point.column for point in self.points])
        known = {source.name for source in self.sources}
        for point in self.points:
            if point.source not in known:
                raise ValueError(
                    f'point {point.tag}: source "{point.source}" is not declared; add it to [[sources]]'
                )
        tags = {point.tag for point in self.points}
        unknown = sorted({each.tag for each in self.energyplus.setpoints} - tags) if self.energyplus else []
        if unknown:
            raise ValueError(
                f"energyplus.setpoints: {unknown[0]} is not a declared point; add it to [[points]]"
            )
        for setpoint in self.setpoints:
            if setpoint.tag not in tags:
                raise ValueError(f"setpoint {setpoint.tag} is not a declared point; add it to [[points]]")
        _unique("effect", [str(effect).removeprefix("effect of ") for effect in self.effects])
        quantities = {point.quantity for point in self.points}
        for effect in self.effects:
            for name in (effect.of, effect.on):
                if name in QUANTITIES and name not in quantities | DERIVED:
                    raise ValueError(f"{effect}: no point measures {name}; add it to [[points]]")
        self.safety.check(
            {setpoint.tag for setpoint in self.setpoints}, {point.quantity for point in self.points}
        )
        for name in ("it", "cooling", "facility", "losses", "load"):
            for column in getattr(self.meters, name):
                if not self.columns_of(column):
                    raise ValueError(
                        f'meters.{name}: "{column}" matches no point; name a quantity or a column'
                    )
        return self

    @property
    def interval(self) -> pd.Timedelta:
        return pd.Timedelta(minutes=self.interval_minutes)

    @property
    def columns(self) -> list[str]:
        return [point.column for point in self.points]

    @cached_property
    def by_tag(self) -> dict[str, Point]:
        """Points by tag, the first listed where two sources share a tag."""
        return {point.tag: point for point in reversed(self.points)}

    def columns_of(self, name: str) -> list[str]:
        """Columns of a quantity (`chiller_kw`) or the one column itself (`chiller_kw:ch1`)."""
        return [column for column in self.columns if column == name or column.split(":", 1)[0] == name]

    def quantity_of(self, setpoint: Setpoint) -> str:
        """The canonical quantity that a setpoint sets, e.g. `supply_air_sp_c`."""
        return self.by_tag[setpoint.tag].quantity

    def setpoint_name(self, setpoint: Setpoint) -> str:
        """The name of a setpoint in models, decisions and the ledger.

        Its quantity; where several setpoints share one, the column of its point (`supply_air_sp_c:hall_a`).
        """
        point = self.by_tag[setpoint.tag]
        alike = [each for each in self.setpoints if self.quantity_of(each) == point.quantity]
        return point.quantity if len(alike) == 1 else point.column


def _unique(what: str, names: list[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{what} names must be unique; {', '.join(repeated)} stands more than once")


def load_site(path: Path) -> Site:
    """Read and check a site file. Raises SiteError with every fault found in it."""
    try:
        site = Site.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as cause:
        raise SiteError(
            f"site file {path} does not exist; make one with: coldaisle site new EXPORT.csv"
        ) from cause
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise SiteError(f"site file {path} is not valid TOML: {cause}; mend that line") from cause
    except ValidationError as cause:
        raise SiteError(
            f"site file {path}:\n" + "\n".join(_fault(error) for error in cause.errors())
        ) from cause
    if site.energyplus is None:
        return site
    return site.model_copy(update={"energyplus": site.energyplus.beside(path.parent)})


def _fault(error) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "site"
    message = error["msg"].removeprefix("Value error, ")
    shown = "" if isinstance(error["input"], dict | list) else f" (found {error['input']!r})"
    return f"  {where}: {message}{shown}"


def find_site(name: str, settings: Settings) -> Site:
    """The site called `name`: a path to a site file, or a name in the home's or the project's `sites`."""
    if name.endswith(".toml"):
        return load_site(Path(name))
    folders = (settings.sites, SITE_FOLDER)
    for folder in folders:
        if (folder / f"{name}.toml").exists():
            return load_site(folder / f"{name}.toml")
    known = sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.toml")})
    raise SiteError(
        f'site "{name}" is not known; known are {", ".join(known) or "none"}, or give a path to a .toml file'
    )


def cooling_quantities(site: Site) -> list[str]:
    """Quantities of the site's cooling meters."""
    named = [column for name in site.meters.cooling for column in site.columns_of(name)]
    return list(dict.fromkeys(column.split(":", 1)[0] for column in named))
