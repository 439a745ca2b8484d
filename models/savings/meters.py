"""What meters that drift between the baseline and the reporting period add to the uncertainty of a saving."""

from dataclasses import dataclass, replace

import numpy as np

from models.savings.hours import Array, Hours
from models.savings.left_out import Model

YEAR_H = 8760.0
STEP_SHARE, STEP_K = 0.01, 0.5  # by which inputs are moved to see what follows


@dataclass(frozen=True)
class Meters:
    """How meters drift, as standard deviations a year, and of how many the power and the load are made.

    power_share, load_share: square root of the sum of squared shares of the single meters (1 for a single one), for
    errors of several meters partly cancel.
    """

    power_drift: float
    load_drift: float
    air_drift_k: float
    power_share: float = 1.0
    load_share: float = 1.0


def sum_of_shares(powers: Array) -> float:
    """Square root of the sum of squared shares of meters, powers (meters,)."""
    powers = np.abs(np.asarray(powers, float))
    total = powers.sum()
    return float(np.sqrt(np.sum((powers / total) ** 2))) if total > 0.0 else 1.0


def drift_kwh(
    model: Model, weather: tuple[str, ...], meters: Meters, baseline: Hours, asked: Hours
) -> dict[str, float]:
    """Standard deviation of the saving over the hours asked that drift of power, load and air sensors causes, kWh."""
    years = max(float(asked.hour.mean() - baseline.hour.mean()) / YEAR_H, 0.0)
    expected = model.predict(asked)
    measured_kwh = float(np.nansum(asked.power_kw))
    parts = {"power": meters.power_drift * meters.power_share * years * measured_kwh}
    if asked.has_load:
        more = model.predict(asked.with_load(asked.load_kw * (1.0 + STEP_SHARE)))
        per_share = float(np.nansum(more - expected)) / STEP_SHARE
        parts["load"] = abs(per_share) * meters.load_drift * meters.load_share * years
    for name in weather:
        field = f"{name}_c"
        moved = replace(asked, **{field: getattr(asked, field) + STEP_K})
        per_k = float(np.nansum(model.predict(moved) - expected)) / STEP_K
        parts[name] = abs(per_k) * meters.air_drift_k * years
    return parts
