"""What is known of a plant one row before each row: its inputs then, and readings that tell its state."""

import pandas as pd

from pipelines.learning.efficiency.dataset import figure_offset
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import submeters_of

DAY = pd.Timedelta(days=1)


def readings_before(site: Site, plant: pd.DataFrame, inputs: tuple[str, ...]) -> pd.DataFrame:
    """For each row of a plant table: inputs one row earlier, then the state; NaN where there is no reading.

    State: overhead per kW of load one and two rows and a day earlier, and each cooling meter per kW of load one row
    earlier, which tells what runs. The table's rows are apart by its least step.
    """
    step = _step(plant, site)
    overhead = plant["figure"] - figure_offset(site)
    columns = {f"{name} before": _shifted(plant[name], step) for name in inputs}
    for name, ahead in (("one row", step), ("two rows", 2 * step), ("a day", DAY)):
        columns[f"overhead {name} before"] = _shifted(overhead, ahead)
    running_kw = plant["load_kw"].where(
        plant["figure"].notna()
    )  # a plant that stands still has no ratio to its load
    for name in submeters_of(site, plant):
        columns[f"{name} per load before"] = _shifted(plant[name] / running_kw, step)
    return pd.DataFrame(columns, index=plant.index)


def names_before(before: pd.DataFrame, inputs: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the inputs, and of the state in a table of `readings_before`, as `Ratio.names` has them."""
    return (*inputs, *(str(name) for name in before.columns[len(inputs) :]))


def _shifted(series: pd.Series, by: pd.Timedelta) -> pd.Series:
    return series.shift(freq=by).reindex(series.index)


def _step(plant: pd.DataFrame, site: Site) -> pd.Timedelta:
    steps = plant.index[1:] - plant.index[:-1]
    return steps.min() if len(steps) else site.interval
