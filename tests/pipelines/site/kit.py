"""A site file that declares everything, as plain values to break one at a time."""

import copy
import tomllib
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.config import SITE_FOLDER
from pipelines.site import energyplus, safety
from pipelines.site.file import Site

SUPPLY, CHILLED, CONDENSER, SWITCH = range(4)  # its setpoints


def documented(module: Any, table: str) -> dict[str, Any]:
    """The example at the head of a module."""
    text = module.__doc__
    return tomllib.loads(text[text.index(f"\n[{table}]\n") :])[table]


def declaring() -> dict[str, Any]:
    """The referee's site with every optional table, and the tables that its modules document."""
    site = tomllib.loads((SITE_FOLDER / "referee.toml").read_text(encoding="utf-8"))
    for point in site["points"]:
        if point["quantity"] == "it_power_kw":
            point |= {"low": 0.0, "high": 3_000.0, "stuck_hours": 24.0, "impute": "last", "impute_hours": 2.0}
        if point["quantity"] == "facility_power_kw":
            point |= {"unit": "kWh", "reading": "counter", "rollover": 1e6}
    for setpoint in site["setpoints"]:
        setpoint |= {"auto_min": setpoint["min"], "auto_max": setpoint["max"]}
    site["setpoints"][SWITCH] |= {"min_on_minutes": 30, "min_off_minutes": 30}
    site["sources"][0] |= {"clock_offset_minutes": 2.0, "sentinels": [-99.0]}
    plant = documented(energyplus, "energyplus")
    plant["setpoints"][0] |= {"tag": "PLANT.CHWS_SP_C"}
    plant["readings"] = [
        plant["readings"][0] | {"tag": tag, "variables": plant["readings"][0]["variables"]}
        for tag in ("CHWS_C", "IT_KW", "coil", "chiller", "exchanger")
    ]
    return site | {
        "safety": documented(safety, "safety") | {
            "confidence": {"spread_share": 0.5, "outside": 3.0, "surprise_k": 2.0, "surprise_share": 0.5}
        },
        "energyplus": plant,
        "tariff": {"per_kwh": 0.1, "peak_per_kwh": 0.2, "peak_from_hour": 8, "peak_to_hour": 20},
        "control": {"caution": 1.0},
        "twin": {"it_kw": 2000, "halls": 2, "chiller_cop": 6.0, "economizer.lockout_difference_k": 2.0},
        "effects": [
            {"of": "cw_supply_c", "on": "chiller_kw", "low_percent_per_k": 1.0, "high_percent_per_k": 6.0}
        ],
        "envelope": site["envelope"] | {"dew_point_max_c": 15.0},
    }  # fmt: skip


def numbers(value: Any, path: tuple = ()) -> list[tuple]:
    """Paths of all numbers below a value."""
    if isinstance(value, dict):
        return [found for key, each in value.items() for found in numbers(each, (*path, key))]
    if isinstance(value, list):
        return [found for index, each in enumerate(value) for found in numbers(each, (*path, index))]
    return [path] if isinstance(value, int | float) and not isinstance(value, bool) else []


def changed(site: dict[str, Any], path: tuple, value: Any) -> dict[str, Any]:
    """A copy with one value changed or added."""
    site = copy.deepcopy(site)
    below = site
    for key in path[:-1]:
        below = below.setdefault(key, {}) if isinstance(below, dict) else below[key]
    below[path[-1]] = value
    return site


def refused(site: dict[str, Any], because: str) -> None:
    """The site is refused with these words."""
    with pytest.raises(ValidationError) as error:
        Site.model_validate(site)
    assert because in str(error.value)
