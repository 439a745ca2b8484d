"""A year's quarter of telemetry of a chilled-water plant with an economizer, by textbook relations and a seed.

Coil: supply air floats where chilled water comes closer than 6 K. Tower: approach 6 K at no more than full fan.
Economizer: carries heat where condenser water is 3 K below the return; chillers stop where it is below the supply.
"""

import numpy as np

ROWS, STEP_HOURS = 6_000, 0.25
OFFSET_K = 1.0  # of condenser water over its setpoint while economizer and chillers share it
APPROACH_K = {"chillers": 5.0, "both": 7.0}


def setpoints(random: np.random.Generator, rows: int = ROWS) -> dict[str, np.ndarray]:
    """Setpoints that operators hold for half a day: supply air, chilled water at least 5 K below, condenser water."""
    held = 48
    count = -(-rows // held)
    air = random.uniform(18.0, 26.0, count)
    drawn = {
        "supply_air_sp_c": air,
        "chw_supply_sp_c": np.minimum(random.uniform(7.0, 20.0, count), air - 5.0),
        "cw_supply_sp_c": random.uniform(6.0, 30.0, count),
        "economizer_enable": (random.random(count) < 0.6).astype(float),
    }
    return {name: np.repeat(values, held)[:rows] for name, values in drawn.items()}


def record(seed: int = 0, rows: int = ROWS) -> dict[str, np.ndarray]:
    """Plant columns (n,) at a quarter of an hour."""
    random = np.random.default_rng(seed)
    hour = np.arange(rows) * STEP_HOURS
    c = setpoints(random, rows)
    wetbulb = 6.0 + 9.0 * np.sin(2 * np.pi * hour / 700.0) + 3.0 * np.sin(2 * np.pi * hour / 24.0)
    compute_kw = 1_500.0 + 200.0 * np.sin(2 * np.pi * (hour - 9.0) / 24.0) + random.normal(0.0, 5.0, rows)
    gap = c["supply_air_sp_c"] - c["chw_supply_sp_c"]
    air = c["supply_air_sp_c"] + np.maximum(6.0 - gap, 0.0)
    inlet = air + 1.0
    it = compute_kw + 8.0 * np.maximum(inlet - 24.0, 0.0) ** 1.5
    range_k = 5.0 + 0.5 * np.minimum(gap, 10.0)
    chw, ret = c["chw_supply_sp_c"], c["chw_supply_sp_c"] + range_k
    on = c["economizer_enable"] > 0.5
    alone = np.maximum(c["cw_supply_sp_c"], wetbulb + APPROACH_K["chillers"])
    both = np.maximum(c["cw_supply_sp_c"] + OFFSET_K, wetbulb + APPROACH_K["both"])
    carries = on & (ret - alone > 3.0)
    full = carries & (chw - both > 0.0)
    partial = carries & ~full
    cw = np.where(partial, both, alone)
    share = np.where(partial, np.clip((cw - chw) / range_k, 0.1, 0.7), 1.0)
    lift = np.maximum(cw - chw, 2.0)
    chiller = np.where(full, 0.0, share * it * (0.05 + 0.006 * lift))
    flow = np.where(full, it / 4.2 / np.maximum(ret - cw, 1.0), np.where(partial, 200.0, 100.0))
    limit = wetbulb + np.where(partial, APPROACH_K["both"], APPROACH_K["chillers"])
    fan = np.where(cw <= limit + 1e-9, 40.0, 40.0 / (1.0 + (cw - limit)))
    noise = lambda sigma: random.normal(0.0, sigma, rows)  # noqa: E731
    power = {
        "chiller_kw": chiller + noise(0.3),
        "tower_fan_kw": fan + noise(0.1),
        "cw_pump_kw": 0.28 * flow + noise(0.1),
        "chw_pump_kw": 60.0 / range_k + noise(0.1),
        "crah_fan_kw": 20.0 * (it / 1_500.0) ** 3 + noise(0.1),
    }
    cooling = sum(power.values())
    return c | power | {
        "load_kw": it, "it_kw": it, "cooling_kw": cooling, "facility_kw": 1.06 * it + cooling,
        "losses_kw": 0.06 * it, "outdoor_wetbulb_c": wetbulb + noise(0.1),
        "supply_air_c": air + noise(0.05), "rack_inlet_c": inlet + noise(0.05),
        "chw_supply_c": chw + noise(0.05), "chw_return_c": ret + noise(0.05),
        "cw_supply_c": cw + noise(0.05), "cw_return_c": cw + 5.0, "cw_flow_kg_s": flow + noise(0.2),
    }  # fmt: skip


def two_halls(*, together: bool = False, seed: int = 0, rows: int = ROWS) -> dict[str, np.ndarray]:
    """The same plant with a supply-air setpoint for each of two halls; the plant answers to their mean.

    Hall A's inlet stands 1 K over its own supply air, hall B's 3 K. Its chilled-water pumps are ten times as large, so
    that warmer supply air saves kilowatts. together: operators always moved both alike.
    """
    c = record(seed, rows)
    more_kw = 9.0 * c["chw_pump_kw"]
    c |= {name: c[name] + more_kw for name in ("chw_pump_kw", "cooling_kw", "facility_kw")}
    random = np.random.default_rng(seed + 1)
    held = np.repeat(random.uniform(-2.0, 2.0, -(-rows // 48)), 48)[:rows] * (0.0 if together else 1.0)
    gap = c["supply_air_sp_c"] - c["chw_supply_sp_c"]
    for hall, half_k, over_k in (("hall_a", held, 1.0), ("hall_b", -held, 3.0)):
        setpoint = c["supply_air_sp_c"] + half_k
        starved_k = np.maximum(6.0 - gap - half_k, 0.0)
        c[f"supply_air_sp_c:{hall}"] = setpoint
        c[f"rack_inlet_c:{hall}"] = setpoint + starved_k + over_k + random.normal(0.0, 0.05, rows)
    c["rack_inlet_c"] = np.maximum(c["rack_inlet_c:hall_a"], c["rack_inlet_c:hall_b"])
    return c


METERS = ("chiller_kw", "tower_fan_kw", "cw_pump_kw", "chw_pump_kw", "crah_fan_kw")
