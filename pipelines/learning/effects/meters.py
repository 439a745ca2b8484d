"""Each power meter of the cooling plant with the few inputs that it depends on: rows to learn effects from.

A model of everything recorded attributes to a setpoint what only moves with it: condenser water follows the
weather, flows follow the load. A machine depends only on what flows into it, so a model of its meter needs no more;
and what follows from a setpoint (flows, speeds) is no input, so that an effect is the total effect of the setpoint.
The chiller's inputs are those of DOE-2 and EnergyPlus (Hydeman and Gillespie 2002, ASHRAE Transactions 108(1)).
"""

from dataclasses import dataclass

import pandas as pd

from models.efficiency.learn import Rows
from pipelines.errors import ModelError
from pipelines.learning.efficiency.dataset import usable
from pipelines.site.declared_effects import KnownEffect, effects_on, per_load
from pipelines.site.file import Site, cooling_quantities
from pipelines.site.setpoints import aliased

SINK = ("cw_supply_c", "outdoor_drybulb_c", "outdoor_wetbulb_c")  # what condensers reject to, best first
REST = "rest_kw"
LEAST_REST = 0.02  # of cooling power: less is rounding of meters
ANSWERS_TO: dict[str, tuple[str, ...]] = {
    "chiller_kw": ("load_kw", "chw_supply_c", "sink", "chiller_on", "chillers_available_sp", "economizer_enable"),
    "chw_pump_kw": ("load_kw", "chw_supply_c", "supply_air_c", "chiller_on"),
    "secondary_pump_kw": ("load_kw", "chw_supply_c", "supply_air_c"),
    "cw_pump_kw": ("load_kw", "chiller_on", "chillers_available_sp", "economizer_enable"),
    "tower_fan_kw": ("load_kw", "cw_supply_c", "outdoor_wetbulb_c", "economizer_enable"),
    "crah_fan_kw": ("load_kw", "supply_air_c", "airflow_ratio_sp"),
}  # fmt: skip


@dataclass(frozen=True)
class Meters:
    """Rows whose targets are the meters' powers per kW of load, and what was left out.

    index (n,): time of each row. names: of the meters, in the order of the targets.
    """

    rows: Rows
    index: pd.DatetimeIndex
    names: tuple[str, ...]
    notes: list[str]


def meter_rows(site: Site, plant: pd.DataFrame) -> Meters:
    """Rows of a plant table (as `plant_table` gives it). Raises ModelError where nothing is left."""
    plant = pd.DataFrame(aliased({str(name): plant[name] for name in plant}))
    plant = plant[plant["figure"].notna()]
    power_kw = _powers(site, plant)
    targets, notes = usable(power_kw, [str(name) for name in power_kw.columns])
    wanted = {meter: _resolved(plant, ANSWERS_TO.get(meter, ())) for meter in targets}
    wanted = {meter: names or _everything(plant) for meter, names in wanted.items()}
    inputs, unused = usable(plant, list(dict.fromkeys(name for names in wanted.values() for name in names)))
    kept = plant.index[plant[inputs].notna().all(axis=1) & power_kw[targets].notna().all(axis=1)]
    if len(kept) == 0 or "load_kw" not in inputs:
        raise ModelError(
            f'site "{site.name}" has no row with load, temperatures and power together ({len(plant)} rows); '
            f"see: coldaisle quality --site {site.name}"
        )
    names = tuple(per_load(meter) for meter in targets)
    declared = [_by_temperature(effect, inputs) for effect in site.effects]
    effects, not_kept = effects_on(declared, tuple(inputs), names, {})
    load_kw = plant.loc[kept, "load_kw"].to_numpy(dtype=float)
    rows = Rows(
        inputs=tuple(inputs),
        targets=names,
        x=plant.loc[kept, inputs].to_numpy(dtype=float),
        y=power_kw.loc[kept, targets].to_numpy(dtype=float) / load_kw[:, None],
        load_kw=load_kw,
        hidden={per_load(meter): frozenset(inputs) - set(wanted[meter]) for meter in targets},
        effects=effects,
    )
    return Meters(rows, pd.DatetimeIndex(kept), tuple(targets), [*notes, *unused, *not_kept])


def temperature_of(name: str, inputs: tuple[str, ...] | list[str]) -> str:
    """The input through which a setpoint acts: the temperature that it sets, where that is an input."""
    felt = name.replace("_sp_c", "_c")
    return felt if felt in inputs else name


def _powers(site: Site, plant: pd.DataFrame) -> pd.DataFrame:
    """Power by meter, and the cooling power without a meter, where that is more than rounding."""
    meters = [name for name in ANSWERS_TO if name in plant]
    power_kw = {name: plant[name] for name in meters}
    rest = plant["cooling_kw"] - sum(power_kw.values(), pd.Series(0.0, plant.index))
    named = set(cooling_quantities(site)) - set(meters)
    if not meters or (named and rest.mean() > LEAST_REST * plant["cooling_kw"].mean()):
        power_kw[REST] = rest
    return pd.DataFrame(power_kw)


def _resolved(plant: pd.DataFrame, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the names that the site records, with the heat sink that it has."""
    sink, _ = usable(plant, [name for name in SINK if name in plant])
    wanted = [each for name in names for each in (sink[:1] if name == "sink" else [name])]
    return tuple(name for name in wanted if name in plant)


def _everything(plant: pd.DataFrame) -> tuple[str, ...]:
    """Inputs of a meter of unknown machines: those of every machine."""
    names = dict.fromkeys(name for each in ANSWERS_TO.values() for name in _resolved(plant, each))
    return tuple(names)


def _by_temperature(effect: KnownEffect, inputs: list[str]) -> KnownEffect:
    return effect.model_copy(update={"of": temperature_of(effect.of, inputs)})
