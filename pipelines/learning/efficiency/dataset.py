"""From the plant table to the arrays that models learn from, with a count of what is left out."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.efficiency.input_sets import chosen_inputs
from models.efficiency.learn import Rows
from pipelines.errors import ModelError
from pipelines.site.declared_effects import SAME, TARGETS, effects_on, per_load
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import contradictory, standing_still

OVERHEAD = "overhead_kw_per_kw"  # PUE - 1, or plant kW per kW of cooling where there is no IT meter
COOLING = "cooling_kw_per_kw"

# Gao 2014's 19 inputs, as far as a site records them. No power but the denominator, and nothing that contains
# the answer: a chiller's load fraction is its power, the condenser's return temperature its heat balance.
INPUTS = (
    "load_kw",
    "chiller_on", "chw_pump_on", "secondary_pump_on", "cw_pump_on", "tower_on", "crah_on", "economizer_on",
    "chw_pump_speed_frac", "secondary_pump_speed_frac", "cw_pump_speed_frac", "tower_fan_speed_frac",
    "crah_fan_speed_frac",
    "chw_supply_c", "chw_return_c", "chw_flow_kg_s", "cw_supply_c", "supply_air_c",
    "chw_supply_sp_c", "cw_supply_sp_c", "supply_air_sp_c", "airflow_ratio_sp", "chillers_available_sp",
    "economizer_enable",
    "outdoor_wetbulb_c", "outdoor_drybulb_c", "outdoor_enthalpy_j_kg", "outdoor_rh_frac",
    "wind_speed_m_s", "wind_direction_deg",
)  # fmt: skip

LEAST_COVERAGE = 0.5  # a column with fewer readings is left out, so that it does not take the rows with it
CONSIDERED = 0.05  # coverage of an input that may be worth the rows that lack it
CONSTANT_SHARE = 0.999  # of the readings equal to the commonest one


@dataclass(frozen=True)
class Dataset:
    """Rows to learn from, their times, and what was left out.

    index: (n,) time of each row. left_out: reason -> rows. notes: columns not used, and why.
    """

    rows: Rows
    index: pd.DatetimeIndex
    left_out: dict[str, int]
    notes: list[str]

    @property
    def times(self) -> np.ndarray:
        """Time of each row as datetime64, UTC."""
        return self.index.tz_convert(None).to_numpy()


def figure_offset(site: Site) -> float:
    """The site's figure less its overhead per kW: 1 for PUE, which includes the IT power, else 0."""
    return 1.0 if site.meters.it else 0.0


def dataset(site: Site, plant: pd.DataFrame) -> Dataset:
    """Rows of a plant table with every input and target, and the figure defined.

    The figure at the same instant, from load, weather and how the plant runs. Raises ModelError where no row is left.
    """
    still = standing_still(plant)
    wrong = contradictory(plant) & ~still
    running = plant[plant["figure"].notna()]
    by_target = _targets(site, running)
    targets, unused_targets = usable(by_target, [str(name) for name in by_target.columns])
    inputs, unused_inputs = worth_their_rows(
        running, [n for n in INPUTS if n in running], by_target[OVERHEAD]
    )
    notes = [*unused_inputs, *unused_targets]
    no_input = running[inputs].isna().any(axis="columns")
    no_target = by_target[targets].isna().any(axis="columns") & ~no_input
    left_out = {
        _standing(site): int(still.sum()),
        "facility power is below IT plus cooling power: a meter is stuck or wrong": int(wrong.sum()),
        "a power or load reading is missing": int((~still & ~wrong & plant["figure"].isna()).sum()),
        "an input is missing": int(no_input.sum()),
        "a target is missing": int(no_target.sum()),
    }
    kept = running.index[~(no_input | no_target)]
    if len(kept) == 0 or not targets:
        raise ModelError(_nothing_left(site, len(plant), left_out, notes))
    distinct, same_as = _distinct(by_target.loc[kept, targets])
    effects, not_kept = effects_on(site.effects, tuple(inputs), tuple(distinct), dict(same_as))
    rows = Rows(
        inputs=tuple(inputs),
        targets=tuple(distinct),
        x=running.loc[kept, inputs].to_numpy(dtype=float),
        y=by_target.loc[kept, distinct].to_numpy(dtype=float),
        load_kw=running.loc[kept, "load_kw"].to_numpy(dtype=float),
        same_as=same_as,
        effects=effects,
    )
    return Dataset(rows, pd.DatetimeIndex(kept), left_out, [*notes, *not_kept])


