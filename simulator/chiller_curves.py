"""Performance curves of the default chiller, in the DOE-2 form."""

import numpy as np

from simulator.constants import ZERO_CELSIUS_K

REFERENCE_CHW_C = 6.67  # AHRI 550/590 rating point, 44 °F
REFERENCE_CW_C = 29.44  # same, 85 °F
# EnergyPlus data set Chillers.idf, "McQuay PFH 2124kW/6.03COP", EIRFPLR
PART_LOAD_CURVE = np.array([0.1051419, 0.2033679, 0.6902026])


def input_curve(cop: float) -> np.ndarray:
    """DOE-2 EIRFT fitted to a machine with a fixed loss and a fixed share of Carnot.

    Published curves stop at 10 °C chilled water; a data center uses 8-20 °C. So the curve comes from
    `1/COP = a + (T_cond - T_evap) / (b T_evap)` (Gordon and Ng, Cool Thermodynamics, 2000, ch. 4, constant
    internal losses), refrigerant 7 K over entering condenser water, 1.5 K under chilled water, `a` = 0.04.
    """
    fixed_loss = 0.04

    def carnot_input(chw_c: np.ndarray | float, cw_c: np.ndarray | float) -> np.ndarray:
        evaporating_k = np.asarray(chw_c) - 1.5 + ZERO_CELSIUS_K
        return (np.asarray(cw_c) + 7.0 + ZERO_CELSIUS_K - evaporating_k) / evaporating_k

    share = carnot_input(REFERENCE_CHW_C, REFERENCE_CW_C) / (1 / cop - fixed_loss)
    chw, cw = _curve_grid()
    return _fitted_biquadratic(cop * (fixed_loss + carnot_input(chw, cw) / share), chw, cw)


def capacity_curve() -> np.ndarray:
    """DOE-2 CAPFT: 2 % more per K of warmer chilled water (vapour density), 0.8 % less per K of lift."""
    chw, cw = _curve_grid()
    return _fitted_biquadratic(1 + 0.02 * (chw - REFERENCE_CHW_C) - 0.008 * (cw - REFERENCE_CW_C), chw, cw)


def _curve_grid() -> tuple[np.ndarray, np.ndarray]:
    chw, cw = np.meshgrid(np.linspace(5.0, 20.0, 16), np.linspace(14.0, 36.0, 23))
    sensible = cw >= chw + 2
    return chw[sensible], cw[sensible]


def _fitted_biquadratic(values: np.ndarray, chw_c: np.ndarray, cw_c: np.ndarray) -> np.ndarray:
    terms = np.stack([np.ones_like(chw_c), chw_c, chw_c**2, cw_c, cw_c**2, chw_c * cw_c], axis=1)
    return np.linalg.lstsq(terms, values, rcond=None)[0]


def of_leaving_water(curve: np.ndarray, rise_k: float) -> np.ndarray:
    """The biquadratic of chilled and *leaving* condenser water that equals `curve` where water rises by `rise_k`."""
    c, d = curve, rise_k
    return np.array([c[0] - c[3] * d + c[4] * d**2, c[1] - c[5] * d, c[2], c[3] - 2 * c[4] * d, c[4], c[5]])


def part_load_of_leaving_water() -> np.ndarray:
    """`PART_LOAD_CURVE` as a bicubic of leaving condenser water and part-load ratio, the same at any water."""
    c = PART_LOAD_CURVE
    return np.array([c[0], 0.0, 0.0, c[1], c[2], 0.0, 0.0, 0.0, 0.0, 0.0])
