"""What the last interval says about the next: corrections for a plant that does not do quite as learned.

Offset-free predictive control (Pannocchia and Rawlings 2003, AIChE Journal 49(2)): what was measured less what was
expected is carried forward, slowly and within bounds.
"""

from dataclasses import dataclass, replace

import numpy as np

# Engineering judgement; the closed loop that they are part of was developed on the EnergyPlus referee plant, weeks in
# Boulder and Chicago.
GAIN = 0.3  # of what is new
FORGETTING = 0.97  # per decision while nothing is learned
MOST_REACH_K = 3.0
INLET_GAIN, INLET_FORGETTING, INLET_SCATTER_K, MOST_INLET_K = 1.0, 0.998, 0.1, 4.0
SHORT_K = 0.1  # of condenser water over what was asked: the towers are at their stop
EXCESS_USUAL, EXCESS_SHARE = (
    0.06,
    0.1,
)  # of usual, of present cooling power; the smaller is worth trying to leave
PATIENCE = 3  # decisions in a row


@dataclass(frozen=True)
class Expected:
    """What was expected of the interval that has just passed.

    spread_kw: standard deviation of the members' power. outside: how far it lay beyond the record, standard deviations.
    """

    cw_supply_c: float
    short_k: float
    rack_inlet_c: float
    cooling_kw: float
    mode: int
    spread_kw: float = 0.0
    outside: float = 0.0


@dataclass(frozen=True)
class Feedback:
    """What has been learned since the start.

    reach_bias_k: towers reach this much less than learned. inlet_bias_k: the worst inlet is this much warmer.
    excess_kw: measured over expected cooling power of the last decisions with chillers stopped as expected.
    """

    reach_bias_k: float = 0.0
    inlet_bias_k: float = 0.0
    excess_kw: tuple[float, ...] = ()

    def after(
        self,
        expected: Expected,
        *,
        cw_supply_c: float,
        rack_inlet_c: float,
        cooling_kw: float,
        mode_as_expected: bool,
    ) -> "Feedback":
        """Feedback with one more interval; NaN where nothing was measured."""
        reach = self.reach_bias_k * FORGETTING
        if expected.short_k > SHORT_K and np.isfinite(cw_supply_c):
            error_k = float(np.clip(cw_supply_c - expected.cw_supply_c, -2.0, 2.0))
            reach = float(np.clip(self.reach_bias_k + GAIN * error_k, -MOST_REACH_K, MOST_REACH_K))
        inlet = self.inlet_bias_k * INLET_FORGETTING
        if np.isfinite(rack_inlet_c):
            # Warmer than expected is believed at once, colder only slowly: one of them leaves the envelope.
            warmer_k = float(np.clip(rack_inlet_c - expected.rack_inlet_c - INLET_SCATTER_K, 0.0, 2.0))
            inlet = float(np.clip(inlet + INLET_GAIN * warmer_k, 0.0, MOST_INLET_K))
        excess = cooling_kw - expected.cooling_kw if mode_as_expected and np.isfinite(cooling_kw) else 0.0
        return replace(
            self, reach_bias_k=reach, inlet_bias_k=inlet, excess_kw=(*self.excess_kw, excess)[-PATIENCE:]
        )

    def stuck(self, cooling_kw: float, usual_kw: float) -> bool:
        """Whether the plant has needed clearly more than expected for a while: a costlier branch of the same mode."""
        least = min(EXCESS_USUAL * usual_kw, EXCESS_SHARE * max(cooling_kw, 0.0))
        return len(self.excess_kw) == PATIENCE and min(self.excess_kw) > least
