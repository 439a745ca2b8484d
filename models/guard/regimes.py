"""Regimes that are judged apart: bands of weather, which nobody chooses."""

import math

WIDTH_K = 8.0  # the economizer's season, the time between, the chillers' season, and beyond


def regime_of(wetbulb_c: float) -> str:
    """The band of outdoor wetbulb, measured or estimated, in words."""
    if not math.isfinite(wetbulb_c):
        return "weather unknown"
    low = math.floor(wetbulb_c / WIDTH_K) * WIDTH_K
    return f"wetbulb {low:.0f} to {low + WIDTH_K:.0f} °C"
