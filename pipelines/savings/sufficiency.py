"""What speaks against a claim: each finding with what is missing, and when there will be enough."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from models.savings.estimate import Estimate
from models.savings.hours import WEEK_HOURS, Hours
from pipelines.site.file import Site

Severity = Literal["refused", "flagged", "finding"]
LEAST_DAYS = 28  # of a baseline: with less there are no placebo windows to judge an interval by
LEAST_SHARE, USUAL_SHARE = 0.5, 0.9  # of a period's hours with power, load and weather
LEAST_COVERED, USUAL_COVERED = 0.25, 0.9  # of the reporting hours that are like the baseline's
SHIFT_GAIN = 0.1  # by how much another clock must explain the load's week better


@dataclass(frozen=True)
class Finding:
    """refused: nothing may be claimed; flagged: to be read with the claim; finding: what the models found."""

    severity: Severity
    what: str
    seen: str
    remedy: str


def of_baseline(site: Site, hours: Hours, drivers: tuple[str, ...]) -> list[Finding]:
    """Length and completeness of a baseline."""
    found = []
    days = _days(hours, drivers)
    wanted = site.savings.least_days
    if days < LEAST_DAYS:
        found.append(
            Finding(
                "refused",
                "the baseline is too short",
                f"{days} of {LEAST_DAYS} days with power, load and weather",
                f"enough after {LEAST_DAYS - days} more days under the default control",
            )
        )
    elif days < wanted:
        found.append(
            Finding(
                "flagged",
                "the baseline is short",
                f"{days} of {wanted} days with power, load and weather",
                f"enough after {wanted - days} more days under the default control; the interval is wider until then",
            )
        )
    return [*found, *_complete(hours, drivers, "baseline")]


def of_reporting(hours: Hours, drivers: tuple[str, ...]) -> list[Finding]:
    """Completeness of the reporting period."""
    return _complete(hours, drivers, "reporting period")


def of_coverage(site: Site, baseline: Hours, reporting: Hours, made: Estimate) -> list[Finding]:
    """How much of the reporting period is like the baseline, and which days the baseline lacks."""
    known = int(made.known.sum())
    covered = int(made.covered.sum())
    if not known or covered >= USUAL_COVERED * known:
        return []
    severity: Severity = "refused" if covered < LEAST_COVERED * known else "flagged"
    names = {"load_kw": "load", "wetbulb_c": "wetbulb", "drybulb_c": "drybulb"}
    outside = ", ".join(f"{count:,} by {names[name]}" for name, count in made.outside.items() if count)
    lacking = [
        text for name in made.outside if (text := _lacking(site, baseline, reporting, name, names[name]))
    ]
    return [
        Finding(
            severity,
            "the reporting period is not like the baseline",
            f"{covered:,} of {known:,} hours are; outside its range: {outside}"
            + "".join(f"; {each}" for each in lacking),
            "the saving is that of the hours inside; a baseline that holds such days would cover the rest",
        )
    ]


def of_clock(baseline: Hours, reporting: Hours) -> list[Finding]:
    """Whether the load's course over the week has shifted by hours: a logger's zone was changed."""
    if not baseline.has_load:
        return []
    before, after = (_week(each) for each in (baseline, reporting))
    if before is None or after is None:
        return []
    fits = {shift: float(np.corrcoef(before, np.roll(after, -shift))[0, 1]) for shift in range(-12, 13)}
    best = max(fits, key=lambda shift: fits[shift])
    if best == 0 or fits[best] - fits[0] < SHIFT_GAIN:
        return []
    return [
        Finding(
            "flagged",
            "the clock seems to have changed",
            f"the load's week comes {abs(best)} h {'later' if best > 0 else 'earlier'} than in the baseline "
            f"(correlation {fits[best]:.2f}, {fits[0]:.2f} as it is)",
            "correct time_zone or clock_offset_minutes of the source from that day on and ingest again",
        )
    ]


def of_models(made: Estimate) -> list[Finding]:
    """Counterfactuals that contradict the believed one beyond their intervals, and those that could not be made."""
    believed = made.believed
    found = []
    for each in made.counterfactuals:
        apart = each.saving.kwh - believed.saving.kwh
        if each is not believed and abs(apart) > np.hypot(
            each.saving.half_90_kwh, believed.saving.half_90_kwh
        ):
            found.append(
                Finding(
                    "finding",
                    f"{each.name} disagrees",
                    f"{each.saving.kwh:,.0f} ± {each.saving.half_90_kwh:,.0f} kWh, {believed.name} "
                    f"{believed.saving.kwh:,.0f} ± {believed.saving.half_90_kwh:,.0f} kWh",
                    "one of them does not fit this plant: see its error on days left out",
                )
            )
    failed = [
        Finding("finding", f"{name} says nothing", why, "it is left out of the choice")
        for name, why in made.failed.items()
    ]
    return [*found, *failed]


def _days(hours: Hours, drivers: tuple[str, ...]) -> int:
    """Days at least half known."""
    return _days_where(hours, hours.known(drivers), least_h=12) if len(hours) else 0


def _complete(hours: Hours, drivers: tuple[str, ...], what: str) -> list[Finding]:
    share = float(hours.known(drivers).mean()) if len(hours) else 0.0
    if share >= USUAL_SHARE:
        return []
    parts = {"power": np.isfinite(hours.power_kw), "load": np.isfinite(hours.load_kw)}
    parts |= {name: np.isfinite(hours.air(name)) for name in drivers}
    if not hours.has_load:
        parts.pop("load")
    told = ", ".join(f"{name} {known.mean():.0%}" for name, known in parts.items())
    severity: Severity = "refused" if share < LEAST_SHARE else "flagged"
    return [
        Finding(
            severity,
            f"the {what} has gaps",
            f"{share:.0%} of its hours are known ({told})",
            f"ingest what is missing, or see coldaisle quality; {USUAL_SHARE:.0%} are usual, {LEAST_SHARE:.0%} needed",
        )
    ]


def _lacking(site: Site, baseline: Hours, reporting: Hours, field: str, name: str) -> str:
    """Days that the baseline lacks at the end where the reporting period lies outside, and the season that has them."""
    before, after = getattr(baseline, field), getattr(reporting, field)
    low, high = np.nanmin(before), np.nanmax(before)
    above, below = int(np.nansum(after > high)), int(np.nansum(after < low))
    if not above and not below:
        return ""
    beyond = above >= below
    edge = float(np.nanquantile(before, 0.9 if beyond else 0.1))
    side = (lambda values: values > edge) if beyond else (lambda values: values < edge)
    unit = "kW" if field == "load_kw" else "°C"
    wanted = round(site.savings.least_days / 3)
    had = _days_where(baseline, side(before))
    there = _days_where(reporting, side(after))
    where = f"{'above' if beyond else 'below'} {edge:,.1f} {unit} {name}"
    text = f"{min(had, wanted)} of {wanted} days at {where} in the baseline"
    return (
        text + f", {there} in the reporting period"
        if field == "load_kw"
        else text + _season(reporting, side(after))
    )


def _season(reporting: Hours, inside: np.ndarray) -> str:
    day = reporting.hour[inside].astype("datetime64[h]")
    months = day.astype("datetime64[M]").astype(int) % 12 + 1
    if not len(months):
        return ""
    usual = pd.Series(months).value_counts()
    kept = usual[usual >= 0.1 * usual.sum()].index
    names = [pd.Timestamp(2025, int(month), 1).strftime("%b") for month in sorted(kept)]
    return f" (such days come in {', '.join(names)})"


def _days_where(hours: Hours, inside: np.ndarray, least_h: int = 6) -> int:
    """Days with at least so many hours inside."""
    day = (hours.hour // 24).astype(int)
    return int((np.bincount(day - day[0], inside) >= least_h).sum())


def _week(hours: Hours) -> np.ndarray | None:
    """Usual load by UTC hour of the week, less its mean; None where an hour never comes or nothing varies."""
    phase = (hours.hour % WEEK_HOURS).astype(int)
    known = np.isfinite(hours.load_kw)
    count = np.bincount(phase[known], minlength=WEEK_HOURS)
    if (count == 0).any():
        return None
    week = np.bincount(phase[known], hours.load_kw[known], WEEK_HOURS) / count
    return week - week.mean() if week.std() > 0.01 * abs(week.mean()) else None
