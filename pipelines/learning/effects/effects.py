"""Effect of each setpoint on the plant's power, in percent per K, estimated from the record."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from models.efficiency.local_effects import Response, response
from models.efficiency.training import FitConfig
from pipelines.config import Settings
from pipelines.errors import ModelError
from pipelines.files import write_page
from pipelines.learning.effects.meters import Meters, meter_rows, temperature_of
from pipelines.learning.effects.plot import effects_figure
from pipelines.site.file import Site
from pipelines.telemetry.plant_table import plant_table
from pipelines.telemetry.store import Store

# Ten members leave out ten blocks: enough for an interval.
CONFIG = FitConfig(members=10)
FRACTION_UNIT = 0.1
PLANT = "cooling plant"


def effects(
    site: Site,
    settings: Settings,
    *,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    inputs: list[str] | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Effect of each input (by default every setpoint that is no switch) on each meter and the plant; the report.

    Learned from telemetry between `start` and `end`, one small ensemble per meter on the inputs it depends on; a plot
    goes to the home's reports. Raises ModelError where there is too little, or where no meter depends on an input.
    """
    from pipelines.learning.efficiency.training import learned, one_thread_each

    meters = meter_rows(site, plant_table(site, Store(settings.store, site).read(start=start, end=end)))
    columns = _columns(site, meters, inputs)
    if progress:
        progress(f"learning {len(meters.names)} meters from {len(meters.rows)} rows")
    with one_thread_each():
        made = learned(site, meters.rows, CONFIG, seed)
        responses = {
            name: response(
                made.model, meters.rows.x, meters.rows.load_kw, column, unit=_unit(meters.rows.inputs[column])
            )
            for name, column in columns.items()
        }
    answered = {name: one for name, one in responses.items() if one is not None}
    figure = effects_figure(site, [*meters.names, PLANT], answered)
    return {
        "site": site.name,
        "from": meters.index[0],
        "to": meters.index[-1],
        "rows": len(meters.rows),
        "mixture": made.mixture,
        "effects": [row for name, one in answered.items() for row in _rows(meters, name, columns[name], one)],
        "silent": [name for name, one in responses.items() if one is None],
        "declared": [
            {"of": effect.of, "on": effect.target, "broken_share": share} for effect, share in made.effects
        ],
        "notes": meters.notes,
        "plot": str(write_page(figure, settings.reports / f"{site.name}_effects.html")),
    }


def _columns(site: Site, meters: Meters, wanted: list[str] | None) -> dict[str, int]:
    """Column of x by requested name. Raises ModelError for an input that no meter depends on."""
    inputs = meters.rows.inputs
    names = wanted or [site.setpoint_name(each) for each in site.setpoints if each.kind == "continuous"]
    felt = {name: temperature_of(name, inputs) for name in names}
    lacking = sorted(name for name, of in felt.items() if of not in inputs)
    if wanted and lacking:
        raise ModelError(
            f'no meter of site "{site.name}" depends on {", ".join(lacking)}, or it does not vary; choose from '
            f"{', '.join(name for name in inputs if name != 'load_kw')}"
        )
    columns = {name: inputs.index(of) for name, of in felt.items() if of in inputs}
    if not columns:
        raise ModelError(
            f'site "{site.name}" has no setpoint that its meters depend on; name temperatures with --input, from '
            f"{', '.join(name for name in inputs if name != 'load_kw')}"
        )
    return columns


def _unit(name: str) -> float:
    return 1.0 if name.endswith("_c") else FRACTION_UNIT


def _rows(meters: Meters, name: str, column: int, one: Response) -> list[dict[str, Any]]:
    """One row per meter that depends on the input, the plant last."""
    values = meters.rows.x[:, column]
    seen = [*(column_seen(meters, meter, column) for meter in meters.names), True]
    return [
        {
            "of": name,
            "through": meters.rows.inputs[column],
            "on": meter,
            "unit": one.unit,
            "percent": 100.0 * one.mean[number],
            "low": 100.0 * one.low[number],
            "high": 100.0 * one.high[number],
            "percent_of_plant": 100.0 * (one.part[number] if meter != PLANT else one.mean[number]),
            "rows": one.rows,
            "lowest": float(np.min(values)),
            "highest": float(np.max(values)),
        }
        for number, meter in enumerate([*meters.names, PLANT])
        if seen[number]
    ]


def column_seen(meters: Meters, meter: str, column: int) -> bool:
    """Whether a meter's model sees a column of x."""
    target = meters.rows.targets[meters.names.index(meter)]
    return meters.rows.inputs[column] not in meters.rows.hidden[target]
