"""Predictions for page Now: the figure of the last weeks with its interval, and the next 24 hours. Loads JAX."""

from typing import Any

import numpy as np
import pandas as pd

from pipelines.config import Settings
from pipelines.console.tables import Tables
from pipelines.errors import ColdaisleError
from pipelines.learning.efficiency.predict import measured_and_predicted
from pipelines.learning.horizon.served import next_hours
from pipelines.site.file import Site
from pipelines.telemetry.store import Store

WEEKS = pd.Timedelta(days=31)
LATEST_WITHIN = pd.Timedelta(hours=1)  # a meter on another clock may not have reported yet


def prepare_predictions(site: Site, settings: Settings) -> None:
    """Predict what the newest telemetry allows; where it is not possible the reason takes its place. Raises OSError."""
    tables = Tables(settings, site.name)
    span = Store(settings.store, site).span()
    if span is None:
        return
    tables.write("prediction", _predicted(site, settings, tables, span[1]))
    tables.write("forecast", _forecast(site, settings, span[1]))


def _predicted(site: Site, settings: Settings, tables: Tables, end: pd.Timestamp) -> dict[str, Any]:
    try:
        rows = measured_and_predicted(site, settings, start=end - WEEKS)
    except ColdaisleError as error:
        return {"why_not": str(error), "until": end}
    values = rows[["predicted", "lower", "upper"]].astype(np.float32)
    tables.write_frame("predicted", values.assign(in_support=rows["in_support"]))
    late = rows[rows.index > end - LATEST_WITHIN].dropna(subset=["predicted"])
    latest = late.iloc[-1].to_dict() | {"at": late.index[-1] + site.interval} if len(late) else None
    return {"why_not": "", "until": end, "latest": latest}


def _forecast(site: Site, settings: Settings, end: pd.Timestamp) -> dict[str, Any]:
    try:
        return {"why_not": ""} | next_hours(site, settings, at=end)
    except ColdaisleError as error:
        return {"why_not": str(error)}
