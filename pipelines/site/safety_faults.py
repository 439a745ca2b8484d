"""Whether what `[safety]` declares can hold at its site: tags, quantities, ranges, relations within limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.site.quantities import QUANTITIES
from pipelines.site.safety import DwellTable, InterlockTable, RelationTable, ResetTable
from pipelines.site.setpoint_table import Setpoint

if TYPE_CHECKING:
    from pipelines.site.file import Site

MOST_KW = 1e6  # of any sum of meters
Limits = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Span:
    """What a named quantity can physically be."""

    low: float
    high: float
    unit: str

    def holds(self, value: float) -> bool:
        """Whether a value lies inside, so that a reading can be on either side of it."""
        return self.low < value < self.high

    def __str__(self) -> str:
        return f"{self.low:g}..{self.high:g} {self.unit}".rstrip()


def measured(site: Site) -> dict[str, Span]:
    """What a declaration may name: quantities of the site's points, what is derived of them, setpoints by name."""
    names = {point.quantity for point in site.points}
    spans = {name: _span(name) for name in names} | {name: _span(name) for name in site.apart_columns}
    sums = ["load_kw", "cooling_kw", "facility_kw", "overhead_kw", *(["it_kw"] if site.meters.it else [])]
    return (
        spans
        | {name: _span(name) for name in site.derived_weather}
        | dict.fromkeys(sums, Span(-MOST_KW, MOST_KW, "kW"))
    )


def safety_faults(site: Site) -> Iterator[str]:
    """Every fault of the site's `[safety]`, with the rule, the value and the remedy."""
    safety, spans = site.safety, measured(site)
    setpoints = {setpoint.tag: setpoint for setpoint in site.setpoints}
    wrong = [*_unknown_tags(safety.tags, setpoints), *_unknown_names(site, safety.quantities, spans)]
    yield from wrong
    if safety.deadline_s >= 60.0 * site.interval_minutes:
        yield (
            f"safety.deadline_s ({safety.deadline_s:g}) must be shorter than interval_minutes "
            f"({60 * site.interval_minutes} s); edit [safety]"
        )
    if wrong:
        return  # what follows looks the names up
    resets = [reset.tag for reset in safety.resets]
    for tag in sorted({tag for tag in resets if resets.count(tag) > 1}):
        yield f"safety: {tag} has more than one reset; keep one"
    for reset in safety.resets:
        yield from _reset_faults(reset, setpoints[reset.tag], spans[reset.on])
    for interlock in safety.interlocks:
        yield from _interlock_faults(interlock, setpoints[interlock.tag], spans)
    for dwell in safety.dwells:
        yield from _dwell_faults(dwell, setpoints[dwell.tag], spans[dwell.after])
    yield from _relation_faults(site, safety.relations)


def _span(name: str) -> Span:
    quantity = QUANTITIES[name.split(":", 1)[0]]
    return Span(quantity.low, quantity.high, quantity.unit)


def _unknown_tags(tags: list[str], setpoints: Mapping[str, Setpoint]) -> Iterator[str]:
    for tag in dict.fromkeys(tags):
        if tag not in setpoints:
            yield f"safety: {tag} is not a declared setpoint; add it to [[setpoints]]"


def _unknown_names(site: Site, names: list[str], spans: Mapping[str, Span]) -> Iterator[str]:
    shared = [site.setpoint_name(setpoint) for setpoint in site.setpoints]
    for name in dict.fromkeys(names):
        alike = [one for one in shared if one.startswith(f"{name}:")]
        if alike:
            yield f'safety: "{name}" is of {len(alike)} setpoints; name one of {", ".join(alike)}'
        elif name not in spans:
            what = "a point of it" if name in QUANTITIES else "a quantity that is known"
            yield f'safety: "{name}" is not measured here; name {what}'


def _reset_faults(reset: ResetTable, setpoint: Setpoint, on: Span) -> Iterator[str]:
    for at, value in reset.points:
        if not on.low <= at <= on.high:
            yield f"reset of {reset.tag}: {reset.on} cannot be {at:g}, only {on}; correct its points"
        if not setpoint.min <= value <= setpoint.max:
            yield (
                f"reset of {reset.tag}: {value:g} must lie in the setpoint's {setpoint.min:g}..{setpoint.max:g}; "
                "correct its points"
            )


def _interlock_faults(
    interlock: InterlockTable, setpoint: Setpoint, spans: Mapping[str, Span]
) -> Iterator[str]:
    what, span, name = interlock.when, spans[interlock.when], f'interlock "{interlock.name}"'
    if interlock.less:
        other = spans[interlock.less]
        what = f"{what} less {interlock.less}"
        if interlock.less == interlock.when or other.unit != span.unit:
            yield f"{name}: {what} is no difference of two like quantities; name two of one unit"
            return
        span = Span(span.low - other.high, span.high - other.low, span.unit)
    for key, limit in (("above", interlock.above), ("below", interlock.below)):
        if limit is not None and not span.holds(limit):
            yield f"{name}: {key} ({limit:g}) must lie inside {span}, what {what} can be; correct it"
    for key, limit in (("at_least", interlock.at_least), ("at_most", interlock.at_most)):
        if limit is not None and not setpoint.min <= limit <= setpoint.max:
            yield (
                f"{name}: {key} ({limit:g}) must lie in the limits of {setpoint.tag}, {setpoint.min:g}.."
                f"{setpoint.max:g}; correct it"
            )


def _dwell_faults(dwell: DwellTable, setpoint: Setpoint, after: Span) -> Iterator[str]:
    if setpoint.kind != "binary":
        yield f"dwell of {dwell.tag}: only an on/off setpoint waits before it switches; name one, or delete it"
    if not after.holds(dwell.running_above):
        yield (
            f"dwell of {dwell.tag}: running_above ({dwell.running_above:g}) must lie inside {after}, what "
            f"{dwell.after} can be; correct it"
        )


def _relation_faults(site: Site, relations: list[RelationTable]) -> Iterator[str]:
    units = {s.tag: QUANTITIES[site.quantity_of(s)].unit for s in site.setpoints}
    for relation in relations:
        for tag in (relation.lower, relation.upper):
            if units[tag] != "degC":
                yield f"relation: {tag} is no temperature; name two temperature setpoints"
    for which, limits in (
        ("limits", {s.tag: (s.min, s.max) for s in site.setpoints}),
        ("limits in mode auto", {s.tag: s.auto_limits for s in site.setpoints}),
    ):
        impossible = _impossible(relations, limits)
        if impossible is not None:
            yield (
                f"relation: {impossible.lower} cannot stay {impossible.least_k:g} K below {impossible.upper} within "
                f"their {which} and the other relations; correct least_k or [[setpoints]]"
            )
            return


def _impossible(relations: list[RelationTable], limits: Limits) -> RelationTable | None:
    """The relation that leaves a setpoint no value, None where all can hold at once."""
    low, high = ({tag: pair[side] for tag, pair in limits.items()} for side in (0, 1))
    for _ in range(len(limits) + 1):  # what still narrows after so many rounds is a circle (Bellman-Ford)
        narrowed = None
        for relation in relations:
            highest, lowest = high[relation.upper] - relation.least_k, low[relation.lower] + relation.least_k
            if highest < high[relation.lower] or lowest > low[relation.upper]:
                narrowed = relation
            high[relation.lower] = min(high[relation.lower], highest)
            low[relation.upper] = max(low[relation.upper], lowest)
            if low[relation.lower] > high[relation.lower] or low[relation.upper] > high[relation.upper]:
                return relation
        if narrowed is None:
            return None
    return narrowed
