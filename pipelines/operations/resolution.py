"""Values as a device takes them: multiples of its resolution, inside limits and slew rates, last on the way out."""

import math
from collections.abc import Mapping

from pipelines.operations.verify import counted_h
from pipelines.site.file import Site
from pipelines.site.safety import RelationTable
from pipelines.site.tags import DECIMALS, FLOAT_NOISE, Tag, setpoint_tags


def device_values(
    site: Site,
    decided: Mapping[str, float],
    present: Mapping[str, float],
    passed_h: float,
    ranges: Mapping[str, tuple[float, float]],
) -> dict[str, float]:
    """Values by tag (canonical units) rounded to what each device takes.

    decided: values that may be written, inside their ranges and slew rates; present: what the devices hold, as far as
    known; passed_h: hours since they were written; ranges: low and high in force.

    The nearest multiple inside the range and within the slew rate of the present value. Where a decision moves less
    than one step, the device waits until the decided value is a whole step away, then takes that step: over time the
    slew rate is kept. A range or a declared relation that no multiple keeps is kept by the decided values as they are.
    """
    hours = counted_h(passed_h)
    values = dict(decided)
    for setpoint, tag in setpoint_tags(site):
        if tag.tag in decided and tag.resolution and math.isfinite(decided[tag.tag]):
            low, high = ranges.get(tag.tag, (setpoint.min, setpoint.max))
            most = setpoint.slew_per_hour * hours
            values[tag.tag] = _rounded(tag, decided[tag.tag], present.get(tag.tag), most, (low, high))
    for _ in site.safety.relations:  # one pair set back may concern another
        for relation in site.safety.relations:
            _keep(relation, values, decided)
    return values


def _rounded(
    tag: Tag, value: float, present: float | None, most: float, within: tuple[float, float]
) -> float:
    low, high = within
    if present is None or not math.isfinite(present):
        multiple = _multiple(tag, value, low, high)
    else:
        present = min(max(present, low), high)  # one outside its limits returns to the nearest at once
        away = abs(value - present) >= tag.step * (1.0 - FLOAT_NOISE)
        reach = max(most, tag.step) if away else most
        multiple = _multiple(tag, value, max(low, present - reach), min(high, present + reach))
        if multiple is None:  # what the device holds is no multiple
            multiple = _multiple(tag, present, low, high)
    return value if multiple is None else multiple


def _multiple(tag: Tag, value: float, low: float, high: float) -> float | None:
    """The multiple of the resolution in low..high that is nearest to a value, canonical; None where there is none."""
    if low > high:
        return None
    ends = sorted(tag.exported(each) / tag.resolution for each in (low, high))
    first, last = math.ceil(ends[0] - FLOAT_NOISE), math.floor(ends[1] + FLOAT_NOISE)
    if first > last:
        return None
    number = min(max(round(tag.exported(value) / tag.resolution), first), last)
    multiple = round(number * tag.resolution, DECIMALS) * tag.slope + tag.offset
    if abs(multiple - value) <= FLOAT_NOISE * tag.step:
        multiple = value
    return min(max(multiple, low), high)  # one at a limit may lie beyond it by its last digit


def _keep(relation: RelationTable, values: dict[str, float], decided: Mapping[str, float]) -> None:
    """Both values as decided, where rounding alone would break a relation."""
    lower, upper = relation.lower, relation.upper
    if lower not in values or upper not in values:
        return
    gap_k, decided_k = values[upper] - values[lower], decided[upper] - decided[lower]
    if gap_k < min(relation.least_k, decided_k) - FLOAT_NOISE:
        values |= {tag: decided[tag] for tag in (lower, upper)}
