"""A saving: what the plant would have needed in the hours of the reporting period, less what it needed."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import norm

from models.errors import TooFewRowsError
from models.savings.choice import simplest_within_noise, weekly_errors
from models.savings.covered import inside, ranges_of
from models.savings.guideline14 import Fit
from models.savings.hours import Array, Hours, joined
from models.savings.intervals import LEVEL, Interval, Placebo, chosen_interval, fit_statistics, intervals
from models.savings.left_out import Candidate, LeftOut, Model
from models.savings.meters import Meters, drift_kwh
from models.savings.regression import Regression
from models.savings.structure import disagreement, structure_shares
from models.savings.work import Response, extra_share, response_of

LEAST_HOURS = 24 * 7  # of a baseline, and of covered hours to say anything of
Say = Callable[[str], None]


@dataclass(frozen=True)
class Servers:
    """What tells the work done from what warm air costs.

    inlet_c, utilization, supply_sp_c: rack inlets, 0 to 1, and setpoint of supply air, (baseline hours + reporting
    hours,) each; None where they are not recorded. loss_share: what the power chain loses more per kW of IT.
    """

    inlet_c: Array | None
    utilization: Array | None = None
    supply_sp_c: Array | None = None
    loss_share: float = 0.0

    def first(self, hours: int) -> "Servers":
        """The same for the first so many hours."""
        cut = [
            None if values is None else values[:hours]
            for values in (self.inlet_c, self.utilization, self.supply_sp_c)
        ]
        return Servers(cut[0], cut[1], cut[2], self.loss_share)


@dataclass(frozen=True)
class Figure:
    """A saving in kWh with half widths of its intervals at 68 and 90 %; parts: standard deviations, kWh, by cause."""

    kwh: float
    half_68_kwh: float
    half_90_kwh: float
    parts: dict[str, float] = field(default_factory=dict)

    @property
    def low_kwh(self) -> float:
        """Lower end of the 90 % interval."""
        return self.kwh - self.half_90_kwh

    @property
    def high_kwh(self) -> float:
        """Upper end of the 90 % interval."""
        return self.kwh + self.half_90_kwh

    @property
    def shown(self) -> bool:
        """Whether the interval leaves zero out: only then anything is claimed."""
        return self.low_kwh > 0.0 or self.high_kwh < 0.0


@dataclass(frozen=True)
class Counterfactual:
    """One candidate: how well it fits, what it says, and with what interval."""

    name: str
    fit: Fit
    left_out_fit: Fit
    expected_kw: Array
    avoided: Figure
    at_metered_load: Figure
    saving: Figure
    methods: list[Interval]
    method: Interval
    placebos: list[Placebo]
    model: Model


@dataclass(frozen=True)
class Estimate:
    """What was saved over the covered hours of a reporting period.

    counterfactuals: every candidate that could be fitted; chosen: position of the one believed. covered (n,): which
    reporting hours may be asked about; outside: hours by driver that lie outside the baseline's range. measured_kwh:
    over covered hours. extra_kw (n,): what servers drew more because of warmer air. saved_kw (n,): the saving that is
    believed by hour, NaN where it is not covered. failed: candidate -> why.
    """

    counterfactuals: list[Counterfactual]
    chosen: int
    covered: Array
    known: Array
    outside: dict[str, int]
    measured_kwh: float
    extra_kw: Array
    saved_kw: Array
    response: Response
    failed: dict[str, str]

    @property
    def believed(self) -> Counterfactual:
        """The counterfactual that is reported."""
        return self.counterfactuals[self.chosen]


def estimate(
    baseline: Hours,
    reporting: Hours,
    candidates: Sequence[Candidate],
    *,
    meters: Meters,
    servers: Servers | None = None,
    say: Say = lambda _: None,
) -> Estimate:
    """The saving over the hours of the reporting period that are like those of the baseline.

    Raises:
        TooFewRowsError: the baseline, or what of the reporting period is like it, is under a week.
    """
    weather = tuple(dict.fromkeys(air for each in candidates for air in each.needs))
    base = baseline.where(baseline.known(weather))
    if len(base) < LEAST_HOURS:
        raise TooFewRowsError(
            f"{len(base)} hours of baseline with power, load and weather, needs {LEAST_HOURS}"
        )
    share, spread, response = _more(baseline, reporting, servers)
    at_work = reporting.with_load(reporting.load_kw * (1.0 - share))
    ranges = ranges_of(base, weather)
    within = inside(at_work, ranges)
    known = reporting.known(weather)
    covered = known & np.logical_and.reduce(list(within.values()))
    if covered.sum() < LEAST_HOURS:
        raise TooFewRowsError(f"{int(covered.sum())} hours like those of the baseline, needs {LEAST_HOURS}")
    asked = _Asked(base, reporting.where(covered), share[covered], spread[covered], servers, meters)
    tried, failed = _tried(candidates, asked, say)
    if not tried:
        raise TooFewRowsError("; ".join(f"{name}: {why}" for name, why in failed.items()))
    chosen = simplest_within_noise(
        [weekly_errors(each.left, base) for each in tried], [each.candidate.complexity for each in tried]
    )
    common = asked.structure(tried, chosen, weather)
    made = [_counterfactual(each, asked, at_work, common) for each in tried]
    extra_kw = share * np.nan_to_num(reporting.load_kw)
    saved_kw = made[chosen].expected_kw - reporting.power_kw - asked.per_kw * extra_kw
    return Estimate(
        counterfactuals=made,
        chosen=chosen,
        covered=covered,
        known=known,
        outside={name: int((known & ~each).sum()) for name, each in within.items()},
        measured_kwh=float(reporting.power_kw[covered].sum()),
        extra_kw=extra_kw,
        saved_kw=np.where(covered, saved_kw, np.nan),
        response=response,
        failed=failed,
    )


@dataclass(frozen=True)
class _Tried:
    """A candidate fitted to the baseline, its predictions of hours left out, and what it expects of the asked hours."""

    candidate: Candidate
    model: Model
    left: LeftOut
    left_fit: Fit
    expected_kwh: float


def _tried(candidates: Sequence[Candidate], asked: "_Asked", say: Say) -> tuple[list[_Tried], dict[str, str]]:
    tried, failed = [], {}
    for candidate in candidates:
        say(f"counterfactual: {candidate.name}")
        try:
            model = candidate.fit(asked.base)
            left = candidate.left_out(asked.base)
        except (ValueError, TooFewRowsError) as error:
            failed[candidate.name] = str(error)
            continue
        fit = fit_statistics(asked.base, left.predicted_kw, 1)
        tried.append(_Tried(candidate, model, left, fit, expected_kwh(model, asked.at_work)))
    return tried, failed


@dataclass(frozen=True)
class _Asked:
    """The baseline, the covered hours with metered load, and the share of it that warm air adds, with its spread."""

    base: Hours
    metered: Hours
    share: Array
    spread: Array
    servers: Servers | None
    meters: Meters

    @property
    def per_kw(self) -> float:
        """What a kW of the servers is at the facility's meter."""
        return 1.0 + (self.servers.loss_share if self.servers else 0.0)

    @property
    def at_work(self) -> Hours:
        return self.metered.with_load(self.metered.load_kw * (1.0 - self.share))

    @property
    def at_more_work(self) -> Hours:
        """Load where the servers' response is one standard deviation stronger."""
        return self.metered.with_load(self.metered.load_kw * (1.0 - self.share - self.spread))

    def structure(self, tried: list[_Tried], chosen: int, weather: tuple[str, ...]) -> dict[str, float]:
        """Standard deviations, kWh, of what holds for every candidate: another year, and that they disagree."""
        expected = np.array([each.expected_kwh for each in tried])
        errors = np.array([each.left_fit.cv_rmse for each in tried])
        shares = structure_shares(self.base, self.at_work, weather)
        parts = {name: share * float(expected[chosen]) for name, share in shares.items()}
        return parts | {"models disagree": disagreement(expected, errors, chosen)}


