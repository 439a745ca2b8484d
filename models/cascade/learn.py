"""Learn a cascade from a record: settled rows, one surface for each step, meters apart by the economizer's mode."""

from dataclasses import dataclass, field

import numpy as np

from models.cascade.attainable import approach_of, stops_of
from models.cascade.cascade import FULL, MECHANICAL, PARTIAL, Cascade
from models.cascade.coverage import coverage_of
from models.cascade.declared import Kept, answers_to
from models.cascade.declared_fit import Declared
from models.cascade.declared_totals import keep_totals
from models.cascade.groups import apart_of, halls_of, with_shared
from models.cascade.it_response import fit_it_response
from models.cascade.modes import STOPPED_SHARE, modes_of
from models.cascade.record import Columns, Record
from models.cascade.surface import Surface
from models.efficiency.declared_effects import Effect
from models.errors import TooFewRowsError

# Engineering judgement.
LEAST_ROWS = 200  # settled rows: two days at a quarter of an hour
MOVERS = ("_fan_kw", "_pump_kw")  # whose power goes with the cube of their speed
FLAT_OUT, EASY = 0.97, 0.90  # share of the towers' highest fan power

_WATER = ("cw_supply_c", "outdoor_drybulb_c", "outdoor_wetbulb_c")  # what a condenser rejects to, best first
_ALL = (
    "load_kw",
    "outdoor_wetbulb_c",
    "gap_k",
    "supply_air_c",
    "chw_supply_c",
    "cw_supply_c",
    "economizer_enable",
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
    """The cascade, settled rows of each mode, and each step's scatter (kW or K).

    follows: rack-inlet column -> supply-air setpoint it answers to, "" where the record cannot tell; empty where a site
    has one supply-air setpoint. effects: those declared, as the surfaces keep them; effects_not_kept: why others
    are not.
    """

    cascade: Cascade
    rows: dict[str, int]
    scatter: dict[str, float]
    follows: dict[str, str] = field(default_factory=dict)
    effects: tuple[Kept, ...] = ()
    effects_not_kept: tuple[str, ...] = ()


def learn_cascade(
    columns: Columns,
    *,
    settled: np.ndarray,
    meters: tuple[str, ...],
    step_hours: float,
    counts_it: bool,
    virtual: np.ndarray | None = None,
    setpoints: tuple[str, ...] = (),
    effects: tuple[Effect, ...] = (),
    measured: tuple[str, ...] = (),
) -> LearnedCascade:
    """Learn from plant columns (n,) on a regular grid of time, NaN where unknown.

    settled (n,): no setpoint moved lately. meters: names of the cooling meters. counts_it: whether IT power is
    metered and counts in what is minimised. virtual (n,): rows of a simulation, believed only where none of the
    others are. setpoints: names of what may be set, where several share a quantity (`supply_air_sp_c:hall_a`); of a
    quantity that is no column itself their mean is taken. effects: what is declared of meters (`chiller_kw`), of sums
    of them (`cooling_kw`, `overhead_kw`) and of `rack_inlet_c`, in shares per unit. measured: setpoints that are the
    controlled temperature itself: their choice stays near combinations that the record shows.
    Raises TooFewRowsError, and ImpossibleEffectError where effects exclude each other or contradict the record.
    """
    # Weather goes on being logged where a plant's record ends.
    settled = settled & np.isfinite(columns["load_kw"])
    enough = int(settled.sum())
    if enough < LEAST_ROWS:
        raise TooFewRowsError(f"{enough} settled rows with a load reading, needs {LEAST_ROWS}")
    shared = with_shared({name: columns[name] for name in setpoints if name in columns})
    record = Record({**shared, **columns}, settled, virtual)
    modes, economizer = modes_of(record, _chiller_alone(record, meters), step_hours)
    reach, offset_k = _towers(record, modes)
    declared = Declared(effects)
    by_meter = {
        name: _meter(record, name, modes, economizer is not None, declared, meters) for name in meters
    }
    losses = record.fit(("load_kw",), record.get("losses_kw"))
    by_meter = keep_totals(declared, record, by_meter, modes, losses, counts_it)
    rise_k = record.get("rack_inlet_c") - record.get("supply_air_c")
    halls, follows = halls_of(record, setpoints, declared)
    stops = stops_of(record, measured)
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
        losses=losses,
        worst_inlet=declared.fit(
            record,
            ("gap_k", "load_kw"),
            "rack_inlet_c",
            record.get("rack_inlet_c") - record.get("supply_air_sp_c"),
            where="worst inlet",
            already_of="supply_air_c",
        ),
        dew_point=record.fit(("chw_supply_c", "outdoor_wetbulb_c"), record.get("rack_dew_point_c")),
        inlet_rise_k=_median(rise_k[settled]),
        usual_kw=_usual_kw(record),
        apart=apart_of(record, setpoints),
        halls=halls,
        coverage=coverage_of(record, measured),
        stops=stops,
        approach=approach_of(record, measured),
    )
    counts = {mode: int((settled & rows).sum()) for mode, rows in modes.items()}
    notes = declared.notes(meters)
    return LearnedCascade(cascade, counts, _scatter(cascade), follows, tuple(declared.kept), tuple(notes))


