"""Physical checks of a record: readings that break a law are removed, or refused if many."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from models.errors import UnphysicalError
from models.twin.record import Record
from models.twin.sizing.reading import thermal_load_w
from simulator.constants import WATER_CP_J_KG_K, ZERO_CELSIUS_K

MOST_BROKEN = 0.2  # share of the rows a rule can judge; beyond, a meter or its unit is wrong
BALANCE = 0.3  # of the heat: error of two flow meters and four thermometers of ordinary quality
CARNOT_SLACK = 0.8  # a power meter and a heat meter together may read this far below the ideal cycle
LEAST_LIFT_K = 5.0  # below it the ideal power is smaller than meters' errors
RUNNING_SHARE = 0.1  # of the highest flow or load: below it meters are too inaccurate

Rule = Callable[[Record], tuple[np.ndarray, np.ndarray] | None]


def physical(record: Record) -> tuple[Record, dict[str, int]]:
    """The record without the meters of rows that break a rule, and how many rows broke each.

    Raises:
        UnphysicalError: more than a fifth of the rows break one; names the rule and what to check.
    """
    broken = np.zeros(len(record), bool)
    counts = {}
    for rule, (words, remedy) in RULES.items():
        judgement = rule(record)
        if judgement is None:
            continue
        breaks, judged = judgement
        share = breaks.sum() / max(judged.sum(), 1)
        if share > MOST_BROKEN:
            raise UnphysicalError(f"{words} in {share:.0%} of {judged.sum()} rows; {remedy}")
        counts[words] = int(breaks.sum())
        broken |= breaks
    measured = {name: np.where(broken, np.nan, values) for name, values in record.measured.items()}
    return replace(record, measured=measured), {words: rows for words, rows in counts.items() if rows}


def _negative_overhead(record: Record) -> tuple[np.ndarray, np.ndarray] | None:
    overhead_w = record.measured.get("overhead_w")
    return None if overhead_w is None else (overhead_w < 0, np.isfinite(overhead_w))


def _warmed_water(record: Record) -> tuple[np.ndarray, np.ndarray] | None:
    read = record.measured
    if not {"chw_supply_c", "chw_return_c", "chw_flow_kg_s"} <= set(read):
        return None
    flows = read["chw_flow_kg_s"] > RUNNING_SHARE * np.nanmax(read["chw_flow_kg_s"])
    return flows & (read["chw_return_c"] < read["chw_supply_c"] - 0.3), flows


def _below_ideal(record: Record) -> tuple[np.ndarray, np.ndarray] | None:
    """Power under that of an ideal cycle between the waters: `Q (T_cw - T_chw) / T_chw`, Carnot 1824."""
    read, heat_w = record.measured, _chiller_heat_w(record)
    if heat_w is None or not {"chiller_w", "cw_supply_c", "chw_supply_c"} <= set(read):
        return None
    lift_k = read["cw_supply_c"] - read["chw_supply_c"]
    ideal_w = heat_w * lift_k / (read["chw_supply_c"] + ZERO_CELSIUS_K)
    economizer = record.inputs.setpoints.get("economizer_enable", np.zeros(len(record)))
    judged = (
        (lift_k > LEAST_LIFT_K) & ~(economizer > 0.5) & np.isfinite(ideal_w) & np.isfinite(read["chiller_w"])
    )
    judged &= heat_w > RUNNING_SHARE * np.nanmax(heat_w)
    return judged & (read["chiller_w"] < CARNOT_SLACK * ideal_w), judged


def _open_balance(record: Record) -> tuple[np.ndarray, np.ndarray] | None:
    """Heat taken by the tower water compared with heat and power of the chillers, hourly or slower."""
    read, heat_w = record.measured, _chiller_heat_w(record)
    if heat_w is None or not {"chiller_w", "cw_flow_kg_s", "cw_return_c", "cw_supply_c"} <= set(read):
        return None
    rejected_w = WATER_CP_J_KG_K * read["cw_flow_kg_s"] * (read["cw_return_c"] - read["cw_supply_c"])
    given_w = heat_w + read["chiller_w"]
    judged = (given_w > RUNNING_SHARE * np.nanmax(given_w)) & np.isfinite(rejected_w)
    return judged & (np.abs(_smooth(record, rejected_w - given_w)) > BALANCE * given_w), judged


def _chiller_heat_w(record: Record) -> np.ndarray | None:
    measured = {"coil_heat_w", "chw_flow_kg_s"} & set(record.measured)
    return thermal_load_w(record) if measured or not record.metered_it else None


def _below_wetbulb(record: Record) -> tuple[np.ndarray, np.ndarray] | None:
    cold_c = record.measured.get("cw_supply_c")
    if cold_c is None:
        return None
    judged = np.isfinite(cold_c) & (record.inputs.outdoor_wetbulb_c > 0.0)
    return judged & (_smooth(record, cold_c - record.inputs.outdoor_wetbulb_c) < -2.0), judged


def _smooth(record: Record, values: np.ndarray) -> np.ndarray:
    """Mean over the hour around each row: loops store heat, and meters do not read at the same instant."""
    rows = max(1, round(3600 / record.dt_s))
    good = np.convolve(np.isfinite(values), np.ones(rows), "same")
    return np.convolve(np.nan_to_num(values), np.ones(rows), "same") / np.maximum(good, 1)


RULES: dict[Rule, tuple[str, str]] = {
    _negative_overhead: (
        "facility power is below IT power",
        "check which meters [meters] names as it and facility, and their units",
    ),
    _warmed_water: (
        "chilled water returns colder than it left, so the chillers' COP is negative",
        "check whether the tags of chw_supply_c and chw_return_c are swapped",
    ),
    _below_ideal: (
        "chiller power is below that of an ideal cycle",
        "check the units of chiller_kw, chw_flow_kg_s and cooling_load_kw, and that every chiller is metered",
    ),
    _open_balance: (
        "heat rejected and heat taken differ by more than 30 %",
        "check the units and tags of cw_flow_kg_s, cw_return_c, cw_supply_c and of the chilled water",
    ),
    _below_wetbulb: (
        "tower water is colder than the wetbulb allows",
        "check the units of cw_supply_c and outdoor_wetbulb_c",
    ),
}