def _targets(site: Site, plant: pd.DataFrame) -> pd.DataFrame:
    targets = {
        OVERHEAD: plant["figure"] - figure_offset(site),
        COOLING: plant["cooling_kw"] / plant["load_kw"],
    }
    # A meter with a declared effect is a target of its own: the declaration applies there.
    for meter in {effect.on: None for effect in site.effects}:
        if meter not in (*TARGETS, *SAME):
            targets[per_load(meter)] = plant[meter] / plant["load_kw"]
    return pd.DataFrame(targets)


def usable(
    table: pd.DataFrame, names: list[str], least: float = LEAST_COVERAGE
) -> tuple[list[str], list[str]]:
    """Columns that have readings in at least that share of the rows and vary, and why the others are not used."""
    varying, notes = [], []
    for name in names:
        readings = table[name].dropna()
        if len(readings) < least * len(table):
            notes.append(f"{name} is not used: {len(readings)} of {len(table)} rows have a reading")
        elif len(readings) == 0 or _share_of_commonest(readings) > CONSTANT_SHARE:
            notes.append(f"{name} is not used: it does not vary")
        else:
            varying.append(name)
    return varying, notes


def worth_their_rows(table: pd.DataFrame, names: list[str], target: pd.Series) -> tuple[list[str], list[str]]:
    """Columns whose readings tell more of the target than the rows that lack them, and why the others are not used."""
    named, notes = usable(table, names, CONSIDERED)
    rows = target.notna()
    quantity = {name: name.split(":", 1)[0] for name in named if ":" in name}
    numbers = {each: number for number, each in enumerate(dict.fromkeys(quantity.values()), start=1)}
    groups = np.array([numbers.get(quantity.get(name, ""), 0) for name in named])
    chosen = chosen_inputs(table.loc[rows, named].to_numpy(float), target[rows].to_numpy(float), groups)
    count = table.loc[rows, named].notna().sum()
    notes += [
        f"{name} is not used: {count[name]} of {int(rows.sum())} rows have a reading, which is not worth the others"
        for name, taken in zip(named, chosen, strict=True)
        if not taken
    ]
    return [name for name, taken in zip(named, chosen, strict=True) if taken], notes


def _share_of_commonest(readings: pd.Series) -> float:
    return float(readings.value_counts(normalize=True).iloc[0])


def _distinct(targets: pd.DataFrame) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """Targets that differ, and those that equal an earlier one (a thermal site's overhead is its cooling)."""
    distinct: list[str] = []
    same_as: list[tuple[str, str]] = []
    for name in targets:
        same = next((other for other in distinct if np.allclose(targets[name], targets[other])), None)
        if same is None:
            distinct.append(str(name))
        else:
            same_as.append((str(name), same))
    return distinct, tuple(same_as)


def _standing(site: Site) -> str:
    return "IT power is (almost) zero: PUE is undefined" if site.meters.it else "the plant has no load"


def _nothing_left(site: Site, rows: int, left_out: dict[str, int], notes: list[str]) -> str:
    reasons = "; ".join([f"{reason}: {count} rows" for reason, count in left_out.items() if count] + notes)
    return (
        f'site "{site.name}" leaves nothing to learn from, 0 of {rows} rows ({reasons}); '
        f"see: coldaisle quality --site {site.name}"
    )
