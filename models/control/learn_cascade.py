"""Learn a cascade from a site's plant table."""
import numpy as np
import jax.numpy as jnp
from models.control.cascade import FULL, MECHANICAL, MODES, PARTIAL, Cascade, Economizer
from models.control.surface import fit_surface, evaluate

MEMBERS = 5
STOPPED_SHARE = 0.05
INPUTS = {
    "chiller_kw": {MECHANICAL: ("load_kw", "chw_supply_c", "cw_supply_c"), PARTIAL: ("load_kw", "economizer_k", "chw_range_k"), FULL: ()},
    "cw_pump_kw": {MECHANICAL: ("load_kw",), PARTIAL: ("load_kw",), FULL: ("cw_flow_kg_s",)},
    "tower_fan_kw": {MECHANICAL: ("cw_approach_k", "outdoor_wetbulb_c", "load_kw"), PARTIAL: ("cw_approach_k", "outdoor_wetbulb_c"), FULL: ("cw_approach_k",)},
    "chw_pump_kw": {MECHANICAL: ("gap_k", "load_kw")},
    "crah_fan_kw": {MECHANICAL: ("load_kw", "rack_inlet_c")},
}

EASIER = {"gap_k": 1.0, "economizer_k": 1.0, "cw_flow_need": -1.0, "cw_flow_kg_s": -1.0, "cw_approach_k": 1.0, "cw_pull_k": 1.0}

def fit(names, columns, y, rows):
    x = np.stack([columns[n] for n in names], axis=1)
    ok = rows & np.isfinite(x).all(axis=1) & np.isfinite(y)
    return fit_surface(tuple(names), x[ok], y[ok], members=MEMBERS, easier=np.array([EASIER.get(n, 0.0) for n in names]))

def pred(s, columns):
    return np.asarray(evaluate(s, {n: columns[n] for n in s.inputs})).mean(axis=0)

def learn_cascade(c, settled, hours_step):
    """c: name -> (n,) plant columns. settled: bool (n,)."""
    c = dict(c)
    c["gap_k"] = c["supply_air_sp_c"] - c["chw_supply_sp_c"]
    c["chw_range_k"] = c["chw_return_c"] - c["chw_supply_c"]
    c["cw_approach_k"] = c["cw_supply_c"] - c["outdoor_wetbulb_c"]
    c["economizer_k"] = c["chw_supply_c"] - c["cw_supply_c"]
    over = c["chw_return_c"] - c["cw_supply_c"]
    c["cw_flow_need"] = c["load_kw"] / np.maximum(over, 1.0)
    on = c["economizer_enable"] > 0.5
    off = c["economizer_enable"] < 0.5
    running = np.nanmedian(c["chiller_kw"])
    disabled = fit(INPUTS["chiller_kw"][MECHANICAL], c, c["chiller_kw"], settled & off)
    share = 1 - c["chiller_kw"] / pred(disabled, c)
    full = on & (c["chiller_kw"] < STOPPED_SHARE * running)
    part = on & ~full & (share > 0.2)
    mech = on & ~full & ~part
    starts = float(np.nanquantile(over[mech & settled], 0.995))
    ek = c["economizer_k"]
    covers = float(np.nanquantile(ek[part & settled], 0.99))
    modes = {MECHANICAL: off | mech, PARTIAL: part, FULL: full}
    short = c["cw_supply_c"] - c["cw_supply_sp_c"]
    top = np.nanquantile(c["tower_fan_kw"], 0.999)
    flat_out = (c["tower_fan_kw"] > 0.97 * top) & settled
    easy = settled & (c["tower_fan_kw"] < 0.9 * top)
    offset = {m: jnp.float32(max(np.nanmedian(short[easy & modes[m]]), 0)) for m in MODES}
    approach = {m: fit(("outdoor_wetbulb_c",), c, c["cw_approach_k"], flat_out & modes[m]) for m in MODES}
    if approach[PARTIAL] is None: approach[PARTIAL] = approach[MECHANICAL]
    print({m: (float(offset[m]), int((flat_out & modes[m]).sum()), approach[m] and np.asarray(evaluate(approach[m], {"outdoor_wetbulb_c": np.array([-5.,0, 5, 10, 15])})).mean(0).round(1)) for m in MODES})
    approach[FULL] = approach[MECHANICAL]
    covers += 0.6
    kappa = np.nanmedian((c["cw_flow_kg_s"] / c["cw_flow_need"])[full & settled])
    print("kappa", kappa)
    meters = {}
    for name, by_mode in INPUTS.items():
        meters[name] = {}
        for m, inputs in by_mode.items():
            rows = settled & (modes[m] if len(by_mode) > 1 and inputs != ('cw_flow_kg_s',) else np.ones_like(on))
            meters[name][m] = fit(inputs, c, c[name], rows) if inputs else None
    losses = c["facility_kw"] - c["it_kw"] - c["cooling_kw"]
    meters["losses"] = {MECHANICAL: fit(("load_kw",), c, losses, settled)}
    floats = {"supply_air_c": fit(("gap_k", "load_kw"), c, c["supply_air_c"] - c["supply_air_sp_c"], settled)}
    rise = c["rack_inlet_c"] - c["supply_air_c"]
    info = dict(starts=starts, covers=covers, counts={m: int((settled & v).sum()) for m, v in modes.items()}, noise={n: {m: (None if s is None else round(float(s.noise), 2)) for m, s in v.items()} for n, v in meters.items()},
       float=float(floats["supply_air_c"].noise), approach={m: float(s.noise) for m, s in approach.items()})
    return Cascade(floats=floats, approach=approach, chw_range=fit(("gap_k", "load_kw"), c, c["chw_range_k"], settled),
        economizer=Economizer(jnp.float32(starts), jnp.float32(covers), jnp.float32(STOPPED_SHARE * running)), it_response=it_response(c, hours_step), meters=meters,
        offset_k=offset, kappa=jnp.float32(kappa), inlet_rise_k=jnp.float32(np.nanmedian(rise[settled])), inlet_noise_k=jnp.float32(np.nanstd(rise[settled]))), info

