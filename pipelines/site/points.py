"""The `[[sources]]` and `[[points]]` of a site file: exports and the historian tags in them."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from pipelines.errors import SiteError
from pipelines.site.arrival import Arrival, with_patterns
from pipelines.site.checks import Table, known_time_format, known_time_zone, within
from pipelines.site.quantities import QUANTITIES, column_name
from pipelines.site.units import conversion, is_energy

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
Reading = Literal["instant", "interval", "counter", "change"]
# Of a source: where its exports are, not what is in them. No store has to be derived again when it changes.
WHERE_FROM = frozenset({"files", *Arrival.model_fields})


class Source(Arrival):
    """One kind of export: a historian, a weather logger; each has its own clock and layout. `Arrival`: how it comes.

    files: patterns of the names of its exports; what is fetched by window has its own.
    stamp: whether a row's time is the start or the end of what it covers (interval readings only; an
        instant reading is taken at its time).
    clock_offset_minutes: how far this clock runs ahead of true time; it is subtracted.
    interval_minutes: the source's own step; inferred where absent.
    time_format: strptime's, or epoch_s, epoch_ms, epoch_us, epoch_ns (since 1970), excel (days since 1899-12-30);
        ISO 8601 where absent. date_column: the date, where time_column has the time of day only.
    tag_column: of a long export; several are joined by "/". identity_columns: of a wide one whose rows belong to
        several machines; their values and "/" stand before the column's name in a tag. tag_from: what else does, for
        exports with one machine a file: the file's name, its folder's, or the title above the header.
    decimal: the decimal sign; told from the file where absent.
    quality_suffix: of a column beside each value's that holds its quality (`.Status`).
    """

    name: Slug
    files: list[str]
    layout: Literal["wide", "long"] = "wide"
    time_column: str
    date_column: str | None = None
    time_format: Annotated[str, AfterValidator(known_time_format)] | None = None
    time_zone: Annotated[str, AfterValidator(known_time_zone)]
    stamp: Literal["start", "end"] = "start"
    interval_minutes: Annotated[float, within(1 / 60, 1440, "min", "a second to a day")] | None = None
    clock_offset_minutes: Annotated[
        float, within(-1440, 1440, "min", "a clock is wrong by a day at most; beyond, correct the export")
    ] = 0.0
    tag_column: str | list[str] = "tag"
    value_column: str = "value"
    identity_columns: list[str] = []
    tag_from: Literal["file", "folder", "title"] | None = None
    decimal: Literal[".", ","] | None = None
    quality_column: str | None = None
    quality_suffix: str | None = None
    good_quality: list[str] = []
    sentinels: list[float] = [-9999.0, -999.0, 9999.0, 32767.0, -32768.0]

    @model_validator(mode="before")
    @classmethod
    def _named(cls, described: Any) -> Any:
        return with_patterns(described)

    @property
    def tag_columns(self) -> list[str]:
        """Columns that make the tag of a row."""
        if self.layout == "wide":
            return self.identity_columns
        return [self.tag_column] if isinstance(self.tag_column, str) else self.tag_column

    @model_validator(mode="after")
    def _fits_layout(self) -> Self:
        if self.layout == "long" and self.identity_columns:
            raise ValueError(
                f"source {self.name}: identity_columns belong to a wide layout; list them in tag_column instead"
            )
        if self.layout == "long" and not self.tag_columns and self.tag_from is None:
            raise ValueError(f"source {self.name}: tag_column names no column; name it, or set tag_from")
        if self.quality_column and self.quality_suffix:
            raise ValueError(
                f"source {self.name}: quality_column and quality_suffix exclude each other; keep the one the file has"
            )
        return self


class Point(Table):
    """One historian tag and what it measures.

    reading: `instant` (a value at a time), `interval` (energy or mean of an interval), `counter`
        (cumulative, with `rollover` as the value at which it wraps), `change` (logged on change only).
    full_scale: the reading that stands for 1 of a fraction (50 for a 50 Hz drive).
    power_factor: kW of a kVA, where the meter shows apparent power only.
    counted: whether a power is added to the others of its quantity; false for a total beside its parts. Where absent it
        is, and an export whose total is the sum of its parts is asked about.
    low, high, stuck_hours: narrow the quantity's own range (canonical units) and override its time to be stuck.
    impute: what stands in for a missing reading when predictions are served, for at most `impute_hours` after the
        last one: that reading itself, or the median of the weeks before. Where absent, nothing does.
    lead_hours: of a forecast: its row holds what was known then of so many hours later.
    position: where it is measured, m east and north of a corner of the hall; hall: its name. For the map of the pages.
    """

    tag: str
    source: Slug
    quantity: str
    equipment: str = ""
    unit: str = ""
    reading: Reading = "instant"
    rollover: Annotated[float, within(1e-3, 1e15, "", "the reading at which a counter wraps")] | None = None
    full_scale: Annotated[float, within(1e-3, 1e6, "", "the reading that stands for 1")] | None = None
    power_factor: float | None = Field(default=None, gt=0, le=1)
    counted: bool | None = None
    low: float | None = None
    high: float | None = None
    stuck_hours: float | None = Field(default=None, gt=0, le=48)
    impute: Literal["last", "median"] | None = None
    impute_hours: float = Field(default=3.0, gt=0, le=168)
    lead_hours: float = Field(default=1.0, gt=0, le=168)
    position: tuple[float, float] | None = None
    hall: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.quantity not in QUANTITIES:
            raise ValueError(
                f'quantity "{self.quantity}" is not known; choose one of {", ".join(sorted(QUANTITIES))}'
            )
        try:
            conversion(self.unit, self.quantity, self.full_scale, self.power_factor)
        except SiteError as error:
            raise ValueError(f"tag {self.tag}: {error}") from error
        if self.counted is False and QUANTITIES[self.quantity].across != "sum":
            raise ValueError(
                f"tag {self.tag}: counted is for what is added up, not for {self.quantity}; delete it"
            )
        self._check_energy()
        self._check_range()
        return self

    def _check_energy(self) -> None:
        energy, power = is_energy(self.unit), QUANTITIES[self.quantity].unit == "kW"
        if self.reading == "counter" and not (energy and power):
            raise ValueError(
                f'tag {self.tag}: a counter must count energy, not {self.quantity} in "{self.unit}"; '
                'set reading = "instant", or give its rate a tag of its own'
            )
        if energy and self.reading not in ("interval", "counter"):
            raise ValueError(
                f'tag {self.tag}: unit "{self.unit}" is energy; set reading = "interval" or "counter"'
            )

    def _check_range(self) -> None:
        quantity, (low, high) = QUANTITIES[self.quantity], self.limits
        if not quantity.low <= low < high <= quantity.high:
            raise ValueError(
                f"tag {self.tag}: low..high ({low:g}..{high:g}) must ascend inside {quantity.low:g}..{quantity.high:g} "
                f"{quantity.unit}, what is physically possible of {self.quantity}; edit [[points]]"
            )

    @property
    def to_canonical(self) -> tuple[float, float]:
        """Slope and offset that turn an exported reading into the canonical unit; see `conversion`."""
        return conversion(self.unit, self.quantity, self.full_scale, self.power_factor)

    @property
    def column(self) -> str:
        """Column of the interval table: `quantity` or `quantity:equipment`."""
        return column_name(self.quantity, self.equipment)

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest reading that is believed, canonical unit."""
        quantity = QUANTITIES[self.quantity]
        return (
            quantity.low if self.low is None else self.low,
            quantity.high if self.high is None else self.high,
        )
