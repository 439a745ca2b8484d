"""From a record to a gray-box plant: reference load, rows at rest, moves of supply air, fit."""

import hashlib
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jax import Array

from models.errors import TooFewRowsError
from models.graybox.fit import fit, members_of
from models.graybox.moves import Moves, load_scatter, moves_of
from models.graybox.observed import (
    METERS,
    Metering,
    Observed,
    chillers_run,
    mean_inlet_c,
    metering_of,
    observed,
)
from models.graybox.rows import chosen_rows, taken
from models.graybox.smoothing import running_mean

INPUTS = ("supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable")
REFERENCE_QUANTILE = 0.99  # of the load: what sizes are relative to
GLITCHES, NO_LIMIT = 0.0005, (-1e6, 1e6)
CHILLERS_RUN = 0.01  # of the reference load: less is standby
RUN, STAND = 0.7, 0.3  # share of the load that chillers run at; between them they keep the state they had
SMOOTHED = 5  # rows: meters and weather have their own clocks
FEWEST = 200  # rows at rest with a load reading
STILL_K, STILL_HOURS, FEWEST_STILL = 0.05, 2.0, 500


@struct.dataclass
class Graybox:
    """A site's plant: parameters z (p,) in standard deviations from the textbook, covariance (p, p), reference load.

    members (m, p): plants that the record leaves possible, spread over the covariance; what is chosen is best for all.
    share (14,): of the usual scatter that readings have (`Estimate`).
    load_scatter: of the logarithm of IT power over two hours. seen (2, 2): lowest and highest load (kW) and weather
    (°C wetbulb, or drybulb where that is all there is) of the record. starts_per_day: of its chillers.

    meters: those that the site has, as `METERS`. inputs: setpoints that it records, or the temperatures in their place.
    """

    z: Array
    covariance: Array
    members: Array
    share: Array
    reference_kw: Array
    load_scatter: Array
    seen: Array
    starts_per_day: Array
    metering: Metering
    meters: tuple[str, ...] = struct.field(pytree_node=False)
    inputs: tuple[str, ...] = struct.field(pytree_node=False)

    @property
    def name(self) -> str:
        """A name of this fit: what was learned online belongs to one fit."""
        return hashlib.blake2s(np.asarray(self.z).tobytes(), digest_size=8).hexdigest()


def learn_graybox(
    columns: Mapping[str, np.ndarray],
    *,
    cooling_meters: tuple[str, ...],
    facility_metered: bool,
    has_it: bool,
    setpoints: tuple[str, ...],
    settled: np.ndarray,
    step_hours: float,
) -> Graybox:
    """Learn from plant columns (n,) on a regular grid of time, NaN where unknown.

    cooling_meters: names whose sum is the cooling power. setpoints: names of continuous ones. settled (n,): rows at
    which no setpoint moved lately. Raises TooFewRowsError.
    """
    load_kw = columns["load_kw"]
    if np.isfinite(load_kw).sum() < FEWEST:
        raise TooFewRowsError(f"{np.isfinite(load_kw).sum()} rows with a load reading, needs {FEWEST}")
    reference_kw = float(np.nanquantile(load_kw, REFERENCE_QUANTILE))
    humid = bool(np.isfinite(columns.get("outdoor_wetbulb_c", np.nan)).any())
    metering = metering_of(cooling_meters, has_it=has_it, humid=humid)
    metered = {*cooling_meters, "ups_loss_kw"} | ({"overhead_kw"} if facility_metered and has_it else set())
    meters = tuple(name for name in METERS if name in metered)
    rows = _smooth(observed(columns, metering, meters))
    at_rest = _still(columns, setpoints, settled, step_hours)
    steps_per_hour = max(1, round(1 / step_hours))
    moves = Moves.none()
    if has_it and "supply_air_sp_c" in columns:
        inlet_c = mean_inlet_c(columns)
        inlet_c = columns["supply_air_sp_c"] if inlet_c is None else inlet_c
        moves = moves_of(load_kw, inlet_c, columns["supply_air_sp_c"], steps_per_hour=steps_per_hour)
    estimate = fit(taken(rows, chosen_rows(rows, at_rest)), moves, metering, reference_kw)
    scatter = load_scatter(load_kw, steps_per_hour=steps_per_hour)
    inputs = tuple(name for name in INPUTS if np.isfinite(columns.get(name, np.nan)).any())
    return Graybox(
        jnp.asarray(estimate.z, jnp.float32),
        jnp.asarray(estimate.covariance, jnp.float32),
        jnp.asarray(members_of(estimate), jnp.float32),
        jnp.asarray(estimate.share, jnp.float32),
        jnp.float32(reference_kw),
        jnp.float32(scatter),
        jnp.asarray(_seen(columns, humid), jnp.float32),
        jnp.float32(_starts_per_day(estimate.z, rows, metering, reference_kw, step_hours)),
        metering,
        meters,
        inputs,
    )


def weather_of(humid: bool) -> str:
    """The quantity that tells a site's weather."""
    return "outdoor_wetbulb_c" if humid else "outdoor_drybulb_c"


def _seen(columns: Mapping[str, np.ndarray], humid: bool) -> np.ndarray:
    """Lowest and highest load and weather (2, 2), without glitches; no limit where the weather is not recorded."""
    ends = []
    for name in ("load_kw", weather_of(humid)):
        values = columns.get(name, np.array([np.nan]))
        there = values[np.isfinite(values)]
        ends.append(np.quantile(there, [GLITCHES, 1.0 - GLITCHES]) if len(there) else NO_LIMIT)
    return np.array(ends)


def _starts_per_day(
    z: np.ndarray, rows: Observed, metering: Metering, reference_kw: float, step_hours: float
) -> float:
    """Starts of chillers in the record, by their meter or, where they have none, by the fitted plant."""
    chiller_kw = np.asarray(rows.meters_kw)[METERS.index("chiller_kw")]
    if np.isfinite(chiller_kw).any():
        share = np.where(
            np.isfinite(chiller_kw), (chiller_kw > CHILLERS_RUN * reference_kw).astype(float), np.nan
        )
    else:
        share = np.asarray(chillers_run(z, rows, metering, reference_kw))
    states = np.where(share > RUN, 1.0, np.where(share < STAND, 0.0, np.nan))
    known_states = states[np.isfinite(states)]
    days = len(share) * step_hours / 24.0
    return float((np.diff(known_states) > 0.5).sum() / max(days, 1.0))


def _smooth(rows: Observed) -> Observed:
    """Rows with meters, temperatures and weather smoothed; what was asked for stays."""
    asked = rows.economizer
    return jax.tree.map(lambda leaf: running_mean(np.asarray(leaf, float), SMOOTHED), rows).replace(
        economizer=asked
    )


def _still(
    columns: Mapping[str, np.ndarray], setpoints: tuple[str, ...], settled: np.ndarray, step_hours: float
) -> np.ndarray:
    """Rows at which no setpoint moved in two hours or will in the next half; settled ones where those are few."""
    back, ahead = round(STILL_HOURS / step_hours), round(0.5 / step_hours)
    still = np.ones(len(settled), bool)
    for name in setpoints:
        values = columns[name]
        moved = ~(np.abs(np.diff(values, prepend=values[0])) < STILL_K)
        recent = np.convolve(moved, np.ones(back + ahead + 1), "full")[ahead : ahead + len(moved)]
        still &= recent < 0.5
    return still if still.sum() >= FEWEST_STILL else settled
