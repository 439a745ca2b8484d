"""The gray-box plant under a site's cascade, learned from its plant table."""

import numpy as np
import pandas as pd

from models.graybox.learn import Graybox, learn_graybox
from pipelines.learning.cascade.dataset import effects_of, settled, shared_columns_of
from pipelines.site.file import Site
from pipelines.site.setpoints import modelled_name, setpoint_names

# Without such a limit two of six EnergyPlus plants left their envelope: coils starve, and supply air floats.
USUAL_GAP_K, SELDOM = 4.0, 0.01


def physics_of(site: Site, plant: pd.DataFrame) -> tuple[Graybox | None, float]:
    """The gray-box plant of a site, and the least K of supply air over chilled water that coils need.

    plant: a plant table on a regular clock (`regular`). None where the site has no IT meter, or declares sizes of
    effects on powers: its surfaces keep those.
    """
    if not (site.control.physics and site.meters.it) or any(
        effect.target != "rack_inlet_c" for effect in effects_of(site)
    ):
        return None, 0.0
    columns = shared_columns_of(site, plant)
    at_rest = settled(site, plant)
    physics = learn_graybox(
        columns,
        cooling_meters=tuple(site.meters.cooling),
        facility_metered=bool(site.meters.facility),
        has_it=True,
        setpoints=tuple(modelled_name(name) for name in setpoint_names(site)),
        settled=at_rest,
        step_hours=site.interval / pd.Timedelta(hours=1),
    )
    return physics, _least_gap_k(columns, at_rest)


def _least_gap_k(columns: dict[str, np.ndarray], at_rest: np.ndarray) -> float:
    """The usual least, or what the record has run at where that is less; 0 where one side is not chosen."""
    if not {"supply_air_sp_c", "chw_supply_sp_c"} <= set(columns):
        return 0.0
    gap_k = (columns["supply_air_sp_c"] - columns["chw_supply_sp_c"])[at_rest]
    gap_k = gap_k[np.isfinite(gap_k)]
    return min(USUAL_GAP_K, float(np.quantile(gap_k, SELDOM))) if len(gap_k) else USUAL_GAP_K
