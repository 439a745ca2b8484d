"""The referee's site with a supply-air setpoint for each hall, and a cascade that learned them apart."""

import tomllib

import numpy as np
import pandas as pd

from models.cascade.cascade import Cascade
from models.cascade.learn import learn_cascade
from pipelines.config import SITE_FOLDER
from pipelines.site.file import Site, cooling_quantities
from pipelines.site.setpoints import setpoint_names
from tests.models.cascade.records import STEP_HOURS, two_halls

SUPPLY = {"hall_a": "CRAH_A.SAT_SP_C", "hall_b": "CRAH_B.SAT_SP_C"}


def two_hall_site() -> Site:
    """`infra/sites/referee.toml`, the one supply-air setpoint replaced by one for each hall."""
    document = tomllib.loads((SITE_FOLDER / "referee.toml").read_text(encoding="utf-8"))
    document["points"] = _apart(document["points"], lambda point, hall: point | {"equipment": hall})
    document["setpoints"] = _apart(document["setpoints"], lambda setpoint, _: setpoint)
    return Site.model_validate(document | {"name": "halls"})


def two_hall_cascade(site: Site, *, together: bool = False) -> Cascade:
    """A cascade of `tests.models.cascade.records.two_halls`."""
    columns = two_halls(together=together)
    return learn_cascade(
        columns,
        settled=np.ones(len(columns["load_kw"]), bool),
        meters=tuple(cooling_quantities(site)),
        step_hours=STEP_HOURS,
        counts_it=True,
        setpoints=tuple(setpoint_names(site)),
    ).cascade


def table_of(site: Site, rows: int = 4_000) -> pd.DataFrame:
    """The store's table of that plant; its power is shared alike by meters of one quantity."""
    columns = two_halls(rows=rows)
    columns |= {"it_power_kw": columns["it_kw"], "facility_power_kw": columns["facility_kw"]}
    times = pd.date_range("2025-09-01", periods=rows, freq=site.interval, tz="UTC", name="time")
    shared = {point.quantity: sum(p.quantity == point.quantity for p in site.points) for point in site.points}
    values = {}
    for point in site.points:
        own = columns.get(point.column, columns.get(point.quantity, np.full(rows, np.nan)))
        values[point.column] = own / (shared[point.quantity] if point.quantity.endswith("_kw") else 1)
    return pd.DataFrame(values, index=times)


def _apart(tables: list[dict], of_hall) -> list[dict]:
    apart = []
    for table in tables:
        if table["tag"] == "CRAH.SAT_SP_C":
            apart += [of_hall(table | {"tag": tag}, hall) for hall, tag in SUPPLY.items()]
        else:
            apart.append(table)
    return apart
