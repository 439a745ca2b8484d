"""What-if studies: figures are the simulator's own, chunks and interruptions leave no trace, odd input is defined."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import simulator
from pipelines.cli.main import application
from pipelines.config import SITE_FOLDER
from pipelines.errors import ColdaisleError, ScenarioError, SiteError, WeatherError
from pipelines.simulation.plant import nameplate_plant
from pipelines.simulation.studies.chunks import MAX_DRIVER_STEPS, chunk_size, most_seeds
from pipelines.simulation.studies.conditions import Conditions, times_of
from pipelines.simulation.studies.grid import study_grid
from pipelines.simulation.studies.outcomes import COOLING_PARTS
from pipelines.simulation.studies.plot import study_figure
from pipelines.simulation.studies.run import CHUNK_CASES, Study, run_study
from pipelines.simulation.studies.scenario import WhatIf, read_scenario
from pipelines.site.file import Envelope, Tariff, load_site
from pipelines.site.tariff import prices_per_kwh
from simulator.envelope import violation_minutes
from simulator.metrics import pue
from tests.pipelines.epw_kit import write_epw

pytestmark = pytest.mark.medium

HOT_DAY = WhatIf(days=1, step_minutes=15, weather={"climate": "hot_humid"})
UNKNOWN = ["energy_cost", "carbon_kg", "cue_kg_per_kwh"]  # without a tariff and a grid
AXES = "chw_supply_c=8:14:2,seed=0:2:1"  # 12 cases


@pytest.fixture(scope="module")
def study(site, tmp_path_factory) -> Study:
    return run_study(site, HOT_DAY, AXES, folder=tmp_path_factory.mktemp("studies"), chunk_cases=8)


def one_case(site, folder: Path, **fields) -> pd.Series:
    scenario = HOT_DAY.changed(**fields)
    return run_study(site, scenario, "", folder=folder).table().iloc[0]


def test_a_study_s_figures_are_those_of_a_plain_rollout(site, study: Study) -> None:
    plant = nameplate_plant(site)
    drivers = jax.tree.map(jax.numpy.asarray, Conditions(site, HOT_DAY).drivers(1))
    chosen = replace(simulator.default_setpoints(plant), chw_supply_c=12.0)
    run = partial(simulator.rollout, plant, dt_s=HOT_DAY.dt_s)
    warmed_up = jax.tree.map(lambda leaf: jax.numpy.concatenate([leaf[:24], leaf]), drivers)
    _, sensors = run(simulator.init(plant), chosen, warmed_up)
    sensors = jax.tree.map(lambda leaf: leaf[24:], sensors)
    row = study.table().query("seed == 1 and chw_supply_c == 12").iloc[0]
    assert row["facility_kwh"] == pytest.approx(float(sensors.facility_w.mean()) * 24e-3, rel=1e-4)
    assert row["pue"] == pytest.approx(float(pue(sensors)), rel=1e-4)
    assert row["rack_inlet_max_c"] == pytest.approx(float(sensors.rack_inlet_c.max()), abs=0.01)
    assert row["violation_minutes"] == float(violation_minutes(sensors.rack_inlet_c, dt_s=HOT_DAY.dt_s))
    litres = float(sensors.water_evaporated_kg_s.sum()) * HOT_DAY.dt_s
    assert row["water_evaporated_l"] == pytest.approx(litres, rel=1e-4)


def test_cooling_energy_is_the_sum_of_its_parts(study: Study) -> None:
    table = study.table()
    np.testing.assert_allclose(table["cooling_kwh"], table[list(COOLING_PARTS)].sum(axis=1), rtol=1e-5)


def test_warmer_chilled_water_saves_chiller_energy_and_each_seed_has_its_own_weather(study: Study) -> None:
    table = study.table()
    assert (table.groupby("seed")["chiller_kwh"].diff().dropna() < 0).all()
    assert table.groupby("chw_supply_c")["chiller_kwh"].nunique().eq(3).all()


def test_an_interrupted_study_resumes_and_gives_the_same_table(site, study: Study, tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_study(site, HOT_DAY, AXES, folder=tmp_path, chunk_cases=8, progress=interrupt)
    (folder,) = tmp_path.iterdir()
    assert len(list((folder / "parts").iterdir())) == 1
    assert not (folder / "table.parquet").exists()
    resumed = run_study(site, HOT_DAY, AXES, folder=tmp_path, chunk_cases=8)
    assert resumed.resumed_cases == 8
    pd.testing.assert_frame_equal(resumed.table(), study.table(), check_exact=True)


def test_a_study_that_is_terminated_resumes_and_gives_the_same_table(
    site, study: Study, tmp_path: Path
) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from tests.pipelines.simulation.studies.test_run import *;"
        "from pipelines.site.file import find_site; from pipelines.config import Settings;"
        "run_study(find_site('demo', Settings()), HOT_DAY, AXES, folder=Path(sys.argv[1]), chunk_cases=8,"
        "progress=lambda done, total: os.kill(os.getpid(), signal.SIGTERM) if done else None)"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert ended.returncode == -signal.SIGTERM
    resumed = run_study(site, HOT_DAY, AXES, folder=tmp_path, chunk_cases=8)
    assert resumed.resumed_cases == 8
    pd.testing.assert_frame_equal(resumed.table(), study.table(), check_exact=True)


def test_a_damaged_part_is_run_again(site, study: Study) -> None:
    before = study.table()
    part = max((study.folder / "parts").iterdir())
    part.write_bytes(part.read_bytes()[:100])
    again = run_study(site, HOT_DAY, AXES, folder=study.folder.parent, chunk_cases=8)
    assert again.resumed_cases == 8
    pd.testing.assert_frame_equal(again.table(), before, check_exact=True)


def test_the_size_of_chunks_changes_no_figure(site, study: Study, tmp_path: Path) -> None:
    other = run_study(site, HOT_DAY, AXES, folder=tmp_path, chunk_cases=5).table()
    # another size rounds the last digit otherwise: between stage-up and stage-down either number of chillers may run
    named = ["seed", "chw_supply_c", "facility_kwh", "it_kwh", "violation_minutes", "pue"]
    pd.testing.assert_frame_equal(other[named], study.table(named), rtol=0.01)


def test_another_scenario_is_another_study_and_the_same_one_is_not_run_twice(
    site, study: Study, tmp_path: Path
) -> None:
    assert run_study(site, HOT_DAY, AXES, folder=study.folder.parent, chunk_cases=8).resumed_cases == 12
    warm_limit = site.model_copy(update={"envelope": Envelope(rack_inlet_max_c=20.5)})
    other = run_study(warm_limit, HOT_DAY, AXES, folder=study.folder.parent, chunk_cases=8)
    assert other.folder != study.folder
    assert (other.table()["violation_minutes"] > study.table()["violation_minutes"]).all()


def test_the_manifest_says_what_the_figures_follow_from(study: Study) -> None:
    manifest = json.loads((study.folder / "manifest.json").read_text())
    assert study.folder.name == f"demo-{manifest['hash'][:12]}"
    assert manifest["cases"] == 12
    assert manifest["axes"]["chw_supply_c"] == [8, 10, 12, 14]


def test_a_year_of_a_thousand_seeds_goes_in_chunks_whose_weather_fits_in_memory(site) -> None:
    year = WhatIf(days=365)
    grid = study_grid(site, year, "seed=0:999:1", nameplate_plant(site))
    chunk = chunk_size(grid, year, CHUNK_CASES)
    assert 128 <= chunk < CHUNK_CASES
    assert most_seeds(grid, chunk) * year.steps <= MAX_DRIVER_STEPS


@pytest.mark.slow
def test_plants_off_their_nameplate_differ_by_seed(site, tmp_path: Path) -> None:
    spread = HOT_DAY.changed(plant_spread=0.1, load={"constant": 0.5})
    table = run_study(site, spread, "seed=0:5:1", folder=tmp_path, chunk_cases=4).table()
    assert table["it_kwh"].nunique() == 6
    assert 1.15 < table["pue"].min() < table["pue"].max() < 1.6


def test_a_fault_costs_energy_and_shows_in_the_table(site, tmp_path: Path) -> None:
    table = run_study(site, HOT_DAY, "condenser_fouling=0:0.2:0.2", folder=tmp_path).table()
    assert table["condenser_fouling"].tolist() == [0.0, 0.2]
    assert table["chiller_kwh"].iloc[1] > 1.1 * table["chiller_kwh"].iloc[0]


def test_zero_load_draws_idle_power_and_has_a_pue(site, tmp_path: Path) -> None:
    row = one_case(site, tmp_path, load={"constant": 0.0})
    assert 0 < row["it_kwh"] < 0.5 * 1000 * 24
    assert np.isfinite(row.drop(UNKNOWN).to_numpy(dtype=float)).all()


def test_freezing_weather_runs_and_evaporates_less(site, tmp_path: Path) -> None:
    frozen = write_epw(tmp_path / "cold.epw", drybulb_c=lambda t: -30.0, dew_point_c=-33.0)
    warm = write_epw(tmp_path / "warm.epw", drybulb_c=lambda t: 25.0, dew_point_c=18.0)
    cold_row, warm_row = (
        one_case(site, tmp_path / "studies", weather={"epw": path}) for path in (frozen, warm)
    )
    assert np.isfinite(cold_row.drop(UNKNOWN).to_numpy(dtype=float)).all()
    assert cold_row["water_evaporated_l"] < 0.7 * warm_row["water_evaporated_l"]
    assert 15.0 < cold_row["rack_inlet_min_c"] < cold_row["rack_inlet_max_c"] < 27.0


def test_no_case_of_damp_days_jumps_for_a_step_where_its_neighbours_in_time_are_flat(
    site, tmp_path: Path
) -> None:
    damp = WhatIf(days=2, weather={"climate": "hot_humid"}, load={"mean": 0.6})
    axes = "chw_supply_c=6:18:2,supply_air_c=18:24:2"
    study = run_study(site, damp, axes, folder=tmp_path, hourly=True)
    warmest_c = np.stack([study.hours(case)["rack_inlet_max_c"] for case in range(study.cases)])
    jump_k = warmest_c[:, 1:-1] - np.maximum(warmest_c[:, :-2], warmest_c[:, 2:])
    assert jump_k.max() < 0.2


def test_every_limit_counts_and_a_step_outside_two_counts_once(site, tmp_path: Path) -> None:
    tight = site.model_copy(
        update={
            "envelope": Envelope(
                rack_inlet_min_c=20.7, rack_inlet_max_c=22.7, dew_point_max_c=8.0, aisle_pressure_min_pa=250.0
            )
        }
    )
    row = one_case(tight, tmp_path, load={"constant": 1.0}, setpoints={"chillers_available": 1.0})
    whole_day = 1440.0
    assert row["dew_point_violation_minutes"] == row["aisle_pressure_violation_minutes"] == whole_day
    assert row["any_violation_minutes"] == whole_day
    assert row["rack_inlet_high_minutes"] + row["rack_inlet_low_minutes"] == row["violation_minutes"] > 0
    loose = one_case(site, tmp_path)
    assert "aisle_pressure_violation_minutes" not in loose
    assert loose["any_violation_minutes"] == loose["dew_point_violation_minutes"] > 0


def test_too_fast_a_change_counts_from_where_it_passes_the_limit(site, tmp_path: Path) -> None:
    slow = site.model_copy(update={"envelope": Envelope(dew_point_max_c=24.0, rate_k_per_h=1.0)})
    load = tmp_path / "load.csv"
    load.write_text(
        "time,it_utilization_frac\n"
        + "".join(f"2025-07-14T{hour:02}:00:00Z,{0.3 if hour < 12 else 1.0}\n" for hour in range(0, 24, 3))
    )
    fields = {"load": {"csv": load}, "setpoints": {"chillers_available": 1.0}}
    row = one_case(slow, tmp_path / "studies", **fields)
    assert row["rack_inlet_change_k_h"] > 1.0
    assert 0 < row["change_violation_minutes"] <= row["any_violation_minutes"]
    assert one_case(slow, tmp_path / "studies")["change_violation_minutes"] == 0.0


def test_too_little_capacity_heats_the_hall_and_counts_as_violation(site, tmp_path: Path) -> None:
    row = one_case(site, tmp_path, load={"constant": 1.0}, setpoints={"chillers_available": 1.0})
    assert row["violation_minutes"] > 600
    assert 30.0 < row["rack_inlet_max_c"] < 100.0


def test_energy_is_priced_by_the_site_s_tariff_and_unknown_without_one(site, tmp_path: Path) -> None:
    flat = site.model_copy(update={"tariff": Tariff(per_kwh=0.1)})
    row = one_case(flat, tmp_path)
    assert row["energy_cost"] == pytest.approx(0.1 * row["facility_kwh"], rel=1e-4)
    without = site.model_copy(update={"tariff": None})
    assert np.isnan(one_case(without, tmp_path)["energy_cost"])


def test_peak_hours_are_working_days_in_the_tariff_s_own_time_zone() -> None:
    tariff = Tariff(
        per_kwh=0.1, peak_per_kwh=0.3, peak_from_hour=9, peak_to_hour=17, time_zone="America/New_York"
    )
    friday = WhatIf(start="2025-07-18T00:00:00Z", days=2, step_minutes=60)
    price = prices_per_kwh(tariff, times_of(friday))
    assert np.flatnonzero(price == 0.3).tolist() == list(range(13, 21))  # 9 to 17 h, UTC-4; no Saturday


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"per_kwh": -0.1}, "must lie in 0..100000 per kWh"),
        ({"per_kwh": 0.1, "peak_from_hour": 20, "peak_to_hour": 8}, "must exceed peak_from_hour"),
        ({"per_kwh": 0.1, "time_zone": "Moon/Tycho"}, "not in the IANA database"),
    ],
)
def test_a_tariff_with_a_mistake_names_it(fields: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Tariff(**fields)


def test_constant_weather_has_the_altitude_s_pressure_unless_it_is_given(site) -> None:
    constant = {"drybulb_c": 31.0, "wetbulb_c": 24.0}
    drivers = Conditions(site, HOT_DAY.changed(weather=constant)).drivers(3)
    assert set(np.unique(drivers.outdoor_drybulb_c)) == {31.0}
    assert set(np.unique(drivers.outdoor_wetbulb_c)) == {24.0}
    assert drivers.pressure_pa[0] == pytest.approx(100_248.0, abs=5.0)  # 90 m, ICAO
    given = Conditions(site, HOT_DAY.changed(weather=constant | {"pressure_pa": 84_000.0})).drivers(3)
    assert given.pressure_pa[-1] == 84_000.0


def test_weather_from_a_csv_holds_until_its_next_value(site, tmp_path: Path) -> None:
    path = tmp_path / "weather.csv"
    rows = [f"2025-07-14T{hour:02}:00:00Z,{20 + hour},{15 + hour / 2},99000" for hour in range(0, 24, 6)]
    header = "time,outdoor_drybulb_c,outdoor_wetbulb_c,outdoor_pressure_pa"
    path.write_text("\n".join([header, *rows]))
    drivers = Conditions(site, HOT_DAY.changed(weather={"csv": path})).drivers(0)
    assert drivers.outdoor_drybulb_c[[0, 23, 24, 95]].tolist() == [20.0, 20.0, 26.0, 38.0]
    assert drivers.outdoor_wetbulb_c[[0, 24]].tolist() == [15.0, 18.0]
    assert drivers.pressure_pa[5] == 99_000.0
    path.write_text("\n".join([header, *rows[:2]]))
    with pytest.raises(ScenarioError, match="no outdoor_drybulb_c is given for 2025-07-14 12:15"):
        Conditions(site, HOT_DAY.changed(weather={"csv": path}))


def test_load_from_a_csv_holds_until_its_next_value(site, tmp_path: Path) -> None:
    path = tmp_path / "load.csv"
    path.write_text(
        "time,it_utilization_frac\n2025-07-14T00:00:00Z,0.2\n2025-07-14T05:00:00Z,0.6\n"
        "2025-07-14T10:30:00Z,0.8\n2025-07-14T16:00:00Z,0.4\n2025-07-14T20:00:00Z,0.5\n"
    )
    load = Conditions(site, HOT_DAY.changed(load={"csv": path})).drivers(0).it_utilization
    assert load[[0, 19, 20, 41, 42, 95]].tolist() == pytest.approx([0.2, 0.2, 0.6, 0.6, 0.8, 0.5])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,load\n2025-07-14,0.2\n", "must be a CSV with time"),
        ("time,it_utilization_frac\n2025-07-14T00:00Z,50\n", "must lie in 0 to 1, got 50"),
        ("time,it_utilization_frac\n2025-07-14T00:00Z,0.5\n", "is given for 2025-07-14 06:15"),
        ("time,it_utilization_frac\nMonday,0.5\n", "must be a CSV with time"),
    ],
)
def test_a_load_file_that_does_not_serve_is_refused(site, tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "load.csv"
    path.write_text(text)
    with pytest.raises(ScenarioError, match=words):
        Conditions(site, HOT_DAY.changed(load={"csv": path}))


def test_bad_input_is_refused_before_anything_is_written(site, tmp_path: Path) -> None:
    with pytest.raises(WeatherError, match="cannot be read"):
        one_case(site, tmp_path, weather={"epw": tmp_path / "absent.epw"})
    with pytest.raises(SiteError, match=r"add \[twin\]"):
        run_study(site.model_copy(update={"twin": None}), HOT_DAY, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("axes", "kind", "panels"),
    [([], "bar", 1), (["seed"], "scatter", 4), (["chw_supply_c", "seed"], "scatter", 4)],
)
def test_the_plot_has_a_panel_for_energy_pue_violations_and_water(
    study: Study, axes: list[str], kind: str, panels: int
) -> None:
    inside = study.table().assign(dew_point_violation_minutes=0.0, any_violation_minutes=0.0)
    figure = study_figure(inside, axes, "a study")
    assert [trace.type for trace in figure.data] == [kind] * panels


def test_the_plot_crosses_out_cases_outside_the_envelope_and_says_which_limit(study: Study) -> None:
    table = study.table().assign(dew_point_violation_minutes=0.0)
    table.loc[table["chw_supply_c"] == 14, "dew_point_violation_minutes"] = 90.0
    line, crosses = study_figure(table, ["chw_supply_c", "seed"], "a study").data[:2]
    assert list(crosses.x) == [14]
    assert line.customdata[-1] == "dew point too high: 90 min"
    assert "dew point too high: 90 min" not in study_figure(table, [], "a study").layout.title.text
    assert "dew point too high: 90 min" in study_figure(table[::-1], [], "a study").layout.title.text


def test_two_axes_are_drawn_as_maps_of_the_mean_over_seeds(study: Study) -> None:
    table = study.table().assign(supply_air_c=lambda t: 20.0 + t["seed"] % 2)
    figure = study_figure(table, ["seed", "chw_supply_c", "supply_air_c"], "a study")
    maps = [trace for trace in figure.data if trace.type == "heatmap"]
    assert len(maps) == 4
    assert "mean over seed" in figure.layout.title.text
    expected = table.query("chw_supply_c == 8 and supply_air_c == 20")["pue"].mean()
    assert maps[1].z[0][0] == pytest.approx(expected)


SCENARIO = 'title = "One day"\ndays = 1\nstep_minutes = 15\n[weather]\nclimate = "hot_humid"\n'


def invoke(tmp_path: Path, *arguments: str):
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(SCENARIO)
    command = ["simulate", "--site", "demo", "--scenario", str(scenario), "--home", str(tmp_path / "home")]
    return CliRunner().invoke(application(), [*command, *arguments])


def test_the_command_writes_table_and_plot_and_says_where_and_what_is_best(tmp_path: Path) -> None:
    done = invoke(tmp_path, "--sweep", "chw_supply_c=8:14:6,seed=0:2:1", "--json")
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["cases"] == 6
    assert result["averaged_over_seeds"] == 3
    assert result["best"][0]["chw_supply_c"] == 14
    assert Path(result["plot"]).stat().st_size > 100_000
    assert len(pd.read_parquet(result["table"])) == 6
    shown = invoke(tmp_path, "--sweep", "chw_supply_c=8:14:6,seed=0:2:1")
    assert "6 cases, 6 of them by an earlier run" in shown.stdout
    assert "Least time outside the envelope (no case stays in it)" in shown.stdout
    assert "too damp" in shown.stdout
    assert result["inside_envelope"] == 0
    assert result["best"][0]["dew_point_violation_minutes"] == result["best"][0]["any_violation_minutes"] > 0


def test_the_command_refuses_a_weather_file_that_is_none(tmp_path: Path) -> None:
    wrong = tmp_path / "station.ddy"
    wrong.write_text("! design days\n")
    refused = invoke(tmp_path, "--weather", str(wrong), "--days", "3")
    assert isinstance(refused.exception, WeatherError)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "got none"),
        (["--present", "--recorded", "2025-10-20..2025-10-27"], "got --recorded and --present"),
        (["--recorded", "2025-10-20..2025-10-27", "--at", "2025-10-20"], "--at is the present of --present"),
        (["--present"], "must have telemetry to hold the present"),
    ],
)
def test_the_command_needs_one_scenario(tmp_path: Path, arguments: list[str], words: str) -> None:
    command = ["simulate", "--site", "demo", "--home", str(tmp_path / "home"), *arguments]
    refused = CliRunner().invoke(application(), command)
    assert isinstance(refused.exception, ColdaisleError)
    assert words in str(refused.exception)


def test_three_lines_of_python_give_the_command_s_table(tmp_path: Path) -> None:
    axes = "chw_supply_c=8:14:6,seed=0:2:1"
    by_command = json.loads(invoke(tmp_path, "--sweep", axes, "--json").stdout)["table"]
    site_path, scenario_path = SITE_FOLDER / "demo.toml", tmp_path / "scenario.toml"

    site, scenario = load_site(site_path), read_scenario(scenario_path)
    study = run_study(site, scenario, axes, folder=tmp_path / "studies")
    table = study.table()

    pd.testing.assert_frame_equal(table, pd.read_parquet(by_command), check_exact=True)


def test_hours_of_a_study_add_up_to_its_table_and_survive_an_interruption(
    site, study: Study, tmp_path: Path
) -> None:
    with pytest.raises(ScenarioError, match="--hourly"):
        study.hours(0)
    kept = run_study(site, HOT_DAY, AXES, folder=study.folder.parent, chunk_cases=8, hourly=True)
    assert kept.resumed_cases == 0  # finished, but without hours
    case = 9  # of the second chunk
    hours = kept.hours(case)
    assert hours["time"].tolist() == list(pd.date_range(HOT_DAY.start_utc, periods=24, freq="1h"))
    row = kept.table().iloc[case]
    assert hours["facility_kwh"].sum() == pytest.approx(row["facility_kwh"], rel=1e-6)
    assert hours["rack_inlet_max_c"].max() == pytest.approx(row["rack_inlet_max_c"], rel=1e-6)
    (kept.hours_path / "cases-00000008.parquet").unlink()
    assert (
        run_study(site, HOT_DAY, AXES, folder=study.folder.parent, chunk_cases=8, hourly=True).resumed_cases
        == 8
    )
    pd.testing.assert_frame_equal(kept.hours(case), hours, check_exact=True)


def test_carbon_follows_the_grid_and_change_is_that_of_the_inlet_series(site, tmp_path: Path) -> None:
    found = one_case(site, tmp_path, carbon={"kg_per_kwh": 0.4})
    assert found["carbon_kg"] == pytest.approx(0.4 * found["facility_kwh"], rel=1e-5)
    assert found["cue_kg_per_kwh"] == pytest.approx(0.4 * found["pue"], rel=1e-5)
    assert np.isnan(one_case(site, tmp_path)["carbon_kg"])
    assert (
        0.0 <= found["rack_inlet_change_k_h"] <= found["rack_inlet_max_c"] - found["rack_inlet_min_c"] + 1e-4
    )
    night = tmp_path / "grid.csv"
    night.write_text("time,kg_per_kwh\n2025-07-13T00:00:00Z,-1\n")
    with pytest.raises(ScenarioError, match="kg_per_kwh must lie at or above 0, got -1"):
        one_case(site, tmp_path, carbon={"csv": night})
