"""A textbook gray-box plant, and hours of readings of it."""

from datetime import UTC, datetime, timedelta

import jax.numpy as jnp
import numpy as np

from models.graybox.fit import Estimate, members_of
from models.graybox.learn import Graybox
from pipelines.control.sensing.history import History
from tests.models.graybox.plants import REFERENCE_KW, metering

AT = datetime(2026, 1, 8, 12, tzinfo=UTC)
NAMES = ("supply_air_sp_c", "chw_supply_sp_c", "cw_supply_sp_c", "economizer_enable")
RULE = np.array([20.0, 8.0, 24.0, 0.0])
ROW = {
    "load_kw": 600.0,
    "it_kw": 600.0,
    "overhead_kw": 260.0,
    "outdoor_wetbulb_c": 15.0,
    "supply_air_sp_c": 21.0,
    "chw_supply_sp_c": 12.0,
    "cw_supply_sp_c": 22.0,
    "economizer_enable": 0.0,
    "chiller_kw": 140.0,
    "cooling_kw": 190.0,
}
SEEN = [[300.0, 800.0], [-10.0, 25.0]]


def graybox() -> Graybox:
    textbook = Estimate.textbook()
    arrays = (
        textbook.z,
        textbook.covariance,
        members_of(textbook),
        textbook.share,
        REFERENCE_KW,
        0.01,
        SEEN,
        0.5,
    )
    return Graybox(
        *(jnp.asarray(each, jnp.float32) for each in arrays),
        metering(),
        ("chiller_kw", "overhead_kw"),
        NAMES,
    )


def history(until: datetime = AT, **changed: list[float]) -> History:
    readings = History()
    for k in range(4):
        row = ROW | {name: values[k] for name, values in changed.items()}
        readings = readings.with_reading(until - timedelta(minutes=15 * (3 - k)), row)
    return readings
