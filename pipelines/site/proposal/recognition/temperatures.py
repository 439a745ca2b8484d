"""°C or °F, where a column's own values leave it open: outdoor air may have 40 of either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from pipelines.site.proposal.recognition.aligned import Aligned
from pipelines.site.proposal.recognition.candidates import Candidate, Subject
from pipelines.site.proposal.recognition.relations import FEWEST, chosen, mean_of
from pipelines.site.proposal.recognition.weather import WEATHER
from pipelines.site.quantities import QUANTITIES
from pipelines.site.units import conversion

# Half a year holds a spring or autumn; nowhere with a data center is its warmest percentile below this.
HALF_A_YEAR = np.timedelta64(150, "D")
WARMEST_C = 12.0
OUTDOOR_AIR = ("outdoor_drybulb_c", "outdoor_wetbulb_c", "outdoor_dew_point_c")
# How far two readings of outdoor air may lie apart: of one kind at two places, and of two kinds in a desert.
APART_K = {True: 8.0, False: 22.0}
COLD_WATER_K = 1.0  # towers do not cool below wetbulb; sensors err


def settle_temperature_units(subjects: Sequence[Subject], aligned: Aligned) -> None:
    """Choose the unit of temperatures that are open, from season, wetbulb and the other temperatures."""
    for subject in subjects:
        for candidate in subject.candidates:
            if (
                candidate.quantity
                and QUANTITIES[candidate.quantity].unit == "degC"
                and candidate.choice.how == "open"
            ):
                _settle(subject, candidate, subjects, aligned)


def _settle(subject: Subject, candidate: Candidate, subjects: Sequence[Subject], aligned: Aligned) -> None:
    options = [candidate.choice.unit, *candidate.choice.others]
    left = [
        unit
        for unit in options
        if not _too_cold(subject, candidate, unit)
        and _above_no_water(subject, candidate, unit, subjects, aligned)
        and _like_known_weather(subject, candidate, unit, subjects, aligned)
    ]
    if len(left) > 1:
        left = _by_humidity(subject, candidate, left, subjects, aligned)
    if len(left) == 1:
        candidate.choice = replace(candidate.choice, unit=left[0], how="certain", others=())
        return
    said = _said_by_others(subjects, subject.column.source, candidate.quantity in WEATHER)
    if said is not None:
        candidate.choice = replace(candidate.choice, unit=said, how="likely", others=())
        candidate.add(0.0, f"the other temperatures are in {said}")


def _too_cold(subject: Subject, candidate: Candidate, unit: str) -> bool:
    times = subject.seen.times
    if (
        times is None
        or not len(times)
        or times.max() - times.min() < HALF_A_YEAR
        or candidate.quantity is None
    ):
        return False
    slope, offset = conversion(unit, candidate.quantity)
    highest = slope * subject.seen.percentiles[2] + offset
    return bool(highest < (WARMEST_C if candidate.quantity != "outdoor_dew_point_c" else WARMEST_C - 8.0))


def _above_no_water(
    subject: Subject, candidate: Candidate, unit: str, subjects: Sequence[Subject], aligned: Aligned
) -> bool:
    """Whether wetbulb in this unit lies below the water that towers cool."""
    if candidate.quantity != "outdoor_wetbulb_c":
        return True
    known = [(s, c) for s, c in chosen(subjects, "cw_supply_c") if c.choice.how != "open"]
    water = mean_of(known, aligned)
    if water is None:
        return True
    gap = (water - aligned.series(subject, candidate, unit)).dropna()
    return not len(gap) or bool((gap > -COLD_WATER_K).mean() > 0.9)


def _like_known_weather(
    subject: Subject, candidate: Candidate, unit: str, subjects: Sequence[Subject], aligned: Aligned
) -> bool:
    """Whether outdoor air in this unit goes with outdoor air that is known from elsewhere."""
    own = aligned.series(subject, candidate, unit)
    for quantity in OUTDOOR_AIR if candidate.quantity in OUTDOOR_AIR else ():
        known = [(s, c) for s, c in chosen(subjects, quantity) if c.choice.how != "open" and s is not subject]
        readings = mean_of(known, aligned)
        if readings is None:
            continue
        gap = (own - readings).dropna()
        if len(gap) >= FEWEST and abs(float(gap.median())) > APART_K[candidate.quantity == quantity]:
            return False
    return True


def _by_humidity(
    subject: Subject, candidate: Candidate, units: list[str], subjects: Sequence[Subject], aligned: Aligned
) -> list[str]:
    """The unit in which drybulb and wetbulb make the humidity that is measured; all units where that is not told."""
    drybulb, wetbulb, humidity = (
        next(
            (each for each in chosen(subjects, quantity) if each[0].column.source == subject.column.source),
            None,
        )
        for quantity in ("outdoor_drybulb_c", "outdoor_wetbulb_c", "outdoor_rh_frac")
    )
    if not (drybulb and wetbulb and humidity) or subject not in (drybulb[0], wetbulb[0]):
        return units
    measured = aligned.series(*humidity)
    errors = {}
    for unit in units:
        made = relative_humidity(aligned.series(*drybulb, unit), aligned.series(*wetbulb, unit))
        errors[unit] = float((made - measured).dropna().abs().median())
    best = min(errors, key=lambda unit: errors[unit])
    clear = errors[best] < 0.08 and all(
        error > errors[best] + 0.08 for unit, error in errors.items() if unit != best
    )
    return [best] if clear else units


def relative_humidity(drybulb_c: pd.Series, wetbulb_c: pd.Series) -> pd.Series:
    """Relative humidity (0..1) by the psychrometer equation at sea level, with Magnus' vapour pressures (WMO No. 8)."""
    pressure = 6.112 * np.exp(17.62 * wetbulb_c / (243.12 + wetbulb_c)) - 0.00066 * 1013.0 * (
        drybulb_c - wetbulb_c
    )
    return pressure / (6.112 * np.exp(17.62 * drybulb_c / (243.12 + drybulb_c)))


def _said_by_others(subjects: Sequence[Subject], source: str, weather: bool) -> str | None:
    """The unit that the other temperatures of the export share; of the weather's, where one of them is known."""
    known = [
        (c.quantity in WEATHER, "degF" if conversion(c.choice.unit, c.quantity)[0] < 1.0 else "degC")
        for subject in subjects
        if (c := subject.best) is not None
        and subject.column.source == source
        and c.quantity
        and QUANTITIES[c.quantity].unit == "degC"
        and c.choice.how != "open"
    ]
    alike = [unit for is_weather, unit in known if is_weather == weather] or [unit for _, unit in known]
    counts = Counter(alike)
    return next(iter(counts)) if len(counts) == 1 and (sum(counts.values()) >= 2 or weather) else None
