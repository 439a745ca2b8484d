"""Learn a cascade from a record: settled rows, one surface for each step, meters apart by the economizer's mode."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.control.cascade import FULL, MECHANICAL, PARTIAL, Cascade, Economizer
from models.control.it_response import fit_it_response
from models.control.surface import Surface, fit_surface, mean
from models.errors import TooFewRowsError

LEAST_ROWS = 200
LEAST_COVERAGE = 0.5  # of the rows must have a column for it to be used
STOPPED_SHARE = 0.05  # of the chillers' usual power: below it they stand
CARRIED_SHARE = 0.2  # of the chillers' expected power that an economizer must spare to be said to carry heat
ALWAYS = 0.99  # share of the rows that makes "always seen"
SCATTER_K = 0.2  # of the mean of two water sensors of class B, IEC 60751
FEWEST_PARTIAL, FEWEST_FULL = 40, 12  # rows; fewer are chance
FALLING_SHARE, FEWEST_FALLING = 0.85, 10
STARTING_HOURS = 1.0  # from a switch to what chillers then have to carry
LEAST_MISSING, FEWEST_LEFT = 0.3, 3  # of the chillers' usual power; switches
UNKNOWN_K = 20.0  # a rise that no envelope has room for: chillers must run before it is switched off
MOVERS = ("_fan_kw", "_pump_kw")  # whose power goes with the cube of their speed
FLAT_OUT, EASY = 0.97, 0.90  # share of the towers' highest fan power

Columns = Mapping[str, np.ndarray]

_WATER = ("cw_supply_c", "outdoor_drybulb_c", "outdoor_wetbulb_c")  # what a condenser rejects to, best first
_ALL = (
    "load_kw",
    "outdoor_wetbulb_c",
    "gap_k",
    "supply_air_c",
    "chw_supply_c",
    "cw_supply_c",
    "airflow_ratio_sp",
)
# Meter -> inputs; by mode where an economizer makes another machine of it. () reads zero.
_INPUTS: dict[str, dict[str, tuple[str, ...]]] = {
    "chiller_kw": {
        MECHANICAL: ("load_kw", "chw_supply_c", "heat_sink", "chillers_available_sp"),
        PARTIAL: ("load_kw", "economizer_k", "chw_range_k"),
        FULL: (),
    },
    "cw_pump_kw": {MECHANICAL: ("load_kw",), PARTIAL: ("load_kw",), FULL: ("cw_flow_kg_s",)},
    "tower_fan_kw": {
        MECHANICAL: ("cw_approach_k", "outdoor_wetbulb_c", "load_kw"),
        PARTIAL: ("cw_approach_k", "outdoor_wetbulb_c"),
        FULL: ("cw_approach_k",),
    },
    "chw_pump_kw": {MECHANICAL: ("gap_k", "load_kw")},
    "secondary_pump_kw": {MECHANICAL: ("gap_k", "load_kw")},
    "crah_fan_kw": {MECHANICAL: ("load_kw", "rack_inlet_c", "airflow_ratio_sp")},
}


@dataclass(frozen=True)
class LearnedCascade:
    """The cascade, settled rows of each mode, and each step's scatter (kW or K)."""

    cascade: Cascade
    rows: dict[str, int]
    scatter: dict[str, float]


