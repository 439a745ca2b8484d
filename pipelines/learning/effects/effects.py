"""What each setpoint does to the plant's power, in percent per K, as the record tells it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from models.efficiency.learn import Parts
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

# Ten members make ten blocks to leave out: enough for an interval. Trees have steps, not slopes.
CONFIG, PARTS = FitConfig(members=10, hidden=(50, 50)), Parts(trees=False)
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

    Learned from telemetry between `start` and `end`, one small ensemble per meter of what it answers to; a plot goes
    to the home's reports. Raises ModelError where there is too little, or where nothing answers to an input.
    """
    from pipelines.learning.efficiency.training import learned, one_thread_each

    found = meter_rows(site, plant_table(site, Store(settings.store, site).read(start=start, end=end)))
    columns = _columns(site, found, inputs)
    if progress:
        progress(f"learning {len(found.names)} meters from {len(found.rows)} rows")
    with one_thread_each():
        made = learned(site, found.rows, CONFIG, seed, parts=PARTS)
        responses = {
            name: response(
                made.model, found.rows.x, found.rows.load_kw, column, unit=_unit(found.rows.inputs[column])
            )
            for name, column in columns.items()
        }
    told = {name: one for name, one in responses.items() if one is not None}
    figure = effects_figure(site, [*found.names, PLANT], told)
    return {
        "site": site.name,
        "from": found.index[0],
        "to": found.index[-1],
        "rows": len(found.rows),
        "mixture": made.mixture,
        "effects": [row for name, one in told.items() for row in _rows(found, name, columns[name], one)],
        "silent": [name for name, one in responses.items() if one is None],
        "declared": [
            {"of": effect.of, "on": effect.target, "broken_share": share} for effect, share in made.effects
        ],
        "notes": found.notes,
        "plot": str(write_page(figure, settings.reports / f"{site.name}_effects.html")),
    }


def _columns(site: Site, found: Meters, wanted: list[str] | None) -> dict[str, int]:
    """Column of x by the name it was asked for. Raises ModelError for what no meter answers to."""
    inputs = found.rows.inputs
    names = wanted or [site.setpoint_name(each) for each in site.setpoints if each.kind == "continuous"]
    felt = {name: temperature_of(name, inputs) for name in names}
    lacking = sorted(name for name, of in felt.items() if of not in inputs)
    if wanted and lacking:
        raise ModelError(
            f'no meter of site "{site.name}" answers to {", ".join(lacking)}, or it does not vary; choose from '
            f"{', '.join(name for name in inputs if name != 'load_kw')}"
        )
    columns = {name: inputs.index(of) for name, of in felt.items() if of in inputs}
    if not columns:
        raise ModelError(
            f'site "{site.name}" has no setpoint that its meters answer to; name temperatures with --input, from '
            f"{', '.join(name for name in inputs if name != 'load_kw')}"
        )
    return columns


def _unit(name: str) -> float:
    return 1.0 if name.endswith("_c") else FRACTION_UNIT


def _rows(found: Meters, name: str, column: int, one: Response) -> list[dict[str, Any]]:
    """One row per meter that answers, the plant last."""
    values = found.rows.x[:, column]
    seen = [*(column_seen(found, meter, column) for meter in found.names), True]
    return [
        {
            "of": name,
            "through": found.rows.inputs[column],
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
        for number, meter in enumerate([*found.names, PLANT])
        if seen[number]
    ]


def column_seen(found: Meters, meter: str, column: int) -> bool:
    """Whether a meter's model sees a column of x."""
    target = found.rows.targets[found.names.index(meter)]
    return found.rows.inputs[column] not in found.rows.hidden[target]
