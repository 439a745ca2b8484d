import math
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest

from pipelines.telemetry.readings import TagReader, utc
from tests.pipelines.telemetry.ingest.kit import point, site_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)


def counted(**more):
    counter = {"tag": "MAIN", "quantity": "facility_power_kw", "unit": "kWh", "reading": "counter"}
    return site_of(
        point("IT"), point("OAT", "outdoor_drybulb_c", unit="degF"), counter | {"source": "historian"} | more
    )


def powers(reader: TagReader, *kwh: float, step=STEP) -> list[float]:
    rows = [reader.read({"MAIN": value}, AT + k * step) for k, value in enumerate(kwh)]
    return [row.values.get("facility_power_kw", math.nan) for row in rows]


def test_values_are_canonical_by_column_and_unknown_ones_are_absent():
    read = TagReader(counted()).read({"IT": "512.5", "OAT": 50.0}, AT)
    assert read.at == AT
    assert read.values == {"it_power_kw": 512.5, "outdoor_drybulb_c": pytest.approx(10.0)}


def test_a_counter_gives_its_true_power_on_every_row_but_the_first():
    np.testing.assert_allclose(powers(TagReader(counted()), *(100.0 * k / 6 for k in range(50)))[1:], 100.0)


def test_a_counter_that_rolls_over_loses_no_energy():
    # 100 kW is 16.67 kWh in ten minutes; the counter wraps at 1000 kWh
    kwh = [(950.0 + 100.0 * k / 6) % 1_000.0 for k in range(8)]
    assert min(np.diff(kwh)) < 0
    np.testing.assert_allclose(powers(TagReader(counted(rollover=1_000.0)), *kwh)[1:], 100.0)


def test_a_counter_that_was_reset_gives_what_it_counted_since_and_no_negative_power():
    read = powers(TagReader(counted()), 5_000.0, 5_020.0, 3.0, 23.0, 43.0)
    np.testing.assert_allclose(read, [np.nan, 120.0, 120.0, 120.0, 120.0])
    read = powers(TagReader(counted()), 5_000.0, 5_020.0, 0.0, 20.0, 40.0)
    np.testing.assert_allclose(read, [np.nan, 120.0, np.nan, 120.0, 120.0])


def test_a_counter_that_drops_out_for_one_row_comes_back_at_its_mean_power():
    read = powers(TagReader(counted()), 5_000.0, 5_020.0, 0.0, 5_060.0, 5_080.0)
    np.testing.assert_allclose(read, [np.nan, 120.0, np.nan, 120.0, 120.0])


def test_energy_of_a_long_gap_is_not_spread_over_it():
    reader = TagReader(counted())
    reader.read({"MAIN": 1_000.0}, AT)
    after = reader.read({"MAIN": 1_400.0}, AT + timedelta(hours=4))
    assert "facility_power_kw" not in after.values


def test_a_repeated_time_and_a_clock_set_back_give_no_power_out_of_nothing():
    reader = TagReader(counted())
    reader.read({"MAIN": 1_000.0}, AT)
    assert "facility_power_kw" not in reader.read({"MAIN": 1_000.0}, AT).values
    assert reader.read({"MAIN": 1_020.0}, AT + STEP).values["facility_power_kw"] == pytest.approx(120.0)
    back = [reader.read({"MAIN": 1_040.0 + 20 * k}, AT - timedelta(hours=1) + k * STEP) for k in range(3)]
    assert [row.values.get("facility_power_kw") for row in back] == [
        None,
        pytest.approx(120.0),
        pytest.approx(120.0),
    ]


class Hostile:
    def __float__(self):
        raise RuntimeError("no")

    def __eq__(self, other):
        raise RuntimeError("no")

    __hash__ = None

    def __repr__(self):
        return "Hostile()"


ODD_VALUES = ["bad", "", b"x", None, math.nan, math.inf, -math.inf, 10**400, -(10**400), 1e308, -1e308, True, 1 + 2j,
              [], {}, object(), Hostile(), np.array([1.0, 2.0]), pd.NaT, pd.NA, "１２", "1e999"]  # fmt: skip
ODD_TIMES = [None, "now", 0, math.nan, 10**30, pd.NaT, datetime.min, datetime.max, datetime(2026, 3, 1),
             datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), datetime.max.replace(tzinfo=UTC),
             datetime.max.replace(tzinfo=timezone(-timedelta(hours=12))), pd.Timestamp("2026-03-01", tz="Asia/Tokyo"),
             Hostile(), AT]  # fmt: skip


class BadRow(dict):
    def get(self, key, default=None):
        raise RuntimeError("no")


@pytest.mark.parametrize("at", ODD_TIMES, ids=repr)
def test_nothing_that_a_row_or_a_clock_gives_makes_it_raise(at):
    reader = TagReader(counted())
    rows = [dict.fromkeys(("IT", "OAT", "MAIN"), odd) for odd in ODD_VALUES]
    for row in [*rows, None, 7, "IT", [("IT", 1.0)], BadRow(IT=1.0), MappingProxyType({"IT": 1.0})]:
        read = reader.read(row, at)
        assert read.at.utcoffset() == timedelta(0)
        assert all(math.isfinite(value) for value in read.values.values())
    sane = [reader.read({"IT": 500.0, "MAIN": 1_000.0 + 20 * k}, AT + k * STEP) for k in range(2)]
    assert sane[1].values == {"it_power_kw": 500.0, "facility_power_kw": pytest.approx(120.0)}


def test_a_time_without_a_zone_is_utc_and_one_with_a_zone_becomes_it():
    assert utc(datetime(2026, 3, 1)) == AT
    assert utc(pd.Timestamp("2026-03-01T09:00", tz="Asia/Tokyo")) == AT
    assert utc("2026-03-01") is None


def test_a_row_without_a_usable_time_has_that_of_the_row_before():
    reader = TagReader(counted())
    reader.read({}, AT)
    assert reader.read({"IT": 1.0}, "soon").at == AT
