"""Plants that record, name and count otherwise, on the physics of `tests.models.cascade.records`."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from models.cascade.cascade import Cascade
from pipelines.control.optimizer.moment import Moment, OptimizerMemory
from pipelines.control.orders import Orders, bounds_of
from pipelines.control.sensing.sensing import SensingMemory
from pipelines.control.setup import parameters_of
from pipelines.learning.cascade.training import learn_site
from pipelines.site.file import Site
from pipelines.site.tags import setpoint_tags, tags_of
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.readings import TagReader
from tests.models.cascade.records import record
from tests.pipelines.telemetry.ingest.kit import point, site_of

AT = datetime(2026, 1, 10, tzinfo=UTC)
POWERS = ("chiller_kw", "tower_fan_kw", "chw_pump_kw", "cw_pump_kw", "crah_fan_kw")
STATES = (
    "supply_air_c", "rack_inlet_c", "chw_supply_c", "chw_return_c", "cw_supply_c", "cw_return_c",
    "outdoor_wetbulb_c",
)  # fmt: skip
SETPOINTS = {
    "supply_air_sp_c": (18.0, 26.0, 2.0, 20.0),
    "chw_supply_sp_c": (7.0, 20.0, 2.0, 12.0),
    "cw_supply_sp_c": (6.0, 30.0, 4.0, 21.0),
    "economizer_enable": (0.0, 1.0, 1.0, 0.0),
}
COLD = {"outdoor_wetbulb_c": 2.0}


def plant_site(
    *,
    without: tuple[str, ...] = (),
    interval_minutes: int = 15,
    units: dict[str, dict[str, str]] | None = None,
    powers: tuple[str, ...] = POWERS,
    **more,
) -> Site:
    """One hall with one meter of each kind, tags of its own, and whatever it does not record left out."""
    names = ["it_power_kw", *powers, *STATES, "cw_flow_kg_s", *SETPOINTS]
    kept = [name for name in names if name not in without]
    extra = {"cw_flow_kg_s": {"unit": "kg/s"}} | (units or {})
    chosen = [
        {
            "tag": f"BMS/{name}", "min": low, "max": high, "slew_per_hour": slew, "default": default,
            "kind": "binary" if name == "economizer_enable" else "continuous",
        }
        for name, (low, high, slew, default) in SETPOINTS.items()
        if name in kept
    ]  # fmt: skip
    described = {
        "interval_minutes": interval_minutes,
        "meters": {
            "it": ["it_power_kw"],
            "cooling": list(powers),
            "pue_category": 2,
            "boundary": "hall and plant",
        },
        "setpoints": chosen,
    }
    return site_of(
        *(point(f"BMS/{name}", name, **extra.get(name, {})) for name in kept), **(described | more)
    )


def table_of(site: Site, scale: float = 1.0, rows: int = 4_000) -> pd.DataFrame:
    """The store's table of a plant `scale` times as large."""
    columns = record(rows=rows)
    columns |= {"it_power_kw": columns["it_kw"], "cooling_power_kw": columns["cooling_kw"]}
    large = {name for name in columns if name.endswith(("_kw", "_kg_s"))}
    times = pd.date_range("2025-09-01", periods=rows, freq=site.interval, tz="UTC", name="time")
    return pd.DataFrame(
        {
            each.column: columns[each.quantity] * (scale if each.quantity in large else 1.0)
            for each in site.points
        },
        index=times,
    )


def learned(site: Site, scale: float = 1.0) -> Cascade:
    return learn_site(site, plant_table(site, table_of(site, scale))).cascade


def defaults(site: Site) -> dict[str, float]:
    return {tag.tag: tag.exported(setpoint.default) for setpoint, tag in setpoint_tags(site)}


def shown(site: Site, setpoints: dict[str, float], scale: float = 1.0, **changed: float) -> dict[str, float]:
    """A row of the site's historian, in its tags' units: the plant does as it is told."""
    told = {tag.quantity: tag.canonical(setpoints[tag.tag]) for _, tag in setpoint_tags(site)}
    air, chw = told.get("supply_air_sp_c", 20.0), told.get("chw_supply_sp_c", 12.0)
    usual = {
        "it_power_kw": 1_600.0, "chiller_kw": 140.0, "tower_fan_kw": 5.0, "chw_pump_kw": 7.0, "cw_pump_kw": 28.0,
        "crah_fan_kw": 24.0, "cooling_power_kw": 204.0, "cw_flow_kg_s": 100.0,
    }  # fmt: skip
    values = {name: scale * value for name, value in usual.items()} | {
        "supply_air_c": air, "rack_inlet_c": air + 1.0, "chw_supply_c": chw, "chw_return_c": chw + 9.0,
        "cw_supply_c": told.get("cw_supply_sp_c", 21.0), "cw_return_c": 26.0, "outdoor_wetbulb_c": 2.0,
    } | changed  # fmt: skip
    row = {
        name: tag.exported(values[tag.quantity])
        for name, tag in tags_of(site).items()
        if tag.quantity in values
    }
    return row | setpoints


def target_of(site: Site, cascade: Cascade, scale: float = 1.0, **changed: float) -> dict[str, float]:
    """Setpoints that the optimizer aims at after an hour of the same readings, by name."""
    params, reader = parameters_of(site, cascade), TagReader(site)
    assert params.model is not None
    bounds, memory, sensing = bounds_of(site, params.setpoints, Orders()), OptimizerMemory(), SensingMemory()
    for number in range(4):
        at = AT + number * site.interval.to_pytimedelta()
        readings = reader.read(shown(site, defaults(site), scale, **changed), at)
        sensing, sensed = params.sensing.take(sensing, readings)
        moment = Moment(
            at,
            sensed.quantities,
            sensing.history,
            present=bounds.default,
            most=bounds.slew_per_hour * 0.25,
            bounds=bounds,
            rule=bounds.default,
        )
        memory, chosen = params.model.optimizer.choose(memory, moment)
        assert chosen is not None
        assert np.isfinite(chosen.values).all()
    return dict(zip(params.setpoints.names, chosen.goal.tolist(), strict=True))