def stump(x, y):
    ok = np.isfinite(x); x, y = x[ok], y[ok]
    cuts = np.unique(np.round(x, 1))
    err = [np.mean(x[y == 1] <= t) + np.mean(x[y == 0] > t) for t in cuts]
    return float(cuts[int(np.argmin(err))])

def it_response(c, hours_step):
    """IT power over rack inlet, from changes over two hours."""
    lag = max(1, round(2 / hours_step))
    inlet, it = c["supply_air_c"] + np.nanmedian(c["rack_inlet_c"] - c["supply_air_c"]), c["it_kw"]
    knots = np.arange(np.floor(np.nanquantile(inlet, .001)) + 1, np.nanquantile(inlet, .999), 1.0)
    def B(t): return np.maximum(t[:, None] - np.r_[knots[0] - 1, knots], 0)
    dB = B(inlet)[lag:] - B(inlet)[:-lag]
    dy = it[lag:] - it[:-lag]
    k = round(168 / hours_step); phase = (np.arange(len(dy))) % k
    ok = np.isfinite(dB).all(1) & np.isfinite(dy) & (np.abs(dy) < 6 * np.nanstd(dy))
    sums = np.bincount(phase[ok], dy[ok], k); n = np.maximum(np.bincount(phase[ok], minlength=k), 1)
    dy = dy - (sums / n)[phase]
    m = np.stack([np.bincount(phase[ok], dB[ok][:, j], k) / n for j in range(dB.shape[1])], 1)
    dB = dB - m[phase]
    A = dB[ok]; pen = 20.0 * np.eye(A.shape[1])
    w = np.linalg.solve(A.T @ A + pen, A.T @ dy[ok])
    print("it response slopes", dict(zip(np.r_[knots[0]-1, knots].round(1), np.cumsum(w).round(1))))
    grid = np.linspace(np.nanquantile(inlet, .001), np.nanquantile(inlet, .999), 400)[:, None]
    return fit_surface(("rack_inlet_c",), np.r_[grid,grid,grid], np.tile(B(grid[:, 0]) @ w, 3), members=MEMBERS)
