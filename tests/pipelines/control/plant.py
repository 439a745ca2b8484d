"""A plant that does as it is told, through the historian's eyes, and days of decisions on it."""

from datetime import UTC, datetime, timedelta

import numpy as np

from pipelines.control.controller import Controller
from pipelines.control.orders import Orders
from pipelines.control.setup import parameters_of
from pipelines.operations.tag_controller import TagController
from pipelines.site.tags import setpoint_tags, tags_of

AT, STEP = datetime(2026, 1, 10, tzinfo=UTC), timedelta(minutes=15)
DAY = 96
NOISE = {"degC": 0.05, "degF": 0.1, "kW": 0.1}  # standard deviations of the meters


def row(site, setpoints: dict[str, float], **changed) -> dict[str, float]:
    """What the historian shows of a plant that does as it is told, in the tags' units."""
    usual = {
        "it_power_kw": 800.0, "ups_loss_kw": 45.0, "facility_power_kw": 1_850.0, "chiller_kw": 70.0,
        "tower_fan_kw": 5.0, "chw_pump_kw": 7.0, "cw_pump_kw": 28.0, "crah_fan_kw": 12.0,
        "rack_outlet_c": 33.0, "return_air_c": 32.0,
        "chw_flow_kg_s": 45.0, "cw_flow_kg_s": 100.0, "cw_return_c": 25.0, "outdoor_drybulb_c": 4.0,
        "outdoor_wetbulb_c": 2.0, "outdoor_rh_frac": 0.7,
    }  # fmt: skip
    values = {tag.quantity: tag.canonical(setpoints[tag.tag]) for _, tag in setpoint_tags(site)}
    usual |= {
        "supply_air_c": values["supply_air_sp_c"], "rack_inlet_c": values["supply_air_sp_c"] + 1.0,
        "chw_supply_c": values["chw_supply_sp_c"], "chw_return_c": values["chw_supply_sp_c"] + 9.0,
        "cw_supply_c": values["cw_supply_sp_c"],
    } | changed  # fmt: skip
    shown = {
        name: tag.exported(usual[tag.quantity])
        for name, tag in tags_of(site).items()
        if tag.quantity in usual
    }
    return shown | setpoints


def noisy(site, shown: dict[str, float], random: np.random.Generator) -> dict[str, float]:
    """The same through meters; setpoints are read back as they are."""
    setpoints = {tag.tag for _, tag in setpoint_tags(site)}
    units = {point.tag: point.unit for point in site.points}
    return {
        tag: value if tag in setpoints else value + NOISE.get(units[tag], 0.0) * random.standard_normal()
        for tag, value in shown.items()
    }


def controlled(site, cascade, orders=Orders, **more) -> TagController:
    """A new controller of a site, spoken to in tags."""
    return TagController(Controller(parameters_of(site, cascade, **more), orders=orders))


def defaults(site) -> dict[str, float]:
    return {tag.tag: tag.exported(setpoint.default) for setpoint, tag in setpoint_tags(site)}


def day(site, controller, spoil=lambda shown, k: shown, decisions=DAY, **changed) -> list[dict[str, float]]:
    """Setpoints of one day, the first the site's defaults."""
    history = [defaults(site)]
    for k in range(decisions):
        shown = spoil(row(site, history[-1], **changed), k)
        history.append(controller.decide(shown, AT + k * STEP))
    return history