def _more(baseline: Hours, reporting: Hours, servers: Servers | None) -> tuple[Array, Array, Response]:
    """The share of IT power in the reporting period that warmer air adds, and its spread (n,); zero where unknown."""
    nothing = np.zeros(len(reporting))
    if servers is None or servers.inlet_c is None:
        return nothing, nothing, Response(0.0, 0.0, from_record=False)
    both = joined(baseline, reporting)
    response = response_of(
        both.hour, both.load_kw, servers.inlet_c,
        utilization=servers.utilization, supply_sp_c=servers.supply_sp_c,
    )  # fmt: skip
    usual_c = _usual_inlet_c(baseline, reporting, servers.inlet_c[: len(baseline)])
    share, spread = extra_share(response, servers.inlet_c[len(baseline) :], usual_c)
    return np.nan_to_num(share), np.nan_to_num(spread), response


def _usual_inlet_c(baseline: Hours, reporting: Hours, inlet_c: Array) -> Array:
    """Inlets (n,) that the baseline's control would have kept: a line in load fitted to the baseline."""
    known = np.isfinite(inlet_c) & np.isfinite(baseline.load_kw)
    if known.sum() < LEAST_HOURS:
        return np.full(len(reporting), np.nan)
    slope, level = np.polyfit(baseline.load_kw[known], inlet_c[known], 1)
    low, high = baseline.load_kw[known].min(), baseline.load_kw[known].max()
    return level + slope * np.clip(reporting.load_kw, low, high)


