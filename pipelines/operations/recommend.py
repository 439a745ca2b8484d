"""Recommendation, first form: the reachable setpoints that the networks expect to need the least power."""

import numpy as np
import pandas as pd

from models.efficiency.model import PlantModel
from models.exploration import settle
from models.twin.twin import Twin
from pipelines.config import Settings
from pipelines.control.explanation import (
    Hold,
    Situation,
    binding,
    expectations,
    hold_if,
    precedent,
    rollback,
    saving_interval_kw,
    situation,
)
from pipelines.control.recommendation import Estimate, Move, Recommendation, SecondOpinion
from pipelines.errors import ModelError
from pipelines.learning.efficiency.bundle import load_champion
from pipelines.learning.efficiency.dataset import OVERHEAD, RACK_INLET
from pipelines.learning.twin.bundle import find_twin
from pipelines.site.file import Site
from pipelines.site.quantities import QUANTITIES
from pipelines.site.setpoints import Settable, setpoint_names
from pipelines.telemetry.plant_table import figure_name, plant_table
from pipelines.telemetry.store import Store

LOOKBACK = pd.Timedelta(hours=6)
PRECEDENTS = pd.Timedelta(days=366)  # of the record, in which precedents are looked for
CAUTION = 1.0  # standard deviations of the ensemble's spread that a saving must outweigh
HYSTERESIS_KW, HYSTERESIS_SHARE = 2.0, 0.02  # the smaller of these; the share is of present cooling power
RETURN = "the plant runs outside what was learned; this is the best within reach that the record covers"
MOVING_KW = 1.0  # price of a move across a setpoint's whole range, so that none moves for nothing
INLET_MARGIN_K = 0.5  # the expected rack inlet must stay this far inside the envelope


def recommend(site: Site, settings: Settings, *, at: pd.Timestamp | None = None) -> Recommendation:
    """The recommendation at `at` (by default the end of the store's telemetry), from what was known before it.

    Never raises for what a plant may do or a history may lack: it then recommends to hold and says why.
    Raises StoreError where the store is damaged and TrackingError where the model registry does not answer.
    """
    store = Store(settings.store, site)
    span = store.span()
    at = at or (span[1] if span else pd.Timestamp.now(tz="UTC"))
    try:
        if not site.setpoints:
            raise Hold("the site file declares no setpoints; add [[setpoints]] for what may be chosen")
        model = _champion(site, settings)
        table = store.read(start=at - LOOKBACK, end=at)
        record = plant_table(site, store.read(start=at - PRECEDENTS, end=at))
        return decide(site, model, table, at, twin=_twin(site, settings), record=record)
    except Hold as reason:
        return _hold(site, at, str(reason))


def decide(
    site: Site,
    model: PlantModel,
    table: pd.DataFrame,
    at: pd.Timestamp,
    *,
    twin: Twin | None = None,
    record: pd.DataFrame | None = None,
) -> Recommendation:
    """Recommendation from an interval table of the last hours and a decision model; the twin may object.

    record: a plant table in which precedents are looked for; by default that of `table`.
    """
    try:
        return _decided(site, model, table, at, twin, plant_table(site, table) if record is None else record)
    except Hold as reason:
        return _hold(site, at, str(reason), model)


def _decided(
    site: Site,
    model: PlantModel,
    table: pd.DataFrame,
    at: pd.Timestamp,
    twin: Twin | None,
    record: pd.DataFrame,
) -> Recommendation:
    now = situation(site, table, at)
    rows, expected = expectations(site, model, now)
    best = _best(site, rows, expected)
    if best == 0:
        raise Hold("no reachable setpoints inside the record are expected to need clearly less power")
    present, proposed = (_estimate(site, expected, row) for row in (0, best))
    opinion = _second_opinion(site, now, rows[best], twin)
    returning = not expected["eligible"].iloc[0]  # to where the record has been: no saving is at stake
    if opinion and not opinion.agrees and not returning:
        reason = f"the simulator does not confirm the move: {opinion.note}"
        return _hold(site, at, reason, model, present=present, proposed=proposed, twin=opinion)
    low_kw, high_kw = saving_interval_kw(site, model, now, rows[0], rows[best])
    moves = _moves(site, now, rows[best])
    return Recommendation(
        site=site.name,
        at=at.to_pydatetime(),
        action="change",
        reason=RETURN if returning else _reason(now, present, proposed),
        figure_name=figure_name(site),
        moves=moves,
        present=present,
        proposed=proposed,
        saving_kw=present.facility_kw - proposed.facility_kw,
        saving_low_kw=low_kw,
        saving_high_kw=high_kw,
        binding=binding(
            site, model, now, rows[best], inlet_high_c=site.envelope.rack_inlet_max_c - INLET_MARGIN_K
        ),
        precedent=precedent(site, model, now, rows[best], record),
        hold_if=hold_if(site, rows[best], record, least_kw=_hysteresis_kw(expected)),
        rollback=rollback(site, moves),
        twin=opinion,
        model_version=model.version,
    )


