"""What equipment cannot deliver now is not offered: lower bounds, none of them above the present setpoint.

A bound follows from a machine at its stop, or from the nearest to the wetbulb that the towers ever came
(`models/cascade/attainable.py`). Without the reading there is no such bound, nor for a setpoint that the site
records.
"""

import math
from collections.abc import Iterator

from models.cascade.attainable import DELIVERED_BY
from models.cascade.cascade import Cascade
from models.setpoints import Array, quantity_of
from pipelines.control.decision import Unavailable
from pipelines.control.optimizer.moment import Moment
from pipelines.control.sensing.history import NEWEST

TOWERS = "cw_supply_sp_c"
COOLS_HALLS = ("supply_air_sp_c", "chw_supply_sp_c")  # never refused where a hall is too warm
_WHAT = {TOWERS: "condenser water", "chw_supply_sp_c": "chilled water", "supply_air_sp_c": "supply air"}
_MACHINES = {
    "tower_fan": "tower fans",
    "chiller": "chillers",
    "secondary_pump": "secondary chilled-water pumps",
    "chw_pump": "chilled-water pumps",
    "crah_fan": "CRAH fans",
}
_UNITS = {"_speed_frac": "{:.0%}", "_load_frac": "{:.0%} load", "_kw": "{:.0f} kW"}
FULL_SPEED = 0.995  # beyond it "100 %" says all; a lower stop is said to be the record's


def unavailable(
    cascade: Cascade, names: tuple[str, ...], measured: Array, now: Moment, *, inlet_high_c: float
) -> tuple[Unavailable, ...]:
    """What cannot be delivered now: of each setpoint the limit that binds first, at most the present setpoint.

    names, measured (k,): as `SetpointOptimizer` has them. inlet_high_c: while a rack inlet reads more, colder air and
    colder chilled water are not refused.
    """
    hot = now.quantities.get("rack_inlet_c", -math.inf) > inlet_high_c
    found = []
    for column, name in enumerate(names):
        quantity, present = quantity_of(name), float(now.present[column])
        if (
            not measured[column]
            or now.bounds.binary[column]
            or not math.isfinite(present)
            or (hot and quantity in COOLS_HALLS)
        ):
            continue
        limits = [(present, why) for why in _at_stop(cascade, quantity, now)]
        if quantity == TOWERS:
            limits += _out_of_reach(cascade, now)
        limits = [(min(least, present), why) for least, why in limits]
        limits = [limit for limit in limits if limit[0] > now.bounds.low[column]]
        if limits:
            least, why = max(limits, key=lambda limit: limit[0])
            found.append(Unavailable(now.bounds.names[column], least, why))
    return tuple(found)


def _at_stop(cascade: Cascade, quantity: str, now: Moment) -> Iterator[str]:
    """Which machines that deliver a quantity stand at their stop, now or over the last hour, in words."""
    for signal in (each for machines in DELIVERED_BY.get(quantity, ()) for each in machines):
        if signal not in cascade.stops:
            continue
        stop = float(cascade.stops[signal])
        newest, hour = now.quantities.get(signal, math.nan), now.history.mean(signal, now.at)
        reading = max((value for value in (newest, hour) if value >= stop), default=None)  # NaN is no stop
        if reading is not None:
            yield f"{_reading(signal, reading)}: colder {_WHAT[quantity]} is not available"


def _reading(signal: str, value: float) -> str:
    machine = next(words for part, words in _MACHINES.items() if signal.startswith(part))
    form = next(form for part, form in _UNITS.items() if signal.endswith(part))
    known_full = signal.endswith("_speed_frac") and value >= FULL_SPEED
    shown = form.format(min(value, 1.0) if signal.endswith("_speed_frac") else value).replace("%", " %")
    return f"{machine} at {shown}" + ("" if known_full else ", the most on record")


def _out_of_reach(cascade: Cascade, now: Moment) -> list[tuple[float, str]]:
    """The coldest condenser water that the towers reached in such weather at such load, and why no colder.

    Never colder than the wetbulb: no tower makes such water.
    """
    wetbulb_c = now.history.mean("outdoor_wetbulb_c", now.at, NEWEST)
    wetbulb_c = wetbulb_c if math.isfinite(wetbulb_c) else now.quantities.get("outdoor_wetbulb_c", math.nan)
    if not math.isfinite(wetbulb_c):
        return []
    load_kw = now.history.mean("load_kw", now.at)
    limits = [(wetbulb_c, f"the wetbulb is {wetbulb_c:.1f} °C: colder {_WHAT[TOWERS]} is not available")]
    if cascade.approach is not None and math.isfinite(load_kw):
        least_k = cascade.approach.at(load_kw, wetbulb_c)
        why = f"the towers never came closer than {least_k:.1f} K to the wetbulb of {wetbulb_c:.1f} °C at such load"
        limits.append((wetbulb_c + least_k, why))
    return limits
