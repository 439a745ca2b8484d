"""The savings report as data: what `--json` prints; its JSON schema is docs/savings.schema.json."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """What every part of the report shares: nothing that is not declared."""

    model_config = ConfigDict(extra="forbid")


class PeriodPart(Part):
    """A period, UTC, end excluded."""

    start: str
    end: str
    days: float
    hours: int = Field(description="hours of the period")
    known_hours: int = Field(description="hours with power, load and weather")


class FigurePart(Part):
    """A saving with its interval. shown: False where the 90 % interval covers zero, and nothing may be claimed."""

    value: float | None
    low_90: float | None
    high_90: float | None
    low_68: float | None = None
    high_68: float | None = None
    unit: str
    shown: bool
    why_not: str = ""

    @classmethod
    def of(
        cls, value: float, half_90: float, unit: str, *, shown: bool, half_68: float | None = None
    ) -> Self:
        """A figure with half widths of its intervals."""
        return cls(
            value=value,
            low_90=value - half_90,
            high_90=value + half_90,
            low_68=None if half_68 is None else value - half_68,
            high_68=None if half_68 is None else value + half_68,
            unit=unit,
            shown=shown,
            why_not="" if shown else "the 90 % interval covers zero",
        )

    @classmethod
    def unknown(cls, unit: str, why: str) -> Self:
        """A figure that cannot be told, or may not be claimed."""
        return cls(value=None, low_90=None, high_90=None, unit=unit, shown=False, why_not=why)


class MethodPart(Part):
    """A way to make the interval of the expected energy."""

    method: Literal["fsu", "bootstrap", "conformal"]
    half_width_kwh: float
    factor: float = Field(description="by which the placebo windows widen it")
    placebo_coverage: float | None = Field(description="share of placebo windows within it as it stands")
    windows: int
    chosen: bool


class ModelPart(Part):
    """A counterfactual."""

    name: str
    chosen: bool
    parameters: int
    cv_rmse: float = Field(description="fraction, of the fit, ASHRAE Guideline 14")
    nmbe: float
    left_out_cv_rmse: float = Field(description="fraction, on windows that were left out")
    autocorrelation: float
    fsu_68: float | None = Field(description="fractional savings uncertainty at 68 %")
    fsu_90: float | None
    expected_kwh: float
    saving: FigurePart
    at_metered_load: FigurePart
    methods: list[MethodPart]


class PlaceboPart(Part):
    """A window of the baseline, predicted without it: its saving is nothing."""

    start: str
    days: float
    expected_kwh: float
    measured_kwh: float
    error_kwh: float
    half_width_90_kwh: float
    inside: bool


class FindingPart(Part):
    """refused: nothing is claimed; flagged: to be read with the claim; finding: what the models found."""

    severity: Literal["refused", "flagged", "finding"]
    what: str
    seen: str
    remedy: str


class AdjustmentPart(Part):
    """A non-routine event."""

    number: int
    kind: str
    treatment: str
    kw: float
    start: str
    end: str | None
    by: str
    why: str
    baseline_hours: int
    reporting_hours: int


class IndicatorPart(Part):
    """A key performance indicator of the reporting period."""

    name: str
    standard: str
    unit: str
    value: float | None
    why_not: str
    note: str


class ServersPart(Part):
    """What servers drew more because of warmer air."""

    extra_kwh: float
    response: float = Field(description="over that of the literature")
    response_spread: float
    from_record: bool


class TrialPart(Part):
    """What a randomised trial says."""

    name: str
    days: float
    pairs: int
    saved_kw: FigurePart
    saved_percent: float
    drawn_low_kw: float
    drawn_high_kw: float
    p_value: float
    adjusted_by: str
    shown: bool


class DayPart(Part):
    """A day of the report's plot."""

    day: str
    expected_kwh: float | None
    measured_kwh: float | None


class SavingsReport(Part):
    """What was saved in the reporting period, and how certain that is."""

    version: Literal[1] = 1
    site: str
    title: str
    made_at: str
    target: str = Field(description="plant quantity that is baselined")
    boundary: str
    counted: str = Field(
        description="what `saving` counts: facility energy at equal work, or the plant's energy"
    )
    baseline: PeriodPart
    reporting: PeriodPart
    claim: str = Field(description="the result in one sentence")
    refused: bool
    covered_hours: int
    measured_kwh: float
    saving: FigurePart = Field(description="the saving that is claimed, see `counted`")
    target_saving: FigurePart = Field(description="of what is baselined alone")
    at_metered_load: FigurePart = Field(description="of what is baselined, with the load as it was metered")
    percent_of_target: float | None
    parts_kwh: dict[str, float] = Field(description="standard deviation of the saving by cause, kWh")
    naive_kwh: float = Field(description="before less after, whatever load and weather were")
    energy_cost: FigurePart
    demand_cost: FigurePart
    carbon_average: FigurePart
    carbon_marginal: FigurePart
    water: FigurePart
    servers: ServersPart
    models: list[ModelPart]
    placebos: list[PlaceboPart]
    findings: list[FindingPart]
    adjustments: list[AdjustmentPart]
    indicators_baseline: list[IndicatorPart]
    indicators: list[IndicatorPart]
    trial: TrialPart | None
    days: list[DayPart]