def _champion(site: Site, settings: Settings) -> PlantModel:
    try:
        return load_champion(site, settings, "decision")
    except ModelError as error:
        raise Hold(f"there is no model to ask: {error}") from error


def _best(site: Site, rows: np.ndarray, expected: pd.DataFrame) -> int:
    allowed = expected["eligible"].to_numpy()
    if RACK_INLET in expected:
        inlet_c, envelope = expected[RACK_INLET], site.envelope
        highest_c, lowest_c = envelope.rack_inlet_max_c - INLET_MARGIN_K, envelope.rack_inlet_min_c
        allowed = allowed & inlet_c.between(lowest_c, highest_c).to_numpy()
        if not allowed.any():
            raise Hold(f"no reachable setpoints keep the rack inlet in {lowest_c:g} to {highest_c:g} °C")
    bounds = Settable.of(site)
    moving_kw = MOVING_KW * (np.abs(rows - rows[0]) / (bounds.high - bounds.low)).sum(axis=1)
    return settle(
        expected["power_kw"].to_numpy() + moving_kw,
        expected["spread_kw"].to_numpy(),
        allowed,
        caution=CAUTION,
        hysteresis_kw=_hysteresis_kw(expected),
    )


def _hysteresis_kw(expected: pd.DataFrame) -> float:
    return min(HYSTERESIS_KW, HYSTERESIS_SHARE * float(expected["cooling_kw"].iloc[0]))


def _twin(site: Site, settings: Settings) -> Twin | None:
    try:
        return find_twin(site, settings)
    except ModelError as error:
        raise Hold(f"the second opinion cannot be asked: {error}") from error


def _second_opinion(
    site: Site, now: Situation, proposed: np.ndarray, twin: Twin | None
) -> SecondOpinion | None:
    if twin is None and (site.twin is None or not site.meters.it):
        return None
    from pipelines.learning.twin.second_opinion import second_opinion

    chosen = pd.Series(proposed, index=now.setpoints.index)
    return second_opinion(site, now.inputs, float(now.inputs["load_kw"]), now.setpoints, chosen, twin=twin)


def _estimate(site: Site, expected: pd.DataFrame, row: int) -> Estimate:
    of = expected.iloc[row]
    return Estimate(
        figure=float(of[OVERHEAD]) + (1.0 if site.meters.it else 0.0),
        cooling_kw=float(of["cooling_kw"]),
        facility_kw=float(of["power_kw"]),
        it_power_kw=float(of["load_kw"]) if site.meters.it else None,
        rack_inlet_c=float(of[RACK_INLET]) if RACK_INLET in expected else None,
    )


def _moves(site: Site, now: Situation, proposed: np.ndarray) -> list[Move]:
    moves = []
    for setpoint, name, goal in zip(site.setpoints, setpoint_names(site), proposed, strict=True):
        if goal != now.setpoints[name]:
            present = float(now.setpoints[name])
            moves.append(
                Move(
                    tag=setpoint.tag,
                    quantity=name,
                    unit=QUANTITIES[name].unit,
                    present=present,
                    proposed=float(goal),
                )
            )
    return moves


def _reason(now: Situation, present: Estimate, proposed: Estimate) -> str:
    wetbulb = now.inputs.get("outdoor_wetbulb_c", np.nan)
    weather = f" and {wetbulb:.1f} °C wetbulb" if np.isfinite(wetbulb) else ""
    inlet = (
        ""
        if proposed.rack_inlet_c is None
        else f", with the worst rack inlet at {proposed.rack_inlet_c:.1f} °C"
    )
    return (
        f"at {now.inputs['load_kw']:.0f} kW load{weather} the networks expect cooling power to go from "
        f"{present.cooling_kw:.1f} to {proposed.cooling_kw:.1f} kW{inlet}; the record has run like this before"
    )


def _hold(
    site: Site, at: pd.Timestamp, reason: str, model: PlantModel | None = None, **expected
) -> Recommendation:
    return Recommendation(
        site=site.name,
        at=at.to_pydatetime(),
        action="hold",
        reason=reason,
        figure_name=figure_name(site),
        model_version=model.version if model else None,
        **expected,
    )
