"""What the champion says of the record, beside what was measured."""

from typing import Any

import pandas as pd

from pipelines.config import Settings
from pipelines.dataset import OVERHEAD, figure_offset
from pipelines.features import plant_table
from pipelines.registry import load_champion
from pipelines.site import Site
from pipelines.store import Store


def measured_and_predicted(
    site: Site, settings: Settings, start: Any = None, end: Any = None
) -> pd.DataFrame:
    """The site's figure (PUE, or kW per kW of cooling) in [start, end): index `time`, `measured`, `predicted`.

    The prediction is the operating champion's for the same instant; NaN where one of its inputs is missing or
    the figure is undefined. Raises StoreError without telemetry, ModelError without a model that fits the site,
    TrackingError where MLflow does not answer.
    """
    model = load_champion(site, settings, "operating")
    plant = plant_table(site, Store(settings.store, site).read(start, end))
    expected = model.predict(plant[list(model.inputs)].to_numpy(dtype=float))[OVERHEAD] + figure_offset(site)
    predicted = pd.Series(expected, index=plant.index).where(plant["figure"].notna())
    return pd.DataFrame({"measured": plant["figure"], "predicted": predicted})
