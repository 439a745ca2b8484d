"""Setpoints that are safe to try at a site without trials in its record: from the envelope and the coils' record."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.setpoints import quantity_of
from pipelines.site.file import Site

INLET_MARGIN_K = 1.5  # below the envelope: offsets vary from hour to hour and season to season
COLD_MARGIN_K = 0.5
REACHABLE_APPROACH_K = 3.0  # an ordinary tower at part load; colder setpoints only run its fans at full speed
EXCHANGER_LEAD_K = 3.0  # tower water below chilled-water return, for an exchanger to take heat at all
LOWEST_DIFFERENCE_K = 5.0  # supply air above chilled water, where the record does not show what coils can do
ECONOMIZER, SUPPLY, CHILLED, TOWER = (
    "economizer_enable", "supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c",
)  # fmt: skip


@dataclass(frozen=True)
class TrialEnvelope:
    """What is safe to try; `reasons` gives the basis of each rule in words.

    offset_k: rack inlet over supply air, high and low. floor_k: how far above chilled water the coils can bring
    supply air with no more water than the record has seen.
    """

    highest_supply_c: float
    lowest_supply_c: float
    floor_k: float
    return_rise_k: float
    reasons: tuple[str, ...]

    def allowed(
        self, setpoints: dict[str, np.ndarray], warm_wetbulb_c: float, cold_wetbulb_c: float
    ) -> np.ndarray:
        """Whether each setting is safe and makes sense between a cold and a warm hour of its season: (m,).

        setpoints: by name, (m,) each; where several share a quantity, all of them must be.
        """
        some = next(iter(setpoints.values()))
        fine = np.ones(len(some), bool)
        chilled_c = _highest(setpoints, CHILLED)
        for supply_c in _all_of(setpoints, SUPPLY):
            reached_c = supply_c
            if chilled_c is not None:  # starved coils let supply air float above its setpoint
                reached_c = np.maximum(reached_c, chilled_c + self.floor_k)
            fine &= (reached_c <= self.highest_supply_c) & (supply_c >= self.lowest_supply_c)
        for tower_c in _all_of(setpoints, TOWER):
            fine &= tower_c >= cold_wetbulb_c + REACHABLE_APPROACH_K
        enabled = _highest(setpoints, ECONOMIZER)
        if enabled is not None:
            fine &= (enabled < 0.5) | self._helps(setpoints, warm_wetbulb_c, len(some))
        return fine

    def _helps(self, setpoints: dict[str, np.ndarray], wetbulb_c: float, count: int) -> np.ndarray:
        """Whether the economizer could take any heat; otherwise a trial of it is useless."""
        chilled_c, tower_c = _highest(setpoints, CHILLED), _highest(setpoints, TOWER)
        if chilled_c is None:
            return np.ones(count, bool)
        water_c = np.maximum(-np.inf if tower_c is None else tower_c, wetbulb_c + REACHABLE_APPROACH_K)
        return water_c + EXCHANGER_LEAD_K <= chilled_c + self.return_rise_k


def _all_of(setpoints: dict[str, np.ndarray], quantity: str) -> list[np.ndarray]:
    return [values for name, values in setpoints.items() if quantity_of(name) == quantity]


def _highest(setpoints: dict[str, np.ndarray], quantity: str) -> np.ndarray | None:
    """The highest (m,) of the quantity's setpoints; None where there is none."""
    values = _all_of(setpoints, quantity)
    return np.max(values, axis=0) if values else None


def trial_envelope(site: Site, plant: pd.DataFrame) -> TrialEnvelope:
    """The envelope of trials from a plant table (`plant_table`); cautious values where something is not measured."""
    high_k, low_k, offset_reason = _inlet_offsets(plant)
    floor_k, floor_reason = _coil_floor_k(plant)
    envelope = site.envelope
    highest_c = envelope.rack_inlet_max_c - INLET_MARGIN_K - high_k
    lowest_c = envelope.rack_inlet_min_c + COLD_MARGIN_K - low_k
    rise_k = _quantile(_difference(plant, "chw_return_c", "chw_supply_c"), 0.5, otherwise=6.0)
    reasons = (
        f"supply air {lowest_c:.1f} to {highest_c:.1f} °C keeps rack inlets inside the envelope: {offset_reason}",
        floor_reason,
        f"tower water at least {REACHABLE_APPROACH_K:g} K above wetbulb; the economizer only where tower water is "
        f"{EXCHANGER_LEAD_K:g} K colder than chilled-water return",
    )
    return TrialEnvelope(highest_c, lowest_c, floor_k, rise_k, reasons)


def _inlet_offsets(plant: pd.DataFrame) -> tuple[float, float, str]:
    offset = _difference(plant, "rack_inlet_c", "supply_air_c")
    if offset.empty:
        return 4.0, 0.0, "inlet over supply air is not measured and taken as 0 to 4 K"
    high, low = _quantile(offset, 0.99), _quantile(offset, 0.01)
    return high, low, f"inlets were {low:.1f} to {high:.1f} K above supply air"


def _coil_floor_k(plant: pd.DataFrame) -> tuple[float, str]:
    """Least supply air over chilled water that the record's largest water flow can hold.

    Effectiveness on the air side, E = (return air - supply air) / (return air - chilled water), at full flow
    grows at least with the water's share of heat capacity until both flows balance (Incropera, ch. 11); the
    record's own E at its largest flows is therefore a cautious figure for what those flows reach.
    """
    flow = plant.get("chw_flow_kg_s", pd.Series(dtype=float))
    rise = _difference(plant, "return_air_c", "supply_air_c")
    lift = _difference(plant, "return_air_c", "chw_supply_c")
    both = pd.concat([flow, rise, lift], axis=1, keys=["flow", "rise", "lift"]).dropna()
    both = both[(both["flow"] > 0) & (both["lift"] > 1.0) & (both["rise"] > 1.0)]
    if len(both) < 100:
        return LOWEST_DIFFERENCE_K, (
            f"supply air at least {LOWEST_DIFFERENCE_K:g} K above chilled water: coils are not measured"
        )
    busiest = both[both["flow"] >= both["flow"].quantile(0.98)]
    effectiveness = float((busiest["rise"] / busiest["lift"]).median())
    rise_k = float(both["rise"].quantile(0.95))
    floor_k = rise_k / effectiveness - rise_k
    return floor_k, (
        f"coils hold supply air {floor_k:.1f} K above chilled water with water flows already seen "
        f"(air-side effectiveness {effectiveness:.2f})"
    )


def _difference(plant: pd.DataFrame, warm: str, cold: str) -> pd.Series:
    if warm not in plant or cold not in plant:
        return pd.Series(dtype=float)
    return (plant[warm] - plant[cold]).dropna()


def _quantile(values: pd.Series, share: float, otherwise: float = np.nan) -> float:
    return float(values.quantile(share)) if len(values) else otherwise