def _chiller_alone(record: Record, meters: tuple[str, ...]) -> Surface | None:
    """Chiller power without an economizer; None where no meter tells one machine from another."""
    if not set(meters) & set(_INPUTS):
        return None
    off = record.get("economizer_enable") < 0.5
    return record.fit(_resolved(record, _INPUTS["chiller_kw"][MECHANICAL]), record.get("chiller_kw"), off)


def _resolved(record: Record, names: tuple[str, ...]) -> tuple[str, ...]:
    """`names` with the heat sink that the site records."""
    sink = record.usable(_WATER, record.settled)[:1]
    return tuple(each for name in names for each in (sink if name == "heat_sink" else (name,)))


def _towers(record: Record, modes: dict[str, np.ndarray]) -> tuple[dict[str, Surface], dict[str, np.float32]]:
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
    record: Record,
    name: str,
    modes: dict[str, np.ndarray],
    has_economizer: bool,
    declared: Declared,
    meters: tuple[str, ...],
) -> dict[str, Surface | None]:
    """Surfaces of one meter's kW, by mode; within what is declared of it."""
    by_mode = _INPUTS.get(name, {MECHANICAL: _ALL})
    if not has_economizer:
        by_mode = {MECHANICAL: by_mode[MECHANICAL]}
    surfaces: dict[str, Surface | None] = {}
    for mode, names in by_mode.items():
        # Pump power over flow is the same curve whatever runs; all else is learned from the mode's own rows.
        everywhere = len(by_mode) == 1 or names == ("cw_flow_kg_s",)
        rows = np.ones(len(record.settled), bool) if everywhere else modes[mode]
        inputs = _resolved(record, names)
        # What takes part in a declared sum stays linear in its weights, so that the sum can be kept.
        summed = any(answers_to(inputs, effect.of) for effect in declared.totals(meters))
        cubic, where = name.endswith(MOVERS) and not summed, f"{name}, {mode}"
        surfaces[mode] = None
        if names:
            surfaces[mode] = declared.fit(
                record, inputs, name, record.get(name), rows, where=where, may_be_cubic=cubic
            )
    return surfaces


def _it_response(record: Record, rise_k: np.ndarray, step_hours: float) -> Surface | None:
    # From supply air, whose sensors are many: an inlet sensor's noise would flatten the curve.
    inlet_c = record.get("supply_air_c") + _median(rise_k)
    if not np.isfinite(inlet_c).any():
        return None
    return fit_it_response(inlet_c, record.get("it_kw"), step_hours=step_hours)


def _median(values: np.ndarray) -> np.float32:
    """Median of the known values, 0 where there is none."""
    return np.float32(np.nanmedian(values) if np.isfinite(values).any() else 0.0)


def _usual_kw(record: Record) -> np.float32:
    kw = record.get("cooling_kw")
    running = kw > STOPPED_SHARE * np.nanmax(kw) if np.isfinite(kw).any() else np.zeros(len(kw), bool)
    return _median(kw[running & ~record.virtual])


def _scatter(cascade: Cascade) -> dict[str, float]:
    steps = {
        "supply air": cascade.air_float,
        "worst inlet": cascade.worst_inlet,
        "chilled-water range": cascade.chw_range,
        "losses": cascade.losses,
    }
    steps |= {f"inlet, {name}": hall.over_k for name, hall in cascade.halls.items()}
    steps |= {f"towers' reach, {mode}": surface for mode, surface in cascade.reach.items()}
    steps |= {f"{name}, {mode}": s for name, by in cascade.meters.items() for mode, s in by.items()}
    return {name: float(surface.noise) for name, surface in steps.items() if surface is not None}
