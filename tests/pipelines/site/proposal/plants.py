"""A made-up chilled-water plant whose readings fit each other, for tests of how its points are recognised.

No point of it is taken from a real site or from the simulator: loads, weather and machines are a few lines of physics.
"""

from dataclasses import dataclass

import numpy as np

ROWS, STEP_MINUTES = 1200, 30  # 25 days

PLANT = ("chiller_kw", "chw_pump_kw", "cw_pump_kw", "tower_fan_kw")


@dataclass(frozen=True)
class Made:
    """One point: what it is, of which machine, and its readings in the canonical unit.

    device, measure, index: what a style makes its tag from. quantity: None for what no quantity stands for.
    unit: of readings without a quantity.
    """

    device: str
    measure: str
    index: str
    quantity: str | None
    values: np.ndarray
    unit: str = ""


def times() -> np.ndarray:
    """The times of all readings, UTC."""
    return np.datetime64("2024-05-06") + np.arange(ROWS) * np.timedelta64(STEP_MINUTES, "m")


def made_points(seed: int, *, extras: bool = True) -> list[Made]:
    """Points of one plant: its size, climate, meters and habits by `seed`. extras: also what no quantity stands for."""
    rng = np.random.default_rng(seed)
    hours = np.arange(ROWS) * STEP_MINUTES / 60.0
    sun = np.sin(2 * np.pi * (hours - 9) / 24)
    slow = np.cumsum(rng.normal(0, 0.08, ROWS))
    noise = lambda size: rng.normal(0, size, ROWS)  # noqa: E731
    drybulb = rng.uniform(12, 28) + rng.uniform(3, 7) * sun + slow - slow.mean()
    rh = np.clip(0.62 - 0.02 * (drybulb - drybulb.mean()) + noise(0.03), 0.15, 0.99)
    wetbulb = drybulb - (1 - rh) * 0.35 * np.clip(drybulb + 5, 4, None)
    halls = "AB"
    day = {h: 1 + 0.08 * np.sin(2 * np.pi * (hours - rng.uniform(6, 14)) / 24) for h in halls}
    it = {h: rng.uniform(300, 1800) * day[h] + noise(5) for h in halls}
    total_it = sum(it.values())
    ups = {h: 0.045 * it[h] + 8 + noise(0.3) for h in halls}
    chw_sp = np.repeat(rng.choice((6.5, 7.0, 8.0, 9.5, 12.0), ROWS // 60), 60)
    cw_sp = np.repeat(rng.choice((20.0, 22.0, 24.0, 26.0), ROWS // 60), 60)
    air_sp = np.repeat(rng.choice((18.0, 20.0, 22.0), ROWS // 60), 60)
    chws = chw_sp + noise(0.15)
    load = total_it * 1.08 + noise(4)
    flow = load / 4.19 / rng.uniform(5, 7) * (1 + 0.05 * sun)
    chwr = chws + load / 4.19 / flow + noise(0.05)
    cws = np.maximum(cw_sp, wetbulb + 3.5) + noise(0.15)
    chiller = load / (9.5 - 0.18 * (cws - chws))
    cw_flow = (load + chiller) / 4.19 / rng.uniform(4.5, 5.5)
    cwr = cws + (load + chiller) / 4.19 / cw_flow
    share = {"1": 0.55 + 0.02 * sun, "2": 0.45 - 0.02 * sun}
    fans = {str(k): (1 + 0.05 * k) * 0.012 * total_it * (0.8 + 0.05 * sun) + noise(0.1) for k in (1, 2, 3)}
    speed = np.clip(0.65 + 0.15 * sun + noise(0.01), 0.2, 1.0)
    tower = {k: 0.010 * (load + chiller) * speed**3 * (1.1 if k == "1" else 0.9) + 0.2 for k in "12"}
    chwp = {k: 0.014 * load * (1.05 if k == "1" else 0.95) + noise(0.1) for k in "12"}
    cwp = {k: 0.016 * load * (1.02 if k == "1" else 0.98) + noise(0.1) for k in "12"}
    cooling = chiller + sum(tower.values()) + sum(chwp.values()) + sum(cwp.values()) + sum(fans.values())
    facility = total_it + sum(ups.values()) + cooling + 0.01 * total_it
    on = {"1": np.ones(ROWS), "2": (sun > -0.7).astype(float)}
    enable = np.repeat(rng.choice((0.0, 1.0), ROWS // 100), 100)
    inlet = {h: air_sp + 1.2 + noise(0.2) for h in halls}
    points = [
        Made("utility", "power", "", "facility_power_kw", facility + noise(4)),
        *(Made("hall", "power", h, "it_power_kw", it[h]) for h in halls),
        *(Made("ups", "loss", h, "ups_loss_kw", ups[h]) for h in halls),
        *(Made("chiller", "power", k, "chiller_kw", chiller * share[k]) for k in "12"),
        *(Made("chiller", "status", k, "chiller_on", on[k]) for k in "12"),
        *(Made("chwp", "power", k, "chw_pump_kw", chwp[k]) for k in "12"),
        *(Made("chwp", "speed", k, "chw_pump_speed_frac", speed + noise(0.02) * 0.5) for k in "12"),
        *(Made("cwp", "power", k, "cw_pump_kw", cwp[k]) for k in "12"),
        *(Made("tower", "power", k, "tower_fan_kw", tower[k]) for k in "12"),
        *(Made("tower", "speed", k, "tower_fan_speed_frac", speed + 0.01 * (k == "2")) for k in "12"),
        *(Made("crah", "power", k, "crah_fan_kw", fans[k]) for k in fans),
        *(Made("crah", "supply", k, "supply_air_c", air_sp + noise(0.2)) for k in fans),
        *(Made("crah", "return", k, "return_air_c", air_sp + 11 + noise(0.3)) for k in fans),
        *(Made("rack", "inlet", h, "rack_inlet_c", inlet[h]) for h in halls),
        Made("chw", "supply", "", "chw_supply_c", chws),
        Made("chw", "return", "", "chw_return_c", chwr),
        Made("chw", "flow", "", "chw_flow_kg_s", flow * 0.9982),
        Made("cw", "supply", "", "cw_supply_c", cws),
        Made("cw", "return", "", "cw_return_c", cwr),
        Made("outdoor", "drybulb", "", "outdoor_drybulb_c", drybulb),
        Made("outdoor", "wetbulb", "", "outdoor_wetbulb_c", wetbulb),
        Made("outdoor", "rh", "", "outdoor_rh_frac", rh),
        Made("crah", "supply sp", "", "supply_air_sp_c", air_sp),
        Made("chw", "supply sp", "", "chw_supply_sp_c", chw_sp),
        Made("cw", "supply sp", "", "cw_supply_sp_c", cw_sp),
        Made("wse", "enable", "", "economizer_enable", enable),
    ]  # fmt: skip
    points += [Made("rack", "outlet", h, "rack_outlet_c", inlet[h] + 10.5 + noise(0.3)) for h in halls]
    if seed % 3 == 2:  # a total beside its parts
        points += [Made("it", "power", "", None, total_it, "kW")]
    if seed % 3 == 0:  # one meter for the whole plant
        points = [p for p in points if p.quantity not in PLANT]
        points += [Made("plant", "power", "", "cooling_power_kw", cooling - sum(fans.values()) + noise(1))]
    if not extras:
        return points
    return [
        *points,
        *(Made("chiller", "amps", k, None, 1.7 * chiller * share[k], "A") for k in "12"),
        *(Made("chiller", "alarm", k, None, np.zeros(ROWS)) for k in "12"),
        *(Made("crah", "valve", k, None, 50 + 30 * sun + noise(1), "%") for k in fans),
        Made("chw", "delta", "", None, (chwr - chws) * 1.0, "K"),
        Made("hall", "rh", "A", None, 0.45 + noise(0.02), "frac"),
        Made("utility", "pf", "", None, 0.95 + noise(0.005)),
        Made("tower", "heat", "", None, (load + chiller) / 3.517, "RT"),
        Made("chiller", "hours", "1", None, 12_000 + hours, "h"),
    ]
