"""°C or °F, where a column's own values leave it open: outdoor air may have 40 of either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipelines.site.proposal.recognition.aligned import Aligned
from pipelines.site.proposal.recognition.candidates import Candidate, Subject
from pipelines.site.proposal.recognition.relations import WEATHER, chosen, mean_of
from pipelines.site.quantities import QUANTITIES
from pipelines.site.units import conversion

# Half a year holds a spring or autumn; nowhere with a data center is its warmest percentile below this.
HALF_A_YEAR = np.timedelta64(150, "D")
WARMEST_C = 12.0
COLD_WATER_K = 1.0  # towers do not cool below wetbulb; sensors err


def settle_temperature_units(subjects: Sequence[Subject], aligned: Aligned) -> None:
    """Choose the unit of temperatures that are open, from season, wetbulb and the other temperatures."""
    for subject in subjects:
        for candidate in subject.candidates:
            if candidate.quantity and QUANTITIES[candidate.quantity].unit == "degC" and candidate.choice.how == "open":
                _settle(subject, candidate, subjects, aligned)


def _settle(subject: Subject, candidate: Candidate, subjects: Sequence[Subject], aligned: Aligned) -> None:
    options = [candidate.choice.unit, *candidate.choice.others]
    left = [unit for unit in options if not _too_cold(subject, candidate, unit) and _above_no_water(subject, candidate, unit, subjects, aligned)]
    if len(left) == 1:
        candidate.choice = replace(candidate.choice, unit=left[0], how="certain", others=())
        return
    said = _said_by_others(subjects, candidate.quantity in WEATHER)
    if said is not None:
        candidate.choice = replace(candidate.choice, unit=said, how="likely", others=())
        candidate.add(0.0, f"the other temperatures are in {said}")


def _too_cold(subject: Subject, candidate: Candidate, unit: str) -> bool:
    times = subject.seen.times
    if times is None or not len(times) or times.max() - times.min() < HALF_A_YEAR or candidate.quantity is None:
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


def _said_by_others(subjects: Sequence[Subject], weather: bool) -> str | None:
    """The unit that all other temperatures share; of the weather alone, where it has any that is known."""
    known = [
        (c.quantity in WEATHER, "degF" if conversion(c.choice.unit, c.quantity)[0] < 1.0 else "degC")
        for subject in subjects
        if (c := subject.best) is not None
        and c.quantity
        and QUANTITIES[c.quantity].unit == "degC"
        and c.choice.how != "open"
    ]
    alike = [unit for is_weather, unit in known if is_weather == weather] or [unit for _, unit in known]
    counts = Counter(alike)
    return next(iter(counts)) if len(counts) == 1 and (sum(counts.values()) >= 2 or weather) else None