def learn_cascade(
    columns: Columns, *, settled: np.ndarray, meters: tuple[str, ...], step_hours: float, counts_it: bool
) -> LearnedCascade:
    """Learn from plant columns (n,) on a regular grid of time, NaN where unknown.

    settled (n,): no setpoint moved lately. meters: names of the cooling meters. counts_it: whether IT power is
    metered and counts in what is minimised. Raises TooFewRowsError.
    """
    settled = settled & np.isfinite(
        columns["load_kw"]
    )  # weather goes on being logged where a plant's record ends
    enough = int(settled.sum())
    if enough < LEAST_ROWS:
        raise TooFewRowsError(f"{enough} settled rows with a load reading, needs {LEAST_ROWS}")
    record = _Record(_with_differences(columns), settled)
    modes, economizer = _economizer(record, step_hours)
    reach, offset_k = _towers(record, modes)
    by_meter = {name: _meter(record, name, modes, economizer is not None) for name in meters}
    rise_k = record.get("rack_inlet_c") - record.get("supply_air_c")
    cascade = Cascade(
        counts_it=counts_it,
        air_float=record.fit(
            ("gap_k", "load_kw"), record.get("supply_air_c") - record.get("supply_air_sp_c")
        ),
        chw_range=record.fit(("gap_k", "load_kw"), record.get("chw_range_k")),
        reach=reach,
        offset_k=offset_k,
        economizer=economizer,
        it_response=_it_response(record, rise_k, step_hours) if counts_it else None,
        meters=by_meter,
        losses=record.fit(("load_kw",), record.get("losses_kw")),
        worst_inlet=record.fit(
            ("gap_k", "load_kw"), record.get("rack_inlet_c") - record.get("supply_air_sp_c")
        ),
        inlet_rise_k=_median(rise_k[settled]),
    )
    counts = {mode: int((settled & rows).sum()) for mode, rows in modes.items()}
    return LearnedCascade(cascade, counts, _scatter(cascade))


class _Record:
    """Columns with their differences, and the rows worth learning from."""

    def __init__(self, columns: dict[str, np.ndarray], settled: np.ndarray) -> None:
        self.columns, self.settled = columns, settled

    def get(self, name: str) -> np.ndarray:
        return self.columns.get(name, np.full(len(self.settled), np.nan))

    def usable(self, names: tuple[str, ...], rows: np.ndarray) -> tuple[str, ...]:
        """Those of the names that are mostly known in these rows."""
        known = {name: np.isfinite(self.get(name)[rows]).mean() if rows.any() else 0.0 for name in names}
        return tuple(name for name in names if known[name] >= LEAST_COVERAGE)

    def fit(
        self,
        names: tuple[str, ...],
        y: np.ndarray,
        rows: np.ndarray | None = None,
        *,
        may_be_cubic: bool = False,
    ) -> Surface | None:
        """Surface of y over the usable ones of the names, on settled rows; None where there is none to be had."""
        rows = self.settled if rows is None else rows & self.settled
        names = self.usable(names, rows)
        if not names:
            return None
        x = np.stack([self.columns[name] for name in names], axis=1)
        rows = rows & np.isfinite(x).all(axis=1) & np.isfinite(y)
        return fit_surface(names, x[rows], y[rows], may_be_cubic=may_be_cubic)


def _with_differences(columns: Columns) -> dict[str, np.ndarray]:
    c = dict(columns)
    nan = np.full(len(c["load_kw"]), np.nan)
    for name, (upper, lower) in {
        "gap_k": ("supply_air_sp_c", "chw_supply_sp_c"),
        "chw_range_k": ("chw_return_c", "chw_supply_c"),
        "cw_approach_k": ("cw_supply_c", "outdoor_wetbulb_c"),
        "economizer_k": ("chw_supply_c", "cw_supply_c"),
    }.items():
        c[name] = c.get(upper, nan) - c.get(lower, nan)
    c["over_k"] = c.get("chw_return_c", nan) - c.get("cw_supply_c", nan)
    return c


def _economizer(record: _Record, step_hours: float) -> tuple[dict[str, np.ndarray], Economizer | None]:
    """Rows of each mode, told apart by what the chillers still draw; no economizer where the record shows none."""
    on, off = record.get("economizer_enable") > 0.5, record.get("economizer_enable") < 0.5
    every = {MECHANICAL: np.ones(len(on), bool)}
    chiller_kw = record.get("chiller_kw")
    alone = record.fit(_chiller_inputs(record, MECHANICAL), chiller_kw, off)
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
        np.nanquantile(record.get("over_k")[lesser[MECHANICAL]], ALWAYS),
        _covers_k(record, lesser[PARTIAL]) + SCATTER_K,
        stopped_kw,
        np.nanmedian(flow[full & record.settled]),
        usual_kw,
        _leaves_k(record, on, chiller_kw / usual_kw, step_hours),
    )
    return modes, Economizer(*(np.float32(value) for value in thresholds))


