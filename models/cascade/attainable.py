"""What equipment has shown that it cannot do: colder water or air with its machines at their stops, and the approach.

Of setpoints that are the controlled temperature itself: such a record cannot say what asking for more would do. Where a
setpoint is recorded, the cascade has learned what the plant makes of it, and a limit only takes choices away (in the
demo, a twentieth of the saving). A record says where a machine's stop lies by dwelling there, and how near to the
wetbulb the towers came. Both are low or high quantiles: one wrong reading makes neither.
"""

import numpy as np
from flax import struct

from models.cascade.record import Record
from models.cascade.surface import Leaf
from models.setpoints import quantity_of

# Setpoint -> signals of the machines that deliver it, of each machine the better one first: its speed tells a stop
# whatever number of machines runs, its power only where all do. A chiller's power also answers to water temperatures.
DELIVERED_BY: dict[str, tuple[tuple[str, ...], ...]] = {
    "cw_supply_sp_c": (("tower_fan_speed_frac", "tower_fan_kw"),),
    "chw_supply_sp_c": (("chiller_load_frac",),),
    "supply_air_sp_c": (
        ("secondary_pump_speed_frac", "chw_pump_speed_frac", "secondary_pump_kw", "chw_pump_kw"),
        ("crah_fan_speed_frac", "crah_fan_kw"),
    ),
}
# Engineering judgement.
TOP = 0.99  # quantile of a running machine's signal: the highest, less glitches
NEAR, NEAR_KW = 0.99, 0.96  # of the top: readings count as the stop; power goes with the cube of speed
RUNS = 0.05  # of the top: less is a machine that stands
ALWAYS = 0.95  # share of running time at the top beyond which a machine has one speed, and no stop
FEWEST = 200  # rows of a stop, and in a band
LOAD_BANDS, BAND_K = 4, 2.0  # of equally many rows; width of wetbulb
LEAST = 0.02  # quantile of the approach in a band: what the towers have reached, less glitches


@struct.dataclass
class Approach:
    """Least condenser-water supply less wetbulb that the record shows, by band.

    load_kw (l,), wetbulb_c (w,): inner edges of the bands, ascending. least_k (l + 1, w + 1).
    """

    load_kw: Leaf
    wetbulb_c: Leaf
    least_k: Leaf

    def at(self, load_kw: float, wetbulb_c: float) -> float:
        """Least approach, K, of a load and wetbulb; of the nearest band beyond the record's."""
        row = int(np.searchsorted(np.asarray(self.load_kw), load_kw, side="right"))
        column = int(np.searchsorted(np.asarray(self.wetbulb_c), wetbulb_c, side="right"))
        return float(np.asarray(self.least_k)[row, column])


def stops_of(record: Record, measured: tuple[str, ...]) -> dict[str, Leaf]:
    """Signal -> value from which its machines count as being at their stop.

    measured: setpoints that are the controlled temperature itself; of others there is none.
    """
    stops: dict[str, Leaf] = {}
    itself = {quantity_of(name) for name in measured}
    for setpoint in itself & set(DELIVERED_BY):
        for signals in DELIVERED_BY[setpoint]:
            for signal in record.usable(signals, record.settled & ~record.virtual)[:1]:
                stop = _stop(record.get(signal)[~record.virtual], NEAR_KW if signal.endswith("_kw") else NEAR)
                if stop is not None:
                    stops[signal] = np.float32(stop)
    return stops


def approach_of(record: Record, measured: tuple[str, ...]) -> Approach | None:
    """What the towers reached by band of load and wetbulb; None where the record does not show it.

    measured: as in `stops_of`. Bands with few rows take their neighbours', or the least of all.
    """
    if "cw_supply_sp_c" not in {quantity_of(name) for name in measured}:
        return None
    load_kw, wetbulb_c, approach_k = (
        record.get(name) for name in ("load_kw", "outdoor_wetbulb_c", "cw_approach_k")
    )
    rows = record.settled & ~record.virtual & np.isfinite(load_kw + wetbulb_c + approach_k)
    if rows.sum() < FEWEST:
        return None
    load_kw, wetbulb_c, approach_k = load_kw[rows], wetbulb_c[rows], approach_k[rows]
    load_edges = np.quantile(load_kw, np.arange(1, LOAD_BANDS) / LOAD_BANDS)
    wetbulb_edges = np.arange(wetbulb_c.min() + BAND_K, wetbulb_c.max(), BAND_K)
    bands = np.searchsorted(load_edges, load_kw, "right"), np.searchsorted(wetbulb_edges, wetbulb_c, "right")
    least_k = _by_band(bands, approach_k, (LOAD_BANDS, len(wetbulb_edges) + 1))
    return Approach(*(np.asarray(part, np.float32) for part in (load_edges, wetbulb_edges, least_k)))


def _by_band(
    bands: tuple[np.ndarray, np.ndarray], approach_k: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Low quantile (l, w) of approaches (n,): of the band, else with its neighbours, else of all."""
    least_k = np.full(shape, np.quantile(approach_k, LEAST))
    for row, column in np.ndindex(shape):
        for reach in (0, 1):
            near = (np.abs(bands[0] - row) <= reach) & (np.abs(bands[1] - column) <= reach)
            if near.sum() >= FEWEST:
                least_k[row, column] = np.quantile(approach_k[near], LEAST)
                break
    return least_k


def _stop(values: np.ndarray, near: float) -> float | None:
    """The value from which a machine is at its stop; None where it hardly runs, or at one speed only."""
    values = values[np.isfinite(values)]
    top = float(np.quantile(values, TOP)) if len(values) else 0.0
    running = values[values > RUNS * top]
    if top <= 0.0 or len(running) < FEWEST:
        return None
    stop = near * float(np.quantile(running, TOP))
    return stop if (running >= stop).mean() <= ALWAYS else None
