"""Which hours a baseline may be asked about: those like the ones it was fitted to."""

import numpy as np

from models.savings.hours import Array, Hours

# As ASHRAE Guideline 14-2014 limits whole-building models: not beyond 110 % of the range of what drives them.
BEYOND = 0.1


def ranges_of(hours: Hours, weather: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """Lowest and highest of load and outdoor temperatures that may be asked about: a tenth of the range past the
    ends.
    """
    series = {f"{name}_c": hours.air(name) for name in weather}
    if hours.has_load:
        series["load_kw"] = hours.load_kw
    ranges = {}
    for name, values in series.items():
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        ranges[name] = (low - BEYOND * (high - low), high + BEYOND * (high - low))
    return ranges


def inside(hours: Hours, ranges: dict[str, tuple[float, float]]) -> dict[str, Array]:
    """For each driver whether hours (n,) lie within its range; unknown is outside."""
    return {
        name: (getattr(hours, name) >= low) & (getattr(hours, name) <= high)
        for name, (low, high) in ranges.items()
    }
