"""`coldaisle savings`: from two periods of telemetry to the report."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from models.errors import TooFewRowsError
from models.savings.candidates import regressions
from models.savings.estimate import Counterfactual, Estimate, Figure, estimate
from models.savings.guideline14 import fractional_savings_uncertainty
from models.savings.hours import Hours
from models.savings.left_out import Candidate
from models.savings.regression import Regression
from pipelines.config import Settings
from pipelines.errors import ColdaisleError, SavingsError
from pipelines.learning.registry import champion_files
from pipelines.learning.twin.bundle import KIND, Registered, read_twin
from pipelines.savings.accounting import (
    AVERAGE,
    MARGINAL,
    Amount,
    carbon,
    demand_cost,
    energy_cost,
    indicators,
    unknown,
)
from pipelines.savings.adjustments import Adjustment, Applied, adjusted
from pipelines.savings.claim import claim_of
from pipelines.savings.counterfactuals import Efficiency, twin_candidate
from pipelines.savings.meters import changed_meters, meters_of
from pipelines.savings.periods import Period, check_apart
from pipelines.savings.record import Record, record_of, target_of
from pipelines.savings.schema import (
    AdjustmentPart,
    DayPart,
    FigurePart,
    FindingPart,
    IndicatorPart,
    MethodPart,
    ModelPart,
    PeriodPart,
    PlaceboPart,
    SavingsReport,
    ServersPart,
    TrialPart,
)
from pipelines.savings.servers import servers_of
from pipelines.savings.sufficiency import Finding, of_baseline, of_clock, of_coverage, of_models, of_reporting
from pipelines.site.file import Site
from pipelines.telemetry.store import Store

Say = Callable[[str], None]
WATER_KG_PER_H = 3600.0  # kg/s to kg an hour


@dataclass(frozen=True)
class _Read:
    """Both periods as hours of the target, and what control does not choose."""

    baseline: Record
    reporting: Record
    base: Hours
    asked: Hours
    target: str
    boundary: str
    drivers: tuple[str, ...]
    applied: list[Applied]


def savings_report(
    site: Site,
    settings: Settings,
    baseline: Period,
    reporting: Period,
    *,
    adjustments: Sequence[Adjustment] = (),
    trial: TrialPart | None = None,
    now: datetime | None = None,
    say: Say = lambda _: None,
) -> SavingsReport:
    """What the reporting period saved against the baseline.

    Raises SavingsError where the periods overlap, hold too little, or have no weather; StoreError without telemetry.
    """
    check_apart(baseline, reporting)
    store = Store(settings.store, site)
    say("reading both periods")
    start, end = min(baseline.start, reporting.start), max(baseline.end, reporting.end)
    table = store.read(start, end)
    read = _read(site, store, table, baseline, reporting, list(adjustments))
    findings = [
        *of_baseline(site, read.base, read.drivers),
        *of_reporting(read.asked, read.drivers),
        *of_clock(read.base, read.asked),
    ]
    say("looking for meters that changed")
    findings += changed_meters(site, table, store.quarantine(start, end), reporting, list(adjustments))
    candidates: list[Candidate] = [*regressions(read.base), *_own(site, settings, store, read, findings, say)]
    try:
        with threadpool_limits(limits=1):  # on matrices this small several threads wait for each other
            made = estimate(
                read.base,
                read.asked,
                candidates,
                meters=meters_of(site, baseline.cut(table)),
                servers=servers_of(site, [read.baseline, read.reporting]),
                say=say,
            )
    except TooFewRowsError as error:
        raise SavingsError(
            f"the baseline {baseline} and the reporting period {reporting} leave nothing to compare: {error}; "
            f"choose other periods, or see coldaisle quality --site {site.name}"
        ) from error
    findings += [*of_coverage(site, read.base, read.asked, made), *of_models(made)]
    return _report(site, read, made, findings, trial, now or datetime.now(UTC), say)


def _read(
    site: Site,
    store: Store,
    table: pd.DataFrame,
    baseline: Period,
    reporting: Period,
    adjustments: list[Adjustment],
) -> _Read:
    before, after = (record_of(site, table, each) for each in (baseline, reporting))
    target, boundary = target_of(site, before)
    hours = []
    for record in (before, after):
        each = record.hours(site, target)
        hours.append(replace(each, power_kw=adjusted(each.power_kw, record.index, adjustments)))
    base, asked = hours
    for each, period, what in ((base, baseline, "baseline"), (asked, reporting, "reporting period")):
        if not np.isfinite(each.power_kw).any():
            span = store.span()
            held = f"{span[0]:%Y-%m-%d} to {span[1]:%Y-%m-%d}" if span else "nothing"
            raise SavingsError(
                f"the {what} {period} has no reading of {target}; telemetry is there from {held}: "
                "choose another period, or ingest it"
            )
    drivers = tuple(
        name
        for name in ("wetbulb", "drybulb")
        if np.isfinite(base.air(name)).any() and np.isfinite(asked.air(name)).any()
    )
    if not drivers:
        raise SavingsError(
            f'site "{site.name}" has no outdoor temperature in both periods, and energy follows the weather; '
            "add a point of outdoor_drybulb_c or outdoor_wetbulb_c and ingest it"
        )
    applied = [
        Applied(each, int(each.concerns(before.index).sum()), int(each.concerns(after.index).sum()))
        for each in adjustments
        if each.concerns(before.index).any() or each.concerns(after.index).any()
    ]
    return _Read(before, after, base, asked, target, boundary, drivers, applied)


def _own(
    site: Site, settings: Settings, store: Store, read: _Read, findings: list[Finding], say: Say
) -> list[Candidate]:
    """coldaisle's own counterfactuals, as far as the site has what they need."""
    own: list[Candidate] = []
    if read.base.has_load and len(read.drivers) == 2:
        own.append(Efficiency())
    try:
        with champion_files(site, KIND, settings) as files:
            registered = read_twin(files) if files else None
        if registered is not None:
            periods = [read.baseline.period, read.reporting.period]
            own.append(twin_candidate(site, store, registered.twin, periods, read.target, say))
            findings += _seen(registered, read.reporting.period)
    except ColdaisleError as error:
        findings.append(
            Finding("finding", "the twin says nothing", str(error), "it is left out of the choice")
        )
    return own