def _leaves_k(record: _Record, on: np.ndarray, share: np.ndarray, step_hours: float) -> float:
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


def _covers_k(record: _Record, partial: np.ndarray) -> float:
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


def _chiller_inputs(record: _Record, mode: str) -> tuple[str, ...]:
    return _resolved(record, _INPUTS["chiller_kw"][mode])


def _resolved(record: _Record, names: tuple[str, ...]) -> tuple[str, ...]:
    """`names` with the heat sink that the site records."""
    sink = record.usable(_WATER, record.settled)[:1]
    return tuple(each for name in names for each in (sink if name == "heat_sink" else (name,)))


def _towers(
    record: _Record, modes: dict[str, np.ndarray]
) -> tuple[dict[str, Surface], dict[str, np.float32]]:
    """What towers reach with fans flat out, and how far water stays over its setpoint otherwise, by mode."""
    fan_kw, over_k = record.get("tower_fan_kw"), record.get("cw_supply_c") - record.get("cw_supply_sp_c")
    if not np.isfinite(over_k).any() or not np.isfinite(fan_kw).any():
        return {}, {}
    top_kw = np.nanquantile(fan_kw, 0.999)
    reach: dict[str, Surface] = {}
    offset_k: dict[str, np.float32] = {}
    for mode, rows in modes.items():
        easy = rows & record.settled & (fan_kw < EASY * top_kw) & np.isfinite(over_k)
        offset_k[mode] = np.float32(max(np.median(over_k[easy]), 0.0) if easy.any() else 0.0)
        flat_out = rows & (fan_kw > FLAT_OUT * top_kw)
        surface = record.fit(("outdoor_wetbulb_c",), record.get("cw_approach_k"), flat_out)
        surface = surface or reach.get(MECHANICAL)
        if surface is not None:
            reach[mode] = surface
    return reach, offset_k


def _meter(
    record: _Record, name: str, modes: dict[str, np.ndarray], has_economizer: bool
) -> dict[str, Surface | None]:
    by_mode = _INPUTS.get(name, {MECHANICAL: _ALL})
    if not has_economizer:
        by_mode = {MECHANICAL: by_mode[MECHANICAL]}
    found: dict[str, Surface | None] = {}
    for mode, names in by_mode.items():
        # Pump power over flow is the same curve whatever runs; all else is learned from the mode's own rows.
        everywhere = len(by_mode) == 1 or names == ("cw_flow_kg_s",)
        rows = np.ones(len(record.settled), bool) if everywhere else modes[mode]
        found[mode] = (
            record.fit(_resolved(record, names), record.get(name), rows, may_be_cubic=name.endswith(MOVERS))
            if names
            else None
        )
    return found


def _it_response(record: _Record, rise_k: np.ndarray, step_hours: float) -> Surface | None:
    # From supply air, whose sensors are many: an inlet sensor's noise would flatten the curve.
    inlet_c = record.get("supply_air_c") + _median(rise_k)
    if not np.isfinite(inlet_c).any():
        return None
    return fit_it_response(inlet_c, record.get("it_kw"), step_hours=step_hours)


def _median(values: np.ndarray) -> np.float32:
    """Median of the known values, 0 where there is none."""
    return np.float32(np.nanmedian(values) if np.isfinite(values).any() else 0.0)


def _scatter(cascade: Cascade) -> dict[str, float]:
    steps = {
        "supply air": cascade.air_float,
        "worst inlet": cascade.worst_inlet,
        "chilled-water range": cascade.chw_range,
        "losses": cascade.losses,
    }
    steps |= {f"towers' reach, {mode}": surface for mode, surface in cascade.reach.items()}
    steps |= {f"{name}, {mode}": s for name, by in cascade.meters.items() for mode, s in by.items()}
    return {name: float(surface.noise) for name, surface in steps.items() if surface is not None}
