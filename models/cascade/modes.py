"""How an economizer runs, from what the chillers behind it still draw: alone, ahead of them, or instead of them."""

import numpy as np

from models.cascade.cascade import FULL, MECHANICAL, PARTIAL, Economizer
from models.cascade.record import Record
from models.cascade.surface import Surface, mean

# Engineering judgement, but for the source that a line names.
STOPPED_SHARE = 0.05  # of the chillers' usual power: below it they stand
CARRIED_SHARE = 0.2  # of the chillers' expected power that an economizer must spare to be said to carry heat
ALWAYS = 0.99  # share of the rows that makes "always seen"
SCATTER_K = 0.2  # of the mean of two water sensors of class B, IEC 60751
FEWEST_PARTIAL, FEWEST_FULL = 40, 12  # rows; fewer are chance
FALLING_SHARE, FEWEST_FALLING = 0.85, 10
STARTING_HOURS = 1.0  # from a switch to what chillers then have to carry
LEAST_MISSING, FEWEST_LEFT = 0.3, 3  # of the chillers' usual power; switches
UNKNOWN_K = 20.0  # a rise that no envelope has room for: chillers must run before it is switched off


def modes_of(
    record: Record, alone: Surface | None, step_hours: float
) -> tuple[dict[str, np.ndarray], Economizer | None]:
    """Rows (n,) of each mode, told apart by what the chillers still draw; no economizer where the record shows none.

    alone: chiller power without an economizer; None where it is not metered.
    """
    on, off = record.get("economizer_enable") > 0.5, record.get("economizer_enable") < 0.5
    every = {MECHANICAL: np.ones(len(on), bool)}
    chiller_kw = record.get("chiller_kw")
    if alone is None or not {"chw_return_c", "cw_supply_c", "cw_flow_kg_s"} <= set(record.columns):
        return every, None
    usual_kw = np.nanmedian(chiller_kw[off])
    stopped_kw = STOPPED_SHARE * usual_kw
    full = on & (chiller_kw < stopped_kw)
    expected_kw = np.asarray(mean(alone, record.columns))
    partial = on & ~full & (chiller_kw < (1.0 - CARRIED_SHARE) * expected_kw)
    modes = {MECHANICAL: off | (on & ~full & ~partial), PARTIAL: partial, FULL: full}
    seen = {mode: int((rows & record.settled).sum()) for mode, rows in modes.items()}
    if seen[PARTIAL] < FEWEST_PARTIAL or seen[FULL] < FEWEST_FULL:
        return every, None
    lesser = {mode: modes[mode] & on & record.settled for mode in (MECHANICAL, PARTIAL)}
    flow = record.get("cw_flow_kg_s") * np.maximum(record.get("over_k"), 1.0) / record.get("load_kw")
    thresholds = (
        _starts_k(record, lesser[MECHANICAL], lesser[PARTIAL]),
        _covers_k(record, lesser[PARTIAL]) + SCATTER_K,
        stopped_kw,
        np.nanmedian(flow[full & record.settled]),
        usual_kw,
        _leaves_k(record, on, chiller_kw / usual_kw, step_hours),
    )
    return modes, Economizer(*(np.float32(value) for value in thresholds))


def _leaves_k(record: Record, on: np.ndarray, share: np.ndarray, step_hours: float) -> float:
    """The highest rise of the worst inlet after the economizer was switched off, per share of chiller power missing.

    Chillers start one after the other, and until enough of them run a hall warms up.
    """
    over_k = record.get("rack_inlet_c") - record.get("supply_air_sp_c")
    window = max(1, round(STARTING_HOURS / step_hours))
    missing = np.clip(1.0 - share, 0.0, 1.0)
    left = np.flatnonzero(on[:-1] & ~on[1:] & (missing[:-1] > LEAST_MISSING))
    rises = [
        (np.nanmax(over_k[at + 1 : at + 1 + window]) - np.nanmedian(over_k)) / missing[at]
        for at in left
        if np.isfinite(over_k[at + 1 : at + 1 + window]).any()
    ]
    return float(max(np.max(rises), 0.0)) if len(rises) >= FEWEST_LEFT else UNKNOWN_K


def _starts_k(record: Record, idle: np.ndarray, carrying: np.ndarray) -> float:
    """Return over condenser water beyond which an enabled economizer was never seen idle, or else always carried."""
    over_k = record.get("over_k")
    if np.isfinite(over_k[idle]).any():
        return float(np.nanquantile(over_k[idle], ALWAYS))
    return float(np.nanquantile(over_k[carrying], 1.0 - ALWAYS))


def _covers_k(record: Record, partial: np.ndarray) -> float:
    """Chilled over condenser water at which the chillers behind an economizer have nothing left to do.

    The larger of where they were still seen to run, and where their falling power would vanish: the water is what is
    uncertain (its sensors), so it is regressed on power and not the other way round.
    """
    water_k, kw = record.get("economizer_k")[partial], record.get("chiller_kw")[partial]
    seen_k = float(np.nanquantile(water_k, ALWAYS))
    falling = (kw < FALLING_SHARE * np.nanmedian(kw)) & np.isfinite(water_k)
    if falling.sum() < FEWEST_FALLING:
        return seen_k
    return max(seen_k, float(np.polyfit(kw[falling], water_k[falling], 1)[1]))