def _seen(registered: Registered, reporting: Period) -> list[Finding]:
    """Whether the twin was fitted to telemetry of the reporting period."""
    until = pd.Timestamp(str(registered.metadata.get("learned_until")))
    if pd.isna(until) or until <= reporting.start:
        return []
    return [
        Finding(
            "finding",
            "the twin has seen the reporting period",
            f"{registered.twin.version} was fitted to telemetry until {until:%Y-%m-%d}",
            "fit one to the baseline alone: coldaisle twin --to, before the reporting period",
        )
    ]


def _report(
    site: Site,
    read: _Read,
    made: Estimate,
    findings: list[Finding],
    trial: TrialPart | None,
    now: datetime,
    say: Say,
) -> SavingsReport:
    believed, refused = made.believed, any(each.severity == "refused" for each in findings)
    times = read.reporting.index
    rmse_kw = believed.left_out_fit.cv_rmse * float(np.nanmean(believed.expected_kw))
    facility_kw = read.reporting.column("facility_kw")
    say("money, CO2 and water")
    expected = made.measured_kwh + believed.avoided.kwh
    why = "; ".join(each.what for each in findings if each.severity == "refused")
    naive = float(np.nanmean(read.base.power_kw) - np.nanmean(read.asked.power_kw[made.covered]))

    def told(figure: Figure | Amount) -> FigurePart:
        part = _energy(figure) if isinstance(figure, Figure) else _amount(figure)
        return FigurePart.unknown(part.unit, why) if refused else part

    report = SavingsReport(
        site=site.name,
        title=site.title,
        made_at=now.isoformat(timespec="seconds"),
        target=read.target,
        boundary=read.boundary,
        counted="facility energy at equal work" if site.meters.it else "energy of the plant",
        baseline=_period(read.baseline, read.base, read.drivers),
        reporting=_period(read.reporting, read.asked, read.drivers),
        claim="",
        refused=refused,
        covered_hours=int(made.covered.sum()),
        measured_kwh=made.measured_kwh,
        saving=told(believed.saving),
        target_saving=told(believed.avoided),
        at_metered_load=told(believed.at_metered_load),
        percent_of_target=None if refused else 100.0 * believed.saving.kwh / expected,
        parts_kwh={name: float(part) for name, part in believed.saving.parts.items()},
        naive_kwh=naive * float(made.covered.sum()),
        energy_cost=told(energy_cost(site, times, made.saved_kw, believed.saving)),
        demand_cost=told(demand_cost(site, times, facility_kw, made.saved_kw, rmse_kw)),
        carbon_average=told(carbon(site, read.reporting, made.saved_kw, believed.saving, AVERAGE)),
        carbon_marginal=told(carbon(site, read.reporting, made.saved_kw, believed.saving, MARGINAL)),
        water=told(_water(site, read, made)),
        servers=ServersPart(
            extra_kwh=float(np.nansum(made.extra_kw[made.covered])),
            response=made.response.factor,
            response_spread=made.response.spread,
            from_record=made.response.from_record,
        ),
        models=[_model(each, each is believed, made) for each in made.counterfactuals],
        placebos=_placebos(believed),
        findings=[FindingPart(**vars(each)) for each in findings],
        adjustments=[_adjustment(each) for each in read.applied],
        indicators_baseline=[IndicatorPart.model_validate(row) for row in indicators(site, read.baseline)],
        indicators=[IndicatorPart.model_validate(row) for row in indicators(site, read.reporting)],
        trial=trial,
        days=_days(read, made, site.local_zone),
    )
    return report.model_copy(update={"claim": claim_of(report)})