def _counterfactual(
    tried: _Tried, asked: _Asked, at_work: Hours, structure: dict[str, float]
) -> Counterfactual:
    model, expected = tried.model, tried.expected_kwh
    parameters = len(model.beta) if isinstance(model, Regression) else 1
    fit = fit_statistics(asked.base, model.predict(asked.base), parameters)
    methods, placebos = intervals(model, fit, asked.base, tried.left, asked.at_work)
    method = chosen_interval(methods)
    drift = drift_kwh(model, tried.candidate.needs, asked.meters, asked.base, asked.metered)
    measured = float(asked.metered.power_kw.sum())
    stronger, at_metered = (expected_kwh(model, hours) for hours in (asked.at_more_work, asked.metered))
    extra, extra_spread = (
        float(np.nansum(part * asked.metered.load_kw)) * asked.per_kw if asked.metered.has_load else 0.0
        for part in (asked.share, asked.spread)
    )
    parts = {"fit": method.widened_kwh / norm.ppf(0.5 + LEVEL / 2.0)} | structure
    parts |= {f"meter of {name}": value for name, value in drift.items()}
    return Counterfactual(
        name=tried.candidate.name,
        fit=fit,
        left_out_fit=tried.left_fit,
        expected_kw=model.predict(at_work),
        avoided=_figure(expected - measured, parts | {"servers": stronger - expected}),
        at_metered_load=_figure(at_metered - measured, parts),
        saving=_figure(expected - measured - extra, parts | {"servers": stronger - expected - extra_spread}),
        methods=methods,
        method=method,
        placebos=placebos,
        model=model,
    )


def expected_kwh(model: Model, hours: Hours) -> float:
    """Expected energy of hours with power; where the model is silent, in proportion to what was metered."""
    predicted = model.predict(hours)
    said = np.isfinite(predicted)
    if said.all():
        return float(predicted.sum())
    return float(predicted[said].sum() / hours.power_kw[said].sum() * hours.power_kw.sum())


def _figure(kwh: float, parts: dict[str, float]) -> Figure:
    spread = math.sqrt(sum(part**2 for part in parts.values()))
    half_68, half_90 = (float(norm.ppf(0.5 + level / 2.0)) * spread for level in (0.68, LEVEL))
    return Figure(kwh, half_68, half_90, {name: abs(part) for name, part in parts.items()})


def scaled(figure: Figure, factor: float) -> Figure:
    """A figure times a factor."""
    return dataclasses.replace(
        figure,
        kwh=figure.kwh * factor,
        half_68_kwh=figure.half_68_kwh * abs(factor),
        half_90_kwh=figure.half_90_kwh * abs(factor),
        parts={name: part * abs(factor) for name, part in figure.parts.items()},
    )
