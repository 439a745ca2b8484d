"""Whether the tables of a site file fit each other: declared names, existing meters, limits that can hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipelines.site.meters import FLOW, RISE
from pipelines.site.quantities import QUANTITIES
from pipelines.site.safety_faults import safety_faults
from pipelines.site.setpoint_table import Setpoint, setpoint_faults
from pipelines.site.twin_table import twin_faults
from pipelines.site.usual import typed_in

if TYPE_CHECKING:
    from pipelines.site.file import Site

DAY_MINUTES = 1440


def site_faults(site: Site) -> list[str]:
    """Every fault of a site whose tables are each right by themselves: rule, value and remedy."""
    names = [*_name_faults(site), *_reference_faults(site)]
    if names:
        return names  # the checks below look the names up
    setpoints = (setpoint_faults(each, site.by_tag[each.tag]) for each in site.setpoints)
    return [
        *(fault for faults in setpoints for fault in faults),
        *_believed_faults(site),
        *_effect_faults(site),
        *_envelope_faults(site),
        *_probe_faults(site),
        *twin_faults(site.twin or {}),
        *safety_faults(site),
    ]


def _name_faults(site: Site) -> Iterator[str]:
    if DAY_MINUTES % site.interval_minutes:
        yield f"interval_minutes ({site.interval_minutes}) must divide a day; use 1, 5, 10, 15, 30 or 60"
    yield from _repeated("source", [source.name for source in site.sources])
    yield from _repeated("point", [f"{point.tag} of source {point.source}" for point in site.points])
    yield from _repeated("column", [point.column for point in site.points])
    yield from _repeated("setpoint", [setpoint.tag for setpoint in site.setpoints])
    yield from _repeated("effect", [str(effect).removeprefix("effect of ") for effect in site.effects])
    yield from _repeated("interlock", [interlock.name for interlock in site.safety.interlocks])


def _repeated(what: str, names: list[str]) -> Iterator[str]:
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        yield f"{what} names must be unique; {', '.join(repeated)} stands more than once"


def _reference_faults(site: Site) -> Iterator[str]:
    sources = {source.name for source in site.sources}
    tags = {point.tag for point in site.points}
    for point in site.points:
        if point.source not in sources:
            yield f'point {point.tag}: source "{point.source}" is not declared; add it to [[sources]]'
    for each in site.energyplus.setpoints if site.energyplus else []:
        if each.tag not in tags:
            yield f"energyplus.setpoints: {each.tag} is not a declared point; add it to [[points]]"
    for setpoint in site.setpoints:
        if setpoint.tag not in tags:
            yield f"setpoint {setpoint.tag} is not a declared point; add it to [[points]]"
        elif site.setpoint_name(setpoint) == site.quantity_of(setpoint) and _shares_quantity(site, setpoint):
            yield (
                f"setpoint {setpoint.tag}: several setpoints set {site.quantity_of(setpoint)}; give the point of each "
                "its equipment, so that they have names of their own"
            )
    for name in ("it", "cooling", "facility", "losses", "load"):
        for column in getattr(site.meters, name):
            if not site.columns_of(column):
                yield f'meters.{name}: "{column}" matches no point; name a quantity or a column'
    if FLOW in site.meters.load:
        for needed in RISE:
            if not site.columns_of(needed):
                yield f"meters.load: the heat of {FLOW} needs {needed} too; declare its point in [[points]]"
        if len(site.meters.load) > 1:
            yield f"meters.load: {FLOW} stands for all chilled water; name it alone"


def _shares_quantity(site: Site, setpoint: Setpoint) -> bool:
    quantities = [site.quantity_of(each) for each in site.setpoints if each.tag in site.by_tag]
    return quantities.count(site.quantity_of(setpoint)) > 1


def _believed_faults(site: Site) -> Iterator[str]:
    for point in site.points:
        given = tuple(bound for bound in (point.low, point.high) if bound is not None)
        typed = typed_in(point.unit, point, given)
        if typed:
            yield (
                f"point {point.tag}: low and high are in the canonical unit, not the tag's ({point.unit}): {typed}; "
                "edit them in [[points]]"
            )


def _effect_faults(site: Site) -> Iterator[str]:
    quantities = {point.quantity for point in site.points} | set(site.derived_weather)
    for effect in site.effects:
        for name in (effect.of, effect.on):
            if name in QUANTITIES and name not in quantities:
                yield f"{effect}: no point measures {name}; add it to [[points]]"


def _envelope_faults(site: Site) -> Iterator[str]:
    quantities = {point.quantity for point in site.points}
    for name in ("aisle_pressure", "loop_pressure"):
        if getattr(site.envelope, f"{name}_min_pa") is not None and f"{name}_pa" not in quantities:
            yield f"envelope.{name}_min_pa: no point measures {name}_pa; add it to [[points]], or delete the limit"


def _probe_faults(site: Site) -> Iterator[str]:
    for each in site.energyplus.setpoints if site.energyplus else []:
        low, high = site.by_tag[each.tag].limits
        if not all(low <= value <= high for value in each.probe):
            yield (
                f"energyplus.setpoints: probe {list(each.probe)} of {each.tag} must lie in {low:g}..{high:g}, what is "
                "believed of it; correct it"
            )