def _water(site: Site, read: _Read, made: Estimate) -> Amount:
    """Make-up water that was not taken, m3, by the regressions alone."""
    before, after = (record.column("makeup_water_kg_s") for record in (read.baseline, read.reporting))
    if not (np.isfinite(before).any() and np.isfinite(after).any()):
        return unknown("m3", "make-up water is not metered; add a point of makeup_water_kg_s")
    base = replace(read.base, power_kw=before * WATER_KG_PER_H / 1e3)
    asked = replace(read.asked, power_kw=np.where(made.covered, after * WATER_KG_PER_H / 1e3, np.nan))
    try:
        with threadpool_limits(limits=1):
            water = estimate(
                base, asked, regressions(base), meters=meters_of(site, pd.DataFrame(columns=site.columns))
            )
    except TooFewRowsError as error:
        return unknown("m3", str(error))
    saved = water.believed.avoided
    return Amount(saved.kwh, saved.low_kwh, saved.high_kwh, "m3")


def _energy(figure: Figure) -> FigurePart:
    """A saving of energy as the report shows it."""
    return FigurePart.of(
        figure.kwh, figure.half_90_kwh, "kWh", shown=figure.shown, half_68=figure.half_68_kwh
    )


def _amount(amount: Amount) -> FigurePart:
    """A saving in another unit as the report shows it."""
    if amount.value is None or amount.high is None:
        return FigurePart.unknown(amount.unit, amount.why_not)
    return FigurePart.of(amount.value, amount.high - amount.value, amount.unit, shown=amount.shown)


def _period(record: Record, hours: Hours, drivers: tuple[str, ...]) -> PeriodPart:
    return PeriodPart(
        start=record.period.start.isoformat(),
        end=record.period.end.isoformat(),
        days=record.period.days,
        hours=len(hours),
        known_hours=int(hours.known(drivers).sum()),
    )


def _model(each: Counterfactual, chosen: bool, made: Estimate) -> ModelPart:
    expected = made.measured_kwh + each.avoided.kwh
    share, hours = each.avoided.kwh / expected, int(made.covered.sum())
    fsu = [fractional_savings_uncertainty(each.fit, hours, share, level) for level in (0.68, 0.90)]
    return ModelPart(
        name=each.name,
        chosen=chosen,
        parameters=len(each.model.beta) if isinstance(each.model, Regression) else 0,
        cv_rmse=each.fit.cv_rmse,
        nmbe=each.fit.nmbe,
        left_out_cv_rmse=each.left_out_fit.cv_rmse,
        autocorrelation=each.fit.autocorrelation,
        fsu_68=fsu[0] if np.isfinite(fsu[0]) else None,
        fsu_90=fsu[1] if np.isfinite(fsu[1]) else None,
        expected_kwh=expected,
        saving=_energy(each.saving),
        at_metered_load=_energy(each.at_metered_load),
        methods=[
            MethodPart(
                method=method.method,
                half_width_kwh=method.half_kwh,
                factor=method.factor,
                placebo_coverage=method.covered if np.isfinite(method.covered) else None,
                windows=method.windows,
                chosen=method is each.method,
            )
            for method in each.methods
        ],
    )


def _placebos(believed: Counterfactual) -> list[PlaceboPart]:
    """Placebo windows with the half width that the chosen method gives each."""
    method, expected_kwh = believed.method, float(np.nansum(believed.expected_kw))
    parts = []
    for each in believed.placebos:
        half = each.half_kwh.get(method.method, method.half_kwh / max(expected_kwh, 1.0) * each.expected_kwh)
        half *= method.factor
        parts.append(
            PlaceboPart(
                start=pd.Timestamp(each.first_hour * 3600, unit="s", tz="UTC").isoformat(),
                days=each.hours / 24.0,
                expected_kwh=each.expected_kwh,
                measured_kwh=each.measured_kwh,
                error_kwh=each.error_kwh,
                half_width_90_kwh=half,
                inside=bool(abs(each.error_kwh) <= half),
            )
        )
    return parts


def _adjustment(applied: Applied) -> AdjustmentPart:
    each = applied.adjustment
    return AdjustmentPart(
        number=each.number,
        kind=each.kind,
        treatment=each.treatment,
        kw=each.kw,
        start=each.start.isoformat(),
        end=None if each.end is None else each.end.isoformat(),
        by=each.by,
        why=each.why,
        baseline_hours=applied.baseline_h,
        reporting_hours=applied.reporting_h,
    )


def _days(read: _Read, made: Estimate, zone: str) -> list[DayPart]:
    """Expected and measured energy by day of the site, hours outside the baseline's range left out."""
    frame = pd.DataFrame(
        {"expected": made.believed.expected_kw + 0.0, "measured": read.asked.power_kw + 0.0},
        index=read.reporting.index.tz_convert(zone),
    )
    frame[~made.covered] = np.nan
    sums = frame.groupby(pd.DatetimeIndex(frame.index).date).sum(min_count=12)

    def energy(value: float) -> float | None:
        return float(value) if np.isfinite(value) else None

    return [
        DayPart(day=str(day), expected_kwh=energy(expected), measured_kwh=energy(measured))
        for day, (expected, measured) in zip(sums.index, sums.to_numpy(float), strict=True)
    ]
