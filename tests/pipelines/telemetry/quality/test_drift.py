"""A simulated site whose coils foul, or whose sensor is replaced, half way through twenty weeks."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import simulator
from pipelines.config import Settings
from pipelines.simulation.demo_site import DT_S, START, Scenario, simulated_plant
from pipelines.simulation.operator_trials import trial_schedule
from pipelines.simulation.plant import asked_setpoints, canonical_telemetry
from pipelines.site.file import find_site
from pipelines.telemetry.quality.drift import drift_report
from pipelines.telemetry.quality.findings import findings

pytestmark = pytest.mark.medium

DAYS, ONSET = 140, 100
WEEK = pd.Timedelta(days=7)
SINCE = START + pd.Timedelta(days=ONSET)


@pytest.fixture(scope="module")
def site():
    return find_site("demo", Settings())


@pytest.fixture(scope="module")
def telemetry(site):
    """Telemetry at the site's interval by share of the coils' conductance that is lost from ONSET on."""
    plant = simulated_plant(site, Scenario(history_days=DAYS, run_days=0))
    times = plant.times(DAYS * round(86_400 / DT_S))
    schedule = trial_schedule(site, times, seed=0)
    run = jax.jit(simulator.rollout, static_argnames="dt_s")
    noisy = jax.jit(simulator.observe)

    def fouled(share):
        lost = jnp.where(np.asarray(times >= SINCE), share, 0.0)
        faults = replace(simulator.Faults.none(), coil_fouling=lost)
        setpoints = asked_setpoints(plant.plant, schedule)
        _, sensors = run(plant.plant, plant.state, setpoints, plant.drivers, faults, dt_s=DT_S)
        table = canonical_telemetry(noisy(plant.meters, sensors, plant.key), times).join(schedule)
        named = {point.column: table[point.quantity] for point in site.points}
        return pd.DataFrame(named).resample(site.interval).mean()

    return {share: fouled(share) for share in (0.0, 0.2)}


def test_a_healthy_plant_raises_no_alarm(site, telemetry):
    assert drift_report(site, telemetry[0.0]).empty


def test_nothing_looks_wrong_with_a_healthy_plant(site, telemetry):
    none = pd.DataFrame(columns=["time", "tag", "source", "value", "reason"])
    assert findings(site, telemetry[0.0], none).empty


def test_coils_that_lose_a_fifth_of_their_conductance_are_named_within_a_week(site, telemetry):
    (event,) = drift_report(site, telemetry[0.2]).to_dict("records")
    assert SINCE <= event["found"] <= SINCE + WEEK
    assert event["kind"] == "equipment"
    assert event["reading"] in ("chw_flow_kg_s", "chw_pump_kw")
    assert event["shift"] > 0
    assert "fouling" in event["remedy"]


def test_a_replaced_sensor_is_named_within_a_week_and_its_shift_measured(site, telemetry):
    table = telemetry[0.0].copy()
    columns = site.columns_of("chw_supply_c")
    table.loc[table.index >= SINCE, columns] += 1.0
    (event,) = drift_report(site, table).to_dict("records")
    assert SINCE <= event["found"] <= SINCE + WEEK
    assert (event["kind"], event["reading"]) == ("sensor", "chw_supply_c")
    assert event["shift"] == pytest.approx(1.0, abs=0.2)
    assert "replaced" in event["remedy"]


def test_no_telemetry_has_no_changes(site, telemetry):
    assert drift_report(site, telemetry[0.0].iloc[:0]).empty
