"""Points whose readings are of another magnitude than their siblings', or than the site can be."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from pipelines.site.file import Site
from pipelines.site.quantities import ELECTRICAL, QUANTITIES
from pipelines.telemetry.plant_table import METER_TOLERANCE
from pipelines.telemetry.quality.distributions import noise
from pipelines.telemetry.quality.finding import LOOSELY_NEAR, Finding, suspected_unit

FAR_ABOVE = 20.0  # times the siblings' median: machines of one kind differ by less, units by more
FAR_ABOVE_ONE = 100.0  # times a single sibling: which of two is wrong, or small, they do not say
FAR_APART_K = 15.0  # readings of one temperature
LEAST_SIGNAL = 10.0  # times its noise: less is a meter of equipment that stands still
HIGHEST_SHARE = 0.0125  # of a fraction that was divided by 100 twice
MOSTLY = 0.5  # share of the intervals
LARGEST_PUE = 5.0  # nobody builds it; a unit does
LARGEST_PART = 3.0  # times IT power: of one part of the cooling
LARGEST_HEAT = 3.0  # times the site's power, which is where nearly all the heat comes from


def unlike_siblings(site: Site, table: pd.DataFrame) -> Iterator[Finding]:
    """Points of an interval table that read otherwise than the others of their quantity, and unlikely fractions."""
    for quantity in dict.fromkeys(point.quantity for point in site.points):
        columns = [column for column in site.columns_of(quantity) if table[column].notna().any()]
        if QUANTITIES[quantity].unit == "degC":
            yield from _apart(table, columns)
        elif QUANTITIES[quantity].unit:
            yield from _above_siblings(table, columns)
        elif quantity.endswith("_frac"):
            yield from _tiny_fractions(table, columns)


def beyond_the_site(site: Site, table: pd.DataFrame, plant: pd.DataFrame) -> Iterator[Finding]:
    """Points of an interval table that read more than the site can be; `plant` is its plant table."""
    yield from _above_the_site(site, table, plant)
    yield from _beyond_the_site(site, plant)


def _above_siblings(table: pd.DataFrame, columns: list[str]) -> Iterator[Finding]:
    level = {column: _running_level(table[column]) for column in columns}
    for column in columns:
        others = [level[other] for other in columns if other != column and np.isfinite(level[other])]
        if not others or not np.isfinite(level[column]):
            continue
        usual = float(np.median(others))
        ratio = level[column] / usual
        if ratio >= (FAR_ABOVE if len(others) > 1 else FAR_ABOVE_ONE):
            yield Finding(
                "far above its siblings",
                column,
                f"reads {level[column]:,.4g} where the others of its quantity read {usual:,.4g}: {ratio:,.4g} times"
                f"{suspected_unit(ratio, LOOSELY_NEAR)}",
                "correct its unit in [[points]], or that of the others",
            )


def _running_level(values: pd.Series) -> float:
    """What a point reads while it runs: its 90 % quantile; NaN where that is noise."""
    read = values.dropna().to_numpy(float)
    level = float(np.quantile(read, 0.9)) if len(read) else np.nan
    return level if level > LEAST_SIGNAL * noise(read) and level > 0.0 else np.nan


def _apart(table: pd.DataFrame, columns: list[str]) -> Iterator[Finding]:
    if len(columns) < 2:
        return
    medians = table[columns].median()
    for column in columns:
        reads, others = float(medians[column]), float(medians.drop(column).median())
        if abs(reads - others) > FAR_APART_K:
            fahrenheit = abs(reads - (1.8 * others + 32.0)) < 0.5 * FAR_APART_K
            yield Finding(
                "far from its siblings",
                column,
                f"reads {reads:.3g} degC where the others of its quantity read {others:.3g} degC"
                + (", which is the same in degF" if fahrenheit else ""),
                "correct its unit in [[points]]; of two points either may be wrong",
            )


def _tiny_fractions(table: pd.DataFrame, columns: list[str]) -> Iterator[Finding]:
    for column in columns:
        highest = float(table[column].quantile(0.99))
        if 0.1 * HIGHEST_SHARE < highest <= HIGHEST_SHARE:
            yield Finding(
                "a fraction taken for percent",
                column,
                f"never reads more than {highest:.2%}, which as a fraction is {100 * highest:.2g} of 1",
                'write unit = "" for it in [[points]]: its readings are fractions already',
            )


def _above_the_site(site: Site, table: pd.DataFrame, plant: pd.DataFrame) -> Iterator[Finding]:
    """Single powers above the site's facility meter; without one, parts far above IT power."""
    facility = list(dict.fromkeys(c for name in site.meters.facility for c in site.columns_of(name)))
    limit, of, times = plant["facility_kw"], "facility", 1.0 + METER_TOLERANCE
    if not facility:
        if not site.meters.it:
            return
        limit, of, times = plant["it_kw"], "IT", LARGEST_PART
    own = {column for name in (*site.meters.facility, *site.meters.it) for column in site.columns_of(name)}
    for point in site.points:
        if point.quantity not in ELECTRICAL or (
            point.column in own and (not facility or point.column in facility)
        ):
            continue
        both = pd.DataFrame({"part": table[point.column], "limit": limit}).dropna()
        both = both[both["limit"] > 0.0]
        if len(both) and float((both["part"] > times * both["limit"]).mean()) > MOSTLY:
            part_kw, limit_kw = both.median()
            ratio = float((both["part"] / both["limit"]).median())
            yield Finding(
                "above what the site can be",
                point.column,
                f"reads {part_kw:,.4g} kW beside {limit_kw:,.4g} kW of {of} power: {ratio:,.4g} times"
                f"{suspected_unit(ratio, LOOSELY_NEAR)}",
                "correct the unit of the one or the other in [[points]]",
            )


def _beyond_the_site(site: Site, plant: pd.DataFrame) -> Iterator[Finding]:
    figures = []
    if site.meters.it and site.meters.facility:
        figures.append(("facility power", "facility_kw", "IT power", "it_kw", LARGEST_PUE))
    if site.meters.it and "cooling_load_kw" in plant:
        figures.append(("the heat removed", "cooling_load_kw", "facility power", "facility_kw", LARGEST_HEAT))
    if site.meters.load:
        figures.append(("cooling power", "cooling_kw", "the heat removed", "load_kw", 1.0))
    for large, above, small, below, most in figures:
        ratio = (plant[above] / plant[below].where(plant[below] > 0.0)).median()
        if ratio > most:
            yield Finding(
                "above what the site can be",
                f"{above}, {below}",
                f"{large} is {ratio:,.4g} times {small}, and {most:g} times is the most"
                f"{suspected_unit(float(ratio), LOOSELY_NEAR)}",
                "correct the units of these meters in [[points]], or what [meters] names",
            )
